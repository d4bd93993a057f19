"""What is left of a past review: what its numbers measure, what may gate, and why a review cannot be weighed again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from conftest import enter
from histories import rows, stored
from results import BLOCK
from seatrial.backtest.past import PastRelease
from seatrial.backtest.stored import signal_of, standing_of, stored_review
from seatrial.instruments.may_gate import judged_by_record
from seatrial.instruments.records import load_records
from seatrial.ledger import give_id, ledger_for
from seatrial.observations import from_frame, write_observations
from seatrial.policy import Gate, LaunchPolicy
from seatrial.report import ReviewResult, save_result
from seatrial.report.result import InstrumentNote, Named
from seatrial.suites import find_suites, load_suite

ONE = "behavior/one"
POLICY = LaunchPolicy(name="then", gates=[Gate(signal=ONE, margin=0.1)])
SUITES = {name: load_suite(folder) for name, folder in find_suites().items()}
CONTRAST = next(name for name, suite in SUITES.items() if suite.contrast)


def _folder(tmp_path: Path) -> tuple[Path, PastRelease]:
    content = stored(POLICY, rows(ONE, 0)).content
    folder = tmp_path / "reviews" / "spring"
    folder.mkdir(parents=True)
    save_result(content, folder)
    write_observations(from_frame(rows(ONE, 0), None), folder / "observations.parquet")
    enter(folder)
    review = dict(content.hashes)["review"]
    return folder, PastRelease("spring", review, "spring", "sign-off", date(2025, 1, 1), (), None, "clean")


def test_a_review_is_read_from_its_folder(tmp_path: Path) -> None:
    """Its verdicts, and its observations by signal with where they came from."""
    folder, release = _folder(tmp_path)
    found = stored_review(folder.parent, ledger_for(folder).verify(), release)
    assert not isinstance(found, str)
    assert list(found.verdicts) == list(found.observations) == [ONE]
    assert found.sources(ONE) == ["the frame"] and not found.asked_of_suite(ONE)


def test_a_review_that_is_not_there_as_it_was_says_why(tmp_path: Path) -> None:
    """No folder, a later review in it, a file that was changed since, and a file that is gone."""
    folder, release = _folder(tmp_path)
    entries = ledger_for(folder).verify()
    elsewhere = stored_review(folder.parent, entries, replace(release, folder="gone"))
    assert elsewhere == "its review's folder is not here"
    later = stored_review(folder.parent, entries, replace(release, review="f" * 64))
    assert "was run again since" in str(later)
    (folder / "observations.parquet").write_bytes(b"other")
    assert "was changed" in str(stored_review(folder.parent, entries, release))
    (folder / "observations.parquet").unlink()
    assert "is missing" in str(stored_review(folder.parent, entries, release))


def test_a_review_is_found_by_its_id_whatever_its_folder_is_called(tmp_path: Path) -> None:
    """A folder that was renamed since is the release's still."""
    folder, release = _folder(tmp_path)
    entries = ledger_for(folder).verify()
    release = replace(release, id=give_id(folder, entries))
    folder.rename(folder.with_name("april"))
    assert not isinstance(stored_review(folder.parent, entries, release), str)


def test_numbers_measure_what_they_did_unless_the_policy_says_other() -> None:
    """A declared scale; one by its kind; a suite's, with the sign of its contrasts unless a judge graded them."""
    plain = stored(POLICY, rows(ONE, 0))
    assert signal_of(ONE, plain, POLICY, SUITES).bounds == (0.0, 1.0)
    declared = LaunchPolicy(name="now", gates=POLICY.gates, signals={ONE: {"harmful": "low", "bounds": [0, 5]}})
    assert signal_of(ONE, plain, declared, SUITES).harm_bounds == (-5.0, 0.0)
    policy = LaunchPolicy(name="then", gates=[Gate(signal=CONTRAST, margin=0.1)])
    made = stored(policy, rows(CONTRAST, 0))
    asked = replace(made, content=replace(made.content, hashes=(*made.content.hashes, (f"suite {CONTRAST} v1", "x"))))
    assert signal_of(CONTRAST, asked, policy, SUITES).bounds == (-1.0, 1.0)
    judged = replace(asked, verdicts={CONTRAST: replace(asked.verdicts[CONTRAST], instrument="judge/main")})
    assert signal_of(CONTRAST, judged, policy, SUITES).bounds == (0.0, 1.0)
    gone = replace(asked, content=replace(asked.content, named=(Named(CONTRAST, "Gone", harmful="low"),)))
    assert signal_of(CONTRAST, gone, policy, {}).harmful == "low"


def _noted(content: ReviewResult, note: InstrumentNote, trust: str = "") -> ReviewResult:
    first, *others = content.decision.verdicts
    verdict = replace(first, instrument=note.name, trust=trust)
    decision = replace(content.decision, verdicts=(verdict, *others))
    return replace(content, instruments=(note,), decision=decision)


@pytest.mark.parametrize("may_gate", [True, False])
def test_an_instrument_may_do_what_it_might_then(may_gate: bool) -> None:
    """By the review's own note where its record is gone; trust counts by the policy of now, and not of then."""
    made = stored(POLICY, rows(ONE, 0))
    note = InstrumentNote("judge/main", "Reads.", (ONE,), "Known.", True, may_gate, 0.6, 0.02)
    content = _noted(made.content, note)
    kept = replace(made, content=content, verdicts=content.decision.every_verdict)
    found = standing_of(ONE, kept, "", {})
    assert (found.may_gate, found.slope, found.differential) == (may_gate, 0.6, 0.02)
    trusted = standing_of(ONE, kept, "read two hundred of them", {})
    assert (trusted.may_gate, trusted.slope) == (True, 0.6 if may_gate else 1.0)
    content = _noted(made.content, replace(note, slope=1.0), trust="read two hundred of them")
    kept = replace(made, content=content, verdicts=content.decision.every_verdict)
    assert not standing_of(ONE, kept, "", {}).may_gate
    assert not standing_of("behavior/other", kept, "", {}).may_gate


def test_the_record_of_then_gives_its_error_too() -> None:
    """Where the very record is here, the slope comes with its standard error."""
    records = load_records(())
    name, held = next((name, found[0]) for name, found in records.items() if name.startswith("text/") or found)
    measured = next(one for one in held.measurements if not one.author_written)
    signal = measured.signal or ONE
    policy = LaunchPolicy(name="then", gates=[Gate(signal=signal, margin=0.1)])
    made = stored(policy, rows(signal, 0))
    known = judged_by_record(held, signal)
    note = InstrumentNote(name, "Reads.", (signal,), known.why, True, known.may_gate, known.slope, known.differential)
    content = _noted(made.content, note)
    kept = replace(made, content=replace(content, hashes=(*content.hashes, (f"record {name}", held.digest))))
    kept = replace(kept, verdicts=kept.content.decision.every_verdict)
    assert standing_of(signal, kept, "", records).slope_se == known.slope_se > 0
    assert standing_of(signal, kept, "", {}).slope_se == 0


def test_the_blocked_result_of_other_tests_is_no_review_of_this_release(tmp_path: Path) -> None:
    """A folder that holds another candidate's review is not taken for the release's."""
    folder, release = _folder(tmp_path)
    other = tmp_path / "reviews" / "other"
    other.mkdir()
    save_result(BLOCK, other)
    enter(other)
    assert "was run again since" in str(
        stored_review(folder.parent, ledger_for(folder).verify(), replace(release, folder="other"))
    )
