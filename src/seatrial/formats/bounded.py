"""Files read within bounds: no more is taken into memory than may be read, whatever a file says of its size."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path

__all__ = ["EDITED", "LARGEST", "read_bytes", "read_text"]

LARGEST = 2**30
"""Bytes of a table."""
EDITED = 4_000_000
"""Bytes of a file that people edit."""


def read_bytes(path: Path, most: int = LARGEST) -> bytes:
    """Return a file's bytes.

    Raises:
        OSError: it cannot be read, or is larger than `most`; a device may have no end.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        content = file.read(most + 1) if size <= most else b""
    if max(size, len(content)) > most:
        told = f"larger than the {most:,} bytes that are read at most; split it, or leave out what nothing reads"
        raise OSError(errno.EFBIG, told, str(path))
    return content


def read_text(path: Path, most: int = EDITED) -> str:
    """Return a file's text, UTF-8 with or without a mark of its beginning; each end of a line is a line feed.

    Raises:
        OSError: as `read_bytes` does.
        UnicodeDecodeError: it is no UTF-8.
    """
    text = read_bytes(path, most).decode("utf-8-sig")
    return io.StringIO(text, newline=None).getvalue() if "\r" in text else text
