"""The files of a review are those of its entry, and its reports follow from them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from seatrial.ledger import ledger_for
from seatrial.ledger.reviews import ID_FILE
from seatrial.report import load_result
from seatrial.review.verifying.entry_source import FoundEntry, Source, find_entry
from seatrial.review.verifying.files import files_step
from verified_reviews import TODAY, Recorded, review_of


def _found(folder: Path) -> FoundEntry:
    return find_entry(folder, Source())


@pytest.mark.slow
def test_reports_follow_from_the_evidence(recorded: Recorded, tmp_path: Path) -> None:
    """A page, a summary or a decision that was written otherwise is named; an older version's cannot be told."""
    folder = tmp_path / "reviews" / "one"
    review_of(recorded(), folder)
    kept, found = load_result(folder), _found(folder)
    assert found.entry is not None
    assert files_step(folder, kept, found, TODAY)[0].result == "verified"
    path = folder / "decision.json"
    said = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**said, "decision": "block"}), encoding="utf-8")
    step, _ = files_step(folder, kept, found, TODAY)
    assert (step.result, step.said) == ("differs", (f"{path}: is not what evidence.json gives.",))
    older = dataclasses.replace(kept, versions=(("seatrial", "0.0.1"),))
    step, told = files_step(folder, older, found, TODAY)
    assert step.result == "verified" and any("decision.json" in one for one in told)
    alone = dataclasses.replace(found, whole=False)
    step, _ = files_step(folder, kept, alone, TODAY)
    assert step.result == "not verified" and "decision.json: not what evidence.json gives, unless" in step.said[0]
    path.unlink()
    step, told = files_step(folder, kept, found, TODAY)
    assert (step.result, told) == ("verified", ("What decision.json said: not in the folder.",))
    assert "policy.yaml, report.html, summary.md, junit.xml agree" in step.said[0]
    (folder / "policy.yaml").unlink()
    assert "policy.yaml: cannot be read" in files_step(folder, kept, found, TODAY)[0].said[0]


@pytest.mark.slow
def test_an_entry_without_hashes_is_no_pass(recorded: Recorded, tmp_path: Path) -> None:
    """Those of early versions cover nothing."""
    folder = tmp_path / "reviews" / "one"
    review_of(recorded(), folder)
    own = (folder / ID_FILE).read_text(encoding="utf-8").strip()
    ledger_for(folder).append("decision", "ann", {"folder": "one", "id": own})
    assert files_step(folder, load_result(folder), _found(folder), TODAY)[0].result == "not verified"
