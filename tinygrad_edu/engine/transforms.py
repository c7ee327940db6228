"""Derivatives as functions: grad, vjp, jvp, jacobian, hessian, hvp, adjoints.

Every one of them runs the function on fresh variables and sweeps back. Plain arrays give plain arrays; Tensors, and
functions that close over tracked Tensors, give Tensors, so that derivatives can be taken of derivatives.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from .. import operations as op
from ..operations.elementwise import differentiable
from .arguments import checked
from .containers import flatten, leaves_like, positions_of
from .leaving import Running
from .pickling import made_of
from .protocols import is_traced, plain
from .record import OF_A_VARIABLE, constant, leaf_record, recording, shape_of, state
from .sharing import LARGE, checksum, demand_unwritten
from .sweep import Pairs, below, leading_to, numbers, owned, seed_for, settled
from .tensor import Tensor, linearly, swept, tensors, untracked

Tree = TypeVar("Tree")

# --- running a function on fresh variables ---------------------------------------------------------------------------


class Run(Running):
    """One call of a function on fresh variables in place of the chosen arguments, ready to be swept back.

    `live` says that the results are to be Tensors with a graph: a chosen argument is a tracked Tensor, or the function
    closes over one, and recording is on. Without `copy`, large arrays are not copied but shared with the caller, as the
    graph is not to outlive the call: the pages of a copy cost as much as the rest of a network's step.
    """

    def __init__(
        self, name: str, f: Callable[..., Any], args: Sequence[Any], chosen: Sequence[int], copy: bool = True
    ) -> None:
        super().__init__(name)
        self.shared: list[tuple[Any, bytes]] = []  # arrays, and their checksums from before
        self.trees, self.given, self.variables = [], [], []
        new_args = list(args)
        with recording(True):
            for i in chosen:
                leaves, rebuild = flatten(args[i])
                fresh: list[Any] = [self._variable(leaf, name, copy) for leaf in leaves]
                new_args[i] = rebuild(fresh)
                self.trees.append((len(fresh), rebuild))
                self.given += leaves
                self.variables += fresh
            self.stamps = list(map(_stamp, self.variables))
            self.out = self.call(f, *new_args)
        outputs, self.rebuild_output = flatten(self.out)
        self.outputs = [y if isinstance(y, Tensor) else untracked(np.array(constant(y, name))) for y in outputs]
        self.wrap = any(isinstance(x, Tensor) for x in self.given)
        self.live = state.recording.get() and any(v._record.operation or is_traced(v) for v in self.variables)

    def _variable(self, x: Any, name: str, copy: bool) -> Tensor:
        """A fresh variable with the value of x; of a tracked Tensor it is a copy that stays connected."""
        if type(x) is np.ndarray and x.dtype.kind == "f" and x.dtype.isnative:
            if copy or x.nbytes <= LARGE or not x.flags.forc:
                x = x.copy("K")
            else:
                self.shared.append((x, checksum(x)))
            variable = untracked(x)
        elif isinstance(x, Tensor):
            if x.requires_grad:
                return op.identity(x)
            variable = untracked(differentiable(np.asarray(state.look.get()(x))), x.name)
        else:
            variable = untracked(differentiable(np.array(constant(x, name))))
        variable._record = leaf_record(OF_A_VARIABLE)
        return variable

    def look_around(self) -> None:
        """Find out whether the outputs depend on something that was tracked before, and on a variable at all."""
        seen = set[int]().union(*(below(y, self.start) for y in self.outputs if y.requires_grad))
        self.live = self.live or (state.recording.get() and any(stamp < self.start for stamp in seen))
        if self.variables and self.outputs and not self.reached and seen.isdisjoint(self.stamps):
            self.warn()

    def gradients(self, y: Tensor, seed: Any, live: bool | None = None) -> list[Any]:
        """The gradients of one output with respect to all variables: zeros where it does not depend on them."""
        live = self.live if live is None else live
        found: dict[int, Any] = {}
        order = self.stamps
        goals = set(order)
        if live and y.requires_grad and goals:
            read = tensors if self.live else linearly  # else it is the seed that is tracked, and nobody has a variable
            found = {_stamp(v): g for v, g in swept(y, seed, read, goals, leading_to(y, self.variables))}
        elif y.requires_grad:

            def keep(pairs: Pairs) -> Pairs:
                for node, g in pairs:
                    stamp = node._record[0]
                    if stamp in goals:
                        yield stamp, g
                    elif stamp < self.start:  # the newest come first: no variable is left, f closes over this one
                        self.live = state.recording.get()
                        break

            pairs = settled(y, seed.numpy() if isinstance(seed, Tensor) else seed, keep=keep)
            if self.live:
                return self.gradients(y, seed)
            found = dict(zip((stamp for stamp, _ in pairs), owned(g for _, g in pairs), strict=True))
        self.reached = self.reached or bool(found)
        return [found[s] if s in found else _zeros(v, live) for s, v in zip(order, self.variables, strict=True)]

    def handed_out(self, x: Any) -> Any:
        """A result as the caller gets it: in arrays where he came with arrays."""
        if isinstance(x, Tensor) and ((self.live and x.requires_grad) or is_traced(x)):
            return x
        if self.wrap:
            return untracked(plain(x))
        return np.array(x._value) if isinstance(x, Tensor) else np.asarray(x)

    def arranged(self, per_variable: Iterable[Any]) -> list[Any]:
        """One result a variable, in the containers of the arguments."""
        rest = iter(per_variable)
        return [rebuild(itertools.islice(rest, count)) for count, rebuild in self.trees]


def _stamp(node: Any) -> int:
    stamp: int = node._record.stamp
    return stamp


def _zeros(v: Tensor, live: bool) -> Any:
    zeros = np.zeros(v.shape, v.dtype)
    return untracked(zeros) if live else zeros


def older_sources(y: Tensor, start: int) -> list[Any]:
    """The tracked tensors from before a stamp that a result was computed from."""
    return [node for stamp, node in below(y, start).items() if stamp < start] if y.requires_grad else []


# --- the transforms --------------------------------------------------------------------------------------------------


@checked
def value_and_grad(f: Callable[..., Any], argnum: int | tuple[int, ...] = 0) -> Callable[..., tuple[Any, Any]]:
    """A function that returns f's value and its gradient with respect to the arguments `argnum`.

    Parameters
    ----------
    f : a function with a scalar result (size 1); else the call raises ValueError.
    argnum : the number of an argument, which may be a nested list, tuple or dict of arrays: the gradient has the same
        form. For a tuple of numbers a tuple of gradients comes back. Keyword arguments are handed on to f as they are.

    Notes
    -----
    A gradient has the shape and dtype of its argument, in native byte order; of whole numbers it is float64.

    Numbers that leave the tape have no gradient. Inside f, a Tensor that depends on the arguments `argnum` therefore
    does not become a plain number: `float(x)` (as in `math.exp(x)` and ``"%f" % x``), `int(x)`, `x.item()`,
    `x.numpy()`, `x.data`, `x.tolist()`, `np.array([x, x])`, `array[0] = x` and `copy.copy(x)` raise TypeError. Write
    `np.exp`, `np.stack`, or `stop_gradient(x)` for a constant: `float(stop_gradient(x))`. Printing, ``f"{x:.3f}"``,
    comparisons, `bool`, `argmax`, `x.detach()` and all that is done under `no_grad` only look. Other Tensors, such as a
    leaf W that f closes over, give their numbers as ever. The same holds under the other transforms and `checkpoint`.

    A result that depends on none of these arguments gets zeros and an `IndependentWarning`, unless f takes a derivative
    itself (that of a linear function is a constant).

    Arrays above 64 KiB are not copied for the call: if their numbers are others after it, as f writes into them under
    another name, it is a ValueError. Tensors that f keeps beyond it share memory with them. Where f closes over a
    tracked Tensor and such arrays, it is called twice.

    What this and the other transforms return pickles if f does, as a function of a module: so do pools of processes
    get it. It is the pair of transform and f that is pickled.

    >>> value, gradient = value_and_grad(lambda w: (w * w).sum())(np.array([1.0, 2.0]))
    >>> float(value), gradient
    (5.0, array([2., 4.]))
    """
    name = "grad"

    @made_of(value_and_grad, f, argnum)
    def of(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        chosen = positions_of(name, argnum, len(args))
        of_args = functools.partial(f, **kwargs) if kwargs else f
        run = Run(name, of_args, args, chosen, copy=False)
        y, found = _value_and_gradients(run, name)
        demand_unwritten(name, run.shared)
        if run.live and run.shared:  # f closes over a tracked tensor: the graph lives on, on arrays of its own
            run = Run(name, of_args, args, chosen)
            run.live = True
            y, found = _value_and_gradients(run, name)
        if not run.reached:
            run.look_around()
        gradients = run.arranged(map(run.handed_out, found) if run.live or run.wrap else found)
        return run.handed_out(y), tuple(gradients) if isinstance(argnum, tuple) else gradients[0]

    return of


def _value_and_gradients(run: Run, name: str) -> tuple[Tensor, list[Any]]:
    if len(run.outputs) != 1 or run.outputs[0].size != 1:
        shapes = ", ".join(str(y.shape) for y in run.outputs)
        raise ValueError(f"{name}: the function must return a scalar (size 1), it returned {shapes}")
    (y,) = run.outputs
    return y, run.gradients(y, np.ones(y.shape, y.dtype))


@checked
def grad(f: Callable[..., Any], argnum: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """A function that returns the gradient of f with respect to the arguments `argnum`; see `value_and_grad`.

    >>> float(grad(grad(lambda x: x**3))(2.0))
    12.0
    """
    both = value_and_grad(f, argnum)

    @made_of(grad, f, argnum)
    def of(*args: Any, **kwargs: Any) -> Any:
        return both(*args, **kwargs)[1]

    return of


@checked
def vjp(f: Callable[..., Any], *args: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value of f and its pullback: ``pull(g)`` is the tuple of gᵀ·∂f/∂arg, one an argument, as often as called.

    >>> out, pull = vjp(lambda A, x: A @ x, np.array([[1.0, 2.0]]), np.array([3.0, 4.0]))
    >>> pull(np.array([1.0]))
    (array([[3., 4.]]), array([1., 2.]))
    """
    run = Run("vjp", f, args, range(len(args)))
    run.look_around()

    def pull(g: Any) -> tuple[Any, ...]:
        seeds = leaves_like(run.out, g, "vjp: gradient=")
        live = run.live or (state.recording.get() and any(isinstance(s, Tensor) and s.requires_grad for s in seeds))
        total: list[Any] = []
        for y, seed in zip(run.outputs, seeds, strict=True):
            part = run.gradients(y, seed_for(y, seed, "vjp"), live)
            total = [a + b for a, b in zip(total, part, strict=True)] if total else part
        return tuple(run.arranged(total if live and not run.live else [run.handed_out(g) for g in total]))

    return run.rebuild_output([run.handed_out(y) for y in run.outputs]), pull


