"""compare reads programs: each line with what those above define, each member of a chain, and names the wrong one.

Programs in NumPy are also run as they are, and their result is compared with the gradient: that is the truth here.
"""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.comparing import FormulaError
from tinygrad_edu.comparing.statements import statements
from tinygrad_edu.engine.sweep import below


def _tensors(seed, tracked=True, **shapes):
    rng = np.random.default_rng(seed)
    return [tg.Tensor(rng.normal(size=n) / 2, requires_grad=tracked, name=name) for name, n in shapes.items()]


def one():
    """A layer, one sample."""
    (W, b), (x, t) = _tensors(0, W=(2, 3), b=(2, 1)), _tensors(1, False, x=(3, 1), t=(2, 1))
    return tg.squared_error(t, tg.sigmoid((W @ x + b).named("z")).named("a"))


def two():
    """Two layers, one sample."""
    W1, b1, W2, b2 = _tensors(2, W1=(4, 3), b1=(4, 1), W2=(2, 4), b2=(2, 1))
    x, t = _tensors(3, False, x=(3, 1), t=(2, 1))
    a1 = tg.sigmoid((W1 @ x + b1).named("z1")).named("a1")
    return tg.squared_error(t, tg.sigmoid((W2 @ a1 + b2).named("z2")).named("a2"))


def columns():
    """Two layers, samples in columns, the mean of a binary cross entropy."""
    W1, b1, W2, b2 = _tensors(4, W1=(4, 3), b1=(4, 1), W2=(1, 4), b2=(1, 1))
    (X,), Y = _tensors(5, False, X=(3, 5)), tg.Tensor(np.array([[0.0, 1, 1, 0, 1]]), name="Y")
    A1 = tg.tanh((W1 @ X + b1).named("Z1")).named("A1")
    A2 = tg.sigmoid((W2 @ A1 + b2).named("Z2")).named("A2")
    return -tg.mean(Y * tg.log(A2) + (1 - Y) * tg.log(1 - A2))


LABELS = np.array([0, 2, 1, 5, 1])


def rows():
    """Two layers, samples in rows, the mean of a cross entropy with one-hot targets, and weight decay."""
    W1, b1, W2, b2 = _tensors(6, W1=(3, 4), b1=(1, 4), W2=(4, 6), b2=(1, 6))
    (X,), y = _tensors(7, False, X=(5, 3)), tg.Tensor(np.eye(6)[LABELS], name="y")
    hidden = tg.relu(X @ W1 + b1).named("hidden")
    probs = tg.softmax((hidden @ W2 + b2).named("scores"), axis=1).named("probs")
    return tg.cross_entropy(y, probs) / 5 + 0.05 * tg.sum(W1 * W1) + 0.05 * tg.sum(W2 * W2)


def labelled():
    """A layer, samples in rows, integer labels in an index."""
    (W,), (X,) = _tensors(8, W=(3, 6)), _tensors(9, False, X=(5, 3))
    P = tg.softmax((X @ W).named("Z"), axis=1).named("P")
    return -tg.mean(tg.log(P[np.arange(5), LABELS]))


