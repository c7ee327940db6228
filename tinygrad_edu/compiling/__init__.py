"""`compile`: the derived gradient as a straight-line NumPy program."""

from .compiled import compile

__all__ = ["compile"]
