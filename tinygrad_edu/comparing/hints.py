"""Hints in stages: the verdict alone, where a formula differs, the kind of mistake, the place of it, what is right."""

from __future__ import annotations

from collections.abc import Sequence

from .edits import SAID
from .finding import Finding

STAGES = ("the verdict", "where it differs", "the kind of mistake", "the place of it", "what is right")
LAST = len(STAGES) - 1
KINDS = SAID | {  # what causes say that are no edits
    "condition": "It is right under a condition only",
    "path": "A way by which the loss depends on it is left out",
    "variable": "It is the derivative by another variable",
    "shape": "The numbers are right, the shape is not",
}

ABOUT = "identity", "missing term"  # which term it is


def hinted(hint: int, where: Sequence[str], findings: Sequence[Finding], otherwise: str) -> str:
    """What is said of a wrong formula at a stage before the last: of each finding the causes, or the place; `otherwise`
    where there is none."""
    said = [*where] if hint else []
    if hint == 1 and said and said[-1].endswith(":"):
        said.append("it is the first that is wrong.")
    if hint > 1 and not findings:
        said.append(otherwise)
    for finding in findings if hint > 1 else ():
        said += _kinds(finding) if hint == 2 or finding.place else []
        said += [finding.place or finding.said] if hint > 2 else []
    return " ".join(dict.fromkeys(said))


def _kinds(finding: Finding) -> list[str]:
    """The kinds of mistake in sentences; a cause that is about another one says nothing of its own."""
    first = finding.causes[0]
    return [f"{KINDS[cause]}." for cause in finding.causes if cause in KINDS and (cause, first) != ABOUT]