ROWS = """\
n = X.shape[0]
dscores = probs.copy()
dscores[range(n), y] -= 1
dscores /= n
dW2 = np.dot(hidden.T, dscores)
db2 = np.sum(dscores, axis=0, keepdims=True)
dhidden = np.dot(dscores, W2.T)
dhidden[hidden <= 0] = 0
dW1 = np.dot(X.T, dhidden)
db1 = np.sum(dhidden, axis=0, keepdims=True)
dW2 += 0.1 * W2
dW1 += 0.1 * W1"""
COLUMNS = """\
m = X.shape[1]
dZ2 = A2 - Y
dW2 = 1/m * np.dot(dZ2, A1.T)
db2 = 1/m * np.sum(dZ2, axis=1, keepdims=True)
dZ1 = np.dot(W2.T, dZ2) * (1 - np.power(A1, 2))
dW1 = 1/m * np.dot(dZ1, X.T)
db1 = 1/m * np.sum(dZ1, axis=1, keepdims=True)"""
NIELSEN = r"""\begin{align}
\delta^L &= \nabla_{a^L} C \odot \sigma'(z^L) \\
\delta^l &= ((w^{l+1})^T \delta^{l+1}) \odot \sigma'(z^l) \\
\frac{\partial C}{\partial b^l} &= \delta^l \\
\frac{\partial C}{\partial w^l} &= \delta^l (a^{l-1})^T
\end{align}"""
TWO = "d2 = (a2 - t) * a2 * (1 - a2)\nd1 = (W2.T @ d2) * a1 * (1 - a1)\ndW1 = d1 @ x.T"
PAPER = "δ2 = (a2 − t) ∘ σ′(z2); δ1 = (W2ᵀ·δ2) ∘ σ′(z1); ∂c/∂W1 = δ1·xᵀ"
LINES = r"\delta_2 = (a_2 - t) \circ a_2' \\ \delta_1 = W_2^T \delta_2 \circ a_1' \\ \nabla_{W_1} c = \delta_1 x^T"
RIGHT = [
    (one, "W", "d = a - t\nd *= a\nd *= 1 - a\ndW = d @ x.T"),
    (one, "W", "err = a - t\ns = a * (1 - a)\ndelta = err * s\ndW = delta @ x.T"),
    (one, "W", "dz = a - t  # without the derivative\n\ndW = (dz * a * (1 - a)) @ x.T\ndb = dz * a * (1 - a)"),
    (one, "W", "h = np.dot(W, x) + b\nq = 1 / (1 + np.exp(-h))\ndW = np.outer((q - t) * q * (1 - q), x)"),
    (one, "W", "dW = ((a - t)\n      * a * (1 - a)\n      ) @ x.T"),
    (one, "W", "def grad(W, x, b, t, a):\n    dz = (a - t) * a * (1 - a)\n    return dz @ x.T"),
    (one, "b", "import numpy as np\ndz = (a - t) * a * (1 - a)\ndW = np.outer(dz, x)\ndb = dz\nreturn dW, db"),
    (one, "W", "dW = np.zeros_like(W)\ndW += ((a - t) * a * (1 - a)) @ x.T\nW -= eta * dW"),
    (one, "W", "dc/dW = ((a - t) * a * (1 - a)) @ x.T"),
    (one, "W", "∂c/∂W = δ·xᵀ where δ = (a − t) ∘ σ′(z)"),
    (one, "W", "z = W x + b,  a = σ(z),  δ = (a − t) ∘ a ∘ (1 − a),  ∇W = δ·xᵀ"),
    (one, "W", "∂c/∂W = ∂c/∂a · ∂a/∂z · ∂z/∂W = ∂c/∂z · xᵀ = ((a − t) ∘ a ∘ (1 − a))·xᵀ"),
    (one, "W", r"\delta_j = (a_j - t_j) a_j (1 - a_j) \\ \frac{\partial c}{\partial W_{jk}} = \delta_j x_k"),
    (one, "W", r"\sigma = \frac{1}{1 + e^{-z}} \\ d = (a - t) \circ \sigma \circ (1 - \sigma) \\ \nabla_W c = d x^T"),
    (one, "W", "\\begin{split}\n\\frac{dc}{dW} &= \\frac{dc}{dz} x^T \\\\\n&= ((a - t) \\circ a') x^T\n\\end{split}"),
    (two, "W1", TWO), (two, "W1", PAPER), (two, "W1", LINES),
    (two, "W1", NIELSEN), (two, "b1", NIELSEN), (two, "W2", NIELSEN),
    (two, "W1", "delta = (a2 - t) * a2 * (1 - a2)\nnabla_w2 = delta @ a1.T\n"
                "delta = (W2.T @ delta) * a1 * (1 - a1)\ndW1 = delta @ x.T"),
    (two, "W1", "Δ₁ := (W₂ᵀ·Δ₂) ∘ a₁′\nΔ₂ := (a₂ − t) ∘ a₂′\n∇W₁ := Δ₁·xᵀ"),
    (columns, "b1", COLUMNS.replace("m = X.shape[1]", "k, m = X.shape")),
    (columns, "W1", COLUMNS), (columns, "b2", COLUMNS), (columns, "W2", "m = 5\ndZ2 = (A2 - Y) / m\ndW2 = dZ2 @ A1.T"),
    (columns, "W1", r"dZ^{[2]} = A^{[2]} - Y \\ dZ^{[1]} = W^{[2]T} dZ^{[2]} \circ (1 - (A^{[1]})^2) \\"
                    r"dW^{[1]} = \frac{1}{5} dZ^{[1]} X^T"),
    (rows, "W1", ROWS), (rows, "b1", ROWS), (rows, "W2", ROWS.replace("probs.copy()", "probs")),
    (rows, "W1", ROWS.replace("dhidden[hidden <= 0] = 0", "dhidden = dhidden * (hidden > 0)")),
    (labelled, "W", "dZ = P.copy()\ndZ[np.arange(5), y] -= 1\ndZ /= 5\ndW = X.T @ dZ"),
]  # fmt: skip
WRONG = [  # and the line that is named
    (one, "W", "dz = 0 * a\ndW = dz @ x.T", "Line 1, dz"),
    (one, "W", "dz = a - t\ndW = dz @ x.T", "Line 1, dz: A factor is missing, a * (1 - a)"),
    (one, "W", "d = t - a\nd *= a * (1 - a)\ndW = d @ x.T", "Line 2, d: The sign is wrong"),
    (one, "W", "dz = (a - t) * a * (1 - a)\ndz = 2 * dz\ndW = dz @ x.T", "Line 2, dz: A constant factor"),
    (one, "W", "d = dz = (a - t) * a * (1 + a)\ndW = d @ x.T", "Line 1, d: The sign is wrong"),
    (one, "W", "dz = (a - t) * a * (1 - a)\nd = dz\nd *= 0\ndW = dz @ x.T", "Line 3, d"),
    (one, "W", "dW = ((a - t) * a * (1 - a)) @ x.T\ndW += 0.1 * W", "Line 2, dW: A term is too many"),
    (one, "W", "dW = ((a - t) * a * (1 - a)) @ x.T\ndW *= -1", "Line 2, dW: The sign is wrong"),
    (one, "W", "a = np.tanh(z)\ndW = ((a - t) * a * (1 - a)) @ x.T", "Line 1, a: The wrong function"),
    (one, "W", "t = 0\ndW = ((a - t) * a * (1 - a)) @ x.T", "Line 2, dW"),
    (one, "W", "2 + 2 = 5 = ((a - t) * a * (1 - a)) @ x.T", "In the chain, 2 + 2: "),
    (one, "W", "2 + 2 = 5\ndW = ((a - t) * a * (1 - a)) @ x.T", "Line 1, 5: 5 is not 2 + 2"),
    (one, "W", "dW = (a - t) @ x.T = ((a - t) * a * (1 - a)) @ x.T", "In the chain, (a - t) @ x.T: A factor"),
    (one, "W", "dW = ((a - t) * a * (1 - a)) @ x.T = (a - t) @ x.T", "In the chain, (a - t) @ x.T: A factor"),
    (one, "W", "∂c/∂W = ∂c/∂a · ∂z/∂W = ((a − t) ∘ a ∘ (1 − a))·xᵀ", "In the chain, ∂c/∂a · ∂z/∂W: "),
    (one, "W", "∂c/∂b = ((a − t) ∘ a ∘ (1 − a))·xᵀ", "∂c/∂b is another quantity than the gradient by W"),
    (one, "W", "dz = (a - t) * a * (1 - a)\ndb = dz", "Line 2, db: db is another quantity"),
    (one, "W", "∇W = δ·xᵀ\nδ = 0 ∘ a", "Line 2, δ"),
    (one, "W", "\\delta = 0 a\n\\frac{\\partial c}{\\partial W} = \\delta x^T", "Line 1, δ"),
    (two, "W1", "dz1 = 3\ndW1 = dz1 @ x.T", "Line 1, dz1"),
    (two, "W1", TWO.replace(" * a1 * (1 - a1)", ""), "Line 2, d1: A factor is missing, a1 * (1 - a1)"),
    (two, "W1", TWO.replace("1 - a1", "1 + a1"), "Line 2, d1: The sign is wrong: 1 + a1"),
    (two, "W1", PAPER.replace("W2ᵀ", "W2"), "Line 2, δ1: It does not type-check"),
    (two, "W1", PAPER.replace("a2 − t", "t − a2"), "Line 1, δ2: The sign is wrong"),
    (two, "W1", LINES.replace(r" \circ a_1'", ""), r"Line 2, \delta_1: A factor is missing"),
    (two, "W1", NIELSEN.replace("z^l)", "z^L)"), r"Line 2, \delta^l: "),
    (two, "W1", NIELSEN.replace("a^{l-1}", "a^l"), r"Line 4, \frac{\partial C}{\partial w^l}: "),
    (columns, "W1", COLUMNS.replace("dW1 = 1/m * ", "dW1 = "), "Line 6, dW1: It is too large by a factor of the batch"),
    (columns, "W1", COLUMNS.replace("np.power(A1, 2)", "A1"), "Line 5, dZ1: The derivative of the activation is wrong"),
    (columns, "W2", COLUMNS.replace("A2 - Y", "Y - A2"), "Line 2, dZ2: The sign is wrong"),
    (columns, "b1", COLUMNS.replace("1/m * np.sum(dZ1, axis=1, keepdims=True)", "dZ1"), "Line 7, db1: "),
    (rows, "W1", ROWS.replace("dhidden[hidden <= 0] = 0\n", ""), "Line 8, dW1: A factor is missing, (hidden > 0)"),
    (rows, "W1", ROWS.replace("hidden <= 0", "hidden > 0"), "Line 8, dhidden: The sign is wrong: (hidden > 0)"),
    (rows, "b1", ROWS.replace("-= 1", "+= 1"),
     "Line 4, dscores: The sign is wrong: dscores[np.arange(X.shape[0]), y] += 1 should be"),
    (rows, "W1", ROWS.replace("\ndW1 += 0.1 * W1", ""), "Line 9, dW1: A term is missing"),
    (labelled, "W", "dZ = P.copy()\ndZ[np.arange(5), y] -= 1\ndW = X.T @ dZ", "Line 3, dW: It is too large by"),
]  # fmt: skip


