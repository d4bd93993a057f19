"""Files that are larger than what is read of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatrial.formats.bounded import LARGEST, read_bytes, read_text


def test_no_more_is_read_than_may_be(tmp_path: Path) -> None:
    """A file without content but of great length is refused before it is read, and a device without end too."""
    path = tmp_path / "long"
    with path.open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(OSError, match=r"larger than the 1,073,741,824 bytes that are read at most; split it"):
        read_bytes(path)
    with pytest.raises(OSError, match="larger than the 1,000 bytes"):
        read_bytes(Path("/dev/zero"), 1000)
    path.write_bytes(b"x" * 1000)
    assert read_bytes(path, 1000) == b"x" * 1000


def test_text_is_without_the_mark_of_its_beginning_and_has_line_feeds(tmp_path: Path) -> None:
    """As editors of several systems write it."""
    path = tmp_path / "t"
    path.write_bytes("\ufeffä\r\nb\rc\n".encode())
    assert read_text(path) == "ä\nb\nc\n"
    path.write_bytes(b"\xff")
    with pytest.raises(UnicodeDecodeError):
        read_text(path)
