r"""N. M. Mishachev, "Backpropagation in Matrix Notation": the catalogue of its formulas.

What is printed is read by `tinygrad_edu.documents.reading`; an entry has a reading of its own where that cannot.
In the readings ``S2`` is the column Σ_2 = Σ_2(N_2) of values, ``Sigma2`` the column Σ_2 of functions, ``dS2`` the
column Σ′_2 of derivatives, ``X`` the input, ``W2`` a matrix, ``D2`` the true Δ_2, that is ∇f by N_2, and ``gS2`` the
true ∇f by Σ_2. Layers are counted from the first (``W2``), from the last (``Wk``, ``Wk_1``) or from layer r (``Wr``,
``Wr1``, ``Wr_1``). ``% * @`` are the products • ∘ ·, which act from the left to the right, and ``&`` is ⊗.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .entry import Catalogue, Condition, Entry, Section
from .models import STEP, Network, Numbers, Quantities, Setting, SmallProgram, partials
from .strict import Array, Maps, Strict, column, matrix, side_by_side, stack
from .syntax import Notation

# --- what the formulas are tried on ----------------------------------------------------------------------------------

# Unlike widths, and within each column Σ_i functions that differ: one derivative for all of them would be noticed.
DEEP = (
    Network("mishachev-k1", (4, 1), (("tanh",),)),
    Network("mishachev-k2", (4, 3, 1), (("sigmoid", "tanh", "identity"), ("sin",))),
    Network("mishachev-k3", (4, 3, 5, 1), (
        ("tanh", "softplus", "sin"), ("identity", "sigmoid", "tanh", "sin", "softplus"), ("sigmoid",),
    )),
    Network("mishachev-k4", (4, 3, 5, 2, 1), (
        ("sin", "tanh", "sigmoid"), ("softplus", "identity", "tanh", "sigmoid", "sin"), ("tanh", "identity"),
        ("softplus",),
    )),
    Network("mishachev-k5", (4, 3, 5, 2, 6, 1), (
        ("sigmoid", "identity", "tanh"), ("tanh", "sin", "softplus", "sigmoid", "identity"), ("sin", "softplus"),
        ("softplus", "tanh", "identity", "sin", "sigmoid", "tanh"), ("identity",),
    )),
)  # fmt: skip
K1, K2, K3, K4, K5 = (network.name for network in DEEP)
ALL_K = (K1, K2, K3, K4, K5)
LINE = Network("mishachev-line", (1, 1, 1, 1, 1), ("sin", "softplus", "tanh", "sigmoid"))  # one-dimensional, k = 4
LONGER_LINE = Network("mishachev-line-k5", (1,) * 6, ("tanh", "sigmoid", "sin", "softplus", "tanh"))
LINEAR = Network("mishachev-linear", (4, 1), ("identity",))
THREE = (("tanh", "sin", "sigmoid"), ("sin", "softplus", "identity", "tanh", "sigmoid"))
BATCH = Network("mishachev-batch", (4, 3, 5, 1), (*THREE, ("tanh",)), batch=7)
OUTPUTS = Network("mishachev-outputs", (4, 3, 5, 2), (*THREE, ("tanh", "sin")))
COST = dataclasses.replace(OUTPUTS, name="mishachev-cost", cost="squared_error", targets="any", batch=7)
COLUMN = dataclasses.replace(COST, name="mishachev-cost-column", batch=1)
STRING_COLUMN = SmallProgram(
    "mishachev-string-column",
    lambda rng: {"A": rng.normal(size=(1, 4)), "B": rng.normal(size=(4, 1))},
    lambda A, B: {},
)


def homogeneous(Ws: Sequence[ArrayLike], bs: Sequence[ArrayLike]) -> list[Array]:
    r"""Embed an affine network into a homogeneous one, by (a), (b), (c) of section 3.

    A layer ``W_i a + b_i`` becomes the matrix ``[[W_i, b_i], [0, 1]]`` for i < k and ``[W_k, b_k]`` for the last one.
    The homogeneous network takes the input with a 1 below it (a), the last rows carry that 1 on (b), and the last
    function of each hidden column has to be the identity (c).

    Parameters
    ----------
    Ws : sequence of array_like
        The matrices, n_i x n_(i-1).
    bs : sequence of array_like
        The biases, (n_i, 1) or (n_i,).

    Returns
    -------
    list of ndarray
        The matrices of the homogeneous network, float64.

    Raises
    ------
    ValueError
        If there is not one bias for each row, or a matrix does not fit the one before.

    Examples
    --------
    >>> first, last = homogeneous([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0]]], [[7.0, 8.0], [9.0]])
    >>> first
    array([[1., 2., 7.],
           [3., 4., 8.],
           [0., 0., 1.]])
    >>> last
    array([[5., 6., 9.]])
    """
    try:
        matrices, columns = ([np.asarray(x, dtype=np.float64) for x in group] for group in (Ws, bs))
    except ValueError:
        raise ValueError("homogeneous: expected a list of matrices and one of biases, of real numbers") from None
    if len(matrices) != len(columns) or not matrices:
        raise ValueError(f"homogeneous: one bias column for each matrix, not {len(columns)} for {len(matrices)}")
    for i, (W, b) in enumerate(zip(matrices, columns, strict=True), 1):
        if W.ndim != 2 or b.shape not in ((len(W), 1), (len(W),)):
            raise ValueError(f"homogeneous: W{i} of {W.shape} and b{i} of {b.shape}: a matrix and a bias for each row")
        if i > 1 and W.shape[1] != len(matrices[i - 2]):
            raise ValueError(
                f"homogeneous: W{i} of {W.shape} after W{i - 1} of {matrices[i - 2].shape}: "
                f"{W.shape[1]} columns, {len(matrices[i - 2])} rows"
            )
    embedded = [np.hstack([W, b.reshape(-1, 1)]) for W, b in zip(matrices, columns, strict=True)]
    return [np.vstack([W, np.eye(1, W.shape[1], W.shape[1] - 1)]) for W in embedded[:-1]] + embedded[-1:]


@dataclass(frozen=True)
class Affine(Network):
    """A network with biases, and beside it the homogeneous network that it is embedded in: H1, ... and X1."""

    def quantities(self, numbers: Numbers) -> Quantities:
        """Those of the network, the embedded matrices Hi, their columns of functions Fi, and the input with a 1."""
        own = super().quantities(numbers)
        embedded = {f"H{i}": H for i, H in enumerate(homogeneous(numbers.W, numbers.b), 1)}
        functions = {f"F{i}": with_formal_neuron(own.fixed[f"f{i}"], i < self.depth) for i in range(1, self.depth + 1)}
        X1 = np.vstack([numbers.X, np.ones((1, self.batch))])
        here = {"Hr": embedded[f"H{self.layer}"]} if self.layer else {}
        return Quantities({**own.fixed, **embedded, **functions, **here}, {**own.columns, "X1": X1}, self.batch)


def with_formal_neuron(functions: Any, hidden: bool) -> Maps:
    """A column of functions, in a hidden layer with the identity below."""
    return Maps([*functions.functions, *[np.copy] * hidden])


@dataclass(frozen=True)
class Homogeneous(Network):
    """A homogeneous network by (a), (b), (c) of section 3, or with one of them broken; its last neurons are formal."""

    broken: str = ""

    def numbers(self, seed: int) -> Numbers:
        """Those of an affine network one neuron narrower, embedded."""
        widths = (*(n - 1 for n in self.widths[:-1]), self.widths[-1])
        affine = dataclasses.replace(self, widths=widths, biases=True)
        numbers = Network.numbers(affine, seed)
        Ws = homogeneous(numbers.W, numbers.b)
        X = np.vstack([numbers.X, np.full((1, self.batch), 2.0 if self.broken == "a" else 1.0)])
        if self.broken == "b":
            Ws[0][-1] = np.linspace(0.5, 1.5, self.widths[0])
        return numbers._replace(W=Ws, b=[np.zeros((n, 1)) for n in self.widths[1:]], X=X)

    def quantities(self, numbers: Numbers) -> Quantities:
        """Besides those of the network: the genuine blocks Ai, bi, functions Gi, the input x, formal neurons pi."""
        own = super().quantities(numbers)
        blocks: dict[str, Any] = {"x": numbers.X[:-1], "p0": float(numbers.X[-1, 0])}
        for i, H in enumerate(numbers.W, 1):
            last = len(H) - (i < self.depth)  # of the genuine rows
            functions: Any = own.fixed[f"f{i}"]
            blocks |= {f"A{i}": H[:last, :-1], f"B{i}": H[:last, -1:], f"G{i}": Maps(functions.functions[:last]),
                       f"p{i}": float(own.columns[f"a{i}"][-1, 0])}  # fmt: skip
        return Quantities({**own.fixed, **blocks}, own.columns, self.batch)


AFFINE = Affine("mishachev-affine", (3, 4, 2, 1), (
    ("tanh", "sin", "sigmoid", "softplus"), ("sin", "tanh"), ("sigmoid",),
), biases=True)  # fmt: skip
REGRESSION = Affine("mishachev-regression", (4, 1), ("identity",), biases=True)
HOMOGENEOUS = Homogeneous("mishachev-homogeneous", (4, 5, 3, 1), (
    ("tanh", "sin", "sigmoid", "softplus", "identity"), ("sin", "tanh", "identity"), ("sigmoid",),
))  # fmt: skip
WITHOUT_A, WITHOUT_B = (dataclasses.replace(HOMOGENEOUS, name=f"{HOMOGENEOUS.name}-{x}", broken=x) for x in "ab")
WITHOUT_C = dataclasses.replace(HOMOGENEOUS, name=f"{HOMOGENEOUS.name}-c", activations=(
    ("tanh", "sin", "sigmoid", "softplus", "tanh"), ("sin", "tanh", "identity"), ("sigmoid",),
))  # fmt: skip


@dataclass(frozen=True)
class Slopes(Network):
    """A network with the slopes of its first column from the left and from the right; perhaps its first N is at 0."""

    kink: bool = False

    def numbers(self, seed: int) -> Numbers:
        """Those of the network, with one neuron's weights at 0."""
        numbers = super().numbers(seed)
        numbers.W[0][0] *= not self.kink
        return numbers

    def quantities(self, numbers: Numbers) -> Quantities:
        """Besides those of the network: left1 and right1."""
        own = super().quantities(numbers)
        z = own.columns["z1"]
        sides = {"left1": z - STEP, "right1": z + STEP}
        slopes = {name: np.einsum("jjb->jb", partials(lambda z: self.activate(1, z), x)) for name, x in sides.items()}
        return Quantities(own.fixed, {**own.columns, **slopes}, self.batch)


