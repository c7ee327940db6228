"""Pictures of a computation: the graph that was recorded, in DOT, SVG, PNG, PDF and TikZ."""

from __future__ import annotations

import functools
import os
import tempfile
from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from typing import Literal, get_args

from graphviz import Digraph, view

from ..engine.arguments import Natural, Positive, checked, demand_known
from ..engine.leaving import demand_recorded
from ..engine.pickling import Readable
from ..engine.tensor import Tensor
from ..files import target, write
from . import dot, mermaid, picture_page, tikz
from .backward import backward as swept
from .film import Film, animate
from .folding import fold
from .graph import collect, tracked
from .layout import DPI, render
from .loop_indices import indexed
from .notebook import in_notebook
from .scene import Scene, scene
from .slide import MOST as ROWS
from .slide import slide
from .steps_page import step_through
from .svg import named
from .theme import THEMES, Direction, Hue

__all__ = ["Drawing", "Film", "animate", "draw", "step_through"]

READABLE = 40  # boxes: more of them, numbers and all, can not be read on a slide
MOST = 60  # a graph of more nodes is folded, and shows no numbers, unless something else is asked for
DRAWABLE = 2000  # above this the layout takes minutes, and nobody can read the picture
WRITTEN = {"svg": "svg", "dot": "dot", "tikz": "tikz", "html": "page"}  # by suffix, what is text
NARROWEST = 16  # pixels, of which Graphviz still makes a picture
SUFFIXES = (".svg", ".png", ".pdf", ".dot", ".tikz", ".html")


@checked
def draw(
    loss: Tensor,
    path: str | bytes | os.PathLike[str] | None = None,
    *,
    backward: bool = False,
    values: bool | Literal["auto"] = "auto",
    formulas: bool = True,
    depth: Natural | None = None,
    detail: Literal["slide", "full", "auto"] = "auto",
    direction: Direction | Literal["auto"] = "auto",
    theme: Hue | Literal["auto"] = "auto",
    legend: bool = False,
    width: Positive | None = None,
    title: str | None = None,
    caption: str | None = None,
) -> Drawing:
    """Draw the graph of all that `loss` depends on, and the backward sweep beside it. No ``grad`` changes.

    Operands enter an operation from top to bottom. What was recorded inside ``with tg.layer("hidden 1")`` has a frame.
    Unnamed values are called as `derive` calls them: z_i goes into layer i, Σ_i comes out, Δ_i is the adjoint of z_i.

    Parameters
    ----------
    loss : Tensor
        A recorded tensor, of any shape; with `backward` a scalar.
    path : path, optional
        Save it there too, as svg, png, pdf, dot, tikz or html, by suffix.
    backward : bool
        Each value with its adjoint beside it ("–" where none was computed), the vector-Jacobian products on the way
        from adjoint to adjoint, dashed lines from the values that the forward sweep has saved for them, a Σ where
        several uses add up, a node where broadcasting is undone.
    values : bool or "auto"
        Show numbers: up to six one by one, of more the least, mean and largest. "auto": where at most 60 nodes of the
        graph are drawn.
    formulas : bool
        Write the products out.
    depth : int, optional
        How many levels of layers are opened: with 0 every layer is one node. Without it, a graph of more than 60 nodes
        is folded as far as needed: repetitions to one with an index, W_ℓ, then layers.
    detail : {"slide", "full", "auto"}
        "slide": a row for each value that has a name or a part in a layer, its adjoint opposite, the products on the
        ways typeset, no numbers; names that are underlined are of what is kept for the backward sweep. "full": a node
        for each value and each product. "auto": a slide where the
        backward sweep has more than 40 nodes and neither `depth` nor `values` are asked for, else full.
    direction : {"LR", "TB", "RL", "BT", "auto"}
        From left to right, from top to bottom, and back. "auto": slides from top to bottom, all else from the left.
    theme : {"light", "dark", "print", "auto"}
        "print" is black on white. "auto": that of the notebook where one shows the picture, and light elsewhere.
    legend : bool
        Explain the shapes, beside the picture.
    width : int, optional
        At most so many pixels wide, of which 96 make an inch; what is smaller stays as it is.
    title, caption : str, optional
        What stands above and below. Who does not see the picture hears the title.

    Raises
    ------
    TypeError, ValueError
        For what is no recorded tensor, no scalar with `backward`, or an option that is unknown.

    Examples
    --------
    >>> import tinygrad_edu as tg
    >>> w = tg.Tensor([[1.0, 2.0]], requires_grad=True, name="w")
    >>> tg.draw((w @ [[3.0], [4.0]]).named("z"))
    <Drawing: 3 nodes, 2 edges>
    """
    demand_recorded("draw", loss)
    for name, given, known in (
        ("values", values, ("auto", True, False)),
        ("detail", detail, ("slide", "full", "auto")),
        ("direction", direction, (*get_args(Direction), "auto")),
        ("theme", theme, (*THEMES, "auto")),
    ):
        demand_known("draw", name, given, known)
    if width is not None and width < NARROWEST:
        raise ValueError(f"draw: width must be at least {NARROWEST} pixels, got {width}")
    file = None if path is None else target(path, "draw", *SUFFIXES)
    whole = collect(loss)
    may_be_slide = backward and detail == values == "auto" and depth is None
    graph = whole if detail == "slide" else fold(whole, depth, MOST)
    if may_be_slide and len(graph.vertices) + len(tracked(graph)) > READABLE:  # by the least that a sweep has
        detail = "slide"
    if detail != "slide":
        detailed = len(graph.vertices) <= MOST if values == "auto" else bool(values)
        side = swept(loss, graph, "draw", formulas) if backward else None
        drawn = scene(side.graph if side else indexed(graph), detailed, side)
        page = functools.partial(
            picture_page.opened, loss, whole,
            backwards=backward, values=detailed, formulas=formulas, depth=depth, most=MOST,
        )  # fmt: skip
        if may_be_slide and len(drawn.boxes) > READABLE:
            detail = "slide"
    if detail == "slide":
        folded = graph if len(graph.vertices) <= ROWS else whole
        drawn, graph, side = slide(loss, folded, depth, backward, formulas)
        page = functools.partial(picture_page.condensed_content, loss, drawn, graph, side, depth)
    if direction == "auto":
        direction = "TB" if detail == "slide" else "LR"
    drawn = drawn._replace(title=title or "", caption=caption or "")
    drawing = Drawing(drawn, direction, theme, legend, width, page)
    if file is not None:
        drawing.save(file)
    return drawing


