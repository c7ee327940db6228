"""Plausible mistakes, planted one at a time: do the tests of that part notice?

``python tests/mutants.py`` tries all of them, ``python tests/mutants.py sweep drawing formulas/text.py`` those of some
parts or files; ``--workers 1`` takes one processor instead of two. All happens in copies in a temporary directory. Only
failing tests count, and tests that do not end. The exit status is 1 if more than three are not noticed, or if one
survives and the table has no reason for it.

This is no test: it takes a while. `test_mutants` says whether the table still fits the package.
"""

from __future__ import annotations

import argparse
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
COPIED = ("tinygrad_edu", "tests", "examples", "README.md", "setup.cfg")
MISSED = 3  # so many may survive, each with a reason
FAILED, PASSED = 1, 0  # pytest's exit status


class Mutant(NamedTuple):
    """A text that stands once in a file of the package, what stands there instead, and what that breaks."""

    file: str
    old: str
    new: str
    breaks: str
    survives: str = ""  # why no test can notice

    @property
    def part(self) -> str:
        """The folder, or a module of the engine's or beside the folders."""
        *folders, module = self.file.removeprefix("engine/").split("/")
        return folders[-1] if folders else module.removesuffix(".py")

    def planted(self, text: str) -> str:
        """The text of the file with the mistake."""
        if text.count(self.old) != 1:
            raise ValueError(f"{self.file}: {self.old!r} stands there {text.count(self.old)} times")
        return text.replace(self.old, self.new)


TESTS = {  # the tests of a part, those that take longest at the end; slow ones are left out
    "sweep": "sweep tensor transforms",
    "arguments": "bad_calls compile",
    "record": "tensor sweep transforms",
    "tensor": "tensor transforms",
    "transforms": "transforms",
    "containers": "transforms",
    "protocols": "protocols",
    "operations": "facts numerics arranging numerics_functions",
    "compiling": "compile random_programs",
    **dict.fromkeys(("formulas", "normal", "targets"),
                    "assumptions printer layers steps derive derive_conditions derive_own derive_recognised mathml "
                    "listing"),
    "grammar": "compare*",
    "deriving": "assumptions jacobians steps derive derive_conditions derive_own derive_recognised mathml listing",
    "comparing": "compare* hints exercises",
    "lessons": "exercises export grading lessons",
    "drawing": "steps steps_page folding indices drawing backward_pictures pictures slides tikz",
    "documents": "documents",
    "networks": "networks",
    "data": "docstrings",
}