def _ids(table):
    return [f"{row[0].__name__} {row[1]} {i}" for i, row in enumerate(table)]


@pytest.mark.parametrize("row", RIGHT, ids=_ids(RIGHT))
def test_right_programs(row):
    comparison = tg.compare(row[0](), *row[1:])
    assert comparison.verdict == "right", comparison
    assert comparison.max_abs_error < 1e-12


@pytest.mark.parametrize("row", WRONG, ids=_ids(WRONG))
def test_the_wrong_line_of_a_program_is_named(row):
    loss, (wrt, text, said) = row[0](), row[1:]
    comparison = tg.compare(loss, wrt, text)
    assert comparison.verdict in ("wrong", "ill-shaped")
    assert comparison.diagnosis.startswith(said), comparison
    if comparison.suggestion:
        assert comparison.suggestion != text
        assert tg.compare(loss, wrt, comparison.suggestion)


UNLIKE = ("\\", "return", "= 5", "eta", "/d")  # what is no Python, or no assignment
PYTHON = [(*row[:3], row in RIGHT) for row in RIGHT + WRONG if row[2].isascii() and f"d{row[1]} = " in row[2]
          and not any(each in row[2] for each in UNLIKE)]  # fmt: skip


@pytest.mark.parametrize("row", PYTHON, ids=_ids(PYTHON))
def test_the_truth_of_programs_in_python(row):
    """What is called right here is the gradient where Python runs it, and nothing else."""
    network, wrt, text, right = row
    loss = network()
    names = {node.name: node for node in below(loss).values() if node.name}
    for node in below(loss).values():
        names |= {x.name: x for x in node._record.inputs if x is not None and x.name}
    arrays = {name: tensor.numpy() for name, tensor in names.items()}
    arrays |= {"y": LABELS} if network in (rows, labelled) else {}
    try:
        exec(text, {"np": np}, arrays)
    except (ValueError, NameError, SyntaxError):
        assert not right
        return
    value, gradient = np.asarray(arrays[f"d{wrt}"], float), tg.adjoints(loss, names[wrt])
    assert (value.shape == gradient.shape and np.allclose(value, gradient, rtol=1e-9)) == right


