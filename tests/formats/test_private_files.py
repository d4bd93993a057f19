"""Files that are nobody else's: new ones, older ones, and what cannot be changed."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from seatrial.formats.private_files import keep_private


@pytest.mark.parametrize(
    ("content", "before", "after"),
    [
        ("", 0o644, 0o600),
        ("", 0o666, 0o600),
        ("", 0o600, 0o600),
        ("held", 0o644, 0o640),
        ("held", 0o667, 0o660),
        ("held", 0o600, 0o600),
    ],
)
def test_nobody_else_may_read_it(tmp_path: Path, content: str, before: int, after: int) -> None:
    """An empty file is its owner's alone; of one in use the group keeps what it was given."""
    path = tmp_path / "answers.jsonl"
    path.write_text(content, encoding="utf-8")
    path.chmod(before)
    keep_private(path)
    assert stat.S_IMODE(path.stat().st_mode) == after
    assert path.read_text(encoding="utf-8") == content


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """Nothing happens where there is nothing to keep."""
    keep_private(tmp_path / "none")
    assert not list(tmp_path.iterdir())