MUTANTS = [
    # the engine
    Mutant("engine/sweep.py", "g.base is not None or not g.flags", "not g.flags",
           "gradients of two leaves share memory"),
    Mutant("operations/shapes.py", "len(longer) >= len(shape) and all(", "len(longer) >= len(shape) or all(",
           "an adjoint of a wrong shape is summed until it fits"),
    Mutant("engine/sweep.py", "in sorted(nodes):", "in sorted(nodes, reverse=True):",
           "nodes on the way to a wanted one are left out"),
    Mutant("engine/sweep.py", "below(loss, min(goals))", "below(loss, max(goals))",
           "the way to a goal that is behind older values than another goal is not found"),
    Mutant("engine/tensor.py", "else leaf._grad + g", "else operator.iadd(leaf._grad, g)",
           "a gradient that was read changes with the next backward"),
    Mutant("engine/transforms.py", "        if run.live and run.shared:", "        if not run.live and run.shared:",
           "a graph that outlives the call shares memory, which nobody has looked for"),
    Mutant("engine/record.py", "return x if base is None else", "return x if base is not x else",
           "a read-only view is taken as it is, though others can write into its array"),
    Mutant("engine/record.py", "tracked = tracked or x._record is not None", "tracked = x._record is not None",
           "only the last input decides whether anything is recorded"),
    Mutant("engine/record.py", "depth = max(depth, origin.depth + 1)", "depth = max(depth, origin.depth)",
           "a named tensor that is updated in a loop keeps all that it ever was"),
    Mutant("engine/tensor.py", "if x is not None and x._value is value:", "if x is not None:",
           "the second reading takes a leaf's new numbers for those that were recorded"),
    Mutant("engine/tensor.py", "if array.shape != self._value.shape:", "if array.size != self._value.size:",
           "a leaf is given data of another shape"),
    Mutant("engine/tensor.py", "    new.grad = grad\n", "", "a copy of a leaf has lost its gradient"),
    Mutant("engine/transforms.py", "if copy or x.nbytes <= LARGE or", "if x.nbytes <= LARGE or",
           "a graph that outlives the call shares a large array with the caller"),
    Mutant("engine/containers.py", "int(i) % count for i", "abs(int(i)) for i", "argnum=-1 is the second argument"),
    Mutant("engine/transforms.py", "[a + b for a, b in zip(results, parts, strict=True)]", "parts",
           "jvp has only what the last argument contributes"),
    Mutant("engine/containers.py", "if not -count <= i < count:", "if not -count <= i <= count:",
           "the argument behind the last one is the first"),
    Mutant("engine/containers.py", "else keys, strict=True)", "else other, strict=True)",
           "the entries of a dict are matched by their order"),
    Mutant("engine/containers.py", "len(other) != len(parts)", "len(other) < len(parts)",
           "what is too long is cut off without a word"),
    Mutant("engine/protocols.py", "np.amax: op.max, np.amin: op.min", "np.amax: op.min, np.amin: op.max",
           "np.amax is the smallest"),
    Mutant("engine/protocols.py", 'if method != "__call__" or not known:', 'if method != "__call__" and not known:',
           "np.add.reduce is np.add"),
    Mutant("networks.py", "list(dict.fromkeys(self.parameters))  #", "list(self.parameters)  #",
           "a parameter that is listed twice makes two steps at once"),
    Mutant("networks.py", "np.sqrt(square) + self.epsilon", "np.sqrt(square + self.epsilon)",
           "Adam's ε is below the root"),
    Mutant("data/__init__.py", "targets[rows, np.arange(rows.size)]", "targets[rows, rows.argsort()]",
           "the targets of one_hot stand in another order"),
    # operations, whose rules have mutants of their own in test_rules
    Mutant("operations/reductions.py", "[rest * right, rest * left]", "[rest * left, rest * right]",
           "the derivative of a product belongs to other factors"),
    Mutant("operations/choosing.py", 'np.argsort(a, axis, kind="stable")', "np.argsort(a, axis)",
           "equal numbers do not keep their order"),
    # compiling
    Mutant("compiling/simplify.py", 'tuple(x.params["axes"][i] for i in axes)',
           'tuple(axes[i] for i in x.params["axes"])',
           "two transposes are put together in the wrong order"),
    Mutant("compiling/simplify.py", "if start >= 0 and np.array_equal", "if np.array_equal",
           "x[[-2, -1]] is the empty x[-2:0]"),
    Mutant("compiling/lines.py", "(type(x).__name__, repr(x))", '("number", x)',
           "0.0 and -0.0, 1 and True, are one number of a program"),
    Mutant("compiling/memory.py", "self.last[self.source_of(x)] = i", "self.last[x] = i",
           "memory is written into while a view of it is still to be read"),
    Mutant("compiling/memory.py", " and all(y is x for y in inputs if self.source_of(y) is x)", "",
           "memory is written into while it is read in another form: NumPy copies it at every call"),
    Mutant("compiling/simplify.py", " and 1e-30 < abs(float(c) * float(d)) < 1e30:", ":",
           "x · 1e200 · 1e200 is x · ∞"),
    Mutant("operations/activations.py", "exp(minimum(x, ENOUGH))", "exp(x)",
           "sigmoid of a large number is ∞ / ∞ in programs"),
    Mutant("operations/facts.py", "key=name, spelling", "spelling", "no operation is known by its key"),
    Mutant("operations/own.py", "broadcasts=broadcasts, opaque=True)", "broadcasts=broadcasts, opaque=True, key=name)",
           "a user's operation is taken for the package's of that name"),
    Mutant("formulas/layers.py", "own = not operation.key and", "own = False and",
           "a user's own activation ends no layer"),
    Mutant("formulas/layers.py", "source not in fed and once[source] == 1", "source not in fed and not once[source]",
           "what is scaled, normalised or added to before an activation has no weights"),
    Mutant("formulas/layers.py", "if z in fed or z > last}", "if z > last}", "linear layers are not counted"),
    Mutant("comparing/inlining.py", "zip(names, node.args, strict=True)", "zip(names, node.args[::-1], strict=True)",
           "the arguments of a function are exchanged where it is written out"),
    Mutant("engine/arguments.py", "value.dtype.str, value.tobytes()", "value.dtype.str, value.tobytes()[:20]",
           "of arrays that are parameters the beginning alone counts"),
    Mutant("engine/arguments.py", "(value) if isinstance(value, float) else value",
           "(value) if isinstance(value, float) else str(value)[:20]",
           "of texts that are parameters the beginning alone counts"),
    Mutant("compiling/source.py", "text if own and not shared and line.shape", "text if own and line.shape",
           "two results are one array"),
    Mutant("operations/products.py", "m, p = (1,) * (ndim - a.ndim) + a.shape",
           "m, p = a.shape + (1,) * (ndim - a.ndim)",
           "kron of a vector and a matrix goes along the wrong axis"),
    Mutant("compiling/portable.py", "({x} {sign} {y}) | ({x} != {x})", "{x} {sign} {y}",
           "the maximum of nan and 1 is 1"),
    Mutant("compiling/trace.py", "    x = unchanging(x)\n", "",
           "a program has the numbers of an array that was written into later, and closes it for writing"),
    Mutant("compiling/wrapper.py", '" or ".join(f"{new} is not', '" and ".join(f"{new} is not',
           "of two closed-over Tensors one may have new data without being read again"),
    Mutant("compiling/compiled.py", "return dict, tuple(map(_form_of, tree))", "return dict, len(tree)",
           "dicts with other keys share a program"),
    # formulas, deriving
    Mutant("formulas/normal/algebra.py", "roots != c.roots and float", "roots == c.roots and float",
           "√2 x + x is collected as if √2 were 1"),
    Mutant("deriving/swept.py", "turned = [transposed(p, inside) for", "turned = [p for",
           "a Jacobian is its transpose"),
    Mutant("deriving/jacobians.py", "return kron(behind, before) if", "return kron(before, behind) if",
           "Kronecker products the other way round"),
    Mutant("deriving/jacobians.py", "commutation(*x.shape if self.order", "commutation(*x.shape[::-1] if self.order",
           "the commutation matrix of the transpose"),
    Mutant("deriving/jacobians.py", "moved = [commutation(*after[::-1])", "moved = [commutation(*after)",
           "what is given another shape follows the columns"),
    Mutant("formulas/normal/algebra.py", "return chained(commutation(left[0].shape[0], left[1].shape[0])",
           "return chained(commutation(left[1].shape[0], left[0].shape[0])",
           "a commutation matrix passes a Kronecker product as its transpose"),
    Mutant("formulas/normal/algebra.py", "vec(chained(chained(before, x), transposed(behind))",
           "vec(chained(chained(behind, x), transposed(before))", "(A ⊗ B)·vec(X) is vec(A·X·Bᵀ)"),
    Mutant("deriving/formula.py", 'if order == "C":', 'if order == "F":',
           "arrays of stacked rows are taken for columns"),
    Mutant("deriving/chains.py", 'if c != ONE or f.kind != "chain" or', 'if f.kind != "chain" or',
           "the formula of 2f with bullets has lost its 2"),
    Mutant("deriving/certify.py", "if not error <= relative * largest + floor:",
           "if error > relative * largest + floor:",
           "a formula that gives nan is certified"),
    Mutant("deriving/assumptions.py", "x.sum(axis, keepdims=True)", "x.sum(0, keepdims=True)",
           "what is assumed to sum to 1 does so along another axis"),
    Mutant("deriving/assumptions.py", "lambda x, random: (x + x.T) / 2", "lambda x, random: x",
           "a symmetric matrix is perturbed to the same numbers in another order"),
    Mutant("deriving/assumptions.py", "random.permutation(n) for n in x.shape", "np.arange(n) for n in x.shape",
           "what is symmetric and orthogonal for no others stays as it is"),
    Mutant("deriving/assumptions.py", "return left @ right", "return x", "an orthogonal matrix is not perturbed"),
    Mutant("deriving/assumptions.py", "x.shape[0] < x.shape[1]:", "x.shape[0] > x.shape[1]:",
           "a tall matrix is refused as orthogonal"),
    Mutant("deriving/assumptions.py", "off <= last_digits(x.dtype) * np", "off <= np",
           "a matrix that is not symmetric is taken for one"),
    Mutant("deriving/symbolic.py", "if each.tensor is tensor)", "if each.tensor is not tensor)",
           "what is assumed of a tensor is assumed of the others"),
    Mutant("formulas/normal/properties.py", 'f"sums to 1 along axis {axis}" in', '"sums to 1 along axis 0" in',
           "t·1 is 1 for t whose columns sum to 1"),
    Mutant("formulas/normal/properties.py", "and c == MINUS_ONE and is_binary(x)", "and is_binary(x)",
           "(1 + M)² is 1 + M"),
    Mutant("formulas/normal/properties.py", "term.shape[0] == term.shape[1] and is_orth", "is_orth",
           "Q·Qᵀ is I for a tall Q"),
    Mutant("formulas/normal/algebra.py", " and _turn(b) is atom(a))", ")", "A·Q is I for an orthogonal Q"),
    Mutant("formulas/normal/algebra.py", "inner = x.shape[1]\n", "inner = x.shape[0]\n",
           "Qᵀ·Q of a tall Q is no I but 1"),
    Mutant("formulas/normal/algebra.py", "term.data.operation.coordinates\n", "True\n",
           "f(S)ᵀ is f(S) for any function of a symmetric S"),
    Mutant("formulas/normal/expression.py", "is_orthogonal(f.args[0]) or 0 not in axes", "is_orthogonal(f.args[0])",
           "the norms of the rows of Q·X are those of X"),
    Mutant("deriving/local.py", "term if new is product else self._tidier.tidy(new.term)", "term",
           "a product by itself does not show that broadcasting is undone"),
    Mutant("formulas/printer.py", "self.inside(base, ATOM), script, True", "self(base), script, True",
           "the square of a sum has no parentheses"),
    Mutant("formulas/printer.py", "self.inside(end, last)", "self(end)", "a product below a bar ends in an open sum"),
    Mutant("formulas/targets/markup.py", "if taken else last", "if not last else last",
           "a transposed Σ′ has lost its prime"),
    Mutant("formulas/present.py", "v == 0 == operation.parameters.get(k)", "0 == operation.parameters.get(k)",
           "softmax along axis 1 looks like that along axis 0"),
    Mutant("deriving/program.py", 'f" / ({\' * \'.join(below)})"', 'f" / {\' * \'.join(below)}"',
           "a / (b * c) is written a / b * c"),
    Mutant("formulas/normal/einsum.py", "right), first[1] + second[1]", "right), second[1] + first[1]",
           "einsum ij,jk->ki has no transpose"),
    Mutant("formulas/normal/algebra.py", 'term.kind == "eye" or is_hat', "is_hat",
           "the identity is printed with a transpose"),
    Mutant("formulas/normal/algebra.py", "return opened if opened.weight < p.weight else p", "return opened",
           "products of sums are multiplied out where a factor cancels, however long that is"),
    # comparing
    Mutant("comparing/trial.py", "scope.loss, self.given, cut)", "scope.loss, self.given)",
           "a way that is left out is not cut from the tape"),
    Mutant("comparing/trial.py", '"slope" if primes else "function")',
           '"function" if primes else "slope")',
           "σ and σ′ are exchanged where they are called by name"),
    Mutant("comparing/mistakes.py", "row=True), node) if axis == 0 else", "row=True), node) if axis == 1 else",
           "on paper a sum goes along the other axis"),
    Mutant("comparing/printing.py", 'x.operation is SYMBOL and "^" in', 'x.operation is SYMBOL and "*" in',
           "a^{L-1}^T, which LaTeX refuses, is suggested"),
    Mutant("comparing/statements.py", 'SHIFTS = {"+": 1, "-": -1}', 'SHIFTS = {"+": -1, "-": 1}',
           "scores[range(n), y] -= 1 is read as += 1"),
    Mutant("comparing/mistakes.py", "twice = texts[i] in texts[:i] + texts[i + 1 :]",
           "twice = texts[i] in texts[: i + 1]",
           "every factor that is too many is said to stand there twice"),
    Mutant("comparing/diagnosis.py", "return c is not None and abs(c - 1) < 1e-7",
           "return c is not None and abs(abs(c) - 1) < 1e-7", "minus the gradient is right"),
    Mutant("comparing/diagnosis.py", "min(PAIRS, WORK // size)", "min(PAIRS, size // WORK)",
           "two mistakes at once are not looked for"),
    Mutant("comparing/diagnosis.py", "if tries >= most:", "if not most:", "the search for two mistakes has no end"),
    Mutant("comparing/edits.py", "whole = whole.replaced(", "whole = tree.replaced(",
           "the argument of a function is replaced in the last of its calls only"),
    Mutant("comparing/finding.py", "np.atleast_1d(places), axis)", "np.atleast_1d(places), 1 - axis)",
           "the first input is taken for the first sample"),
    Mutant("comparing/evaluation.py", "return Ones(not x.row,", "return Ones(x.row,", "1ᵀ is the column 1"),
    Mutant("comparing/conditions.py", "        if np.any(value == 0):", "        if np.all(value == 0):",
           "zeros by which a formula looks right are not seen"),
    Mutant("formulas/grammar/parser.py", 'sign = -sign if self.take().text == "-" else sign',
           'sign = -1 if self.take().text == "-" else sign', "− − a is −a"),
    # drawing
    Mutant("drawing/folding.py", "first.split(BETWEEN)[0] + BETWEEN + last.split(BETWEEN)[-1]",
           "first + BETWEEN + last",
           "the name of a loop in a loop has the names of all its ends"),
    Mutant("drawing/loop_indices.py", "shift.get(index.loop, 0) - index.first", "-index.first",
           "on the way from layer to layer W_ℓ is that of the wrong end"),
    Mutant("drawing/loop_indices.py", "start = start - offset * sum(steps)", "pass",
           "what comes from the repetition before has the index of this one"),
    Mutant("drawing/loop_indices.py", "others.append(new := others.pop(0))", "new = others[0]",
           "both axes of a slice have the first one's index"),
    Mutant("drawing/backward.py", "found |= self._products(x, own[i].added)", "found |= self._products(x)",
           "on a slide the product of a step begins with an adjoint that has no name"),
    Mutant("drawing/condensing.py", "len(uses[edge.tail]) == 1 and ", "", "a value with two uses stands inside one"),
    Mutant("drawing/dot.py", 'remincross="false"', 'remincross="true"', "rows of a slide lose their order in frames"),
    Mutant("drawing/cells.py", "loop.first + r) + int", "loop.first + r + 1) + int",
           "a cell has the number of the next"),
    Mutant("drawing/uses.py", "if len(same) > 1:", "if False:",
           "the gradient of a shared weight is that of one repetition"),
    Mutant("drawing/uses.py", "at[d] - to[d] for d", "0 for d", "what goes round has the index of where it starts"),
    Mutant("drawing/folding.py", "second = alike[1]", "second = alike[0]", "the first repetition stands for all"),
    Mutant("drawing/folding.py", "first.split(BETWEEN)[0] + BETWEEN + last.split(BETWEEN)[-1]", "first",
           "a loop has the name of its first repetition"),
    Mutant("drawing/folding.py", "least if all(v.times % least == 0 for v in made) else 1",
           "max(v.times for v in made)",
           "a group is repeated as often as the longest loop in it"),
    Mutant("drawing/repetitions.py", "np.ndarray) else repr(param)", "np.ndarray) else repr(param)[:20]",
           "operations whose parameters begin alike are repetitions of one"),
    Mutant("drawing/repetitions.py", '{param.tobytes()!r}"', '{param!r}"',
           "a long array that differs in the middle is shown for all repetitions"),
    Mutant("drawing/backward.py", "if adjoint.value is not None}", "}",
           "a loop that the sweep does not reach has arrows of the sweep"),
    Mutant("drawing/repetitions.py", "[e.tail].value), e.operand, e.repeats)", "[e.tail].value), e.repeats)",
           "x − y and y − x are repetitions of one operation"),
    Mutant("drawing/backward.py", "product, added = numbers[", "added, product = numbers[",
           "the numbers before and after a sum are exchanged"),
    Mutant("drawing/labels.py", "value.shape[-1] if value.ndim else 1", "value.shape[0] if value.ndim else 1",
           "the numbers of a matrix stand in its other form"),
    Mutant("drawing/pieces.py", "(rule.term, rule.added) if rule", "(rule.term, rule.term) if rule",
           "a product is shown as it is before broadcasting is undone"),
    Mutant("drawing/pieces.py", "self.fence((number,)) if value < 0 else", "", "2 · (−3) is shown as 2 −3"),
    Mutant("drawing/steps.py", "since.setdefault(key, i)", "since[key] = i",
           "a value is there from the last step on that is about it, not from the first"),
    Mutant("drawing/scene.py", "(*[box.key for box in way.boxes[first:]], *meeting)", "(*meeting,)",
           "the products on the way between two adjoints are not lit"),
    Mutant("drawing/dot.py", "{kind} {tail.key} {head.key}", "{kind} {tail.key}",
           "an arrow is there before the box it points to"),
    Mutant("drawing/dot.py", "key=len, reverse=True)", "key=len)", "a frame in a frame is left out"),
    Mutant("drawing/mermaid.py", "if box.layers[: depth + 1] not in inside[box.layers[:depth]]:", "if box.layers:",
           "every box opens its frame again"),
    # documents
    Mutant("documents/verdicts.py", "np.max([c.error for c in comparisons])", "max(c.error for c in comparisons)",
           "nan is lost among the errors"),
    Mutant("documents/strict.py", "if not (0 <= j < self.shape[0] and", "if not (j < self.shape[0] and",
           "x[-1] is the last element"),
    Mutant("documents/strict.py", "len(x) != len(self.functions)", "len(x) > len(self.functions)",
           "functions without a row are left out"),
    # lessons
    Mutant("comparing/closed.py", "GRADIENTS = WHAT | {", "GRADIENTS = {", "dW answers an exercise"),
    Mutant("comparing/lookup.py", "        found = scope.find(tree[\"name\"])\n        chosen",
           "        found = scope.meanings(tree[\"name\"])\n        chosen", "what is closed is read"),
    Mutant("comparing/closed.py", "or (self.slopes and quantity.kind == \"slope\")", "",
           "a′ is open where it is forbidden"),
    Mutant("comparing/readings.py", "scope.closed is None or scope.closed.lets(", "True or scope.closed.lets(",
           "functions are open that are forbidden"),
    Mutant("comparing/comparison.py", '"recursive") if self.hint == LAST else ()', '"recursive")',
           "the closed form is told at every stage"),
    Mutant("comparing/comparison.py", "self.causes if self or self.hint > 1 else (), None",
           "self.causes if self or self.hint > 1 else (), self.suggestion",
           "the formula mended is told at every stage"),
    Mutant("comparing/hints.py", "[finding.place or finding.said]", "[finding.said]", "the place says what is right"),
    Mutant("lessons/export.py", "self.arrays.get(id(node), node._value)", "node._value",
           "a leaf is exported as it is now, not as it was recorded"),
    Mutant("lessons/export.py", "and all(f\"{{{key}}}\" in numpys for key in told)", "",
           "the base of a logarithm is lost"),
    Mutant("lessons/exercise.py", "RIGHT if found else WRONG", "RIGHT if found is not None else WRONG",
           "a wrong answer exits with 0"),
]  # fmt: skip


