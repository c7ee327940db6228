r"""Fraser Sabine, "Neural Network Mathematics", version 1.0: the catalogue of its formulas.

What is printed is read by `tinygrad_edu.documents.reading`; an entry has a reading of its own where that cannot. In the
readings ``aL``, ``aL_1``, ``aL_2`` are a^L, a^(L-1), a^(L-2), likewise ``zL``, ``WL``, ``bL``. The true
derivatives ``dcdaL``, ``dcdzL``, ``dadzL`` (the diagonal, a column) and ``JL`` (the Jacobian of a^L by z^L) let a chain
of derivatives be judged by itself, whatever is printed for its factors. Elements are counted from 0, as in the text.
Forms for one example are tried on a small network or, where they are matrix forms of section 5, on batches of digits.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from .entry import Catalogue, Condition, Section
from .models import Network, Setting, SmallProgram
from .strict import Strict, column, each, identity, inner, matrix, ones
from .syntax import Notation

# --- what the formulas are tried on ----------------------------------------------------------------------------------

DIGITS = Network("sabine-sigmoid", (64, 12, 10), ("sigmoid", "sigmoid"), biases=True, cost="squared_error",
                 inputs="digits", targets="one-hot", batch=5)
# The targets of the first two sum to 1 in every column; the first alone could not tell "sums to 1" from "is one-hot".
DIGITS_ONE_HOT, DIGITS_SHARES, DIGITS_ANY = (
    Network(f"sabine-softmax-{targets}", (64, 12, 10), ("tanh", "softmax"), biases=True, cost="cross_entropy",
            base=base, inputs="digits", targets=targets, batch=5)
    for targets, base in [("one-hot", 2.0), ("shares", 10.0), ("any", 3.0)]
)
# Layer L-2 is narrower than L-1: a^(L-1) printed for a^(L-2) has all the elements that are asked for, the wrong ones.
SMALL = Network("sabine-small", (3, 4, 6, 5), ("tanh", "sigmoid", "sigmoid"), biases=True, cost="squared_error",
                targets="any")
MEAN = dataclasses.replace(SMALL, name="sabine-mean", mean=True, batch=7)
MEAN_SQUARED = dataclasses.replace(SMALL, name="sabine-mean-squared", cost="mean_squared_error")
TANH = dataclasses.replace(SMALL, name="sabine-tanh", activations=("sigmoid", "sigmoid", "tanh"))
RELU = dataclasses.replace(SMALL, name="sabine-relu", activations=("tanh", "sigmoid", "relu"))
LOG_SOFTMAX = dataclasses.replace(SMALL, name="sabine-log-softmax", activations=("tanh", "sigmoid", "log_softmax"))
SMALL_SHARES, SMALL_ANY = (
    Network(f"sabine-small-{targets}", (3, 4, 6, 5), ("tanh", "sigmoid", "softmax"), biases=True,
            cost="cross_entropy", base=base, targets=targets)
    for targets, base in [("shares", 10.0), ("any", 3.0)]
)
SUM_TO_1 = (DIGITS_ONE_HOT.name, DIGITS_SHARES.name)
SOFTMAX = (SMALL_SHARES.name, SMALL_ANY.name)

BASE = 3.0  # of the logarithms in the programs
LN_BASE = math.log(BASE)


def _drawing(**rows: int) -> Callable[[np.random.Generator], dict[str, np.ndarray]]:
    """Columns of so many positive numbers, drawn by a program."""
    return lambda rng: {name: rng.uniform(0.5, 1.5, size=(n, 1)) for name, n in rows.items()}


HADAMARD_PRODUCT, HADAMARD_DIVISION, DOT = (
    SmallProgram(f"sabine-{name}", _drawing(a=4, b=4), lambda a, b: {})
    for name in ("hadamard-product", "hadamard-division", "dot")
)
LOG = SmallProgram("sabine-log", _drawing(x=4), lambda x: {})
EXP = SmallProgram("sabine-exp", _drawing(x=4), lambda x: {"f": np.exp(x)})
SUM, QUOTIENT = (
    SmallProgram(f"sabine-{name}", _drawing(z=4), lambda z, of_both=of_both: {
        "f": np.sin(z), "g": np.exp(z), "df": np.cos(z), "dg": np.exp(z), "c": of_both(np.sin(z), np.exp(z)),
    })
    for name, of_both in (("sum", np.add), ("quotient", np.divide))
)
RATE_1, RATE_2 = (
    SmallProgram(f"sabine-{name}", _drawing(s=1), lambda s, rate=rate: {
        "dfdx": np.sin(rate * s - 0.25), "dfdy": (rate * s + 0.5) * np.cos(rate * s - 0.25),
        "dx": np.full((1, 1), rate), "dy": np.full((1, 1), rate),
    })
    for name, rate in (("same-rate", 1.0), ("rate-2", 2.0))
)  # fmt: skip
OTHER_RATES = SmallProgram("sabine-other-rates", _drawing(s=1), lambda s: {
    "dfdx": np.sin(3 * s), "dfdy": s**2 * np.cos(3 * s), "dx": 2 * s, "dy": np.full((1, 1), 3.0),
})  # fmt: skip
INDEPENDENT = SmallProgram("sabine-independent", _drawing(ex=1, z=1),
                           lambda ex, z: {"ez": np.exp(z), "dzdx": np.zeros((1, 1))})
DEPENDENT = SmallProgram("sabine-dependent", _drawing(ex=1, z=1),
                         lambda ex, z: {"ez": ex**2, "dzdx": np.full((1, 1), 2.0)})
def _spelled(z: np.ndarray) -> dict[str, np.ndarray]:
    f = np.exp(z)
    a = f / f.sum()
    return {"f": f, "g": f.sum(keepdims=True), "a": a, "S": a, "dfdz": np.diagflat(f)} | dict.fromkeys(
        ("dadz", "dSdz"), np.diagflat(a) - a @ a.T
    )


SPELLED = SmallProgram("sabine-softmax", _drawing(z=4), _spelled)
TERMS = SmallProgram("sabine-terms", _drawing(t=4, a=4), lambda t, a: {"y": a, "dyda": np.eye(4)})
SHARES = SmallProgram("sabine-terms-of-shares", _drawing(t=4, a=4), lambda t, a: {
    "y": a / a.sum(), "dyda": (np.eye(4) - a / a.sum()) / a.sum(),
})

SYMBOLS = ("a", "z", "W", "b", "f", "J", "n", "dcda", "dcdz", "dcdW", "dadz", "step")


def names(network: Setting) -> Mapping[str, str]:
    """The text's names: layer L is the last one."""
    if not isinstance(network, Network):
        return {}
    L = network.depth
    indices = {"": L, "L": L, "L_1": L - 1, "L_2": L - 2, "L_3": L - 3}  # without an index: of the last layer
    return {"S": f"a{L}"} | {f"{symbol}{index}": f"{symbol}{i}" for symbol in SYMBOLS for index, i in indices.items()}


def given(network: Setting) -> Mapping[str, str | float]:
    """The last index, of layer L where nothing is said; a = S(z) of appendix B."""
    if isinstance(network, Network):
        return {"n": network.widths[-1] - 1.0}
    return {"a": "h"} if network is SPELLED else {}


# --- pieces of LaTeX and of readings that recur ----------------------------------------------------------------------

t, x, y, A, Z = (rf"\boldsymbol{{{letter}}}" for letter in "txyaz")
a, z, b = (rf"\boldsymbol{{{letter}}}^L" for letter in "azb")
a_1, a_2 = r"\boldsymbol{a}^{L-1}", r"\boldsymbol{a}^{L-2}"


def _d(y: str, x: str) -> str:
    """The derivative as printed."""
    return rf"\frac{{\mathrm{{d}}{y}}}{{\mathrm{{d}}{x}}}"


def _column(element: str) -> str:
    """The column as printed, of an element in which # is the index."""
    rows = [element.replace("#", index) for index in "01"] + [r"\vdots", element.replace("#", "n")]
    return r"\begin{pmatrix} " + r" \\ ".join(rows) + r" \end{pmatrix}"


def _square(diagonal: str, other: str) -> str:
    """The matrix as printed, of elements in which # is the row and ' the column."""
    def element(j: str, k: str) -> str:
        return (diagonal if j == k else other).replace("#", j).replace("'", k)

    first, second, last = (" & ".join([*(element(j, k) for k in "01"), r"\cdots", element(j, "n")]) for j in "01n")
    dots = r"\vdots & \vdots & \ddots & \vdots"
    return rf"\begin{{pmatrix}} {first} \\ {second} \\ {dots} \\ {last} \end{{pmatrix}}"


def _rows(indices: Sequence[str]) -> str:
    """The column z as printed, with the indices of the first two a in the rows 0, 1 and n."""
    first, second, last = (
        Z_ROW.replace("a_{0}", f"a_{pair[0]}").replace("a_{1}", f"a_{pair[1]}").replace("#", row)
        for row, pair in zip("01n", indices, strict=True)
    )
    return rf"\begin{{pmatrix}} {first} \\ {second} \\ \vdots \\ {last} \end{{pmatrix}}"


def _outer(element: str) -> str:
    """The matrix as printed, of an element in which # is the row and ' the column."""
    return _square(element, element)


