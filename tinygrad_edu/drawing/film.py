"""A film of a computation: its steps one after the other, as a GIF, a video, or pages for slides."""

from __future__ import annotations

import base64
import importlib
import io
import itertools
import os
import shutil
import subprocess
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..deriving.assumptions import Assumption
from ..engine.arguments import checked, demand_known
from ..engine.tensor import Tensor
from ..files import target, write
from .layout import render
from .steps import Walk, walk
from .storyboard import Storyboard
from .theme import THEMES, Hue

SHORTEST, LONGEST = 0.1, 60  # seconds of a state
ARGUMENTS = {"png": ("-Knop2", "-Gdpi=96"), "pdf": ("-Knop2",)}  # the pages are laid out already


@checked
def animate(
    loss: Tensor,
    path: str | bytes | os.PathLike[str] | None = None,
    *,
    seconds: float = 2.0,
    theme: Hue = "light",
    assume: Sequence[Assumption] = (),
) -> Film:
    """A film of a computation: value by value, then the sweep product by product, in the picture that slides have.

    Each state has 1280 × 720 pixels: the picture as far as it is there, in it what the step is about, and beside it the
    product in matrix form with its shapes, and numbers where there is room. No ``grad`` changes.

    Parameters
    ----------
    loss : Tensor
        A recorded tensor of size 1, of at most 200 operations, with at most 600 inputs in all.
    path : path, optional
        Save it there too, by suffix: .gif and .webp, which need Pillow; .mp4, which needs ffmpeg; .pdf, a page for each
        state for slides, which needs pypdf. The extra ``film`` brings all of them.
    seconds : float
        How long each state is seen, from 0.1 to 60.
    theme : {"light", "dark", "print"}
        "print" is black on white.
    assume : sequence, optional
        What closed forms may take for granted of what is given, as in `derive`: `symmetric`, `binary` ...

    Returns
    -------
    Film
        The film, with ``len(film)`` states and ``.save(path)``; it shows itself in Jupyter.

    Raises
    ------
    TypeError, ValueError
        For what is no such tensor, another suffix, or an assumption that the numbers contradict.
    RuntimeError
        Where Graphviz or what a suffix needs is not there, saying what to install.

    Examples
    --------
    >>> import tinygrad_edu as tg
    >>> w = tg.Tensor([[1.0, 2.0]], requires_grad=True, name="w")
    >>> tg.animate(tg.sigmoid((w @ [[3.0], [4.0]]).named("z")))
    <Film: 7 states, 14 s>
    """
    demand_known("animate", "theme", theme, THEMES)
    if not SHORTEST <= seconds <= LONGEST:
        raise ValueError(f"animate: seconds must be from {SHORTEST} to {LONGEST}, got {seconds:g}")
    file = None if path is None else target(path, "animate", *WRITERS)
    film = Film(walk(loss, assume, "animate", compact=True), float(seconds), theme)
    if file is not None:
        film.save(file)
    return film


class Film:
    """The steps of a computation as a film. It is drawn when it is first saved or shown.

    >>> import tinygrad_edu as tg
    >>> len(tg.animate(tg.exp(tg.Tensor(2.0, requires_grad=True, name="x"))))
    5
    """

    def __init__(self, walked: Walk, seconds: float, theme: Hue) -> None:
        self._walked, self._seconds, self._theme = walked, seconds, theme

    def __len__(self) -> int:
        return len(self._walked.steps)

    def __repr__(self) -> str:
        return f"<Film: {len(self)} states, {len(self) * self._seconds:g} s>"

    def save(self, path: str | bytes | os.PathLike[str]) -> None:
        """Write the film to a file: gif, webp, mp4 or pdf, by suffix. A save that fails leaves what was there.

        Raises
        ------
        TypeError, ValueError for what is no path, or another suffix; RuntimeError where something is not installed;
        OSError where the file cannot be written.
        """
        file = target(path, "animate", *WRITERS)
        suffix = file.suffix.lower()
        write(file, WRITERS[suffix](self, suffix))

    @cached_property
    def _gif(self) -> bytes:
        return _image(self, ".gif")

    @cached_property
    def _storyboard(self) -> Storyboard:
        return Storyboard(self._walked, "TB", self._theme)

    def _frames(self, format: str) -> list[bytes]:
        """All states, drawn side by side: each is a process of its own."""
        storyboard = self._storyboard
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            pages = map(storyboard.page, range(1, len(self) + 1))
            return list(pool.map(lambda page: render(page, format, *ARGUMENTS[format]), pages))

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        """What Jupyter asks for: an image that moves; in words where something is not installed."""
        try:
            image = base64.b64encode(self._gif).decode()
        except RuntimeError as error:
            return {"text/plain": f"{self!r}: {error}"}
        style = "max-width: 100%; height: auto"
        tag = f'<img alt="{repr(self)[1:-1]}" width="1280" style="{style}" src="data:image/gif;base64,{image}">'
        return {"text/plain": repr(self), "text/html": tag}


