"""Programs: formulas of several lines, read with what each line defines, and judged line by line."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from ..formulas.expr import NUMBER, SYMBOL, Expr, ones, symbol
from ..formulas.grammar.calls import fn
from ..formulas.grammar.cursor import Name, Quotient, named
from ..formulas.grammar.parser import parse
from ..formulas.grammar.tokens import FormulaError, Token, notation_of
from ..formulas.layers import is_activation
from ..operations.facts import ops
from .in_front import in_front
from .linear import defined
from .lookup import looked_up
from .numbering import LETTERS, Unknown
from .scope import GREEK, MATRICES, Quantity, Scope, joined
from .statements import Statement, changed_in_place, statements

LARGEST = 4_000  # nodes of a formula with all definitions put in
RECURSION = re.compile(r"""
    [\^_]\{?[(\[]?(?:[lkℓ]|\\ell)\s*\+\s*1  # of layer l by layer l + 1
    |(?:^|\n|,|;|\\\\)[^=\n]*[\^_]\{?[(\[]?(?:[lkℓ]|\\ell)\s*-\s*1[^=\n]*=  # or of layer l - 1 by layer l
""", re.VERBOSE)
VIEWS = {ops.transpose, fn.reshape, fn.ravel, fn.squeeze, fn.column, fn.row}


class Raw(NamedTuple):
    """A line as it is parsed: its names are not looked up yet."""

    number: int
    operator: str
    target: Expr | None  # the name that it defines or changes
    picks: tuple[Expr, ...]  # an index of the elements that it sets
    members: list[Expr]
    places: list[tuple[int, int]]  # where they begin and end in the text
    returned: bool
    name: Any  # what it defines, however it is written
    names: set[Any]  # in what it computes

    @property
    def changes(self) -> bool:
        """Whether what it defines was there before."""
        return bool(self.operator or self.picks)


class Definition:
    """A line as it is read.

    Attributes
    ----------
    place : int
        Which one of the program's lines it is.
    members : list of Expr
        The formulas of its chain, with what their names stand for; the last one is what it defines.
    stands : Expr
        What its name stands for in later lines: the last member, or the same as the tape has it.
    wanted : list of Quantity
        What the tape has by its name, one of which it is to be; none where it is a name of one's own.
    needs : set of int
        The places of the lines that it is made of, and its own.
    """

    def __init__(self, place: int, raw: Raw, members: list[Expr], wanted: list[Quantity], needs: set[int]) -> None:
        self.place, self.raw, self.members, self.wanted, self.needs = place, raw, members, wanted, needs
        self.stands = members[-1]

    def mended(self, old: Expr | None, new: Expr | None) -> Expr | None:
        """It with a piece mended, where that is one piece, and the line no change in place."""
        tree = self.members[-1]
        if self.raw.changes or old is None or new is None or (mended := tree.replaced(old, new)) is tree:
            return None
        return mended


class Fault(NamedTuple):
    """Where a program goes wrong: the line, the formula in it, what it is to be, or what is said of it; the lines up
    to it."""

    line: Definition
    member: int
    wanted: list[Quantity]
    said: str
    lines: list[Definition]

    def source(self, piece: Expr | None) -> Definition:
        """The line in which a piece stands: the wrong one, or one before it that it is made of."""
        places = [node.at for node in piece.walk() if node.text] if piece is not None else []
        for line in self.lines if places else []:
            start, end = line.raw.places[-1]
            if all(start <= at < end for at in places) and line.raw.places != self.line.raw.places:
                return line
        return self.line


class ParsedProgram:
    """The lines of a text, parsed with products in one order; the `goal` among them is the gradient."""

    def __init__(self, text: str, scope: Scope, wrt: int, order: str) -> None:
        self.text, self.scope, self.wrt = text, scope, wrt
        known = scope.known()
        lines = statements(text, known)
        if new := {word for each in lines for word in self._word(each)} - known:
            known |= new
            lines = statements(text, known)
        self.statements, self.defined = lines, set[Any]()
        self.about_layers = RECURSION.search(text) if len(lines) > 1 else None

        def is_layer(name: Name) -> bool:
            return scope.same(name) in self.defined or scope.is_layer(name)

        def parsed(part: list[Token]) -> Expr:
            part = [*part, Token("end", "", part[-1].end)]
            return parse(text, known, order, is_layer, part, scope.applies, scope.turns)

        raw = []
        for each in lines:
            first, *others = each.members
            target = self._quotient(first) if others and not each.operator else None
            raw += self._general(self._raw(each, [target or parsed(first), *map(parsed, others)]))
            self.defined |= {each.name for each in raw}
            if raw[-1].target is not None and isinstance(raw[-1].target["name"], Name):
                known.add(raw[-1].target["name"].base)
        self.lines = self._in_order(raw)
        self._typed: dict[Any, list[Definition]] = {}  # by the choice of meanings
        self.goal = self._goal()

    @property
    def several(self) -> bool:
        """Whether there is more than one formula."""
        return len(self.lines) > 1 or len(self.lines[0].members) > 1

    def _word(self, statement: Statement) -> Iterator[str]:
        """The word before the first =, which is one name."""
        first = statement.members[0]
        text = self.text[first[0].at : first[-1].end]
        word = {"latex": r"[A-Za-z]{2,}", "unicode": r"[^\W\d]\w*", "numpy": r"[^\W\d]\w+"}[notation_of(self.text)]
        if len(statement.members) > 1 and re.fullmatch(word, text):
            yield text

    def _quotient(self, part: list[Token]) -> Expr | None:
        """dc/dW in one line, where it is what a line defines."""
        text = self.text[part[0].at : part[-1].end]
        data = in_front(part, self.text, self.scope)
        return symbol(data, text=text, at=part[0].at) if data else None

    def _raw(self, statement: Statement, trees: list[Expr]) -> Raw:
        """A line taken apart."""
        places = [(part[0].at, part[-1].end) for part in statement.members]
        index: tuple[Expr, ...] = ()
        target = trees[0] if len(trees) > 1 else None
        if target is not None and target.operation is fn.picked:
            target, *rest = target.args
            index = tuple(rest)
        if target is not None and target.operation is fn.taken:
            what = "such an index is not read here: write the whole array on the left"
            raise FormulaError(self.text, places[0][0], what)
        if len(self.statements) > 1 and notation_of(self.text) != "numpy" and (linear := defined(trees, self._is_new)):
            target, trees = linear[0], [*linear]
        if target is not None and target.operation is not SYMBOL:
            if statement.operator or index:
                raise FormulaError(self.text, places[0][0], "a name is expected before what changes it")
            target = None  # a chain of formulas: 2 + 2 = 4
        if target is not None:
            trees, places = trees[1:], places[1:]
        kept = [k for k, each in enumerate(trees) if k == len(trees) - 1 or not self._is_rule(target, each)]
        trees, places = [trees[k] for k in kept], [places[k] for k in kept]
        return self._line(statement.number, statement.operator, target, index, trees, places, statement.returned)

    def _is_new(self, name: Name) -> bool:
        """Whether neither the tape nor a line above has a name."""
        return not (self.scope.mapped(name) or self.scope.exact(name) or self.scope.same(name) in self.defined)

    def _line(
        self, number: int, operator: str, target: Expr | None, picks: tuple[Expr, ...], members: list[Expr],
        places: list[tuple[int, int]], returned: bool,
    ) -> Raw:  # fmt: skip
        name = None if target is None else self.scope.same(target["name"])
        nodes = (node for tree in (*members, *picks) for node in tree.symbols())
        names = {self.scope.same(node["name"]) for node in nodes}
        return Raw(number, operator, target, picks, members, places, returned, name, names)

    def _is_rule(self, target: Expr | None, tree: Expr) -> bool:
        """Whether a formula is the chain rule and no more, whatever the order: ∂c/∂W = ∂c/∂a ∂a/∂z ∂z/∂W."""
        parts = [node.params.get("name") for node in tree.args] if tree.operation in (ops.matmul, ops.multiply) else []
        if target is None or not isinstance(target["name"], Quotient) or len(parts) < 2:
            return False
        divided = -1 in tree.params.get("exponents", ())
        if divided or not all(isinstance(each, Quotient) for each in parts):
            return False
        steps = [self.scope.same(each) for each in parts]
        for chain in (steps, steps[::-1]):
            whole = Quotient(chain[0].above, chain[-1].below)
            if whole == self.scope.same(target["name"]):
                return all(a.below == b.above for a, b in itertools.pairwise(chain))
        return False

    def _general(self, raw: Raw) -> list[Raw]:
        """A line about layer l, where a text has one about layers beside it, for each layer; any other as it is."""
        if self.about_layers is None or raw.target is None or self._at(raw.target, 1) is raw.target:
            return [raw]
        found = []
        first, count = self.scope.counting.values, len(self.scope.layers)
        for n in range(first + count - 1, first - 1, -1):
            target, members = self._at(raw.target, n), [self._at(each, n) for each in raw.members]
            above = any(f"{first + count}" in _layers(node) for each in members for node in each.walk())
            if not above and f"{first - 1}" not in _layers(target):
                rest = members, raw.places, raw.returned
                found.append(self._line(raw.number, raw.operator, target, raw.picks, *rest))
        return found or [raw]

    def _at(self, tree: Expr, n: int) -> Expr:
        """A formula about layer l for the n-th."""
        if tree.operation is SYMBOL:
            data = _numbered(tree["name"], n)
            return tree if data == tree["name"] else named(tree, data)
        return tree.rebuilt(lambda each: self._at(each, n))

    def _in_order(self, lines: list[Raw]) -> list[Raw]:
        """The lines so that definitions come before what they are used in; on paper they may stand below."""
        names = [each.name for each in lines if each.name is not None]
        if notation_of(self.text) == "numpy" or len(set(names)) < len(names):
            for i, each in enumerate(lines):
                before, after = {line.name for line in lines[:i]}, {line.name for line in lines[i:] if not line.changes}
                for name in (each.names | ({each.name} if each.changes else set())) & after - before - {None}:
                    if not isinstance(name, Name) or not self.scope.exact(name):
                        shown = next(line.target.text for line in lines if line.name == name and line.target)
                        what = f"{shown} is used in line {each.number} before a line defines it"
                        raise FormulaError(self.text, each.places[0][0], what)
            return lines
        order: list[Raw] = []
        left = list(lines)
        while left:
            missing = {each.name for each in left}
            chosen = next((each for each in left if not each.names & (missing - {each.name})), left[0])
            left.remove(chosen)
            order.append(chosen)
        return order

    def _goal(self) -> int:
        """The place of the gradient: what is returned, or the last line of its name, or that of none, or the last."""
        returned = [each for each in self.lines if each.returned]
        named = [each for each in self.lines if self._is_gradient(each.target)]
        if len(returned) > 1:
            named = [each for each in returned if self._is_gradient(each.members[0])]
            if not named:
                said = f"none of them has the name of the {self.scope.what}: return one"
                what = f"several values are returned, and {said}"
                raise FormulaError(self.text, returned[0].places[0][0], what)
        elif returned:
            named = returned
        alone = [each for each in self.lines if each.target is None and len(each.members) == 1]
        return self.lines.index(max(named or alone or self.lines, key=lambda each: each.number))

    def _is_gradient(self, name: Expr | None) -> bool:
        wanted = [] if name is None or name.operation is not SYMBOL else self.meaning(name)
        return self.scope.goal in wanted

    def meaning(self, name: Expr) -> list[Quantity]:
        """What the tape has by a name that a line defines; nothing for a name of one's own, or of what is given."""
        scope, data = self.scope, name["name"]
        own = isinstance(data, Name) and bool(scope.mapped(data) or scope.exact(data))
        if isinstance(data, Name) and not own:
            plain = not (data.layer or data.primes or data.base[-1].isdigit())
            base = GREEK.get(data.base, data.base).rstrip("0123456789_")
            if (plain or scope.shared) and base in LETTERS["δ"]:
                return [Quantity("adjoint", key) for key in self._inputs_of_layers()]
        try:
            quantities = scope.meanings(data)
        except Unknown:
            return []
        if isinstance(data, Name) and not own and quantities[0].kind in ("value", "softmax") and plain:
            return []
        nodes = scope.tape.nodes
        kept = [each for each in quantities if each.kind in ("adjoint", "slope", "softmax", *MATRICES)
                or (each.kind == "value" and each.key in nodes and nodes[each.key]._record.operation is not None)]
        made = [nodes[each.key] for each in kept if each.kind == "adjoint" and each.key in nodes]
        before = [Quantity("adjoint", x._record.stamp)
                  for node in made if is_activation(node) or getattr(node._record.operation, "selects", False)
                  for x in node._record.inputs if x is not None and x._record is not None and x.shape == node.shape]
        return kept + before  # dhidden, changed in place, is the gradient by what the activation gets

    def _inputs_of_layers(self) -> dict[Any, None]:
        """What goes into activations, the last one first."""
        scope = self.scope
        layers = [*scope.layers, *scope.maps]
        return dict.fromkeys([layer.z for layer in reversed(layers)] + list(scope.slopes.values())[::-1])

    def is_called(self, name: Expr, quantity: Quantity) -> bool:
        """Whether a name has that of a quantity in it, as dW2 has, and is no convention."""
        data = name["name"].below if isinstance(name["name"], Quotient) else name["name"]
        shown = self.scope.shown.get(quantity.key)
        return shown is not None and joined(data.base + data.layer).endswith(joined(shown))

    def choices(self) -> list[Expr]:
        """The names that the tape gives a meaning, up to the gradient."""
        trees = (tree for each in self.lines[: self.goal + 1] for tree in (*each.members, *each.picks))
        names = (name for tree in trees for name in tree.symbols())
        return [name for name in names if self.scope.same(name["name"]) not in self.defined]

    def labels(self, choose: Mapping[Any, int]) -> set[Any]:
        """What is given that elements are picked by."""
        trees = (tree for line in self._as_typed(choose) for member in line.members for tree in member.walk())
        index = (each for tree in trees if tree.operation in (fn.picked, fn.set, fn.shifted)
                 for each in tree.args[1 if tree.operation is fn.picked else 2 :])  # fmt: skip
        return {each["name"].key for each in index if each.operation is SYMBOL and isinstance(each["name"].key, str)}

    # --- reading ---

    def formula(self, choose: Mapping[Any, int]) -> Expr:
        """The gradient with all that the lines define put in."""
        tree = next(line for line in self._as_typed(choose) if line.place == self.goal).members[-1]
        several = self.scope.tape.nodes[self.wrt]._value.size > 1
        return ones(row=False, at=tree.at) if several and tree.operation is NUMBER and tree["number"] == 1 else tree

    @functools.cached_property
    def needed(self) -> set[int]:
        """The places of the lines that the gradient is made of."""
        return next(line for line in self._as_typed({}) if line.place == self.goal).needs

    def _as_typed(self, choose: Mapping[Any, int]) -> list[Definition]:
        """The lines in their order, with nothing exchanged."""
        key = frozenset([each for each in choose.items() if each[1]])
        if key not in self._typed:
            self._typed[key] = list(self.read(choose))
        return self._typed[key]

    def read(self, choose: Mapping[Any, int]) -> Iterator[Definition]:
        """The lines in their order; what `stands` for the name of one may be exchanged before the next is read."""
        defined: dict[Any, list[Any]] = {}  # the name, what it stands for, the lines that it needs
        sizes: dict[Expr, int] = {}
        for i, raw in enumerate(self.lines):
            look = self._reader(choose, defined)
            try:
                index = tuple(map(look, raw.picks))
                members = [look(each) for each in raw.members]
            except FormulaError:
                if i > self.goal:
                    continue  # W -= eta * dW, which comes after
                raise
            needs = {i}.union(*(defined[name][2] for name in raw.names if name in defined))
            if raw.changes and raw.target is not None:
                self._no_view(i)
                if raw.name not in defined and not (isinstance(raw.name, Name) and self.scope.exact(raw.name)):
                    what = f"{raw.target.text} is changed in line {raw.number} before a line defines it"
                    raise FormulaError(self.text, raw.target.at, what)
                old = look(raw.target)
                changed = changed_in_place(old, raw.operator, members[-1], index)
                members = [changed.placed(raw.target.text, raw.target.at)]
                needs |= set(defined.get(raw.name, [None, None, ()])[2])
            if any(_size(each, sizes) > LARGEST for each in members):
                raise FormulaError(self.text, raw.places[-1][0], "the formula is too long with all definitions put in")
            wanted = self.meaning(raw.target) if raw.target is not None else []
            line = Definition(i, raw, members, wanted, needs)
            yield line
            if raw.changes and raw.name in defined:
                defined[raw.name][1:] = line.stands, needs  # also by the other names that the array has
            elif raw.target is not None:
                source = raw.members[-1]
                alias = notation_of(self.text) == "numpy" and source.operation is SYMBOL and not raw.changes
                cell = [raw.target, line.stands, needs]
                if alias:
                    cell = defined.setdefault(self.scope.same(source["name"]), cell)
                defined[raw.name] = cell

    def _reader(self, choose: Mapping[Any, int], defined: Mapping[Any, list[Any]]) -> Callable[[Expr], Expr]:
        trees = {name: cell[:2] for name, cell in defined.items()}

        def look(tree: Expr) -> Expr:
            try:
                return looked_up(tree, self.scope, choose, trees)
            except Unknown as error:
                nodes = (node for node in tree.symbols())
                own = (node for node in nodes if self.scope.same(node["name"]) not in trees)
                place = next((node.at for node in own if not self.scope.is_open(node["name"])), tree.at)
                raise error.error(self.text, place, str(error)) from None

        return look

    def _no_view(self, i: int) -> None:
        """Refuse to change in place what NumPy makes a view of something else, which would change as well."""
        raw = self.lines[i]
        made = next((each.members[-1] for each in self.lines[i - 1 :: -1] if i and each.name == raw.name), None)
        view = made is not None and made.operation in VIEWS
        if made is not None and view and made.args[0].operation is SYMBOL:
            what = f"a change in place of a view changes {made.args[0].text} too: write it as a new array"
            raise FormulaError(self.text, raw.places[0][0], what)

    def _goes_on(self, i: int) -> bool:
        """Whether the name of a line is changed before another line uses it."""
        name = self.lines[i].name
        later = next((each for each in self.lines[i + 1 :] if name in each.names or each.name == name), None)
        return later is not None and later.name == name

    # --- judging ---

    def fault(
        self, choose: Mapping[Any, int], ratio: Callable[[Expr, Quantity], float | None],
        equal: Callable[[Expr, Expr], bool], right: bool, notes: list[str], batch: float = 0.0,
    ) -> Fault | None:  # fmt: skip
        """The first wrong line, where earlier ones stand for what the tape has; where the formula is `right`, only a
        chain with a wrong link. Of wrong lines that the formula does not need there are notes. Where the loss is a
        mean over a `batch`, a line such as dZ = A − Y may be that of one sample, divided later."""
        lines: list[Definition] = []
        for line in self.read(choose):
            lines.append(line)
            last = line.place == self.goal
            needed = last or line.place in self.needed
            name = line.raw.target
            wanted = [self.scope.goal] if last else line.wanted
            if last and name is not None and (other := self._other(name, wanted[0], ratio, line)):
                return other
            if right and (last or needed):
                *others, made = line.members
                place = next((k for k, each in enumerate(others) if not equal(each, made)), None)
                wanted = wanted if last else []
            elif wanted:
                wanted = [*wanted, *(each._replace(number=batch) for each in wanted if batch and self._inner(each))]
                place = self._compared(line, wanted, ratio)
                place = None if self._goes_on(line.place) and not last else place
            else:
                place = next((k for k, each in enumerate(line.members) if k and not equal(line.members[0], each)), None)
            if place is not None and (needed or not wanted):
                shown = [self.text[slice(*each)] for each in line.raw.places]
                wanted = [each for each in wanted if each.kind == "adjoint"] or wanted
                said = "" if wanted else f"{shown[place]} is not {shown[-1] if place == 0 else shown[0]}."
                return Fault(line, place, wanted, said, lines)
            if place is not None and name is not None:
                note = f"Line {line.raw.number}, which it does not need, is wrong: it is not {name.text}."
                notes += [note] * (note not in notes)
        return None

    def _compared(
        self, line: Definition, wanted: list[Quantity], ratio: Callable[[Expr, Quantity], float | None]
    ) -> int | None:
        """The place of the first formula that is not what is wanted; of what is, `stands` becomes that."""
        places = []
        for quantity in wanted:
            ratios = [ratio(each, quantity) for each in line.members]
            place = next((k for k, c in enumerate(ratios) if not _is_one(c)), None)
            if place is None:
                if (target := line.raw.target) is not None:
                    line.stands = symbol(quantity, text=target.text, at=target.at, indices=target.indices)
                return None
            places.append(place)
        return max(places)

    def _inner(self, quantity: Quantity) -> bool:
        """Whether it is the gradient by what is computed."""
        node = self.scope.tape.nodes.get(quantity.key)  # type: ignore[arg-type]
        return quantity.kind == "adjoint" and node is not None and node._record.operation is not None

    def _other(
        self, name: Expr, gradient: Quantity, ratio: Callable[[Expr, Quantity], float | None], line: Definition
    ) -> Fault | None:
        """The fault of a line that is called by the name of something else."""
        meant = self.meaning(name)
        if not meant or gradient in meant or not any(self.is_called(name, each) for each in meant):
            return None
        shown = self.scope.shown.get(self.wrt, "the variable")
        if any(_is_one(ratio(symbol(each), gradient)) for each in meant):
            return None
        return Fault(line, 0, [], f"{name.text} is another quantity than the {self.scope.what} by {shown}.", [line])


def _numbered(name: Any, n: int) -> Any:
    """A name with the number n for its layer l, n + 1 for l + 1."""
    if isinstance(name, Quotient):
        return Quotient(_numbered(name.above, n), _numbered(name.below, n))
    found = re.fullmatch(r"[lkℓ]([+-]1)?", name.layer)
    return name._replace(layer=str(n + int(found[1] or 0))) if found else name


def _layers(node: Expr) -> set[str]:
    """The layers of a name."""
    name = node["name"] if node.operation is SYMBOL else None
    return {name.above.layer, name.below.layer} if isinstance(name, Quotient) else {name.layer} if name else set()


def _is_one(c: float | None) -> bool:
    return c is not None and abs(c - 1) < 1e-7


def _size(tree: Expr, known: dict[Expr, int]) -> int:
    """The nodes of a tree, counted as often as they stand there."""
    if tree not in known:
        known[tree] = 1 + sum([_size(each, known) for each in tree.args])
    return known[tree]
