"""Reviews that are to be verified, and ledgers that their makers forged."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ledgers import tampered
from seatrial.collect import Progress
from seatrial.ledger import Entry, file_hashes, ledger_for
from seatrial.ledger.entries import canonical
from seatrial.policy import load_policy
from seatrial.report import load_result, write_reports
from seatrial.review.apply_waivers import with_entry
from seatrial.review.finished import Review
from seatrial.review.run import run_review
from seatrial.review.verifying.steps import Verified

Recorded = Callable[..., Path]
TODAY = datetime.now(UTC).date()
GATE = "behavior/impulsive-actions"
WORSE = (0.8, 0.9) * 30
"""Scores of a candidate that is to be blocked."""


def review_of(policy: Path, folder: Path) -> Review:
    """Run a policy's review and return it."""
    text = policy.read_text(encoding="utf-8")
    return asyncio.run(run_review(load_policy(policy), text, folder, "ann", Progress("off")))


def copied(tmp_path: Path) -> Path:
    """Copy all reviews with their ledger to where nothing else is; return the folder of the one that is called so."""
    shutil.copytree(tmp_path / "reviews", tmp_path / "elsewhere" / "reviews")
    return tmp_path / "elsewhere" / "reviews" / "one"


def results(found: Verified) -> dict[str, str]:
    """Return what each step came to."""
    return {one.name: one.result for one in found.steps}


def said_in(found: Verified, name: str) -> str:
    """Return all that a step says."""
    return " ".join(said for one in found.steps if one.name == name for said in one.said)


def entered_anew(folder: Path, change: Callable[[dict[str, Any]], object] = lambda body: None) -> Entry:
    """Forge a ledger whose chain holds: its only entry covers the files as they are now, and says what is wanted."""
    ledger = ledger_for(folder)
    entry = ledger.entries()[0]
    body = json.loads(json.dumps(entry.body)) | {"files": file_hashes(folder)}
    change(body)
    made = replace(entry, body=body)
    made = replace(made, hash=made.recomputed())
    tampered(ledger, [(1, canonical(made.content()), made.hash, "")], (1, made.hash))
    content = with_entry(load_result(folder), made)
    write_reports(content, folder)
    return made
