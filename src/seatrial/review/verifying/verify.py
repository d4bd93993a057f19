"""Verifying a decision: its entry, its files, numbers from answers, verdicts from numbers, the decision from these.

Nothing is asked of a model and nothing is written but in a folder of its own. A step that finds a difference says
where; a step that cannot be taken says so, and is no pass.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from seatrial.errors import SeatrialError, StoreError
from seatrial.ledger import Entry, covered_answers
from seatrial.ledger.reviews import id_of, ids_of
from seatrial.observations import digest, read_observations
from seatrial.report import ReviewResult, load_result
from seatrial.review.apply_waivers import with_waivers
from seatrial.review.verifying.binding import binding_step
from seatrial.review.verifying.compared import differences, observation_differences
from seatrial.review.verifying.decision import decision_step
from seatrial.review.verifying.entry_source import Source, find_entry, values_in
from seatrial.review.verifying.files import files_step
from seatrial.review.verifying.inputs import find_inputs
from seatrial.review.verifying.received import check_folder
from seatrial.review.verifying.remade import Remade, Remake
from seatrial.review.verifying.replayed import Replayed, replayed
from seatrial.review.verifying.steps import Step, Verified, step
from seatrial.types import ROLES

__all__ = ["verify"]

ANSWERS, GATES = "answers → observations", "observations → verdicts"
COPIED = ("evidence.json", "observations.parquet", "turns.jsonl", "responses/answers.jsonl")
AGAIN = ("mode", "cells", "glances", "instruments", "examples", "named")
"""Fields of a review beside its decision that are made again and compared."""
BESIDE = ("pairs", "drift.html", "conversations.html", "converse.yaml", "second-user-turns.jsonl")
"""What a review leaves in its folder and nothing here reads."""
WHY = ("unanswered", "blind_spots", "groups")
"""The same, which say in the words of the time why answers are missing: compared where no judge's reply is missing."""


def verify(
    folder: Path,
    source: Source | None = None,
    evidence: Sequence[Path] = (),
    policy: Path | None = None,
    day: date | None = None,
    remake: Remake | None = None,
) -> Verified:
    """Derive the decision of a review again from its evidence.

    Args:
        folder: The review's folder, or a copy of it.
        source: Where its entry is looked for, and whom to trust.
        evidence: Folders or files in which files outside of the folder are looked for.
        policy: The policy that is in force, to be compared with the one that was reviewed.
        day: On which it is to hold; today in UTC where it is not given.
        remake: Makes conversations again that brought the evidence.

    Raises:
        SeatrialError: a file that was named cannot be read, or the folder holds no review, or what is no file.
    """
    day = day or datetime.now(UTC).date()
    check_folder(folder)
    kept = load_result(folder)
    if unnamed := {"review", "policy", "evidence"} - set(dict(kept.hashes)):
        raise StoreError(f"{folder / 'evidence.json'}: holds no hash of the {min(unnamed)}; restore it from a copy")
    found = find_entry(folder, source or Source())
    if found.entry is None:
        reason = "There is no entry to hold it against."
        lacking = [Step(name, "not verified", (reason,)) for name in ("files", ANSWERS, GATES, "decision", "validity")]
        return Verified(None, (found.step, *lacking), found.unseen, None)
    files, unseen = files_step(folder, kept, found, day)
    again, more = _made_again(folder, kept, found.entry, evidence, remake)
    bound, told = binding_step(kept, found.entry, policy, day)
    steps = (found.step, files, *again, decision_step(kept, found), bound)
    now = with_waivers(kept, found.entries, ids_of(id_of(found.entry), found.entries), day)
    return Verified(found.entry, steps, (*found.unseen, *unseen, *more, *told), now)


def _made_again(
    folder: Path, kept: ReviewResult, entry: Entry, evidence: Sequence[Path], remake: Remake | None
) -> tuple[tuple[Step, Step], tuple[str, ...]]:
    """Return the steps from answers to observations and from these to verdicts, and what they cannot show."""
    why = _why_not(kept, entry) or _no_talks(folder, kept, remake)
    if why:
        return (Step(ANSWERS, "not verified", (why,)), Step(GATES, "not verified", (why,))), ()
    with TemporaryDirectory(prefix="seatrial-verify-") as place:
        private, talks = _private(folder, entry, Path(place)), Remade()
        if remake is not None and kept.basis.talks is not None:
            try:
                talks = remake(kept, private)
            except SeatrialError as error:
                talks = Remade(lost=(str(error).replace(place, str(folder.parent)),))
        if talks.lost:
            reason = "The conversations cannot be held again from what is stored."
            return (Step(ANSWERS, "not verified", talks.lost), Step(GATES, "not verified", (reason,))), ()
        inputs = find_inputs(kept.policy, kept.basis, evidence, Path(place, "inputs"), talks.evidence)
        if inputs.lost and not inputs.only_brought:
            reason = "Nothing can be read again without it."
            return (Step(ANSWERS, "not verified", inputs.lost), Step(GATES, "not verified", (reason,))), ()
        try:
            made = asyncio.run(replayed(kept, private, inputs, talks.known))
            held = read_observations(folder / "observations.parquet")
        except SeatrialError as error:
            said = str(error).replace(f"{place}/inputs", "").replace(place, str(folder.parent))
            reason = "There are no numbers to weigh."
            return (Step(ANSWERS, "not verified", (said,)), Step(GATES, "not verified", (reason,))), ()
    others = [
        f"{name}: the one that is installed is another than was used; the review was made with seatrial "
        f"{dict(kept.versions).get('seatrial', 'of unknown version')}."
        for name, own in made.result.hashes
        if name.split()[0] in ("suite", "record") and values_in(entry, "hashes").get(name) != own
    ]
    differs = [f"The answer is not in the store: {one}." for one in (*talks.missing, *made.missing)]
    differs += [f"{one}." for one in observation_differences(held, made.observations)]
    if digest(held) != values_in(entry, "hashes").get("evidence"):
        differs.insert(0, "The observations are not those that the entry names (hash of the evidence).")
    differs += talks.differs
    words = ("is said to be its source", "is what it was read from")
    differs += [f"{one}." for one in differences(dict(kept.basis.sources), dict(made.sources), words=words)]
    answers = step(ANSWERS, differs, [*inputs.lost, *others], f"{talks.said}{_read_again(made)}")
    return (answers, _gates_step(kept, made, others)), _unseen(folder, kept, made)


