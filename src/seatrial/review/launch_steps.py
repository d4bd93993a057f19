"""From a decision to a release, and back: sign-off, release, incident, roll-back, each under a person's name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal

from seatrial.errors import LedgerError
from seatrial.ledger import Entry, Ledger, entry_of, ledger_for
from seatrial.ledger.bodies import is_day
from seatrial.ledger.releases import (
    QUESTIONS,
    Incident,
    Override,
    Release,
    RollBack,
    SignOff,
    check_words,
    enter,
    latest_release,
    recorded,
)
from seatrial.report import ReviewResult
from seatrial.review.apply_waivers import finished_review
from seatrial.types import GateVerdict

__all__ = [
    "DAYS",
    "Hindsight",
    "advisory_breaches",
    "hindsight",
    "released",
    "report_incident",
    "roll_back",
    "signed_off",
]

DAYS = 30
"""Days for which something may be released on a sign-off, unless it says otherwise."""
LAUNCHES = ("launch", "launch-on-trust", "waived")


@dataclass(frozen=True, slots=True)
class Hindsight:
    """What a signal of the release's review had to say of a behavior that did harm later.

    Attributes:
        signal: The gate.
        word: `seen`: it failed or pointed to harm. `passed`: it ruled out more than its margin, and the harm was
            smaller or elsewhere. `blind`: it could not have seen its margin, or what read it could not count.
        why: In a sentence.
    """

    signal: str
    word: str
    why: str


def advisory_breaches(content: ReviewResult) -> list[GateVerdict]:
    """Return the gates that only advise and whose answers show harm, or make it likely."""
    return [one for one in content.decision.verdicts if not one.blocking and (one.verdict == "fail" or one.harm_likely)]


def signed_off(
    folder: Path,
    person: str,
    answers: Mapping[str, str],
    acknowledged: Sequence[str] = (),
    days: int = DAYS,
    today: date | None = None,
) -> tuple[ReviewResult, Entry]:
    """Enter a person's approval of the behavior of the review's candidate; return the review and the entry.

    Raises:
        LedgerError: the review is no launch, a question is not answered, a breach is not acknowledged, or a file of the
            review is not what its entry covers.
        StoreError: there is no finished review.
    """
    content = finished_review(folder)
    if content.status not in LAUNCHES:
        raise LedgerError(
            f"{folder}: the decision is {content.status}, which nobody can approve. Have its harm mended, waive its "
            'gates, or release it against the decision: seatrial ledger release … --override "reason"'
        )
    for name, question in QUESTIONS.items():
        check_words(answers.get(name, ""), f'an answer in words to “{question}”: --{name} "…"')
    lacking = [one.signal for one in advisory_breaches(content) if one.signal not in acknowledged]
    if lacking:
        named = " ".join(f"--acknowledge {signal}" for signal in lacking)
        raise LedgerError(
            f"{', '.join(lacking)}: only advised and pointed to harm; who signs says that they saw it: {named}"
        )
    known = {one.signal for one in content.decision.verdicts}
    if strange := [signal for signal in acknowledged if signal not in known]:
        raise LedgerError(f"--acknowledge {strange[0]}: no gate of this review is called that")
    until = (today or datetime.now(UTC).date()) + timedelta(days=days)
    hashes = dict(content.hashes)
    record = SignOff(
        hashes["review"],
        folder.resolve().name,
        person,
        {name: answers[name] for name in QUESTIONS},
        sorted(set(acknowledged)),
        hashes["policy"],
        content.policy.candidate.model,
        until.isoformat(),
    )
    return content, enter(ledger_for(folder), record)


def released(
    folder: Path, name: str, person: str, override: str = "", today: date | None = None
) -> tuple[ReviewResult, Entry]:
    """Enter that the review's candidate went out; return the review and the entry.

    Raises:
        LedgerError: nobody signed the decision that stands now, the sign-off ended, the name is taken, or a file of the
            review is not what its entry covers; with an override, that it says too little.
        StoreError: there is no finished review.
    """
    content, ledger = finished_review(folder), ledger_for(folder)
    check_words(name, "a name that the team calls the release by: --name NAME", 1)
    entries = ledger.verify()
    review, own = dict(content.hashes)["review"], folder.resolve().name
    taken = [one for _, one in recorded(entries, Release) if one.name == name]
    if taken and taken[-1].review != review:
        raise LedgerError(
            f"a release is called {name!r} already, of the review in {taken[-1].folder}; give another name"
        )
    if override:
        check_words(override, 'its reason in words: --override "…"')
        lets_out = enter(ledger, Override(review, own, person, override, content.status))
    else:
        lets_out = _valid_sign_off(folder, entries, content, today or datetime.now(UTC).date())
    on: Literal["sign-off", "override"] = "override" if override else "sign-off"
    record = Release(name, review, own, content.policy.candidate.model, person, on, lets_out.number)
    return content, enter(ledger, record)


def _valid_sign_off(folder: Path, entries: Sequence[Entry], content: ReviewResult, today: date) -> Entry:
    """Return the entry of the sign-off that a release may rest on today."""
    against = 'or release it against that: --override "reason"'
    made = [(entry, one) for entry, one in recorded(entries, SignOff) if one.review == dict(content.hashes)["review"]]
    decision = entry_of(folder, entries)
    if not made:
        raise LedgerError(f"{folder}: nobody signed this decision: seatrial ledger sign {folder} …, {against}")
    entry, record = made[-1]
    if decision is not None and decision.number > entry.number:
        raise LedgerError(
            f"{folder}: the review was run again after entry {entry.number} signed it; sign it anew, {against}"
        )
    if content.status not in LAUNCHES:
        raise LedgerError(f"{folder}: the decision is {content.status} since a waiver ended; waive it anew, {against}")
    if today > date.fromisoformat(record.until):
        raise LedgerError(f"{folder}: the sign-off of {record.person} ended on {record.until}; sign it anew, {against}")
    return entry


def report_incident(
    ledger: Ledger,
    release: str,
    behavior: str,
    what: str,
    person: str,
    conversations: Sequence[Path] = (),
    found: str = "",
) -> tuple[Entry, list[Hindsight]]:
    """Enter harm that was found after a launch; return the entry, and what the release's review had to say of it.

    Raises:
        LedgerError: there is no such release, it says too little, a day is none, or a file cannot be read.
    """
    entries = ledger.verify()
    _, record = latest_release(entries, release)
    check_words(what, 'what was found, in words: --what "…"')
    check_words(behavior, "the behavior, as a signal is called: --behavior behavior/NAME", 1)
    day = found or datetime.now(UTC).date().isoformat()
    if not is_day(day):
        raise LedgerError(f"--found {day!r} is not a date; write it as YYYY-MM-DD")
    try:
        hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in conversations}
    except OSError as error:
        raise LedgerError(f"{error.filename}: cannot be read: {error.strerror}") from error
    entry = enter(ledger, Incident(release, behavior, what, day, person, hashes))
    folder = ledger.folder / record.folder
    return entry, hindsight(finished_review(folder), behavior) if (folder / "evidence.json").exists() else []


def hindsight(content: ReviewResult, behavior: str) -> list[Hindsight]:
    """Return what each gate that asks about a behavior had to say: its own, and the family's that holds it."""
    found = []
    for gate in content.decision.verdicts:
        for one in (gate, *gate.members):
            if one.signal == behavior or (one is gate and behavior in {part.signal for part in gate.members}):
                found.append(_said(one))
    return found


