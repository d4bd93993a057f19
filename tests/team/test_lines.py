"""What pages and interface show, as values."""

from __future__ import annotations

from dataclasses import fields, is_dataclass

import pytest

from seatrial.team import lines


@pytest.mark.parametrize("name", lines.__all__)
def test_each_value_says_what_its_fields_are(name: str) -> None:
    """Every field is described where people look for it."""
    kind = getattr(lines, name)
    assert is_dataclass(kind)
    for field in fields(kind):
        assert f"        {field.name}: " in (kind.__doc__ or ""), field.name
