"""The grammar of einsum: against NumPy's own, against differences, and what is refused in which words."""

import numpy as np
import pytest
from cases import assert_close, differences
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_edu as tg

ONE_LETTER = "abcABij"
MATRIX, VECTOR = np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([2.0, -1.0])


@st.composite
def programs(draw):
    """Subscripts of any form, and shapes that fit."""
    lengths = {letter: draw(st.sampled_from([1, 2, 3])) for letter in ONE_LETTER}
    dots = draw(st.lists(st.sampled_from([1, 2]), max_size=2))
    terms, shapes = [], []
    for _ in range(draw(st.integers(1, 3))):
        letters = draw(st.lists(st.sampled_from(ONE_LETTER), max_size=3))
        # an axis of length 1 against a longer one, but not beside it: NumPy takes no diagonal of what is no square
        shape = [lengths[c] if letters.count(c) > 1 or draw(st.integers(0, 4)) else 1 for c in letters]
        if draw(st.booleans()):
            at, given = draw(st.integers(0, len(letters))), dots[draw(st.integers(0, len(dots))) :]
            letters.insert(at, "...")
            shape[at:at] = [n if draw(st.integers(0, 4)) else 1 for n in given]
        terms.append("".join(letters))
        shapes.append(tuple(shape))
    subscripts = ",".join(terms)
    if draw(st.booleans()):
        used = sorted(set(subscripts) - set(",."))
        output = draw(st.lists(st.sampled_from(used), unique=True)) if used else []
        if "..." in subscripts:
            output.insert(draw(st.integers(0, len(output))), "...")
        subscripts += "->" + "".join(output)
    if draw(st.booleans()):
        subscripts = subscripts.replace(",", " , ").replace("->", " -> ")
    return subscripts, shapes


@given(programs(), st.integers(0, 2**32 - 1))
@settings(max_examples=300, deadline=None)
def test_random_subscripts(program, seed):
    subscripts, shapes = program
    rng = np.random.default_rng(seed)
    operands = [rng.uniform(-1, 1, shape) for shape in shapes]
    expected = np.asarray(np.einsum(subscripts, *operands))
    leaves = [tg.Tensor(x, requires_grad=True) for x in operands]
    out = tg.einsum(subscripts, *leaves)
    assert_close(np.asarray(tg.einsum(subscripts, *operands)), expected, atol=1e-12)
    assert_close(out.numpy(), expected, atol=1e-12)
    weights = rng.uniform(-1, 1, expected.shape)
    out.backward(weights)
    for i, leaf in enumerate(leaves):

        def value(x, i=i):
            return np.sum(weights * np.einsum(subscripts, *operands[:i], x, *operands[i + 1 :]))

        assert_close(leaf.grad, differences(value, operands[i]), rtol=1e-6, atol=1e-8)