# --- trying them -----------------------------------------------------------------------------------------------------


def files_of(part: str) -> list[str]:
    """The tests of a part, as files below the root, and the examples in its docstrings."""
    found = [path for name in TESTS[part].split() for path in sorted(ROOT.glob(f"tests/test_{name}.py"))]
    inside = (part, f"formulas/{part}", f"{part}.py", f"engine/{part}.py")
    places = (f"tinygrad_edu/{place}" for place in inside)
    found += [ROOT / place for place in places if (ROOT / place).exists()]
    return [str(path.relative_to(ROOT)) for path in found]


def verdict(status: int | None, output: str) -> str:
    """What pytest found: "noticed" by a failing test or as tests did not end, "survived", or "broken", where it failed
    before any test could."""
    if status is None or (status == FAILED and re.search(r"\b\d+ failed", output)):
        return "noticed"
    return "survived" if status == PASSED else "broken"


def tested(directory: Path, part: str, limit: float, cached: bool = False) -> tuple[str, str]:
    """Run the tests of a part in a copy: the verdict, and which test failed, or the end of what was printed."""
    paths = {"PYTHONPATH": str(directory), "OPENBLAS_NUM_THREADS": "1", "TMPDIR": str(directory)}
    environment = {**os.environ, **paths, "PYTHONDONTWRITEBYTECODE": "" if cached else "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-m", "not slow", "-p", "no:cacheprovider", *files_of(part)]
    log = directory / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            command, cwd=directory, env=environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            status = process.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            status = None
    output = log.read_text(errors="replace")
    failed = re.search(r"^FAILED (.*?)( - .*)?$", output, re.MULTILINE)
    if status is None:
        return verdict(status, output), f"no end after {limit:.0f} s"
    return verdict(status, output), failed[1] if failed else output.strip().rpartition("\n")[2]


