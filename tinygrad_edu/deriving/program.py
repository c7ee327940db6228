"""Formulas as programs in plain NumPy: one line for each named piece, with its shape.

A term is a matrix; a program has the arrays of the user, which may have one axis or none. So the code of a vector is
either `flat` (one axis; a number has none) or has two axes, and is converted where both meet.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..engine.naming import Identifiers
from ..engine.record import Operation
from ..formulas.expr import CONSTANT, MATRIX, VEC, Order
from ..formulas.helpers import HELPERS
from ..formulas.literals import array, call, literal, numbers
from ..formulas.normal.algebra import added, chained
from ..formulas.normal.evaluate import evaluate
from ..formulas.normal.expression import Expression, matrix_shape
from ..formulas.normal.properties import OTHERWISE, commutes, is_condition, is_hat, is_mean, only_ones
from ..formulas.normal.selections import takes_rows
from ..formulas.normal.terms import Call, Shape, Term, all_below, atom, broadcast, is_a, names_in, number, poly
from ..formulas.spelled import ATOM, PRODUCT, SUM, UNARY, spelled
from ..operations.facts import VOCABULARY, ops

if TYPE_CHECKING:
    from .formula import Formula


class Snippet(NamedTuple):
    """A piece of a program, how tightly it binds, the shape of its matrix, and whether it is flat."""

    text: str
    binding: int
    shape: Shape
    flat: bool
    truth: str = ""  # the same as booleans, for a product with numbers


MANY = 30  # numbers of a constant that are not written into a program


def program(formula: Formula) -> tuple[str, list[str]]:
    """The source of a function ``gradient``, ``jacobian`` or ``hessian`` of what is given, and the names of its
    arguments. Constants that have no name are written into it, unless they are large.

    Raises
    ------
    ValueError
        For an operation of the user's own: it has no NumPy source.
    """
    used = formula.used()
    needed = names_in([line.term for line in formula.lines] + list(used.values()))
    given = {name: tensor for name, tensor in formula.tape.given.items() if name in needed}
    writer = CodeWriter([*given, *used])
    lines = []
    for name, tensor in given.items():
        shape = np.shape(tensor)
        text = writer.names[name] + "[0]" * (shape == (1,))  # a vector of one number is a number here
        code = Snippet(text, ATOM, matrix_shape(shape), len(shape) < 2)
        if tensor.dtype.kind in "bui" and tensor.dtype.itemsize < 8:  # products of them are beyond their range
            truth = text * (tensor.dtype.kind == "b")
            code = code._replace(text=f"1.0 * {text}", binding=PRODUCT, truth=truth)
        writer.known[name] = code
    written = {name: value for name, value in formula.tape.constants.items() if name in given and value.size <= MANY}
    lines += [f"    {writer.names[name]} = {array(value)}  # {value.shape}" for name, value in written.items()]
    for name, term in formula.in_order.items():
        piece = writer.whole(term)
        writer.known[name] = piece._replace(text=writer.names[name], binding=ATOM)
        lines.append(f"    {writer.names[name]} = {piece.text}  # {_shape_text(piece)}")
    results = []
    for line in formula.lines:
        result = writer.converted(writer.whole(line.term), line.shape)
        name = writer.identifiers.new(f"d{line.name}")
        lines.append(f"    {name} = {result}  # {line.shape}")
        results.append(name)
    arguments = [name for name in given if name not in written]
    head = f"def {formula.kind}({', '.join(writer.names[name] for name in arguments)}):"
    large = [name for name in formula.tape.constants if name in given and name not in written]
    said = "; ".join(f"{writer.names[name]} is the array of shape {np.shape(given[name])}" for name in large)
    lines[:0] = [f'    """The {formula.kind}. Of the constants of the program {said}."""'] * bool(said)
    lines[:0] = [f"    {comment}" for comment in writer.identifiers.comments]
    functions = [*writer.helpers.values(), "\n".join([head, *lines, f"    return {', '.join(results)}\n"])]
    for name, source in HELPERS.items():  # those that others call come after them
        functions[:0] = [source] * any(re.search(rf"\b{name}\(", each) for each in functions)
    return "\n\n\n".join(["import numpy as np", *functions]), arguments


def _shape_text(code: Snippet) -> str:
    if not code.flat:
        return str(code.shape)
    return f"({max(code.shape)},)" if code.shape != (1, 1) else "()"


def _broadcast(text: str, binding: int, codes: Sequence[Snippet]) -> Snippet:
    """What is made of codes coordinate by coordinate."""
    shape = broadcast((1, 1), *(code.shape for code in codes))
    return Snippet(text, binding, shape, all(code.flat for code in codes))


class CodeWriter:
    """Writes terms as code, and keeps which names it used, and the functions that it calls."""

    def __init__(self, names: Sequence[str]) -> None:
        self.identifiers = Identifiers(f"np gradient jacobian hessian {' '.join([*HELPERS, *VOCABULARY])}")
        self.names = {name: self.identifiers.called(name) for name in names}
        self.known: dict[str, Snippet] = {}
        self.helpers: dict[str, str] = {}

    # --- shapes ---

    def inside(self, code: Snippet, binding: int) -> str:
        return code.text if code.binding >= binding else f"({code.text})"

    def square(self, code: Snippet) -> Snippet:
        """With two axes."""
        if not code.flat:
            return code
        if code.shape == (1, 1):
            return Snippet(f"np.reshape({code.text}, (1, 1))", ATOM, code.shape, False)
        index = "[:, None]" if code.shape[1] == 1 else "[None, :]"
        return Snippet(f"{self.inside(code, ATOM)}{index}", ATOM, code.shape, False)

    def single(self, code: Snippet) -> Snippet:
        """A (1, 1) matrix as a number without axes."""
        return code if code.flat else Snippet(f"np.squeeze({code.text})", ATOM, code.shape, True)

    def converted(self, code: Snippet, shape: Shape) -> str:
        """The code in the shape that an array is to have."""
        if len(shape) == 2:
            return self.square(code).text
        fits = len(shape) > 2 or (code.flat and (code.shape != (1, 1) or not shape))
        return code.text if fits else f"np.reshape({code.text}, {shape})"

    def whole(self, p: Term) -> Snippet:
        """A term with all of its extent, also where it is filled or repeated."""
        code = self.code(p)
        if p.kind != "poly" or code.shape == p.shape:
            return code
        if number(p) is not None:
            return Snippet(f"np.full({p.shape}, {self.code(p).text})", ATOM, p.shape, False)
        return Snippet(f"np.broadcast_to({self.square(code).text}, {p.shape})", ATOM, p.shape, False)

    # --- terms ---

    def code(self, term: Term) -> Snippet:
        return getattr(self, f"_{term.kind}")(term)  # type: ignore[no-any-return]

    def _symbol(self, term: Term) -> Snippet:
        return self.known[term.data]

    def _ones(self, term: Term) -> Snippet:
        return Snippet(f"np.ones({term.shape})", ATOM, term.shape, False)

    def _eye(self, term: Term) -> Snippet:
        return Snippet(f"np.eye({term.shape[0]})", ATOM, term.shape, False)

    def _T(self, term: Term) -> Snippet:
        return self._turned(self.code(term.args[0]))

    def _turned(self, code: Snippet) -> Snippet:
        shape = code.shape[::-1]
        return code._replace(shape=shape) if code.flat else Snippet(f"{self.inside(code, ATOM)}.T", ATOM, shape, False)

    def _poly(self, p: Term) -> Snippet:
        pieces = []
        for c, mono in p.items:
            if p.shape != (1, 1):  # NumPy repeats a number
                mono = tuple(each for each in mono if not only_ones(each[0]) or each[0].shape != p.shape)
            chosen = [pair for pair in mono if _is_choice(pair[0]) and pair[1] > 0]
            others = [pair for pair in mono if pair not in chosen]
            masked = chosen and _may_be_infinite(others)
            code = self._product(float(c), [(self.code(part), n) for part, n in (others if masked else mono)])
            if masked:
                code = self._masked(self._product(1.0, [(self.code(part), n) for part, n in chosen]), code)
            pieces.append((float(c) < 0, code))
        if not pieces:
            return Snippet("0.0", ATOM, (1, 1), True)
        codes = self._alike([code for _, code in pieces])
        text = ""
        for (negative, _), code in zip(pieces, codes, strict=True):
            sign = (" - " if negative else " + ") if text else "-" * negative
            text += sign + self.inside(code, PRODUCT)
        return _broadcast(text, SUM if len(codes) > 1 or pieces[0][0] else codes[0].binding, codes)

    def _product(self, c: float, parts: list[tuple[Snippet, Any]]) -> Snippet:
        """|c| times a Hadamard product."""
        codes = self._alike([code for code, _ in parts])
        above: list[str] = []
        below: list[str] = []
        truths = [code.truth for code, (_, n) in zip(codes, parts, strict=True) if code.truth and n == 1]
        for code, (_, n) in zip(codes, parts, strict=True):
            if code.truth and n == 1:
                continue
            if abs(n) == 1:
                (above if n > 0 else below).append(self.inside(code, UNARY))
            elif n == 0.5:
                above.append(f"np.sqrt({code.text})")
            else:
                (above if n > 0 else below).append(f"{self.inside(code, ATOM)}**{_power(abs(n))}")
        shown = numbers(abs(c))
        if (above or truths) and (abs(c) != 1 or not above):
            above.insert(0, shown)
        above += truths  # behind a number, as NumPy has −, + and @ of booleans otherwise
        if len(codes) == 1 and abs(c) == 1 and not below and parts[0][1] == 1:
            return codes[0]
        text = " * ".join(above) or shown
        if below:
            text += f" / {below[0]}" if len(below) == 1 else f" / ({' * '.join(below)})"
        return _broadcast(text, PRODUCT, codes)

    def _masked(self, choice: Snippet, code: Snippet) -> Snippet:
        """A product with a factor that absorbs where it is 0, whatever the others are there."""
        codes = self._alike([choice, code])
        return _broadcast(f"masked({codes[0].text}, {codes[1].text})", ATOM, codes)

    def _alike(self, codes: list[Snippet]) -> list[Snippet]:
        """Codes that NumPy will broadcast as the matrices are."""
        vectors = [code for code in codes if code.shape != (1, 1)]
        whole = broadcast((1, 1), *(code.shape for code in codes))
        if len(whole) == 2 and 1 in whole and all(code.flat for code in vectors):  # of one axis: numbers must have none
            return [self.single(code) if vectors and code.shape == (1, 1) else code for code in codes]
        return [self.square(code) if code.flat and code.shape != (1, 1) else code for code in codes]

    def _chain(self, term: Term) -> Snippet:
        return self._matmul(list(term.args))

    def _summed(self, code: Snippet, axis: int) -> Snippet:
        if code.flat:
            return Snippet(f"np.sum({code.text})", ATOM, (1, 1), True)
        shape = (1, code.shape[1]) if axis == 0 else (code.shape[0], 1)
        return Snippet(f"np.sum({code.text}, axis={axis}, keepdims=True)", ATOM, shape, False)

    def _matmul(self, args: list[Term]) -> Snippet:
        if args[0].kind == "ones" and len(args) > 1 and args[0].shape[0] == 1:
            return self._summed(self._matmul(args[1:]), 0)
        if len(args) > 1 and args[-1].kind == "ones" and args[-1].shape[1] == 1:
            return self._summed(self._matmul(args[:-1]), 1)
        place = next((i for i, x in enumerate(args) if is_hat(x)), None) if len(args) > 1 else None
        if place is not None:
            return self._stretching(args[:place], args[place].args[0], args[place + 1 :])
        place = next((i for i, x in enumerate(args) if _is_sparse(x)), None) if len(args) > 1 else None
        if place is not None and all(map(_is_name, [*args[:place], *args[place + 1 :]])):
            return self._opened(args[:place], args[place], args[place + 1 :])
        thin = next((i for i, x in enumerate(args[:-1], 1) if x.shape[1] == 1), None)
        if thin is not None and len(args) > 2:  # a · (bᵀ · C)
            return self._times(self._matmul(args[:thin]), self._matmul(args[thin:]))
        codes = [self.whole(x) for x in args]
        if codes[-1].shape[1] == 1:  # from the right: a matrix times a column is cheap
            return functools.reduce(lambda right, left: self._times(left, right), codes[::-1])
        return functools.reduce(self._times, codes)

    def _stretching(self, before: list[Term], column: Term, behind: list[Term]) -> Snippet:
        """A product with a diagonal matrix, by rows or columns."""
        code = self.whole(column)
        if not behind:
            return self._product(1.0, [(self._matmul(before), 1), (self._turned(code), 1)])
        right = self._product(1.0, [(code, 1), (self._matmul(behind), 1)])
        return self._times(self._matmul(before), right) if before else right

    def _opened(self, before: list[Term], p: Term, behind: list[Term]) -> Snippet:
        """A product with a sum of diagonal and rank-one matrices, which are no matrices then."""
        left, right = (functools.reduce(chained, map(atom, x)) if x else None for x in (before, behind))
        products = [poly([item], p.shape) for item in p.items]
        products = [chained(left, x) for x in products] if left else products
        products = [chained(x, right) for x in products] if right else products
        return self._poly(added(products, products[0].shape))

    def _times(self, a: Snippet, b: Snippet) -> Snippet:
        shape = (a.shape[0], b.shape[1])
        if (a.flat and a.shape == (1, 1)) or (b.flat and b.shape == (1, 1)):
            text = f"{self.inside(a, UNARY)} * {self.inside(b, UNARY)}"
            return Snippet(text, PRODUCT, shape, a.flat and b.flat)
        if a.flat and b.flat and a.shape[1] == 1 and b.shape[0] == 1:
            return Snippet(f"np.outer({a.text}, {b.text})", ATOM, shape, False)
        if a.flat and (a.shape[1] == 1 or (not b.flat and 1 in b.shape)):
            a = self.square(a)
        if b.flat and (b.shape[0] == 1 or (not a.flat and 1 in a.shape)):
            b = self.square(b)
        left = a.text if a.binding == PRODUCT and " @ " in a.text and " * " not in a.text else self.inside(a, UNARY)
        return Snippet(f"{left} @ {self.inside(b, UNARY)}", PRODUCT, shape, a.flat or b.flat)

    def _call(self, term: Term) -> Snippet:
        made = term.data
        if is_condition(term):
            sides = [self._compared(x, shape) for x, shape in zip(term.args, made.shapes, strict=True)]
            truth = f"({sides[0]} {made.operation.spelling.sign} {sides[1]})"
            return Snippet(f"1.0 * {truth}", PRODUCT, term.shape, len(made.shape) < 2, truth)
        flat = len(made.shape) < 2
        if takes_rows(term):
            places = np.argmax(made.params[0][1], axis=1).tolist()
            return Snippet(f"np.eye({term.shape[1]})[{places}]", ATOM, term.shape, False)
        if is_mean(term):
            return Snippet(f"np.mean({self.whole(term.args[0]).text})", ATOM, term.shape, True)
        if made.operation is MATRIX:
            return Snippet(self._matrix(term, **dict(made.params)), ATOM, term.shape, False)
        if made.operation is VEC:
            code = self.square(self.whole(term.args[0]))
            by_rows = self._turned(code) if dict(made.params)["order"] == "F" else code
            return Snippet(f"np.ravel({by_rows.text})", ATOM, term.shape, True)
        if made.operation is CONSTANT:
            text = f"np.array({numbers(np.asarray(made.params[0][1]).tolist())})"
            return Snippet(text, ATOM, term.shape, flat)
        if is_a(term, ops.ratio, ops.inverse, ops.heaviside, ops.diagflat):
            codes = self._alike([self.whole(x) for x in term.args])
            arguments = [code.text for code in codes]
            flat = all(code.flat for code in codes) and made.operation is not ops.diagflat
        else:
            arguments = [
                self.converted(self.whole(x), shape) for x, shape in zip(term.args, made.shapes, strict=True)
            ]
        params = {k: v.value.item() if isinstance(v, Expression) else v for k, v in made.params}
        if is_hat(term) and codes[0].flat:
            return Snippet(f"np.diag({arguments[0]})", ATOM, term.shape, False)
        text = self._applied(made.operation, arguments, params, made.shapes)
        return Snippet(f"np.reshape({text}, ())" if made.shape == (1,) else text, ATOM, term.shape, flat)

    def _matrix(self, term: Term, of: Call, order: Order) -> str:
        """Of a linear operation: rows of I where it only moves numbers, else what it makes of I's columns."""
        (shape,), n = of.shapes, term.shape[1]
        if commutes(term):
            return f"np.eye({n})[np.ravel(np.reshape(np.arange({n}), {shape[::-1]}).T)]"
        numbers = evaluate(term, {})
        moves = (np.sum(numbers == 1, 1) == 1).all() and (np.sum(numbers != 0, 1) == 1).all()
        x = f"np.arange({n})" if moves else "x"
        if len(shape) > 1:
            x = f"np.reshape({x}, {shape})" if order == "C" else f"np.reshape({x}, {shape[::-1]}).T"
        column = self._applied(of.operation, [x], dict(of.params), of.shapes)
        if len(of.shape) != 1:
            column = f"np.ravel({column}{'.T' * (order == 'F' and len(of.shape) > 1)})"
        return f"np.eye({n})[{column}]" if moves else f"np.stack([{column} for x in np.eye({n})], 1)"

    def _compared(self, x: Term, shape: Shape) -> str:
        c = number(atom(x))
        return self.converted(self.whole(x), shape) if c is None else numbers(float(c)).removesuffix(".0")

    def _applied(
        self, operation: Operation, arguments: list[str], params: Mapping[str, Any], shapes: Sequence[Shape]
    ) -> str:
        name = operation.key
        if not name:
            raise ValueError(f"numpy: {operation.name} is an operation of the user's own: it has no NumPy source")
        if operation is ops.getitem and not arguments[0].isidentifier():  # it may be a number
            arguments = [f"np.asarray({arguments[0]})"]
        template = operation.spelling.numpy
        if template and all(f"{{{key}}}" in template or not value for key, value in params.items()):
            return call(template, arguments, {**params, "lengths": tuple(shapes[0])}, leaf)
        modules = (np, np.linalg) if params.get("axis") is None else (np,)  # np.linalg.norm is less general than ours
        if name in HELPERS:
            function = name
        elif operation.parts is not None and (template or not any(hasattr(each, name) for each in modules)):
            return spelled(operation, shapes, params, arguments, self._applied, self.helpers)
        elif (module := "np" if hasattr(np, name) else "np.linalg" if hasattr(np.linalg, name) else "") and (
            not params.get("order")
        ):  # fmt: skip
            function = f"{module}.{name}"
        else:
            raise ValueError(f"numpy: the operation {name} has no NumPy source")
        said = {k: v for k, v in params.items() if v is not None and v is not False and (k, v) != ("offset", 0)}
        return call(function, arguments, said, leaf)


