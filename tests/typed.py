"""What a user's strict program is made of, for tests/test_types.py."""

PROGRAM = '''
import numpy as np
import tinygrad_edu as tg
from numpy.typing import NDArray

Floats = NDArray[np.float64]

W = tg.Tensor([[0.5, -1.0], [0.2, 0.1]], requires_grad=True, name="W")
b = tg.Tensor(np.zeros((2, 1)), requires_grad=True)
x = tg.Tensor([[1.0], [2.0]], name="x")
y = tg.Tensor(2.0, requires_grad=True)
A: Floats = np.array([[1.0, 2.0], [3.0, 4.0]])
v: Floats = np.array([1.0, 2.0])
S = tg.Tensor([[2.0, 1.0], [1.0, 2.0]], requires_grad=True, name="S")
z = tg.sigmoid(W @ x + b)
loss = tg.squared_error(x, z)


def of_tensors(w: tg.Tensor, X: Floats) -> tg.Tensor:
    return (tg.tanh(w @ X) ** 2).sum()


def of_arrays(w: Floats) -> Floats:
    return tg.sum(w * w)


def of_numbers(x: float) -> float:
    return x**3


def of_a_list(weights: list[tg.Tensor]) -> tg.Tensor:
    return (weights[0] @ weights[1]).sum()


def of_a_dict(weights: dict[str, tg.Tensor], scale: float = 1.0) -> tg.Tensor:
    return (weights["W"] * scale).sum()


@tg.checkpoint
def part(w: tg.Tensor) -> tg.Tensor:
    return tg.exp(w)


@tg.no_grad()
def validated(w: tg.Tensor) -> float:
    return (w * w).sum().item()


cube = tg.operation("cube", lambda x: x**3, lambda g, out, x: g * (3 * x**2))
network = tg.networks.Sequence(tg.networks.Dense(2, 3, tg.sigmoid, seed=0), tg.networks.Dense(3, 2), tg.softmax)
optimiser = tg.networks.Adam(network.parameters(), rate=0.01)
for step in range(2):
    optimiser.zero_grad()
    cost = tg.cross_entropy(np.eye(2), network(A))
    cost.backward()
    optimiser.step()
    print(f"{step}: {cost.item():.3f}")

with tg.layer("hidden"):
    hidden = tg.relu(W @ A)
with tg.no_grad():
    loss.item()
loss.backward()
W.data -= 0.1 * W.grad
W.data = np.zeros((2, 2))


def learned(w: tg.Tensor) -> bool:
    return w.grad is not None


run = tg.compile(of_tensors)
'''

