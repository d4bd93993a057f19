"""Which review an entry is of: a review has an id of its own, and the name of its folder is a label.

Several machines may share a ledger, and each may have a folder `reviews/weekly`. So a review is given an id before its
first call, which lies in its folder and in each of its entries. Decisions of earlier versions have none: they are told
by the entry that a report names, or by their folder's name where the ledger lies beside the folder, for there a name is
of one review.
"""

from __future__ import annotations

import json
import re
import secrets
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from seatrial.errors import LedgerError
from seatrial.formats.whole_files import why_not, write_whole
from seatrial.ledger.chain import ledger_for
from seatrial.ledger.entries import Entry

__all__ = [
    "ID_FILE",
    "decisions_of",
    "decisions_on",
    "entry_not_among",
    "entry_of",
    "folder_of",
    "give_id",
    "id_of",
    "ids_of",
    "known_as",
    "label_of",
    "named_entry",
    "review_id",
    "review_names",
]

ID_FILE = "review.id"
"""The file in a review's folder that holds its id: 32 hexadecimal digits, or 64 where an earlier version began it."""
ID = re.compile(r"[0-9a-f]{32}(?:[0-9a-f]{32})?")
CONTENT = ("evidence.json", "observations.parquet", "responses/answers.jsonl")
"""Files that nobody has in a folder in which no review was begun."""
LISTED = 5
"""Reviews of one name that a message lists, the latest of them."""


def give_id(folder: Path, entries: Sequence[Entry]) -> str:
    """Return the id of the review in a folder; where it has none yet, it is given one, which is written there.

    Raises:
        LedgerError: as `review_id`, or the file cannot be written.
    """
    own = review_id(folder, entries) or secrets.token_hex(16)
    if not (folder / ID_FILE).exists():
        write_whole(folder / ID_FILE, f"{own}\n", LedgerError)
    return own


def review_id(folder: Path, entries: Sequence[Entry]) -> str:
    """Return the id of the review in a folder; empty where none was begun there that the ledger knows.

    Raises:
        LedgerError: the folder does not say which of several reviews it is, or says two things; names them.
    """
    held, (_, digest) = _held(folder), named_entry(folder)
    decisions = [entry for entry in entries if entry.kind == "decision"]
    named = next((entry for entry in decisions if entry.hash == digest), None)
    name, beside = folder.resolve().name, _lies_beside(folder)
    alike = [entry for entry in decisions if label_of(entry) == name]
    if held:
        own = decisions_of(held, entries)
        if named is not None and named not in own:
            raise LedgerError(
                f"{folder / ID_FILE}: holds {held[:8]}, and decision.json beside it names entry {named.number}, which "
                f"is of the review {id_of(named)[:8]}: one of them was brought here. Restore the folder from a copy."
            )
        if beside and alike and not own:
            raise LedgerError(
                f"{folder / ID_FILE}: holds {held[:8]}, which the ledger beside does not know, and the reviews called "
                f"{name} that it knows are {_listed(alike)}. Restore the file from a copy."
            )
        return held
    if beside and alike:
        return id_of(alike[-1])
    if named is not None:
        return id_of(named)
    if not alike:
        return ""
    if any((folder / one).exists() and (folder / one).stat().st_size for one in CONTENT):
        raise LedgerError(
            f"{folder}: does not say which review it is, for it has no {ID_FILE}, and the ledger is shared; it knows "
            f"as {name} {_listed(alike)}. Write the id of the right one into {folder / ID_FILE}, or give another one."
        )
    return ""


def known_as(folder: Path, entries: Sequence[Entry]) -> frozenset[str]:
    """Return all ids by which records may name the review in a folder; those of earlier versions name none.

    Raises:
        LedgerError: as `review_id`.
    """
    return ids_of(review_id(folder, entries), entries)


def ids_of(own: str, entries: Sequence[Entry]) -> frozenset[str]:
    """Return all ids by which records may name the review of an id; those of earlier versions name none."""
    return frozenset({"", own, *(id_of(entry) for entry in decisions_of(own, entries))})


def decisions_on(folder: Path, entries: Sequence[Entry]) -> list[Entry]:
    """Return the decisions on the review in a folder, oldest first.

    Raises:
        LedgerError: as `review_id`.
    """
    return decisions_of(review_id(folder, entries), entries)


def entry_of(folder: Path, entries: Sequence[Entry]) -> Entry | None:
    """Return the latest decision on the review in a folder, if there is one.

    A folder may be renamed, and may be copied: of one id, decisions under the folder's own name come first.

    Raises:
        LedgerError: as `review_id`.
    """
    made = decisions_on(folder, entries)
    own = [entry for entry in made if label_of(entry) == folder.resolve().name] or made
    return own[-1] if own else None


