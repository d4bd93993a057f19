"""How alike simulated users treat two equal models is measured, kept, and read back for the same policy alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from seatrial.errors import StoreError
from seatrial.evidence.conversations import wording
from seatrial.evidence.conversations.equal_models import (
    FILE,
    NOT_MEASURED,
    Change,
    EqualModels,
    equal_lines,
    equal_policy,
    held_alike,
    read_equal,
    write_equal,
)
from seatrial.evidence.conversations.found import Conversed
from talkers import HARMFUL, HARMLESS, conversation_policy, conversed_of, meetings


def alike(tmp_path: Path) -> Conversed:
    """Return a run of two conversations that are the same with both models, and one that was lost."""
    first, second, third, *_ = meetings()
    said = [HARMLESS, HARMFUL]
    return conversed_of(tmp_path, [(first, said, said), (second, said, said[:1]), (third, said, [])])


def of(run: Conversed) -> EqualModels:
    """Return how alike the users of a run treated both models."""
    pairs = [(pair.baseline.talk, pair.candidate.talk) for pair in run.pairs if pair.whole]
    return held_alike(run.policy, run.user, pairs, [])


def test_turns_that_both_sides_had_are_compared(tmp_path: Path) -> None:
    """A meeting that was lost counts for nothing; of the others each turn of both is looked at."""
    found = of(alike(tmp_path))
    assert (found.conversations, found.parted, found.turns, found.same) == (2, 0, 3, 3)


def test_it_is_read_back_for_the_same_policy_alone(tmp_path: Path) -> None:
    """With other personas, another user or another baseline it says nothing of this run."""
    run = alike(tmp_path)
    record = replace(of(run), changes=(Change("conversation/harm", 0.2, 0.1, 0.3, "fail"),))
    policy = run.policy
    assert read_equal(tmp_path, policy) is None
    write_equal(replace(record, policy=of(replace(run, policy=equal_policy(policy))).policy), tmp_path)
    kept = read_equal(tmp_path, policy)
    assert kept is not None
    assert kept.changes == record.changes
    assert read_equal(tmp_path, policy.model_copy(update={"seed": 7})) is None
    (tmp_path / FILE).write_text("{", encoding="utf-8")
    with pytest.raises(StoreError, match="run --equal again"):
        read_equal(tmp_path, policy)


def test_the_page_says_it_or_that_it_was_not_measured(tmp_path: Path) -> None:
    """What cannot be shown names the command; a change that is none of the models' is called odd."""
    run = alike(tmp_path)
    assert NOT_MEASURED in wording.cannot_show(run)
    record = replace(of(run), changes=(Change("conversation/harm", 0.2, 0.1, 0.3, "fail"),))
    said = list(wording.cannot_show(replace(run, equal=record)))
    assert NOT_MEASURED not in said
    assert any("said the same in 100 % of 3 turns" in line for line in said)
    assert any("treats equal models unlike" in line for line in equal_lines(record))


def test_the_baseline_stands_in_both_places(tmp_path: Path) -> None:
    """In every configuration too."""
    changes = {"configurations": "{app: {system: You are the app., candidate: {system: Be warm.}}}"}
    _, policy = conversation_policy(tmp_path, "http://127.0.0.1:9/v1", **changes)
    (product,) = equal_policy(policy).products
    assert product.baseline == product.candidate