SMOOTH = Slopes("mishachev-piecewise", (4, 3, 1), (("relu", "tanh", "relu"), ("sin",)))
KINK = dataclasses.replace(SMOOTH, name="mishachev-kink", kink=True)


def at(network: Network) -> list[Network]:
    """The network once for each layer, for formulas that hold at any."""
    return [dataclasses.replace(network, name=f"{network.name}-layer{r}", layer=r) for r in range(1, network.depth + 1)]


K4_AT, LINE_AT, AFFINE_AT, HOMOGENEOUS_AT, COST_AT = map(at, (DEEP[3], LINE, AFFINE, HOMOGENEOUS, COST))
R1, R2, R3, R4 = (network.name for network in K4_AT)
L1, L2, L3, L4 = (network.name for network in LINE_AT)
A1, A2, A3 = (network.name for network in AFFINE_AT)
H1, H2, _ = (network.name for network in HOMOGENEOUS_AT)

SYMBOLS = {
    "S": "a", "N": "z", "W": "W", "b": "b", "n": "n", "Sigma": "f", "dS": "dadz", "D": "dcdz", "gS": "dcda",
    "gW": "dcdW", "dSdW": "dadW", "dSdS": "step",
}  # of the paper, and the networks' own  # fmt: skip


def names(network: Setting) -> Mapping[str, str]:
    """The paper's names: layers from the first, from the last, from layer r."""
    if not isinstance(network, Network):
        return {}
    k, r = network.depth, network.layer
    indices = {str(i): i for i in range(k + 1)} | {"k": k, "k_1": k - 1, "k_2": k - 2, "k_3": k - 3}
    indices |= {"r": r, "r1": r + 1, "r_1": r - 1} if r else {}
    return {"X": "a0", "f": "c"} | {
        f"{symbol}{index}": f"{own}{i}" for symbol, own in SYMBOLS.items() for index, i in indices.items()
    }


# --- the formulas ----------------------------------------------------------------------------------------------------

_2 = Section("mishachev", "2", K4)
_3 = Section("mishachev", "3", HOMOGENEOUS.name)
_4 = Section("mishachev", "4", LINE.name)
_5 = Section("mishachev", "5", K4)
_6 = Section("mishachev", "6", R1, R2, R3, R4)
_beyond = Section("mishachev", "beyond", COST.name)

NOTE_K = "In section 2 the last index is n; k is the number of layers, and no number of coordinates."

