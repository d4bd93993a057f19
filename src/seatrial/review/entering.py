"""The end of a review: its files are written, the ledger covers them, and its reports name the entry.

Killed anywhere between, a review that is run again recognizes what it entered itself and enters nothing twice.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from seatrial.errors import LedgerError, StoreError
from seatrial.ledger import (
    NEXT,
    Entry,
    check_files,
    covers,
    decisions_on,
    entry_of,
    file_hashes,
    give_id,
    known_as,
    ledger_for,
    settle_files,
)
from seatrial.observations import write_observations
from seatrial.report import ReviewResult, load_result, save_result, write_pairs, write_reports
from seatrial.review.apply_waivers import ledger_entry, policy_as_written, with_entry, with_waivers
from seatrial.review.findings.answer_pairs import all_pairs
from seatrial.review.findings.earlier_reviews import earlier_reviews
from seatrial.review.finished import Review
from seatrial.review.rounds import Rounds

__all__ = ["entered"]


def entered(result: ReviewResult, rounds: Rounds, folder: Path, author: str) -> Review:
    """Enter a decision in the ledger, once, and write the review's files; return the finished review.

    The files of a review that was entered before stay as its entry covers them.

    Args:
        result: The decision with all that its report shows, before waivers.
        rounds: What it rests on.
        folder: The review's folder, locked.
        author: Who runs the review.

    Raises:
        StoreError: a file cannot be written.
        LedgerError: the ledger is broken or cannot be written.
    """
    ledger = ledger_for(folder)
    entries = ledger.ready()
    settle_files(folder, entries)
    own, known = give_id(folder, entries), known_as(folder, entries)
    earlier = earlier_reviews(result, decisions_on(folder, entries))
    result = replace(with_waivers(result, entries, known), history=earlier)
    result = replace(result, pages=write_pairs(result, all_pairs(rounds), folder))
    entry = _own_entry(result, folder, author, entries)
    kept = result if entry is None else with_waivers(load_result(folder), entries, known)
    if entry is None:
        write_observations(rounds.all_observations(), folder / f"observations.parquet{NEXT}")
        save_result(result, folder, NEXT)
        more = {"id": own, "written": policy_as_written(folder), "files": file_hashes(folder)}
        body = {**ledger_entry(result, folder), **more}
        entry = ledger.append("decision", author, body)
        settle_files(folder, [entry])
    try:
        write_reports(with_entry(kept, entry), folder)
    except StoreError as error:
        raise StoreError(f"{error} The decision is entry {entry.number} of the ledger all the same.") from error
    return Review(with_entry(result, entry), folder, entry)


def _own_entry(result: ReviewResult, folder: Path, author: str, entries: Sequence[Entry]) -> Entry | None:
    """Return the entry that a run of this very review made already; None where anything but its times differs."""
    entry = entry_of(folder, entries)
    if entry is None or entry.author != author or not covers(entry):
        return None
    try:
        check_files(folder, entries)
    except LedgerError:
        return None
    before = {key: value for key, value in entry.body.items() if key not in ("files", "id", "written")}
    same = json.loads(json.dumps(ledger_entry(result, folder))) == before
    return entry if same and repr(load_result(folder).detections) == repr(result.detections) else None