@pytest.mark.parametrize(("text", "said"), [
    ("dz1 = nonsense(17)\ndW1 = dz1 @ x.T", "nonsense is not a function"),
    ("dW1 = dz1 @ x.T\ndz1 = 0 * a1", "dz1 is used in line 1 before a line defines it"),
    ("dz1, dz2 = a1, a2\ndW1 = dz1 @ x.T", "one name is read before ="),
    ("for l in range(2):\n    dW1 = dz1 @ x.T", "'for' is not read"),
    ("def f(z):\n    return z\ndW1 = f(dz1) @ x.T", "a function of one's own is not read: write the formula of f"),
    ("dW1[0] = 1\ndW1", "such an index is not read here"), ("2 + 2 += 1\ndW1 = dz1 @ x.T", "a name is expected"),
    ("dW1 = dz1 @ x.T\nreturn dz1, db1", "several values are returned"), ("dz1\ndW1 = dz1 @ x.T", "line 1 has no ="),
    ("d = dz1.T\nd -= 1\ndW1 = dz1 @ x.T", "a change in place of a view changes dz1 too"),
    ("dW1 =", "a formula is expected on both sides of ="), ("dW1 = dz1 @= x.T", "one change in place"),
    ("dW1 += 0.1 * W1", "dW1 is changed in line 1 before a line defines it"),
    ("q = z9\ndW1 = dz1 @ x.T", "the tape has nothing named z9"),
])  # fmt: skip
def test_what_is_not_read_is_refused(text, said):
    with pytest.raises(FormulaError) as error:
        tg.compare(two(), "W1", text)
    assert said in str(error.value) and "\n" not in str(error.value)


