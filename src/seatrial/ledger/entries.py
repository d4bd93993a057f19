"""An entry of the ledger, and what chains it to the one before."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from seatrial.errors import LedgerError

__all__ = ["FIELDS", "GENESIS", "Entry", "Kind", "canonical", "check_chain", "place"]

Kind = Literal[
    "decision",
    "sign-off",
    "waiver",
    "override",
    "release",
    "incident",
    "roll-back",
    "forecast",
    "training",
    "check",
]
GENESIS = "0" * 64
SURROGATE = re.compile("[\ud800-\udfff]")
FIELDS = {"number": int, "at": str, "kind": str, "author": str, "body": dict, "previous": str}
"""What the content of an entry holds, no more and no less."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry.

    Attributes:
        number: From 1 on.
        at: When it was made, ISO 8601 in UTC.
        kind: What it records.
        author: Who made it.
        body: Its content.
        previous: The hash of the entry before; zeros for the first.
        hash: Its own, over all of the above.
        signature: Who vouches for it, as `ledger.signing` writes it; empty where nobody signed. No hash covers it.
    """

    number: int
    at: str
    kind: Kind
    author: str
    body: dict[str, Any]
    previous: str
    hash: str
    signature: str = ""

    def content(self) -> dict[str, Any]:
        """Return what the hash covers."""
        return {name: getattr(self, name) for name in FIELDS}

    def recomputed(self) -> str:
        """Return the hash that this content should have."""
        return hashlib.sha256(canonical(self.content()).encode()).hexdigest()

    @property
    def intact(self) -> bool:
        """Whether the content matches the hash; NaN, which no entry is written with, does not."""
        try:
            return self.recomputed() == self.hash
        except ValueError:
            return False


def canonical(value: object) -> str:
    """Return a value as JSON in one form; bytes of a name that are no text stand as JSON's escapes.

    Two halves of one letter that stand side by side are written as that letter, for that is how they are read back.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    if not SURROGATE.search(text):
        return text
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return joined.encode("utf-8", "backslashreplace").decode("utf-8")


def place(entry: Entry) -> str:
    """Return an entry in one line: its number and its hash."""
    return f"{entry.number} {entry.hash}"


def check_chain(entries: Iterable[Entry], where: str, after: Entry | None = None) -> None:
    """Raise where an entry was edited, or does not follow the one before it.

    Args:
        entries: All entries, in their order; or those after one.
        where: What a message begins with; the entry's place is put behind it.
        after: The entry that they follow, which was checked before.
    """
    previous, first = (after.hash, after.number + 1) if after is not None else (GENESIS, 1)
    for number, entry in enumerate(entries, first):
        if not entry.intact:
            raise LedgerError(
                f"{where}:{number}: entry {entry.number} was edited: its content does not match its hash."
            )
        if entry.number != number or entry.previous != previous:
            raise LedgerError(
                f"{where}:{number}: entry {entry.number} does not follow the one before it: "
                "an entry was dropped, inserted or moved here."
            )
        previous = entry.hash
