"""From a policy of conversations to what decides: held with the models, or again from the store to verify a review."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from seatrial.collect import Progress
from seatrial.collect.judging import Judges
from seatrial.errors import StoreError
from seatrial.evidence.conversations.cast import Opening, StoredTalkers, failures, live
from seatrial.evidence.conversations.collected import (
    EVIDENCE,
    SECOND,
    TURNS,
    Run,
    conversed,
    prepared,
    standings,
    write_conversations,
)
from seatrial.evidence.conversations.conversation_policy import ConversationPolicy
from seatrial.evidence.conversations.equal_models import (
    EqualModels,
    equal_policy,
    held_alike,
    read_equal,
    write_equal,
)
from seatrial.evidence.conversations.found import Conversed
from seatrial.evidence.conversations.judged import TryFirst
from seatrial.evidence.conversations.oddities import odd_conversations, turned_with_the_user
from seatrial.evidence.conversations.wording import cannot_show
from seatrial.formats.bounded import read_text
from seatrial.formats.whole_files import make_folder
from seatrial.gates.plan import GatePlan
from seatrial.instruments.records import Records, load_records
from seatrial.observations import read_observations
from seatrial.policy import LaunchPolicy
from seatrial.report import ReviewResult
from seatrial.report.basis import Talks
from seatrial.review.run import Known, decide_on
from seatrial.review.starters import told_beforehand, with_starters
from seatrial.review.verifying.compared import differences
from seatrial.review.verifying.remade import Remade

__all__ = ["Talked", "judges_told", "remade_conversations", "talked", "treated_alike"]


EQUAL = "equal-models"
"""Folder within a run's of the conversations with two equal models."""


@dataclass(frozen=True)
class Talked:
    """What conversations came to.

    Attributes:
        found: The conversations.
        decides: The policy that decides on their observations.
        known: What is known of these.
    """

    found: Conversed
    decides: LaunchPolicy
    known: Known


def talked(
    policy: ConversationPolicy,
    folder: Path,
    author: str,
    progress: Progress,
    opening: Callable[[str], Opening] = lambda _: live,
) -> Talked:
    """Hold the conversations of a policy, with its second user too, and write what they came to.

    Args:
        policy: The policy.
        folder: The run's folder.
        author: Who runs it.
        progress: Where to show how far it is.
        opening: Gives the models; told how the names of the run's files begin.

    Raises:
        SeatrialError: the user's next step, in words; whatever was answered is kept.
    """
    run = prepared(policy)
    try_first = _trying(folder, progress)
    found = asyncio.run(conversed(run, folder, progress, opening(""), try_first))
    found = replace(found, equal=read_equal(folder, policy))
    decides = write_conversations(found, folder)
    models, failed = list(found.asked), failures([one.talk for one in found.reads])
    known = Known(standings(run, found.judged), tuple(cannot_show(found)), odd_conversations(found))
    if (beside := policy.of_second_user) is not None:
        other = asyncio.run(conversed(prepared(beside), folder, progress, opening(SECOND), try_first))
        again = write_conversations(other, folder, SECOND)
        first, second = (
            decide_on(one, read_observations(place), author, known=known).decision.verdicts
            for one, place in ((decides, folder / EVIDENCE), (again, folder / f"{SECOND}{EVIDENCE}"))
        )
        told, odd = turned_with_the_user(first, second, (found.user, other.user))
        known = replace(known, told=(*known.told, *told), odd=(*known.odd, *odd))
        models += [(f"{SECOND}{name}", one) for name, one in other.asked]
        failed += failures([one.talk for one in other.reads], SECOND)
    hashes = tuple((one.id, one.content_hash) for one in run.personas)
    talks = Talks(policy.model_dump_json(), tuple(models), hashes, tuple(failed))
    return Talked(found, decides, replace(known, talks=talks))


def _trying(folder: Path, progress: Progress) -> TryFirst:
    """Return what tries the judges of conversations that have no record, as a review does, and keeps what they earn."""

    async def tried(policy: ConversationPolicy, judges: Judges, plans: Sequence[GatePlan], records: Records) -> Records:
        return await with_starters(_declaring(policy), judges, plans, records, folder, progress)

    return tried


