"""Nested lists, tuples and dicts of arrays: their leaves in a row, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any


def flatten(tree: Any) -> tuple[list[Any], Callable[[Iterable[Any]], Any]]:
    """The leaves of nested lists, tuples and dicts, and the function that puts others in their places."""
    leaves: list[Any] = []
    form = _form(tree, leaves)
    return leaves, lambda others: _filled(form, iter(others))


def _form(tree: Any, leaves: list[Any]) -> Any:
    """What a container is made of, None standing for a leaf; the leaves are added to a list."""
    if isinstance(tree, dict):
        return dict, list(tree), [_form(part, leaves) for part in tree.values()]
    if isinstance(tree, (list, tuple)):
        return type(tree), None, [_form(part, leaves) for part in tree]
    leaves.append(tree)
    return None


def _filled(form: Any, leaves: Iterator[Any]) -> Any:
    if form is None:
        return next(leaves)
    kind, keys, parts = form
    items = [_filled(part, leaves) for part in parts]
    if keys is not None:
        return dict(zip(keys, items, strict=True))
    return items if kind is list else kind(*items) if hasattr(kind, "_fields") else kind(items)


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