def id_of(entry: Entry) -> str:
    """Return the id of the review that a decision is on; of one by an earlier version its own hash."""
    held = entry.body.get("id")
    return held if isinstance(held, str) and held else entry.hash


def label_of(entry: Entry) -> str:
    """Return how the folder was called that an entry is about."""
    return str(entry.body.get("folder"))


def review_names(entries: Sequence[Entry]) -> dict[int, str]:
    """Return number of an entry on a review → what that is called: by its folder, and by its id where several are so.

    No two reviews are called alike, and those of earlier versions that were in one folder are one.
    """
    decisions = [entry for entry in entries if entry.kind == "decision"]
    early = {entry.hash: f"folder {label_of(entry)}" for entry in decisions if id_of(entry) == entry.hash}
    keys = {entry.number: early.get(id_of(entry), id_of(entry)) for entry in decisions}
    latest = {keys[entry.number]: entry for entry in decisions}
    often = Counter(label_of(entry) for entry in latest.values())
    names = {
        key: label_of(one) if often[label_of(one)] == 1 else f"{label_of(one)} {id_of(one)[:8]}"
        for key, one in latest.items()
    }
    by_id = {id_of(entry): names[keys[entry.number]] for entry in decisions}
    return {
        entry.number: by_id[id_of(entry)] if entry.kind == "decision" else by_id.get(id_of(entry), label_of(entry))
        for entry in entries
        if "folder" in entry.body or entry.kind == "decision"
    }


def folder_of(reviews: Path, label: str, own: str, entries: Sequence[Entry]) -> Path | None:
    """Return the folder of a review, whatever it is called by now; None where it is not here.

    Args:
        reviews: Folder of all reviews.
        label: How its folder was called when the record was made that asks for it.
        own: The id that the record names; empty where an earlier version made it, and its folder's name has to do.
        entries: The ledger's.
    """
    by_name = reviews / label
    if not own:
        return by_name if (by_name / CONTENT[0]).exists() else None
    for folder in (by_name, *sorted(path.parent for path in reviews.glob(f"*/{CONTENT[0]}"))):
        with suppress(LedgerError):  # of another folder, which says itself what is wrong with it
            if (folder / CONTENT[0]).exists() and own in known_as(folder, entries):
                return folder
    return None


def named_entry(folder: Path) -> tuple[Any, Any]:
    """Return the number and the hash of the entry that a report names; nothing for both where it names none."""
    try:
        named = json.loads((folder / "decision.json").read_bytes())["ledger"]
        return named["entry"], named["hash"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None, None


def entry_not_among(folder: Path, entries: Sequence[Entry]) -> str:
    """Return that a folder's report names an entry which is not among these, up to what is wrong; empty where it is."""
    number, digest = named_entry(folder)
    if digest is None or any((one.number, one.hash) == (number, digest) for one in entries):
        return ""
    return f"{folder / 'decision.json'}: names entry {number} with the hash {str(digest)[:16]}, which"


def decisions_of(own: str, entries: Sequence[Entry]) -> list[Entry]:
    """Return the decisions on the review of an id; of one that an earlier version began, those before it too."""
    if not own:
        return []
    decisions = [entry for entry in entries if entry.kind == "decision"]
    begun = next((entry for entry in decisions if entry.hash == own and id_of(entry) == own), None)
    return [
        entry
        for entry in decisions
        if id_of(entry) == own or (begun is not None and entry.number < begun.number and _began_with(entry, begun))
    ]


def _began_with(entry: Entry, begun: Entry) -> bool:
    """Return whether a decision by an earlier version is on the folder of another one."""
    return id_of(entry) == entry.hash and label_of(entry) == label_of(begun)


def _held(folder: Path) -> str:
    path = folder / ID_FILE
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise LedgerError(
            f"{path}: cannot be read: {why_not(error) if isinstance(error, OSError) else error}"
        ) from error
    if not ID.fullmatch(text):
        raise LedgerError(f"{path}: holds no id of a review; restore it from a copy")
    return text


def _lies_beside(folder: Path) -> bool:
    """Return whether the ledger is the file beside the folder, in which no other folder has its name."""
    path = ledger_for(folder).path
    return path is not None and path.resolve() == folder.resolve().parent / "ledger.db"


def _listed(alike: Sequence[Entry]) -> str:
    """Return reviews in words, each with its latest entry."""
    latest = {id_of(entry): entry for entry in alike}
    shown = sorted(latest.values(), key=lambda entry: entry.number)[-LISTED:]
    words = [f"{id_of(one)} (entry {one.number}, {one.at[:10]}, by {one.author})" for one in shown]
    more = len(latest) - len(shown)
    return ", ".join([*words, *([f"and {more} before"] if more else [])])