def test_wrong_lines_that_are_not_needed_are_noted():
    comparison = tg.compare(two(), "W1", TWO.replace("d1 =", "dW2 = d2 @ a1\nd1 =").replace("a1\nd1", "(a1.T + 1)\nd1"))
    assert comparison.verdict == "right"
    assert "Line 2, which it does not need, is wrong: it is not dW2." in comparison.diagnosis


def test_lines_that_begin_like_commands_of_latex_are_lines():
    """A text with a new line and e is not one with \\ne, typed without r."""
    program = "\n".join(["e = a - t", "e *= a", "u = 1 - a", "\top = e * u", "dW = op @ x.T"])
    assert tg.compare(one(), "W", program).verdict == "right"
    assert tg.compare(one(), "W", "q = a - t\nu = a * (1 - a)\nu * q @ x.T").verdict == "right"
    assert tg.compare(one(), "W", "\nabla_W = ((a - t) \\circ a') x^\top").verdict == "right"


def test_what_a_change_in_place_changes_is_changed_by_its_other_name():
    """As Python has it; on paper there is no such thing."""
    program = "d = a - t\ne = d\ne *= a * (1 - a)\ndW = {} @ x.T"
    assert tg.compare(one(), "W", program.format("d")).verdict == "right"
    assert tg.compare(one(), "W", program.format("d").replace("e *=", "e = e *")).verdict == "wrong"
    assert tg.compare(one(), "W", program.format("e").replace("e *=", "e = e *")).verdict == "right"


