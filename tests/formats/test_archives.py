"""Zip archives are read whole or refused, and never unpacked beyond what they say."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import pytest

from seatrial.errors import EvidenceError
from seatrial.formats import archives
from seatrial.formats.archives import ZSTANDARD, Archive

LOGS = Path(__file__).parents[1] / "runs" / "logs" / "inspect"
zipfile = archives._zipfile()


def zipped(path: Path, members: dict[str, bytes], way: int = 8) -> Path:
    """Return an archive with some members."""
    with zipfile.ZipFile(path, "w", way) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def everything(path: Path) -> dict[str, bytes]:
    """Return all members of an archive."""
    with Archive(path, EvidenceError) as archive:
        return {name: archive.read(name) for name in archive.names()}


@pytest.mark.parametrize("way", [0, 8, 12, 14, ZSTANDARD])
def test_members_are_read_however_they_are_compressed(tmp_path: Path, way: int) -> None:
    """Stored, deflated, bzip2, LZMA and Zstandard give the same bytes, an empty member included."""
    members = {"a/b.json": b'{"a": 1}' * 500, "a/empty": b"", "c": b"x"}
    path = zipped(tmp_path / "a.zip", members, way)
    assert everything(path) == members
    with Archive(path, EvidenceError) as archive:
        assert list(archive.names("a/")) == ["a/b.json", "a/empty"]
        assert "c" in archive and "d" not in archive


def test_several_frames_of_zstandard_are_one_member() -> None:
    """Inspect ends a frame and begins another within one member; Python's own reader stops after the first."""
    path = LOGS / "frames.eval"
    found = everything(path)
    with zipfile.ZipFile(path) as file:
        sizes = {one.filename: (one.file_size, one.CRC) for one in file.infolist()}
        with pytest.raises(zipfile.BadZipFile):
            file.read("header.json")
    assert {name: (len(content), zlib.crc32(content)) for name, content in found.items()} == sizes


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99, 0.9999])
def test_a_truncated_archive_is_refused(tmp_path: Path, share: float) -> None:
    """Wherever it was cut off, it is named and nothing of it is read."""
    whole = (LOGS / "baseline.eval").read_bytes()
    path = tmp_path / "cut.eval"
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(EvidenceError, match=r"cut\.eval: no whole archive"):
        Archive(path, EvidenceError)


@pytest.mark.parametrize("way", [8, ZSTANDARD])
def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: int) -> None:
    """What a member, or all together, would come to is known before a byte of it is unpacked."""
    path = zipped(tmp_path / "bomb.zip", {"a": b"0" * 100_000, "b": b"0" * 100_000}, way)
    monkeypatch.setattr(archives, "LARGEST_MEMBER", 99_999)
    with Archive(path, EvidenceError) as archive, pytest.raises(EvidenceError, match=r"bomb\.zip: a comes to"):
        archive.read("a")
    monkeypatch.setattr(archives, "LARGEST", 199_999)
    with pytest.raises(EvidenceError, match="once it is unpacked"):
        Archive(path, EvidenceError)


@pytest.mark.parametrize("way", [8, ZSTANDARD])
def test_an_archive_that_lies_about_a_size_is_refused(tmp_path: Path, way: int) -> None:
    """A member that goes on beyond its stated size is not read to its end, nor taken for what it is cut to."""
    size = 1_000_000
    path = zipped(tmp_path / "lie.zip", {"a": b"0" * size}, way)
    path.write_bytes(path.read_bytes().replace(size.to_bytes(4, "little"), (10).to_bytes(4, "little")))
    with Archive(path, EvidenceError) as archive, pytest.raises(EvidenceError, match=r"lie\.zip: a cannot be unpacked"):
        archive.read("a")


@pytest.mark.parametrize("way", [0, 8, ZSTANDARD])
def test_a_damaged_member_is_refused_and_the_others_are_read(tmp_path: Path, way: int) -> None:
    """One wrong byte within a member is found, and harms only that one."""
    path = zipped(tmp_path / "a.zip", {"good": b"good" * 50, "bad": bytes(range(256)) * 9}, way)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as file:
        member = file.getinfo("bad")
    content[member.header_offset + 30 + len("bad") + member.compress_size // 2] ^= 0x55
    path.write_bytes(content)
    with Archive(path, EvidenceError) as archive:
        assert archive.read("good") == b"good" * 50
        with pytest.raises(EvidenceError, match=r"a\.zip: bad cannot be unpacked"):
            archive.read("bad")


@pytest.mark.parametrize("way", [8, ZSTANDARD])
def test_a_member_with_a_password_is_refused(tmp_path: Path, way: int) -> None:
    """It is said that it is encrypted."""
    path = zipped(tmp_path / "a.zip", {"a": b"secret"}, way)
    content = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + place] |= 1
    path.write_bytes(content)
    with Archive(path, EvidenceError) as archive, pytest.raises(EvidenceError, match="encrypted"):
        archive.read("a")


def test_of_two_members_with_one_name_the_last_counts(tmp_path: Path) -> None:
    """Both are counted, so that the reader can say so."""
    path = zipped(tmp_path / "a.zip", {"a": b"first"})
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as file:
        file.writestr("a", b"second")
    with Archive(path, EvidenceError) as archive:
        assert (archive.repeated, archive.read("a")) == (1, b"second")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.mkdir(), "cannot be read"),
        (lambda path: path.write_text("{}"), "no whole archive"),
    ],
)
def test_what_is_no_archive_is_named(tmp_path: Path, make: Any, words: str) -> None:
    """A missing file, a folder, and a file of another kind."""
    make(tmp_path / "a.eval")
    with pytest.raises(EvidenceError, match=rf"a\.eval: {words}"):
        Archive(tmp_path / "a.eval", EvidenceError)
