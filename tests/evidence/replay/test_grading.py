"""Answers to conversations graded for a behavior."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path

import numpy as np

from conftest import Endpoint, PolicyWriter
from replays import GATES, HARM, JUDGE, PLAIN, answering
from seatrial.collect import Progress, ResponseStore
from seatrial.collect.judging import Judges
from seatrial.evidence.replay.grading import graded_answers
from seatrial.evidence.replay.wanted import wanted
from seatrial.instruments.records import load_records
from seatrial.models import open_models
from seatrial.policy import load_policy
from seatrial.types import ROLES, Item, Message, Response


def test_each_answer_is_graded_once(write_policy: PolicyWriter, endpoint: Endpoint, tmp_path: Path) -> None:
    """The same words twice take one call; an empty answer has no grade and takes none."""
    answering(endpoint, {})
    policy = load_policy(write_policy(gates=GATES, extra=JUDGE.format(url=endpoint.url)))
    records = load_records(policy.records)
    models = dict(zip(ROLES, open_models(policy.baseline, policy.candidate), strict=True))
    items = [Item(f"{n}", "replay", (Message("user", "Good?"),)) for n in range(3)]
    texts = [HARM, PLAIN, " "]

    async def read() -> np.ndarray:
        with ResponseStore(tmp_path) as store:
            async with Judges(policy.judges, records, 100, store) as judges:
                (behavior,) = wanted(policy, models, records, judges).behaviors
                answers = [
                    (item, Response(item.id, "replay", 0, text)) for item, text in zip(items, texts, strict=True)
                ]
                return await graded_answers(judges, behavior, [*answers, answers[0]], Progress("off"))

    assert np.array_equal(asyncio.run(read()), [1.0, 0.0, math.nan, 1.0], equal_nan=True)
    assert endpoint.count == 2
