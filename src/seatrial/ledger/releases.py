"""What came of a decision: who signed it, what was released on it, what was found then, and what was taken back.

An approval, an override and a waiver are different records. A sign-off is a named person's approval of how a model
behaves; an override is a person's word against a decision that stands in the way, and never becomes an approval.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import ClassVar, Literal, TypeVar

from seatrial.errors import LedgerError
from seatrial.ledger.bodies import SHORTEST, is_day, read_body, seen
from seatrial.ledger.chain import Addition, Ledger
from seatrial.ledger.entries import Entry, Kind

__all__ = [
    "QUESTIONS",
    "Incident",
    "Override",
    "Record",
    "Release",
    "RollBack",
    "SignOff",
    "added",
    "check_words",
    "enter",
    "incident_of",
    "latest_release",
    "recorded",
]

QUESTIONS: Mapping[str, str] = {
    "behavior": "What changed in how the model behaves, and why may it?",
    "experts": "What did people say who talked to the candidate?",
    "blind-spots": "Which blind spot would hurt most, and who watches it after the launch?",
}
"""What whoever signs answers in words: the numbers do not."""


@dataclass(frozen=True, slots=True)
class SignOff:
    """A person's approval of a model's behavior, for one decision.

    Attributes:
        review: Hash that identifies the review: its policy and its evidence.
        folder: The review's folder.
        person: Who signs.
        answers: Question → what the person says.
        acknowledged: Gates that only advise and point to harm, which the person has seen.
        policy: The policy's hash.
        candidate: The model that is approved.
        until: Last day on which something may be released on it, ISO 8601, UTC.
        id: The review's own id; entries of earlier versions have none.
    """

    kind: ClassVar[Kind] = "sign-off"

    review: str
    folder: str
    person: str
    answers: dict[str, str]
    acknowledged: list[str]
    policy: str
    candidate: str
    until: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    """A person's word that a release goes out although nobody approved it or a decision stands in its way.

    Attributes:
        review: Hash that identifies the review.
        folder: Its folder.
        person: Who takes the responsibility.
        reason: Why.
        status: Where the review stood: what is overridden.
        id: The review's own id; entries of earlier versions have none.
        acknowledged: Gates that only advise and point to harm, which the person has seen.
    """

    kind: ClassVar[Kind] = "override"

    review: str
    folder: str
    person: str
    reason: str
    status: str
    id: str = ""
    acknowledged: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Release:
    """A model that went out.

    Attributes:
        name: What the team calls it.
        review: Hash that identifies the review that it rests on.
        folder: The review's folder.
        candidate: The model.
        person: Who released it.
        on: What let it out.
        entry: Number of the sign-off's or override's entry.
        id: The review's own id; entries of earlier versions have none.
    """

    kind: ClassVar[Kind] = "release"

    name: str
    review: str
    folder: str
    candidate: str
    person: str
    on: Literal["sign-off", "override"]
    entry: int
    id: str = ""


@dataclass(frozen=True, slots=True)
class Incident:
    """Harm that was found after a launch.

    Attributes:
        release: Name of the release.
        behavior: The behavior, as a signal is called: `behavior/opinion-sycophancy`.
        what: What was found, in words.
        found: The day, ISO 8601.
        person: Who reports it.
        conversations: Hashes of the files that hold the conversations, by name.
        entry: Number of the release's entry; entries of earlier versions have 0.
    """

    kind: ClassVar[Kind] = "incident"

    release: str
    behavior: str
    what: str
    found: str
    person: str
    conversations: dict[str, str] = field(default_factory=dict)
    entry: int = 0


@dataclass(frozen=True, slots=True)
class RollBack:
    """A release that was taken back.

    Attributes:
        release: Its name.
        person: Who took it back.
        reason: Why.
        incident: Number of the incident's entry that it answers; 0 for none.
        entry: Number of the release's entry; entries of earlier versions have 0.
    """

    kind: ClassVar[Kind] = "roll-back"

    release: str
    person: str
    reason: str
    incident: int = 0
    entry: int = 0


NUMBERED = re.compile(r"entry:([1-9][0-9]{0,17})")
LISTED = 5
"""Releases of one name that a message lists, the latest of them."""
Record = SignOff | Override | Release | Incident | RollBack
Kept = TypeVar("Kept", bound=Record)


def enter(ledger: Ledger, record: Record) -> Entry:
    """Append a record under its person's name and return the entry; one that is there word for word keeps its entry.

    Raises:
        LedgerError: the ledger is broken or cannot be written, or the record names nobody.
    """
    return ledger.enter(lambda made: added(made, record))


def added(made: Addition, record: Record) -> Entry:
    """Add a record within a transaction, as `enter` does.

    Raises:
        LedgerError: the record names nobody.
    """
    check_words(record.person, "the name of the person who takes the responsibility: --person NAME", 1)
    body = asdict(record)
    there = [entry for entry in made.entries if entry.kind == record.kind and entry.body == body]
    return there[-1] if there else made.add(record.kind, record.person, body)


def check_words(text: str, wanted: str, least: int = SHORTEST) -> None:
    """Raise where a text says nothing that a reader would see.

    Raises:
        LedgerError: it has fewer letters than that; names what is wanted.
    """
    if len(seen(text)) < least:
        raise LedgerError(f"this needs {wanted}")


def recorded(entries: Sequence[Entry], kind: type[Kept]) -> list[tuple[Entry, Kept]]:
    """Return the records of one kind with their entries, oldest first; what this program would not write is none."""
    read = ((entry, read_body(kind, entry.body)) for entry in entries if entry.kind == kind.kind)
    return [(entry, record) for entry, record in read if record is not None and _is_sound(record)]


def _is_sound(record: Record) -> bool:
    """Return whether somebody made it, and its days are days."""
    days = (getattr(record, name) for name in ("until", "found") if hasattr(record, name))
    return bool(seen(record.person)) and all(is_day(day) for day in days)


def latest_release(entries: Sequence[Entry], name: str) -> tuple[Entry, Release]:
    """Return the latest release of a name, or the one of an entry that is named as `entry:NUMBER`.

    Raises:
        LedgerError: there is none, or releases of several reviews are called so; names them.
    """
    every = recorded(entries, Release)
    if number := NUMBERED.fullmatch(name):
        for entry, release in every:
            if entry.number == int(number[1]):
                return entry, release
        raise LedgerError(f"entry {number[1]} is no release; {_known(every)}")
    called = [(entry, release) for entry, release in every if release.name == name]
    if not called:
        raise LedgerError(f"no release is called {name!r}; {_known(every)}")
    reviews, ids = {one.review for _, one in called}, {one.id for _, one in called if one.id}
    if max(len(reviews), len(ids)) > 1:
        each = "; ".join(
            f"entry:{entry.number} ({entry.at[:10]}, {release.candidate} by {release.person}, of {release.folder})"
            for entry, release in called[-LISTED:]
        )
        raise LedgerError(f"releases of several reviews are called {name!r}. Name one by its entry: {each}")
    return called[-1]


def _known(every: Sequence[tuple[Entry, Release]]) -> str:
    return f"the ledger knows {', '.join(dict.fromkeys(release.name for _, release in every)) or 'none'}"


def incident_of(entries: Sequence[Entry], number: int, files: Mapping[str, str]) -> Incident:
    """Return the incident of an entry, if these files of conversations are among those that it names.

    Args:
        entries: The ledger's.
        number: Number of the incident's entry.
        files: Name of a file → its SHA-256.

    Raises:
        LedgerError: the entry is no incident, or names other files or none.
    """
    every = {entry.number: one for entry, one in recorded(entries, Incident)}
    if number not in every:
        known = ", ".join(map(str, every)) or "none"
        raise LedgerError(f"entry {number} is no incident; the ledger knows {known}")
    incident = every[number]
    others = [name for name, digest in files.items() if digest not in incident.conversations.values()]
    if others:
        held = ", ".join(incident.conversations) or "none"
        raise LedgerError(
            f"{others[0]}: is no file of conversations that incident {number} names, or was changed since; it names "
            f"{held}. Report what is new: seatrial ledger incident … --conversation {others[0]}"
        )
    return incident