W_MATRIX = _outer("w_{#'}^L")
Z_ROW = r"w_{#0}^L a_{0}^{L-1} + w_{#1}^L a_{1}^{L-1} + \cdots + w_{#n}^L a_n^{L-1} + b_#^L"
ALL_ROWS, SECOND_ROW_AND_LAST = ("01", "01", "01"), ("01", "11", "nn")  # the indices of the first two a
JACOBIAN = _square("a_#^L (1 - a_#^L)", "-a_#^L a_'^L")
COLUMN_A = _column("a_#^{L-1}")
LN = r"\frac{1}{\ln(b)}"
T_OVER_A = _column(r"\frac{t_#}{a_#^L}")
DELTA_COLUMN = _column(r"a_#^L (\delta_{#j} - a_j^L)")
GENERAL = rf"(\mathbf{{1}} \cdot \mathbf{{1}}^T \cdot {t}) \circ {a} - {t}"

TARGETS_SUM_TO_1 = Condition("the targets of each example sum to 1", networks=(DIGITS_ANY.name,))
SMALL_TARGETS_SUM_TO_1 = Condition("the targets of each example sum to 1", networks=(SMALL_ANY.name,))
ROWS_FOR_OUTPUTS = "a Jacobian has a row for each output and a column for each variable"
OWN_ROW = "it means the derivative of one z_j by its own row of W, written as a column"
DIAGONAL = "the column stands for the diagonal of the Jacobian, and goes into a Hadamard product"

NOTE_SIGN = "The inner derivative of (t - a)², which is -1, is forgotten: "
NOTE_SUM = "The step takes the targets to sum to 1; in general "
NOTE_LAYOUT = (
    "The text uses two layouts: here the rows belong to the outputs, while appendix B defines the Jacobian with a row "
    "for each variable, which is the transpose. "
)


def _elements(WL: Strict, element: Callable[[int, int], float]) -> Strict:
    """The matrix in the shape of W^L that is printed by its element in row j and column k."""
    return matrix(*WL.shape, element)


def _rest(t: Strict, j: int) -> float:
    """The sum of t_i over all i other than j."""
    return sum(t[i] for i in range(len(t)) if i != j)


def _all(t: Strict) -> float:
    return sum(t[i] for i in range(len(t)))


def _delta(j: int, k: int) -> float:
    """Kronecker's δ."""
    return 1.0 if j == k else 0.0


# --- the formulas ----------------------------------------------------------------------------------------------------

_1 = Section("sabine", "1", SMALL.name)
_2 = Section("sabine", "2", SMALL.name)
_21 = Section("sabine", "2.1", SMALL.name)
_22 = Section("sabine", "2.2", *SOFTMAX)
_3 = Section("sabine", "3", SMALL.name)
_31 = Section("sabine", "3.1", SMALL.name)
_32 = Section("sabine", "3.2", *SOFTMAX)
_4 = Section("sabine", "4", SMALL.name)
_511 = Section("sabine", "5.1.1", SMALL.name)
_512 = Section("sabine", "5.1.2", DIGITS.name)
_521 = Section("sabine", "5.2.1", *SOFTMAX)
_522 = Section("sabine", "5.2.2", *SUM_TO_1, DIGITS_ANY.name)
_A = Section("sabine", "A", *SOFTMAX)
_B = Section("sabine", "B", SPELLED.name)

NOTATION = [
    _1("n", r"n \text{ is the number of nodes in the neural network}", "rows aL", reading=lambda aL: len(aL) - 1,
       expected="wrong", fault="-1", corrected=r"n + 1 \text{ is the number of nodes in a layer}",
       corrected_reading=lambda aL: len(aL),
       note="All columns and sums run from 0 to n: n is the last index, n + 1 nodes are in a layer, and each layer "
       "has an n of its own. Appendix B's I_n of size n*n has the same slip."),
    _1("z-inline", rf"{z} = {a_1} W^L + B^L", "value zL", expected="ill-shaped", fault="A · B of (6, 1) and (5, 6)",
       corrected=rf"{z} = W^L \cdot {a_1} + {b}",
       note="A column times the matrix is no product. All else in the text has columns with W on the left, and b, not "
       "B, for the biases."),
    _1("input", r"a^{L-H} \text{, where } H \text{ is the number of layers, is the input layer}", "value zL_2",
       reading=lambda WL_2, aL_3, bL_2: WL_2 @ aL_3 + bL_2,
       note="As long as the input is not counted among the H layers. Tried with H = 3: the first weights meet "
       "a^(L-3)."),
    _1("division", r"\oslash \text{ is the element-wise division}", "value h",
       reading=lambda a, b: column(len(a), lambda j: a[j] / b[j]), networks=(HADAMARD_DIVISION.name,)),
    _1("product", r"\circ \text{ is the element-wise multiplication}", "value h",
       reading=lambda a, b: column(len(a), lambda j: a[j] * b[j]), networks=(HADAMARD_PRODUCT.name,)),
    _1("dot", r"\cdot \text{ is the dot product of a vector or matrix}", "value h", reading=lambda a, b: inner(a, b),
       networks=(DOT.name,),
       note="The dot product of two columns is aᵀ · b as a matrix product. The text writes the transpose in most "
       "places, and leaves it out in some."),
    _1("W", f"W^L = {W_MATRIX}", "jacobian zL aL_1", expected="conditional",
       condition=Condition("the first n of w_nn is layer L's and the second one that of layer L-1",
                           reading=lambda WL: matrix(len(WL), len(WL), lambda j, k: WL[j, k])),
       corrected=rf"W^L = {W_MATRIX.replace('n}', 'm}').replace('w_{n', 'w_{N')}",
       corrected_reading=lambda WL, aL, aL_1: matrix(len(aL), len(aL_1), lambda j, k: WL[j, k]),
       note="With one n for both the matrix is square, and all layers have equally many nodes. All that follows is "
       "read with an n for each layer, here N for layer L and m for layer L-1."),
    _1("b", rf"{b} = {_column('b_#^L')}", "value bL", expected="definition"),
    _1("z", rf"{z} = W^L \cdot {a_1} + {b}", "value zL"),
    _1("z-row-0", r"z_0 = w_{00}^L a_0^{L-1} + w_{01}^L a_1^{L-1} + \cdots + w_{0n}^L a_n^{L-1} + b_0^L",
       "row 0 value zL"),
    _1("z-row-1", r"z_1 = w_{10}^L a_1^{L-1} + w_{11}^L a_1^{L-1} + \cdots + w_{1n}^L a_n^{L-1} + b_1^L",
       "row 1 value zL", expected="misprint", misprint=("w_{10}^L a_1^{L-1}", "w_{10}^L a_0^{L-1}"),
       fault="w_{10}^L (a_1^{L-1} - a_0^{L-1})",
       corrected=r"z_1 = w_{10}^L a_0^{L-1} + w_{11}^L a_1^{L-1} + \cdots + w_{1n}^L a_n^{L-1} + b_1^L",
       note="w_jk belongs to a_k: the second index of the weight is that of the node it comes from."),
    _1("z-row-n", r"z_n = w_{n0}^L a_n^{L-1} + w_{n1}^L a_n^{L-1} + \cdots + w_{nn}^L a_n^{L-1} + b_n^L",
       "row -1 value zL", expected="wrong", fault=r"\sum_{k=0}^n w_{nk}^L (a_n^{L-1} - a_k^{L-1})",
       corrected=r"z_n = w_{n0}^L a_0^{L-1} + w_{n1}^L a_1^{L-1} + \cdots + w_{nn}^L a_n^{L-1} + b_n^L",
       note="The slip of the second row, twice: a_0 and a_1 belong to w_n0 and w_n1. Read on like this, all terms have "
       "a_n."),
    _1("z-rows", rf"{z} = {_rows(SECOND_ROW_AND_LAST)}", "value zL", expected="wrong",
       corrected=rf"{z} = {_rows(ALL_ROWS)}",
       fault=lambda WL, aL_1, bL: column(len(bL), lambda j: (
           WL[j, 0] * (aL_1[j] - aL_1[0]) if j < len(bL) - 1
           else sum(WL[j, k] * (aL_1[len(aL_1) - 1] - aL_1[k]) for k in range(len(aL_1)))
       )),
       note="Three indices of a are wrong, one in the second row and two in the last. Read on as the first column "
       "begins, with w_00 a_0, w_10 a_1 and w_n0 a_n, the rows between them are wrong as well."),
    _1("z-column", rf"= {_column('z_#')}", "value zL", expected="definition"),
    _1("z-element", r"z_j^L = \sum_{k=0}^n w_{jk}^L a_k^{L-1} + b_j^L", "value zL",
       note="The scan has z bold; it is an element."),
    _1("a", rf"{a} = {_column('f(z_#)')}", "value aL", networks=(SMALL.name, TANH.name, RELU.name),
       note="For functions of one number, as the three that the text names; softmax is none."),
    _1("a-column", rf"= {_column('a_#^L')}", "value aL", expected="definition"),
]