NETWORK_FUNCTIONS = [
    _2("hadamard", r"A \circ B \text{ is the component-wise product of matrices of the same dimension}", "adjoint Nr",
       reading=lambda gSr, dSr: column(len(gSr), lambda i: gSr[i] * dSr[i]), networks=(R1, R2, R3, R4),
       note="Tried with ∇f by Σ_i and Σ′_i, whose product is Δ_i."),
    _2("Sigma", r"\Sigma(X) = \Sigma([x_1, \dots, x_n]^T) = [\sigma_1(x_1), \dots, \sigma_k(x_n)]^T", "value S2",
       reading=lambda Sigma2, N2, k: column(len(N2), lambda i: Sigma2[i if i < len(N2) - 1 else int(k) - 1](N2[i])),
       networks=(K3, K4), expected="misprint", misprint=(r"\sigma_k(x_n)", r"\sigma_n(x_n)"),
       corrected=r"\Sigma(X) = \Sigma([x_1, \dots, x_n]^T) = [\sigma_1(x_1), \dots, \sigma_n(x_n)]^T",
       corrected_reading=lambda Sigma2, N2: column(len(N2), lambda i: Sigma2[i](N2[i])),
       fault=lambda Sigma2, N2, k: column(len(N2), lambda i: (
           Sigma2[int(k) - 1](N2[i]) - Sigma2[i](N2[i]) if i == len(N2) - 1 else 0
       )),
       note="The last coordinate has the last function, which is σ_n. " + NOTE_K),
    _2("Sigma-column", r"\Sigma = [\sigma_1, \dots, \sigma_k]^T, \quad X = [x_1, \dots, x_n]^T", "value S2",
       reading=lambda Sigma2, N2, k: Maps([Sigma2[i] for i in range(int(k))]) * N2, networks=(K3, K4),
       expected="ill-shaped", corrected=r"\Sigma = [\sigma_1, \dots, \sigma_n]^T, \quad X = [x_1, \dots, x_n]^T",
       corrected_reading=lambda Sigma2, N2: Sigma2 * N2, fault="Σ ∘ x of 3 functions and (5, 1)",
       note="Again σ_n: a column of k functions does not fit one of n coordinates. " + NOTE_K),
    _2("operator", r"\Sigma(X) = \Sigma \circ X", "value S2", reading=lambda Sigma2, N2: Sigma2 * N2,
       networks=(K3, K4, K5),
       note="The operator's Hadamard product: each function of the column acts on its own coordinate, so functions "
       "that differ within one column are no special case."),
    _2("map", r"f : \mathbb{R}^n \to \mathbb{R}^1", "rows X f", reading=lambda n0: Strict([[n0], [1.0]]),
       networks=ALL_K, expected="definition"),
    _2("composition",
       r"f : \mathbb{R}^n \xrightarrow{W_1} \mathbb{R}^{n_1} \xrightarrow{\Sigma_1} \mathbb{R}^{n_1} \xrightarrow{W_2} "
       r"\mathbb{R}^{n_2} \xrightarrow{\Sigma_2} \mathbb{R}^{n_2} \xrightarrow{W_3} \dots \xrightarrow{W_{k-1}} "
       r"\mathbb{R}^{n_{k-1}} \xrightarrow{\Sigma_{k-1}} \mathbb{R}^{n_{k-1}} \xrightarrow{W_k} \mathbb{R}^1 "
       r"\xrightarrow{\Sigma_k} \mathbb{R}^1", "value f",
       reading=lambda k, X, **q: functools.reduce(lambda a, i: q[f"Sigma{i}"](q[f"W{i}"] @ a), range(1, int(k) + 1), X),
       networks=ALL_K),
    _2("Sigma-i", r"\Sigma_i = [\sigma_{i1}, \dots, \sigma_{in_i}]^T", "value Sr",
       reading=lambda Sigmar, Nr, nr: column(int(nr), lambda j: Sigmar[j](Nr[j])), networks=(R1, R2, R3, R4)),
    _2("piecewise", r"\sigma_{ij} \text{ are arbitrary piece-wise differentiable functions}", "adjoint N1",
       reading=lambda gS1, right1: gS1 * right1, networks=(SMOOTH.name,), expected="conditional",
       condition=Condition("no N_i meets a kink", networks=(KINK.name,)),
       corrected=r"\text{At a kink, where } \sigma' \text{ from the left and from the right differ, one has to be "
       r"chosen}",
       corrected_reading=lambda gS1, left1: gS1 * left1,
       note="At a kink there is no derivative, and the gradient of f is a matter of choice: ReLU has the slopes 0 "
       "and 1 at 0, of which the engine takes 0, the one from the left. The reading takes the one from the right."),
    _2("sigma-k", r"\Sigma_k = [\sigma_{k1}]^T = \sigma_k", "value f",
       reading=lambda Sigmak, Nk: Strict([[Sigmak[0](Nk[0])]]), networks=ALL_K),
    _2("nested",
       r"f(X) = f(X; W) = \Sigma_k(W_k \cdot \Sigma_{k-1}(W_{k-1} \cdot \Sigma_{k-2} \cdots \Sigma_2(W_2 \cdot "
       r"\Sigma_1(W_1 \cdot X)) \dots))", "value f"),
    _2("product",
       r"f(X) = f(X; W) = \Sigma_k \circ W_k \cdot \Sigma_{k-1} \circ W_{k-1} \cdot \Sigma_{k-2} \cdots \Sigma_2 "
       r"\circ W_2 \cdot \Sigma_1 \circ W_1 \cdot X", "value f", order="right",
       note="The actions go from the right to the left here, and from the left to the right in (3)."),
    _2("parameters", r"W = (W_k, \dots, W_1), \quad W_i \text{ is } n_i \times n_{i-1}, \quad n_k = 1, \ n_0 = n",
       "shape value Wr", reading=lambda nr, nr_1: Strict([[nr, nr_1]]), networks=(R1, R2, R3, R4)),
    _2("N1", r"N_1(X) = W_1 \cdot X", "value N1", networks=ALL_K),
    _2("N", r"N_{i+1}(X) = W_{i+1} \cdot \Sigma_i(N_i(X))", "value Nr1", networks=(R1, R2, R3)),
    _2("braces",
       r"f(X; W) = \Sigma_k(W_k \cdot \Sigma_{k-1}(W_{k-1} \cdot \Sigma_{k-2} \cdots \Sigma_2(W_2 \cdot "
       r"\Sigma_1(\underbrace{W_1 \cdot X}_{N_1}))) \dots)), \quad N_{k-1} = W_{k-1} \cdot \Sigma_{k-2} \cdots, \ "
       r"N_k = W_k \cdot \Sigma_{k-1}(N_{k-1})", "value f",
       reading=lambda Sigmak, Wk, Sigmak_1, Nk_1: Sigmak(Wk @ Sigmak_1(Nk_1)), networks=(K2, K3, K4, K5),
       note="The braces of N_(k-1) and N_k, which the scan has lost, are written as equations here; one closing "
       "parenthesis after W_1 · X is too many."),
    _2("f-of-Nk", r"f(X; W) = \Sigma_k(N_k)", "value f", networks=ALL_K),
    _2("f-of-Nk_1", r"f(X; W) = \Sigma_k(W_k \cdot \Sigma_{k-1}(N_{k-1}))", "value f", networks=(K2, K3, K4, K5)),
    _2("columns", r"N_k, \dots, N_1 \text{ are columns of dimensions } n_k, \dots, n_1", "shape value Nr",
       reading=lambda nr: Strict([[nr, 1.0]]), networks=(R1, R2, R3, R4)),
    _2("linear", r"k = 1, \ \Sigma_k = \mathrm{id}: \quad f(X) = W_1 \cdot X", "value f", networks=(LINEAR.name,),
       note="Linear in W as well: that \"the adjustable parameters enter the neural network non-linearly\" (section "
       "1) is not meant for this case."),
]

