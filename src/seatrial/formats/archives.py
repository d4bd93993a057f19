"""Zip archives within bounds: what a member comes to is looked at before it is unpacked, and no more is unpacked."""

from __future__ import annotations

import io
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self, cast

if TYPE_CHECKING:
    import zipfile

__all__ = ["LARGEST", "LARGEST_MEMBER", "Archive"]

ZSTANDARD = 93
"""How a zip archive calls Zstandard."""
ENCRYPTED = 1
"""The flag of a member that needs a password."""
LARGEST = 2**34
"""Bytes that all members of one archive may come to; they are read one after another and never held together."""
LARGEST_MEMBER = 2**28
"""Bytes that one member may come to."""


class Archive:
    """A zip archive, also one compressed with Zstandard; raises `error` for all that cannot be read.

    Of members that stand twice under one name the last counts, as in every program that reads zip.
    """

    def __init__(self, path: Path, error: type[Exception]) -> None:
        """Open it.

        Raises:
            Exception: `error`, where it is no archive, only a part of one, or comes to too much.
        """
        self._path, self._error = path, error
        zip_ = _zipfile()
        try:
            self._file = zip_.ZipFile(path)
        except FileNotFoundError:
            raise error(f"{path}: no such file") from None
        except OSError as wrong:
            raise error(f"{path}: cannot be read: {wrong.strerror or wrong}") from wrong
        except (zip_.BadZipFile, ValueError, NotImplementedError) as wrong:
            raise error(f"{path}: no whole archive ({wrong}); copy or export it again") from wrong
        self._members = {member.filename: member for member in self._file.infolist()}
        size = sum(member.file_size for member in self._members.values())
        if size > LARGEST:
            self._file.close()
            raise error(
                f"{path}: comes to {size / 1e9:.0f} GB once it is unpacked, and {LARGEST / 1e9:.0f} GB are read at most"
            )

    def __enter__(self) -> Self:
        """Return the archive."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self._file.close()

    def __contains__(self, name: object) -> bool:
        """Return whether it has this member."""
        return name in self._members

    @property
    def repeated(self) -> int:
        """Members that a later one of the same name replaces."""
        return len(self._file.infolist()) - len(self._members)

    def names(self, below: str = "") -> Iterator[str]:
        """Yield the names of the members below a folder, in their order."""
        return (name for name in self._members if name.startswith(below))

    def read(self, name: str) -> bytes:
        """Return a member's bytes.

        Raises:
            Exception: `error`, where it is damaged, encrypted, or comes to too much.
        """
        member = self._members[name]
        if member.file_size > LARGEST_MEMBER:
            raise self._error(
                f"{self._path}: {name} comes to {member.file_size / 1e6:,.0f} MB, and "
                f"{LARGEST_MEMBER / 1e6:,.0f} MB of one member are read at most"
            )
        try:
            with self._opened(member) as file:
                content = file.read(member.file_size + 1)
        except Exception as wrong:  # each way of compressing raises errors of its own
            raise self._error(f"{self._path}: {name} cannot be unpacked: {wrong or type(wrong).__name__}") from wrong
        if len(content) != member.file_size or zlib.crc32(content) != member.CRC:
            raise self._error(f"{self._path}: {name} cannot be unpacked: it is not what the archive says")
        return content

    def _opened(self, member: zipfile.ZipInfo) -> IO[bytes]:
        """Return a member opened to be read.

        Python's own reader ends at the first frame of Zstandard, and writers begin another one every few hundred MB.
        """
        if member.compress_type != ZSTANDARD or member.flag_bits & ENCRYPTED:
            return cast("IO[bytes]", self._file.open(member))
        with self._path.open("rb") as file:
            file.seek(member.header_offset)
            head = file.read(30)
            if head[:4] != b"PK\x03\x04":
                raise ValueError("its head is damaged")
            file.seek(int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little"), 1)
            return cast("IO[bytes]", _zstd().open(io.BytesIO(file.read(member.compress_size))))


def _zstd() -> Any:
    """Return Python's module for Zstandard, or what stands for it before 3.14."""
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd


def _zipfile() -> Any:
    """Return Python's module for zip archives; before 3.14 one that reads Zstandard too."""
    if sys.version_info >= (3, 14):
        import zipfile
    else:
        from backports.zstd import zipfile
    return zipfile
