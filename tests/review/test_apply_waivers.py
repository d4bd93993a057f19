"""Where a review stands under waivers: on whose word may it launch?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from conftest import enter
from seatrial.errors import ExitCode, LedgerError, StoreError
from seatrial.gates.verdicts import decide
from seatrial.ledger import Entry, Ledger, Waiver, enter_waiver, ledger_for
from seatrial.policy import Gate, LaunchPolicy
from seatrial.report import LedgerPlace, ReviewResult, WaiverNote, load_result, save_result
from seatrial.review.apply_waivers import exit_code, finished_review, ledger_entry, waive, with_entry, with_waivers
from seatrial.review.validity import DAYS
from seatrial.types import Evidence, GateVerdict, Verdict

A, B, C = "behavior/a", "behavior/b", "behavior/c"
REASON = "known and accepted for the pilot"
LATER = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()


def _verdict(signal: str, verdict: Verdict, *, blocking: bool = True, demoted: bool = False) -> GateVerdict:
    return GateVerdict(signal, verdict, blocking and not demoted, 0.1, Evidence(), "why", demoted=demoted)


def _result(
    *verdicts: GateVerdict, severe: Sequence[str] = (), odd: Sequence[str] = (), review: str = "r1"
) -> ReviewResult:
    decision = decide(verdicts, severe, odd)
    return ReviewResult(
        policy=LaunchPolicy(name="support", gates=[Gate(signal=one.signal, margin=0.1) for one in verdicts]),
        decision=decision,
        status=decision.outcome,
        mode="recorded",
        started="2026-01-01T00:00:00+00:00",
        finished="2026-01-01T00:01:00+00:00",
        author="ann",
        versions=(("seatrial", "9.9"), ("python", "3.12")),
        hashes=(("policy", "p1"), ("review", review), ("evidence", "e1")),
    )


def _entry(signal: str, *, review: str = "r1", expires: str = LATER, person: str = "Ann", number: int = 1) -> Entry:
    body = {"review": review, "signal": signal, "person": person, "reason": REASON, "expires": expires}
    return Entry(number, f"2026-02-0{number}T00:00:00+00:00", "waiver", person, body, "", "")


FAIL_A, FAIL_B = _verdict(A, "fail"), _verdict(B, "fail")
OPEN_B, PASS_B, PASS_C = _verdict(B, "inconclusive"), _verdict(B, "pass"), _verdict(C, "pass")
DEMOTED_B = _verdict(B, "pass", demoted=True)
ADVISORY_B = _verdict(B, "fail", blocking=False)


@pytest.mark.parametrize(
    ("verdicts", "severe", "waived", "status"),
    [
        ((FAIL_A, PASS_B), (), [], "block"),
        ((FAIL_A, PASS_B), (), [A], "waived"),
        ((FAIL_A, ADVISORY_B), (), [A], "waived"),
        ((FAIL_A, FAIL_B), (), [A], "block"),
        ((FAIL_A, FAIL_B), (), [B], "block"),
        ((FAIL_A, FAIL_B), (), [A, A], "block"),
        ((FAIL_A, FAIL_B, PASS_C), (), [A, B], "waived"),
        ((FAIL_A, OPEN_B), (), [A], "block"),
        ((FAIL_A, OPEN_B), (), [A, B], "waived"),
        ((OPEN_B, PASS_C), (), [B], "waived"),
        ((OPEN_B, PASS_C), (), [C], "hold"),
        ((FAIL_A, DEMOTED_B), (), [A], "block"),
        ((FAIL_A, DEMOTED_B), (), [A, B], "waived"),
        ((OPEN_B, _verdict(C, "pass", demoted=True)), (), [B], "hold"),
        ((FAIL_A, PASS_B), ("i7",), [A], "block"),
        ((OPEN_B, PASS_C), ("i7",), [B], "hold"),
        ((PASS_B, PASS_C), ("i7",), [B, C], "hold"),
        ((PASS_B, PASS_C), (), [], "launch"),
        ((PASS_B, PASS_C), (), [B, C], "launch"),
        ((ADVISORY_B,), (), [B], "hold"),
    ],
)
def test_waived_only_where_nothing_else_stands_in_the_way(
    verdicts: tuple[GateVerdict, ...], severe: tuple[str, ...], waived: list[str], status: str
) -> None:
    """A waiver lifts one gate: another failed, open or demoted one, or confirmed severe harm, keeps it held."""
    found = with_waivers(_result(*verdicts, severe=severe), [_entry(signal) for signal in waived])
    assert found.status == status


def test_waivers_change_the_status_and_never_the_decision() -> None:
    """Everything but the status and the notes stays as it was."""
    before = _result(FAIL_A, PASS_B)
    after = with_waivers(before, [_entry(A)])
    assert replace(after, waivers=(), status=before.status) == before


def test_a_waiver_is_shown_with_who_and_when() -> None:
    """The note holds the gate, the person, the reason, the last day and the time of the ledger's entry."""
    found = with_waivers(_result(FAIL_A, PASS_B), [_entry(A, number=3)])
    assert found.waivers == (WaiverNote(A, "Ann", REASON, LATER, "2026-02-03T00:00:00+00:00"),)


