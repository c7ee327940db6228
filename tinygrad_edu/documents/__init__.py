"""The two documents as catalogues: every formula as printed, read literally, and corrected where it fails.

Here the name of a document is its catalogue, ``sabine["5.2.2-dcdW"]``, and ``audit`` the function that runs them. The
modules that define them have the same names and are reached by ``from tinygrad_edu.documents.sabine import ...``.
"""

from .audit import audit
from .mishachev import mishachev
from .sabine import sabine

__all__ = ["audit", "mishachev", "sabine"]
