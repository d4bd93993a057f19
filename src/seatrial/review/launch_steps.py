"""From a decision to a release, and back: sign-off, release, incident, roll-back, each under a person's name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal

from seatrial.errors import LedgerError, SeatrialError
from seatrial.ledger import Addition, Entry, Ledger, entry_of, folder_of, known_as, ledger_for, review_id
from seatrial.ledger.bodies import is_day
from seatrial.ledger.releases import (
    NUMBERED,
    QUESTIONS,
    Incident,
    Override,
    Release,
    RollBack,
    SignOff,
    added,
    check_words,
    latest_release,
    recorded,
)
from seatrial.report import ReviewResult
from seatrial.review.apply_waivers import finished_review, policy_as_written
from seatrial.review.validity import window_of
from seatrial.types import GateVerdict

__all__ = [
    "DAYS",
    "Hindsight",
    "advisory_breaches",
    "conversation_hashes",
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
            smaller or elsewhere. `open`: it could have seen its margin, and was left undecided. `blind`: it could not
            have seen its margin, or what read it could not count. `untold`: what it said is not here.
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
    return ledger_for(folder).enter(lambda made: _signed(made, folder, person, answers, acknowledged, days, today))


def _signed(
    made: Addition,
    folder: Path,
    person: str,
    answers: Mapping[str, str],
    acknowledged: Sequence[str],
    days: int,
    today: date | None,
) -> tuple[ReviewResult, Entry]:
    content = finished_review(folder, made.entries)
    if content.status not in LAUNCHES:
        raise LedgerError(
            f"{folder}: the decision is {content.status}, which nobody can approve. Have its harm mended, waive its "
            'gates, or release it against the decision: seatrial ledger release … --override "reason"'
        )
    _check_policy(folder, made.entries)
    for name, question in QUESTIONS.items():
        check_words(answers.get(name, ""), f'an answer in words to “{question}”: --{name} "…"')
    _check_acknowledged(content, acknowledged)
    day = today or datetime.now(UTC).date()
    _check_holds(folder, entry_of(folder, made.entries), day)
    until = day + timedelta(days=days)
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
        review_id(folder, made.entries),
    )
    return content, added(made, record)


def _check_acknowledged(content: ReviewResult, acknowledged: Sequence[str]) -> None:
    """Raise where a gate that only advises points to harm and is not named, or what is named is no gate."""
    lacking = [one.signal for one in advisory_breaches(content) if one.signal not in acknowledged]
    if lacking:
        named = " ".join(f"--acknowledge {signal}" for signal in lacking)
        raise LedgerError(
            f"{', '.join(lacking)}: only advised and pointed to harm; who lets it out says that they saw it: {named}"
        )
    known = {one.signal for one in content.decision.verdicts}
    if strange := [signal for signal in acknowledged if signal not in known]:
        raise LedgerError(f"--acknowledge {strange[0]}: no gate of this review is called that")


def _check_policy(folder: Path, entries: Sequence[Entry]) -> None:
    """Raise where the policy in the folder is not the one that the decision was made under."""
    decision = entry_of(folder, entries)
    written = decision.body.get("written") if decision is not None else ""
    if decision is not None and written and written != policy_as_written(folder):
        raise LedgerError(
            f"{folder / 'policy.yaml'}: is not the policy that entry {decision.number} was decided under, and a launch "
            "does not outlive its policy. Run the review to its end under the policy that is to hold."
        )


def released(
    folder: Path,
    name: str,
    person: str,
    override: str = "",
    today: date | None = None,
    acknowledged: Sequence[str] = (),
) -> tuple[ReviewResult, Entry]:
    """Enter that the review's candidate went out; return the review and the entry.

    Args:
        folder: The review's folder.
        name: What the team calls the release.
        person: Who releases it.
        override: Why it goes out without a sign-off that holds; empty where it rests on one.
        today: The day; by default this one.
        acknowledged: With an override, the gates that only advise and point to harm, which the person has seen.

    Raises:
        LedgerError: nobody signed the decision that stands now, the sign-off ended, the policy changed since, the name
            is taken, or a file of the review is not what its entry covers; with an override, that it says too little.
        StoreError: there is no finished review.
    """
    return ledger_for(folder).enter(
        lambda made: _released(made, folder, name, person, override, today or datetime.now(UTC).date(), acknowledged)
    )


def _released(
    made: Addition, folder: Path, name: str, person: str, override: str, today: date, acknowledged: Sequence[str]
) -> tuple[ReviewResult, Entry]:
    content = finished_review(folder, made.entries)
    check_words(name, "a name that the team calls the release by: --name NAME", 1)
    if NUMBERED.fullmatch(name):
        raise LedgerError(f"a release cannot be called {name!r}, which names an entry; give another name")
    review, own = dict(content.hashes)["review"], folder.resolve().name
    known = known_as(folder, made.entries)
    for entry, one in recorded(made.entries, Release):
        if one.name == name and not (one.review == review and one.id in known):
            raise LedgerError(
                f"a release is called {name!r} already, of the review in {one.folder} (entry {entry.number}, "
                f"{entry.at[:10]}, by {one.person}); give another name"
            )
    identity = review_id(folder, made.entries)
    if override:
        check_words(override, 'its reason in words: --override "…"')
        _check_acknowledged(content, acknowledged)
        seen = sorted(set(acknowledged))
        lets_out = added(made, Override(review, own, person, override, content.status, identity, seen))
    else:
        lets_out = _valid_sign_off(folder, made.entries, content, today)
    on: Literal["sign-off", "override"] = "override" if override else "sign-off"
    record = Release(name, review, own, content.policy.candidate.model, person, on, lets_out.number, identity)
    return content, added(made, record)


def _check_holds(folder: Path, decision: Entry | None, today: date) -> None:
    """Raise where the days are over on which a decision holds."""
    window = window_of(decision) if decision is not None else None
    if window is not None and not window.holds(today):
        raise LedgerError(
            f"{folder}: the decision holds from {window.since} to {window.until}. Review again in another folder, so "
            "that the models are asked anew: seatrial review POLICY --out FOLDER"
        )


def _valid_sign_off(folder: Path, entries: Sequence[Entry], content: ReviewResult, today: date) -> Entry:
    """Return the entry of the sign-off that a release may rest on today."""
    against = 'or release it against that: --override "reason"'
    review, known = dict(content.hashes)["review"], known_as(folder, entries)
    made = [(entry, one) for entry, one in recorded(entries, SignOff) if one.review == review and one.id in known]
    decision = entry_of(folder, entries)
    if not made:
        raise LedgerError(f"{folder}: nobody signed this decision: seatrial ledger sign {folder} …, {against}")
    _check_holds(folder, decision, today)
    entry, record = made[-1]
    if decision is not None and decision.number > entry.number:
        raise LedgerError(
            f"{folder}: the review was run again after entry {entry.number} signed it; sign it anew, {against}"
        )
    if content.status not in LAUNCHES:
        raise LedgerError(f"{folder}: the decision is {content.status} since a waiver ended; waive it anew, {against}")
    if today > date.fromisoformat(record.until):
        raise LedgerError(f"{folder}: the sign-off of {record.person} ended on {record.until}; sign it anew, {against}")
    _check_acknowledged(content, record.acknowledged)
    _check_policy(folder, entries)
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
    check_words(what, 'what was found, in words: --what "…"')
    check_words(behavior, "the behavior, as a signal is called: --behavior behavior/NAME", 1)
    day = found or datetime.now(UTC).date().isoformat()
    if not is_day(day):
        raise LedgerError(f"--found {day!r} is not a date; write it as YYYY-MM-DD")
    if date.fromisoformat(day) > datetime.now(UTC).date() + timedelta(days=1):
        raise LedgerError(f"--found {day} lies in the future; give the day on which it was found")
    hashes = conversation_hashes(conversations)

    def step(made: Addition) -> tuple[Entry, list[Hindsight]]:
        number, record = latest_release(made.entries, release)
        incident = Incident(record.name, behavior, what, day, person, hashes, number.number)
        said = _looked_back(ledger.folder, record, behavior, made.entries)
        return added(made, incident), said

    return ledger.enter(step)


def conversation_hashes(paths: Sequence[Path]) -> dict[str, str]:
    """Return the SHA-256 of each file by its name; by its whole path where another one has that name.

    Raises:
        LedgerError: a file cannot be read.
    """
    found: dict[str, str] = {}
    for path in paths:
        if not path.is_file():
            raise LedgerError(f"{path}: cannot be read: there is no such file")
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise LedgerError(f"{path}: cannot be read: {error.strerror}") from error
        found[path.name if found.get(path.name, digest) == digest else str(path)] = digest
    return found


def _looked_back(reviews: Path, release: Release, behavior: str, entries: Sequence[Entry]) -> list[Hindsight]:
    """Return what the gates of a release's review had to say; a single line that says why where that cannot be told."""
    try:
        folder = folder_of(reviews, release.folder, release.id, entries)
        content = finished_review(folder, entries) if folder is not None else None
    except SeatrialError as error:
        return [Hindsight(behavior, "untold", str(error).rstrip("."))]
    if content is None:
        return [Hindsight(behavior, "untold", f"the review's folder, {release.folder}, is not in {reviews}")]
    if dict(content.hashes)["review"] != release.review:
        return [Hindsight(behavior, "untold", f"{release.folder} was reviewed again since, on other evidence")]
    return hindsight(content, behavior)


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
        gate.signal,
        "open" if seen.mde <= gate.margin else "blind",
        f"it could see changes from {seen.mde:.3g} up, beside a margin of {gate.margin:g}",
    )


def roll_back(ledger: Ledger, release: str, person: str, reason: str, incident: int = 0) -> Entry:
    """Enter that a release was taken back, and return the entry.

    Raises:
        LedgerError: there is no such release or incident, or no reason.
    """
    check_words(reason, 'its reason in words: --reason "…"')

    def step(made: Addition) -> Entry:
        entry, record = latest_release(made.entries, release)
        reviews = {number.number: one.review for number, one in recorded(made.entries, Release)}
        answered = {number.number: one for number, one in recorded(made.entries, Incident)}.get(incident)
        of = (answered.release, reviews.get(answered.entry, record.review)) if answered is not None else None
        if incident and of != (record.name, record.review):
            raise LedgerError(f"--incident {incident}: no incident of {record.name} has that number")
        return added(made, RollBack(record.name, person, reason, incident, entry.number))

    return ledger.enter(step)
