"""A text of several lines or equals signs, taken apart: what each line defines, and the members of its chain."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Container, Iterator
from typing import NamedTuple, NoReturn

from ..formulas.expr import Expr, added, call, dot, hadamard
from ..formulas.grammar.calls import fn
from ..formulas.grammar.tokens import FormulaError, Token, notation_of, tokens
from ..formulas.helpers import HELPERS

ALIGNED = set("align aligned alignat gather gathered equation split eqnarray multline flalign".split())
CONTINUING = set("= + - * / @ · ∘ ⊘ ⊗ • ** ^ _ ) ] }".split())  # a line that begins so goes on with the last one
OPEN = (CONTINUING - set(")]}")) | {"(", "[", "{"}  # one that ends so is not at its end
WORDS = {"and", "where", "with"}  # between equations
UNREAD = set("for while if elif else with try class print assert pass global raise del".split())
CHANGES: dict[str, Callable[[Expr, Expr], Expr]] = {  # in place
    "": lambda old, new: new,
    "+": lambda old, new: added((old, 1), (new, 1)), "-": lambda old, new: added((old, 1), (new, -1)),
    "*": lambda old, new: hadamard((old, 1), (new, 1)), "/": lambda old, new: hadamard((old, 1), (new, -1)), "@": dot,
}  # fmt: skip
SHIFTS = {"+": 1, "-": -1}  # what is added at an index, whatever is there
INPLACE = {f"{operator}=" for operator in CHANGES if operator}


class Statement(NamedTuple):
    """A line: its number, counted from 1, the operator of a change in place, and the tokens of each member."""

    number: int
    operator: str
    members: list[list[Token]]
    returned: bool = False


def changed_in_place(old: Expr, operator: str, new: Expr, index: tuple[Expr, ...]) -> Expr:
    """A value that is changed in place, perhaps at an index alone."""
    if not index:
        return CHANGES[operator](old, new)
    if operator in SHIFTS:
        return call(fn.shifted, old, new, *index, sign=SHIFTS[operator])
    return call(fn.set, old, CHANGES[operator](call(fn.picked, old, *index), new), *index)


REMARK = re.compile(r"""
    ^[ \t]*\((?:(\w+)\ is(?!\ the\ )|\w+\ is\ the|not\ certified:)\ .*\)[ \t]*$  # (C1 is [[1, 2]]), (y is the result)
    |^[^\n&=]*&?\\text\{\ is\ .*\}(?:\ *\\\\)?[ \t]*$  # C_{1} &\text{ is [[1, 2]]}
