"""Writing a file so that what was there stays until the new one is whole."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

PART = ".tinygrad_edu-{}.part"  # a file that is not whole yet; one that a kill has left goes with the next save

if sys.platform == "win32":  # what is open can be neither moved nor removed there

    def _hold(file: IO[bytes], part: Path) -> bool:
        return True

    def _remove(part: Path) -> None:
        if time.time() - part.stat().st_mtime > 3600:
            part.unlink()

else:
    import fcntl

    def _hold(file: IO[bytes], part: Path) -> bool:
        """Lock a new part; the system unlocks what is killed. False where another save has just swept it away."""
        with suppress(OSError):  # a file system without locks, where nothing is swept
            fcntl.flock(file, fcntl.LOCK_EX)
        return part.exists()

    def _remove(part: Path) -> None:
        """Remove a part that nobody holds."""
        with open(part, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()


def target(path: Any, call: str, *suffixes: str) -> Path:
    """The file that a path means to a call, which is asked before any work is done; ~ is the home folder.

    Raises
    ------
    TypeError, ValueError for what is no path, or has none of the suffixes.

    Examples
    --------
    >>> target(3, "draw", ".svg")
    Traceback (most recent call last):
    TypeError: draw: a path is a str, bytes or os.PathLike, not int
    >>> target("x.jpg", "draw", ".svg", ".png")
    Traceback (most recent call last):
    ValueError: draw: x.jpg has none of the suffixes .svg, .png
    """
    try:
        name = os.fsdecode(path)
        unusable = b"\0" in os.fsencode(name)
    except UnicodeEncodeError:
        unusable = True
    except TypeError:
        raise TypeError(f"{call}: a path is a str, bytes or os.PathLike, not {type(path).__name__}") from None
    if unusable:
        raise ValueError(f"{call}: {name!r} has a character that no file name can have")
    if Path(name).suffix.lower() not in suffixes:
        raise ValueError(f"{call}: {_shown(name)} has none of the suffixes {', '.join(suffixes)}")
    return Path(os.path.expanduser(name))


def write(path: Path, content: bytes | str) -> None:
    """Write a file beside its place, then move it there: whatever happens, there is the old content or the new.

    The new file has the old one's permissions. Of a symbolic link the file that it leads to is replaced. What cannot be
    replaced, such as a pipe or /dev/stdout, is written to.

    Raises
    ------
    OSError in one line that names the path that was asked for, and not a temporary one; the old file stays. So for a
    file of several hard links, which would part.
    """
    raw = content.encode() if isinstance(content, str) else content
    try:
        _write(path, raw)
    except OSError as error:
        failure = type(error)(f"cannot write {_shown(str(path))}: {error.strerror or error}")
        failure.errno = error.errno
        raise failure from None


def _write(path: Path, raw: bytes) -> None:
    old = _status(path)
    if old is not None:
        stream = next((number for number in (1, 2) if _is_stream(number, old)), None)
        if stream or not stat.S_ISREG(old.st_mode):
            with open(stream or path, "wb", closefd=not stream) as file:
                file.write(raw)
            return
        if old.st_nlink > 1:
            raise OSError(f"it has {old.st_nlink} hard links, which would part; remove it first, or save elsewhere")
        with open(path, "r+b"):  # what may not be written to is not replaced either
            pass
    whole = Path(os.path.realpath(path))
    _sweep(whole.parent)
    while not _replace(whole, raw, old):
        pass


def _replace(whole: Path, raw: bytes, old: os.stat_result | None) -> bool:
    """Write a part and move it to its place; False where it is to be tried again."""
    part = whole.with_name(PART.format(os.urandom(8).hex()))
    try:
        with open(part, "xb", opener=_private if old else None) as file:
            if not _hold(file, part):
                return False
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
            if sys.platform == "win32":
                file.close()
            if old is not None:
                _make_alike(part, whole, old)
            os.replace(part, whole)
            return True
    finally:
        with suppress(OSError):
            part.unlink()


def _status(path: Path) -> os.stat_result | None:
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def _is_stream(number: int, status: os.stat_result) -> bool:
    """Whether standard output or error goes to a file, be it a plain one: /dev/stdout is no more than a name."""
    with suppress(OSError):  # a closed one
        return os.path.samestat(os.fstat(number), status)
    return False


def _private(name: str, flags: int) -> int:
    """Open a new file that nobody else can read before it has the permissions of the old one."""
    return os.open(name, flags, 0o600)


def _make_alike(part: Path, whole: Path, old: os.stat_result) -> None:
    """Give a new file what the old one has: permissions, lists of access, and its owner if that is allowed."""
    if sys.platform != "win32":
        with suppress(PermissionError):
            os.chown(part, old.st_uid, old.st_gid)
    shutil.copystat(whole, part)
    os.utime(part)


def _sweep(folder: Path) -> None:
    """Remove the parts that killed saves have left in a folder. One that is being written is locked."""
    with suppress(OSError):  # a folder that cannot be listed
        for part in filter(Path.is_file, folder.glob(PART.format("*"))):
            with suppress(OSError):
                _remove(part)


def _shown(name: str) -> str:
    """A name in one line."""
    return name if name.isprintable() else repr(name)