GENERAL_FORM = r"\Sigma_3(A_3 \cdot \Sigma_2(A_2 \cdot \Sigma_1(A_1 \cdot x + p_0 b_1) + p_1 b_2) + p_2 b_3)"
NOTE_FORMAL = (
    "In general p_i is the value of the last, formal neuron of layer i (p_0 that of the input), and b_(i+1), the last "
    "column of W_(i+1), counts p_i times. "
)


def _with_formal_neurons(x: Strict, **q: Any) -> Strict:
    a = x
    for i in (1, 2, 3):
        a = q[f"G{i}"](q[f"A{i}"] @ a + q[f"p{i - 1}"] * q[f"B{i}"])
    return a


def _affine(**q: Any) -> Strict:
    """What (a), (b), (c) are for, as then p_i = 1: Σ_3(A_3 · Σ_2(A_2 · Σ_1(A_1 · x + b_1) + b_2) + b_3)."""
    return _with_formal_neurons(**{**q, "p0": 1.0, "p1": 1.0, "p2": 1.0})


def _needed(name: str, printed: str, broken: Network, condition: str, note: str) -> Entry:
    """(a), (b) or (c): with all three the network is affine, with one broken it is not."""
    return _3(
        name, printed, "value f", reading=_affine, expected="conditional",
        condition=Condition(condition, networks=(broken.name,)), corrected=rf"f(X) = {GENERAL_FORM}",
        corrected_reading=_with_formal_neurons, note=note,
    )


AFFINE_NETWORKS = [
    _3("layers",
       r"\text{The number of hidden layers is } k - 1, \text{ the } i\text{-th contains } n_i "
       r"\text{ neurons}", "rows S1 S2 S3", reading=lambda k, **q: column(int(k) - 1, lambda i: q[f"n{i + 1}"]),
       networks=(K4,)),
    _3("reference", r"\text{The network function of the form } (1)", "value f",
       reading=lambda dS4, W4, dS3, W3, dS2, W2, dS1, X: dS4 * W4 * dS3 * W3 * dS2 * W2 * dS1 * X,
       networks=(LINE.name,), expected="misprint",
       misprint=("(1)", r"\Sigma_k(W_k \cdot \Sigma_{k-1} \cdots \Sigma_1(W_1 \cdot X))"),
       corrected=r"\text{The network function of the form } \Sigma_k(W_k \cdot \Sigma_{k-1} \cdots \Sigma_1(W_1 "
       r"\cdot X))",
       corrected_reading=lambda X, W1, W2, W3, W4, Sigma1, Sigma2, Sigma3, Sigma4: (
           Sigma4(W4 @ Sigma3(W3 @ Sigma2(W2 @ Sigma1(W1 @ X))))
       ),
       fault=lambda gW1, f: gW1 - f,
       note="(1) is the gradient of the next section (its last row is the literal reading here); the formula that "
       "is meant, in section 2, has no number."),
    _3("equivalent",
       r"\Sigma_k(W_k \cdot \Sigma_{k-1} \cdots \Sigma_1(W_1 \cdot X)) \text{ with (a), (b), (c) is an affine "
       r"network}", "value f", reading=lambda X1, H1, H2, H3, F1, F2, F3: F3(H3 @ F2(H2 @ F1(H1 @ X1))),
       networks=(AFFINE.name,),
       note="The engine has the affine network with biases, the reading the homogeneous one; the values are the "
       "same."),
    _needed("a", r"\text{all input vectors have the form } X = [x_1, \dots, x_{n-1}, 1]^T", WITHOUT_A,
            "the last element of every input is 1",
            NOTE_FORMAL + "(a) puts the 1 in: with another number there the biases of the first layer, and of all "
            "that (b) and (c) carry it to, are multiplied by it."),
    _needed("b", r"\text{the last rows of all matrices } W_i \text{ with } i < k \text{ have the form } [0, \dots, "
            r"0, 1]",
            WITHOUT_B,
            "the last row of W_i is [0, ..., 0, 1] for i < k",
            "(b) carries the 1 through the matrices; with another row the biases of the next layer depend on the "
            "input: see 3-a for the general form."),
    _needed("c", r"\text{the last functions } \sigma_{in_i} \text{ in the columns } \Sigma_i \text{ with } i < k "
            r"\text{ are identical}", WITHOUT_C,
            "the last function of Σ_i leaves 1 as it is, as the identity does, for i < k",
            "(c) carries the 1 through the activations; tanh, say, makes 0.76 of it. \"Identical\" means the identity, "
            "not that the functions are equal to one another. (With (a), (b), (c) the network is tried as the affine "
            "one, for k = 3.)"),
    _3("dimensions",
       r"\text{The affine network has an } (n - 1)\text{-dimensional input and } n_i - 1 "
       r"\text{ genuine neurons in layer } i", "rows X S1 S2",
       reading=lambda H1, H2: Strict([[H1.shape[1] - 1.0], [H1.shape[0] - 1.0], [H2.shape[0] - 1.0]]),
       networks=(AFFINE.name,)),
    _3("biases", r"b_i \text{ is the last column of } W_i \text{ except the last element}", "value br",
       reading=lambda Hr: column(len(Hr) - 1, lambda j: Hr[j, Hr.shape[1] - 1]), networks=(A1, A2),
       expected="conditional", condition=Condition("i < k", networks=(A3,)),
       corrected=r"b_i \text{ is the last column of } W_i, \text{ for } i < k \text{ without its last element}",
       corrected_reading=lambda Hr, nr: column(int(nr), lambda j: Hr[j, Hr.shape[1] - 1]),
       note="W_k has no last row [0, ..., 0, 1]: its last column is one element, and that is the bias of the "
       "output. Without it nothing would be left."),
    _3("regression",
       r"k = 1, \ \sigma_1 = \mathrm{id}: \quad W_1 \cdot [x_1, \dots, x_{n-1}, 1]^T \text{ is a "
       r"non-homogeneous regression}", "value f", reading=lambda H1, X1: H1 @ X1, networks=(REGRESSION.name,)),
]

