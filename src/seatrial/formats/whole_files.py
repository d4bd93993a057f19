"""One way to write a file: whole or not at all, also when the disk is full or the process is killed on the way."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

__all__ = ["make_folder", "why_not", "write_whole"]


def write_whole(path: Path, content: str | bytes, error: type[Exception]) -> None:
    """Write a file beside its place and move it there, so that nobody ever reads half of it.

    What is no file, as /dev/stdout, is written to directly. A link is followed.

    Args:
        path: The file.
        content: What it will hold, text as UTF-8.
        error: What is raised where it cannot be written; what was there stays as it was.
    """
    try:
        place = path.resolve()
        beside = place.with_name(f"{place.name}.{os.getpid()}.new") if place.is_file() or not place.exists() else place
        try:
            _write(beside, content)
            if beside != place:
                beside.replace(place)
        except BaseException:
            if beside != place:
                with suppress(OSError):
                    beside.unlink()
            raise
    except OSError as failed:
        raise error(f"{path}: cannot be written: {why_not(failed)}") from failed


def why_not(error: OSError) -> str:
    """Return why something could not be written, and what to do about it."""
    if error.errno == errno.ENOSPC:
        return "the disk is full. Make room and run the same command again."
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return f"{error.strerror}. Give another place, or the right to write there."
    if error.errno == errno.ENOENT:
        return f"{error.strerror}. Make the folder first."
    return error.strerror or str(error)


def _write(place: Path, content: str | bytes) -> None:
    with place.open("wb") as file:
        file.write(content.encode("utf-8", "replace") if isinstance(content, str) else content)
        file.flush()
        with suppress(OSError):  # what is no file has no disk
            os.fsync(file.fileno())


def make_folder(path: Path, what: str, error: type[Exception]) -> None:
    """Make a folder and those above it, where they are not there.

    Args:
        path: The folder.
        what: What it is in messages: `the review's folder`.
        error: What is raised where it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as wrong:
        raise error(f"{path}: {what} cannot be made: {why_not(wrong)}") from wrong
