"""The cheat sheet, one page: notation, rules, the formulas of the two documents, calls.

All of it is read from the package: a rule is what `derive` writes of a small program, a verdict is computed, a call is
a signature with the first sentence of its docstring. Chosen here is what stands on the sheet, and in which order.
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from html import escape
from importlib.resources import files
from inspect import Parameter
from typing import Any

import numpy as np

from .. import operations as op
from ..deriving.derive import Kind, derive
from ..deriving.formula import Formula
from ..documents.entry import CATALOGUES, Entry, Result, make_trial
from ..documents.page import SIGNS
from ..documents.verdicts import VERDICTS
from ..engine.tensor import Tensor
from ..files import target, write
from ..formulas.targets.typesetting import mathml
from ..webpage import webpage
from .browsers import as_pdf

TITLE = "Backpropagation in matrix form"
M, N = 3, 4  # rows and columns, which no formula on the sheet depends on
MATRIX, COLUMN, SCALAR = (M, N), (M, 1), ()


class Sample:
    r"""A program of a few operations, and its derivatives by all that it takes or, where `by` says so, by some of it.

    >>> sample = Sample("hadamard", op.hadamard, A=MATRIX, B=MATRIX)
    >>> print(sample.value, [formula.equations[0] for formula in sample.derivatives], sample.sources)
    A \circ B ['∇A = B ∘ G', '∇B = A ∘ G'] ['sabine 1, mishachev 2']
    """

    def __init__(
        self, name: str, program: Callable[..., Any], by: str = "", kinds: Sequence[Kind] = ("gradient",),
        **shapes: tuple[int, ...],
    ) -> None:
        self.name, self.program, self.shapes = name, program, shapes
        self.by, self.kinds = by or "".join(shapes), kinds

    def recorded(self) -> tuple[Any, dict[str, Tensor]]:
        """The result, and what it is computed from."""
        random = np.random.default_rng(0)
        given = {
            name: Tensor(random.uniform(0.5, 1.5, shape), requires_grad=True, name=name)
            for name, shape in self.shapes.items()
        }
        return self.program(*given.values()), given

    @property
    def value(self) -> str:
        """The program in LaTeX, as the derivative of Σ g ∘ y by g is y."""
        y, _ = self.recorded()
        g = Tensor(np.ones(y.shape), requires_grad=True, name="g")
        return _right(derive(op.sum(g * y), g, form="inlined").equations[1])

    @functools.cached_property
    def derivatives(self) -> list[Formula]:
        """What `derive` makes of it, in its value y and a gradient G by that."""
        y, given = self.recorded()
        y.named("y")
        return [derive(y, given[name], kind=kind) for kind in self.kinds for name in self.by]

    @property
    def shown(self) -> list[str]:
        """The derivatives in LaTeX, without what else is said of them."""
        texts = [formula.equations[1] for formula in self.derivatives]
        return [text.removeprefix(r"\begin{aligned}").partition(r"\\")[0].replace("&", "") for text in texts]

    @property
    def sources(self) -> list[str]:
        """Where the documents state the rules: a fact of the operations, or else in a docstring."""
        found = [step.source for formula in self.derivatives for step in formula.steps if step.source]
        said = re.findall(r"Source: (.*?)\.", inspect.getdoc(getattr(op, self.name, None)) or "")
        return list(dict.fromkeys(found or said))


class Slope(Sample):
    """A function of one number, by which each number of a column goes, and its derivative y′."""

    @functools.cached_property
    def derivatives(self) -> list[Formula]:
        """What `derive` makes of the sum."""
        y, given = self.recorded()
        return [derive(op.sum(y.named("y")), given[name]) for name in self.by]

    @property
    def shown(self) -> list[str]:
        """The derivative alone."""
        return [_right(latex) for latex in super().shown]


def _right(equation: str) -> str:
    return equation.partition(" = ")[2]


# What is looked up first stands first.
RULES = {
    "Products and shapes": (
        Sample("matmul", lambda A, B: A @ B, A=(2, M), B=MATRIX),
        Sample("matmul", lambda W, X, b: W @ X + b, W=(2, M), X=MATRIX, b=(2, 1)),
        Sample("hadamard", op.hadamard, A=MATRIX, B=MATRIX),
        Sample("hadamard_divide", op.hadamard_divide, A=MATRIX, B=MATRIX),
        Sample("transpose", op.transpose, A=MATRIX),
        Sample("sum", op.sum, A=MATRIX),
        Sample("sum, axis=1", lambda A: op.sum(A, axis=1, keepdims=True), A=MATRIX),
        Sample("mean, n = x.size", lambda x, n: op.sum(x) / n, by="x", x=COLUMN, n=SCALAR),
        Sample("norm", op.norm, x=COLUMN),
        Sample("inv", op.inv, A=(M, M)),
        Sample("diagflat", op.diagflat, x=COLUMN),
    ),
    "Coordinate by coordinate: the gradient by z is G ∘ y′, with y and y′": (
        Slope("sigmoid", op.sigmoid, z=COLUMN),
        Slope("tanh", op.tanh, z=COLUMN),
        Slope("relu", op.relu, z=COLUMN),
        Slope("softplus", op.softplus, z=COLUMN),
        Slope("exp", op.exp, z=COLUMN),
        Slope("log", lambda z, b: op.log(z) / op.log(b), by="z", z=COLUMN, b=SCALAR),
        Slope("sqrt", op.sqrt, z=COLUMN),
        Slope("z**3", lambda z: z**3, z=COLUMN),
    ),
    "Softmax and costs": (
        Sample("softmax", op.softmax, kinds=["gradient", "jacobian"], z=COLUMN),
        Sample("squared_error", op.squared_error, by="a", t=COLUMN, a=COLUMN),
        Sample("cross_entropy", lambda t, a, b: op.cross_entropy(t, a) / op.log(b), by="a",
               t=COLUMN, a=COLUMN, b=SCALAR),
        Sample("softmax_cross_entropy", lambda t, z, b: op.softmax_cross_entropy(t, z) / op.log(b), by="z",
               t=COLUMN, z=COLUMN, b=SCALAR),
    ),
    "First and second derivatives": (
        Sample("", lambda A, X, B: A @ X @ B, by="X", kinds=["jacobian"], A=(2, M), X=MATRIX, B=(N, 2)),
        Sample("", lambda x, A: x.T @ A @ x, by="x", kinds=["gradient", "hessian"], x=COLUMN, A=(M, M)),
        Sample("", lambda A, x, b: op.sum((A @ x - b) ** 2), by="x", kinds=["gradient", "hessian"],
               A=(N, M), x=COLUMN, b=(N, 1)),
    ),
}  # fmt: skip

# By document, the ids of its main formulas: what holds, and what is to be known of it.
MAIN = {
    "mishachev": "2-N 4-eq1-wk_1 4-eq2-wk_1 4-Delta 5-eq3-Wk_2 5-r3-Delta-usual 5-r3-start 5-r3-gradient "
    "5-eq4-Wk_2 5-eq5-Wk_2 6-eq6 6-eq7 beyond-cost beyond-batch-eq4 beyond-eq5 beyond-bias-gradient",
    "sabine": "1-z-inline 2.1-mean-squared 2.1-c 2.1-dcda 3.1-dadz "
    "5.1.1-L-dcdw 5.1.2-L1-chain 5.2.1-dcdz-vector 5.2.2-dcdz-chain 5.2.2-dcdz 5.2.2-dcdW",
}

NOTATION = {
    r"A \cdot B": "matrix product", r"A \circ B": "Hadamard product",
    r"A \bullet B": "bullet product, B · A", r"A \oslash B": "Hadamard division",
    r"A \otimes B": "Kronecker product", r"\widehat{x}, \operatorname{diag}(x)": "diagonal matrix of a column",
    r"\mathbf{1}, I": "column of ones, identity", r"[z > 0]": "1 where it holds, else 0",
    r"y, G": "value, and the gradient by it", r"\nabla_x": "gradient by x",
    r"\nabla_x^2": "Hessian", r"\frac{\partial y}{\partial x}": "Jacobian, a row for each y_i",
    r"N_i, \Sigma_i, \Sigma'_i": "layer i: input, value, slope", r"\Delta_i": "gradient by N_i",
    r"\boldsymbol{z}^L, \boldsymbol{a}^L": "layer L: input, value", r"\boldsymbol{t}": "target",
}  # fmt: skip
LAYOUT = "Vectors are columns, a batch is a matrix of columns; a gradient has the shape of its variable."
READING = (
    "Where y is a number, G is 1; vec puts the columns of a matrix one below the other. In (1), (3), (6), (7) products "
    "are carried out from the left to the right, in (4) from the right to the left."
)


def page() -> str:
    """The sheet as a page of HTML that needs nothing else, and prints as one page of A4 or US letter.

    What there is to compute, verdicts and derivatives, is computed anew; the page is the same each time.
    """
    style = files(__package__).joinpath("cheatsheet.css").read_text(encoding="utf-8")
    documents = "".join(map(_document, MAIN))
    body = f"""<header><h1>{TITLE}</h1><p>{LAYOUT}</p></header>