ONE_DIMENSIONAL = [
    _4("f",
       r"f(x) = f(x; W) = \sigma_k(w_k \sigma_{k-1}(w_{k-1} \sigma_{k-2}(w_{k-2} \sigma_{k-3} \dots \sigma_2(w_2 "
       r"\sigma_1(w_1 x)) \dots)))", "value f", networks=(LONGER_LINE.name,)),
    _4("gradient", r"\nabla_W f = (\nabla_{w_k} f, \nabla_{w_{k-1}} f, \nabla_{w_{k-2}} f, \dots, \nabla_{w_1} f)",
       "gradient W4 W3 W2 W1",
       reading=lambda gW4, gW3, gW2, gW1: side_by_side([gW4, gW3, gW2, gW1]),
       note="From the last layer to the first, as the parameter vector W = (W_k, ..., W_1) of section 2."),
    _4("eq1-wk", r"\nabla_{w_k} f = \sigma'_k(N_k)\, \sigma_{k-1}(N_{k-1})", "gradient Wk"),
    _4("eq1-wk_1", r"\nabla_{w_{k-1}} f = \sigma'_k(N_k) w_k\, \sigma'_{k-1}(N_{k-1})\, \sigma_{k-2}(N_{k-2})",
       "gradient Wk_1"),
    _4("eq1-wk_2",
       r"\nabla_{w_{k-2}} f = \sigma'_k(N_k) w_k\, \sigma'_{k-1}(N_{k-1}) w_{k-1}\, \sigma'_{k-2}(N_{k-2})\, "
       r"\sigma_{k-3}(N_{k-3})", "gradient Wk_2"),
    _4("eq1-w1",
       r"\nabla_{w_1} f = \sigma'_k(N_k) w_k\, \sigma'_{k-1}(N_{k-1}) w_{k-1}\, \sigma'_{k-2}(N_{k-2}) w_{k-2} "
       r"\dots \sigma'_1(N_1)\, x", "gradient W1"),
    _4("eq2-wk", r"\nabla_{w_k} f = \sigma'_k \sigma_{k-1}", "gradient Wk"),
    _4("eq2-wk_1", r"\nabla_{w_{k-1}} f = \sigma'_k w_k\, \sigma'_{k-1} \sigma_{k-2}", "gradient Wk_1"),
    _4("eq2-wk_2", r"\nabla_{w_{k-2}} f = \sigma'_k w_k\, \sigma'_{k-1} w_{k-1}\, \sigma'_{k-2} \sigma_{k-3}",
       "gradient Wk_2"),
    _4("eq2-w1",
       r"\nabla_{w_1} f = \sigma'_k w_k\, \sigma'_{k-1} w_{k-1}\, \sigma'_{k-2} w_{k-2} \dots \sigma'_2 w_2\, "
       r"\sigma'_1 x", "gradient W1"),
    _4("Delta", r"\Delta_i = \Delta_{i+1} w_{i+1} \sigma'_i", "adjoint Nr", networks=(L1, L2, L3)),
    _4("Delta-start", r"\Delta_k = \Delta_{k+1} w_{k+1} \sigma'_k, \quad \Delta_{k+1} = w_{k+1} = 1", "adjoint Nk"),
    _4("gradient-Delta", r"\nabla_{w_i} f = \Delta_i \sigma_{i-1}", "gradient Wr", networks=(L2, L3, L4)),
    _4("sigma-0", r"\nabla_{w_1} f = \Delta_1 \sigma_0, \quad \sigma_0 = x", "gradient W1"),
]


EQ3_WK_2 = (
    r"\nabla_{W_{k-2}} f = \underbrace{\Sigma'_k \bullet W_k^T}_{\circ} \underbrace{\Sigma'_{k-1} \bullet "
    r"W_{k-1}^T}_{\circ} \overbrace{\Sigma'_{k-2} \cdot \Sigma_{k-3}^T}"
)
EQ4_WK_2 = (
    r"\nabla_{W_{k-2}} f = \overbrace{\Sigma_{k-3}^T \otimes \Sigma'_{k-2}} \circ \underbrace{W_{k-1}^T \cdot "
    r"\Sigma'_{k-1}} \circ \underbrace{W_k^T \cdot \Sigma'_k}"
)
EQ5_WK_2 = (
    r"\nabla_{W_{k-2}} f = \Sigma_{k-3}^T \otimes (\widehat{\Sigma}'_{k-2} \cdot W_{k-1}^T \cdot "
    r"\widehat{\Sigma}'_{k-1} \cdot W_k^T \cdot \widehat{\Sigma}'_k)"
)
FROM_THE_LEFT = (
    r"\nabla_{W_{k-2}} f = ((W_{k-1}^T \cdot ((W_k^T \cdot \Sigma'_k) \circ \Sigma'_{k-1})) \circ \Sigma'_{k-2}) "
    r"\cdot \Sigma_{k-3}^T"
)