def judges_told(run: Run) -> tuple[str, ...]:
    """Return of each judge that a run tries first what that takes, in sentences."""
    return told_beforehand(_declaring(run.policy), run.judge_plans, load_records(run.policy.records))


def _declaring(policy: ConversationPolicy) -> LaunchPolicy:
    """Return the policy that decides, with the judges and their budget, as a review knows them."""
    decides = policy.decides(Path())
    budget = decides.budget.model_copy(update={"judge_calls": policy.budget.judge_calls})
    return decides.model_copy(update={"judges": policy.judges, "budget": budget})


def treated_alike(policy: ConversationPolicy, folder: Path, author: str, progress: Progress) -> EqualModels:
    """Hold the conversations of a policy with the baseline in both places, and note how alike its users treat both.

    Args:
        policy: The policy.
        folder: The run's folder; the conversations are kept in a folder of their own in it.
        author: Who runs it.
        progress: Where to show how far it is.

    Raises:
        SeatrialError: the user's next step, in words; whatever was answered is kept.
    """
    run, within = prepared(equal_policy(policy)), folder / EQUAL
    make_folder(within, "the folder of two equal models", StoreError)
    found = asyncio.run(conversed(run, within, progress, try_first=_trying(within, progress)))
    decides = write_conversations(found, within)
    known = Known(standings(run, found.judged))
    decision = decide_on(decides, read_observations(within / EVIDENCE), author, known=known).decision
    pairs = [(pair.baseline.talk, pair.candidate.talk) for pair in found.pairs if pair.whole]
    record = held_alike(found.policy, found.user, pairs, decision.verdicts)
    write_equal(record, folder)
    return record


def remade_conversations(kept: ReviewResult, folder: Path) -> Remade:
    """Hold the conversations of a review again from its store.

    Args:
        kept: The review.
        folder: A private copy of its folder, in which it may write.

    Raises:
        SeatrialError: they cannot be held.
    """
    talks = kept.basis.talks
    assert talks is not None
    try:
        policy = ConversationPolicy.model_validate_json(talks.policy)
    except ValueError as error:
        raise StoreError(f"evidence.json: the policy of its conversations cannot be read: {error}") from error
    now = {one.id: one.content_hash for one in prepared(policy).personas}
    if others := [name for name in {**dict(talks.personas), **now} if dict(talks.personas).get(name) != now.get(name)]:
        return Remade(lost=(f"The personas here are others than talked: {', '.join(others[:5])}.",))
    (place,) = (one for one in kept.policy.evidence if isinstance(one, Path))
    before = folder / TURNS
    turns = read_text(before).splitlines() if before.is_file() else None
    stored: list[StoredTalkers] = []

    def opening(begins: str) -> Opening:
        stored.append(StoredTalkers(talks, begins))
        return stored[-1]

    made = talked(policy, folder, kept.author, Progress("off"), opening)
    differs = []
    if policy.decides(place).digest != kept.policy.digest:
        differs.append("The policy of its conversations decides otherwise than the policy that was reviewed.")
    if turns is not None:
        again = read_text(before).splitlines()
        differs += [f"{TURNS}: {one}." for one in islice(_turns_differ(turns, again), 5)]
    missing = tuple(said for one in stored for said in one.missing)
    return Remade(
        replace(made.known, talks=talks),
        {str(place): folder / EVIDENCE},
        missing,
        tuple(differs),
        (),
        f"{len(made.found.reads):,} conversations were held again from the store and read again; ",
    )


def _turns_differ(held: list[str], made: list[str]) -> list[str]:
    """Return where two files of turns differ."""
    if len(held) != len(made):
        return [f"{len(held):,} turns held, {len(made):,} made again"]
    found: list[str] = []
    for number, (one, other) in enumerate(zip(held, made, strict=True), 1):
        if one == other:
            continue
        try:
            found += differences(json.loads(one), json.loads(other), f"line {number}")
        except ValueError:
            found.append(f"line {number} is no JSON")
    return found
