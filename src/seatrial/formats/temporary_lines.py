"""Lines that are too many for memory, kept in a temporary file."""

from __future__ import annotations

import tempfile
import weakref
from pathlib import Path

__all__ = ["TemporaryLines"]


class TemporaryLines:
    """Lines in a temporary file without a name, each read again by its position. The file ends with this."""

    def __init__(self, folder: Path | None = None) -> None:
        """Make the file in a folder, or where the system has such files.

        Raises:
            OSError: it cannot be made.
        """
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  (it stays open until it is closed or forgotten)
        self._end = 0
        weakref.finalize(self, self._file.close)

    def write(self, line: bytes) -> int:
        """Keep a line, and return its position.

        Raises:
            OSError: it cannot be written.
        """
        self._file.seek(self._end)
        self._file.write(line)
        position, self._end = self._end, self._end + len(line)
        return position

    def read(self, position: int) -> bytes:
        """Return the line at a position.

        Raises:
            OSError: it cannot be read.
        """
        self._file.seek(position)
        return self._file.readline()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
