"""Lessons: questions that correct themselves, the exercises that come with the package, notebooks.

``python -m tinygrad_edu lessons`` copies notebooks and exercises into a directory of one's own.
"""

from __future__ import annotations

from typing import Any

from ..engine.habits import no_attribute
from .collection import exercises
from .exercise import Answer, Exercise, exercise
from .grading import Mark, Marks, grade

__all__ = ["Answer", "Exercise", "Mark", "Marks", "exercise", "exercises", "grade"]


def __getattr__(name: str) -> Any:
    raise no_attribute(__name__, name, __all__)