def test_statements():
    def members(text):
        return [["".join(token.text for token in part) for part in line.members] for line in statements(text, set())]

    assert members("a = b\n  + c\n\nd = e = f; g -= 1") == [["a", "b+c"], ["d", "e", "f"], ["g", "1"]]
    assert members("d = f(a,\n  x=1)  # = 2\nreturn a, d") == [["d", "f(a,x=1)"], ["a"], ["d"]]
    assert members(r"\begin{align} a &= b \\ &= c, \\ d &= e. \end{align}") == [["a", "b", "c"], ["d", "e"]]
    assert members("a^2 = b \\cdot\nc\nd e = f") == [["a^2", "b·c"], ["de", "f"]]
    assert members("n, d = X.shape") == [["n", "X.shape[0]"], ["d", "X.shape[1]"]]
    assert members("a = b, c = d and e = (f, g)") == [["a", "b"], ["c", "d"], ["e", "(f,g)"]]
    assert members(r"A = \begin{pmatrix} a & b \\ c & d \end{pmatrix}") == [
        ["A", r"\begin{pmatrix}a&b\\c&d\end{pmatrix}"]
    ]


def test_what_derive_prints_is_right():
    """In all notations, whole programs too."""
    for network, wrt in ((two, "W1"), (columns, "b1"), (rows, "W1"), (labelled, "W")):
        loss = network()
        for form in ("inlined", "recursive"):
            formula = tg.derive(loss, wrt, form=form)
            for text in (str(formula), formula.latex, formula.numpy):
                assert tg.compare(loss, wrt, text), text


@pytest.mark.parametrize("cost", [
    lambda v, M: tg.sum(M @ v), lambda v, M: tg.norm(v), lambda v, M: tg.logsumexp(v), lambda v, M: tg.max(v),
    lambda v, M: tg.std(v), lambda v, M: tg.prod(v), lambda v, M: tg.sum((tg.diag(v) @ M.T) ** 2),
    lambda v, M: tg.mean((M @ v + v[0]) ** 2) * 0 + tg.sum(tg.sigmoid(v)),
])  # fmt: skip
def test_what_derive_prints_of_vectors_is_right(cost):
    v, M = _tensors(10, v=(4,), M=(3, 4))
    loss = cost(v, M)
    formula = tg.derive(loss, v)
    for text in (str(formula), formula.latex, formula.numpy):
        assert tg.compare(loss, v, text).verdict == "right", text


def test_a_column_of_ones_has_as_many_as_are_asked_for():
    (M,), (x,) = _tensors(19, M=(3, 4)), _tensors(20, False, x=(4, 1))
    for loss, said in ((tg.sum(M @ x), "1·xᵀ"), (tg.mean(M), "(1/12) 1·1ᵀ")):
        formula = tg.derive(loss, M)
        assert said in str(formula)
        for text in (str(formula), formula.latex, formula.numpy):
            assert tg.compare(loss, M, text).verdict == "right", text
    assert tg.compare(tg.sum(M @ x), M, "xᵀ").verdict == "ill-shaped"
    assert tg.compare(tg.sum(M @ x), M, "1·xᵀ + 0 ∘ xᵀ").verdict == "ill-shaped"


def test_names_of_ones_own_do_no_harm_where_the_targets_sum_to_1():
    """d1 is the gradient by z1 elsewhere."""
    comparison = tg.compare(rows(), "W2", "d1 = (probs - y) / 5\ndW2 = hidden.T @ d1 + 0.1 * W2")
    assert comparison.verdict == "conditional" and comparison.causes == ("condition", "sum to 1")