MATRICES = [
    _5("shape", r"\nabla_{W_i} f \text{ is an } n_i \times n_{i-1} \text{ matrix}", "shape gradient Wr",
       reading=lambda nr, nr_1: Strict([[nr, nr_1]]), networks=(R1, R2, R3, R4)),
    _5("dot", r"A \cdot B \text{ is the usual column-by-row product}", "gradient Wr",
       reading=lambda Dr, Sr_1: matrix(len(Dr), len(Sr_1), lambda i, j: Dr[i] * Sr_1[j]), networks=(R1, R2, R3, R4),
       note="Tried with the column Δ_i and the string Σ_(i-1)ᵀ. Of a string and a column it is the scalar product."),
    _5("bullet", r"A \bullet B = B \cdot A", "adjoint Sr", reading=lambda Dr1, Wr1: Dr1 % Wr1.T, networks=(R1, R2, R3),
       note="Tried with the column A = Δ_(i+1) and the matrix B = W_(i+1)ᵀ, whose product is ∇f by Σ_i."),
    _5("eq3-Wk", r"\nabla_{W_k} f = \Sigma'_k \cdot \Sigma_{k-1}^T", "gradient Wk", networks=ALL_K),
    _5("eq3-Wk_1",
       r"\nabla_{W_{k-1}} f = \underbrace{\Sigma'_k \bullet W_k^T}_{\circ} \overbrace{\Sigma'_{k-1} \cdot "
       r"\Sigma_{k-2}^T}", "gradient Wk_1", networks=(K2, K3, K4, K5)),
    _5("eq3-Wk_2", EQ3_WK_2, "gradient Wk_2", networks=(K3, K4, K5)),
    _5("eq3-W1",
       r"\nabla_{W_1} f = \underbrace{\Sigma'_k \bullet W_k^T}_{\circ} \underbrace{\Sigma'_{k-1} \bullet "
       r"W_{k-1}^T}_{\circ} \underbrace{\Sigma'_{k-2} \bullet W_{k-2}^T}_{\circ} \dots \underbrace{\Sigma'_2 \bullet "
       r"W_2^T}_{\circ} \overbrace{\Sigma'_1 \cdot X^T}", "gradient W1", networks=(K4, K5),
       note="For k up to 3 this is one of the rows above. The braces only show the period (remark 1), but the ∘ under "
       "them are factors of the formula."),
    _5("r1", rf"\text{{The actions order in }} (3) \text{{ is from the left to the right}}: \quad {EQ3_WK_2}",
       "gradient Wk_2", networks=(K3, K4, K5), expected="conditional",
       condition=Condition("the products act from the left to the right", order="right"), corrected=FROM_THE_LEFT,
       note="From the right to the left it does not type-check, nor does it by the usual precedence, · before ∘: "
       "then the string Σᵀ would be multiplied too early."),
    _5("r2", r"\Sigma'_k \bullet W_k^T = \Sigma'_k \cdot W_k^T", "adjoint Sk_1", networks=(K2, K3, K4, K5),
       note="Right because Σ′_k is a scalar, (1, 1); see beyond-r2 for more outputs."),
    _5("r3-Delta", r"\Delta_i = \Delta_{i+1} \bullet W_{i+1}^T \circ \Sigma'_i", "adjoint Nr", networks=(R1, R2, R3),
       note="Δ_i is ∇f by N_i, the input of layer i: what other texts call the error of the layer."),
    _5("r3-Delta-usual", r"\Delta_i = (W_{i+1}^T \cdot \Delta_{i+1}) \circ \Sigma'_i", "adjoint Nr",
       networks=(R1, R2, R3)),
    _5("r3-start", r"\Delta_k = (W_{k+1}^T \cdot \Delta_{k+1}) \circ \Sigma'_k, \quad \Delta_{k+1} = W_{k+1}^T = 1",
       "adjoint Nk", networks=ALL_K,
       note="The scalar 1 starts the recursion for one output; for a cost on top see beyond-cost."),
    _5("r3-gradient", r"\nabla_{W_i} f = \Delta_i \cdot \Sigma_{i-1}^T", "gradient Wr", networks=(R2, R3, R4)),
    _5("r3-Sigma-0", r"\nabla_{W_1} f = \Delta_1 \cdot \Sigma_0^T, \quad \Sigma_0 = X", "gradient W1", networks=ALL_K),
    _5("r4-column", r"\Delta_i \text{ is an } n_i\text{-column}", "shape adjoint Nr",
       reading=lambda nr: Strict([[nr, 1.0]]), networks=(R1, R2, R3, R4)),
    _5("r4-string", r"\Sigma_{i-1}^T \text{ is an } n_{i-1}\text{-string}", "shape transpose value Sr_1",
       reading=lambda nr_1: Strict([[1.0, nr_1]]), networks=(R1, R2, R3, R4)),
    _5("r4-matrix", r"\Delta_i \cdot \Sigma_{i-1}^T \text{ is an } n_i \times n_{i-1}\text{-matrix}",
       "shape gradient Wr", reading=lambda nr, nr_1: Strict([[nr, nr_1]]), networks=(R1, R2, R3, R4)),
    _5("eq4-Wk", r"\nabla_{W_k} f = \Sigma_{k-1}^T \otimes \Sigma'_k", "gradient Wk", form="kronecker", networks=ALL_K),
    _5("eq4-Wk_1", r"\nabla_{W_{k-1}} f = \overbrace{\Sigma_{k-2}^T \otimes \Sigma'_{k-1}} \circ \underbrace{W_k^T "
       r"\cdot \Sigma'_k}", "gradient Wk_1", form="kronecker", order="right", networks=(K2, K3, K4, K5),
       note="From the right to the left. A string ⊗ a column is the column times the string, as in (3)."),
    _5("eq4-Wk_2", EQ4_WK_2, "gradient Wk_2", form="kronecker", order="right", networks=(K3, K4, K5)),
    _5("eq4-W1",
       r"\nabla_{W_1} f = X^T \otimes \Sigma'_1 \circ \underbrace{W_2^T \cdot \Sigma'_2} \circ \dots \circ "
       r"\underbrace{W_{k-2}^T \cdot \Sigma'_{k-2}} \circ \underbrace{W_{k-1}^T \cdot \Sigma'_{k-1}} \circ "
       r"\underbrace{W_k^T \cdot \Sigma'_k}", "gradient W1", form="kronecker", order="right", networks=(K4, K5)),
    _5("r5", rf"\text{{The actions order in }} (4) \text{{ is from the right to the left}}: \quad {EQ4_WK_2}",
       "gradient Wk_2", form="kronecker", order="right", networks=(K3, K4, K5), expected="conditional",
       condition=Condition("the products act from the right to the left", order="left"), corrected=FROM_THE_LEFT,
       note="From the left to the right it does not type-check: Σᵀ ⊗ Σ′ is a matrix already, and W has no place in "
       "it."),
    _5("r6-hat",
       r"\Sigma'_i \circ (W_{i+1}^T \cdot \Delta_{i+1}) = \widehat{\Sigma}'_i \cdot W_{i+1}^T \cdot "
       r"\Delta_{i+1}", "adjoint Nr", networks=(R1, R2, R3),
       note="The diagonal matrix does for a column what the Hadamard product does; the remark has no formula for "
       "it."),
    _5("eq5-Wk", r"\nabla_{W_k} f = \Sigma_{k-1}^T \otimes \widehat{\Sigma}'_k", "gradient Wk", form="diagonal",
       networks=ALL_K),
    _5("eq5-Wk_1",
       r"\nabla_{W_{k-1}} f = \Sigma_{k-2}^T \otimes (\widehat{\Sigma}'_{k-1} \cdot W_k^T \cdot "
       r"\widehat{\Sigma}'_k)", "gradient Wk_1", form="diagonal", networks=(K2, K3, K4, K5)),
    _5("eq5-Wk_2", EQ5_WK_2, "gradient Wk_2", form="diagonal", networks=(K3, K4, K5)),
    _5("eq5-W1",
       r"\nabla_{W_1} f = X^T \otimes (\widehat{\Sigma}'_1 \cdot W_2^T \cdot \widehat{\Sigma}'_2 \cdot \dots \cdot "
       r"W_{k-2}^T \cdot \widehat{\Sigma}'_{k-2} \cdot W_{k-1}^T \cdot \widehat{\Sigma}'_{k-1} \cdot W_k^T \cdot "
       r"\widehat{\Sigma}'_k)", "gradient W1", form="diagonal", networks=(K4, K5),
       note="One matrix product, and so in any order; but the whole of it is a column only because the last factor "
       "is a scalar: see beyond-eq5."),
    _5("r6-scalar", r"\widehat{\Sigma}'_k = \Sigma'_k", "adjoint Nk", networks=ALL_K),
    _5("r6-column", r"W_k^T \text{ is a column}", "shape transpose value Wk",
       reading=lambda nk_1: Strict([[nk_1, 1.0]]), networks=(K2, K3, K4, K5)),
]

