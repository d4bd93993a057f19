"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from seatrial.errors import StoreError
from seatrial.formats.whole_files import make_folder, why_not, write_whole


@pytest.mark.parametrize("content", ["fünf\n", "fünf\n".encode()])
def test_text_and_bytes(tmp_path: Path, content: str | bytes) -> None:
    """Both stand in the file, what stood there before is gone, and nothing is left beside it."""
    path = tmp_path / "a.txt"
    path.write_text("longer than what comes")
    write_whole(path, content, StoreError)
    assert path.read_text("utf-8") == "fünf\n"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_half_a_pair_of_surrogates_is_written_as_a_question_mark(tmp_path: Path) -> None:
    """A model's text may hold what UTF-8 has no bytes for."""
    write_whole(tmp_path / "a", "x\ud800y", StoreError)
    assert (tmp_path / "a").read_bytes() == b"x?y"


def test_a_link_is_followed(tmp_path: Path) -> None:
    """The file that it points to is written, and it stays a link."""
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_whole(tmp_path / "link", "x", StoreError)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "x"


@pytest.mark.parametrize("fails", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_what_fails_leaves_the_old_file(tmp_path: Path, fails: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written beside it is taken away again, and what stood there is still whole."""
    path = tmp_path / "a"
    path.write_text("old")

    def stopped(beside: Path, place: Path) -> None:
        assert (beside.read_text(), place) == ("new", path)
        raise fails

    monkeypatch.setattr(Path, "replace", stopped)
    with pytest.raises(StoreError if isinstance(fails, OSError) else KeyboardInterrupt):
        write_whole(path, "new", StoreError)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a"]


def test_errors_say_which_file_why_and_what_to_do(tmp_path: Path) -> None:
    """A missing folder, a file where a folder should be, a full device."""
    with pytest.raises(StoreError, match=r"none/a: cannot be written: No such file or directory\. Make the folder"):
        write_whole(tmp_path / "none" / "a", "x", StoreError)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"file/a: cannot be written: Not a directory"):
        write_whole(tmp_path / "file" / "a", "x", StoreError)
    if Path("/dev/full").exists():
        with pytest.raises(StoreError, match=r"/dev/full: cannot be written: the disk is full\. Make room"):
            write_whole(Path("/dev/full"), "x", StoreError)
        assert Path("/dev/full").is_char_device()
    assert why_not(OSError(errno.EROFS, "Read-only")) == "Read-only. Give another place, or the right to write there."
    assert why_not(OSError("odd")) == "odd"


def test_a_device_is_written_to_and_not_replaced() -> None:
    """A page may go to /dev/null."""
    write_whole(Path("/dev/null"), "x", StoreError)
    assert Path("/dev/null").is_char_device()


def test_a_folder_is_made_with_those_above_it(tmp_path: Path) -> None:
    """It may be there already; where a file stands in its place, that is said."""
    for _ in range(2):
        make_folder(tmp_path / "a" / "b", "the folder", StoreError)
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match="the folder cannot be made"):
        make_folder(tmp_path / "file" / "c", "the folder", StoreError)
