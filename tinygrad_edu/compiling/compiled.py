"""The function that `compile` gives: a program for each combination of shapes and dtypes, and which a call needs."""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import functools
import inspect
import types
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy import ndarray

from ..engine.arguments import checked
from ..engine.containers import flatten, positions_of
from ..engine.errors import ERRORS, underflows_to_zero
from ..engine.pickling import Made
from ..engine.record import OF_A_VARIABLE, constant, state
from ..engine.tensor import Tensor, untracked
from ..engine.transforms import value_and_grad
from ..operations.elementwise import differentiable
from .lines import Line, needed
from .lowering import Lowering
from .portable import portable_source
from .source import Source
from .standard import in_standard_terms
from .trace import is_tracing
from .wrapper import entry, runner

NAME = "compile"
BY_IDENTITY = (  # arguments that stay what they are; everything else is known by its value
    types.FunctionType, types.BuiltinFunctionType, types.MethodType, np.ufunc, Made, type, types.ModuleType, enum.Enum,
    types.NoneType, types.EllipsisType,
)  # fmt: skip
PROGRAMS = 64  # of so many shapes, dtypes and other arguments the programs are kept


@checked
def compile(f: Callable[..., Any], argnum: int | tuple[int, ...] = 0) -> Compiled:
    """A function like ``value_and_grad(f, argnum)``, which is run as a straight-line NumPy program.

    f is run once for each combination of shapes and dtypes, to see what it does. The program that comes of it computes
    nothing twice, nothing that the arguments do not change, and writes into memory that is there already.

    Parameters
    ----------
    f : a function with a scalar result (size 1), made of operations; else ValueError. Arrays among its arguments, in
        nested lists, tuples and dicts as well, may have other numbers at every call. All other arguments are part of
        the program: numbers, strings, functions, and whatever else is known by its value. A new one makes a new
        program; what changes often is to be an array. An object that can change, and a program would not follow, is a
        TypeError; and f that writes into an argument is a ValueError.
    argnum : the number of an argument, or a tuple of them, as for `value_and_grad`.

    Returns
    -------
    Compiled : ``step(*args)`` is the value and the gradients. ``step.source`` is the text of the program of the last
        call, ``step.portable(xp, *args)`` runs the same program on another array library.

    Notes
    -----
    Results are arrays that nobody else has: no later call writes into them. They have no graph, also where f closes
    over tracked leaves. Where a derivative might be taken of them, as an argument is a tracked Tensor or f closes over
    the result of a recorded operation, `value_and_grad` is called instead.

    Tensors that f closes over are read at every call: new `.data` counts. (Which Tensors these are is settled when f is
    first run, as is everything else that f does.) Plain arrays, numbers and objects that it closes over are constants
    from then on, and so is what f draws at random.

    While f is run, the numbers of arguments and Tensors cannot be looked at: `bool`, `float`, `int`, `.item()`,
    `.data`, `.numpy()`, `copy.copy`, `tape`, `draw`, `derive` and indexing by them raise TypeError, as the program
    would not follow other numbers; their text shows none. Comparisons can be used, in `where` and in arithmetic. Shapes
    are known. A result that does not depend on the arguments `argnum` brings an `IndependentWarning`, once a program.

    Pickled or copied it is compiled anew: f and argnum are what goes along.

    >>> import tinygrad_edu as tg
    >>> step = tg.compile(lambda w, x: tg.sum(tg.relu(w * x)))
    >>> step(np.array([1.0, -2.0]), np.array([3.0, 4.0]))
    (array(3.), array([3., 0.]))
    >>> print(step.source.partition("def step")[2].splitlines()[1].strip())
    v1 = np.multiply(w, x, out=m1)  # (2,)
    """
    return Compiled(f, argnum)


