"""Files that are saved: the old content or the new, whatever happens in between; links and permissions stay."""

import errno
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

import tinygrad_edu as tg
from tinygrad_edu import files
from tinygrad_edu.drawing import layout
from tinygrad_edu.files import write

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="permissions, links and signals of POSIX")
ROOT = hasattr(os, "getuid") and os.getuid() == 0


def loss():
    w = tg.Tensor([[1.0, 2.0]], requires_grad=True, name="w")
    return tg.sum((w @ [[3.0], [4.0]]).named("z"))


SAVES = {
    "draw": lambda path: tg.draw(loss(), path),
    "draw save": lambda path: tg.draw(loss()).save(path),
    "step_through": lambda path: tg.step_through(loss(), path),
    "step_through save": lambda path: tg.step_through(loss()).save(path),
}


def suffix(name):
    return ".dot" if name.startswith("draw") else ".html"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "x.svg"
    path.write_text("old")
    return path


# --- what a path may be ----------------------------------------------------------------------------------------------


class AnyPath:
    def __init__(self, path):
        self.path = path

    def __fspath__(self):
        return self.path


@pytest.mark.parametrize("name", SAVES)
def test_a_path_may_be_text_bytes_or_a_path(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    end = suffix(name)
    given = [
        f"a{end}", f"b{end}".encode(), Path(f"c{end}"), AnyPath(f"d{end}"), AnyPath(f"e{end}".encode()), f"~/f{end}",
        f"~nobody of this name{end}", f"./~g{end}", f"no\nline{end}",
    ]  # fmt: skip
    for path in given:
        SAVES[name](path)
    expected = [*"abcdef", "~nobody of this name", "~g", "no\nline"]
    assert names(tmp_path) == sorted(f"{each}{end}" for each in expected)


@pytest.mark.parametrize("name", SAVES)
@pytest.mark.parametrize(
    ("path", "kind", "words"),
    [
        (3, TypeError, "not int"), (True, TypeError, "not bool"), (1.5, TypeError, "not float"),
        (["x.svg"], TypeError, "not list"), (AnyPath(3), TypeError, "not AnyPath"), (object, TypeError, "not type"),
        ("a\0b.svg", ValueError, r"'a\\x00b.svg' has a character that no file name can have"),
        (b"\0.html", ValueError, r"'\\x00.html' has a character"), (Path("\0.dot"), ValueError, "has a character"),
        ("\ud800.svg", ValueError, r"'\\ud800.svg' has a character"),
        ("", ValueError, " has none of the suffixes"), ("~", ValueError, "~ has none of the suffixes"),
        ("new\nline", ValueError, r"'new\\nline' has none of the suffixes"), ("x.svg/..", ValueError, "none of the"),
    ],
)  # fmt: skip
def test_another_path_is_refused_in_one_line_before_any_work(name, path, kind, words, monkeypatch):
    from tinygrad_edu import drawing

    if name in ("draw", "step_through"):
        monkeypatch.setattr(drawing, "collect", None)  # the beginning of the work
        monkeypatch.setattr(drawing.steps_page, "walk", None)
    with pytest.raises(kind, match=f"^{name.split()[0]}: .*{words}") as error:
        SAVES[name](path)
    assert "\n" not in str(error.value)


@POSIX
def test_names_that_are_not_text(tmp_path):
    name = os.fsencode(tmp_path) + b"/\xff\xfe.dot"
    tg.draw(loss(), name)
    tg.draw(loss(), os.fsdecode(name))
    assert os.listdir(os.fsencode(tmp_path)) == [b"\xff\xfe.dot"]
    with pytest.raises(FileNotFoundError, match=r"^cannot write '.*/\\udcff/x\.dot': No such file") as error:
        tg.draw(loss(), os.fsencode(tmp_path) + b"/\xff/x.dot")
    assert error.value.errno == errno.ENOENT


@POSIX
def test_the_longest_name_is_written_and_a_longer_one_is_said(tmp_path):
    for name in ("a" * 251 + ".dot", "é" * 125 + "a.dot"):
        for _ in range(2):
            tg.draw(loss(), tmp_path / name)
    assert len(names(tmp_path)) == 2
    with pytest.raises(OSError, match=r"File name too long$"):
        tg.draw(loss(), tmp_path / ("a" * 252 + ".dot"))


def test_a_relative_path_is_of_the_folder_at_the_beginning(tmp_path, monkeypatch):
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(os, "fsync", lambda file: os.chdir(tmp_path / "there"))
    write(Path("x.svg"), "new")
    assert names(tmp_path / "here") == ["x.svg"] and names(tmp_path / "there") == []


# --- what stays ------------------------------------------------------------------------------------------------------


@POSIX
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o666, 0o755, 0o2770])
def test_permissions_stay(old, mode):
    old.chmod(mode)
    before = os.umask(0o077)
    try:
        write(old, "new")
    finally:
        os.umask(before)
    assert stat.S_IMODE(old.stat().st_mode) == mode and old.read_text() == "new"