COST = [
    _2("mean", r"\text{The cost function is the mean of the loss function over a batch}", "value c",
       reading=lambda t, aL, B: 1 / B * 0.5 * (t - aL).T @ (t - aL), batch="sum", networks=(MEAN.name,)),
    _2("batches", r"\text{Backpropagation is calculated only as many times as there are batches}", "gradient WL",
       reading=lambda dcdzL, aL_1: dcdzL @ aL_1.T, networks=(MEAN.name,),
       note="One sweep over a matrix of columns gives the mean of the gradients of all examples."),
    _2("scalar", r"\text{The loss/cost function produces a scalar value}", "shape value c",
       reading=lambda: Strict([[1.0, 1.0]]), networks=(SMALL.name, *SOFTMAX), expected="definition"),
    _21("mean-squared", r"\text{mean squared error: } \frac{1}{n} \sum_{j=0}^n (t_j - a_j^L)^2", "value c",
        networks=(MEAN_SQUARED.name,), expected="misprint", misprint=(r"\frac{1}{n}", r"\frac{1}{n + 1}"),
        fault=r"(\frac{1}{n} - \frac{1}{n + 1}) \sum_{j=0}^n (t_j - a_j^L)^2",
        corrected=r"\text{mean squared error: } \frac{1}{n + 1} \sum_{j=0}^n (t_j - a_j^L)^2",
        note="From 0 to n there are n + 1 terms: the slip of \"n is the number of nodes\" (section 1). The remark "
        "prints the factor alone."),
    _21("note-1", r"\text{The mean squared error has the gradient of } c \text{ up to a constant}", "adjoint aL",
        reading=lambda t, aL: 2 / len(t) * (aL - t), networks=(MEAN_SQUARED.name,),
        note="The constant is 2 / (n + 1); it can be taken into the learning rate."),
    _21("note-2", r"\frac{1}{2} \text{ removes the constant from the derivative of } (t_j - a_j^L)^2", "adjoint aL",
        reading=lambda t, aL: column(len(t), lambda j: 0.5 * (2 * (t[j] - aL[j]) * -1)),
        note="The constant 2, not the -1 of the inner derivative: see 2.1-dcda."),
    _21("c-element", r"c = \frac{1}{2} \sum_{j=0}^n (t_j - a_j^L)^2", "value c"),
    _21("c-terms", r"= \frac{1}{2} ((t_0 - a_0^L)^2 + (t_1 - a_1^L)^2 + \dots + (t_n - a_n^L)^2)", "value c"),
    _21("dcda-element", rf"{_d('c', 'a_j^L')} = t_j - a_j^L", "adjoint aL", expected="sign error",
        corrected=rf"{_d('c', 'a_j^L')} = a_j^L - t_j",
        note=NOTE_SIGN + "a step against the printed gradient climbs. (On the left the scan has the index i; j is "
        "meant.)"),
    _21("c", rf"c = \frac{{1}}{{2}} (({t} - {a}) \circ ({t} - {a}))", "value c", expected="ill-shaped",
        fault="the formula has the shape (5, 1), the engine's (1, 1)",
        corrected=rf"c = \frac{{1}}{{2}} ({t} - {a})^T \cdot ({t} - {a})",
        note="The Hadamard product is a column, and c is a number: the elements have yet to be added, which the scalar "
        "product does."),
    _21("dcda", rf"{_d('c', a)} = {t} - {a}", "adjoint aL", networks=(SMALL.name, DIGITS.name), expected="sign error",
        corrected=rf"{_d('c', a)} = {a} - {t}",
        note=NOTE_SIGN + "a step against the printed gradient climbs. 5.1 carries the sign along, while 5.2 has it "
        "right: a - t."),
    _21("dcda-column", rf"{_d('c', a)} = {_column('t_# - a_#^L')}", "adjoint aL", expected="sign error",
        corrected=rf"{_d('c', a)} = {_column('a_#^L - t_#')}",
        note="As in 2.1-dcda, element by element. (The scan's last one, t - a_L^L, is t_n - a_n^L.)"),
    _21("descent", rf"\text{{gradient descent along }} {_d('c', a)} = {t} - {a}", "descent aL",
        reading=lambda dcdaL, t, aL: -inner(dcdaL, t - aL), expected="sign error",
        corrected=rf"\text{{gradient descent along }} {_d('c', a)} = {a} - {t}",
        corrected_reading=lambda dcdaL, t, aL: -inner(dcdaL, aL - t),
        note="The rate at which c changes along a step against the gradient, minus its square: with the printed one "
        "the cost grows at this rate, and the step is one of ascent."),
    _22("c-element", r"c = -\sum_{j=0}^n t_j \log_b(a_j^L)", "value c"),
    _22("c-terms", r"= -(t_0 \log_b(a_0^L) + t_1 \log_b(a_1^L) + \dots + t_n \log_b(a_n^L))", "value c"),
    _22("dcda-element", rf"{_d('c', 'a_j^L')} = -\frac{{1}}{{\ln(b)}} \frac{{t_j}}{{a_j^L}}", "adjoint aL"),
    _22("c", rf"c = -{t}^T \cdot \log_b({a})", "value c",
        note="For one example; a batch of columns adds up the diagonal of this product."),
    _22("dcda", rf"{_d('c', a)} = -\frac{{1}}{{\ln(b)}} ({t} \oslash {a})", "adjoint aL"),
    _22("dcda-column", rf"= -{LN} {T_OVER_A}", "adjoint aL"),
]

ACTIVATIONS = [
    _3("note",
       r"\text{Backpropagation is meaningfully different if the activation function is a vector or scalar "
       r"function}", "adjoint zL", reading=lambda dcdaL, JL: JL.T @ dcdaL,
       networks=(SMALL.name, TANH.name, *SOFTMAX, LOG_SOFTMAX.name),
       note="What it comes to: dc/dz is the transposed Jacobian times dc/da. For functions of one number the "
       "Jacobian is diagonal, and the Hadamard product of 5.1 does; for softmax it is not."),
    _31("a-element", r"a_j^L = \sigma(z_j^L) = \frac{1}{1 + e^{-z_j^L}}", "value aL"),
    _31("dadz-element", rf"{_d('a_j^L', 'z_j^L')} = \sigma(z_j^L) (1 - \sigma(z_j^L))", "diagonal aL zL"),
    _31("dadz-element-z", "= " + _d(r"\sigma(z^L)", "z^L"), "diagonal aL zL", reading=lambda JL: JL,
        expected="ill-shaped", corrected="= " + _d(r"\sigma(z_j^L)", "z_j^L"),
        fault="the formula has the shape (5, 5), the engine's (5, 1)",
        note="Of the column z^L this is a Jacobian, where the element form has one number for each j: the index j is "
        "missing, twice."),
    _31("dadz-element-a", r"= a_j^L (1 - a_j^L)", "diagonal aL zL"),
    _31("a", rf"{a} = \sigma({z}) = \frac{{1}}{{1 + e^{{-{z}}}}}", "value aL",
        reading=lambda zL: ones(len(zL)) / (1 + each(np.exp, -zL)), expected="conditional",
        condition=Condition("1 and the fraction act on each element", order="left"),
        corrected=rf"{a} = \mathbf{{1}} \oslash (\mathbf{{1}} + e^{{-{z}}})",
        note="A number has no quotient by a column; 1 is meant as a column of ones, and the fraction as ⊘. e^z acts on "
        "each element, too."),
    _31("dadz", rf"{_d(a, z)} = " + _d(rf"\sigma({z})", z) + rf" = \sigma({z}) \circ (1 - \sigma({z}))",
        "diagonal aL zL", expected="conditional", condition=Condition(DIAGONAL, quantity="jacobian aL zL"),
        corrected=rf"{_d(a, z)} = \operatorname{{diag}}(\sigma({z}) \circ (1 - \sigma({z})))",
        note="By appendix B the derivative of a vector by a vector is a Jacobian matrix: the square matrix with this "
        "column as its diagonal."),
    _31("dadz-a", rf"= {a} \circ (1 - {a})", "diagonal aL zL", expected="conditional",
        condition=Condition(DIAGONAL, quantity="jacobian aL zL"),
        corrected=rf"= \operatorname{{diag}}({a} \circ (1 - {a}))",
        note="As in the form with σ(z): the diagonal of the Jacobian."),
    _32("a-element", r"a_j^L = \frac{e^{z_j^L}}{\sum_{i=0}^n e^{z_i^L}}", "value aL"),
    _32("delta", r"\delta_{jk} = \begin{cases} 1 & \text{if } j = k \\ 0 & \text{if } j \neq k \end{cases}",
        "jacobian zL zL", reading=lambda zL: matrix(len(zL), len(zL), _delta), expected="definition"),
    _32("dadz-element", rf"{_d('a_j^L', 'z_k^L')} = a_j^L (\delta_{{jk}} - a_k^L)", "jacobian aL zL",
        note="Symmetric in j and k, so the two layouts of the text do not matter."),
    _32("a", rf"{a} = S({z}) = \frac{{e^{{{z}}}}}{{\sum_{{i=0}}^n e^{{z_i^L}}}}", "value aL"),
    _32("a-terms", rf"= \frac{{e^{{{z}}}}}{{e^{{z_0^L}} + e^{{z_1^L}} + \dots + e^{{z_n^L}}}}", "value aL"),
    _32("dadz", rf"{_d(a, z)} = {_d(f'S({z})', z)} = {JACOBIAN}", "jacobian aL zL"),
]

