"""Formulas as they are read aloud: the incoming gradient times the right factor transposed.

What would be ambiguous or too long to be followed is not read: then less is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ...engine.errors import Unreadable
from ...engine.naming import visible
from ...engine.record import Operation
from ...operations.facts import ops
from ..expr import APPLIED, CONSTANT, EYE, FRACTION, NUMBER, ONES, ROWS, SCALED, Expr, dot, factors_of, terms_of
from ..printer import ATOM, Printer
from .text import BRACKETS, Unicode

INCOMING, RESULT = "the incoming gradient", "the result"
LESS = "the Jacobian transposed, times the incoming gradient"  # true of every rule
ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth".split()
WORDS, ANDS = 48, 3  # nobody follows a sentence of more
SCRIPTS = {
    "T": "the transpose of", "-1": "the inverse of", "-T": "the transposed inverse of", "2": "the square of",
    "3": "the cube of", "1/2": "the square root of",
}  # fmt: skip
RELATIONS = {
    "=": "equals", "≠": "differs from", ">": "is greater than", "<": "is less than", "≥": "is at least",
    "≤": "is at most",
}  # fmt: skip
NAME, OF, AND, TIMES, PLUS, WHERE = range(6)  # how loosely words hold together; OF ends in "of x", AND is a list


class Phrase(NamedTuple):
    """Words, how loosely they hold together, and the same as a noun: the difference between 1 and the result."""

    words: str
    kind: int = NAME
    noun: str = ""


def sentence(operation: Operation, i: int, inputs: int, rule: Expr | None) -> str:
    """What the gradient of an operation by its input i is. In the rule inputs go by their `roles`; None is a rule that
    cannot be read on symbols."""
    noun = operation.spelling.noun
    of = f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}" if noun else visible(operation.name)
    start = f"The gradient of {of} by its {roles(operation, inputs)[i].removeprefix('the ')} is"
    try:
        said = f"{start} {Printer(English())(rule).words}." if rule else ""
    except Unreadable:
        said = ""
    followed = 0 < len(said.split()) <= WORDS and said.count(" and ") <= ANDS
    return said if followed else f"{start} {LESS}."


def roles(operation: Operation, inputs: int) -> list[str]:
    """What each input of an operation is called."""
    named = operation.spelling.roles or (("argument",) if inputs == 1 else [f"{each} input" for each in ORDINALS])
    return [f"the {named[i]}" if i < len(named) else f"the input {i + 1}" for i in range(inputs)]


class English(Unicode):
    """The style of somebody who reads aloud. Its texts are phrases."""

    def join(self, *parts: Any) -> Any:
        raise Unreadable("not read aloud")

    def tight(self, operation: Operation, operands: int) -> None:
        return None

    def symbol(self, name: str) -> Any:
        return Phrase(name)

    def word(self, text: str) -> Any:
        return Phrase(text)

    def number(self, value: float) -> Any:
        return Phrase(f"{value:.6g}" if isinstance(value, float) else str(value))

    def root(self, x: Any) -> Any:
        return self.above(x, "1/2")

    def above(self, x: Any, script: str, closed: bool = False) -> Any:
        script = script.removeprefix("∘")
        if script == "T" and x.kind == NAME:
            return Phrase(f"{x.words} transposed")
        return _of(SCRIPTS[script], x) if script in SCRIPTS else Phrase(f"{_noun(x, OF)} to the power of {script}", OF)

    def raised(self, x: Any, exponent: Any) -> Any:
        return self.function(ops.power, (x, exponent), {})

    def places(self, text: str) -> Any:
        return Phrase(f"[{text}]")

    def at(self, x: Any, places: str) -> Any:
        if ":-" in places:
            raise Unreadable("backwards")
        return _of(f"the part [{places}] of", x)

    def function(self, operation: Operation, arguments: Sequence[Any], params: Mapping[str, Any]) -> Any:
        if operation in BRACKETS:
            return Phrase(f"1 where {_holds(operation, arguments)}, and 0 elsewhere", WHERE)
        spoken, noun = operation.spelling.spoken, operation.spelling.noun
        given = {key: value for key, value in params.items() if key != "keepdims"}
        where = along(given.pop("axis")) if "axis" in given and "{axis}" not in spoken else ""
        if any(f"{{{key}}}" not in spoken for key in given):
            raise Unreadable(f"{operation.name} has parameters")
        if spoken:
            loosest = [*[OF] * (len(arguments) - 1), AND]
            loosest[0] = NAME if spoken.startswith("{0}") else loosest[0]
            words = spoken.format(*map(_noun, arguments, loosest), **given)
            return _with(Phrase(words, AND if " and " in words else OF), where)
        return _with(_of(f"the {noun} of" if noun else f"{visible(operation.name)} of", *arguments), where)


# --- phrases ---------------------------------------------------------------------------------------------------------


def _noun(x: Phrase, loosest: int = AND) -> str:
    """A phrase as a noun."""
    words, kind = (x.noun, AND) if x.kind > AND else x[:2]
    if not words or kind > loosest:
        raise Unreadable(f"{x.words!r} would be ambiguous")
    return words


def _of(start: str, *several: Phrase) -> Phrase:
    """The sum of a, b and c. The sum of one thing is as good as a list: nothing may follow."""
    comma = "," * (len(several) == 2 and _looseness(several[0]) == AND)  # between the product of a and b, and c
    *before, last = [*[_noun(x, AND if comma else OF) for x in several[:-1]], _noun(several[-1])]
    words = f"{start} {', '.join(before)}{comma} and {last}" if before else f"{start} {last}"
    return Phrase(words, AND if " and " in words or start == "the sum of" else OF)


def _as_noun(start: str, several: Sequence[Phrase]) -> str:
    """The same, where it can be said."""
    try:
        return _of(start, *several).words
    except Unreadable:
        return ""


def _times(several: Sequence[Phrase], listed: str) -> Phrase:
    """a times b times c; a list where it has to be one, and of what is multiplied by coordinates."""
    if len(several) == 1:
        return several[0]
    chained = all(x.kind == NAME for x in several[:-1]) and several[-1].kind <= TIMES and listed != BY_COORDINATES
    noun = _as_noun(listed, several)
    return Phrase(" times ".join([x.words for x in several]), TIMES, noun) if chained else _of(listed, *several)


def _quotient(above: Phrase, below: Phrase) -> Phrase:
    words = above.words if above.kind <= TIMES and " divided by " not in above.words else _noun(above)
    comma = "," * (" and " in words or " times " in words)
    return Phrase(f"{words}{comma} divided by {_noun(below)}", TIMES, _as_noun("the quotient of", (above, below)))


def _holds(operation: Operation, sides: Sequence[Phrase]) -> str:
    left, right = map(_noun, sides)
    return f"{left} {RELATIONS[BRACKETS[operation]]} {right}" if left != right else f"{left} is a number"


def along(axis: Any) -> str:
    """Along axes 0 and 1."""
    if axis is None:
        return " over everything"
    axes = [str(each) for each in axis] if isinstance(axis, tuple) else [str(axis)]
    if not axes:
        raise Unreadable("along no axis")
    return f" along {'axis' if len(axes) == 1 else 'axes'} {' and '.join(axes)}"


def _with(x: Phrase, where: str) -> Phrase:
    if where and x.words.rpartition(" of ")[2].count(" along "):
        raise Unreadable(f"{x.words!r} is along an axis already")
    return x._replace(words=x.words + where)


# --- sums and products -----------------------------------------------------------------------------------------------

BY_COORDINATES, OF_MATRICES = "the coordinate-wise product of", "the matrix product of"


def _sum(p: Printer, x: Expr) -> Phrase:
    """a plus b minus c."""
    terms = [(p(each), sign) for each, sign in terms_of(x)]
    alone, words = len(terms) == 1, ""
    if alone and _is_number(x.args[0]):
        return Phrase(f"−{terms[0][0].words}")
    for term, sign in terms:
        between = f"{',' * (' and ' in words)} {'plus' if sign > 0 else 'minus'} " if words else "minus " * (sign < 0)
        words += between + (term.words if term.kind <= TIMES or (alone and term.kind == WHERE) else _noun(term))
    several, signs = [term for term, _ in sorted(terms, key=lambda each: -each[1])], [sign for _, sign in terms]
    start = "the negative of" if alone else "the sum of" if min(signs) > 0 else "the difference between"
    noun = _as_noun(start, several) if alone or min(signs) > 0 or len(terms) == 2 else ""
    return Phrase(words, max(PLUS, several[0].kind) if alone else PLUS, noun)


def _factors(x: Expr) -> Iterator[tuple[Expr, int]]:
    """Factors and exponents, those of numbers in front of something and of fractions among them."""
    if x.operation is SCALED or (x.operation is FRACTION and not _is_number(x)):
        signs = (1, -1) if x.operation is FRACTION else (1,) * len(x.args)
        for part, sign in zip(x.args, signs, strict=True):
            yield from [(each, n * sign) for each, n in _factors(part)]
    elif x.operation is not NUMBER or x["number"] != 1:
        yield x, 1


def _is_number(x: Expr) -> bool:
    return x.operation is NUMBER or (x.operation is FRACTION and all(map(_is_number, x.args)))


def _product(p: Printer, factors: Sequence[tuple[Expr, int]], listed: str) -> Phrase:
    """A product over a product; of what is 1 where something holds, else 0, what the others are there."""
    conditions = [x for x, n in factors if n > 0 and x.operation in BRACKETS]
    ones = [x for x, _ in factors if _is_ones(x)]
    bare = [(*_unrepeated(x), n) for x, n in factors if x not in (*conditions, *ones)]
    above = [p(x) for x, _, n in bare if n > 0] or [Phrase("1")]
    below = [p(x) for x, _, n in bare if n < 0]
    axes = [axes for _, axes, _ in bare]
    there = " and ".join([_holds(x.operation, [p(each) for each in x.args]) for x in conditions])
    shared = [x for x in below if there and x.words.endswith(f" where {there}")]  # how many they are
    below = [x for x in below if x not in shared]
    said = _times(sorted(above, key=_looseness), listed)
    if below:
        said = _quotient(said, _times(sorted(below, key=_looseness), listed))
    if all(axes) or listed != BY_COORDINATES:  # else NumPy repeats it beside others
        said = _repeated(said, axes[-1] if axes else ())
    if ones:
        said = Phrase(f"{said.words} in every place", WHERE)
    if conditions:
        among = ", shared equally among the places" if shared else ""
        words = said.words if said.kind <= TIMES else _noun(said)
        said = Phrase(f"{words}{among} where {there}, and 0 elsewhere", WHERE)
    return said


def _looseness(x: Phrase) -> int:
    return min(x.kind, AND)


def _is_ones(x: Expr) -> bool:
    return x.operation is ONES or (x.operation is ops.matmul and all(map(_is_ones, x.args)))


def _fraction(p: Printer, x: Expr) -> Phrase:
    if _is_number(x):
        return Phrase("/".join([p(each).words for each in x.args]))
    return _product(p, [*_factors(x)], "the product of")


def _matrix_product(p: Printer, x: Expr) -> Phrase:
    """Beside ones something is summed or repeated along an axis, beside rows of I it is taken or put somewhere."""
    whole, axes = _unrepeated(x)
    if whole.operation is not ops.matmul:
        return _repeated(p(whole), axes)
    args, summed, rows = [*whole.args], list[int](), list[tuple[Expr, int]]()
    for axis, end in ((0, 0), (1, -1)):
        if len(args) > 1 and args[end].operation is ONES:
            args.pop(end)
            summed.append(axis)
        if len(args) > 1 and _selects(args[end]):
            rows.append((args.pop(end), axis))
    said = _times([p(each) for each in args], OF_MATRICES)
    shape = args[0].shape[0], args[-1].shape[1]
    for each, axis in rows:
        said = _moved(said, each, axis, "places" if 1 in shape else ("rows", "columns")[axis])
    if summed:
        everything = all(n == 1 for axis, n in enumerate(shape) if axis not in summed)
        where = "" if everything else along(tuple(summed))
        if len(args) == 1 and args[0].operation in BRACKETS:
            return Phrase(f"the number of places{where} where {_holds(args[0].operation, [*map(p, args[0].args)])}", OF)
        said = _with(_of("the sum of", said), where)
    return _repeated(said, axes)


def _unrepeated(x: Expr) -> tuple[Expr, tuple[int, ...]]:
    """Something without the ones that repeat it, and along which axes they do."""
    args, axes = [*x.args], list[int]()
    for axis, end in ((0, 0), (1, -1)) if x.operation is ops.matmul else ():
        while len(args) > 1 and args[end].operation is ONES and args[end]["row"] == (axis == 1):
            args.pop(end)
            axes.append(axis)
    return (dot(*args) if axes else x), tuple(axes)


def _repeated(x: Phrase, axes: tuple[int, ...]) -> Phrase:
    return Phrase(f"{x.words if x.kind <= TIMES else _noun(x)}, repeated{along(axes)}", WHERE) if axes else x


def _selects(x: Expr) -> bool:
    return x.operation is ROWS or (x.operation is ops.transpose and x.args[0].operation is ROWS)


def _moved(x: Phrase, rows: Expr, axis: int, called: str) -> Phrase:
    """What rows of I make of something along an axis."""
    takes, own = (rows.operation is ROWS) == (axis == 0), rows if rows.operation is ROWS else rows.args[0]
    places = own["places"] if own["places"].startswith("[") else f"[{own['places']}]"
    if takes:
        return _of(f"the {called} {places} of", x)
    return Phrase(f"{_noun(x)}, added to the {called} {places} of an array of zeros", WHERE)


def _swapped(p: Printer, x: Expr) -> Phrase:
    """The transpose of each matrix of a stack."""
    said = p(x.args[0])
    if {*x.params.values()} != {-1, -2}:
        return p.target.function(x.operation, [said], x.params)  # type: ignore[no-any-return]
    return p.target.above(said, "T")  # type: ignore[no-any-return]


def _diagonal(p: Printer, x: Expr) -> Phrase:
    return _of("the diagonal matrix of" if 1 in x.args[0].shape else "the diagonal of", p(x.args[0]))


def _unreadable(p: Printer, x: Expr) -> Any:
    raise Unreadable(f"{x.operation.name} is not read aloud")


def _form(say: Any) -> Any:
    return lambda p, x: (say(p, x), ATOM)


English.forms = {
    **dict.fromkeys((APPLIED, CONSTANT, ROWS, ops.einsum), _unreadable), ops.log: lambda p, x: p.operation(x),
    **{each: _form(say) for each, say in {
        ops.add: _sum, SCALED: _fraction, FRACTION: _fraction, ops.matmul: _matrix_product, ops.diag: _diagonal,
        ops.swapaxes: _swapped,
        ops.multiply: lambda p, x: _product(p, factors_of(x), BY_COORDINATES),
        EYE: lambda p, x: Phrase("the identity matrix"),
    }.items()},
}  # fmt: skip
