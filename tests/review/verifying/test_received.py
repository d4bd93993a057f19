"""A folder that somebody handed over is looked at before anything in it is opened."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from seatrial.errors import StoreError
from seatrial.review.verifying import received
from seatrial.review.verifying.received import check_folder


def test_files_folders_and_links_to_files_pass(tmp_path: Path) -> None:
    """A folder may lie behind a link itself, and large files elsewhere."""
    (tmp_path / "one" / "tasks" / "a").mkdir(parents=True)
    (tmp_path / "log").write_text("x", encoding="utf-8")
    (tmp_path / "one" / "tasks" / "a" / "log").symlink_to(tmp_path / "log")
    (tmp_path / "link").symlink_to(tmp_path / "one")
    check_folder(tmp_path / "link")
    check_folder(tmp_path / "absent")


@pytest.mark.parametrize(
    ("put", "why"),
    [
        (lambda path: path.symlink_to(path.parent), "is a link to a folder"),
        (lambda path: path.symlink_to(path), "cannot be looked at"),
        (lambda path: path.symlink_to("/nowhere/at/all"), "cannot be looked at"),
        (lambda path: path.symlink_to("/dev/zero"), "is no file"),
        (os.mkfifo, "is no file"),
        (lambda path: path.write_bytes(b"12345"), "is larger than the 4 bytes"),
    ],
)
def test_what_never_ends_or_leads_away_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, put: Callable[[Path], object], why: str
) -> None:
    """Reading it would hang, fill the memory, or go around in circles."""
    monkeypatch.setattr(received, "LARGEST", 4)
    (tmp_path / "tasks").mkdir()
    put(tmp_path / "tasks" / "odd")
    with pytest.raises(StoreError, match=rf"tasks/odd: {why}.*take it away$"):
        check_folder(tmp_path)