@POSIX
@pytest.mark.parametrize("mask", [0o022, 0o027, 0o000])
def test_a_new_file_has_the_permissions_that_open_gives(tmp_path, mask):
    before = os.umask(mask)
    try:
        write(tmp_path / "x.svg", "new")
        (tmp_path / "y").write_text("new")
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {0o666 & ~mask}


@POSIX
def test_nobody_reads_a_private_file_before_it_is_there(old, monkeypatch):
    old.chmod(0o600)
    seen = []
    monkeypatch.setattr(os, "fsync", lambda file: seen.append(stat.S_IMODE(os.fstat(file).st_mode)))
    write(old, "new")
    assert seen == [0o600]


@pytest.mark.skipif(not ROOT, reason="only root gives files away")
def test_the_owner_stays(old):
    os.chown(old, 1234, 1235)
    old.chmod(0o640)
    write(old, "new")
    status = old.stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (1234, 1235, 0o640)


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="attributes of Linux")
def test_attributes_stay_and_the_time_is_now(old):
    try:
        os.setxattr(old, "user.note", b"mine")
    except OSError:
        pytest.skip("a file system without attributes")
    os.utime(old, (1, 1))
    write(old, "new")
    assert os.getxattr(old, "user.note") == b"mine" and old.stat().st_mtime > 1e9


@POSIX
def test_links_stay_links(old, tmp_path):
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "relative.svg").symlink_to("../x.svg")
    (tmp_path / "chain.svg").symlink_to("below/relative.svg")
    (tmp_path / "new.svg").symlink_to(tmp_path / "below" / "y.svg")
    for name, whole in {"below/relative.svg": "x.svg", "chain.svg": "x.svg", "new.svg": "below/y.svg"}.items():
        write(tmp_path / name, name)
        assert (tmp_path / name).is_symlink() and (tmp_path / whole).read_text() == name
    assert names(tmp_path) == ["below", "chain.svg", "new.svg", "x.svg"]
    assert names(tmp_path / "below") == ["relative.svg", "y.svg"]


@POSIX
@pytest.mark.parametrize("name", ["loop.dot", "loop.dot/x.dot"])
def test_a_loop_of_links_is_one_line(tmp_path, name):
    (tmp_path / "loop.dot").symlink_to("pool.dot")
    (tmp_path / "pool.dot").symlink_to("loop.dot")
    with pytest.raises(OSError, match=r"^cannot write \S+: Too many levels of symbolic links$") as error:
        tg.draw(loss(), tmp_path / name)
    assert error.value.errno == errno.ELOOP and names(tmp_path) == ["loop.dot", "pool.dot"]


@POSIX
def test_hard_links_do_not_part(old, tmp_path):
    os.link(old, tmp_path / "other")
    with pytest.raises(OSError, match=r"^cannot write \S+x.svg: it has 2 hard links, which would part; "):
        write(old, "new")
    assert old.read_text() == "old" and os.path.samefile(old, tmp_path / "other")
    old.unlink()
    write(old, "new")
    assert (old.read_text(), (tmp_path / "other").read_text()) == ("new", "old")


# --- where nothing can be written ------------------------------------------------------------------------------------


@pytest.fixture
def as_nobody():
    """A folder of a user who is not root, to whom permissions would mean nothing."""
    with tempfile.TemporaryDirectory() as name:
        if ROOT:
            os.chown(name, 65534, 65534)
            os.seteuid(65534)
        try:
            yield Path(name)
        finally:
            os.chmod(name, 0o700)
            if ROOT:
                os.seteuid(0)


@POSIX
@pytest.mark.parametrize(("file", "folder"), [(0o444, 0o755), (0o644, 0o555), (0o000, 0o755)])
def test_what_is_protected_stays(as_nobody, file, folder):
    path = as_nobody / "x.svg"
    path.write_text("old")
    path.chmod(file)
    as_nobody.chmod(folder)
    with pytest.raises(PermissionError, match=r"^cannot write \S+x.svg: Permission denied$") as error:
        write(path, "new")
    assert error.value.errno == errno.EACCES
    as_nobody.chmod(0o700)
    path.chmod(0o600)
    assert path.read_text() == "old" and names(as_nobody) == ["x.svg"]


@POSIX
def test_a_folder_that_cannot_be_listed_is_written_to(as_nobody):
    as_nobody.chmod(0o300)
    for text in ("first", "second"):
        write(as_nobody / "x.svg", text)
    as_nobody.chmod(0o700)
    assert (as_nobody / "x.svg").read_text() == "second" and names(as_nobody) == ["x.svg"]