""", re.VERBOSE | re.MULTILINE)


def _blank(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", found.group())


def without_helpers(text: str) -> str:
    """A program with blanks for functions that every program of derive has alike."""
    for source in HELPERS.values():
        text = re.sub(rf"(?m)^{re.escape(source)}$", _blank, text)
    return text


def body(text: str, known: Container[str] = ()) -> str:
    """A program with blanks for what is no statement: imports, the head of a function, functions that derive prints,
    and remarks such as (C1 is [[1, 2]]) of a name that is known."""

    text = without_helpers(text)
    for remark in re.finditer(REMARK, text):
        if remark[1] and remark[1] not in known:
            what = f"the tape has no {remark[1]}: a line such as {remark[1]} = np.array([[1, 2]]) says what it is"
            raise FormulaError(text, remark.start(), what)
        text = text.replace(remark[0], _blank(remark))
    heads = list(re.finditer(r"(?m)^[ \t]*def\s+(\w+)\s*\([^)]*\)[^:\n]*:", text))
    for head in heads:
        if len(heads) > 1 or re.search(rf"\b{head[1]}\(", text[head.end() :]):
            what = f"a function of one's own is not read: write the formula of {head[1]} where it is called"
            raise FormulaError(text, head.start(), what)
    text = re.sub(r"(?m)^[ \t]*def\s+\w+\s*\([^)]*\)[^:\n]*:", _blank, text)
    return re.sub(r"(?m)^[ \t]*(?:import|from)\s+\w[^\n;]*", _blank, text)


def statements(text: str, known: set[str]) -> list[Statement]:
    r"""The statements of a text.

    >>> [[len(each) for each in line.members] for line in statements("d = a - t\nd *= 2; dW = d @ x.T", set())]
    [[1, 3], [1, 1], [1, 5]]

    Raises
    ------
    FormulaError
        For what is no statement.
    """
    found = list(_lines(text, known))
    if not found:
        raise FormulaError(text, len(text), "a formula is expected")
    lines: list[Statement] = []
    for i, part in enumerate(found):
        returned = part[0].text == "return"
        pieces = list(_between(part[1:], ",")) if returned else _unpacked(part)
        for piece in pieces:
            line = _statement(text, i + 1, piece, returned)
            alone = len(line.members) == 1 and not returned
            if alone and i < len(found) - 1 and (i or notation_of(text) == "numpy"):  # x r, where r = ...
                missing = "a name and = are missing, or brackets around a formula of several lines"
                raise FormulaError(text, part[0].at, f"line {line.number} has no =: {missing}")
            lines.append(line)
    return lines


def _statement(text: str, number: int, part: list[Token], returned: bool) -> Statement:
    """One line."""

    def refuse(what: str) -> NoReturn:
        raise FormulaError(text, part[0].at if part else len(text), what)

    loops = [token.text for i, token in enumerate(part) if token.text in ({"for"} if i else UNREAD)]
    if loops and notation_of(text) != "latex":
        refuse(f"{loops[0]!r} is not read: write the lines that compute the gradient, one for each step")
    changes = [i for i, token in _outside(part) if token.text in INPLACE]
    members = list(_between(part, "="))
    if changes and (len(changes) > 1 or len(members) > 1):
        refuse("one change in place for each line is read")
    operator = part[changes[0]].text[0] if changes else ""
    members = [part[: changes[0]], part[changes[0] + 1 :]] if changes else members
    members = members[1:] if not members[0] and number == 1 else members  # = A: the rest of an equation
    if any(not member for member in members):
        refuse("a formula is expected on both sides of =" if len(members) > 1 else "a formula is expected")
    if any(token.text == "," for _, token in _outside(members[0])) and len(members) > 1:
        refuse("one name is read before =, not several")
    return Statement(number, operator, members, returned)


def _unpacked(part: list[Token]) -> list[list[Token]]:
    """n, d = X.shape as a line for each name; any other as it is."""
    names, *formulas = _between(part, "=")
    several = list(_between(names, ","))
    if len(several) < 2 or len(formulas) != 1 or [token.text for token in formulas[0][-2:]] != [".", "shape"]:
        return [part]
    equals, last = part[len(names)], formulas[0][-1]
    begin, end = (last._replace(kind="operator", text=bracket) for bracket in "[]")
    axes = (last._replace(kind="number", text=str(i)) for i in range(len(several)))
    return [[*name, equals, *formulas[0], begin, axis, end] for name, axis in zip(several, axes, strict=True)]


def _outside(part: list[Token]) -> Iterator[tuple[int, Token]]:
    """The tokens outside of brackets and matrices, with their places."""
    depth = 0
    for i, token in enumerate(part):
        depth -= token.text in (")", "]", "}") or (token.kind == "environment" and "end" in token.text)
        if depth <= 0:
            yield i, token
        depth += token.text in ("(", "[", "{") or (token.kind == "environment" and "begin" in token.text)


def _between(part: list[Token], sign: str) -> Iterator[list[Token]]:
    """What stands between signs."""
    places = [-1, *(i for i, token in _outside(part) if token.text == sign), len(part)]
    for start, end in itertools.pairwise(places):
        yield part[start + 1 : end]


def _lines(text: str, known: set[str]) -> Iterator[list[Token]]:
    """The tokens of each statement, without what stands between them."""
    latex, paper = notation_of(text) == "latex", notation_of(text) != "numpy"
    parts: list[list[Token]] = [[]]
    soft = hard = False  # whether what follows may go on with the last line: LaTeX takes an end of a line for a space
    whole = [t for t in tokens(text, known)[:-1] if not (t.kind == "environment" and _is_aligned(t.text))]
    outside = {i for i, _ in _outside(whole)}
    for i, token in enumerate(whole):
        ends = i in outside and (
            token.kind in ("line", "break") or token.text == ";" or _parts(parts[-1], whole, i, outside, paper)
        )
        if token.text in WORDS and not parts[-1] and _equates(whole, i + 1, outside):
            continue  # where z1 = ...
        if ends and parts[-1]:
            parts.append([])
            soft, hard = token.kind == "line" and latex, token.text == ";"
        elif not ends and token.kind != "line" and not (token.text == "&" and i in outside and latex):
            goes_on = len(parts) > 1 and not parts[-1] and not hard and (
                (token.text in CONTINUING and not (token.text in SHIFTS and _uses(whole, i, parts[-2])))
                or parts[-2][-1].text in OPEN
                or (soft and not _both(parts[-2], whole, i, outside) and not _uses(whole, i, parts[-2]))
            )  # fmt: skip
            if goes_on:
                parts.pop()
            parts[-1].append(token)
    for part in parts:
        while part and part[-1].text in (".", ","):  # of a sentence
            part.pop()
        if part:
            yield part


def _is_aligned(text: str) -> bool:
    return text.partition("{")[2].rstrip("}*") in ALIGNED


def _equates(tokens: list[Token], i: int, outside: set[int]) -> bool:
    """Whether an equation begins at a place: = comes before the line is at its end, or a comma."""
    for j in range(i, len(tokens)):
        if j in outside and tokens[j].text == "=":
            return j > i
        if j in outside and (tokens[j].kind in ("line", "break") or tokens[j].text in (",", ";")):
            return False
    return False


def _parts(part: list[Token], tokens: list[Token], i: int, outside: set[int], paper: bool) -> bool:
    """Whether a comma or a word stands between equations; on paper one may be a formula alone: x r, where r = y."""
    if tokens[i].text not in WORDS | {","} or [each.text for each in tokens[i : i + 2]] == ["where", "("]:
        return False
    before, behind = any(token.text == "=" for _, token in _outside(part)), _equates(tokens, i + 1, outside)
    return (before or behind if tokens[i].text == "," else behind) if paper else before and behind


def _uses(tokens: list[Token], i: int, part: list[Token]) -> bool:
    """Whether the line that begins at a place has the name in it which the last line defines."""
    texts = [token.text for token in part]
    name = texts[: texts.index("=")] if "=" in texts else []
    line = [token.text for token in itertools.takewhile(lambda token: token.kind not in ("line", "break"), tokens[i:])]
    return bool(name) and any(line[j : j + len(name)] == name for j in range(len(line)))


def _both(part: list[Token], tokens: list[Token], i: int, outside: set[int]) -> bool:
    """Whether the last line is an equation, and another one begins here."""
    return any(token.text == "=" for _, token in _outside(part)) and _equates(tokens, i, outside)
