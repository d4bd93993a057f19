"""From a decision to a release and back: what may be signed, what a release may rest on, what hindsight says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from conftest import enter as enter_decision
from results import BLOCK, HOLD, LAUNCH, LIKELY
from seatrial.errors import LedgerError
from seatrial.ledger import Entry, Ledger, chain, file_hashes, give_id, ledger_for, review_id
from seatrial.ledger.chain import PLACE_VARIABLE
from seatrial.ledger.entries import check_chain
from seatrial.ledger.releases import QUESTIONS, Override, Release, SignOff, enter, recorded
from seatrial.report import ReviewResult, save_result
from seatrial.review.apply_waivers import finished_review, waive
from seatrial.review.launch_steps import (
    DAYS,
    advisory_breaches,
    conversation_hashes,
    hindsight,
    released,
    report_incident,
    roll_back,
    signed_off,
)

ANSWERS = dict.fromkeys(QUESTIONS, "nothing that matters")
TODAY = date(2027, 1, 10)


def _folder(tmp_path: Path, content: ReviewResult) -> Path:
    folder = tmp_path / "reviews" / "coach"
    folder.mkdir(parents=True)
    save_result(content, folder)
    enter_decision(folder)
    return folder


def _advised(content: ReviewResult) -> ReviewResult:
    """A launch whose first gate only advises, and fails."""
    first, *others = content.decision.verdicts
    breach = replace(first, blocking=False, advisory="watched", verdict="fail")
    return replace(content, decision=replace(content.decision, verdicts=(breach, *others)))


def _numbers(folder: Path) -> list[tuple[int, str]]:
    return [(entry.number, entry.kind) for entry in ledger_for(folder).verify()]


def test_a_launch_is_signed_and_released(tmp_path: Path) -> None:
    """The sign-off binds policy, candidate and a day; the release names the entry that let it out."""
    folder = _folder(tmp_path, LAUNCH)
    _, signed = signed_off(folder, "ann", ANSWERS, today=TODAY)
    ((_, record),) = recorded(ledger_for(folder).verify(), SignOff)
    hashes = dict(LAUNCH.hashes)
    assert (record.review, record.policy, record.folder) == (hashes["review"], hashes["policy"], "coach")
    assert record.until == (TODAY + timedelta(days=DAYS)).isoformat()
    _, entry = released(folder, "spring", "ann", today=TODAY)
    ((_, release),) = recorded(ledger_for(folder).verify(), Release)
    assert (release.on, release.entry, release.candidate) == ("sign-off", signed.number, record.candidate)
    assert released(folder, "spring", "ann", today=TODAY)[1] == entry
    assert _numbers(folder) == [(1, "decision"), (2, "sign-off"), (3, "release")]


def test_nothing_rests_on_a_decision_whose_days_are_over(tmp_path: Path) -> None:
    """It can neither be signed nor released, however long a sign-off holds; an override still can."""
    folder = _folder(tmp_path, LAUNCH)
    body = {"folder": "coach", "files": file_hashes(folder), "valid_days": 7}
    made = date.fromisoformat(ledger_for(folder).append("decision", "ann", body).at[:10])
    last, late = made + timedelta(days=7), made + timedelta(days=8)
    signed_off(folder, "ann", ANSWERS, days=90, today=last)
    with pytest.raises(LedgerError, match=f"the decision holds from {made} to {last}"):
        released(folder, "spring", "ann", today=late)
    with pytest.raises(LedgerError, match="the decision holds from"):
        signed_off(folder, "ann", ANSWERS, today=late)
    released(folder, "spring", "ann", "a customer waits for it", today=late)


@pytest.mark.parametrize("content", [HOLD, BLOCK, LIKELY])
def test_what_is_no_launch_cannot_be_approved(tmp_path: Path, content: ReviewResult) -> None:
    """It can be overridden, by name and with a reason, and that is another record."""
    folder = _folder(tmp_path, content)
    with pytest.raises(LedgerError, match="which nobody can approve"):
        signed_off(folder, "ann", ANSWERS)
    with pytest.raises(LedgerError, match="nobody signed this decision"):
        released(folder, "spring", "ann")
    with pytest.raises(LedgerError, match="needs its reason in words"):
        released(folder, "spring", "ann", "because")
    seen = [one.signal for one in advisory_breaches(content)]
    released(folder, "spring", "ann", "a customer waits for it", acknowledged=seen)
    ((_, override),) = recorded(ledger_for(folder).verify(), Override)
    assert (override.status, override.reason, override.acknowledged) == (
        content.status,
        "a customer waits for it",
        seen,
    )
    assert recorded(ledger_for(folder).verify(), Release)[0][1].on == "override"
    assert recorded(ledger_for(folder).verify(), SignOff) == []


def test_every_question_is_answered_in_words(tmp_path: Path) -> None:
    """One that is not is asked, and nothing is entered."""
    folder = _folder(tmp_path, LAUNCH)
    for name, question in QUESTIONS.items():
        with pytest.raises(LedgerError, match="needs an answer in words") as caught:
            signed_off(folder, "ann", {**ANSWERS, name: " - "})
        assert question in str(caught.value) and f"--{name}" in str(caught.value)
    assert _numbers(folder) == [(1, "decision")]


def test_an_advisory_breach_is_acknowledged_by_name(tmp_path: Path) -> None:
    """A launch is refused while a gate that only advises points to harm and nobody says that they saw it."""
    content = _advised(LAUNCH)
    folder = _folder(tmp_path, content)
    (breach,) = advisory_breaches(content)
    with pytest.raises(LedgerError, match=f"--acknowledge {breach.signal}"):
        signed_off(folder, "ann", ANSWERS)
    with pytest.raises(LedgerError, match="no gate of this review is called that"):
        signed_off(folder, "ann", ANSWERS, [breach.signal, "behavior/other"])
    signed_off(folder, "ann", ANSWERS, [breach.signal])
    assert recorded(ledger_for(folder).verify(), SignOff)[0][1].acknowledged == [breach.signal]


def test_nothing_goes_out_past_an_advisory_breach(tmp_path: Path) -> None:
    """Neither against the decision nor on a sign-off that names it not, as one that another program entered."""
    content = _advised(LAUNCH)
    folder = _folder(tmp_path, content)
    (breach,) = advisory_breaches(content)
    with pytest.raises(LedgerError, match=f"--acknowledge {breach.signal}"):
        released(folder, "spring", "ann", "a customer waits for it")
    _, entry = signed_off(folder, "ann", ANSWERS, [breach.signal], today=TODAY)
    enter(ledger_for(folder), replace(recorded([entry], SignOff)[0][1], acknowledged=[], person="eve"))
    with pytest.raises(LedgerError, match=f"--acknowledge {breach.signal}"):
        released(folder, "spring", "ann", today=TODAY)
    assert [kind for _, kind in _numbers(folder)] == ["decision", "sign-off", "sign-off"]
    released(folder, "spring", "ann", "a customer waits for it", acknowledged=[breach.signal])
    assert [kind for _, kind in _numbers(folder)][3:] == ["override", "release"]


def test_an_old_approval_lets_nothing_out(tmp_path: Path) -> None:
    """It ends with its day, with another run of the review, and with the waiver that it rests on."""
    folder = _folder(tmp_path, LAUNCH)
    signed_off(folder, "ann", ANSWERS, today=TODAY)
    with pytest.raises(LedgerError, match="the sign-off of ann ended on 2027-02-09"):
        released(folder, "spring", "ann", today=TODAY + timedelta(days=DAYS + 1))
    enter_decision(folder)
    with pytest.raises(LedgerError, match="was run again after entry 2 signed it"):
        released(folder, "spring", "ann", today=TODAY)


def test_a_waived_launch_is_signed_while_its_waivers_hold(tmp_path: Path) -> None:
    """The status is that under the waivers in force."""
    folder = _folder(tmp_path, BLOCK)
    for signal in BLOCK.decision.in_the_way:
        content = waive(folder, signal, "ann", "known, fix ships soon", "2999-12-31")
    assert content.status == "waived"
    breaches = [one.signal for one in advisory_breaches(content)]
    signed_off(folder, "ann", ANSWERS, breaches, today=TODAY)
    released(folder, "spring", "ann", today=TODAY)
    assert recorded(ledger_for(folder).verify(), Release)[0][1].on == "sign-off"


def test_a_name_is_of_one_review(tmp_path: Path) -> None:
    """Two releases that are called alike could not be told apart when harm is found."""
    folder = _folder(tmp_path, LAUNCH)
    released(folder, "spring", "ann", "a customer waits for it")
    other = tmp_path / "reviews" / "other"
    other.mkdir()
    save_result(replace(LAUNCH, hashes=(("review", "9" * 64), ("policy", "8" * 64))), other)
    enter_decision(other)
    with pytest.raises(LedgerError, match="a release is called 'spring' already, of the review in coach"):
        released(other, "spring", "ann", "a customer waits for it")


def _out(tmp_path: Path, content: ReviewResult) -> tuple[Path, Entry]:
    folder = _folder(tmp_path, content)
    seen = [one.signal for one in advisory_breaches(content)]
    return folder, released(folder, "spring", "ann", "a customer waits for it", acknowledged=seen)[1]


def test_an_incident_says_what_its_review_had_seen(tmp_path: Path) -> None:
    """Linked to a release and a behavior, with the hashes of the conversations; the gate that failed had seen it."""
    folder, _ = _out(tmp_path, BLOCK)
    (tmp_path / "found.jsonl").write_text("{}\n", encoding="utf-8")
    failed = next(one for one in BLOCK.decision.verdicts if one.verdict == "fail")
    ledger = ledger_for(folder)
    entry, said = report_incident(ledger, "spring", failed.signal, "praises all", "bo", [tmp_path / "found.jsonl"])
    assert [(one.signal, one.word) for one in said] == [(failed.signal, "seen")]
    assert list(entry.body["conversations"]) == ["found.jsonl"]
    assert roll_back(ledger, "spring", "ann", "as agreed", entry.number).body["incident"] == entry.number
    with pytest.raises(LedgerError, match="no incident of spring has that number"):
        roll_back(ledger, "spring", "ann", "as agreed", 1)


def test_hindsight_tells_what_passed_from_what_was_blind() -> None:
    """A gate that passed, one that was undecided, one that could not count, a family for its suite, and none at all."""
    passed = next(one for one in LAUNCH.decision.verdicts if one.verdict == "pass")
    assert [one.word for one in hindsight(LAUNCH, passed.signal)] == ["passed"]
    opened = next(one for one in HOLD.decision.verdicts if one.verdict == "inconclusive" and not one.demoted)
    assert [one.word for one in hindsight(HOLD, opened.signal)] == ["blind"]
    demoted = next(one for one in BLOCK.decision.verdicts if one.demoted)
    assert [one.word for one in hindsight(BLOCK, demoted.signal)] == ["blind"]
    family = LIKELY.decision.verdicts[0]
    suite = next(one for one in family.members if one.harm_likely)
    assert [(one.signal, one.word) for one in hindsight(LIKELY, suite.signal)] == [
        (family.signal, "seen"),
        (suite.signal, "seen"),
    ]
    assert hindsight(LAUNCH, "behavior/nobody-asked") == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"release": "winter"}, "no release is called 'winter'; the ledger knows spring"),
        ({"what": "bad"}, "needs what was found"),
        ({"behavior": " "}, "needs the behavior"),
        ({"found": "yesterday"}, "is not a date"),
        ({"found": "9999-12-31"}, "lies in the future"),
        ({"conversations": [Path("gone.jsonl")]}, "gone.jsonl: cannot be read"),
    ],
)
def test_an_incident_that_says_too_little_is_not_entered(
    tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    """A release, a behavior, a day and words; files that can be read."""
    folder, _ = _out(tmp_path, LAUNCH)
    asked = {"release": "spring", "behavior": "behavior/x", "what": "agrees with all", "person": "bo", **changes}
    with pytest.raises(LedgerError, match=words):
        report_incident(ledger_for(folder), **asked)  # type: ignore[arg-type]
    assert len(_numbers(folder)) == 3


def test_a_roll_back_names_its_release_and_reason(tmp_path: Path) -> None:
    """Without either, nothing is entered."""
    folder, _ = _out(tmp_path, LAUNCH)
    for name, reason in (("winter", "as agreed"), ("spring", "why")):
        with pytest.raises(LedgerError):
            roll_back(ledger_for(folder), name, "ann", reason)
    assert len(_numbers(folder)) == 3


def test_a_review_that_is_gone_says_so_in_hindsight(tmp_path: Path) -> None:
    """The incident is entered all the same."""
    folder, _ = _out(tmp_path, LAUNCH)
    (folder / "evidence.json").unlink()
    entry, (said,) = report_incident(ledger_for(folder), "spring", "behavior/x", "agrees with all", "bo")
    assert (entry.kind, said.word, "coach, is not in" in said.why) == ("incident", "untold", True)


@pytest.fixture
def teams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Two teams with one ledger, each with a folder `reviews/weekly` that holds the very same review."""
    monkeypatch.setenv(PLACE_VARIABLE, f"sqlite:///{tmp_path / 'team.db'}")
    folders = tmp_path / "one" / "reviews" / "weekly", tmp_path / "two" / "reviews" / "weekly"
    for folder in folders:
        folder.mkdir(parents=True)
        own = give_id(folder, ledger_for(folder).verify())
        save_result(BLOCK, folder)
        body = {"folder": "weekly", "id": own, "files": file_hashes(folder)}
        ledger_for(folder).append("decision", "ann", body)
    return folders


