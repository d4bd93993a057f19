"""Where answers are kept: a file that grows line by line, or objects in a store that knows no growing file.

`Part` says whose answers: of a whole replay, or of one shard of it. Each part writes a file of its own and reads those
of all others, so that work goes on whatever number of parts it is divided into next.
"""

from __future__ import annotations

import errno
import secrets
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Protocol

from filelock import FileLock, Timeout

from seatrial.errors import StoreError
from seatrial.formats.private_files import keep_private
from seatrial.formats.temporary_lines import TemporaryLines

__all__ = [
    "SECONDS_UNWRITTEN",
    "WHOLE",
    "AnswerFile",
    "GrowingFile",
    "Objects",
    "Part",
    "answer_file",
    "is_remote",
    "reason",
]

SECONDS_UNWRITTEN = 1.0
"""How long answers wait at most for others before an object is made of them."""
FOLDER, WORD = "responses", "seen"
LONGEST = 2**48
"""Bytes that no file has: a position is a number of a file times this, plus the byte at which a line of it begins."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a replay.

    Attributes:
        number: Which, from 0.
        of: How many there are.
    """

    number: int
    of: int

    @property
    def name(self) -> str:
        """What its file is called."""
        return "answers" if self.of == 1 else f"answers-{self.number:04}-of-{self.of:04}"

    def may_read(self, file: str) -> bool:
        """Return whether a file of answers can hold some of it: those of the other parts of as many cannot."""
        return f"-of-{self.of:04}" not in file or file.startswith(self.name)

    def holds(self, item: str) -> bool:
        """Return whether an item is in it; each is in one of the parts."""
        return part_of(item, self.of) == self.number


def part_of(item: str, parts: int) -> int:
    """Return in which of so many parts an item is: a number that hangs on its name alone."""
    return zlib.crc32(item.encode("utf-8", "surrogatepass")) % parts


WHOLE = Part(0, 1)


class AnswerFile(Protocol):
    """Lines that are kept.

    Attributes:
        place: What messages call it.
    """

    place: str

    def open(self) -> None:
        """Make ready to write.

        Raises:
            StoreError: another process writes there.
            OSError: it cannot be written.
        """
        ...

    def lines(self) -> Iterator[tuple[str, int, bytes]]:
        """Yield each whole line with its place and its position. What a crash cut short is not there any more.

        Raises:
            OSError: it cannot be read.
        """
        ...

    def write(self, line: bytes) -> int:
        """Take a line, and return its position; `hand_over` keeps it.

        Raises:
            OSError: it cannot be written.
        """
        ...

    def hand_over(self) -> None:
        """Keep the lines that were taken, as soon as this kind of file does so.

        Raises:
            OSError: they cannot be written.
        """
        ...

    def read(self, position: int) -> bytes:
        """Return the line at a position.

        Raises:
            OSError: it cannot be read.
        """
        ...

    def flush(self) -> None:
        """See that all is kept.

        Raises:
            OSError: it cannot be written.
        """
        ...

    def close(self) -> None:
        """Write no more."""
        ...


def is_remote(root: Path | str) -> bool:
    """Return whether it is the address of an object store, and no folder."""
    return isinstance(root, str) and "://" in root


def leave_word(root: str, word: str) -> None:
    """Write a word beside the answers, by which others see that they have come to the same place.

    Raises:
        StoreError: it cannot be written.
    """
    try:
        system, path = _opened(root)
        system.makedirs(path, exist_ok=True)
        system.pipe_file(f"{path}/{WORD}", word.encode())
    except StoreError:
        raise
    except Exception as error:  # what opens an address raises errors of its own
        raise StoreError(f"{root}: cannot be written: {reason(error)}") from error


def word_left(root: str) -> str:
    """Return the word that was left beside the answers; empty where none is seen."""
    try:
        system, path = _opened(root)
        return bytes(system.cat_file(f"{path}/{WORD}")).decode()
    except StoreError:
        raise
    except Exception:  # what opens an address raises errors of its own
        return ""


def _opened(root: str) -> tuple[Any, str]:
    """Return the file system of an address or a folder, and the path of the answers in it.

    Raises:
        StoreError: no package here opens such an address.
    """
    try:
        from fsspec.core import url_to_fs

        system, path = url_to_fs(root)
    except (ImportError, ValueError) as error:
        install = 'pip install "seatrial[ray]" and what opens such an address, as s3fs'
        raise StoreError(f"{root}: {reason(error)}. Give a folder, or install it: {install}") from None
    return system, f"{path.rstrip('/')}/{FOLDER}"


def reason(error: Exception) -> str:
    """Return why something could not be read or written, in a line."""
    if isinstance(error, OSError) and error.strerror:
        return "the disk is full" if error.errno == errno.ENOSPC else error.strerror
    return " ".join(str(error).split()) or type(error).__name__


def answer_file(root: Path | str, part: Part | None = None) -> AnswerFile:
    """Return where the answers of a folder, or of an address that fsspec knows, are kept.

    Args:
        root: Folder or address.
        part: Whose answers; those of other parts are read too. None: there are no parts.

    Raises:
        StoreError: nothing here opens such an address.
    """
    if isinstance(root, str) and is_remote(root):
        return Objects(root, part or WHOLE)
    return GrowingFile(Path(root), part)


