"""What a wheel holds."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "seatrial"


def test_every_data_file_is_in_the_wheel() -> None:
    """A file of the package that is no code is matched by a pattern of its package data, and no pattern is idle."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["seatrial"]
    held = {pattern: {path for path in PACKAGE.glob(pattern) if path.is_file()} for pattern in patterns}
    data = {path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    assert data - set().union(*held.values()) == set()
    assert [pattern for pattern, found in held.items() if not found] == []