def test_a_bias_of_one_axis_is_a_column_where_it_is_transposed():
    """As derive prints it: Σ1·W2 + b2ᵀ."""
    W1, b1, W2, b2 = _tensors(11, W1=(3, 4), b1=(4,), W2=(4, 2), b2=(2,))
    X, Y = _tensors(12, False, X=(5, 3), Y=(5, 2))
    loss = tg.sum((tg.tanh(X @ W1 + b1) @ W2 + b2 - Y) ** 2)
    for wrt in (W1, b1, W2, b2):
        formula = tg.derive(loss, wrt)
        for text in (str(formula), formula.latex, formula.numpy):
            assert tg.compare(loss, wrt, text).verdict == "right", text


@pytest.mark.parametrize("name", ["X", "Q"])
def test_softmax_regression_in_rows_with_tracked_inputs(name):
    (X, W), y = _tensors(13, **{name: (5, 3)}, W=(3, 4)), tg.Tensor(np.eye(4)[[0, 2, 1, 3, 1]], name="y")
    loss = tg.cross_entropy(y, tg.softmax(X @ W, axis=1).named("P")) / 5
    comparison = tg.compare(loss, W, f"{name}.T @ (P - y) / 5")
    assert comparison.verdict == "conditional" and comparison.causes == ("condition", "sum to 1")
    assert tg.compare(loss, X, "(P - y) @ W.T / 5").verdict == "conditional"
    assert tg.compare(loss, W, f"{name}.T @ (y - P) / 5").causes == ("sign",)
    assert tg.compare(loss, W, f"{name}.T @ (P - y)").causes == ("mean",)


def test_the_targets_of_several_costs_sum_to_1_together():
    Wx, Wh, Wy = _tensors(14, Wx=(4, 3), Wh=(4, 4), Wy=(5, 4))
    x1, x2, h0 = _tensors(15, False, x1=(3, 1), x2=(3, 1), h0=(4, 1))
    t1, t2 = (tg.Tensor(np.eye(5)[:, [k]], name=f"t{k}") for k in (1, 2))
    h1 = tg.tanh(Wx @ x1 + Wh @ h0).named("h1")
    h2 = tg.tanh(Wx @ x2 + Wh @ h1).named("h2")
    p1, p2 = tg.softmax(Wy @ h1).named("p1"), tg.softmax(Wy @ h2).named("p2")
    loss = tg.cross_entropy(t1, p1) + tg.cross_entropy(t2, p2)
    comparison = tg.compare(loss, Wy, "(p1 - t1) @ h1.T + (p2 - t2) @ h2.T")
    assert comparison.verdict == "conditional" and "(t1, t2 along axis 0); as they do here" in comparison.diagnosis
    assert tg.compare(loss, Wy, "(p1 - t1) @ h1.T - (p2 - t2) @ h2.T").causes == ("sign",)
    program = ("d2 = (Wy.T @ (p2 - t2)) * (1 - h2**2)\nd1 = (Wy.T @ (p1 - t1) + Wh.T @ d2) * (1 - h1**2)\n"
               "dWh = d2 @ h1.T + d1 @ h0.T")  # fmt: skip
    assert tg.compare(loss, Wh, program).verdict == "conditional"
    assert tg.compare(loss, Wh, program.replace(" + Wh.T @ d2", "")).diagnosis.startswith("Line 2, d1: A way by which")


def test_a_row_of_the_wrong_sign_is_not_called_rounded():
    (W,), (x,) = _tensors(16, W=(3, 4)), _tensors(17, False, x=(4, 1))
    loss = tg.sum(tg.Tensor([[1.0], [1e-3], [1.0]]) * (W @ x))
    gradient = tg.adjoints(loss, W)
    turned = gradient * np.array([[1.0], [-1.0], [1.0]])
    assert "in all rows but one" in tg.compare(loss, W, turned).diagnosis
    assert "digits" in tg.compare(loss, W, np.round(gradient, 5)).diagnosis
    noisy = turned * (1 + 1e-4 * np.random.default_rng(0).uniform(0.5, 1, gradient.shape))
    assert "digits" not in tg.compare(loss, W, noisy).diagnosis