ROW_OF_TRANSPOSE = r"(W_{r+1}^T)^i"
NOTE_ROW = "By the notation of this section the upper index i takes row i, so (W_(r+1)ᵀ)^i is a string, and "

PROOFS = [
    _6("eq6", r"\nabla_{W_r} f = (\nabla_{\Sigma_r} f) \circ \Sigma'_r \cdot \Sigma_{r-1}^T", "gradient Wr"),
    _6("eq7", r"\nabla_{\Sigma_r} f = (\nabla_{\Sigma_{r+1}} f) \circ \Sigma'_{r+1} \bullet W_{r+1}^T", "adjoint Sr",
       networks=(R1, R2, R3)),
    _6("follow",
       r"(6), (7) \Rightarrow \nabla_{W_{k-2}} f = \Sigma'_k \bullet W_k^T \circ \Sigma'_{k-1} \bullet "
       r"W_{k-1}^T \circ \Sigma'_{k-2} \cdot \Sigma_{k-3}^T", "gradient Wk_2", networks=(K3, K4, K5),
       expected="conditional",
       condition=Condition("f is the output Σ_k, so that ∇f by Σ_k is 1", networks=(COLUMN.name,)),
       corrected=r"\nabla_{W_{k-2}} f = (\nabla_{\Sigma_k} f) \circ \Sigma'_k \bullet W_k^T \circ \Sigma'_{k-1} "
       r"\bullet W_{k-1}^T \circ \Sigma'_{k-2} \cdot \Sigma_{k-3}^T",
       note="(6) and (7) alone leave the start open: f is Σ_k by definition, so ∇f by Σ_k is 1, but the proof does "
       "not say it."),
    _6("rule", r"\nabla_A(A \cdot B) = B^T", "jacobian h A", reading=lambda B: B.T, networks=(STRING_COLUMN.name,),
       note="The gradient has the shape of its variable: of a string it is a string."),
    _6("W-rows", r"\nabla_{W_r} = \{\nabla_{W_r^i}\}_i", "gradient Wr",
       reading=lambda gWr: stack([gWr.row(i) for i in range(len(gWr))])),
    _6("Sigma-rows", r"\nabla_{\Sigma_r} = \{\nabla_{\Sigma_r^i}\}_i", "adjoint Sr",
       reading=lambda Dr1, Wr1: stack([Dr1.T @ Wr1.column(i) for i in range(Wr1.shape[1])]), networks=(R1, R2, R3)),
    _6("eq6-step1", r"\nabla_{W_r} f = \{\nabla_{W_r^i} f\}_i", "gradient Wr"),
    _6("eq6-step2", r"= \{\nabla_{\Sigma_r^i} f \cdot \nabla_{W_r^i} \Sigma_r^i\}_i", "gradient Wr",
       note="Row i of W_r enters element i of Σ_r and no other: hence one product and no sum."),
    _6("eq6-step3", r"= \{\nabla_{\Sigma_r^i} f \cdot \nabla_{W_r^i}(\Sigma_r^i(W_r^i \cdot \Sigma_{r-1}))\}_i",
       "gradient Wr"),
    _6("eq6-step4", r"= \{\nabla_{\Sigma_r^i} f \cdot \Sigma_r^{i\prime} \cdot \Sigma_{r-1}^T\}_i", "gradient Wr"),
    _6("eq6-step5", r"= (\nabla_{\Sigma_r} f) \circ \Sigma'_r \cdot \Sigma_{r-1}^T", "gradient Wr"),
    _6("eq7-coordinates",
       rf"\{{\nabla_{{\Sigma_r^i}} f\}}_i = \{{(\nabla_{{\Sigma_{{r+1}}}} f) \circ \Sigma'_{{r+1}} \bullet "
       rf"{ROW_OF_TRANSPOSE}\}}_i", "adjoint Sr", networks=(R1, R2, R3),
       note="Here (W_(r+1)ᵀ)^i has to be row i of the transpose, a string, as it is defined."),
    _6("eq7-step1",
       r"\nabla_{\Sigma_r^i} f = \langle \nabla_{\Sigma_{r+1}} f, \nabla_{\Sigma_r^i} \Sigma_{r+1} "
       r"\rangle", "adjoint Sr", networks=(R1, R2, R3)),
    _6("eq7-step2", r"= \langle \nabla_{\Sigma_{r+1}} f, \nabla_{\Sigma_r^i}(\Sigma_{r+1}(W_{r+1} \Sigma_r)) \rangle",
       "adjoint Sr", networks=(R1, R2, R3)),
    _6("eq7-step3", rf"= \langle \nabla_{{\Sigma_{{r+1}}}} f, \Sigma'_{{r+1}} \circ {ROW_OF_TRANSPOSE} \rangle",
       "adjoint Sr", networks=(R1, R2), expected="ill-shaped", fault="A ∘ B of (5, 1) and (1, 5)",
       corrected=rf"= \langle \nabla_{{\Sigma_{{r+1}}}} f, \Sigma'_{{r+1}} \circ ({ROW_OF_TRANSPOSE})^T \rangle",
       note=NOTE_ROW + "a column ∘ a string is no Hadamard product. Column i of W_(r+1) is meant: a transpose is "
       "missing, which the last step must not have. (Where Σ_(r+1) is one number, it fits.)"),
    _6("eq7-step4", rf"= \langle \nabla_{{\Sigma_{{r+1}}}} f \circ \Sigma'_{{r+1}}, {ROW_OF_TRANSPOSE} \rangle",
       "adjoint Sr", networks=(R1, R2), expected="ill-shaped", fault="⟨a, b⟩ of (5, 1) and (1, 5)",
       corrected=rf"= \langle \nabla_{{\Sigma_{{r+1}}}} f \circ \Sigma'_{{r+1}}, ({ROW_OF_TRANSPOSE})^T \rangle",
       note=NOTE_ROW + "the scalar product is one of columns: the transpose of step 3 is missing here as well. "
           "(Where Σ_(r+1) is one number, it fits.)"),
    _6("eq7-step5", rf"= (\nabla_{{\Sigma_{{r+1}}}} f) \circ \Sigma'_{{r+1}} \bullet {ROW_OF_TRANSPOSE}", "adjoint Sr",
       networks=(R1, R2, R3)),
]


def _genuine(a: Strict) -> Strict:
    """A column without its last element, the formal neuron's."""
    return column(len(a) - 1, lambda j: a[j])


WITH_COST = (
    r"\nabla_{W_{k-2}} C = (\nabla_{\Sigma_k} C) \circ \Sigma'_k \bullet W_k^T \circ \Sigma'_{k-1} \bullet "
    r"W_{k-1}^T \circ \Sigma'_{k-2} \cdot \Sigma_{k-3}^T"
)

