"""Signs that standard output cannot carry, spelled in ASCII, as `compare` reads them.

Where the encoding of standard output lacks a character, as cp1252 does behind a redirection on Windows, `print` fails;
before that Python asks the error handler of the stream. One handler is all that formulas, tapes, comparisons, networks
and reports need, wherever they stand in what is printed. `str` of them is the same everywhere.
"""

from __future__ import annotations

import codecs
import functools
import io
import re
import sys
import unicodedata
from typing import Any

SIGNS = dict(zip(*[iter("""
    · @  ∘ *  ⊙ *  ⊘ /  × cross  − -  ∙ @  • bullet  ⊗ kron  ′ '  ″ ''  ᵀ .T  ‖ ||  ∂ d  Π prod  𝟏 1  ∞ inf  ± +-
    ≥ >=  ≤ <=  ≠ !=  ≈ ~=  ≔ :=  ≝ :=  → ->  ← <-  ⇒ =>  … ...  ⋯ ...  – -  — --  ✓ ok  ✗ no  ▸ >  ¶ P
    ⟨ <  ⟩ >  ◇ <>  ∗ *  λ lambda  Λ Lambda  ϕ phi  ϵ epsilon
""".split())] * 2, strict=True)) | {"∇": "grad ", "√": "sqrt ", "∛": "cbrt ", "\u0302": "_hat"}  # fmt: skip
GREEK = re.compile("GREEK (SMALL|CAPITAL) LETTER (?:FINAL )?([A-Z]+)$")
POWER = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᐟᵀ⁽⁾]+")
NOTE = "(spelled in ASCII, as standard output has the encoding {}; PYTHONIOENCODING=utf-8 keeps all signs)"


def install(otherwise: str | None = None) -> None:
    """Make Python's own streams spell the signs that they cannot carry.

    What is no sign is left to the handler that they have, with which standard output refuses it, or to another one.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            "".join(SIGNS).encode(getattr(stream, "encoding", None) or "utf-8")
        except UnicodeEncodeError:
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors=handler(otherwise or stream.errors or "strict"))


@functools.cache
def handler(otherwise: str) -> str:
    """The name of an error handler for codecs: signs are spelled, the rest is left to another handler.

    >>> print("∇W1 = Δ1·Xᵀ, ½".encode("ascii", handler("replace")).decode())
    grad W1 = Delta1@X.T, ?
    """

    if otherwise.startswith("tinygrad_edu."):
        return otherwise

    def handle(error: UnicodeError) -> tuple[Any, int]:
        spelled = _spelled(error.object, error.start) if isinstance(error, UnicodeEncodeError) else None
        if spelled is None:
            return codecs.lookup_error(otherwise)(error)
        if otherwise != "backslashreplace":  # as standard error has it
            _note()
        return spelled

    codecs.register_error(f"tinygrad_edu.{otherwise}", handle)
    return f"tinygrad_edu.{otherwise}"


@functools.cache
def _note() -> None:
    """Say once how all signs are kept, where it does not stand among them."""
    print(NOTE.format(sys.stdout.encoding), file=sys.stderr)


def _spelled(text: str, at: int) -> tuple[str, int] | None:
    """How the sign at a place is spelled, and where it ends; None where it is no sign of formulas."""
    raised = text[at - 1 : at] == "^"
    if (power := POWER.match(text, at + (raised and text[at] == "∘"))) and power[0] != "ᵀ":
        n = unicodedata.normalize("NFKC", power[0]).replace("−", "-").replace("ᐟ", "/")
        n = f"1{n}" if n[0] == "/" else n  # x³ᐟ², of which ³ is there: (x³)**(1/2)
        n = n if n.isdigit() or n in ("-1", "-T") or n[0] == "(" else f"({n})"
        if text[at - 1 : at] == "∇":
            return f"^{n} ", power.end()
        return f"{'' if raised else '^' if n[0] == '-' or power[0][0] == '⁽' else '**'}{n}", power.end()
    if text[at] in SIGNS:
        return SIGNS[text[at]], at + 1
    if letter := GREEK.match(unicodedata.name(text[at], "")):
        return letter[2].lower() if letter[1] == "SMALL" else letter[2].capitalize(), at + 1
    plain = unicodedata.normalize("NFKC", text[at])  # W₁
    return (plain, at + 1) if plain.isalnum() and plain.isascii() else None
