"""The exercises that come with the package: files that are read, and run when one is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib.resources import files
from typing import Any

from .exercise import Exercise


class Exercises(Mapping[str, Exercise]):
    """The exercises by their numbers: ``exercises["1.3"]`` is the third one of the first course.

    >>> import tinygrad_edu as tg
    >>> tg.lessons.exercises["1.5"].check("")
    <Answer empty: There is no answer yet: write the formula between the quotes.>
    """

    @cached_property
    def files(self) -> dict[str, Any]:
        """The files, by number and in their order; also of a package that is imported from a zip file."""
        found = {tuple(map(int, each.name.split("_")[:2])): each
                 for each in files(__name__.rpartition(".")[0]).joinpath("exercises").iterdir()
                 if each.name.endswith(".py")}  # fmt: skip
        return {".".join(map(str, number)): found[number] for number in sorted(found)}

    def __getitem__(self, number: str) -> Exercise:
        if number not in self.files:
            raise KeyError(f"exercises: {number!r} is none of {', '.join(self.files)}")
        file = self.files[number]
        program: dict[str, Any] = {"__name__": file.name}
        exec(compile(file.read_text(encoding="utf-8"), file.name, "exec"), program)
        found: Exercise = program["exercise"]
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)

    def __repr__(self) -> str:
        return f"<Exercises: {', '.join(self)}>"


exercises = Exercises()