<main>
<section><h2>Notation</h2>{_notation()}<p>{READING}</p></section>
<section class="rules"><h2>Rules</h2>{_rules()}</section>
{documents}<section class="calls"><h2>Calls</h2>{_calls()}</section>
</main>
<footer>{_legend()}</footer>
"""
    return webpage(TITLE, style, body, "")


def save(path: Any) -> None:
    """Write the sheet to a file, as a page (.html) or printed by a browser (.pdf).

    Raises
    ------
    ValueError, TypeError for a path with another suffix, or none; OSError where it cannot be written or printed.
    """
    file = target(path, "cheatsheet", ".html", ".pdf")
    write(file, as_pdf(page()) if file.suffix.lower() == ".pdf" else page())


# --- what stands on it


def _math(latex: str) -> str:
    """A formula in a line, where no parenthesis has to grow."""
    return mathml(re.sub(r"\\(?:left|right)\b", "", latex), display=False)


def _words(text: str) -> str:
    """A text with its indices below the line."""
    return re.sub(r"_(\w)\b", r"<sub>\1</sub>", escape(text))


def _notation() -> str:
    rows = (f"<dt>{_math(signs)}</dt><dd>{_words(words)}</dd>" for signs, words in NOTATION.items())
    return f"<dl>{''.join(rows)}</dl>"


def _rules() -> str:
    tables = (
        f"<h3>{title}</h3><div><table>{''.join(map(_rule, samples))}</table></div>" for title, samples in RULES.items()
    )
    return "".join(tables)


def _rule(sample: Sample) -> str:
    value = sample.value
    name = f" <code>{sample.name}</code>" if sample.name not in value else ""
    written = f"<span>{_words(_said(sample.name))}</span>" if r"\_" in value else _math(value)
    formulas = " ".join(f"<span>{_math(latex)}</span>" for latex in sample.shown)
    sources = "; ".join(map(_abbreviated, sample.sources)) if sample.name else ""
    return f"<tr><td>{written}{name}</td><td>{formulas}</td><td>{sources}</td></tr>"


def _said(name: str) -> str:
    """What has no sign of its own as its docstring writes it, with the base b."""
    return (inspect.getdoc(getattr(op, name)) or "").partition(",")[0].replace("log_base", "log_b")


def _abbreviated(source: str) -> str:
    """A source with the initial of its document."""
    return re.sub("|".join(CATALOGUES), lambda found: found[0][0].upper(), source)


def _document(name: str) -> str:
    catalogue, once = CATALOGUES[name], functools.cache(make_trial)  # each network once
    entries = [(id.startswith("beyond"), _entry(catalogue[id].run(trial=once))) for id in MAIN[name].split()]
    text, added = ("".join(entry for beyond, entry in entries if beyond is each) for each in (False, True))
    added = added and f"<h3>{catalogue.sections['beyond']}</h3>{added}"
    return f"<section><h2>{name[0].upper()}: {escape(catalogue.title)}</h2>{text}{added}</section>\n"


def _entry(result: Result) -> str:
    """A formula as printed, with its verdict, the condition under which it holds, and the right form."""
    printed, corrected = (_whole(result, latex) for latex in (result.printed, result.corrected))
    parts = [f"<code>{result.id.removeprefix(f'{result.document}-')}</code>", _sign(result.verdict), _math(printed)]
    if result.condition:
        parts.append(f"<small>{_words(result.condition.text)}</small>")
    if corrected:
        left, _, right = corrected.partition(" = ")
        parts.append(f"<span>→ {_math(right if printed.startswith(f'{left} = ') else corrected)}</span>")
    return f"<article>{' '.join(parts)}</article>"


def _sign(verdict: str) -> str:
    return f'<b data-verdict="{verdict}">{SIGNS[verdict]}</b>'


def _whole(entry: Entry, latex: str) -> str:
    """A formula with the left side that it goes on from."""
    left = ""
    for each in entry.catalogue.values():
        left = left if each.printed.startswith("=") else each.printed.partition(" = ")[0]
        if each.id == entry.id:
            break
    return f"{left} {latex}" if latex.startswith("=") else latex


def _legend() -> str:
    used = {CATALOGUES[name][id].expected for name, ids in MAIN.items() for id in ids.split()}
    signs = "".join(f"<span>{_sign(verdict)} {words}</span> " for verdict, words in VERDICTS.items() if verdict in used)
    return f"{signs}<code>python -m tinygrad_edu cheatsheet</code>"


# --- calls


def calls() -> Iterator[tuple[str, list[str]]]:
    """The main public names by subject, as `help` of the package groups them."""
    for subject, names in re.findall(r"(?m)^(\w+) {2,}(.*(?:\n {8,}\S.*)*)", _package().__doc__):
        yield subject, re.findall(r"[\w.]+", re.sub(r"\([^)]*\)", "", names))


def _calls() -> str:
    parts = []
    for subject, names in calls():
        rows = (f"<p><code>{name}</code>{escape(arguments(name))} <span>{escape(clause(name))}</span></p>"
                for name in names)  # fmt: skip
        parts.append(f"<h3>{subject}</h3>{''.join(rows)}")
    return "".join(parts)


def _named(name: str) -> Any:
    """What a name is: of the package, or a method of a tensor that is called W."""
    tensor, _, last = name.rpartition(".")
    return getattr(Tensor if tensor else _package(), last)


def _package() -> Any:
    return sys.modules[__package__.partition(".")[0]]


def arguments(name: str) -> str:
    """What it takes, in parentheses and without types; a = follows what may be left out. Nothing for a module.

    >>> arguments("grad"), arguments("data")
    ('(f, argnum=0)', '')
    """
    called = _named(name)
    if not callable(called):
        return ""
    parameters = [each for each in inspect.signature(called).parameters.values() if each.name != "self"]
    return f"({', '.join(map(_argument, parameters))})"


def _argument(parameter: Parameter) -> str:
    name = str(parameter.replace(annotation=Parameter.empty, default=Parameter.empty))
    default = parameter.default if type(parameter.default) is int else ""
    return name if parameter.default is Parameter.empty else f"{name}={default}"


def clause(name: str) -> str:
    """How a docstring begins, up to where its first clause ends; a word or two are none.

    >>> clause("tape"), clause("compile")
    ('The tape of a tensor', 'A function like value_and_grad(f, argnum)')
    """
    text = " ".join((inspect.getdoc(_named(name)) or "").split()).replace("`", "")
    found = re.match(r"(?:\([^)]*\)|.){12,}?(?=[.,;:]( |$)|$)", text)
    return found[0] if found else text