class Drawing(Readable):
    """A picture of a graph. It is laid out when it is first looked at, and shows itself in Jupyter. Pickled, it has no
    page and no TikZ.

    >>> import tinygrad_edu as tg
    >>> tg.draw(tg.Tensor(2.0, requires_grad=True, name="x")).dot.startswith("digraph")
    True
    """

    def __init__(
        self, scene: Scene, direction: Direction, theme: Hue | Literal["auto"], legend: bool, width: int | None,
        page: Callable[[], picture_page.Content],
    ) -> None:
        self._scene, self._direction, self._legend, self._width = scene, direction, legend, width
        self._page, self._said = page, f"Drawing: {len(scene.boxes)} nodes, {len(scene.arrows)} edges"
        self._label = " ".join(scene.above) or self._said  # for those who do not see it
        self._follows = theme == "auto"
        self._theme = "light" if self._follows else theme

    readable = ("dot", "mermaid", "_said", "_label", "_follows")

    def __repr__(self) -> str:
        return f"<{self._said}>"

    @property
    def digraph(self) -> Digraph:
        """The picture as a `graphviz.Digraph` of its own, to add to and to ``render()``."""
        return self._digraph(96)

    @cached_property
    def dot(self) -> str:
        """The picture in DOT, the language of Graphviz."""
        return str(self.digraph.source)

    @cached_property
    def mermaid(self) -> str:
        """The picture in Mermaid, for pages that render it."""
        return mermaid.source(self._scene, direction=self._direction, theme=self._theme)

    @cached_property
    def svg(self) -> str:
        """The picture as SVG. Its nodes have their kind as a class, for style sheets: ``.node.parameter``.

        Raises
        ------
        RuntimeError without Graphviz, saying what to install; ValueError for more than 2000 nodes.
        """
        return named(self._picture("svg").decode(), self._label)

    def view(self) -> str:
        """Open the picture in the program that the system has for PDF, and return the path of the file.

        Raises
        ------
        RuntimeError without Graphviz or such a program; ValueError for more than 2000 nodes.
        """
        content = self._picture("pdf")
        file, path = tempfile.mkstemp(prefix="tinygrad_edu-", suffix=".pdf")
        with open(file, "wb") as opened:
            opened.write(content)
        try:
            view(path)
        except OSError as error:
            raise RuntimeError(f"draw: no program opens {path}: {error.strerror or error}") from None
        return path

    @cached_property
    def tikz(self) -> str:
        r"""The picture as TikZ, for papers: ``\usepackage{tikz}`` and ``\input{picture.tikz}``. Boxes have their keys
        as names, styles and fonts can be changed at its beginning.

        Raises
        ------
        RuntimeError without Graphviz; ValueError for more than 2000 nodes.
        """
        width = self._width and self._width * 72 / 96
        return tikz.source(self._scene, self._picture("json"), theme=self._theme, width=width)

    @cached_property
    def page(self) -> str:
        """The picture as a page of HTML, one file: layers fold and unfold, what is pointed at says what it is.

        Layers that the picture has folded unfold there; loops stay folded where a graph has more than 120 nodes.

        Raises
        ------
        RuntimeError without Graphviz, saying what to install.
        """
        theme = "auto" if self._follows else self._theme
        return picture_page.page(self._page(), self._scene, self._direction, theme)

    def save(self, path: str | bytes | os.PathLike[str]) -> None:
        """Write the picture to a file: svg, png, pdf, dot, tikz or html, by suffix. A save that fails leaves what was
        there.

        A file that is there keeps its permissions, and a symbolic link stays one.

        Raises
        ------
        TypeError, ValueError for what is no path, or another suffix; OSError where the file cannot be written.
        """
        file = target(path, "draw", *SUFFIXES)
        format = file.suffix.lower().removeprefix(".")
        write(file, getattr(self, WRITTEN[format]) if format in WRITTEN else self._picture(format))

    def _picture(self, format: str) -> bytes:
        if "_scene" not in vars(self):  # it was pickled
            return render(self.dot, format)
        nodes = len(self._scene.boxes)
        if nodes > DRAWABLE:
            raise ValueError(
                f"draw: {nodes} nodes are too many for a picture (at most {DRAWABLE}); "
                "without depth= it folds; or take .dot to a tool for large graphs"
            )
        return render(str(self._digraph(DPI.get(format, 96)).source), format)

    def _digraph(self, pixels: int) -> Digraph:
        """The graph for a picture of so many pixels an inch."""
        points = self._width and self._width * 72 // pixels
        return dot.digraph(
            self._scene, direction=self._direction, theme=self._theme, legend=self._legend, width=points
        )

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str | bytes]:
        """What Jupyter asks for: HTML for notebooks, SVG, PDF for LaTeX; in words where there is no picture.

        A PNG, which takes longer and is larger than all of these, only if it is included by name.
        """
        bundle: dict[str, str | bytes] = {"text/plain": repr(self)}
        for format in FORMATS.keys() & set(include or SHOWN) - set(exclude or ()):
            try:
                bundle[format] = FORMATS[format](self)
            except (RuntimeError, ValueError) as error:  # an engine may lack one of them
                bundle["text/plain"] = f"{self!r}: {error}"
        return bundle


# What front ends ask for, by its type.
FORMATS: Mapping[str, Callable[[Drawing], str | bytes]] = {
    "text/html": lambda drawing: in_notebook(
        drawing.svg, getattr(drawing, "page", ""), drawing._label, drawing._follows
    ),
    "image/svg+xml": lambda drawing: drawing.svg,
    "application/pdf": lambda drawing: drawing._picture("pdf"),
    "image/png": lambda drawing: drawing._picture("png"),
}
SHOWN = ("text/html", "image/svg+xml", "application/pdf")
