"""Tests of twenty rows: every row is checked, and each that fails is named."""

import pytest
from batches import twenty_at_a_time


def test_every_row_is_checked_and_all_that_fail_are_named():
    seen = []

    @twenty_at_a_time("a, b", ((i, -i) for i in range(45)), name=lambda row: f"row {row[0]}")
    def check(a, b, fixture=None):
        seen.append(a)
        assert b not in (-3, -20, -22), "wrong"
        if b == -39:
            pytest.skip("hides what follows")

    (mark,) = check.pytestmark
    assert (mark.args[0], list(mark.args[1])) == ("start", [0, 20, 40])
    with pytest.raises(AssertionError, match=r"(?s)^row 3: AssertionError: wrong\n(?!.*row)"):
        check(0)
    several = r"(?s)^row 20: .*wrong\n.*\nrow 22: .*wrong\n.*\nrow 39: Skipped"
    with pytest.raises(AssertionError, match=several) as caught:
        check(20, fixture=1)
    assert "wrong" in str(caught.value.__cause__)  # its traceback is shown as well
    check(40)
    assert seen == list(range(45))


@pytest.fixture
def doubled():
    return lambda x: 2 * x


@twenty_at_a_time("x", range(21))
def test_fixtures_are_given_to_every_row(x, doubled):
    assert doubled(x) == x + x