def _why_not(kept: ReviewResult, entry: Entry) -> str:
    """Return why a review cannot be made again; empty where it can."""
    if kept.policy.digest != values_in(entry, "hashes").get("policy"):
        return "The policy in evidence.json is not the one that was decided under, so nothing follows from it."
    if not kept.basis.sources:
        return "An earlier version entered it, which did not keep what making it again takes."
    judges = [f"judge/{name}" for name, spec in kept.policy.judges.items() if spec.model is not None]
    needed = [*(ROLES if kept.policy.baseline.answers else ()), *judges]
    if lacking := [name for name in needed if name not in dict(kept.basis.models)]:
        return f"evidence.json does not say how {', '.join(lacking)} was asked."
    if len(kept.basis.logs) != len(kept.policy.tasks):
        return "evidence.json does not name the logs of each task."
    return ""


def _no_talks(folder: Path, kept: ReviewResult, remake: Remake | None) -> str:
    """Return why the conversations that brought the evidence cannot be held again; empty where they can."""
    if kept.basis.talks is None and (folder / "converse.yaml").is_file():
        return "It decided on conversations, and an earlier version did not keep what holding them again takes."
    if kept.basis.talks is not None and remake is None:
        return "It decided on conversations; `seatrial verify` holds them again."
    return ""


def _private(folder: Path, entry: Entry, place: Path) -> Path:
    """Return a copy of what a review rests on; of its answers those that the entry covers, all where it covers none."""
    made = place / "reviews" / (Path(str(entry.body.get("folder"))).name or "review")
    for name in COPIED:
        if (folder / name).is_file():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / name, made / name)
    if (folder / "tasks").is_dir():
        shutil.copytree(folder / "tasks", made / "tasks")
    covered = covered_answers(made, [entry]).covered
    if covered:
        (made / "responses" / "answers.jsonl").write_bytes(covered)
    return made


def _read_again(made: Replayed) -> str:
    sources = dict.fromkeys(source for _, source in made.sources)
    return f"{len(made.observations):,} observations came out the same (from {', '.join(sources)})."


def _gates_step(kept: ReviewResult, made: Replayed, others: list[str]) -> Step:
    if made.missing:
        return Step(GATES, "not verified", ("Answers are missing, so nothing can be weighed as it was.",))
    result = made.result
    differs = [f"Gate {one}." for one in differences(kept.decision.verdicts, result.decision.verdicts)]
    for name in (*AGAIN, *WHY) if not made.refused else AGAIN:
        differs += [f"{one}." for one in differences(getattr(kept, name), getattr(result, name), name)]
    if kept.decision.outcome != result.decision.outcome:
        differs.insert(0, f"The decision would be {result.decision.outcome}, and is {kept.decision.outcome}.")
    count = len(result.decision.every_verdict)
    held = f"{count} {'verdict' if count == 1 else 'verdicts'} came out the same, with all figures, and so did the map"
    return step(GATES, differs, others if differs else [], f"{held}, what is odd at a glance and the blind spots.")


def _is_beside(name: str) -> bool:
    """Return whether a model of conversations played the user or graded turns, and is none of the two compared."""
    return name.endswith("user") or name.startswith("judge:")


def _unseen(folder: Path, kept: ReviewResult, made: Replayed) -> tuple[str, ...]:
    """Return what making a review again cannot show."""
    talks = kept.basis.talks
    live = [name for name, model in kept.basis.models if model.live]
    live += [name for name, model in talks.models if model.live and _is_beside(name)] if talks else []
    failed = made.failed + (len(talks.failed) if talks else 0)
    said = []
    if live:
        said.append(f"That {', '.join(live)} said what the store holds: answers and judges' replies are evidence.")
    if failed:
        said.append(f"That {failed:,} calls got no answer when they were made: the review alone says so.")
    for name, count in made.refused.items():
        said.append(
            f"{count:,} replies of judge/{name} are not in the store: that these calls failed, or were not paid for."
        )
    if kept.reuse.offered:
        said.append(
            "That the baseline's answers of other reviews still held: what was asked anew is not compared again."
        )
    if kept.detections:
        said.append("The limits of detection: known-harmful answers are not mixed in again.")
    said.append(
        "When it ran, what it cost, its notes and steps, what it tells of earlier reviews: evidence.json alone says so."
    )
    pages = [name for name in BESIDE if (folder / name).exists()]
    if pages:
        said.append(f"What {', '.join(pages)} say beside the report: no entry covers them.")
    return tuple(said)
