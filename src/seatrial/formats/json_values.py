"""Values as JSON holds them: objects, lists, and something in place of the numbers that it has no word for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

__all__ = ["with_null", "with_words"]


def with_null(value: Any) -> Any:
    """Return a value as JSON holds it, for other programs: null for numbers that are not known or without end."""
    return _plain(value, lambda number: None)


def with_words(value: Any) -> Any:
    """Return a value as JSON holds it, to be read back: "NaN", "Infinity" and "-Infinity" become the numbers again."""
    return _plain(value, lambda number: {math.inf: "Infinity", -math.inf: "-Infinity"}.get(number, "NaN"))


def _plain(value: Any, instead: Callable[[float], str | None]) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else instead(value)
    if isinstance(value, Mapping):
        return {key: _plain(part, instead) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part, instead) for part in value]
    if isinstance(value, Path):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name), instead) for field in fields(value)}
    return value