@POSIX
def test_another_users_file_is_written_where_it_may_be(as_nobody):
    if not ROOT:
        pytest.skip("only root gives files away")
    path = as_nobody / "x.svg"
    path.write_text("old")
    os.seteuid(0)
    os.chown(path, 1234, 65534)
    path.chmod(0o666)
    os.seteuid(65534)
    write(path, "new")
    assert path.read_text() == "new" and stat.S_IMODE(path.stat().st_mode) == 0o666


def test_errors_keep_their_kind(tmp_path, old):
    for path, kind in {
        tmp_path / "missing" / "x.svg": FileNotFoundError,
        old / "x.svg": FileNotFoundError if sys.platform == "win32" else NotADirectoryError,
        tmp_path: PermissionError if sys.platform == "win32" else IsADirectoryError,
    }.items():
        with pytest.raises(kind, match=r"^cannot write [^\n]*$") as error:
            write(path, "new")
        assert error.value.errno and str(path) in str(error.value)
    assert names(tmp_path) == ["x.svg"]


@POSIX
def test_a_full_disk_leaves_the_old_file(old):
    code = """
import resource, sys
from pathlib import Path
from tinygrad_edu.files import write
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
write(Path(sys.argv[1]), b"new" * 10_000)
"""
    done = subprocess.run([sys.executable, "-c", code, old], capture_output=True, text=True, timeout=60)
    assert f"OSError: cannot write {old}: File too large" in done.stderr.splitlines()
    assert old.read_text() == "old" and names(old.parent) == ["x.svg"]


@POSIX
def test_a_folder_that_goes_away_is_said(old, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda file: shutil.rmtree(old.parent))
    with pytest.raises(FileNotFoundError, match=r"^cannot write \S+x.svg: No such file or directory$"):
        write(old, "new")


STAGES = [(os, "urandom"), (files, "_hold"), (os, "fsync"), (shutil, "copystat"), (os, "utime"), (os, "replace")]


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage[1])
@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, MemoryError, OSError(errno.ENOSPC, "No space")])
def test_what_interrupts_leaves_the_old_file_and_nothing_else(old, monkeypatch, stage, kind):
    def interrupted(*args, **options):
        raise kind

    with monkeypatch.context() as patch, pytest.raises(kind if isinstance(kind, type) else OSError) as error:
        patch.setattr(*stage, interrupted)
        write(old, "new")
    assert not isinstance(kind, OSError) or str(error.value) == f"cannot write {old}: No space"
    assert old.read_text() == "old" and names(old.parent) == ["x.svg"]
    write(old, "new")
    assert old.read_text() == "new"


# --- kills, and others who write -------------------------------------------------------------------------------------

KILLS = """
import os, random, signal, sys, time
from pathlib import Path
from tinygrad_edu.files import write
path, size, left = Path(sys.argv[1]), 50_000, 0
for kill in range(30):
    write(path, b"old" * size)
    assert os.listdir(path.parent) == [path.name], "the next save sweeps"
    child = os.fork()
    while not child:
        write(path, b"new" * size)
    time.sleep(random.random() * .02)
    os.kill(child, random.choice([signal.SIGTERM, signal.SIGKILL]))
    os.waitpid(child, 0)
    left += len(os.listdir(path.parent)) > 1
    assert path.read_bytes() in (b"old" * size, b"new" * size)
write(path, b"")
print(left > 0, *os.listdir(path.parent))
"""