@checked
def jvp(f: Callable[..., Any], args: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """The value of f and its derivative in a direction, ∂f/∂args · tangents: two reverse sweeps, as the pullback is
    linear in its argument and the derivative of a linear map is the map.

    >>> out, tangent = jvp(lambda x: x**2, (np.array([3.0]),), (np.array([1.0]),))
    >>> tangent
    array([6.])
    """
    given, _ = flatten(args)
    directions = _directions("jvp: tangents", args, tangents)
    out, pull = vjp(f, *args)
    outputs, rebuild = flatten(out)
    with recording(True):
        dummies = [Tensor(np.zeros(y.shape, y.dtype), requires_grad=True) for y in outputs]
        pulled, _ = flatten(pull(rebuild(dummies)))
    live = any(isinstance(x, Tensor) and x.requires_grad for x in (*outputs, *given, *directions))
    results = [Tensor(np.zeros(y.shape, y.dtype)) if live else np.zeros(y.shape, y.dtype) for y in outputs]
    for x, direction in zip(pulled, directions, strict=True):
        if x.requires_grad:
            parts = adjoints(x, dummies, gradient=direction, create_graph=live and state.recording.get())
            results = [a + b for a, b in zip(results, parts, strict=True)]
    if any(isinstance(y, Tensor) for y in outputs):
        results = [r if isinstance(r, Tensor) else untracked(np.asarray(r)) for r in results]
    return out, rebuild([r if isinstance(r, Tensor) else np.asarray(r) for r in results])


def _directions(name: str, given: Any, tangents: Any) -> list[Any]:
    """The leaves of a direction, checked against those of what it is a direction in."""
    directions = leaves_like(given, tangents, name)
    directions = [x if isinstance(x, Tensor) else constant(x, name) for x in directions]
    for x, like in zip(directions, flatten(given)[0], strict=True):
        if shape_of(x) != shape_of(like):
            raise ValueError(f"{name}: shape {shape_of(x)} for an argument of shape {shape_of(like)}")
    return directions


@checked
def jacobian(f: Callable[..., Any], argnum: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """A function that returns all derivatives ∂out/∂arg of f, of shape ``out.shape + arg.shape``: one sweep an output.

    The documents' matrix of m rows and n columns is its ``.reshape(m, n)``.

    >>> jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    @made_of(jacobian, f, argnum)
    def of(*args: Any, **kwargs: Any) -> Any:
        run = Run("jacobian", functools.partial(f, **kwargs), args, positions_of("jacobian", argnum, len(args)))
        run.look_around()
        per_output = []
        for y in run.outputs:
            rows = [run.gradients(y, basis) for basis in _basis(y)] or [[_zeros(v, run.live) for v in run.variables]]
            blocks = [
                op.reshape(op.stack(column), y.shape + v.shape) if y.size else np.zeros(y.shape + v.shape, v.dtype)
                for column, v in zip(zip(*rows, strict=True), run.variables, strict=True)
            ]
            arranged = run.arranged([run.handed_out(block) for block in blocks])
            per_output.append(tuple(arranged) if isinstance(argnum, tuple) else arranged[0])
        return run.rebuild_output(per_output)

    return of


def _basis(y: Tensor) -> Iterator[Any]:
    """An adjoint for each coordinate of y: 1 there and 0 elsewhere."""
    for i in range(y.size):
        seed = np.zeros(y.size, y.dtype)
        seed[i] = 1
        yield seed.reshape(y.shape)


@checked
def hessian(f: Callable[..., Any], argnum: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """A function that returns the second derivatives of a scalar f, of shape ``arg.shape + arg.shape``.

    >>> hessian(lambda x: (x**3).sum())(np.array([1.0, 2.0]))
    array([[ 6.,  0.],
           [ 0., 12.]])
    """
    return jacobian(grad(f, argnum), argnum)


@checked
def hvp(f: Callable[..., Any], argnum: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """A function of f's arguments and a direction v, of the form of the argument, that returns the Hessian times v:
    the gradient's own pullback, as a Hessian is symmetric.

    >>> hvp(lambda x: (x**3).sum())(np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([ 6., 12.])
    """

    @made_of(hvp, f, argnum)
    def of(*args_and_direction: Any, **kwargs: Any) -> Any:
        if len(args_and_direction) < 2:
            raise ValueError("hvp: expected the arguments of the function, then a direction")
        *args, v = args_and_direction
        gradient = grad(f, argnum)
        chosen = positions_of("hvp", argnum, len(args))
        _directions("hvp: the direction", tuple(args[i] for i in chosen), v if isinstance(argnum, tuple) else (v,))

        def of_chosen(*some: Any) -> Any:
            full = list(args)
            for i, x in zip(chosen, some, strict=True):
                full[i] = x
            return gradient(*full, **kwargs)

        _, pull = vjp(of_chosen, *(args[i] for i in chosen))
        pulled = pull(v)
        return pulled if isinstance(argnum, tuple) else pulled[0]

    return of


@checked
def adjoints(
    loss: Tensor, wrt: Tensor | Sequence[Tensor], *, gradient: ArrayLike | None = None, create_graph: bool = False
) -> Any:
    """The gradients of `loss` with respect to recorded tensors, leaves or not. Never touches `.grad`.

    Parameters
    ----------
    loss : a tracked tensor; a scalar (size 1) unless `gradient`, its adjoint, is given.
    wrt : a tracked tensor, or a list or tuple of them: then a list comes back.
    create_graph : give Tensors that can be differentiated again, not arrays.

    >>> import tinygrad_edu as tg
    >>> x = tg.Tensor([[1.0], [2.0]], requires_grad=True)
    >>> a = tg.sigmoid(x)
    >>> tg.adjoints(tg.squared_error(np.zeros((2, 1)), a), a)
    array([[0.73105858],
           [0.88079708]])
    """
    several = isinstance(wrt, list | tuple)
    wanted: list[Any] = [*wrt] if several else [wrt]
    for i, x in enumerate(wanted):
        if not isinstance(x, Tensor):
            raise TypeError(f"adjoints: wrt must be a recorded Tensor or a list of them, got {type(x).__name__}")
        if not x.requires_grad:
            name = getattr(x, "name", None) or f"number {i}"
            raise ValueError(f"adjoints: wrt {name} is not tracked; requires_grad=True tracks a leaf")
    if not isinstance(loss, Tensor) or not loss.requires_grad:
        raise ValueError("adjoints: the loss was not tracked; did you forget requires_grad=True?")
    seed = seed_for(loss, gradient, "adjoints")
    goals = {_stamp(x) for x in wanted}
    needed = leading_to(loss, wanted) if wanted else goals
    found = {_stamp(x): g for x, g in swept(loss, seed, tensors if create_graph else numbers, goals, needed)}
    results = owned(found[_stamp(x)] if _stamp(x) in found else _zeros(x, create_graph) for x in wanted)
    return results if several else results[0]


def stop_gradient(x: Tree) -> Tree:
    """x as a constant: no gradient goes through it. A Tensor is detached, arrays and numbers are constants already.

    Parameters
    ----------
    x : a Tensor or an array, or nested lists, tuples and dicts of them.

    >>> float(grad(lambda x: x * stop_gradient(x))(3.0))
    3.0
    """
    leaves, rebuild = flatten(x)
    constants: Tree = rebuild(leaf.detach() if isinstance(leaf, Tensor) else leaf for leaf in leaves)
    return constants