def leaf(value: Any) -> str:
    """A parameter, with the numbers of arrays."""
    return array(value) if isinstance(value, np.ndarray) and value.ndim else literal(value)


def _is_name(term: Term) -> bool:
    return term.kind == "symbol" or (term.kind == "T" and term.args[0].kind == "symbol")


def _is_sparse(p: Term) -> bool:
    """Whether it is a sum of diagonal matrices and of products of a column and a row."""
    matrices = [[x for x, n in mono if x.shape == p.shape and n == 1] for _, mono in p.items]
    return 1 not in p.shape and len(p.items) > 1 and all(
        len(found) == 1 and (found[0].kind == "eye" or is_hat(found[0]) or _is_outer(found[0])) for found in matrices
    )


def _is_outer(term: Term) -> bool:
    return term.kind == "chain" and any(x.shape[1] == 1 for x in term.args[:-1])


CHOICES = {ops.where, ops.relu, ops.maximum, ops.minimum, ops.same, ops.heaviside, *OTHERWISE}


def _is_choice(term: Term) -> bool:
    """Whether a factor is 0 where what stands beside it does not count."""
    return term.kind == "call" and term.data.operation in CHOICES


def _may_be_infinite(mono: Sequence[tuple[Term, Any]]) -> bool:
    """Whether a product may be no finite number where its symbols are: it divides, or has a logarithm, say."""
    below = list(all_below(part for part, _ in mono))
    powers = [n for _, n in (*mono, *(pair for x in below for _, inner in x.items for pair in inner))]
    calls = (x.data.operation.singular for x in below if x.kind == "call")
    return any(n < 0 or n != int(n) for n in powers) or any(calls)


def _power(n: Any) -> str:
    return str(int(n)) if n == int(n) else repr(float(n))
