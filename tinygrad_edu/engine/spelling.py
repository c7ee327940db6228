"""How an operation is written, and spoken of, where neither its name nor its symbol says so."""

from __future__ import annotations

from typing import NamedTuple


class Spelling(NamedTuple):
    """Of a text, {0} and {1} are the inputs, {all} all of them, {lengths} those of the first one's axes, {own} is
    the operation's own function, and {axis} or another name a parameter."""

    numpy: str = ""  # in NumPy, where it has no function of that name and with these parameters
    sign: str = ""  # Python's operator
    standard: str | None = ""  # the array API's function, or a text; "": of the name of a ufunc, None: there is none
    fast: str = ""  # NumPy's function, or a text, in a program that is run often
    out: str = ""  # that function "may" have out=, or "must", to have a result of the right dtype
    latex: str = ""  # the function in LaTeX
    summed: tuple[int, int] | None = None  # of a product: the axes of both inputs that it sums over together
    noun: str = ""  # what its result is called; else its name
    roles: tuple[str, ...] = ()  # what its inputs are called; else the argument, or the first and second input
    spoken: str = ""  # how it is read aloud, a text; else its noun of the inputs
    in_front: bool = False  # one number of it stands in front of a product of matrices, as a number does


PLAIN = Spelling()
