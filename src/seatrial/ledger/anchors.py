"""Anchors: a ledger's head kept elsewhere, so that a copy there proves what stood in the ledger at the time.

An anchor is one line, `seatrial-ledger NUMBER HASH`, in any file that it is added to, or in the message of a git tag.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seatrial.errors import LedgerError
from seatrial.formats.bounded import read_text
from seatrial.formats.whole_files import write_whole
from seatrial.ledger.entries import Entry

__all__ = ["Anchor", "anchors_in", "check_anchors", "write_anchor"]

LINE = re.compile(r"seatrial-ledger ([1-9][0-9]{0,17}) ([0-9a-f]{64})")
TAG = "git-tag:"
"""Begins the name of a place that is a git tag, in the repository of the current folder."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """What stood in a ledger.

    Attributes:
        number: Number of its last entry then.
        hash: That entry's hash.
        where: Where the anchor stands.
    """

    number: int
    hash: str
    where: str

    def __str__(self) -> str:
        """The line."""
        return f"seatrial-ledger {self.number} {self.hash}"


def write_anchor(entries: Sequence[Entry], where: str) -> Anchor:
    """Write down the last of these entries, in a file after what it holds, or as a new git tag `git-tag:NAME`.

    Raises:
        LedgerError: there is no entry, or the place cannot be written.
    """
    if not entries:
        raise LedgerError("the ledger holds no entry yet, so there is nothing to anchor")
    anchor = Anchor(entries[-1].number, entries[-1].hash, where)
    if where.startswith(TAG):
        _git("tag", "--annotate", where.removeprefix(TAG), "--message", str(anchor))
        return anchor
    path = Path(where)
    held = read_text(path) if path.exists() else ""
    feed = "" if held.endswith("\n") or not held else "\n"
    write_whole(path, f"{held}{feed}{anchor}\n", LedgerError)
    return anchor


def anchors_in(where: str) -> list[Anchor]:
    """Return the anchors in a file or in a git tag.

    Raises:
        LedgerError: it cannot be read, or holds none.
    """
    if where.startswith(TAG):
        text = _git("for-each-ref", "--format=%(contents)", f"refs/tags/{where.removeprefix(TAG)}")
    else:
        try:
            text = Path(where).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise LedgerError(f"{where}: cannot be read: {error}") from error
    found = [Anchor(int(one[1]), one[2], where) for one in LINE.finditer(text)]
    if not found:
        raise LedgerError(f"{where}: holds no anchor; `seatrial ledger anchor {where}` writes one")
    return found


def check_anchors(entries: Sequence[Entry], anchors: Sequence[Anchor], name: str) -> None:
    """Raise where a ledger is not the one that was anchored.

    Raises:
        LedgerError: entries that were there are gone, or others stand in their place; says where.
    """
    for anchor in anchors:
        if anchor.number > len(entries):
            raise LedgerError(
                f"{name}: ends at entry {len(entries)}, and {anchor.where} holds that there were {anchor.number}: it "
                "is an older copy, or entries were dropped from its end."
            )
        if entries[anchor.number - 1].hash != anchor.hash:
            raise LedgerError(
                f"{name}:{anchor.number}: entry {anchor.number} is not the one that {anchor.where} holds: the ledger "
                "was written anew up to there, or it is another one."
            )


def _git(*words: str) -> str:
    try:
        done = subprocess.run(["git", *words], capture_output=True, text=True, check=False)
    except OSError as error:
        raise LedgerError(f"git cannot be run: {error.strerror}") from error
    if done.returncode:
        raise LedgerError(f"git {words[0]}: {' '.join(done.stderr.split())}")
    return done.stdout
