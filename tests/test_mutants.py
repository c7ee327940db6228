"""The table of mutants fits the package, so that `python tests/mutants.py` can be run; it is no part of the tests."""

import re

import mutants
import pytest
from mutants import MUTANTS, ROOT, TESTS, Mutant, files_of, verdict


def test_every_mutant_still_applies():
    """What is to be changed stands in its file once, and what comes of it is a program."""
    for mutant in MUTANTS:
        path = ROOT / "tinygrad_edu" / mutant.file
        right = path.read_text(encoding="utf-8")
        wrong = mutant.planted(right)
        assert wrong != right
        compile(wrong, str(path), "exec")


def test_the_table_is_whole():
    assert len(MUTANTS) == len({(each.file, each.new) for each in MUTANTS}) >= 60
    assert {each.part for each in MUTANTS} == TESTS.keys()
    for part, names in TESTS.items():
        assert len(files_of(part)) >= len(names.split()) + 1, part


def test_a_text_that_is_not_there_once_is_refused():
    assert Mutant("a.py", "x", "y", "").planted("1 + x") == "1 + y"
    for text in ("1", "x + x"):
        with pytest.raises(ValueError, match=re.escape("a.py: 'x' stands there")):
            Mutant("a.py", "x", "y", "").planted(text)


def test_only_failing_tests_and_tests_without_end_notice():
    assert verdict(1, "FAILED tests/test_a.py::test_b\n1 failed, 2 passed in 0.1s") == "noticed"
    assert verdict(None, "") == "noticed"
    assert verdict(0, "3 passed in 0.1s") == "survived"
    for status, output in ((1, "1 error in 0.1s"), (2, "1 error in 0.1s"), (4, ""), (5, "no tests ran in 0.1s")):
        assert verdict(status, output) == "broken"


@pytest.mark.parametrize(
    ("found", "reason", "expected"),
    [(["noticed"] * 2, "", 0), (["noticed", "survived"], "", 1), (["noticed", "survived"], "why", 0),
     (["noticed", "broken"], "why", 1), (["survived"] * 4, "why", 1)],
)  # fmt: skip
def test_the_exit_status(monkeypatch, capsys, found, reason, expected):
    table = [Mutant("engine/sweep.py", "in sorted(nodes):", f"in {i}:", "it", reason) for i in range(len(found))]
    outcomes = iter(found)
    monkeypatch.setattr(mutants, "MUTANTS", table)
    monkeypatch.setattr(mutants, "MISSED", 1)
    monkeypatch.setattr(mutants, "COPIED", ())
    monkeypatch.setattr(mutants, "tested", lambda *args, **kwargs: ("survived", "all passed"))
    monkeypatch.setattr(mutants, "tried", lambda *args: (next(outcomes), "test_a"))
    assert mutants.main(["--workers", "1"]) == expected
    assert f"{found.count('noticed')} of {len(found)} noticed" in capsys.readouterr().out
