r"""Fraser Sabine, "Neural Network Mathematics", version 1.0: the catalogue of its formulas.

So far: 5.1.2 (sigmoid and squared error) with the derivative of 2.1 that it builds on, and 5.2.2 (softmax and cross
entropy in base b), on batches of handwritten digits. In the readings ``aL``, ``aL_1``, ``aL_2`` are a^L, a^(L-1),
a^(L-2); ``WL`` is W^L; ``dcda``, ``dadz``, ``dcdz`` are the *true* derivatives at layer L (``dadz_1`` at L-1), so that
a chain of derivatives is judged by itself, whatever is printed for its factors; ``one`` is a column of ones.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping

import numpy as np

from .entry import Catalogue, Condition, Entry
from .networks import Layer, Network, Numbers, Quantities
from .strict import Array, Strict, column, matrix

SIGMOID = Network("sabine-sigmoid", (64, 12, 10), ("sigmoid", "sigmoid"), biases=True, cost="squared_error",
                  inputs="digits", targets="one-hot", batch=16)
# The targets of the first two sum to 1 in every column; the first alone could not tell "sums to 1" from "is one-hot".
ONE_HOT, SHARES, ANY = (
    Network(f"sabine-softmax-{targets}", (64, 12, 10), ("tanh", "softmax"), biases=True, cost="cross_entropy",
            base=base, inputs="digits", targets=targets, batch=16)
    for targets, base in [("one-hot", 2.0), ("shares", 10.0), ("any", 3.0)]
)
SUM_TO_1 = (ONE_HOT.name, SHARES.name)
SOFTMAX = (*SUM_TO_1, ANY.name)

# For each cost the true dc/da and dc/dz at the last layer, of targets t, layer and ln b.
DERIVATIVES: Mapping[str, tuple[Callable[[Array, Layer, float], Array], Callable[[Array, Layer, float], Array]]] = {
    "squared_error": (lambda t, last, _: last.a - t,
                      lambda t, last, _: (last.a - t) * last.slope),
    "cross_entropy": (lambda t, last, ln_b: -t / last.a / ln_b,
                      lambda t, last, ln_b: (last.a * t.sum(axis=0) - t) / ln_b),
}


def quantities(network: Network, numbers: Numbers) -> Quantities:
    """What the text names at the layers L, L-1 and L-2."""
    hidden, last = network.forward(numbers)
    ln_b = math.log(network.base or math.e)
    dcda, dcdz = (derivative(numbers.t, last, ln_b) for derivative in DERIVATIVES[network.cost])
    return Quantities(
        fixed={"WL": numbers.W[1], "ln_b": ln_b, "one": np.ones((network.widths[-1], 1))},
        columns={
            "t": numbers.t, "aL": last.a, "aL_1": hidden.a, "aL_2": numbers.X,
            "dcda": dcda, "dcdz": dcdz, "dadz": last.slope, "dadz_1": hidden.slope,
        },
        batch=network.batch,
    )


def _outer_elements(rows: Strict, columns: Strict, element: Callable[[int, int], float]) -> Strict:
    """The matrix printed element by element whose rows are those of one column and whose columns those of another."""
    return matrix(rows.shape[0], columns.shape[0], element)


def _others(t: Strict, j: int) -> float:
    return sum(t[i] for i in range(t.shape[0]) if i != j)


TARGETS_SUM_TO_1 = Condition("the targets of each example sum to 1", networks=(ANY.name,))
NOTE_SUM = "The simplification takes the targets to sum to 1 (5.2.1 says so of the outputs, but means the targets); "
GENERAL = r"(\mathbf{1} \cdot \mathbf{1}^T \cdot \boldsymbol{t}) \circ \boldsymbol{a}^L - \boldsymbol{t}"

A_COLUMN = r"\begin{pmatrix} a_0^{L-1} \\ a_1^{L-1} \\ \vdots \\ a_n^{L-1} \end{pmatrix}"

_on_sigmoid = functools.partial(Entry, document="sabine", networks=(SIGMOID.name,))
_on_softmax = functools.partial(Entry, document="sabine", section="5.2.2", networks=SOFTMAX)

SQUARED_ERROR = [
    _on_sigmoid(
        id="sabine-2.1-dcda",
        section="2.1",
        printed=r"\frac{\mathrm{d}c}{\mathrm{d}\boldsymbol{a}^L} = \boldsymbol{t} - \boldsymbol{a}^L",
        reading=lambda t, aL: t - aL,
        quantity="adjoint a2",
        expected="sign error",
        corrected=r"\frac{\mathrm{d}c}{\mathrm{d}\boldsymbol{a}^L} = \boldsymbol{a}^L - \boldsymbol{t}",
        corrected_reading=lambda t, aL: aL - t,
        note="The inner derivative of (t - a)², which is -1, is forgotten. A step against the printed gradient "
        "climbs; 5.1 carries "
        "the sign along, while 5.2 has it right: a - t.",
    ),
    _on_sigmoid(
        id="sabine-5.1.2-L-chain",
        section="5.1.2",
        printed=r"\frac{\mathrm{d}c}{\mathrm{d}W^L} = \left(\frac{\mathrm{d}c}{\mathrm{d}a^L} \circ "
        r"\frac{\mathrm{d}a^L}{\mathrm{d}z^L}\right) \cdot \frac{\mathrm{d}z^L}{\mathrm{d}W^L}",
        reading=lambda dcda, dadz, aL_1: (dcda * dadz) @ aL_1,
        quantity="gradient W2",
        expected="ill-shaped",
        corrected=r"\frac{\mathrm{d}c}{\mathrm{d}W^L} = \left(\frac{\mathrm{d}c}{\mathrm{d}a^L} \circ "
        r"\frac{\mathrm{d}a^L}{\mathrm{d}z^L}\right) \cdot \left(\frac{\mathrm{d}z^L}{\mathrm{d}W^L}\right)^T",
        corrected_reading=lambda dcda, dadz, aL_1: (dcda * dadz) @ aL_1.T,
        note="dz/dW is the column a^(L-1), and a column times a column is no product: a transpose is missing, which "
        "the next "
        "line puts in. For a batch the product of the two matrices is the sum over the examples.",
    ),
    _on_sigmoid(
        id="sabine-5.1.2-L-columns",
        section="5.1.2",
        printed=r"= \left(\begin{pmatrix} t_0 - a_0^L \\ t_1 - a_1^L \\ \vdots \\ t_n - a_n^L \end{pmatrix} \circ "
        r"\begin{pmatrix} a_0^L \left(1 - a_0^L\right) \\ a_1^L \left(1 - a_1^L\right) \\ \vdots \\ "
        rf"a_n^L \left(1 - a_n^L\right) \end{{pmatrix}}\right) \cdot {A_COLUMN}^T",
        reading=lambda t, aL, aL_1: ((t - aL) * (aL * (1 - aL))) @ aL_1.T,
        quantity="gradient W2",
        expected="sign error",
        corrected=r"\left((\boldsymbol{a}^L - \boldsymbol{t}) \circ \boldsymbol{a}^L \circ (1 - "
        r"\boldsymbol{a}^L)\right) "
        r"\cdot (\boldsymbol{a}^{L-1})^T",
        corrected_reading=lambda t, aL, aL_1: ((aL - t) * (aL * (1 - aL))) @ aL_1.T,
        note="The sign of dc/da = t - a comes along. The = in front is not printed; the transpose that the chain "
        "lacks is here.",
    ),
    _on_sigmoid(
        id="sabine-5.1.2-L-elements",
        section="5.1.2",
        printed=r"= \begin{pmatrix} (t_0 - a_0^L)(1 - a_0^L) a_0^L a_0^{L-1} & \cdots & "
        r"(t_0 - a_0^L)(1 - a_0^L) a_0^L a_n^{L-1} \\ \vdots & \ddots & \vdots \\ "
        r"(t_n - a_n^L)(1 - a_n^L) a_n^L a_0^{L-1} & \cdots & (t_n - a_n^L)(1 - a_n^L) a_n^L a_n^{L-1} \end{pmatrix}",
        reading=lambda t, aL, aL_1: _outer_elements(
            aL, aL_1, lambda j, k: (t[j] - aL[j]) * (1 - aL[j]) * aL[j] * aL_1[k]
        ),
        quantity="gradient W2",
        batch="sum",
        expected="sign error",
        corrected=r"\frac{\mathrm{d}c}{\mathrm{d}w_{jk}^L} = (a_j^L - t_j)(1 - a_j^L) a_j^L a_k^{L-1}",
        corrected_reading=lambda t, aL, aL_1: _outer_elements(
            aL, aL_1, lambda j, k: (aL[j] - t[j]) * (1 - aL[j]) * aL[j] * aL_1[k]
        ),
        note="The same sign again, in every element. This is the matrix of one example: a batch adds them up.",
    ),
    _on_sigmoid(
        id="sabine-5.1.2-L1-chain",
        section="5.1.2",
        printed=r"\frac{\mathrm{d}c}{\mathrm{d}W^{L-1}} = \left(\left(\frac{\mathrm{d}c}{\mathrm{d}z^L} \cdot "
        r"\frac{\mathrm{d}z^L}{\mathrm{d}a^{L-1}}\right) \circ \frac{\mathrm{d}a^{L-1}}{\mathrm{d}z^{L-1}}\right) "
        r"\cdot "
        r"\frac{\mathrm{d}z^{L-1}}{\mathrm{d}w^{L-1}}",
        reading=lambda dcdz, WL, dadz_1, aL_2: ((dcdz @ WL) * dadz_1) @ aL_2,
        quantity="gradient W1",
        expected="ill-shaped",
        corrected=r"\frac{\mathrm{d}c}{\mathrm{d}W^{L-1}} = \left(\left((W^L)^T \cdot "
        r"\frac{\mathrm{d}c}{\mathrm{d}z^L}\right) \circ \frac{\mathrm{d}a^{L-1}}{\mathrm{d}z^{L-1}}\right) \cdot "
        r"\left(\boldsymbol{a}^{L-2}\right)^T",
        corrected_reading=lambda dcdz, WL, dadz_1, aL_2: ((WL.T @ dcdz) * dadz_1) @ aL_2.T,
        note="A column comes back through a layer by the transposed matrix from the left, Wᵀ · dc/dz, and the last "
        "factor is a row. "
        "With dc/da = t - a put in for the first factor the gradient has the wrong sign besides.",
    ),
    _on_sigmoid(
        id="sabine-5.1.2-L1-dzda",
        section="5.1.2",
        printed=r"\frac{\mathrm{d}z^L}{\mathrm{d}a^{L-1}} = W^L",
        reading=lambda WL: WL,
        quantity="jacobian z2 a1",
        batch="columns",
        expected="conditional",
        condition=Condition("a Jacobian has a row for each output", quantity="transposed z2 a1"),
        corrected=r"\frac{\mathrm{d}z^L}{\mathrm{d}a^{L-1}} = (W^L)^T",
        corrected_reading=lambda WL: WL.T,
        note="The text uses two layouts: here the rows belong to the outputs; appendix B defines the Jacobian with a "
        "row for each input, "
        "and by that definition this is the transpose of W.",
    ),
    _on_sigmoid(
        id="sabine-5.1.2-L1-dadz",
        section="5.1.2",
        printed=r"\frac{\mathrm{d}a^{L-1}}{\mathrm{d}z^{L-1}} = \begin{pmatrix} a_0^{L-1} \left(1 - a_0^{L-1}\right) "
        r"\\ "
        r"a_1^{L-1} \left(1 - a_1^{L-1}\right) \\ \vdots \\ a_n^{L-1} \left(1 - a_n^{L-1}\right) \end{pmatrix}",
        reading=lambda aL_1: column(aL_1.shape[0], lambda j: aL_1[j] * (1 - aL_1[j])),
        quantity="diagonal a1 z1",
        batch="columns",
        note="The column is the diagonal of the Jacobian of a coordinate-wise map, and belongs into a Hadamard "
        "product.",
    ),
    _on_sigmoid(
        id="sabine-5.1.2-L1-dzdw",
        section="5.1.2",
        printed=r"\frac{\mathrm{d}z^{L-1}}{\mathrm{d}w^{L-1}} = a^{L-2}",
        reading=lambda aL_2: aL_2,
        quantity="row z1 W1",
        batch="columns",
        expected="conditional",
        condition=Condition("it means the derivative of one z_j by its own row of W, written as a column",
                            quantity="jacobian z1 W1"),
        corrected=r"\frac{\mathrm{d}z^{L-1}}{\mathrm{d}W^{L-1}} = I \otimes (\boldsymbol{a}^{L-2})^T",
        corrected_reading=lambda aL_2, dadz_1: Strict(np.eye(dadz_1.shape[0])) & aL_2.T,
        note="A column by a matrix has n · n · m derivatives; the Jacobian, with the rows of W one after the other, "
        "is I ⊗ aᵀ. All "
        "that is not zero in it is a, so the short form serves, as long as it enters the product as a row.",
    ),
]

CROSS_ENTROPY = [
    _on_softmax(
        id="sabine-5.2.2-chain",
        printed=r"\frac{\mathrm{d}c}{\mathrm{d}W^L} = \left(\frac{\mathrm{d}c}{\mathrm{d}\boldsymbol{a}^L}^T \cdot "
        r"\frac{\mathrm{d}\boldsymbol{a}^L}{\mathrm{d}\boldsymbol{z}^L}\right) \cdot "
        r"\frac{\mathrm{d}\boldsymbol{z}^L}{\mathrm{d}W^L}",
        reading=lambda dcda, dadz, aL_1: (dcda.T @ dadz) @ aL_1,
        quantity="gradient W2",
        batch="sum",
        expected="ill-shaped",
        corrected=r"\frac{\mathrm{d}c}{\mathrm{d}W^L} = \left(\frac{\mathrm{d}c}{\mathrm{d}\boldsymbol{a}^L}^T \cdot "
        r"\frac{\mathrm{d}\boldsymbol{a}^L}{\mathrm{d}\boldsymbol{z}^L}\right)^T \cdot "
        r"\left(\frac{\mathrm{d}\boldsymbol{z}^L}{\mathrm{d}W^L}\right)^T",
        corrected_reading=lambda dcda, dadz, aL_1: (dcda.T @ dadz).T @ aL_1.T,
        note="The first factor is a row of n, dz/dW a column of m elements: both need a transpose before their "
        "product is an n x m matrix.",
    ),
    _on_softmax(
        id="sabine-5.2.2-dcda",
        printed=r"\frac{\mathrm{d}c}{\mathrm{d}\boldsymbol{a}^L} = -\frac{1}{\ln(b)} \begin{pmatrix} "
        r"\frac{t_0}{a_0^L} \\ "
        r"\frac{t_1}{a_1^L} \\ \vdots \\ \frac{t_n}{a_n^L} \end{pmatrix}",
        reading=lambda t, aL, ln_b: -(1 / ln_b) * (t / aL),
        quantity="adjoint a2",
        note="The fraction of columns is the Hadamard division, t ⊘ a; it asks for no condition on the targets.",
    ),
    _on_softmax(
        id="sabine-5.2.2-dadz",
        printed=r"\frac{\mathrm{d}\boldsymbol{a}^L}{\mathrm{d}\boldsymbol{z}^L} = \begin{pmatrix} "
        r"a_0^L (1 - a_0^L) & -a_0^L a_1^L & \cdots & -a_0^L a_n^L \\ -a_1^L a_0^L & a_1^L (1 - a_1^L) & \cdots & "
        r"-a_1^L a_n^L \\ "
        r"\vdots & \vdots & \ddots & \vdots \\ -a_n^L a_0^L & -a_n^L a_1^L & \cdots & a_n^L (1 - a_n^L) \end{pmatrix}",
        reading=lambda aL: _outer_elements(aL, aL, lambda j, k: aL[j] * (1 - aL[j]) if j == k else -aL[j] * aL[k]),
        quantity="jacobian a2 z2",
        batch="columns",
        note="Each example has a Jacobian of its own. It is symmetric, so both layouts of the text agree on it.",
    ),
    _on_softmax(
        id="sabine-5.2.2-dcdz-chain",
        printed=r"\frac{\mathrm{d}c}{\mathrm{d}\boldsymbol{z}^L} = \frac{\mathrm{d}c}{\mathrm{d}\boldsymbol{a}^L}^T "
        r"\cdot "
        r"\frac{\mathrm{d}\boldsymbol{a}^L}{\mathrm{d}\boldsymbol{z}^L}",
        reading=lambda dcda, dadz: dcda.T @ dadz,
        quantity="adjoint z2",
        batch="columns",
        expected="ill-shaped",
        corrected=r"\frac{\mathrm{d}c}{\mathrm{d}\boldsymbol{z}^L} = "
        r"\left(\frac{\mathrm{d}c}{\mathrm{d}\boldsymbol{a}^L}^T "
        r"\cdot \frac{\mathrm{d}\boldsymbol{a}^L}{\mathrm{d}\boldsymbol{z}^L}\right)^T",
        corrected_reading=lambda dcda, dadz: (dcda.T @ dadz).T,
        note="A row times a matrix is a row, and dc/dz is the column that the rest of the line prints: the numbers "
        "are right, a "
        "transpose is missing.",
    ),
    _on_softmax(
        id="sabine-5.2.2-dcdz-elements",
        printed=r"\frac{\mathrm{d}c}{\mathrm{d}\boldsymbol{z}^L} = -\frac{1}{\ln(b)} \begin{pmatrix} "
        r"t_0 (1 - a_0^L) - t_1 a_0^L + \cdots + -t_n a_0^L \\ -t_0 a_1^L + t_1 (1 - a_1^L) + \cdots + -t_n a_1^L \\ "
        r"\vdots \\ "
        r"-t_0 a_n^L - t_1 a_n^L + \cdots + t_n (1 - a_n^L) \end{pmatrix}",
        reading=lambda t, aL, ln_b: -(1 / ln_b)
        * column(aL.shape[0], lambda j: t[j] * (1 - aL[j]) - _others(t, j) * aL[j]),
        quantity="adjoint z2",
        batch="columns",
        note="Right for any targets: the condition that they sum to 1 enters only with the next line.",
    ),
    _on_softmax(
        id="sabine-5.2.2-dcdz-column",
        printed=r"= -\frac{1}{\ln(b)} \begin{pmatrix} t_0 - a_0^L \\ t_1 - a_1^L \\ \vdots \\ t_n - a_n^L "
        r"\end{pmatrix}",
        reading=lambda t, aL, ln_b: -(1 / ln_b) * column(aL.shape[0], lambda j: t[j] - aL[j]),
        quantity="adjoint z2",
        batch="columns",
        expected="conditional",
        networks=SUM_TO_1,
        condition=TARGETS_SUM_TO_1,
        corrected=rf"\frac{{1}}{{\ln(b)}} \left({GENERAL}\right)",
        corrected_reading=lambda t, aL, ln_b, one: 1 / ln_b * (one @ one.T @ t * aL - t),
        note=NOTE_SUM + "in general a is multiplied by that sum.",
    ),
    _on_softmax(
        id="sabine-5.2.2-dcdz",
        printed=r"= -\frac{1}{\ln(b)} (\boldsymbol{t} - \boldsymbol{a}^L) = \frac{1}{\ln(b)} (\boldsymbol{a}^L - "
        r"\boldsymbol{t})",
        reading=lambda t, aL, ln_b: 1 / ln_b * (aL - t),
        quantity="adjoint z2",
        expected="conditional",
        networks=SUM_TO_1,
        condition=TARGETS_SUM_TO_1,
        corrected=rf"\frac{{1}}{{\ln(b)}} \left({GENERAL}\right)",
        corrected_reading=lambda t, aL, ln_b, one: 1 / ln_b * (one @ one.T @ t * aL - t),
        note=NOTE_SUM + "in general it is (sum of t) a - t, here written so that it also holds for a matrix of "
        "columns.",
    ),
    _on_softmax(
        id="sabine-5.2.2-dzdW",
        printed=rf"\frac{{\mathrm{{d}}\boldsymbol{{z}}^L}}{{\mathrm{{d}}W^L}} = {A_COLUMN}",
        reading=lambda aL_1: aL_1,
        quantity="row z2 W2",
        batch="columns",
        expected="conditional",
        condition=Condition("it means the derivative of one z_j by its own row of W, written as a column",
                            quantity="jacobian z2 W2"),
        corrected=r"\frac{\mathrm{d}\boldsymbol{z}^L}{\mathrm{d}W^L} = I \otimes (\boldsymbol{a}^{L-1})^T",
        corrected_reading=lambda aL_1, aL: Strict(np.eye(aL.shape[0])) & aL_1.T,
        note="As in 5.1.2: short for the Jacobian I ⊗ aᵀ. Here the last line does transpose it.",
    ),
    _on_softmax(
        id="sabine-5.2.2-dcdW-chain",
        printed=r"\frac{\mathrm{d}c}{\mathrm{d}W^L} = \frac{\mathrm{d}c}{\mathrm{d}\boldsymbol{z}^L} \cdot "
        r"\frac{\mathrm{d}\boldsymbol{z}^L}{\mathrm{d}W^L}^T",
        reading=lambda dcdz, aL_1: dcdz @ aL_1.T,
        quantity="gradient W2",
        note="A column times a row, in the shape of W. For a batch the product of the two matrices is the sum over "
        "the examples.",
    ),
    _on_softmax(
        id="sabine-5.2.2-dcdW-elements",
        printed=r"= \frac{1}{\ln(b)} \begin{pmatrix} (a_0^L - t_0) a_0^{L-1} & \cdots & (a_0^L - t_0) a_n^{L-1} \\ "
        r"\vdots & \ddots & \vdots \\ (a_n^L - t_n) a_0^{L-1} & \cdots & (a_n^L - t_n) a_n^{L-1} \end{pmatrix}",
        reading=lambda t, aL, aL_1, ln_b: 1 / ln_b
        * _outer_elements(aL, aL_1, lambda j, k: (aL[j] - t[j]) * aL_1[k]),
        quantity="gradient W2",
        batch="sum",
        expected="conditional",
        networks=SUM_TO_1,
        condition=TARGETS_SUM_TO_1,
        corrected=r"\frac{\mathrm{d}c}{\mathrm{d}w_{jk}^L} = \frac{1}{\ln(b)} \left(\left(\sum_i t_i\right) a_j^L - "
        r"t_j\right) "
        r"a_k^{L-1}",
        corrected_reading=lambda t, aL, aL_1, ln_b: 1 / ln_b
        * _outer_elements(aL, aL_1, lambda j, k: ((t[j] + _others(t, j)) * aL[j] - t[j]) * aL_1[k]),
        note=NOTE_SUM + "in general a_j is multiplied by that sum. This is the matrix of one example: a batch adds "
        "them up.",
    ),
    _on_softmax(
        id="sabine-5.2.2-dcdW",
        printed=r"= \frac{1}{\ln(b)} \left((\boldsymbol{a}^L - \boldsymbol{t}) \cdot {\boldsymbol{a}^{L-1}}^T\right)",
        reading=lambda t, aL, aL_1, ln_b: 1 / ln_b * ((aL - t) @ aL_1.T),
        quantity="gradient W2",
        expected="conditional",
        networks=SUM_TO_1,
        condition=TARGETS_SUM_TO_1,
        corrected=rf"\frac{{1}}{{\ln(b)}} \left({GENERAL}\right) \cdot {{\boldsymbol{{a}}^{{L-1}}}}^T",
        corrected_reading=lambda t, aL, aL_1, ln_b, one: 1 / ln_b * ((one @ one.T @ t * aL - t) @ aL_1.T),
        note=NOTE_SUM + "in general it is ((sum of t) a - t) · aᵀ. For a batch the product is the sum over the "
        "examples.",
    ),
]

sabine = Catalogue(
    name="sabine",
    title="Neural Network Mathematics, Fraser Sabine",
    sections={
        "2.1": "Squared error",
        "5.1.2": "Sigmoid and squared error, matrix form",
        "5.2.2": "Softmax and cross entropy, matrix form",
    },
    networks=(SIGMOID, ONE_HOT, SHARES, ANY),
    quantities=quantities,
    entries=[*SQUARED_ERROR, *CROSS_ENTROPY],
)