WEIGHTS = [
    _4("z-element", r"z_j^L = a_k^{L-1} w_{jk}^L + b_j^L", "value zL",
       reading=lambda aL_1, WL, bL: column(len(bL), lambda j: aL_1[0] * WL[j, 0] + bL[j]), expected="misprint",
       fault=r"-\sum_{k=1}^n a_k^{L-1} w_{jk}^L",
       misprint=("= a_k^{L-1}", r"= \sum_{k=0}^n a_k^{L-1}"),
       corrected=r"z_j^L = \sum_{k=0}^n a_k^{L-1} w_{jk}^L + b_j^L",
       note="The sum over k is missing, which section 1 has: with one k (0 in the reading) all other nodes are left "
       "out."),
    _4("dzdw", rf"{_d('z_j^L', 'w_{jk}^L')} = a_k^{{L-1}}", "own-rows zL WL"),
    _4("dzdb-element", rf"{_d('z_j^L', 'b_j^L')} = 1", "diagonal zL bL"),
    _4("dzda-element", rf"{_d('z_j^L', 'a_k^{L-1}')} = w_{{jk}}^L", "jacobian zL aL_1"),
    _4("z", rf"{z} = W^L \cdot {a_1} + {b}", "value zL"),
    _4("z-matrices", rf"= {W_MATRIX} {COLUMN_A} + {_column('b_#^L')}", "value zL"),
    _4("dzdW", rf"{_d(z, 'W^L')} = {a_1}", "one-row zL WL", expected="conditional",
       condition=Condition(OWN_ROW, quantity="jacobian zL WL"), corrected=rf"{_d(z, 'W^L')} = I \otimes ({a_1})^T",
       note="A column by a matrix has n · n · m derivatives; the Jacobian, with the rows of W one after the other, "
       "is I ⊗ aᵀ. All that is not zero in it is a, so the short form serves, as long as it enters products as a row."),
    _4("dzdb", rf"{_d(z, b)} = 1", "row 0 diagonal zL bL", expected="conditional",
       condition=Condition("it means the derivative of one z_j by its own b_j", quantity="jacobian zL bL"),
       corrected=rf"{_d(z, b)} = I",
       note="The Jacobian of a column by a column is a matrix, here the identity. As a factor it does what the "
       "number 1 does: dc/db = dc/dz."),
    _4("dzda", rf"{_d(z, a_1)} = W^L", "jacobian zL aL_1", expected="conditional",
       condition=Condition(ROWS_FOR_OUTPUTS, quantity="transposed zL aL_1"), corrected=rf"{_d(z, a_1)} = (W^L)^T",
       note=NOTE_LAYOUT + "By that definition this is the transpose of W."),
]

SIGN = "sign error"
NOTE_CARRIED = "The sign of dc/da = t - a (2.1) comes along."

SQUARED_ERROR_ELEMENTS = [
    _511("L-chain", rf"{_d('c', 'w_{jk}^L')} = {_d('c', 'a_j^L')} {_d('a_j^L', 'z_j^L')} {_d('z_j^L', 'w_{jk}^L')}",
         "gradient WL"),
    _511("L-dcda", rf"{_d('c', 'a_j^L')} = t_j - a_j^L", "adjoint aL", expected=SIGN,
         corrected=rf"{_d('c', 'a_j^L')} = a_j^L - t_j", note=NOTE_SIGN + "as in 2.1."),
    _511("L-dadz", rf"{_d('a_j^L', 'z_j^L')} = a_j^L (1 - a_j^L)", "diagonal aL zL"),
    _511("L-dcdz-chain", rf"{_d('c', 'z_j^L')} = {_d('c', 'a_j^L')} {_d('a_j^L', 'z_j^L')}", "adjoint zL"),
    _511("L-dcdz", r"= (t_j - a_j^L)\, a_j^L (1 - a_j^L)", "adjoint zL", expected=SIGN,
         corrected=r"= (a_j^L - t_j)\, a_j^L (1 - a_j^L)", note=NOTE_CARRIED),
    _511("L-dcdz-order", r"= (t_j - a_j^L)(1 - a_j^L)\, a_j^L", "adjoint zL", expected=SIGN,
         corrected=r"= (a_j^L - t_j)(1 - a_j^L)\, a_j^L", note=NOTE_CARRIED),
    _511("L-dzdw", rf"{_d('z_j^L', 'w_{jk}^L')} = a_k^{{L-1}}", "own-rows zL WL"),
    _511("L-dcdw-chain", rf"{_d('c', 'w_{jk}^L')} = {_d('c', 'z_j^L')} {_d('z_j^L', 'w_{jk}^L')}", "gradient WL"),
    _511("L-dcdw", r"= (t_j - a_j^L)(1 - a_j^L)\, a_j^L\, a_k^{L-1}", "gradient WL", expected=SIGN,
         corrected=r"= (a_j^L - t_j)(1 - a_j^L)\, a_j^L\, a_k^{L-1}", note=NOTE_CARRIED),
    _511("L1-chain",
         rf"{_d('c', 'w_{kq}^{L-1}')} = \left(\sum_{{j=0}}^n {_d('c', 'z_j^L')} {_d('z_j^L', 'a_k^{L-1}')}\right) "
         rf"{_d('a_k^{L-1}', 'z_k^{L-1}')} {_d('z_k^{L-1}', 'w_{kq}^{L-1}')}", "gradient WL_1"),
    _511("L1-dzda", rf"{_d('z_j^L', 'a_k^{L-1}')} = w_{{jk}}^L", "jacobian zL aL_1"),
    _511("L1-dcda-chain", rf"{_d('c', 'a_k^{L-1}')} = \sum_{{j=0}}^n {_d('c', 'z_j^L')} {_d('z_j^L', 'a_k^{L-1}')}",
         "adjoint aL_1"),
    _511("L1-dcda", r"= \sum_{j=0}^n (t_j - a_j^L)(1 - a_j^L)\, a_j^L\, w_{jk}^L", "adjoint aL_1", expected=SIGN,
         corrected=r"= \sum_{j=0}^n (a_j^L - t_j)(1 - a_j^L)\, a_j^L\, w_{jk}^L", note=NOTE_CARRIED),
    _511("L1-dadz", rf"{_d('a_k^{L-1}', 'z_k^{L-1}')} = a_k^{{L-1}} (1 - a_k^{{L-1}})", "diagonal aL_1 zL_1"),
    _511("L1-dzdw", rf"{_d('z_k^{L-1}', 'w_{kq}^{L-1}')} = a_q^{{L-1}}", "own-rows zL_1 WL_1", expected="misprint",
         fault=lambda aL_1, aL_2: matrix(len(aL_1), len(aL_2), lambda k, q: aL_1[q] - aL_2[q]),
         misprint=("a_q^{L-1}", "a_q^{L-2}"), corrected=rf"{_d('z_k^{L-1}', 'w_{kq}^{L-1}')} = a_q^{{L-2}}",
         note="The weights of layer L-1 meet the outputs of layer L-2; 5.1.2 has it right."),
    _511("L1-dcdw",
         rf"{_d('c', 'w_{kq}^{L-1}')} {_d('a_k^{L-1}', 'z_k^{L-1}')} {_d('z_k^{L-1}', 'w_{kq}^{L-1}')} = "
         r"\left(\sum_{j=0}^n (t_j - a_j^L)(1 - a_j^L)\, a_j^L\, w_{jk}^L\right) (a_k^{L-1} (1 - a_k^{L-1})) "
         r"(a_q^{L-1})", "gradient WL_1", expected="wrong",
         fault=r"\left(\sum_{j=0}^n (t_j - a_j^L)(1 - a_j^L) a_j^L w_{jk}^L\right) (a_k^{L-1} (1 - a_k^{L-1})) "
         r"(a_q^{L-2} + a_q^{L-1})",
         corrected=rf"{_d('c', 'w_{kq}^{L-1}')} = \left(\sum_{{j=0}}^n (a_j^L - t_j)(1 - a_j^L)\, a_j^L\, "
         r"w_{jk}^L\right) (a_k^{L-1} (1 - a_k^{L-1}))\, a_q^{L-2}",
         note="Two mistakes come along, the sign of t - a and a_q of layer L-1 for L-2; and on the left dc/dw stands "
         "where dc/da belongs, or the other two factors are too many. The reading is the right-hand side for dc/dw."),
]