# --- files -----------------------------------------------------------------------------------------------------------


def _needed(module: str, package: str, suffix: str) -> Any:
    """A module that one kind of file needs."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise RuntimeError(f"animate: {suffix} needs {package}: pip install {package}") from None


def _image(film: Film, suffix: str) -> bytes:
    """An image that moves, again and again."""
    images = _needed("PIL.Image", "pillow", suffix)
    states = [images.open(io.BytesIO(frame)).convert("RGB") for frame in film._frames("png")]
    if suffix == ".gif":
        states = _indexed(states, images)
    milliseconds, out = round(1000 * film._seconds), io.BytesIO()
    moving = {"save_all": True, "append_images": states[1:], "duration": milliseconds, "loop": 0}
    states[0].save(out, suffix[1:], **moving, optimize=True, lossless=True)
    return out.getvalue()


def _indexed(states: list[Any], images: Any) -> list[Any]:
    """Images in the 256 colours that are most frequent in the last: with colours of their own they would flicker."""
    last = states[-1]
    shades: dict[tuple[int, ...], tuple[int, ...]] = {}
    for _, colour in sorted(last.getcolors(last.width * last.height), reverse=True):
        shades.setdefault(tuple(part & ~3 for part in colour), colour)  # Pillow tells no more of them apart
    known, meant = (bytes(itertools.chain(*list(each)[:256])) for each in (shades, shades.values()))
    palette = images.new("P", (1, 1))
    palette.putpalette(known)
    indexed = [state.quantize(palette=palette, dither=images.Dither.NONE) for state in states]
    for each in indexed:
        each.putpalette(meant)
    return indexed


def _video(film: Film, suffix: str) -> bytes:
    """A video that browsers and slides play, by ffmpeg."""
    program = shutil.which("ffmpeg") or _needed("imageio_ffmpeg", "imageio-ffmpeg", suffix).get_ffmpeg_exe()
    frames = b"".join(film._frames("png"))
    with TemporaryDirectory() as folder:
        file = Path(folder, f"film{suffix}")
        given = ["-f", "image2pipe", "-c:v", "png", "-framerate", f"{1 / film._seconds}", "-i", "-"]
        wanted = ["-vf", "fps=5", "-pix_fmt", "yuv420p", "-movflags", "+faststart", str(file)]
        done = subprocess.run([program, "-loglevel", "error", *given, *wanted], input=frames, capture_output=True)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit status {done.returncode}"]
            raise RuntimeError(f"animate: ffmpeg failed: {said[-1]}")
        return file.read_bytes()


def _pages(film: Film, suffix: str) -> bytes:
    """A page for each state, of which Graphviz writes one at a time."""
    writer = _needed("pypdf", "pypdf", suffix).PdfWriter()
    for page in film._frames("pdf"):
        writer.append(io.BytesIO(page))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


WRITERS: Mapping[str, Callable[[Film, str], bytes]] = {".gif": _image, ".webp": _image, ".mp4": _video, ".pdf": _pages}