@given(programs(), st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_second_derivatives_of_random_subscripts(program, seed):
    subscripts, shapes = program
    rng = np.random.default_rng(seed)
    tg.check_grad(lambda *operands: tg.einsum(subscripts, *operands), *(rng.uniform(-1, 1, shape) for shape in shapes))


TO_PYTORCH = [  # what PyTorch's grammar has as well
    ("bij,bjk,bk->bi", (2, 3, 2), (2, 2, 3), (2, 3)), ("...ij,...kj->...ik", (2, 1, 2, 3), (3, 2, 3)),
    ("bhqd,bhkd->bhqk", (2, 2, 3, 2), (2, 2, 3, 2)), ("iij,jk->ik", (2, 2, 3), (3, 2)),
    ("i,j,k->kji", (2,), (3,), (1,)),
]  # fmt: skip


@pytest.mark.parametrize(("subscripts", "shapes"), [(row[0], row[1:]) for row in TO_PYTORCH])
def test_against_pytorch(subscripts, shapes):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(7)
    operands = [rng.normal(size=shape) for shape in shapes]
    ours = [tg.Tensor(x, requires_grad=True) for x in operands]
    theirs = [torch.tensor(x, requires_grad=True) for x in operands]
    tg.sum(tg.sin(tg.einsum(subscripts, *ours))).backward()
    torch.sin(torch.einsum(subscripts, *theirs)).sum().backward()
    for our, their in zip(ours, theirs, strict=True):
        assert_close(our.grad, their.grad.numpy(), atol=1e-12)


def test_numpy_s_own_function_is_recorded():
    a, v = tg.Tensor(MATRIX, requires_grad=True), tg.Tensor(VECTOR, requires_grad=True)
    by_order = np.einsum("ij,j->i", a, VECTOR, optimize="greedy")
    for out in (np.einsum("ij,j", a, v), by_order, np.einsum("ij,j", MATRIX, v)):
        assert isinstance(out, tg.Tensor) and out.requires_grad
        assert_close(out.numpy(), MATRIX @ VECTOR)


def test_lists_and_whole_numbers():
    assert_close(tg.einsum("ij,j->i", [[1, 2], [3, 4]], [1, 1]), np.array([3, 7]))
    narrow = np.full(3, 100, np.int8)
    assert tg.einsum("i->", narrow) == 300  # a sum within an operand does not wrap around


def lines_of(out):
    """The operations on the tape of a result, oldest first."""
    lines = []
    while out is not None and out._record.operation is not None:
        lines.append(out._record.operation.name)
        out = next((x for x in out._record.inputs if x is not None and x._record is not None), None)
    return lines[::-1]


def test_the_tape_stays_readable():
    a = tg.Tensor(MATRIX, requires_grad=True)
    assert lines_of(tg.einsum("ij,j->i", a, VECTOR)) == ["einsum"]
    assert lines_of(tg.einsum("ij->ji", a)) == ["transpose"]
    assert lines_of(tg.einsum("ij->j", a)) == ["sum"]
    assert lines_of(tg.einsum("ij,k->i", a, VECTOR)) == ["sum", "einsum"]
    assert lines_of(tg.einsum("ii", a)) == ["getitem", "sum"]
    assert lines_of(tg.dot(a, VECTOR)) == lines_of(tg.dot(a, MATRIX)) == lines_of(tg.inner(a, VECTOR)) == ["matmul"]


def test_float32_stays():
    a = tg.Tensor(MATRIX.astype(np.float32), requires_grad=True)
    out = tg.einsum("ij,kj,ll->ik", a, a, a)
    tg.sum(out).backward()
    assert out.dtype == a.grad.dtype == np.float32


REFUSED = [  # arguments, the kind of error, words in its message
    (("ij,jk", MATRIX), ValueError, ["'ij,jk'", "2 terms for 1 operand"]),
    (("ij", MATRIX, MATRIX), ValueError, ["1 terms for 2 operands"]),
    (("ij->k", MATRIX), ValueError, ["'k'", "must be in a term"]),
    (("ij->ii", MATRIX), ValueError, ["'i'", "only once"]),
    (("ijk->i", MATRIX), ValueError, ["'ijk'", "(2, 2)"]),
    (("i", MATRIX), ValueError, ["'i'", "(2, 2)"]),
    (("ij...k", MATRIX), ValueError, ["'ij...k'", "(2, 2)"]),
    (("ij,jk", MATRIX, np.ones((3, 2))), ValueError, ["(2, 2), (3, 2)", "two lengths, 2 and 3"]),
    (("ii", np.ones((2, 3))), ValueError, ["(2, 3)", "'i'", "differ in length"]),
    (("i...->i", MATRIX), ValueError, ["'...'"]),
    (("i1", MATRIX), ValueError, ["not '1'"]),
    (("i..", MATRIX), ValueError, ["not '.'"]),
    (("......", MATRIX), ValueError, ["not '.'"]),
    (("ij->i->j", MATRIX), ValueError, ["not '-'"]),
    (("ij->i,j", MATRIX), ValueError, ["not ','"]),
    ((MATRIX, [0, 1]), TypeError, ["subscripts come first", '"ij,jk->ik"', "ndarray"]),
    (("i,i", VECTOR, ["a", "b"]), TypeError, ["expected real numbers"]),
]


@pytest.mark.parametrize(("args", "kind", "words"), REFUSED, ids=[str(row[0][0]) for row in REFUSED])
def test_refused(args, kind, words):
    for operands in (args, [tg.Tensor(x, requires_grad=True) if isinstance(x, np.ndarray) else x for x in args]):
        with pytest.raises(kind) as caught:
            tg.einsum(*operands)
        message = str(caught.value)
        assert message.startswith("einsum: ") and "\n" not in message
        for word in words:
            assert word in message.replace("Tensor", "ndarray"), message
