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
        with suppress(OSError):  # a file system has no locks: there nothing is swept
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
    raw = content.encode(errors="backslashreplace") if isinstance(content, str) else content
    try:
        _write(path, raw)
    except OSError as error:
        raise failure(path, error) from None


def make_directory(path: Path) -> None:
    """Make a directory, unless there is one.

    Raises
    ------
    OSError in one line that names the path.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise failure(path, OSError("it is a file, not a directory")) from None
    except OSError as error:
        raise failure(path, error) from None


def failure(path: Path, error: OSError) -> OSError:
    """An error in writing as one line, of the same class."""
    said = type(error)(f"cannot write {_shown(str(path))}: {error.strerror or error}")
    said.errno = error.errno
    return said


def _shown(name: str) -> str:
    return name if name.isprintable() else repr(name)


def _write(path: Path, raw: bytes) -> None:
    old: os.stat_result | None
    try:
        old = os.stat(path)
    except FileNotFoundError:
        old = None
    else:
        stream = _stream(old)
        if stream or not stat.S_ISREG(old.st_mode):
            with open(stream or path, "wb", closefd=not stream) as file:
                file.write(raw)
            return
        if old.st_nlink > 1:
            raise OSError(f"it has {old.st_nlink} hard links, which would part; remove it first, or save elsewhere")
        with open(path, "r+b"):  # what may not be written to is not replaced either
            pass
    whole = Path(os.path.realpath(path))
    for part in whole.parent.glob(PART.format("*")):
        with suppress(OSError):  # somebody is writing it
            _remove(part)
    while not _replace(whole, raw, old):
        pass


def _stream(status: os.stat_result) -> int | None:
    """Standard output or error, if it goes to this file, be it a plain one: /dev/stdout is no more than a name."""
    for number in (1, 2):
        with suppress(OSError):  # it is closed
            if os.path.samestat(os.fstat(number), status):
                return number
    return None


def _replace(whole: Path, raw: bytes, old: os.stat_result | None) -> bool:
    """Write a part and move it to its place; False where it is to be tried again."""
    part = whole.with_name(PART.format(os.urandom(8).hex()))
    mode = 0o666 if old is None else 0o600  # nobody reads what may be private
    try:
        with open(part, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
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


def _make_alike(part: Path, whole: Path, old: os.stat_result) -> None:
    """Give a new file the permissions of the old one, with lists of access, and its owner if that is allowed."""
    if sys.platform != "win32":
        with suppress(PermissionError):
            os.chown(part, old.st_uid, old.st_gid)
    shutil.copystat(whole, part)
    os.utime(part)
