"""The README's Python blocks run, one after the other, and print what the block after them says."""

import contextlib
import io
import re
from pathlib import Path

from test_drawing import parts

README = Path(__file__).parent.parent / "README.md"


def test_blocks_print_what_they_say(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # pictures are saved
    monkeypatch.setenv("COLUMNS", "80")
    blocks = re.findall(r"```(python|text)\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert sum(kind == "python" for kind, _ in blocks) >= 5
    namespace: dict = {}
    printed = None
    for kind, block in blocks:
        if kind == "python":
            assert not printed, f"the README does not show what is printed: {printed}"
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(block, str(README), "exec"), namespace)
            printed = out.getvalue()
        else:
            assert printed == block
            printed = None
    assert not printed
    for picture in Path().glob("*.svg"):  # those that the README shows are the ones that it draws
        shown = (README.parent / "examples" / picture.name).read_text(encoding="utf-8")
        assert parts(shown, "node") == parts(picture.read_text(encoding="utf-8"), "node"), picture
