"""Writing a file so that what was there stays until the new one is whole."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory


def write(path: Path, content: bytes | str) -> None:
    """Write a file beside its place, then move it there: an interruption leaves no half file.

    Raises
    ------
    OSError in one line that names the path that was asked for, and not a temporary one.
    """
    raw = content.encode(errors="backslashreplace") if isinstance(content, str) else content
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(raw)  # a device such as /dev/stdout is written to, never replaced; a directory is an error
            return
        whole = path.resolve()  # of a symbolic link the file that it leads to is replaced
        with TemporaryDirectory(prefix=".tinygrad_edu-", dir=whole.parent) as beside:
            part = Path(beside) / whole.name
            part.write_bytes(raw)
            part.replace(whole)
    except OSError as error:
        raise OSError(f"cannot write {path}: {error.strerror or error}") from None