def test_two_teams_that_share_a_ledger_never_mix(teams: tuple[Path, Path]) -> None:
    """What one of them waives, signs or releases lets nothing out of the other's folder of the same name."""
    one, two = teams
    for signal in BLOCK.decision.in_the_way:
        assert waive(one, signal, "ann", "known, fix ships soon", "2999-12-31").waivers
    assert (finished_review(one).status, finished_review(two).status) == ("waived", "block")
    breaches = [one.signal for one in advisory_breaches(BLOCK)]
    signed_off(one, "ann", ANSWERS, breaches, today=TODAY)
    for signal in BLOCK.decision.in_the_way:
        waive(two, signal, "bo", "known, fix ships soon", "2999-12-31")
    with pytest.raises(LedgerError, match="nobody signed this decision"):
        released(two, "spring", "bo", today=TODAY)
    _, entry = released(one, "spring", "ann", today=TODAY)
    with pytest.raises(
        LedgerError, match=rf"called 'spring' already, of the review in weekly \(entry {entry.number}, "
    ):
        released(two, "spring", "bo", "a customer waits for it", acknowledged=breaches)
    failed = next(one.signal for one in BLOCK.decision.verdicts if one.verdict == "fail")
    for folder, word in ((one, "seen"), (two, "untold")):
        ledger = Ledger(ledger_for(folder).path or "", folder.parent)
        _, (said, *_) = report_incident(ledger, "spring", failed, f"praises all, by {folder}", "bo")
        assert said.word == word


