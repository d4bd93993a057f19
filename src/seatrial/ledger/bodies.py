"""Bodies of entries: what a reader sees of them, and reading them so strictly that nothing malformed is believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter

from seatrial.formats.letters import without
from seatrial.ledger.entries import canonical

__all__ = ["SHORTEST", "is_day", "read_body", "seen"]

SHORTEST = 8
"""Letters of the shortest reason or answer."""
Body = TypeVar("Body")


def seen(text: str) -> str:
    """Return what a reader sees of a text."""
    return without(text, ("Cc", "Cf", "Cs", "Co", "Cn")).strip()


def is_day(text: str) -> bool:
    """Return whether it is a day, ISO 8601."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def read_body(kind: type[Body], body: Mapping[str, Any]) -> Body | None:
    """Return a body as the dataclass that it was entered from; None where a field is missing, unknown or malformed."""
    if not set(body) <= {field.name for field in fields(kind)}:  # type: ignore[arg-type]  # a dataclass has no type
        return None
    try:
        read: Body = _reader(cast(Any, kind)).validate_json(canonical(body), strict=True)
    except ValueError:
        return None
    return read


@cache
def _reader(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
