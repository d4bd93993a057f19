"""Lines in a temporary file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.formats.temporary_lines import TemporaryLines


@given(st.lists(st.tuples(st.binary().map(lambda one: one.replace(b"\n", b"") + b"\n"), st.booleans())))
def test_every_line_is_read_at_its_position(given_lines: list[tuple[bytes, bool]]) -> None:
    """Whatever the lines hold, and however writing and reading take turns."""
    lines, kept = TemporaryLines(), list[tuple[int, bytes]]()
    for line, look_back in given_lines:
        kept.append((lines.write(line), line))
        if look_back:
            assert lines.read(kept[0][0]) == kept[0][1]
    assert [lines.read(position) for position, _ in reversed(kept)] == [line for _, line in reversed(kept)]
    lines.close()


@pytest.mark.parametrize("closed", [True, False])
def test_the_file_has_no_name_and_ends_with_it(tmp_path: Path, closed: bool) -> None:
    """Nothing is seen in the folder, and nothing stays open once it is closed or forgotten."""
    before = len(os.listdir("/proc/self/fd"))
    lines = TemporaryLines(tmp_path)
    lines.write(b"one\n")
    assert list(tmp_path.iterdir()) == []
    if closed:
        lines.close()
    del lines
    assert len(os.listdir("/proc/self/fd")) == before