SQUARED_ERROR = [
    _512("L-chain",
         rf"{_d('c', 'W^L')} = \left({_d('c', 'a^L')} \circ {_d('a^L', 'z^L')}\right) \cdot {_d('z^L', 'W^L')}",
         "gradient WL", expected="ill-shaped", fault="A · B of (10, 5) and (12, 5)",
         corrected=rf"{_d('c', 'W^L')} = \left({_d('c', 'a^L')} \circ {_d('a^L', 'z^L')}\right) \cdot "
         rf"\left({_d('z^L', 'W^L')}\right)^T",
         note="dz/dW is the column a^(L-1), and a column times a column is no product: a transpose is missing, "
         "which the next line puts in. For a batch the product of the two matrices is the sum over the examples."),
    _512("L-columns",
         rf"= \left({_column('t_# - a_#^L')} \circ {_column('a_#^L (1 - a_#^L)')}\right) \cdot {{{COLUMN_A}}}^T",
         "gradient WL", batch="sum", expected=SIGN,
         corrected=rf"= (({a} - {t}) \circ {a} \circ (1 - {a})) \cdot ({a_1})^T",
         note=NOTE_CARRIED + " The = in front is not printed; the transpose that the chain lacks is here."),
    _512("L-elements", "= " + _outer("(t_# - a_#^L)(1 - a_#^L) a_#^L a_'^{L-1}"), "gradient WL", batch="sum",
         expected=SIGN, corrected=rf"{_d('c', 'w_{jk}^L')} = (a_j^L - t_j)(1 - a_j^L)\, a_j^L\, a_k^{{L-1}}",
         note=NOTE_CARRIED + " This is the matrix of one example: a batch adds them up."),
    _512("L1-chain",
         rf"{_d('c', 'W^{L-1}')} = \left(\left({_d('c', 'z^L')} \cdot {_d('z^L', 'a^{L-1}')}\right) \circ "
         rf"{_d('a^{L-1}', 'z^{L-1}')}\right) \cdot {_d('z^{L-1}', 'w^{L-1}')}", "gradient WL_1",
         expected="ill-shaped", fault="A · B of (10, 5) and (10, 12)",
         corrected=rf"{_d('c', 'W^{L-1}')} = \left(\left((W^L)^T \cdot {_d('c', 'z^L')}\right) \circ "
         rf"{_d('a^{L-1}', 'z^{L-1}')}\right) \cdot ({a_2})^T",
         note="A column comes back through a layer by the transposed matrix from the left, Wᵀ · dc/dz, and the last "
         "factor is a row. With dc/da = t - a put in for the first factor the gradient has the wrong sign besides."),
    _512("L1-dzda", rf"{_d('z^L', 'a^{L-1}')} = W^L", "jacobian zL aL_1", batch="columns", expected="conditional",
         condition=Condition(ROWS_FOR_OUTPUTS, quantity="transposed zL aL_1"),
         corrected=rf"{_d('z^L', 'a^{L-1}')} = (W^L)^T",
         note=NOTE_LAYOUT + "By that definition this is the transpose of W."),
    _512("L1-dadz", rf"{_d('a^{L-1}', 'z^{L-1}')} = {_column('a_#^{L-1} (1 - a_#^{L-1})')}", "diagonal aL_1 zL_1",
         batch="columns", expected="conditional", condition=Condition(DIAGONAL, quantity="jacobian aL_1 zL_1"),
         corrected=rf"{_d('a^{L-1}', 'z^{L-1}')} = \operatorname{{diag}}({a_1} \circ (1 - {a_1}))",
         note="Of the Jacobian of a coordinate-wise map only the diagonal is not zero; in the chain it belongs in a "
         "Hadamard product."),
    _512("L1-dzdw", rf"{_d('z^{L-1}', 'w^{L-1}')} = a^{{L-2}}", "one-row zL_1 WL_1", batch="columns",
         expected="conditional", condition=Condition(OWN_ROW, quantity="jacobian zL_1 WL_1"),
         corrected=rf"{_d('z^{L-1}', 'W^{L-1}')} = I \otimes ({a_2})^T",
         corrected_reading=lambda aL_2, aL_1: identity(len(aL_1)) & aL_2.T,
         note="As in 4: short for the Jacobian I ⊗ aᵀ. In the chain it has to be a row."),
    _512("L1-substituted",
         rf"\left(\left((({t} - {a}) \circ {a} \circ (1 - {a})) \cdot W^L\right) \circ ({a_1} \circ (1 - "
         rf"{a_1}))\right) \cdot {a_2}", "gradient WL_1", expected="ill-shaped", fault="A · B of (10, 5) and (10, 12)",
         corrected=rf"\left(\left((W^L)^T \cdot (({a} - {t}) \circ {a} \circ (1 - {a}))\right) \circ ({a_1} \circ "
         rf"(1 - {a_1}))\right) \cdot ({a_2})^T",
         note="The chain of layer L-1 with everything printed for its factors put in, which the text leaves to the "
         "reader. Two transposes are missing and the sign is wrong."),
]

NOTE_SCAN = "(The scan of the two columns is damaged here; the vector form is put together from the lines below.)"

CROSS_ENTROPY_ELEMENTS = [
    _521("chain-vector",
         rf"{_d('c', 'w_{jk}^L')} = \left({_d('c', a)}^T \cdot {_d(a, 'z_j^L')}\right) {_d('z_j^L', 'w_{jk}^L')}",
         "gradient WL"),
    _521("chain-sum",
         rf"{_d('c', 'w_{jk}^L')} = \left(\sum_{{i=0}}^n {_d('c', 'a_i^L')} {_d('a_i^L', 'z_j^L')}\right) "
         rf"{_d('z_j^L', 'w_{jk}^L')}", "gradient WL",
         note="The same as the vector form on its left, as the text says."),
    _521("dcda-vector", rf"{_d('c', a)} = -{LN} {T_OVER_A}", "adjoint aL",
         note="As in 2.2. " + NOTE_SCAN),
    _521("dcda-element", rf"{_d('c', 'a_i^L')} = -{LN} \frac{{t_i}}{{a_i^L}}", "adjoint aL"),
    _521("dadz-vector", rf"{_d(a, 'z_j^L')} = {DELTA_COLUMN}", "jacobian aL zL",
         note="All columns j together make the Jacobian. " + NOTE_SCAN),
    _521("dadz-element", rf"{_d('a_i^L', 'z_j^L')} = a_i^L (\delta_{{ij}} - a_j^L)", "jacobian aL zL",
         note="The scan repeats the line of dc/da here once as da/dz."),
    _521("dcdz-vector", rf"{_d('c', 'z_i^L')} = {_d('c', 'a_i^L')} {_d('a_i^L', 'z_j^L')}", "adjoint zL",
         reading=lambda dcdaL, JL: column(len(dcdaL), lambda i: dcdaL[i] * JL[i, i]), expected="wrong",
         fault=rf"-\sum_{{i \neq j}}^n {_d('c', 'a_i^L')} {_d('a_i^L', 'z_j^L')}",
         corrected=rf"{_d('c', 'z_j^L')} = {_d('c', a)}^T \cdot {_d(a, 'z_j^L')}",
         note="One term of the sum that stands on its right: every a_i depends on z_j. (The scan is damaged here; the "
         "transpose and the bold letters of the vector form may be lost, but the formula is read as it stands, with "
         "j = i.)"),
    _521("dcdz-sum", rf"{_d('c', 'z_j^L')} = \sum_{{i=0}}^n {_d('c', 'a_i^L')} {_d('a_i^L', 'z_j^L')}", "adjoint zL"),
    _521("sum-step1", rf"= \sum_{{i=0}}^n \left(-{LN} \frac{{t_i}}{{a_i^L}} a_i^L (\delta_{{ij}} - a_j^L)\right)",
         "adjoint zL"),
    _521("sum-step2", rf"= -{LN} \sum_{{i=0}}^n \left(\frac{{t_i}}{{a_i^L}} a_i^L (\delta_{{ij}} - a_j^L)\right)",
         "adjoint zL"),
    _521("dcdz-dot", rf"{_d('c', 'z_j^L')} = {_d('c', a)} \cdot {_d(a, 'z_j^L')}", "adjoint zL", expected="ill-shaped",
         fault="A · B of (5, 1) and (5, 1)",
         corrected=rf"{_d('c', 'z_j^L')} = {_d('c', a)}^T \cdot {_d(a, 'z_j^L')}",
         note="Two columns: the transpose is missing that the first line of 5.2.1 and the next step have. Read as a "
         "dot product of two vectors (section 1) it would be right."),
    _521("dot-step1", rf"= -{LN} {{{T_OVER_A}}}^T \cdot {DELTA_COLUMN}", "adjoint zL"),
    _521("dot-step2", rf"= -{LN} \sum_{{i=0}}^n \left(\frac{{t_i}}{{a_i^L}} a_i^L (\delta_{{ij}} - a_j^L)\right)",
         "adjoint zL", note="Where the two forms meet. What the scan has after it is a repetition by mistake."),
    _521("case-step1", rf"-{LN} \left(t_j (1 - a_j^L) - \sum_{{i \neq j}}^n t_i a_j^L\right)", "adjoint zL"),
    _521("case-step2", rf"= -{LN} \left(t_j (1 - a_j^L) - a_j^L \sum_{{i \neq j}}^n t_i\right)", "adjoint zL",
         note="Right for any targets: the condition that they sum to 1 comes with the next line."),
    _521("outputs-sum", r"\text{All the outputs of the softmax function sum to 1}", "sum value aL", reading=lambda: 1,
         note="True, but the step needs the targets to sum to 1, which are no outputs."),
    _521("targets-sum", r"\sum_{i=1}^n t_i = 1", "sum value aL", reading=_all, networks=(SMALL_SHARES.name,),
         expected="conditional",
         condition=Condition("the targets of each example sum to 1, and i = 1 is the first one",
                             networks=(SMALL_ANY.name,)),
         corrected=r"\sum_{i=0}^n a_i^L = 1",
         note="The text calls t the outputs of softmax; it is these that always sum to 1, which the engine has here. "
         "The t are targets, and sum to 1 where they are given so. Columns begin with element 0; the 1 is the "
         "misprint of the next formula."),
    _521("rest-step1", r"\sum_{i \neq j}^n t_i = \sum_{i=1}^n t_i - t_j", "rest value t", expected="misprint",
         fault=lambda t: column(len(t), lambda j: -t[0]),
         misprint=("i=1", "i=0"), corrected=r"\sum_{i \neq j}^n t_i = \sum_{i=0}^n t_i - t_j",
         note="The columns begin with element 0, and so must the sum."),
    _521("rest-step2", r"= 1 - t_j", "rest value t", networks=(SMALL_SHARES.name,), expected="conditional",
         condition=SMALL_TARGETS_SUM_TO_1, corrected=r"= \sum_{i=0}^n t_i - t_j",
         note="The targets are taken to sum to 1; in general their sum stands in place of the 1."),
]


