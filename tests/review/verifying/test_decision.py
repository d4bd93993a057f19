"""A decision follows from its verdicts and waivers, or what does not follow is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ledgers import rows, tampered
from seatrial.errors import ExitCode
from seatrial.ledger import file_hashes, ledger_for
from seatrial.ledger.entries import canonical
from seatrial.review.apply_waivers import waive
from seatrial.review.verifying.verify import verify
from verified_reviews import TODAY, WORSE, Recorded, entered_anew, results, review_of, said_in


@pytest.mark.slow
def test_an_entry_that_says_another_decision_is_found(live: Path) -> None:
    """In a chain that was made anew, the decision does not follow; in one that was not, the entry was edited."""
    entered_anew(live, lambda body: body.update(decision="block", status="block"))
    found = verify(live)
    assert "Entry 1: decision: 'block' in the entry" in said_in(found, "decision")
    ledger = ledger_for(live)
    tampered(ledger, [(n, content.replace('"ann"', '"eve"'), own, sign) for n, content, own, sign in rows(ledger)])
    found = verify(live)
    assert (results(found)["entry"], found.exit_code) == ("differs", ExitCode.USAGE)
    assert "entry 1 was edited" in said_in(found, "entry")


@pytest.mark.slow
def test_a_waiver_counts_only_where_it_was_entered(blocked: Path, recorded: Recorded, tmp_path: Path) -> None:
    """A waived block is verified as such until the waiver ends; one that stands in no entry lifts nothing."""
    until = TODAY + timedelta(days=5)
    waive(blocked, "behavior/x", "Ann", "accepted for the pilot", until.isoformat())
    assert verify(blocked).exit_code == ExitCode.WAIVED
    assert verify(blocked, day=until + timedelta(days=1)).exit_code == ExitCode.BLOCK
    review_of(recorded(after=WORSE), blocked)
    again = verify(blocked)
    assert (again.verified, again.exit_code) == (True, ExitCode.WAIVED)
    forged = ledger_for(blocked).entries()[2]
    body = forged.body | {"files": file_hashes(blocked)}
    alone = replace(forged, number=1, previous="0" * 64, body=body)
    alone = replace(alone, hash=alone.recomputed())
    tampered(ledger_for(blocked), [(1, canonical(alone.content()), alone.hash, "")], (1, alone.hash))
    found = verify(blocked)
    assert "The waiver of behavior/x by Ann" in said_in(found, "decision")
    assert found.exit_code == ExitCode.USAGE
