"""The two documents as catalogues: every formula as printed, read literally, and corrected where it fails.

Here the name of a document is its catalogue, ``sabine["5.2.2-dcdW"]``. The module that defines it has the same name and
is reached by ``from tinygrad_edu.documents.sabine import ...``.
"""

from .mishachev import mishachev
from .sabine import sabine

__all__ = ["mishachev", "sabine"]