def tried(directory: Path, mutant: Mutant, limit: float) -> tuple[str, str]:
    """Plant a mutant in a copy, import it, run the tests, and take it out again."""
    path = directory / "tinygrad_edu" / mutant.file
    right = path.read_text(encoding="utf-8")
    for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
        compiled.unlink()
    path.write_text(mutant.planted(right), encoding="utf-8")
    try:
        module = f"tinygrad_edu.{mutant.file.removesuffix('.py').replace('/', '.')}"
        program = f"import sys, {module}; print(sys.modules['{module}'].__file__)"
        found = subprocess.run([sys.executable, "-Bc", program], cwd=directory, capture_output=True, text=True,
                               env={**os.environ, "PYTHONPATH": str(directory)})  # fmt: skip
        if Path(found.stdout.strip() or ".") != path:
            return "broken", (found.stdout + found.stderr).strip().rpartition("\n")[2]
        return tested(directory, mutant.part, limit)
    finally:
        path.write_text(right, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the mutants that were asked for, print what became of each, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("part", nargs="*", help="parts or files of the package; all, if none is named")
    parser.add_argument("--workers", type=int, choices=(1, 2), default=2)
    asked = parser.parse_args(arguments)
    mutants = [each for each in MUTANTS if not asked.part or {each.part, each.file} & {*asked.part}]
    if not mutants:
        parser.error(f"no such part; there are {', '.join(dict.fromkeys(each.part for each in MUTANTS))}")
    for each in mutants:
        each.planted((ROOT / "tinygrad_edu" / each.file).read_text(encoding="utf-8"))
    parts = list(dict.fromkeys(each.part for each in mutants))
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(asked.workers) as pool:
        copies: queue.Queue[Path] = queue.Queue()
        for i in range(asked.workers):
            copy = Path(temporary).resolve() / str(i)
            for name in COPIED:
                source = ROOT / name
                if source.is_dir():
                    shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copy2(source, copy / name)
            copies.put(copy)

        def baseline(part: str) -> tuple[str, str, float]:
            copy, start = copies.get(), time.monotonic()
            try:
                return *tested(copy, part, 3600, cached=True), time.monotonic() - start
            finally:
                copies.put(copy)

        limits = {}
        for part, (found, why, seconds) in zip(parts, pool.map(baseline, parts), strict=True):
            print(f"{part}: the tests take {seconds:.0f} s without a mutant", flush=True)
            if found != "survived":
                print(f"{part}: the tests fail without a mutant already: {why}")
                return 1
            limits[part] = 60 + 4 * seconds

        def outcome(mutant: Mutant) -> tuple[str, str]:
            copy = copies.get()
            try:
                return tried(copy, mutant, limits[mutant.part])
            finally:
                copies.put(copy)

        outcomes = []
        for mutant, (found, why) in zip(mutants, pool.map(outcome, mutants), strict=True):
            outcomes.append(found)
            reason = f"; {mutant.survives}" if mutant.survives else ""
            print(f"{found:9} {mutant.file:24} {mutant.breaks}{reason}\n{'':10}{why}", flush=True)
    noticed = outcomes.count("noticed")
    print(f"{noticed} of {len(mutants)} noticed")
    unexplained = any(found != "noticed" and not each.survives for each, found in zip(mutants, outcomes, strict=True))
    return int(unexplained or "broken" in outcomes or noticed < len(mutants) - MISSED)


if __name__ == "__main__":
    sys.exit(main())