# Expressions by the type that they have.
EXPRESSIONS = {
    "Tensor": [
        "W", "W @ x", "W @ A", "A @ W", "A * W", "A + W", "1.0 - W", "2 * W", "W / 3", "-W", "abs(W)", "W**2", "2**W",
        "W.T", "W[0]", "W[:, 0]", "W[W > 0]", "W[..., None]", "W.sum()", "W.mean(axis=0)", "W.sum(0, keepdims=True)",
        "W.max()", "W.reshape(4)", "W.reshape((1, 4))", "W.transpose()", "W.dot(x)", "W.ravel()", "W.clip(0, 1)",
        "W.detach()", "W.named('U')", "W.astype(float)", "z", "tg.matmul(W, x)", "tg.bullet(x, W)",
        "tg.hadamard(W, A)", "tg.kron(W, A)", "tg.diagflat(x)", "tg.softmax(z)", "tg.log_softmax(z, axis=0)",
        "tg.log(z, base=2)", "tg.exp(W)", "tg.relu(W)", "tg.coordinatewise([tg.sigmoid, tg.tanh], z)", "loss",
        "tg.cross_entropy(A, tg.softmax(W))", "tg.softmax_cross_entropy(A, W)", "tg.concatenate([W, A])",
        "tg.stack([x, x])", "tg.where(A > 2, W, 0.0)", "tg.sum(W, axis=0)", "tg.norm(W)",
        "tg.einsum('ij,jk->ik', W, A)",
        "tg.inv(S)", "tg.solve(S, x)", "tg.grad(of_tensors)(W, A)", "tg.hessian(of_tensors)(W, A)",
        "tg.vjp(of_tensors, W, A)[0]", "tg.adjoints(loss, z, create_graph=True)", "tg.stop_gradient(W)", "part(W)",
        "cube(W)", "network(A)", "tg.networks.Dense(2, 3)(A)", "hidden", "network.parameters()[0]", "next(iter(W))",
        "tg.grad(of_a_list)([W, x])[0]", "tg.grad(of_a_dict)({'W': W})['W']", "sum([W, W], start=y)",
    ],
    "ndarray": [
        "W.data", "W.numpy()", "W > 0", "W.argmax(axis=0)", "tg.sigmoid(A)", "tg.exp(2.0)", "tg.sum([1, 2])",
        "tg.log(v)",
        "tg.matmul(A, v)", "tg.concatenate([v, v])", "tg.stack([[1.0, 2.0], [3.0, 4.0]])", "tg.maximum(A, 0.0)",
        "tg.grad(of_tensors)(A, A)", "tg.grad(of_arrays)(v)", "tg.grad(of_numbers)(2.0)",
        "tg.grad(tg.sigmoid)(2.0)", "tg.grad(tg.grad(tg.exp))(2.0)", "tg.grad(tg.grad(part))(2.0)",
        "tg.value_and_grad(of_tensors)(A, A)[1]", "tg.value_and_grad(of_arrays)(v)[0]", "tg.grad(of_a_list)([A, v])[0]",
        "tg.grad(of_a_dict)({'W': A}, scale=2.0)['W']", "tg.grad(of_tensors, argnum=1)(A, A)",
        "tg.jacobian(part)(v)", "tg.hessian(of_tensors)(A, A)", "tg.hvp(tg.norm)(v, v)", "tg.vjp(part, v)[1](v)[0]",
        "tg.jvp(part, (v,), (v,))[1]", "tg.adjoints(loss, z)", "tg.adjoints(loss, [W, z])[0]",
        "run(A, A)[1]", "cube(v)", "tg.derive(loss, W).evaluate()", "tg.data.digits()[0]", "tg.data.one_hot([0, 1], 2)",
    ],
    "float": ["W.item(0)", "loss.item()", "float(loss)", "optimiser.rate", "validated(W)"],
    "int": ["W.ndim", "W.size", "len(W)", "len(tg.animate(loss, seconds=1))", "optimiser.steps"],
    "bool": ["W.requires_grad", "bool(loss)", "bool(tg.compare(loss, W, W.grad))"],
    "str": ["run.source", "str(tg.tape(loss))", "tg.draw(loss).dot", "tg.derive(loss, W).latex",
            "tg.derive(loss, W).numpy", "tg.compare(loss, W, W.grad).verdict", "f'{loss:.3f}'",
            "tg.audit('sabine', only='5.2.2-dcdW')[0].verdict"],
    "Formula": ["tg.derive(loss, W, form='inlined')", "tg.derive(z, W, kind='jacobian', layout='rows')"],
    "Comparison": ["tg.compare(loss, W, W.grad)"],
    "Drawing": ["tg.draw(loss, theme='dark', direction='TB', backward=True, values='auto')"],
    "Tape": ["tg.tape(loss, adjoints=True)"],
    "tuple": ["W.shape", "tg.divmod(W, 2.0)", "run(A, A)", "tg.broadcast_arrays(W, x)"],
    "list": ["tg.split(W, 2)", "network.parameters()", "tg.adjoints(loss, [W, z])"],
    "Audit": ["tg.audit(only='5.2.2-dcdW')"],
    "Entry": ["tg.documents.sabine['5.2.2-dcdW']"],
}  # fmt: skip

# What a lambda takes pyright alone infers: to mypy the result of these is Any.
LAMBDAS = [
    "tg.grad(lambda t: t * t)(2.0)", "tg.grad(tg.grad(lambda t: t**3))(2.0)", "tg.jacobian(lambda t: t**2)(v)",
    "tg.hessian(lambda t: (t**3).sum())(v)", "tg.hvp(lambda t: (t**3).sum())(v, v)",
    "tg.vjp(lambda t: A @ t, v)[1](v)[0]", "tg.jvp(lambda t: t**2, (v,), (v,))[1]",
]  # fmt: skip

# Each of these is wrong, and both checkers are to say so.
MISTAKES = [
    "tg.sigmod(z)", "tg.draw('loss')", "tg.draw(loss, theme='blue')", "tg.derive(loss, W, form='inlines')",
    "W.backwards()", "tg.compile(3)", "W.named(3)", "tg.grad(of_tensors)(W)", "tg.softmax(z, axis='rows')",
    "tg.networks.Dense('2', 3)", "tg.compare(loss, W, 'a', kind='jacobi')", "tg.networks.Adam(network, lr=0.1)",
    "tg.step_through(loss, 'page.html', theme='blue')", "tg.audit('sabin')", "tg.adjoints(loss, 'W')", "tg.tape(3)",
    "tg.animate(loss, theme='auto')",
    "tg.draw(loss, direction='up')", "tg.checkpoint(3)", "tg.sum(W, axes=0)", "W.sort()", "tg.layer(3)",
    "W.__setitem__(0, 3.0)", "tg.audit(verdict='rong')",
]  # fmt: skip