_521_sum = Section("sabine", "5.2.1", SMALL_SHARES.name, expected="conditional", condition=SMALL_TARGETS_SUM_TO_1)
WITH_SUM = rf"{LN} \left(a_j^L \sum_{{i=0}}^n t_i - t_j\right)"

CROSS_ENTROPY_ELEMENTS += [
    _521_sum("one-step1", rf"= -{LN} (t_j (1 - a_j^L) - a_j^L (1 - t_j))", "adjoint zL", corrected=f"= {WITH_SUM}",
             note=NOTE_SUM + "a_j is multiplied by their sum."),
    _521_sum("one-step2", rf"= -{LN} (t_j - a_j^L t_j - a_j^L + a_j^L t_j)", "adjoint zL", corrected=f"= {WITH_SUM}",
             note="The condition of the step before comes along."),
    _521_sum("one-step3", rf"= -{LN} (t_j - a_j^L)", "adjoint zL", corrected=f"= {WITH_SUM}",
             note="The condition of the first step comes along."),
    _521_sum("dcdz", rf"{_d('c', 'z_j^L')} = {LN} (a_j^L - t_j)", "adjoint zL",
             corrected=rf"{_d('c', 'z_j^L')} = {WITH_SUM}",
             note=NOTE_SUM + "a_j is multiplied by their sum. (The scan has the index i on the left.)"),
    _521("dzdw", rf"{_d('z_j^L', 'w_{jk}^L')} = a_k^{{L-1}}", "own-rows zL WL",
         note="(The scan has the layer as a power, a_k^L to the -1.)"),
    _521("dcdw-vector",
         rf"{_d('c', 'w_{jk}^L')} = \left({_d('c', a)}^T \cdot {_d(a, 'z_j^L')}\right) {_d('z_j^L', 'w_{jk}^L')}",
         "gradient WL", note="The scan has a parenthesis too many before the transpose."),
    _521("dcdw-chain", rf"= {_d('c', 'z_j^L')} {_d('z_j^L', 'w_{jk}^L')}", "gradient WL"),
    _521_sum("dcdw", rf"= {LN} (a_j^L - t_j)\, a_k^{{L-1}}", "gradient WL", corrected=rf"= {WITH_SUM} a_k^{{L-1}}",
             note=NOTE_SUM + "a_j is multiplied by their sum."),
]

_522_sum = Section("sabine", "5.2.2", *SUM_TO_1, expected="conditional", condition=TARGETS_SUM_TO_1)

CROSS_ENTROPY = [
    _522("chain", rf"{_d('c', 'W^L')} = \left({_d('c', a)}^T \cdot {_d(a, z)}\right) \cdot {_d(z, 'W^L')}",
         "gradient WL", batch="sum", expected="ill-shaped", fault="A · B of (1, 10) and (12, 1)",
         corrected=rf"{_d('c', 'W^L')} = \left({_d('c', a)}^T \cdot {_d(a, z)}\right)^T \cdot "
         rf"\left({_d(z, 'W^L')}\right)^T",
         note="The first factor is a row of n, dz/dW a column of m elements: both need a transpose before their "
         "product is an n x m matrix."),
    _522("dcda", rf"{_d('c', a)} = -{LN} {T_OVER_A}", "adjoint aL", batch="columns",
         note="The fraction of columns is the Hadamard division, t ⊘ a; it asks for no condition on the targets."),
    _522("dadz", rf"{_d(a, z)} = {JACOBIAN}", "jacobian aL zL", batch="columns",
         note="Each example has a Jacobian of its own. It is symmetric, so both layouts of the text agree on it."),
    _522("dcdz-chain", rf"{_d('c', z)} = {_d('c', a)}^T \cdot {_d(a, z)}", "adjoint zL", batch="columns",
         expected="ill-shaped", fault="the formula has the shape (1, 50), the engine's (10, 5)",
         corrected=rf"{_d('c', z)} = \left({_d('c', a)}^T \cdot {_d(a, z)}\right)^T",
         note="A row times a matrix is a row, and dc/dz is the column that the rest of the line prints: the numbers "
         "are right, a transpose is missing."),
    _522("dcdz-elements",
         rf"= -{LN} \begin{{pmatrix}} t_0 (1 - a_0^L) - t_1 a_0^L + \cdots + -t_n a_0^L \\ -t_0 a_1^L + t_1 (1 - "
         rf"a_1^L) + "
         r"\cdots + -t_n a_1^L \\ \vdots \\ -t_0 a_n^L - t_1 a_n^L + \cdots + t_n (1 - a_n^L) \end{pmatrix}",
         "adjoint zL",
         reading=lambda t, aL, ln_b: -(1 / ln_b) * column(len(t), lambda j: t[j] * (1 - aL[j]) - _rest(t, j) * aL[j]),
         batch="columns",
         note="Right for any targets: the condition that they sum to 1 enters only with the next line."),
    _522_sum("dcdz-column", rf"= -{LN} {_column('t_# - a_#^L')}", "adjoint zL", batch="columns",
             corrected=rf"= {LN} \left({GENERAL}\right)", note=NOTE_SUM + "a is multiplied by that sum."),
    _522_sum("dcdz-minus", rf"= -{LN} ({t} - {a})", "adjoint zL", corrected=rf"= {LN} \left({GENERAL}\right)",
             note=NOTE_SUM + "a is multiplied by that sum."),
    _522_sum("dcdz", rf"= {LN} ({a} - {t})", "adjoint zL", corrected=rf"= {LN} \left({GENERAL}\right)",
             note=NOTE_SUM + "it is (sum of t) a - t, here written so that it also holds for a matrix of columns."),
    _522("dzdW", rf"{_d(z, 'W^L')} = {COLUMN_A}", "one-row zL WL", batch="columns", expected="conditional",
         condition=Condition(OWN_ROW, quantity="jacobian zL WL"), corrected=rf"{_d(z, 'W^L')} = I \otimes ({a_1})^T",
         note="As in 4: short for the Jacobian I ⊗ aᵀ. Here the last line does transpose it."),
    _522("dcdW-chain", rf"{_d('c', 'W^L')} = {_d('c', z)} \cdot {_d(z, 'W^L')}^T", "gradient WL",
         note="A column times a row, in the shape of W. For a batch the product of the two matrices is the sum over "
         "the examples."),
    _522_sum("dcdW-elements", rf"= {LN} " + _outer("(a_#^L - t_#) a_'^{L-1}"), "gradient WL", batch="sum",
             corrected=rf"{_d('c', 'W^L')} = {LN} \left({GENERAL}\right) \cdot ({a_1})^T",
             note=NOTE_SUM + "a_j is multiplied by that sum. This is the matrix of one example: a batch adds "
              "them up."),
    _522_sum("dcdW", rf"= {LN} (({a} - {t}) \cdot {{{a_1}}}^T)", "gradient WL",
             corrected=rf"= {LN} \left({GENERAL}\right) \cdot ({a_1})^T",
             note=NOTE_SUM + "it is ((sum of t) a - t) · aᵀ. For a batch the product is the sum over the examples."),
]

NOTE_SUM_RULE = "This is the sum rule; the chain rule is the one for f(g(z)), and the text uses it without a name."
LOG_TERMS = r"t_1 \log_b(a_1^L)) + \dots + t_n \log_b(a_n^L))"


def _logs(t: Strict, aL: Strict, start: int = 0, stop: int | None = None) -> float:
    """The sum of t_i ln a_i."""
    return sum(t[i] * math.log(aL[i]) for i in range(start, stop or len(t)))