@POSIX
def test_what_a_kill_leaves_goes_with_the_next_save(old):
    done = subprocess.run([sys.executable, "-c", KILLS, old], capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["True", "x.svg"], done.stderr


@POSIX
def test_only_parts_are_swept(old):
    kept = [".tinygrad_edu-notes", "y.part", ".tinygrad_edu.part"]
    for name in kept:
        (old.parent / name).write_text("")
    (old.parent / ".tinygrad_edu-folder.part").mkdir()
    os.mkfifo(old.parent / ".tinygrad_edu-pipe.part")
    (old.parent / ".tinygrad_edu-link.part").symlink_to("x.svg")
    (old.parent / ".tinygrad_edu-0123456789abcdef.part").write_text("left")
    write(old, "new")
    assert names(old.parent) == sorted([*kept, ".tinygrad_edu-folder.part", ".tinygrad_edu-pipe.part", "x.svg"])


def test_a_part_is_whole_and_on_the_disk_before_it_is_moved(old, monkeypatch):
    done, move = [], os.replace

    def replace(part, whole):
        done.append(part.read_text())
        move(part, whole)

    monkeypatch.setattr(os, "fsync", lambda file: done.append(os.fstat(file).st_size))
    monkeypatch.setattr(os, "replace", replace)
    write(old, "new")
    assert done == [3, "new"]


@pytest.mark.parametrize("stage", [(os, "fsync"), (os, "replace")], ids=lambda stage: stage[1])
def test_a_part_that_another_writes_is_not_swept(old, monkeypatch, stage):
    waiting, go_on = threading.Event(), threading.Event()
    original = getattr(*stage)

    def waits(*args):
        if threading.current_thread() is thread:
            waiting.set()
            assert go_on.wait(60)
        return original(*args)

    monkeypatch.setattr(*stage, waits)
    thread = threading.Thread(target=write, args=(old, "slow"))
    thread.start()
    assert waiting.wait(60)
    write(old, "quick")
    assert old.read_text() == "quick" and len(names(old.parent)) == 2
    go_on.set()
    thread.join(60)
    assert old.read_text() == "slow" and names(old.parent) == ["x.svg"]


@POSIX
def test_a_part_that_is_swept_before_it_is_held_is_written_again(old, monkeypatch):
    hold, swept = files._hold, []

    def late(file, part):
        if len(swept) < 3:
            swept.append(part)
            write(old.parent / "other.svg", "")
        return hold(file, part)

    monkeypatch.setattr(files, "_hold", late)
    write(old, "new")
    assert len(swept) == 3 and old.read_text() == "new" and names(old.parent) == ["other.svg", "x.svg"]


@POSIX
def test_threads_that_save_the_same_file_at_once(old):
    failures, size, switch = [], 20_000, sys.getswitchinterval()

    def save(text):
        try:
            for _ in range(40):
                write(old, text * size)
        except BaseException as error:
            failures.append(error)

    write(old, "a" * size)
    threads = [threading.Thread(target=save, args=(text,)) for text in "abcd"]
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            text = old.read_text()
            assert len(text) == size and len(set(text)) == 1
    finally:
        sys.setswitchinterval(switch)
    assert failures == [] and names(old.parent) == ["x.svg"]


# --- what cannot be replaced -----------------------------------------------------------------------------------------


@POSIX
def test_a_pipe_is_written_to(tmp_path):
    pipe = tmp_path / "pipe.dot"
    os.mkfifo(pipe)
    read = []
    thread = threading.Thread(target=lambda: read.append(pipe.read_text("utf-8")))
    thread.start()
    drawing = tg.draw(loss(), pipe)
    thread.join(60)
    assert read == [drawing.dot] and stat.S_ISFIFO(pipe.stat().st_mode) and names(tmp_path) == ["pipe.dot"]


IN_TURN = """
import sys
from pathlib import Path
from tinygrad_edu.files import write
stream = getattr(sys, sys.argv[1])
print("before", file=stream, flush=True)
write(Path(sys.argv[2]), "new\\n")
print("after", file=stream)
"""


@POSIX
@pytest.mark.parametrize(
    ("stream", "name"),
    [("stdout", "/dev/stdout"), ("stdout", "/dev/fd/1"), ("stderr", "/dev/stderr"), ("stderr", "{}")],
)
def test_a_standard_stream_that_is_a_file_is_written_to_in_its_turn(tmp_path, stream, name):
    file = tmp_path / "out.txt"
    with file.open("w") as out:
        command = [sys.executable, "-c", IN_TURN, stream, name.format(file)]
        assert subprocess.run(command, **{stream: out}, timeout=60).returncode == 0
    assert file.read_text() == "before\nnew\nafter\n" and names(tmp_path) == ["out.txt"]


def test_without_standard_output_files_are_written(old):
    code = "import os, sys; from pathlib import Path; from tinygrad_edu.files import write\nos.close(1); os.close(2)\n"
    code += "write(Path(sys.argv[1]), 'new')\nos._exit(5)"
    assert subprocess.run([sys.executable, "-c", code, old], timeout=60).returncode == 5
    assert old.read_text() == "new"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_device_is_said():
    with pytest.raises(OSError, match=r"^cannot write /dev/full: No space left on device$"):
        write(Path("/dev/full"), "new")
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)


# --- Graphviz --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"], "Graphviz failed to draw .*: exit status"),
        ([sys.executable, "-c", "print('<svg')\nraise SystemExit(3)"], "Graphviz failed to draw .*: exit status 3"),
        ([sys.executable, "-c", ""], "Graphviz failed to draw"),
        (["/missing/dot"], r"Graphviz failed to start \(dot\): "),
        ([str(Path(__file__).parent)], "Graphviz failed to start"),
        (None, "pictures need Graphviz"),
    ],
)
def test_without_a_picture_the_old_file_stays(old, monkeypatch, command, message):
    monkeypatch.setattr(layout, "ENGINES", {"dot": lambda: command})
    with pytest.raises(RuntimeError, match=f"^{message}") as error:
        tg.draw(loss(), old)
    assert "\n" not in str(error.value)
    assert old.read_text() == "old" and names(old.parent) == ["x.svg"]