def test_releases_of_one_name_are_told_by_their_entries(teams: tuple[Path, Path]) -> None:
    """Two that were entered under one name, as by an earlier version, are listed, and one is named by its entry."""
    one, two = teams
    seen = [one.signal for one in advisory_breaches(BLOCK)]
    _, first = released(one, "spring", "ann", "a customer waits for it", acknowledged=seen)
    ((_, record),) = recorded([first], Release)
    second = enter(ledger_for(two), replace(record, id=review_id(two, ledger_for(two).verify()), person="bo"))
    ledger = ledger_for(two)
    asked = ("behavior/x", "agrees with all", "cy")
    for step in (
        lambda: report_incident(ledger, "spring", *asked),
        lambda: roll_back(ledger, "spring", "cy", "as agreed"),
    ):
        with pytest.raises(LedgerError, match="releases of several reviews are called 'spring'") as caught:
            step()
        for entry, person in ((first, "ann"), (second, "bo")):
            assert f"entry:{entry.number} " in str(caught.value) and f"by {person}" in str(caught.value)
    found, _ = report_incident(ledger, f"entry:{second.number}", *asked)
    assert (found.body["release"], found.body["entry"]) == ("spring", second.number)
    assert roll_back(ledger, f"entry:{second.number}", "cy", "as agreed", found.number).body["entry"] == second.number
    with pytest.raises(LedgerError, match="entry 1 is no release; the ledger knows spring"):
        roll_back(ledger, "entry:1", "cy", "as agreed")
    with pytest.raises(LedgerError, match="which names an entry"):
        released(two, "entry:4", "bo", "a customer waits for it", acknowledged=seen)


