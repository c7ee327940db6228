"""Lessons as notebooks, exercises, and what they need."""

from __future__ import annotations

from typing import Any

from ..engine.habits import no_attribute
from ..progress_line import progress

__all__ = ["progress"]


def __getattr__(name: str) -> Any:
    raise no_attribute(__name__, name, __all__)