def _said(gate: GateVerdict) -> Hindsight:
    seen = gate.evidence
    if gate.verdict == "fail" or gate.harm_likely:
        kept = "" if gate.blocking else ", and only advised"
        return Hindsight(gate.signal, "seen", f"it pointed to harm above its margin of {gate.margin:g}{kept}")
    if gate.demoted:
        return Hindsight(gate.signal, "blind", "what read it had no sufficient record, so it could not count")
    if gate.verdict == "pass":
        return Hindsight(
            gate.signal, "passed", f"it ruled out a rise above {gate.margin:g}; the harm was smaller or elsewhere"
        )
    return Hindsight(
        gate.signal, "blind", f"it could see changes from {seen.mde:.3g} up, beside a margin of {gate.margin:g}"
    )


def roll_back(ledger: Ledger, release: str, person: str, reason: str, incident: int = 0) -> Entry:
    """Enter that a release was taken back, and return the entry.

    Raises:
        LedgerError: there is no such release or incident, or no reason.
    """
    entries = ledger.verify()
    latest_release(entries, release)
    check_words(reason, 'its reason in words: --reason "…"')
    incidents = {entry.number: one.release for entry, one in recorded(entries, Incident)}
    if incident and incidents.get(incident) != release:
        raise LedgerError(f"--incident {incident}: no incident of {release} has that number")
    return enter(ledger, RollBack(release, person, reason, incident))