class Program:
    """A program: its text, its lines, and its memory, a piece for each thread that runs it at the same time."""

    def __init__(self, lowered: Lowering, call: _Arguments, result_names: Sequence[str], several: bool) -> None:
        reached = set(needed(lowered.results))
        self.order = sorted(reached, key=lowered.writer.lines.numbers.__getitem__)
        self.closures = [x for x in lowered.closures if x in reached]
        self.arguments, self.results = lowered.arguments, lowered.results
        self.result_names = result_names
        self.leaves = len(call.leaves)  # so many arguments, of which arrays are at these places
        self.places = [i for i, x in enumerate(call.leaves) if isinstance(x, ndarray)]
        text = Source(self.order, self.arguments, self.closures, self.results, result_names)
        self.source = text.source
        namespace: dict[str, Any] = dict(text.names)
        exec(_code(self.source), namespace)
        tensors = [x.value for x in self.closures]
        self.run = runner(namespace["memory"], tensors, len(self.arguments))
        self.at_once = entry(call.args, call.kwargs, call.positions, several, self.run, bool(tensors))

    @functools.cached_property
    def portable_text(self) -> tuple[str, list[Line]]:
        """The text for any array library, and the lines of its constants."""
        order, results = in_standard_terms(self.order, self.results)
        return portable_source(order, self.arguments, self.closures, results, self.result_names)

    def portably(self, xp: Any, arrays: Sequence[Any]) -> Any:
        """The results on another array library."""
        text, constants = self.portable_text
        namespace: dict[str, Any] = {}
        exec(_code(text), namespace)
        numbers = [np.array(x.value._value if isinstance(x.value, Tensor) else x.value) for x in constants]
        device = getattr(arrays[0], "device", None) if arrays else None  # an array that is being traced has none
        return namespace["program"](xp, arrays, [xp.asarray(x, device=device) for x in numbers])


@functools.lru_cache(256)
def _code(source: str) -> Any:
    import builtins

    return builtins.compile(source, "<tinygrad_edu.compile>", "exec")


