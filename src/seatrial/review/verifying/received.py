"""Whether the folder of a review that somebody handed over can be read: it may hold what never ends, or leads away."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from seatrial.errors import StoreError
from seatrial.formats.bounded import LARGEST

__all__ = ["check_folder"]


def check_folder(folder: Path) -> None:
    """Return where a folder holds files and folders alone; nothing of them is opened.

    Raises:
        StoreError: something in it is neither, is a link to a folder or to nothing, or is larger than what is read.
    """
    for place, folders, files in os.walk(folder):
        for path in (Path(place, name) for name in (*folders, *files)):
            if wrong := _wrong(path):
                raise StoreError(f"{path}: {wrong}; a review's folder holds files and folders alone, so take it away")


def _wrong(path: Path) -> str:
    """Return why something in a folder is not read; empty where it is."""
    try:
        found = path.stat()
    except OSError as error:
        return f"cannot be looked at ({error.strerror})"
    if stat.S_ISDIR(found.st_mode):
        return "is a link to a folder" if path.is_symlink() else ""
    if not stat.S_ISREG(found.st_mode):
        return "is no file"
    return f"is larger than the {LARGEST:,} bytes that are read at most" if found.st_size > LARGEST else ""
