"""Models that answer from the store refuse what is not in it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seatrial.collect import Answer, Ask, ResponseStore, call_key
from seatrial.instruments.judges import Unscored
from seatrial.report import Unanswered
from seatrial.report.basis import AskedModel, Basis
from seatrial.review.verifying.stored import StoredAnswers, StoredModel
from seatrial.types import Item, Message, Request, Response


def _item(name: str) -> Item:
    return Item(name, "x", (Message("user", f"What of {name}?"),))


def test_answers_come_from_the_store_alone(tmp_path: Path) -> None:
    """One that another review gave counts too; what the review says failed fails again, and all else is missing."""
    model = StoredModel("m/x", AskedModel("who I am", True, 0, 99))
    with ResponseStore(tmp_path / "one") as store:
        for name, taken in (("own", None), ("other", "zero")):
            kept = Request(_item(name), max_tokens=99)
            made = Response(name, "x", 0, f"of {name}")
            at = datetime(2020, 1, 1, tzinfo=UTC)
            store.put(call_key("who I am", "baseline", kept), "baseline", made, Answer(made, at, taken or ""))
        failed = Unanswered("behavior/x", "baseline", "failed", "the server said no")
        answers = StoredAnswers({"baseline": model, "candidate": model}, store, 10, Basis(first_calls=2), [failed])
        asks = [Ask("baseline", Request(_item(name))) for name in ("own", "other", "failed", "gone")]
        batch = asyncio.run(answers.collect([*asks, Ask("candidate", Request(_item("own")))]))
    assert [one.text for _, one in batch.responses] == ["of own", "of other"]
    assert batch.failures[0].reason == "the server said no"
    assert [(one.role, one.request.item.id) for one in answers.missing] == [("baseline", "gone"), ("candidate", "own")]
    assert (answers.failed, answers.remaining) == (1, 3)


def test_a_judge_is_refused_without_being_down() -> None:
    """However many of its replies are missing, each only lacks a score."""
    model = StoredModel("judge/main", AskedModel("a judge", True))
    for _ in range(50):
        with pytest.raises(Unscored, match="not in the store"):
            asyncio.run(model.ask(Request(_item("q"))))
    assert model.refused == 50