# What the paper leaves out and a reader will want. "Printed" is then what the paper's formula becomes.
BEYOND = [
    _beyond("cost", r"\Delta_k = (\nabla_{\Sigma_k} C) \circ \Sigma'_k", "adjoint Nk",
            networks=(COST.name, COLUMN.name),
            note="Any cost on top, any number of outputs and columns: its gradient starts the recursion where the "
            "paper has Δ_(k+1) = 1; all the rest stays."),
    _beyond("Delta", r"\Delta_i = (W_{i+1}^T \cdot \Delta_{i+1}) \circ \Sigma'_i", "adjoint Nr",
            networks=tuple(network.name for network in COST_AT[:-1])),
    _beyond("gradient", r"\nabla_{W_i} C = \Delta_i \cdot \Sigma_{i-1}^T", "gradient Wr",
            networks=tuple(network.name for network in COST_AT),
            note="With a batch Δ_i and Σ_(i-1) are matrices of columns, and their product is the sum over the columns "
            "by itself."),
    _beyond("batch-eq3", EQ3_WK_2, "gradient Wk_2", networks=(BATCH.name,),
            note="(3) for a matrix X of columns, as it is printed: the gradient of the sum of f over the columns."),
    _beyond("outputs-eq3", EQ3_WK_2, "gradient Wk_2", networks=(K3, OUTPUTS.name), expected="conditional",
            condition=Condition("the cost is the output, or the sum of the outputs", networks=(COLUMN.name, COST.name)),
            corrected=WITH_COST,
            note="With several outputs (3) is the gradient of their sum. A cost C comes in as one more factor on the "
            "left."),
    _beyond("r2", r"\Sigma'_k \bullet W_k^T = \Sigma'_k \cdot W_k^T", "adjoint Sk_1", networks=(K3,),
            expected="conditional", condition=Condition("one output", networks=(OUTPUTS.name,)),
            corrected=r"\Sigma'_k \bullet W_k^T = W_k^T \cdot \Sigma'_k",
            note="Remark 2 needs the scalar Σ′_k: with two outputs a column would stand left of a matrix."),
    _beyond("batch-eq4", EQ4_WK_2, "gradient Wk_2", order="right", networks=(K3, OUTPUTS.name),
            expected="conditional", condition=Condition("one column", networks=(BATCH.name,)), corrected=FROM_THE_LEFT,
            note="⊗ is no sum over columns: for a batch Xᵀ ⊗ has to become · Xᵀ from the right, as in (3)."),
    _beyond("eq5", EQ5_WK_2, "gradient Wk_2", form="diagonal", networks=(K3,), expected="conditional",
            condition=Condition("one output and one column", networks=(OUTPUTS.name, COLUMN.name)),
            corrected=r"\nabla_{W_{k-2}} C = \Sigma_{k-3}^T \otimes (\widehat{\Sigma}'_{k-2} \cdot W_{k-1}^T \cdot "
            r"\widehat{\Sigma}'_{k-1} \cdot W_k^T \cdot \widehat{\Sigma}'_k \cdot \nabla_{\Sigma_k} C)",
            note="The product of (5) is the transposed Jacobian of the outputs by N_1, a column only for one output. "
            "The gradient of the cost makes a column of it."),
    _beyond("last-rows", r"\nabla_{W_i^{n_i}} f = \Delta_i^{n_i} \cdot \Sigma_{i-1}^T", "row -1 gradient Wr",
            reading=lambda Dr, Sr_1: Dr[len(Dr) - 1] * Sr_1.T, networks=(H1, H2),
            note="The gradient of the fixed last rows [0, ..., 0, 1] of the homogeneous network is not zero. They are "
            "no parameters: a descent has to leave them out, or (b) is lost with the first step."),
    _beyond("genuine-block",
            r"\nabla_{A_1} f = ((A_2^T \cdot ((A_3^T \cdot \Sigma'_3) \circ \Sigma'_2)) \circ "
       r"\Sigma'_1) \cdot x^T", "block gradient W1",
            reading=lambda x, A2, A3, dS1, dS2, dS3: (
                (A2.T @ ((A3.T @ dS3) * _genuine(dS2))) * _genuine(dS1) @ x.T
            ), networks=(HOMOGENEOUS.name,),
            note="Without its last row and column the gradient by W_i is that of the affine network: the formal "
            "neurons change nothing in it."),
    _beyond("bias-gradient", r"\nabla_{b_i} f = \Delta_i", "gradient br", networks=(A1, A2, A3),
            note="The last column of ∇f by W_i, since the last element of Σ_(i-1) is 1 by (a), (b), (c)."),
]


class Mishachev(Catalogue):
    """The catalogue, and the embedding of section 3 with it."""

    homogeneous = staticmethod(homogeneous)


mishachev = Mishachev(
    name="mishachev",
    title="Backpropagation in Matrix Notation, N. M. Mishachev",
    sections={
        "2": "Network functions",
        "3": "Network functions and neural networks",
        "4": "Gradient in the one-dimensional case",
        "5": "Gradient in the general case",
        "6": "Proof of (3)",
        "beyond": "What the paper leaves out: a batch, more outputs, a cost, biases",
    },
    networks=(
        *DEEP, *K4_AT, LINE, *LINE_AT, LONGER_LINE, LINEAR, BATCH, OUTPUTS, COST, *COST_AT, COLUMN, STRING_COLUMN,
        AFFINE, *AFFINE_AT, REGRESSION, SMOOTH, KINK, HOMOGENEOUS, *HOMOGENEOUS_AT, WITHOUT_A, WITHOUT_B, WITHOUT_C,
    ),
    names=names,
    notation=Notation(
        {x: x for x in "bfCNXW"} | {"x": "X", "w": "W", r"\Sigma": "S", r"\sigma": "S", r"\Delta": "D"},
        layers_above=False, spelled=[
            (r"\\sigma\b", r"\\Sigma"), (r"\bw\b", "W"),
            (r"(\\Sigma _ \d) \\circ (.*)$", r"\1 ( \2 )"),  # the operator Σ, which is a function
            # what is printed for row i of W, of Wᵀ or of Σ, for all of them
            (r"\\\{ (\\nabla _ \{ \S+ _ \d) \^ i( \}(?: f)?) \\\} _ \d", r"\1\2"),
            (r"\( (W _ \d \^ T) \) \^ i", r"\1"), (r"\\\{ ((?:(?!\^ i|\^ \{ i|\\\}).)*) \\\} _ \d", r"\1"),
        ],
    ),
    entries=[*NETWORK_FUNCTIONS, *AFFINE_NETWORKS, *ONE_DIMENSIONAL, *MATRICES, *PROOFS, *BEYOND],
)
