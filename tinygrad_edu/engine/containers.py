"""Arguments: which are meant; and nested lists, tuples and dicts of arrays, their leaves in a row and back. A class of
somebody's own, made of one of them, comes back as what it is, or is refused."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .errors import brief


def positions_of(name: str, argnum: int | tuple[int, ...], count: int) -> list[int]:
    """Which of so many arguments `argnum` says, counted from the front."""
    positions = argnum if isinstance(argnum, tuple) else (argnum,)
    for i in positions:
        if not -count <= i < count:
            raise ValueError(f"{name}: argnum={brief(argnum)}, but the function was called with {count} arguments")
    chosen = [int(i) % count for i in positions]
    if len(set(chosen)) < len(chosen):
        raise ValueError(f"{name}: argnum={argnum!r} names an argument twice")
    return chosen


def flatten(tree: Any) -> tuple[list[Any], Callable[[Iterable[Any]], Any]]:
    """The leaves of nested lists, tuples and dicts, and the function that puts others in their places."""
    leaves: list[Any] = []
    form = _form(tree, leaves)
    return leaves, lambda others: _filled(form, iter(others))


def _form(tree: Any, leaves: list[Any]) -> Any:
    """What a container is made of, None standing for a leaf; the leaves are added to a list."""
    if isinstance(tree, dict):
        return tree, list(tree), [_form(part, leaves) for part in tree.values()]
    if isinstance(tree, (list, tuple)):
        return tree, None, [_form(part, leaves) for part in tree]
    leaves.append(tree)
    return None


def _filled(form: Any, leaves: Iterator[Any]) -> Any:
    if form is None:
        return next(leaves)
    tree, keys, parts = form
    kind, items = type(tree), [_filled(part, leaves) for part in parts]
    if keys is not None:
        return _dict_like(tree, dict(zip(keys, items, strict=True)))
    return items if kind is list else kind(*items) if hasattr(kind, "_fields") else kind(items)


def _dict_like(tree: Any, items: dict[Any, Any]) -> Any:
    """A dict of the class of another, with its attributes, but for those that stand for its items: these are made by
    the class. What does not hold the items then, whatever its class did, is refused."""
    kind = type(tree)
    if kind is dict:
        return items
    try:
        if items.keys() & getattr(tree, "__dict__", {}).keys():
            new = kind(items)
        else:
            new = copy.copy(tree)
            new.update(items)
        holds = list(new) == list(items) and all(new[key] is item for key, item in items.items())
    except Exception:  # whatever its class has against it
        holds = False
    if not holds:
        raise TypeError(f"a {kind.__name__} does not come back with other items in it; hand over dict(...) of it")
    return new


def leaves_like(tree: Any, other: Any, name: str) -> list[Any]:
    """The leaves of another container in the order of those of `tree`; ValueError where the containers differ."""
    leaves: list[Any] = []
    _match(_form(tree, []), other, name, leaves)
    return leaves


def _match(form: Any, other: Any, name: str, leaves: list[Any]) -> None:
    if form is None:
        leaves.append(other)
        return
    _, keys, parts = form
    kinds = dict if keys is not None else (list, tuple)
    if not isinstance(other, kinds) or len(other) != len(parts) or (keys is not None and set(keys) != set(other)):
        wanted = f"{len(parts)} entries" if keys is None else f"the keys {', '.join(map(str, keys))}"
        raise ValueError(f"{name} must have the containers of what it belongs to: {wanted}, not {_described(other)}")
    for part, key in zip(parts, range(len(parts)) if keys is None else keys, strict=True):
        _match(part, other[key], name, leaves)


def _described(x: Any) -> str:
    kind = type(x).__name__
    if isinstance(x, dict):
        return f"a {kind} with the keys {', '.join(map(str, x))}"
    return f"a {kind} of {len(x)}" if isinstance(x, (list, tuple)) else f"a single {kind}"
