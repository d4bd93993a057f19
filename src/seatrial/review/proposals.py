"""Asks a judge what changed in words, on one half of a review's items, and has the other half graded by it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from seatrial.collect import Progress, ResponseStore
from seatrial.collect.judge_specs import judge_spec
from seatrial.collect.judging import REPLY_TOKENS, Judges, Task
from seatrial.collect.store import call_key
from seatrial.drift import Answered
from seatrial.drift.found import Proposal
from seatrial.drift.proposals import MOST, PROPOSER, borne_out, halves, proposal, proposed, rubric_suite
from seatrial.errors import EvidenceError
from seatrial.instruments.judges import answer_key, degree
from seatrial.instruments.records import load_records
from seatrial.models import open_models
from seatrial.models.base import as_asked
from seatrial.policy import LaunchPolicy, ModelSpec
from seatrial.types import ROLES, Item, Request

__all__ = ["FOLDER", "proposals"]

FOLDER = "drift"
"""Folder of a review in which the judge's replies are kept: the review's own answers are sealed in its ledger."""


async def proposals(
    policy: LaunchPolicy,
    folder: Path,
    name: str,
    pairs: Sequence[Answered],
    most: int,
    alpha: float,
    progress: Progress,
) -> list[Proposal]:
    """Return what a judge of the policy proposes, and what of it the other half of the items bears out.

    Args:
        policy: The review's policy.
        folder: The review's folder.
        name: The judge, which must be a model.
        pairs: All items with both models' answers.
        most: The most calls of the judge, of those that were not made before too.
        alpha: Chance that any proposal is called shown where nothing changed.
        progress: Where to show how far it is.

    Raises:
        PolicyError: the policy has no such judge.
        EvidenceError: the judge is no model, proposes nothing, or there are too few items or calls.
        ModelError: the judge cannot be used; what it replied is kept.
    """
    spec = judge_spec(policy.judges, name)
    if spec.model is None:
        raise EvidenceError(f"judge/{name} is no model, and only a model can propose what changed")
    first, second = halves(pairs, policy.seed)
    each = len(ROLES) * spec.draws
    held = second[: max(0, (most - 1) // (each * MOST))]
    if len({pair.cluster for pair in held}) < 2:
        raise EvidenceError(
            f"{most:,} calls of the judge are too few: one to propose, and {each * MOST} for each item that "
            f"{MOST} proposals are tested on. Allow at least {2 * each * MOST + 1} with --calls"
        )
    with ResponseStore(folder / FOLDER) as store:
        words = proposed(await _proposing(spec.model, policy.seed, first, store))
        async with Judges(policy.judges, load_records(policy.records), most, store) as judges:
            suites = [rubric_suite(one, number) for number, one in enumerate(words, 1)]
            made = [judges.trial(name, suite, draws=spec.draws) for suite in suites]
            with progress.counting("grading what was proposed", len(made) * each * len(held), "calls") as step:
                judges.on_reply = step
                for judge in made:
                    tasks = [Task(pair.item, (pair.of(role)[0],)) for pair in held for role in ROLES]
                    await judges.grade(judge, tasks)

    def graded(number: int, item: Item, text: str) -> float:
        score = made[number].scores.get(answer_key(item.suite, item.id, text))
        return math.nan if score is None else degree(score, "high")

    return borne_out(words, held, graded, alpha, policy.seed)


async def _proposing(spec: ModelSpec, seed: int, pairs: Sequence[Answered], store: ResponseStore) -> str:
    """Return the judge's reply to what it is shown; one that was kept is not asked for again."""
    (model,) = open_models(spec.model_copy(update={"system": PROPOSER}))
    request = Request(proposal(pairs, seed), 0, REPLY_TOKENS)
    key = call_key(model.identity, "proposer", as_asked(model, request))
    kept = store.get(key)
    if kept is None:
        async with model:
            kept = await model.ask(request)
        store.put(key, "proposer", kept)
    return kept.text