@pytest.mark.parametrize(
    "entry",
    [
        _entry(A, review="r2"),
        _entry(A, review="p1"),
        _entry(A, expires="2020-01-01"),
        _entry(B),
        _entry("behavior/unknown"),
        replace(_entry(A), kind="decision"),
    ],
)
def test_a_waiver_that_is_not_for_this_gate_lifts_nothing(entry: Entry) -> None:
    """Of another review, over, of a gate that passes, or no waiver at all: neither counted nor shown."""
    found = with_waivers(_result(FAIL_A, PASS_B), [entry])
    assert (found.status, found.waivers) == ("block", ())


def test_waivers_that_were_shown_before_are_read_afresh() -> None:
    """A note from an earlier reading is dropped when its entry is no longer in force."""
    before = with_waivers(_result(FAIL_A, PASS_B), [_entry(A)])
    after = with_waivers(before, [_entry(A, expires="2020-01-01")])
    assert (after.status, after.waivers) == ("block", ())


@pytest.mark.parametrize(
    ("made", "entries", "code"),
    [
        (_result(PASS_B), [], ExitCode.LAUNCH),
        (_result(FAIL_A, PASS_B), [], ExitCode.BLOCK),
        (_result(OPEN_B), [], ExitCode.HOLD),
        (_result(FAIL_A, PASS_B), [_entry(A)], ExitCode.WAIVED),
    ],
)
def test_the_exit_code_says_the_status(made: ReviewResult, entries: list[Entry], code: int) -> None:
    """0 launch, 1 block, 3 hold, 4 launch under a waiver."""
    assert exit_code(with_waivers(made, entries)) is code


def test_a_launch_on_trust_is_none_to_the_shell() -> None:
    """It has the exit code of a waiver: a person signed for it."""
    assert exit_code(replace(_result(PASS_B), status="launch-on-trust")) is ExitCode.WAIVED


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A finished review in which two gates stand in the way."""
    place = tmp_path / "reviews" / "support-1"
    place.mkdir(parents=True)
    save_result(_result(FAIL_A, OPEN_B, PASS_C), place)
    return place


def test_waiving_one_gate_of_two_is_recorded_and_lifts_nothing_yet(folder: Path) -> None:
    """Each waiver is an entry of the ledger beside the review; the second one lifts the rest."""
    first = waive(folder, A, "Ann Example", REASON, LATER)
    assert (first.status, [note.signal for note in first.waivers]) == ("block", [A])
    second = waive(folder, B, "Bea Example", REASON, LATER)
    assert (second.status, [note.person for note in second.waivers]) == ("waived", ["Ann Example", "Bea Example"])
    entries = Ledger(folder.parent / "ledger.db").verify()
    assert [(entry.kind, entry.author, entry.body["signal"]) for entry in entries] == [
        ("waiver", "Ann Example", A),
        ("waiver", "Bea Example", B),
    ]
    assert entries[0].body == {
        "review": "r1",
        "signal": A,
        "person": "Ann Example",
        "reason": REASON,
        "expires": LATER,
        "id": "",
    }
    assert load_result(folder).status == "block"


def test_waivers_of_the_ledger_count_with_the_new_one(folder: Path) -> None:
    """What another person entered before for this review is in force too; what was for another review is not."""
    enter_waiver(ledger_for(folder), Waiver("r1", B, "Bea Example", REASON, LATER))
    enter_waiver(ledger_for(folder), Waiver("r2", A, "Eve Example", REASON, LATER))
    assert with_waivers(load_result(folder), ledger_for(folder).verify()).status == "block"
    assert waive(folder, A, "Ann Example", REASON, LATER).status == "waived"


@pytest.mark.parametrize(
    ("signal", "person", "reason", "expires", "message"),
    [
        (C, "Ann", REASON, LATER, rf"{C} does not stand in the way of this launch; gates that do: {A}, {B}$"),
        ("behavior/unknown", "Ann", REASON, LATER, "behavior/unknown does not stand in the way"),
        (A, " ", REASON, LATER, "--person"),
        (A, "Ann", "because", LATER, "--reason"),
        (A, "Ann", REASON, "2020-01-01", "in the past"),
    ],
)
def test_what_cannot_be_waived_leaves_no_entry(
    folder: Path, signal: str, person: str, reason: str, expires: str, message: str
) -> None:
    """A gate that passes or is unknown, and a waiver that is incomplete or over, are refused and not recorded."""
    with pytest.raises(LedgerError, match=message):
        waive(folder, signal, person, reason, expires)
    assert ledger_for(folder).verify() == []


def test_a_launch_has_nothing_to_waive(folder: Path) -> None:
    """Where all gates pass, the message says that none stands in the way."""
    save_result(_result(PASS_B), folder)
    with pytest.raises(LedgerError, match=r"gates that do: none$"):
        waive(folder, B, "Ann", REASON, LATER)


def test_confirmed_severe_harm_cannot_be_waived(folder: Path) -> None:
    """With the only open gate lifted, the answers that raters confirmed keep the launch on hold."""
    save_result(_result(OPEN_B, PASS_C, severe=["i7"]), folder)
    assert waive(folder, B, "Ann", REASON, LATER).status == "hold"


def test_what_is_odd_at_a_glance_cannot_be_waived(folder: Path) -> None:
    """With the only open gate lifted the launch stays on hold; where no gate is open, the message names what does."""
    save_result(_result(OPEN_B, PASS_C, odd=["the candidate says nothing"]), folder)
    assert waive(folder, B, "Ann", REASON, LATER).status == "hold"
    save_result(_result(PASS_B, odd=["the candidate says nothing"]), folder)
    with pytest.raises(LedgerError, match=r"none\. What stands in the way is no gate: the candidate says nothing"):
        waive(folder, B, "Ann", REASON, LATER)


def test_there_must_be_a_finished_review(tmp_path: Path) -> None:
    """A folder without one is named."""
    with pytest.raises(StoreError, match="no finished review"):
        waive(tmp_path / "reviews" / "none", A, "Ann", REASON, LATER)


def test_a_finished_review_is_read_with_its_entry(folder: Path) -> None:
    """Its place in the ledger and whether that covers its files; none where it was not entered. Waivers count."""
    assert finished_review(folder).entry is None
    waive(folder, A, "Ann Example", REASON, LATER)
    assert finished_review(folder).entry is None
    early = ledger_for(folder).append("decision", "ann", {"folder": "support-1"})
    assert finished_review(folder).entry == LedgerPlace(2, early.hash, False)
    covering = enter(folder)
    found = finished_review(folder)
    assert found.entry == LedgerPlace(3, covering.hash, True)
    assert [note.signal for note in found.waivers] == [A]
    assert repr(with_entry(replace(found, waivers=()), None)) == repr(load_result(folder))


def test_what_its_entry_does_not_cover_is_not_read(folder: Path) -> None:
    """An edited review is neither read nor waived; one that waited for its entry is moved to its place."""
    enter(folder)
    evidence = folder / "evidence.json"
    content = evidence.read_bytes()
    evidence.write_bytes(content.replace(b"block", b"launch"))
    with pytest.raises(LedgerError, match=r"evidence\.json: was changed"):
        finished_review(folder)
    with pytest.raises(LedgerError, match=r"evidence\.json: was changed"):
        waive(folder, A, "Ann Example", REASON, LATER)
    assert len(ledger_for(folder).verify()) == 1
    evidence.rename(folder / "evidence.json.next")
    (folder / "evidence.json.next").write_bytes(content)
    assert finished_review(folder).decision.outcome == "block"
    assert evidence.read_bytes() == content


def test_a_folder_is_entered_by_its_own_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From within a review's folder its entry is the same."""
    monkeypatch.chdir(folder)
    assert ledger_entry(_result(FAIL_A), Path())["folder"] == "support-1"