def test_names_of_labels_and_numbers():
    loss = labelled()
    text = "q = P.copy()\nq[np.arange(m), c] -= 1\nX.T @ q / m"
    assert tg.compare(loss, "W", text, names={"c": LABELS, "m": 5}).verdict == "right"
    assert not tg.compare(loss, "W", text, names={"c": LABELS, "m": 4})
    (W,), x = _tensors(18, W=(2, 3)), np.array([[0.5], [1.0], [-0.3]])
    assert tg.compare(tg.sum((W @ x) ** 2), W, "2 * (W @ u) @ u.T", names={"u": x}).verdict == "right"
    with pytest.raises(ValueError, match="which the tape does not have"):
        tg.compare(tg.sum((W @ x) ** 2), W, "2 * (W @ u) @ u.T", names={"u": x + 1})


@pytest.mark.parametrize(("call", "verdict"), [
    ("error(a, t)", "right"), ("error(t, a)", "wrong"), ("-error(t, a)", "right"),
])  # fmt: skip
def test_functions_are_written_out_with_their_arguments_in_order(call, verdict):
    rng = np.random.default_rng(2)
    W, x, t = (tg.Tensor(rng.normal(size=shape), requires_grad=name == "W", name=name) for name, shape in
               (("W", (3, 4)), ("x", (4, 5)), ("t", (3, 5))))  # fmt: skip
    program = f"""
def error(first, second):
    difference = first - second
    return difference

def gradient(W, x, t):
    a = np.tanh(W @ x)
    return ({call} * (1 - a * a)) @ x.T
"""
    assert tg.compare(tg.squared_error(t, tg.tanh(W @ x)), W, program).verdict == verdict


def test_a_function_with_names_from_outside_is_refused():
    W, x = tg.Tensor(np.ones((2, 3)), requires_grad=True, name="W"), tg.Tensor(np.ones((3, 1)), name="x")
    program = "def twice(u):\n    return u + W\n\ndef gradient(W, x):\n    W = 2 * W\n    return twice(W) @ x @ x.T\n"
    with pytest.raises(FormulaError, match="a function of one's own is not read: write the formula of twice"):
        tg.compare(tg.sum((W @ x) ** 2), W, program)


@pytest.mark.parametrize("last", [r"d_2 \cdot x^T", r"x^T \otimes d_2"])
def test_a_line_of_latex_with_what_the_last_one_defines_does_not_go_on_with_it(last):
    r"""Otherwise an end of a line is a space there, and a \circ (1 - a) goes on."""
    W, x = tg.Tensor(np.ones((2, 3)), requires_grad=True, name="W"), tg.Tensor([[1.0], [0.5], [-1.0]], name="x")
    loss = tg.sum(tg.sigmoid(W @ x).named("a"))
    assert tg.compare(loss, W, "d_1 = a\nd_2 = d_1\n\\circ (1 - a)\n" + last)
    assert tg.compare(loss, W, "d = a\n\\circ (1 - a)\n" + last.replace("_2", ""))
    assert tg.compare(loss, W, "\\nabla_W = (a \\circ (1 - a)) \\cdot\nx^T")


@pytest.mark.parametrize(("text", "right"), [
    ("d = y - X @ w\n-2 * X.T @ d", True), ("d = y - X @ w; -2 * X.T @ d", True), ("d = X @ w - y\n+2 * X.T @ d", True),
    ("d = X @ w\n- y\n2 * X.T @ d", True), ("2 * X.T @ X @ w\n- 2 * X.T @ y", True),
    ("d = y - X @ w\n2 * X.T @ d", False),
])  # fmt: skip
def test_a_line_that_begins_with_a_sign(text, right):
    """It goes on with the line above, unless that defines what it is made of."""
    assert bool(tg.lessons.exercises["2.6"].check(text)) is right
