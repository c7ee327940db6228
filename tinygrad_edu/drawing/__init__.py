"""Pictures of a computation: the graph that was recorded, in DOT, SVG, PNG and PDF."""

from __future__ import annotations

import os
from collections.abc import Collection
from functools import cached_property
from pathlib import Path
from typing import Any

from ..files import write
from ..record import Node
from .backward import backward as swept
from .dot import source
from .engine import render
from .graph import collect
from .scene import scene
from .steps_page import step_through
from .theme import THEMES

__all__ = ["Drawing", "draw", "step_through"]

DETAILED = 60  # with more nodes than this, numbers are left out unless they are asked for
DRAWABLE = 2000  # above this the layout takes minutes, and nobody can read the picture
DIRECTIONS = ("LR", "TB", "RL", "BT")


def draw(
    loss: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    backward: bool = False,
    values: bool | str = "auto",
    formulas: bool = True,
    depth: int | None = None,
    direction: str = "LR",
    theme: str = "light",
    legend: bool = False,
) -> Drawing:
    """Draw the graph of all that `loss` depends on. Nothing is computed and no ``grad`` changes.

    Operands enter an operation from top to bottom. What was recorded inside ``with tg.layer("hidden 1")`` has a frame.

    Parameters
    ----------
    loss : a recorded tensor, of any shape.
    path : save it there too, as svg, png, pdf or dot, by suffix.
    values : show numbers: up to six one by one, of more the least, mean and largest; "auto": where the graph has at
        most 60 nodes.
    direction : "LR" from left to right, "TB" from top to bottom, "RL", "BT".
    theme : "light", "dark" or "print" (black on white).
    legend : explain the shapes.

    >>> import tinygrad_edu as tg
    >>> w = tg.Tensor([[1.0, 2.0]], requires_grad=True, name="w")
    >>> tg.draw((w @ [[3.0], [4.0]]).named("z"))
    <Drawing: 3 nodes, 2 edges>
    """
    if not isinstance(loss, Node):
        raise TypeError(f"draw: expected a Tensor, got {type(loss).__name__}")
    if loss._record is None:
        raise ValueError("draw: nothing was recorded; did you forget requires_grad=True?")
    for name, given, known in (
        ("values", values, ("auto", True, False)),
        ("direction", direction, DIRECTIONS),
        ("theme", theme, tuple(THEMES)),
    ):
        if given not in known:
            raise ValueError(f"draw: {name}={given!r} is unknown; known are {', '.join(map(repr, known))}")
    graph = collect(loss)
    nodes = len(graph.vertices)
    detailed = nodes <= DETAILED if values == "auto" else bool(values)
    sweep = swept(loss, graph, "draw") if backward else None
    whole = scene(sweep.graph if sweep else graph, detailed, sweep, formulas)
    dot = source(whole, direction=direction, theme=theme, legend=legend)
    drawing = Drawing(dot, nodes, len(graph.edges))
    if path is not None:
        drawing.save(path)
    return drawing


class Drawing:
    """A picture of a graph. It is laid out when it is first looked at, and shows itself in Jupyter.

    >>> import tinygrad_edu as tg
    >>> tg.draw(tg.Tensor(2.0, requires_grad=True, name="x")).dot.startswith("digraph")
    True
    """

    def __init__(self, dot: str, nodes: int, edges: int) -> None:
        self.dot = dot
        self._nodes = nodes
        self._edges = edges

    def __repr__(self) -> str:
        return f"<Drawing: {self._nodes} nodes, {self._edges} edges>"

    @cached_property
    def svg(self) -> str:
        """The picture as SVG.

        Raises
        ------
        RuntimeError without Graphviz, saying what to install; ValueError for more than 2000 nodes.
        """
        return self._picture("svg").decode()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file: svg, png, pdf or dot, by suffix. A save that fails leaves what was there.

        Raises
        ------
        ValueError for another suffix; OSError where the file cannot be written.
        """
        target = Path(path)
        format = target.suffix.lower().removeprefix(".")
        if format not in ("svg", "png", "pdf", "dot"):
            raise ValueError(f"draw: {target} has none of the suffixes .svg, .png, .pdf, .dot")
        content = self.dot.encode() if format == "dot" else self._picture(format)
        write(target, content)

    def _picture(self, format: str) -> bytes:
        if self._nodes > DRAWABLE:
            raise ValueError(
                f"draw: {self._nodes} nodes are too many for a picture (at most {DRAWABLE}); "
                "draw a part of the network, or take .dot to a tool for large graphs"
            )
        return render(self.dot, format)

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str | bytes]:
        """What Jupyter asks for: SVG, and PNG where it is asked for by name; in words where there is no picture."""
        wanted = set(include or ["image/svg+xml"]) - set(exclude or ())
        bundle: dict[str, str | bytes] = {"text/plain": repr(self)}
        try:
            if "image/svg+xml" in wanted:
                bundle["image/svg+xml"] = self.svg
            if "image/png" in wanted:
                bundle["image/png"] = self._picture("png")
        except (RuntimeError, ValueError) as error:
            bundle["text/plain"] = f"{self!r}: {error}"
        return bundle
