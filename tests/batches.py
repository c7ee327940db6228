"""Quick checks of the rows of a table, twenty in a test: to start and to report each alone would take longer."""

import functools
import inspect
import traceback

import pytest

A_TIME = 20


def twenty_at_a_time(names, rows, name=str):
    """Like ``pytest.mark.parametrize(names, rows)``. A failure tells ``name(row)`` and the error of each that fails."""
    names, rows = names.split(", "), list(rows)

    def decorate(check):
        @functools.wraps(check)
        def checked(start, **fixtures):
            failures = {}
            for row in rows[start : start + A_TIME]:
                arguments = zip(names, row if len(names) > 1 else [row], strict=True)
                try:
                    check(**dict(arguments), **fixtures)
                except (Exception, pytest.skip.Exception) as error:  # a skip would hide the other rows
                    failures[f"{name(row)}: {''.join(traceback.format_exception_only(error))}"] = error
            if failures:
                raise AssertionError("\n".join(failures)) from next(iter(failures.values()))

        kept = [each for each in inspect.signature(check).parameters.values() if each.name not in names]
        start = inspect.Parameter("start", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        checked.__signature__ = inspect.Signature([start, *kept])
        starts = range(0, len(rows), A_TIME)
        ids = [f"from {name(rows[i])}" for i in starts]  # by these xdist sees that all workers have the same rows
        return pytest.mark.parametrize("start", starts, ids=ids)(checked)

    return decorate