def test_a_ledger_entry_pins_the_decision(tmp_path: Path) -> None:
    """The ledger keeps what was compared, what was decided and why, each verdict, all hashes and versions."""
    made = with_waivers(_result(FAIL_A, PASS_B), [_entry(A)])
    assert ledger_entry(made, tmp_path / "reviews" / "support-1") == {
        "review": "r1",
        "folder": "support-1",
        "policy_name": "support",
        "margins": {A: 0.1, B: 0.1},
        "baseline": "evidence/baseline",
        "candidate": "evidence/candidate",
        "identity": {},
        "valid_days": DAYS,
        "decision": "block",
        "status": "waived",
        "reason": made.decision.reason,
        "verdicts": {A: "fail", B: "pass"},
        "on_trust": {},
        "on_starters": [],
        "harm_likely": [],
        "budget": {"calls": made.policy.budget.calls, "left_open": []},
        "hashes": {"policy": "p1", "review": "r1", "evidence": "e1"},
        "versions": {"seatrial": "9.9", "python": "3.12"},
    }


def test_a_family_is_waived_as_a_whole(tmp_path: Path) -> None:
    """A suite of a family is no gate of the policy: its waiver is refused, and says what to name."""
    suite = _verdict(B, "inconclusive")
    family = replace(_verdict("family/x", "inconclusive"), members=(suite, _verdict(C, "pass")))
    decision = decide([family])
    content = replace(_result(FAIL_A), decision=decision, status="hold")
    save_result(content, tmp_path)
    with pytest.raises(LedgerError, match=f"{B} is a suite of family/x and no gate of its own.*--gate family/x"):
        waive(tmp_path, B, "Ann", REASON, LATER)
    assert waive(tmp_path, "family/x", "Ann", REASON, LATER).status == "waived"


def test_the_ledger_keeps_suites_and_likely_harm() -> None:
    """An entry has the verdict of every suite, and the gates in which harm was likely."""
    family = replace(_verdict("family/x", "inconclusive"), members=(OPEN_B, PASS_C), harm_likely=True)
    made = ledger_entry(replace(_result(PASS_C), decision=decide([family])), Path("r"))
    assert made["verdicts"] == {"family/x": "inconclusive", B: "inconclusive", C: "pass"}
    assert made["harm_likely"] == ["family/x"]
