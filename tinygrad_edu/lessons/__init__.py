"""Lessons: questions that correct themselves, the exercises that come with the package, notebooks.

``python -m tinygrad_edu lessons`` copies notebooks and exercises into a directory of one's own.
"""

from __future__ import annotations

from ..progress_line import progress
from .collection import exercises
from .exercise import Answer, Exercise, exercise
from .grading import Mark, Marks, grade

__all__ = ["Answer", "Exercise", "Mark", "Marks", "exercise", "exercises", "grade", "progress"]