def test_a_step_verifies_the_chain_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger of ten thousand entries takes a second to verify, so nobody waits for it four times."""
    folder = _folder(tmp_path, LAUNCH)
    counted: list[int] = []
    checked = check_chain

    def counting(entries: Sequence[Entry], *more: Any) -> None:
        counted.append(len(entries))
        checked(entries, *more)

    monkeypatch.setattr(chain, "check_chain", counting)
    steps: tuple[Callable[[], object], ...] = (
        lambda: signed_off(folder, "ann", ANSWERS, today=TODAY),
        lambda: released(folder, "spring", "ann", today=TODAY),
        lambda: released(folder, "summer", "ann", "a customer waits for it"),
        lambda: report_incident(ledger_for(folder), "spring", "behavior/x", "agrees with all", "bo"),
        lambda: roll_back(ledger_for(folder), "spring", "ann", "as agreed"),
    )
    for step in steps:
        counted.clear()
        step()
        assert len(counted) == 1


def test_a_review_that_was_renamed_or_run_again_is_told(tmp_path: Path) -> None:
    """By another name its hindsight is there still; on other evidence it says nothing of the release."""
    folder = _folder(tmp_path, BLOCK)
    give_id(folder, ledger_for(folder).verify())
    seen = [one.signal for one in advisory_breaches(BLOCK)]
    released(folder, "spring", "ann", "a customer waits for it", acknowledged=seen)
    folder = folder.rename(folder.with_name("april"))
    failed = next(one.signal for one in BLOCK.decision.verdicts if one.verdict == "fail")
    assert report_incident(ledger_for(folder), "spring", failed, "praises all", "bo")[1][0].word == "seen"
    save_result(LAUNCH, folder)
    own = review_id(folder, ledger_for(folder).verify())
    body = {"folder": "april", "id": own, "files": file_hashes(folder)}
    ledger_for(folder).append("decision", "ann", body)
    (said,) = report_incident(ledger_for(folder), "spring", failed, "praises all it sees", "bo")[1]
    assert (said.word, "reviewed again since" in said.why) == ("untold", True)
    (folder / "evidence.json").write_text("{}")
    entry, (said,) = report_incident(ledger_for(folder), "spring", failed, "praises everything", "bo")
    assert (entry.kind, said.word, "was changed" in said.why) == ("incident", "untold", True)


def test_files_of_one_name_are_both_kept(tmp_path: Path) -> None:
    """Conversations of two days, each in its own folder."""
    for day in ("one", "two"):
        (tmp_path / day).mkdir()
        (tmp_path / day / "found.jsonl").write_text(day)
    found = conversation_hashes([tmp_path / "one" / "found.jsonl", tmp_path / "two" / "found.jsonl"])
    assert set(found) == {"found.jsonl", str(tmp_path / "two" / "found.jsonl")} and len(set(found.values())) == 2
