"""The entry of a review: in a ledger, whose chain then has to hold, or in envelopes, whose signatures have to."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seatrial.errors import LedgerError
from seatrial.ledger import Entry, Ledger, anchors_in, check_anchors, entry_of, ledger_for
from seatrial.ledger.reviews import entry_not_among
from seatrial.ledger.signing import Keys, check_signatures, opened, trusted
from seatrial.review.verifying.steps import Step

__all__ = ["FoundEntry", "Source", "find_entry", "values_in"]

NAME = "entry"


@dataclass(frozen=True, slots=True)
class Source:
    """Where the entry is looked for, and whom to trust.

    Attributes:
        ledger: A ledger's file or URL; by default the one beside the review's folder, or the team's.
        envelopes: Files that hold entries, in place of a ledger: the decision, and waivers that it rests on.
        trust: Files of public keys that entries must be signed by.
        anchors: Where anchors were written.
    """

    ledger: str | None = None
    envelopes: tuple[Path, ...] = ()
    trust: tuple[Path, ...] = ()
    anchors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundEntry:
    """What was found.

    Attributes:
        step: Whether the entry can be believed.
        entry: The decision; None where there is none.
        entries: All entries that are known.
        whole: Whether they are a whole ledger.
        unseen: What they cannot show.
    """

    step: Step
    entry: Entry | None = None
    entries: tuple[Entry, ...] = ()
    whole: bool = False
    unseen: tuple[str, ...] = field(default=())


def find_entry(folder: Path, source: Source) -> FoundEntry:
    """Return the entry of the review in a folder.

    Raises:
        LedgerError: a key, an anchor or an envelope cannot be read.
    """
    keys = trusted(source.trust)
    if source.envelopes:
        return _in_envelopes(folder, source, keys)
    return _in_ledger(folder, source, keys)


def values_in(entry: Entry, name: str) -> dict[str, Any]:
    """Return a mapping that an entry keeps, such as its hashes; an empty one where it keeps none."""
    held = entry.body.get(name)
    return held if isinstance(held, dict) else {}


def _in_ledger(folder: Path, source: Source, keys: Keys) -> FoundEntry:
    ledger = Ledger(source.ledger) if source.ledger else ledger_for(folder)
    anchors = [one for place in source.anchors for one in anchors_in(place)]
    if not ledger.exists:
        lacks = f"{ledger.name}: no ledger here. Name one with --ledger, or give exported entries with --envelope."
        return FoundEntry(Step(NAME, "not verified", (lacks,)))
    problems: list[str] = []
    entries: list[Entry] = []
    try:
        entries = ledger.verify()
        check_anchors(entries, anchors, ledger.name)
        check_signatures(entries, keys, ledger.name)
    except LedgerError as error:
        problems += str(error).split("\n")
        with suppress(LedgerError):
            entries = entries or ledger.entries()
    entry = None
    try:
        entry = entry_of(folder, entries)
    except LedgerError as error:
        problems += str(error).split("\n")
    if entry is None:
        problems.append(f"{ledger.name}: holds no decision on {folder.resolve().name}; --ledger names another one.")
        return FoundEntry(Step(NAME, "differs", tuple(problems)), None, tuple(entries), True)
    if keys:
        problems += _unsigned([entry], ledger.name)
    problems += _not_the_named(folder, entries)
    unseen = [] if keys else [_unchecked(entry, "That the ledger is the team's own, and who made its entries")]
    if not anchors:
        unseen.append("Whether the ledger is the latest copy: no anchor of it was given (--anchor).")
    held = [f"Entry {entry.number} of {len(entries)} in {ledger.name}, {entry.at}, by {entry.author}: the chain holds."]
    if keys:
        held.append("Its signature holds, by a key that is trusted.")
    result = Step(NAME, "differs" if problems else "verified", tuple(problems or held))
    return FoundEntry(result, entry, tuple(entries), True, tuple(unseen))


def _in_envelopes(folder: Path, source: Source, keys: Keys) -> FoundEntry:
    entries = sorted((opened(path) for path in source.envelopes), key=lambda entry: entry.number)
    decisions = [one for one in entries if one.kind == "decision"]
    entry = decisions[-1] if decisions else None
    if entry is None:
        return FoundEntry(
            Step(NAME, "not verified", ("None of the envelopes holds a decision.",)), None, tuple(entries)
        )
    where = str(source.envelopes[0])
    unseen = ("Whether a later entry replaced the decision, waived it or took it back: envelopes are no ledger.",)
    if not keys:
        lacks = _unchecked(entry, "Who made the entry, which is all that an envelope can show")
        return FoundEntry(Step(NAME, "not verified", (lacks,)), entry, tuple(entries), False, unseen)
    problems: list[str] = []
    try:
        for one in entries:
            check_signatures([one], keys, where)
    except LedgerError as error:
        problems += str(error).split("\n")
    problems += [*_unsigned(entries, where), *_not_the_named(folder, decisions)]
    held = f"Entry {entry.number}, {entry.at}, by {entry.author}: its signature holds, by a key that is trusted."
    result = Step(NAME, "differs" if problems else "verified", tuple(problems or [held]))
    return FoundEntry(result, entry, tuple(entries), False, unseen)


def _not_the_named(folder: Path, entries: Sequence[Entry]) -> list[str]:
    """Return that the folder's report names an entry which is not among these; nothing where it names none."""
    named = entry_not_among(folder, entries)
    return [f"{named} is not there: the ledger is another one or an older copy, or it was written anew."] * bool(named)


def _unsigned(entries: Sequence[Entry], where: str) -> list[str]:
    return [
        f"{where}: entry {one.number} is not signed, so no key vouches for it." for one in entries if not one.signature
    ]


def _unchecked(entry: Entry, what: str) -> str:
    signed = "The entry is signed" if entry.signature else "Nobody signed the entry"
    return f"{what}: {signed[:1].lower()}{signed[1:]}, and no key to trust was given (--trust FILE.pub)."