APPENDIX_A = [
    _A("vector", rf"{_d('y', x)} = {_column(_d('y', 'x_#'))}", "adjoint aL",
       reading=lambda dcdaL: column(len(dcdaL), lambda j: dcdaL[j]), expected="definition",
       note="Tried with y = c and x = a: a gradient has the shape of its variable."),
    _A("log", r"f(x) = \log_b(x), \quad f'(x) = \frac{1}{x \ln(b)}", "diagonal h x",
       reading=lambda x: column(len(x), lambda j: 1 / (x[j] * LN_BASE)), networks=(LOG.name,)),
    _A("chain-rule", "c(z) = f(z) + g(z), \\quad c'(z) = f'(z) + g'(z)", "diagonal h z", networks=(SUM.name,),
       note=NOTE_SUM_RULE),
    _A("scalar", r"f : \mathbb{R}^N \to \mathbb{R}", "rows aL c",
       reading=lambda t: column(2, lambda i: len(t) if i == 0 else 1), expected="definition",
       note="For a_j > 0 only, which softmax sees to."),
    _A("c", r"c = -\sum_{i=0}^n t_i (\log_b(a_i))", "value c"),
    _A("c-terms", rf"= -(t_0 \log_b(a_0^L) + {LOG_TERMS}", "value c",
       reading=lambda t, aL, ln_b: (-_logs(t, aL, 0, 2) + _logs(t, aL, 2)) / ln_b, expected="misprint",
       fault=lambda t, aL, ln_b: 2 * _logs(t, aL, 2) / ln_b,
       misprint=("(a_1^L)) +", "(a_1^L) +"),
       corrected=r"= -(t_0 \log_b(a_0^L) + t_1 \log_b(a_1^L) + \dots + t_n \log_b(a_n^L))",
       note="A parenthesis too many: as printed the minus ends after the second term. 2.2 has it right."),
    _A("dcda-partials", rf"{_d('c', a)} = {_column(_d('c', 'a_#^L'))}", "adjoint aL", expected="definition"),
    _A("dcda-sum", rf"{_d('c', 'a_i^L')} = -{_d('', 'a_i^L')} \sum_{{i=0}}^n t_i \log_b(a_i^L))", "adjoint aL",
       reading=lambda t, aL, ln_b: column(len(t), lambda j: -sum(
           t[i] * _delta(i, j) / (aL[i] * ln_b) for i in range(len(t))
       )),
       note="The i of the sum is not that of the derivative: \"where j is the element\", the text says before. The "
       "last parenthesis is one too many."),
    _A("dcda-terms", rf"= -{_d('', 'a_i^L')} (t_0 \log_b(a_0^L)) + {LOG_TERMS}", "adjoint aL",
       reading=lambda t, aL, ln_b: column(len(t), lambda j: (
           -t[0] * _delta(0, j) / aL[0] + _logs(t, aL, 1)
       ) / ln_b), expected="wrong",
       fault=lambda t, aL, ln_b: column(len(t), lambda j: (_logs(t, aL, 1) + (t[j] / aL[j] if j else 0)) / ln_b),
       corrected=rf"= -{_d('', 'a_j^L')} (t_0 \log_b(a_0^L) + t_1 \log_b(a_1^L) + \dots + t_n \log_b(a_n^L))",
       corrected_reading=lambda t, aL, ln_b: column(len(t), lambda j: -sum(
           t[i] * _delta(i, j) / aL[i] for i in range(len(t))
       ) / ln_b),
       note="A parenthesis too many after the first and after the second term: as printed the derivative ends after "
       "the first. And a_j is meant for a_i."),
    _A("other-terms", r"\text{Every term where } i \neq j \text{ will be } 0", "jacobian h a",
       reading=lambda t, y: matrix(len(t), len(t), lambda i, j: t[i] / (y[i] * LN_BASE) if i == j else 0.0),
       networks=(TERMS.name,), expected="conditional",
       condition=Condition("the a_i do not depend on one another", networks=(SHARES.name,)),
       corrected=_d(r"t_i \log_b(a_i)", "x_j") + rf" = {LN} \frac{{t_i}}{{a_i}} {_d('a_i', 'x_j')}",
       corrected_reading=lambda t, y, dyda: matrix(
           len(t), len(t), lambda i, j: t[i] / (y[i] * LN_BASE) * dyda[i, j]
       ),
       note="Row i is the term t_i log a_i, column j the variable. As functions of the a_j the terms are apart; "
       "outputs that sum to 1 are not independent, as functions of z none of the terms drops out."),
    _A("dcda-step1", rf"{_d('c', 'a_j^L')} = -{_d('', 'a_j^L')} t_j (\log_b(a_j))", "adjoint aL",
       reading=lambda t, aL, ln_b: column(len(t), lambda j: -(t[j] / aL[j]) / ln_b)),
    _A("dcda-step2", rf"= -t_j {_d('', 'a_j^L')} (\log_b(a_j^L))", "adjoint aL",
       reading=lambda t, aL, ln_b: column(len(t), lambda j: -t[j] * (1 / (aL[j] * ln_b)))),
    _A("dcda-step3", r"= -\frac{t_j}{a_j^L \ln(b)}", "adjoint aL"),
    _A("dcda-step4", rf"= -{LN} \frac{{t_j}}{{a_j^L}}", "adjoint aL"),
    _A("dcda-column", rf"{_d('c', a)} = -{LN} {T_OVER_A}", "adjoint aL"),
    _A("dcda", rf"= -{LN} \frac{{{t}}}{{{a}}}", "adjoint aL",
       note="The fraction of two columns is the Hadamard division, ⊘ in 2.2."),
]

ROW_A = r"a_0^L & a_1^L & \cdots & a_n^L"
ROWS_A = rf"\begin{{pmatrix}} {ROW_A} \\ {ROW_A} \\ \vdots & \vdots & \ddots & \vdots \\ {ROW_A} \end{{pmatrix}}"
FACTOR = rf"\begin{{pmatrix}} {ROW_A} \end{{pmatrix}}"
REMAINDER = _square("(1 - a_#^L)", "-a_'^L")
SHARE = _column(r"\frac{e^{z_#^L}}{\sum_{i=0}^n e^{z_i^L}}")
OFF = "off-diagonal h z"

