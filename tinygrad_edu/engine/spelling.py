"""How an operation is written, and spoken of, where neither its name nor its symbol says so."""

from __future__ import annotations

from typing import NamedTuple


class Spelling(NamedTuple):
    """Of a text, {0} and {1} are the inputs, {all} all of them, and {axis} or another name is a parameter."""

    numpy: str = ""  # in NumPy, where it has no function of that name and with these parameters
    sign: str = ""  # Python's operator
    standard: str | None = ""  # the array API's function, or a text; "": of the name of a ufunc, None: there is none
    latex: str = ""  # the function in LaTeX
    summed: tuple[int, int] | None = None  # of a product: the axes of both inputs that it sums over together
    in_front: bool = False  # one number of it stands in front of a product of matrices, as a number does


PLAIN = Spelling()
