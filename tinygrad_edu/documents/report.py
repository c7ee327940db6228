"""The audit's results to be read: a table for people, JSON for programs."""

from __future__ import annotations

import itertools
import json
import math
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from .entry import CATALOGUES, Condition, Result
from .verdicts import UNCORRECTED, VERDICTS

KEYS = (
    "id", "document", "section", "printed", "verdict", "error_printed", "error_corrected", "corrected", "condition",
    "note", "proof", "derived",
)
STYLES: Mapping[str, str] = {
    "exact": "32", "definition": "34", "conditional": "36", "sign error": "31", "ill-shaped": "33", "misprint": "33",
    "wrong": "31", "heading": "1", "failure": "1;31", "trouble": "33", "note": "2",
}  # SGR codes of a terminal


def to_json(results: Sequence[Result]) -> str:
    """The results as a JSON list of objects.

    An error is null where there is none: the form does not type-check, or no corrected form is needed. JSON has no nan
    either; null stands for that, too.

    Examples
    --------
    >>> from tinygrad_edu.documents.audit import audit
    >>> json.loads(to_json(audit("sabine", only="5.2.2-dcdW")))[0]["verdict"]
    'conditional'
    """
    plain = [{key: _plain(getattr(result, key)) for key in KEYS} for result in results]
    return json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: object) -> object:
    if isinstance(value, Condition):
        return value.text
    if value == "" or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value


def table(results: Sequence[Result], width: int = 80, colour: bool = False) -> str:
    """The results as a table, grouped by section, with a summary by verdict.

    Under ``proof`` stands how the form that is right is known, where the grammar of `compare` reads it as well.

    Parameters
    ----------
    results : sequence of Result
        From `audit`.
    width : int
        The columns of the terminal, 80 at least.
    colour : bool
        Whether to colour it with the escape sequences of a terminal.

    Examples
    --------
    >>> from tinygrad_edu.documents.audit import audit
    >>> print(table(audit("mishachev", only="4-eq2-wk")))  # doctest: +ELLIPSIS
    Backpropagation in Matrix Notation, N. M. Mishachev
    <BLANKLINE>
    4  Gradient in the one-dimensional case
      id                   what the engine gives printed right proof    verdict
      4-eq2-wk             gradient Wk  ... algebra  exact
    <BLANKLINE>
    1 formula
         1  exact        right as printed
    1 of 1 exact formulas is proved by algebra.
    All is as stated.
    """
    width = max(width, 80)

    def paint(style: str, text: str) -> str:
        return f"\033[{STYLES[style]}m{text}\033[0m" if colour else text

    def remark(style: str, text: str) -> list[str]:
        indent = " " * 7
        lines = textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent, break_long_words=False)
        return [paint(style, line) for line in lines]

    lines: list[str] = []
    for (document, section), group in itertools.groupby(results, key=lambda result: (result.document, result.section)):
        catalogue = CATALOGUES[document]
        if paint("heading", catalogue.title) not in lines:
            lines += [paint("heading", catalogue.title), ""]
        lines += [paint("heading", f"{section}  {catalogue.sections[section]}"), _row(*HEADINGS)]
        for result in group:
            name = result.id.removeprefix(f"{document}-")
            errors = (_number(result.error_printed), _number(result.error_corrected) if result.corrected else "")
            proof = result.proof or "–"
            lines.append(_row(name, result.quantity, *errors, proof, paint(result.verdict, result.verdict)))
            for style, text in remarks(result):
                lines += remark(style, text)
        lines.append("")
    return "\n".join([*lines, *_summary(results, paint)])


HEADINGS = ("id", "what the engine gives", "printed", "right", "proof", "verdict")


def unlike(result: Result) -> str:
    """What is not as stated."""
    if result.misderived:
        return f"what derive writes is not what the engine has: {result.misderived}"
    if result.disagreeing:
        return f"read a second time, this is something else: {result.disagreeing}"
    holding = "" if result.expected in UNCORRECTED else " with a corrected form that holds"
    return f"{result.expected}{holding} is expected."


def proved(results: Sequence[Result]) -> str:
    """How many of the exact formulas are proved by algebra."""
    exact = [result.proof == "algebra" for result in results if result.verdict == "exact"]
    return f"{sum(exact)} of {len(exact)} exact formulas {'is' if sum(exact) == 1 else 'are'} proved by algebra"


def _row(*cells: str) -> str:
    return "  {:<20} {:<21} {:>7} {:>5} {:<7}  {}".format(*cells)


def _number(error: float | None) -> str:
    return "shape" if error is None else f"{error:.0e}"  # shape: it has not the derivative's


def remarks(result: Result) -> Iterator[tuple[str, str]]:
    """What there is to say on a formula that is not right as printed, or not as stated, and what `derive` writes."""
    if not result.as_stated:
        yield "failure", f"NOT AS STATED: {unlike(result)}"
    if result.trouble:
        yield "trouble", f"{result.trouble}."
    if result.derived:
        yield "note", f"Derived: {result.derived.splitlines()[0]}"
    if result.condition:
        yield "note", f"Condition: {result.condition.text} (error without it: {_number(result.error_broken)})."
    if result.verdict not in UNCORRECTED and result.note:
        yield "note", result.note


def _summary(results: Sequence[Result], paint: Callable[[str, str], str]) -> Iterator[str]:
    count = Counter(result.verdict for result in results)
    yield f"{len(results)} formula{'s' * (len(results) != 1)}"
    for verdict, meaning in VERDICTS.items():
        if count[verdict]:
            yield f"{count[verdict]:6}  {paint(verdict, f'{verdict:<11}')}  {meaning}"
    if count["exact"]:
        yield f"{proved(results)}."
    failed = [result.id for result in results if not result.as_stated]
    yield paint("failure", f"Not as stated: {', '.join(failed)}") if failed else "All is as stated."