APPENDIX_B = [
    _B("jacobian", rf"{_d(y, x)} = " + _outer(_d("y_'", "x_#")), "transposed zL aL_1",
       reading=lambda WL: matrix(WL.shape[1], WL.shape[0], lambda k, j: WL[j, k]), networks=(SMALL.name,),
       expected="conditional",
       condition=Condition("a Jacobian has a row for each variable and a column for each output",
                           quantity="jacobian zL aL_1"),
       corrected=rf"\left({_d(y, x)}\right)_{{jk}} = {_d('y_j', 'x_k')}",
       corrected_reading=lambda WL: _elements(WL, lambda j, k: WL[j, k]),
       note="The text uses two layouts. It defines this one, and has the other one, a row for each output, in dz/da "
       "= W (4, 5.1.2) and in the column of sums below. Tried with y = z^L and x = a^(L-1)."),
    _B("total", "f'(x, y) = f'(x) + f'(y)", "jacobian h s", reading=lambda dfdx, dfdy: dfdx + dfdy,
       networks=(RATE_1.name,), expected="conditional",
       condition=Condition("x and y both change at the rate 1, dx = dy = 1", networks=(RATE_2.name, OTHER_RATES.name)),
       corrected=rf"\mathrm{{d}}f = {_d('f', 'x')} \mathrm{{d}}x + {_d('f', 'y')} \mathrm{{d}}y",
       corrected_reading=lambda dfdx, dfdy, dx, dy: dfdx * dx + dfdy * dy,
       note="Each partial derivative is multiplied by the rate at which its variable changes; that x and y change at "
       "the same rate is not enough. The gradient is no sum at all but has an entry for each variable: from here comes "
       "the column of sums below."),
    _B("independence", rf"{_d('e^z', 'e^x')} = 0", "jacobian ez ex", networks=(INDEPENDENT.name,),
       expected="conditional", condition=Condition("z does not depend on x", networks=(DEPENDENT.name,)),
       corrected=rf"{_d('e^z', 'e^x')} = e^{{z - x}} {_d('z', 'x')}",
       corrected_reading=lambda ez, ex, dzdx: ez / ex * dzdx,
       note="Only for variables that do not depend on each other, as the z_j; tried besides with z = 2x."),
    _B("exp", "f(x) = e^x, \\quad f'(x) = e^x", "diagonal h x", networks=(EXP.name,)),
    _B("chain-rule", "c(z) = f(z) + g(z), \\quad c'(z) = f'(z) + g'(z)", "diagonal h z", networks=(SUM.name,),
       note=NOTE_SUM_RULE),
    _B("quotient-rule", r"q(z) = \frac{f(z)}{g(z)}, \quad q'(z) = \frac{g(z) f'(z) - f(z) g'(z)}{g(z)^2}",
       "diagonal h z", reading=lambda f, g, df, dg: (g * df - f * dg) / (g * g), networks=(QUOTIENT.name,)),
    _B("vector", r"f : \mathbb{R}^N \to \mathbb{R}^N", "shape value aL", reading=lambda zL: Strict([zL.shape]),
       networks=SOFTMAX),
    _B("softmax", rf"{a} = \frac{{e^{{{z}}}}}{{\sum_{{i=0}}^n e^{{z_i^L}}}}", "value aL", networks=SOFTMAX),
    _B("softmax-column", "= " + "z_n^L".join(SHARE.rsplit("z_i^L", 1)), "value aL", networks=SOFTMAX,
       expected="misprint", misprint=(r"\sum_{i=0}^n e^{z_n^L}", r"\sum_{i=0}^n e^{z_i^L}"),
       fault=lambda aL: column(len(aL), lambda j: 1 / len(aL) - aL[j] if j == len(aL) - 1 else 0),
       corrected=f"= {SHARE}",
       note="The sum in the last row runs over i, but z has the index n: as printed it is n + 1 times the same."),
    _B("jacobian-sums",
       f"{_d(A, Z)} = " + _column(rf"{_d('a_#', 'z_0')} + {_d('a_#', 'z_1')} + \dots + {_d('a_#', 'z_n')}"),
       "jacobian aL zL",
       networks=SOFTMAX, expected="ill-shaped", fault="the formula has the shape (5, 1), the engine's (5, 5)",
       corrected=rf"\left({_d(A, Z)}\right)_{{jk}} = {_d('a_j', 'z_k')}",
       corrected_reading=lambda JL: matrix(len(JL), len(JL), lambda j, k: JL[j, k]),
       note="The plus signs make a column of a matrix; of softmax it would even be 0, as the outputs always sum to 1. "
       "Without them it is the Jacobian, with a row for each output: not the layout that this appendix defines."),
    _B("a-element", r"a_j = S(z_j) = \frac{e^{z_j}}{\sum_{i=0}^n e^{z_i}}", "value h",
       note="S(z_j) is no function of z_j alone, though it is written so."),
    _B("a-quotient", r"= \frac{f(z_j)}{g(z_j)}", "value h"),
    _B("f", r"f(z_j) = e^{z_j}", "value f"),
    _B("f-same", rf"j = k: \quad {_d('f(z_j)', 'z_k')} = {_d('f(z_j)', 'z_j')} = e^{{z_j}}", "diagonal f z"),
    _B("f-other", rf"j \neq k: \quad {_d('f(z_j)', 'z_k')} = 0", "jacobian f z",
       reading=lambda f: matrix(len(f), len(f), lambda j, k: f[j] if j == k else 0),
       note="Tried as the whole matrix, together with the case j = k: zeros alone would tell nothing."),
    _B("g", r"g(z_j) = \sum_{i=0}^n e^{z_i}", "value g", reading=lambda z: _all(each(np.exp, z)),
       note="g has no j of its own: it is the same for all j, and depends on all z."),
    _B("g-terms", r"= e^{z_0} + e^{z_1} + \dots + e^{z_n}", "value g"),
    _B("cases", rf"{_d('f(z_i)', 'z')} \text{{ has two separate cases for when }} j = k \text{{ and }} j \neq k",
       "diagonal f z", reading=lambda dfdz: dfdz, expected="ill-shaped",
       fault="the formula has the shape (4, 4), the engine's (4, 1)",
       corrected=rf"{_d('f(z_j)', 'z_k')} \text{{ has two separate cases for when }} j = k \text{{ and }} j \neq k",
       corrected_reading=lambda f: f,
       note="By the column z all cases are there at once, as a string for each i: the indices j and k of the cases are "
       "missing. (Tried in the case j = k.)"),
    _B("dgdz", rf"{_d('g(z_j)', 'z_k')} = e^{{z_k}}", "transposed g z",
       reading=lambda z: column(len(z), lambda k: math.exp(z[k]))),
    _B("same-step1",
       rf"j = k: \quad {_d('a_j', 'z_k')} = {_d('a_j', 'z_j')} = {_d('S(z_j)', 'z_j')} = \frac{{g(z_j)\, e^{{z_j}} - "
       rf"e^{{z_j}} e^{{z_j}}}}{{g(z_j)^2}}",
       "diagonal h z"),
    _B("same-step2", r"= \frac{e^{z_j} (g(z_j) - e^{z_j})}{g(z_j)}", "diagonal h z", expected="misprint",
       fault=r"\frac{e^{z_j} (g(z_j) - e^{z_j})}{g(z_j)} - \frac{e^{z_j} (g(z_j) - e^{z_j})}{g(z_j)^2}",
       misprint=("{g(z_j)}", "{g(z_j)^2}"), corrected=r"= \frac{e^{z_j} (g(z_j) - e^{z_j})}{g(z_j)^2}",
       note="The square of the denominator is lost in this step alone; the next one has g twice."),
    _B("same-step3", r"= \frac{e^{z_j}}{g(z_j)} \frac{g(z_j) - e^{z_j}}{g(z_j)}", "diagonal h z"),
    _B("same-step4", r"= \frac{e^{z_j}}{g(z_j)} \left(\frac{g(z_j)}{g(z_j)} - \frac{e^{z_j}}{g(z_j)}\right)",
       "diagonal h z"),
    _B("same-step5", r"= S(z_j) (1 - S(z_j))", "diagonal h z"),
    _B("same-step6", r"= a_j (1 - a_j)", "diagonal h z"),
    _B("other-step1", rf"j \neq k: \quad {_d('a_j', 'z_k')} = {_d('S(z_j)', 'z_k')} = \frac{{g(z_j)\, 0 - e^{{z_j}} "
       rf"e^{{z_k}}}}{{g(z_j)^2}}", OFF),
    _B("other-step2", r"= \frac{-e^{z_j} e^{z_k}}{g(z_j)^2}", OFF),
    _B("other-step3", r"= \frac{-e^{z_j}}{g(z_j)} \frac{e^{z_k}}{g(z_j)}", OFF),
    _B("other-step4", r"= -S(z_j)\, S(z_k)", OFF),
    _B("other-step5", r"= -a_j a_k", OFF),
    _B("dadz", rf"{_d(a, z)} = {JACOBIAN}", "jacobian aL zL", networks=SOFTMAX),
    _B("identity", r"I_n \text{ is an identity matrix of size } n \times n", "jacobian zL zL",
       reading=lambda zL: identity(len(zL) - 1), networks=SOFTMAX, expected="ill-shaped",
       fault="the formula has the shape (4, 4), the engine's (5, 5)",
       corrected=r"I_n \text{ is an identity matrix of size } (n + 1) \times (n + 1)",
       corrected_reading=lambda zL: identity(len(zL)),
       note="n is the last index, and n + 1 the number of elements: the slip of \"n is the number of nodes\" "
       "(section 1)."),
    _B("factors", rf"= {FACTOR} {REMAINDER}", "jacobian aL zL", networks=SOFTMAX, expected="ill-shaped",
       fault="the formula has the shape (1, 5), the engine's (5, 5)",
       corrected=rf"= \operatorname{{diag}}({a}) \cdot {REMAINDER}",
       note="A string times a matrix is a string. Each row of the matrix is to be multiplied by its own a_j, which the "
       "diagonal matrix of a does."),
    _B("factors-I", rf"= {FACTOR} \left(I_n - {ROWS_A}\right)", "jacobian aL zL", networks=SOFTMAX,
       expected="ill-shaped", fault="the formula has the shape (1, 5), the engine's (5, 5)",
       corrected=rf"= \operatorname{{diag}}({a}) \cdot \left(I_n - \mathbf{{1}} \cdot ({a})^T\right)",
       note="Again a string where the diagonal matrix of a belongs; as printed all its elements are 0. (The scan "
       "mixes this line up with the one before; \"I_n is an identity matrix\" tells what it was. Its size is that of "
       "a, n + 1.)"),
    _B("delta", r"\delta_{jk} = \begin{cases} 1 & \text{if } j = k \\ 0 & \text{if } j \neq k \end{cases}",
       "jacobian zL zL", reading=lambda zL: matrix(len(zL), len(zL), _delta), networks=SOFTMAX, expected="definition"),
    _B("dadz-element", rf"{_d('a_j^L', 'z_k^L')} = a_j^L (\delta_{{jk}} - a_k^L)", "jacobian aL zL", networks=SOFTMAX),
]

sabine = Catalogue(
    name="sabine",
    title="Neural Network Mathematics, Fraser Sabine",
    sections={
        "1": "Notation",
        "2": "Loss and cost function",
        "2.1": "Squared error",
        "2.2": "Cross entropy",
        "3": "Activation function",
        "3.1": "Sigmoid",
        "3.2": "Softmax",
        "4": "Matrix weights",
        "5.1.1": "Sigmoid and squared error, element form",
        "5.1.2": "Sigmoid and squared error, matrix form",
        "5.2.1": "Softmax and cross entropy, element form",
        "5.2.2": "Softmax and cross entropy, matrix form",
        "A": "Cross entropy derivation",
        "B": "Softmax derivation",
    },
    networks=(
        DIGITS, DIGITS_ONE_HOT, DIGITS_SHARES, DIGITS_ANY, SMALL, MEAN, MEAN_SQUARED, TANH, RELU, LOG_SOFTMAX,
        SMALL_SHARES, SMALL_ANY, HADAMARD_PRODUCT, HADAMARD_DIVISION, DOT, LOG, EXP, SUM, QUOTIENT, RATE_1, RATE_2,
        OTHER_RATES, INDEPENDENT, DEPENDENT, SPELLED, TERMS, SHARES,
    ),
    names=names,
    notation=Notation(
        {x: x for x in "abcefgnqStWxz"} | {"w": "W", "B": "b", r"\sigma": "f", r"\delta": "δ"}, layers_above=True,
        spelled=[
            # columns begin with element 0
            (r"\\sum _ \{ (\w) = 1 \} \^ n (\w) _ \1", r"( \\sum _ { \1 = 0 } ^ n \2 _ \1 - \2 _ 0 )"),
            (r"∂ (?:S|\\sigma) \( z((?: [_^] \w)*) \)", r"∂ a\1"),
        ],
        given=given,
    ),
    entries=[
        *NOTATION, *COST, *ACTIVATIONS, *WEIGHTS, *SQUARED_ERROR_ELEMENTS, *SQUARED_ERROR, *CROSS_ENTROPY_ELEMENTS,
        *CROSS_ENTROPY, *APPENDIX_A, *APPENDIX_B,
    ],
)