class GrowingFile:
    """One file in a folder. A line that was handed over stays, whenever the process is killed."""

    def __init__(self, folder: Path, part: Part | None) -> None:
        """Use `folder`/responses/answers.jsonl, or the file of a part beside it."""
        self.path = folder / FOLDER / f"{(part or WHOLE).name}.jsonl"
        self.place = str(self.path)
        self._part = part
        self._file: IO[bytes] | None = None
        self._end = 0
        self._paths = [self.path]
        self._read_from: tuple[int, IO[bytes]] | None = None
        self._lock = FileLock(self.path.with_suffix(".lock"), blocking=False, thread_local=False)

    def open(self) -> None:
        """Lock the file and open it at its end."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except Timeout:
            raise StoreError(
                f"{self.path}: another review is writing here. Wait for it, or give another --out."
            ) from None
        self._file = self.path.open("ab")  # one that is read too asks the system where it is at every flush
        self._end = self._file.tell()
        keep_private(self.path)

    def lines(self) -> Iterator[tuple[str, int, bytes]]:
        """Yield its own lines, then those of the other parts."""
        part = self._part
        found = [] if part is None else sorted(self.path.parent.glob("answers*.jsonl"))
        beside = (path for path in found if path != self.path and part is not None and part.may_read(path.name))
        self._paths = [self.path, *beside]
        for number in range(len(self._paths)):
            yield from self._whole_lines(number)

    def _whole_lines(self, file_number: int) -> Iterator[tuple[str, int, bytes]]:
        path, whole = self._paths[file_number], 0
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    if path == self.path and self._file is not None:
                        self._file.truncate(whole)
                        self._end = whole
                    return
                yield f"{path}:{number}", file_number * LONGEST + whole, line[:-1]
                whole += len(line)

    def write(self, line: bytes) -> int:
        """Take a line; where it stands is counted here, for asking the system takes as long as writing."""
        assert self._file is not None
        self._file.write(line)
        position, self._end = self._end, self._end + len(line)
        return position

    def hand_over(self) -> None:
        """Hand the lines over to the system: a killed process does not lose them."""
        if self._file is not None:
            self._file.flush()

    def read(self, position: int) -> bytes:
        """Return a line of its own or of another part; the file read last stays open."""
        number, start = divmod(position, LONGEST)
        if number == 0:
            self.hand_over()
        if self._read_from is None or self._read_from[0] != number:
            self._read_no_more()
            self._read_from = number, self._paths[number].open("rb")
        file = self._read_from[1]
        file.seek(start)
        return file.readline()

    def _read_no_more(self) -> None:
        if self._read_from is not None:
            self._read_from[1].close()
            self._read_from = None

    def flush(self) -> None:
        """Hand over what waits."""
        self.hand_over()

    def close(self) -> None:
        """Close and unlock the file."""
        self._read_no_more()
        if self._file is not None:
            with suppress(OSError):  # what cannot be written was told when it was handed over
                self._file.close()
            self._file = None
        self._lock.release()


class Objects:
    """Objects of some lines each, at an address that fsspec opens: S3, Google Cloud Storage, Azure, HDFS and others.

    Lines wait for a second until an object is made of them, so that a process that is killed loses what it was told in
    its last second. No object is ever changed. Nobody is locked out: two who write make objects of different names.
    All lines are copied to a temporary file here, from which they are read.
    """

    def __init__(self, root: str, part: Part) -> None:
        """Use objects `root`/responses/answers*.jsonl.

        Raises:
            StoreError: no package here opens such an address.
        """
        self._system, self._folder = _opened(root)
        self.place = f"{root.rstrip('/')}/{FOLDER}"
        self._part = part
        self._prefix = f"{part.name}-{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        self._waiting: list[bytes] = []
        self._since = 0.0
        self._made = 0
        self._copy: TemporaryLines | None = None

    def open(self) -> None:
        """See that objects can be written, with an empty one."""
        self._copy = TemporaryLines()
        self._system.makedirs(self._folder, exist_ok=True)
        self._system.pipe_file(f"{self._folder}/writable", b"")

    def lines(self) -> Iterator[tuple[str, int, bytes]]:
        """Yield the lines of all objects, the first written first."""
        assert self._copy is not None
        self._system.invalidate_cache()
        found: list[Any] = self._system.ls(self._folder, detail=False)
        for path in sorted(str(one) for one in found):
            name = path.rsplit("/", 1)[-1]
            if name.startswith("answers") and name.endswith(".jsonl") and self._part.may_read(name):
                *whole, _ = self._system.cat_file(path).split(b"\n")
                for number, line in enumerate(whole, 1):
                    yield f"{self.place}/{name}:{number}", self._copy.write(line + b"\n"), line

    def write(self, line: bytes) -> int:
        """Take a line."""
        assert self._copy is not None
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting.append(line)
        return self._copy.write(line)

    def hand_over(self) -> None:
        """Keep the lines of a second together."""
        if self._waiting and time.monotonic() - self._since >= SECONDS_UNWRITTEN:
            self.flush()

    def read(self, position: int) -> bytes:
        """Return a line from the copy."""
        assert self._copy is not None
        return self._copy.read(position)

    def flush(self) -> None:
        """Make an object of what waits."""
        if self._waiting:
            self._system.pipe_file(f"{self._folder}/{self._prefix}-{self._made:06}.jsonl", b"".join(self._waiting))
            self._made += 1
            self._waiting = []

    def close(self) -> None:
        """Remove the copy; what waits was written before, or could not be."""
        if self._copy is not None:
            self._copy.close()
            self._copy = None