class Compiled(Made):
    """A function that gives the value and the gradients; see `compile`."""

    def __init__(self, f: Callable[..., Any], argnum: int | tuple[int, ...]) -> None:
        self.f, self.argnum = f, argnum
        self.made = (compile, f, argnum)
        self.eager = value_and_grad(f, argnum)
        self._programs: dict[Any, Program | None] = {}
        self._last: Program | None = None
        self._several = isinstance(argnum, tuple)
        functools.update_wrapper(self, f, updated=())

    def __repr__(self) -> str:
        name, number = getattr(self.f, "__qualname__", repr(self.f)), sum(map(bool, self._programs.values()))
        programs = {0: "no program yet", 1: "1 program"}.get(number, f"{number} programs")
        return f"<compile({name}, argnum={self.argnum!r}): {programs}>"

    @property
    def source(self) -> str:
        """The text of the program of the last call."""
        return self._of_last_call().source

    def _of_last_call(self) -> Program:
        if self._last is None:
            raise ValueError("compile: there is no program before the first call, as it depends on the shapes")
        return self._last

    def __call__(self, /, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        last = self._last
        if last is not None and not kwargs:
            try:
                results = last.at_once(*args)
            except ERRORS:
                self.eager(*args)  # says what is wrong in the words of the operation
                raise
            if results is not None:
                return results  # type: ignore[no-any-return]
        return self._general(args, kwargs)

    def _general(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """A call with any arguments: containers, Tensors, numbers, or arrays of forms that the last call had not."""
        chosen = positions_of(NAME, self.argnum, len(args))
        leaves, _ = flatten((args, kwargs))
        tracked = any(isinstance(x, Tensor) and x.requires_grad for x in leaves)
        if is_tracing() or (tracked and state.recording.get()):
            return self.eager(*args, **kwargs)
        call = _Arguments(args, kwargs, chosen)
        program = self._programs[call.key] if call.key in self._programs else self._written(call)
        if program is None:
            return self.eager(*args, **kwargs)
        self._last = program
        try:
            value, *gradients = program.run(*(x for x in call.leaves if isinstance(x, ndarray)))
        except ERRORS:
            self.eager(*args, **kwargs)
            raise
        if call.gives_tensors:
            value, gradients = untracked(value), list(map(untracked, gradients))
        return value, self._arranged(gradients, call.trees)

    def _written(self, call: _Arguments) -> Program | None:
        """A program for calls like this one; None, now and later, where f closes over a part of somebody's graph."""
        names = call.names(self.f)
        arrays = [x for x in call.leaves if isinstance(x, ndarray)]
        before = [x.tobytes() for x in arrays]
        lowered = Lowering(NAME, self.f, call.leaves, call.rebuild, names, call.chosen)
        if before != [x.tobytes() for x in arrays]:
            said = "the function writes into an argument, and a program would not; write into a copy of it"
            raise ValueError(f"{NAME}: {said}")
        result_names = ["value", *(f"d{names[i]}" for i in call.chosen)]
        closes_over_a_graph = any(_in_a_graph(line.value) for line in lowered.closures)
        program = None if closes_over_a_graph else Program(lowered, call, result_names, self._several)
        if len(self._programs) >= PROGRAMS:
            self._programs.pop(next(iter(self._programs)), None)
        self._programs[call.key] = program
        return program

    def portable(self, xp: Any, /, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """The program of the last call on any array library that follows the array API standard.

        It allocates nothing beforehand and writes nothing in place, so it may be compiled or run on a GPU:
        ``jax.jit(functools.partial(step.portable, jax.numpy))(*args)``. Its text is `portable_source`.

        Parameters
        ----------
        xp : the namespace: numpy (2), jax.numpy, array_api_compat.torch.
        *args : as in the last call, of the same shapes, in arrays of that library.

        Raises
        ------
        ValueError before the first call and for other shapes, TypeError for an operation that the standard has not.
        """
        program = self._of_last_call()
        leaves, _ = flatten((args, kwargs))
        if len(leaves) != program.leaves:
            raise ValueError(f"compile: portable: {len(leaves)} arguments, the last call had {program.leaves}")
        arrays = [leaves[i] if hasattr(leaves[i], "shape") else xp.asarray(leaves[i]) for i in program.places]
        for x, line in zip(arrays, program.arguments, strict=True):
            if tuple(x.shape) != line.shape:
                shape = tuple(x.shape)
                raise ValueError(f"compile: portable: an argument has shape {shape}, not {line.shape} as before")
        value, *gradients = underflows_to_zero(program.portably)(xp, arrays)
        return value, self._arranged(gradients, [flatten(args[i]) for i in positions_of(NAME, self.argnum, len(args))])

    @property
    def portable_source(self) -> str:
        """The text of what `portable` runs."""
        return self._of_last_call().portable_text[0]

    def _arranged(self, gradients: Sequence[Any], trees: Sequence[Any]) -> Any:
        """Gradients in the containers of the arguments that they belong to."""
        rest = iter(gradients)
        arranged = [rebuild(islice(rest, len(leaves))) for leaves, rebuild in trees]
        return tuple(arranged) if self._several else arranged[0]


def _in_a_graph(x: Tensor) -> bool:
    """Whether a tracked Tensor is a result, or a variable of one of the transforms: a derivative may be wanted in it.
    In somebody's leaf it is not, as `backward` does not come here."""
    return x._record is not None and (x._record.operation is not None or x._record.params is OF_A_VARIABLE)


class _Arguments:
    """The arguments of a call in a row: arrays, and what is part of the program."""

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any], chosen: Sequence[int]) -> None:
        self.args, self.kwargs, self.positions = args, kwargs, chosen
        self.leaves: list[Any] = []
        self.chosen: list[int] = []  # places of leaves
        self.trees: list[Any] = []
        self.gives_tensors = False
        spans = []
        for i, arg in enumerate((*args, kwargs)):
            given, _ = flatten(arg)
            start = len(self.leaves)
            spans.append(range(start, start + len(given)))
            if i in chosen:
                self.gives_tensors = self.gives_tensors or any(isinstance(x, Tensor) for x in given)
                self.leaves += map(_as_variable, given)
            else:
                self.leaves += map(_as_input, given)
        for i in chosen:
            self.chosen += spans[i]
            self.trees.append(flatten(args[i]))
        self.key = _structure((args, kwargs)), tuple(map(_form_of, self.leaves))

    def rebuild(self, leaves: Sequence[Any]) -> Any:
        """The arguments with other leaves."""
        return flatten((self.args, self.kwargs))[1](leaves)

    def names(self, f: Callable[..., Any]) -> list[str]:
        """A name for every leaf: the parameter of f that it belongs to, and where in a container it is."""
        try:
            parameters = list(inspect.signature(f).parameters.values())
        except (TypeError, ValueError):
            parameters = []
        positional = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        found: list[str] = []
        for i, arg in enumerate(self.args):
            found += _paths(positional[i] if i < len(positional) else f"x{i}", arg)
        return found + [name for key, value in self.kwargs.items() for name in _paths(key, value)]


def _paths(name: str, tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        for key, part in tree.items():
            yield from _paths(f"{name}_{key}", part)
    elif isinstance(tree, list | tuple):
        keys = getattr(tree, "_fields", range(len(tree)))
        for key, part in zip(keys, tree, strict=True):
            yield from _paths(f"{name}_{key}", part)
    else:
        yield name


def _structure(tree: Any) -> Any:
    """What the containers of arguments are, as part of a key."""
    if isinstance(tree, dict):
        own = getattr(tree, "__dict__", {}).keys() - tree.keys()
        if own:
            said = f"a {type(tree).__name__} has attributes ({', '.join(own)})"
            raise TypeError(f"{NAME}: {said}, which a program does not follow; hand over dict(...) of it")
        return dict, tuple(map(_form_of, tree)), tuple(map(_structure, tree.values()))
    return (type(tree), tuple(map(_structure, tree))) if isinstance(tree, list | tuple) else None


def _form_of(x: Any) -> Any:
    """What a leaf of the arguments is, as part of a key: of an array its form, of anything else its value."""
    kind = type(x)
    if isinstance(x, ndarray):
        return x.shape, x.dtype.str
    if kind is str or kind is int or isinstance(x, BY_IDENTITY):
        return kind, x
    if isinstance(x, (float, complex, np.number)):
        return kind, repr(x)  # which tells -0.0 from 0.0, and finds nan again
    by_value = not {kind.__eq__, kind.__hash__} & {object.__eq__, object.__hash__, None}
    if kind is slice:
        return kind, *map(_form_of, (x.start, x.stop, x.step))
    if kind is functools.partial:
        return kind, _form_of(x.func), _form_of(x.args), _form_of(frozenset(x.keywords.items()))
    if kind is tuple or (by_value and dataclasses.is_dataclass(x)):
        parts = x if kind is tuple else [getattr(x, field.name) for field in dataclasses.fields(x)]
        return kind, *map(_form_of, parts)
    if kind is frozenset:
        return kind, frozenset(map(_form_of, x))
    with contextlib.suppress(TypeError, ValueError):
        if by_value and hash(x) is not None:
            return kind, x
    raise TypeError(
        f"{NAME}: an argument of type {kind.__name__} can change, which a program would not follow; hand over its "
        "arrays and numbers, in a dict or a tuple, or let the function close over it as it is now"
    )


def _as_variable(x: Any) -> ndarray:
    """An argument to differentiate in, as an array of floating numbers."""
    if type(x) is ndarray and x.dtype.kind == "f" and x.dtype.isnative:
        return x
    return np.asarray(differentiable(np.asarray(constant(x._value if isinstance(x, Tensor) else x, NAME))))


def _as_input(x: Any) -> Any:
    """Any other argument: an array, or part of the program."""
    x = x._value if isinstance(x, Tensor) else x
    if isinstance(x, ndarray | np.generic) and x.dtype.kind in "fiub":
        return np.asarray(constant(x, NAME))
    return x
