"""Asking through the store, against a simulated endpoint."""

from __future__ import annotations

import gc
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from conftest import Endpoint, enter
from seatrial.collect import Ask, Batch, Collector, Progress, ResponseStore
from seatrial.collect.meter import FAILURES_IN_A_ROW
from seatrial.errors import ModelError, StoreError
from seatrial.models import open_models
from seatrial.policy import ModelSpec
from seatrial.types import Item, Message, Request, Spend


def _asks(count: int) -> list[Ask]:
    items = [Item(f"i{n}", "s", (Message("user", f"Question {n}?"),)) for n in range(count)]
    return [Ask(role, Request(item, 0, 8, 3)) for item in items for role in ("baseline", "candidate")]


async def _collect(
    endpoint: Endpoint, folder: Path, wanted: Sequence[Ask], budget: int = 1000, *, days: float = 7.0, anew: int = 0
) -> tuple[Batch, Collector]:
    spec = ModelSpec(model="openai-compatible/sim", base_url=endpoint.url, price_in=1e6, logprobs=3)
    models = open_models(spec, spec)
    async with models[0] as baseline, models[1] as candidate:
        with ResponseStore(folder) as store:
            made = {"baseline": baseline, "candidate": candidate}
            collector = Collector(made, store, budget, Progress("off"), days)  # type: ignore[arg-type]
            await collector.ask_anew([ask.request for ask in wanted if ask.role == "baseline"][:anew])
            return await collector.collect(wanted), collector


async def test_every_ask_gets_an_answer_and_is_counted(endpoint: Endpoint, tmp_path: Path) -> None:
    """Both models answer every item, in order; tokens and cost are added up."""
    batch, collector = await _collect(endpoint, tmp_path, _asks(20))
    assert [(role, response.item) for role, response in batch.responses] == [
        (ask.role, ask.request.item.id) for ask in _asks(20)
    ]
    spent = collector.spend("baseline")
    assert (spent.calls, spent.tokens_in, spent.cost) == (20, 140, 140.0)
    assert collector.remaining == 1000 - 40


async def test_cycles_are_searched_for_seldom_while_answers_come_in(endpoint: Endpoint, tmp_path: Path) -> None:
    """Each search walks through all calls in flight. Afterwards it is as it was, whatever ended the asking."""
    before, seen = gc.get_threshold(), list[int]()

    endpoint.fault = lambda body, n: seen.append(gc.get_threshold()[0])
    await _collect(endpoint, tmp_path, _asks(4))
    assert gc.get_threshold() == before
    assert min(seen) > 10 * before[0]
    endpoint.fault = lambda body, n: web.Response(status=401)
    with pytest.raises(ModelError):
        await _collect(endpoint, tmp_path, _asks(8))
    assert gc.get_threshold() == before


async def test_a_second_run_asks_nothing(endpoint: Endpoint, tmp_path: Path) -> None:
    """Stored answers are used again, and count toward the budget as if they had been asked now."""
    first, _ = await _collect(endpoint, tmp_path, _asks(5))
    calls = endpoint.count
    second, collector = await _collect(endpoint, tmp_path, _asks(8))
    assert endpoint.count == calls + 6
    assert [response.text for _, response in second.responses[:10]] == [
        response.text for _, response in first.responses
    ]
    assert collector.spend("baseline").reused == 5
    assert collector.remaining == 1000 - 16


async def test_a_refused_item_is_a_failure_with_its_reason(endpoint: Endpoint, tmp_path: Path) -> None:
    """A call that the server refuses for good is counted and carries the reason; the others go on."""

    def refuse(body: dict[str, Any], n: int) -> web.Response | None:
        return web.Response(status=400, text="no such conversation") if "Question 3?" in str(body) else None

    endpoint.fault = refuse
    batch, collector = await _collect(endpoint, tmp_path, _asks(6))
    assert len(batch.responses) == 10
    assert {failure.request.item.id for failure in batch.failures} == {"i3"}
    assert all("no such conversation" in failure.reason for failure in batch.failures)
    assert collector.spend("baseline").failed == 1


async def test_a_model_that_only_fails_ends_the_review(endpoint: Endpoint, tmp_path: Path) -> None:
    """After so many failures in a row the model is taken to be down; the message says what is kept."""
    endpoint.fault = lambda body, n: web.Response(status=400, text="broken")
    with pytest.raises(ModelError, match=rf"{FAILURES_IN_A_ROW} calls in a row failed.*answers are kept"):
        await _collect(endpoint, tmp_path, _asks(60))


async def test_a_wrong_key_ends_the_review_and_keeps_answers(endpoint: Endpoint, tmp_path: Path) -> None:
    """401 in the middle ends the review at once; what was answered before is stored."""
    endpoint.fault = lambda body, n: web.Response(status=401) if n > 12 else None
    with pytest.raises(ModelError, match="without a key"):
        await _collect(endpoint, tmp_path, _asks(40))
    with ResponseStore(tmp_path) as store:
        assert len(store) >= 12


async def test_a_store_that_cannot_be_written_ends_the_review(
    endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk stops the asking instead of losing answers."""

    def full(*args: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(ResponseStore, "put_soon", full)
    with pytest.raises(StoreError, match="disk is full"):
        await _collect(endpoint, tmp_path, _asks(4))


async def test_the_baselines_answers_of_a_review_beside_are_used_again(endpoint: Endpoint, tmp_path: Path) -> None:
    """Users have the same baseline as in the last review, so only the candidate is asked anew; both count alike."""
    await _collect(endpoint, tmp_path / "reviews" / "first", _asks(4))
    enter(tmp_path / "reviews" / "first")
    calls = endpoint.count
    _, collector = await _collect(endpoint, tmp_path / "reviews" / "second", _asks(4))
    assert endpoint.count == calls + 4
    assert collector.spend("baseline") == Spend(taken_over=4), "the review that asked has paid"
    assert (collector.spend("candidate").calls, collector.spend("candidate").taken_over) == (4, 0)
    assert [(review, count) for (review, _), count in collector.taken.items()] == [("first", 4)]
    assert collector.remaining == 1000 - 8
    with ResponseStore(tmp_path / "reviews" / "second") as store:
        assert len(store) == 8


def _dated(folder: Path, at: str | None) -> None:
    """Give all answers of a review another date, or none."""
    path = folder / "responses" / "answers.jsonl"
    entries = [json.loads(line) | {"at": at} for line in path.read_text(encoding="utf-8").splitlines()]
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")


@pytest.mark.parametrize(
    ("age", "days", "taken"),
    [(6.9, 7, 4), (7.1, 7, 0), (0.1, 0, 0), (20.0, 30, 4), (-0.5, 7, 0), (None, 7, 0)],
)
async def test_only_answers_within_the_age_limit_are_taken_over(
    endpoint: Endpoint, tmp_path: Path, age: float | None, days: float, taken: int
) -> None:
    """What is older, comes from the future or has no date is asked for, and counted where reuse was wanted."""
    await _collect(endpoint, tmp_path / "first", _asks(4))
    _dated(tmp_path / "first", None if age is None else (datetime.now(UTC) - timedelta(days=age)).isoformat())
    enter(tmp_path / "first")
    _, collector = await _collect(endpoint, tmp_path / "second", _asks(4), days=days)
    assert (collector.spend("baseline").taken_over, collector.spend("baseline").calls) == (taken, 4 - taken)
    assert (collector.too_old, collector.not_covered) == (4 - taken if days else 0, 0)


@pytest.mark.parametrize(("days", "counted"), [(7.0, 4), (0.0, 0)])
async def test_answers_that_no_entry_covers_are_asked_for_and_counted(
    endpoint: Endpoint, tmp_path: Path, days: float, counted: int
) -> None:
    """An unfinished review's answers are asked for again, and counted where reuse was wanted."""
    await _collect(endpoint, tmp_path / "first", _asks(4))
    _, collector = await _collect(endpoint, tmp_path / "second", _asks(6), days=days)
    assert (collector.spend("baseline").calls, collector.spend("baseline").taken_over) == (6, 0)
    assert (collector.not_covered, collector.too_old) == (counted, 0)


async def test_what_is_asked_anew_is_counted_once(endpoint: Endpoint, tmp_path: Path) -> None:
    """Answers that were checked are this review's own: no second call, and one call less of the budget each."""
    await _collect(endpoint, tmp_path / "first", _asks(6))
    enter(tmp_path / "first")
    calls = endpoint.count
    batch, collector = await _collect(endpoint, tmp_path / "second", _asks(6), anew=2)
    assert endpoint.count == calls + 6 + 2
    assert (collector.spend("baseline").calls, collector.spend("baseline").taken_over) == (2, 4)
    assert (len(batch.responses), collector.remaining) == (12, 1000 - 12)
    assert (collector.first_calls, len(collector.asked_first)) == (2, 2)
    again, resumed = await _collect(endpoint, tmp_path / "second", _asks(6), anew=2)
    assert endpoint.count == calls + 6 + 2
    assert (again, resumed.remaining) == (batch, collector.remaining)
    assert (resumed.spend("baseline").reused, resumed.spend("baseline").taken_over) == (2, 4)


async def test_an_old_review_that_is_taken_up_again_asks_nothing_twice_and_says_how_old(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    """A review's own answers are used whatever their age; those older than the limit are counted, undated ones too."""
    await _collect(endpoint, tmp_path, _asks(3))
    for at in ("2026-01-02T00:00:00+00:00", None):
        _dated(tmp_path, at)
        calls = endpoint.count
        _, collector = await _collect(endpoint, tmp_path, _asks(3))
        assert endpoint.count == calls
        assert [known and known.isoformat() for known in collector.aged.values()] == [at] * 6


async def test_a_known_change_voids_what_was_answered_before(endpoint: Endpoint, tmp_path: Path) -> None:
    """Once a review found the baseline changed, no later one takes over what an earlier one was told."""
    await _collect(endpoint, tmp_path / "first", _asks(4))
    enter(tmp_path / "first")
    _, second = await _collect(endpoint, tmp_path / "second", _asks(0))
    with ResponseStore(tmp_path / "second") as store:
        second._store = store
        second.no_longer_holds()
    _, third = await _collect(endpoint, tmp_path / "third", _asks(2))
    assert (third.spend("baseline").calls, third.too_old) == (2, 2)
    enter(tmp_path / "third")
    _, fourth = await _collect(endpoint, tmp_path / "fourth", _asks(4))
    assert (fourth.spend("baseline").calls, fourth.spend("baseline").taken_over) == (2, 2), "the third's are new"


async def test_a_stored_answer_takes_the_name_of_who_asks(endpoint: Endpoint, tmp_path: Path) -> None:
    """Two items that ask the same share the answer, and each response names its own item."""
    await _collect(endpoint, tmp_path, _asks(1))
    renamed = Ask("candidate", Request(Item("other", "t", (Message("user", "Question 0?"),)), 0, 8, 3))
    batch, _ = await _collect(endpoint, tmp_path, [renamed])
    assert endpoint.count == 2
    assert [(answer.item, answer.suite) for _, answer in batch.responses] == [("other", "t")]


async def test_recorded_answers_cost_nothing_and_are_not_stored(tmp_path: Path) -> None:
    """A file's answers spend no budget; what it lacks is a failure with the reason, one an item, and ends nothing."""
    path = tmp_path / "a.jsonl"
    path.write_text('{"prompt": "Question 1?", "completion": "Yes."}\n', encoding="utf-8")
    (model,) = open_models(ModelSpec(model=f"transcripts/{path}"))
    asks = [ask for ask in _asks(FAILURES_IN_A_ROW + 5) if ask.role == "candidate"]
    with ResponseStore(tmp_path) as store:
        collector = Collector({"candidate": model}, store, 10, Progress("off"))
        batch = await collector.collect(asks)
        assert len(store) == 0
    assert [answer.item for _, answer in batch.responses] == ["i1"]
    assert len(batch.failures) == FAILURES_IN_A_ROW + 4
    assert all("holds no answer" in failure.reason for failure in batch.failures)
    assert (collector.remaining, collector.spend("candidate").calls, collector.spend("candidate").failed) == (10, 0, 0)


async def test_what_a_filter_refuses_ends_nothing(endpoint: Endpoint, tmp_path: Path) -> None:
    """However many conversations in a row a provider's filter refuses, each is a missing answer with that reason."""
    said = {"error": {"message": "The prompt was filtered.", "code": "content_filter"}}
    endpoint.fault = lambda body, n: web.json_response(said, status=400)
    batch, collector = await _collect(endpoint, tmp_path, _asks(FAILURES_IN_A_ROW + 5))
    assert len(batch.responses) == 2 * (FAILURES_IN_A_ROW + 5)
    assert {answer.no_answer for _, answer in batch.responses} == {"filter"}
    assert (batch.failures, collector.spend("candidate").failed) == ((), 0)


async def test_failures_that_are_not_in_a_row_end_nothing(endpoint: Endpoint, tmp_path: Path) -> None:
    """A model that answers every other call is up, however many calls fail in all."""

    def every_other(body: dict[str, Any], n: int) -> web.Response | None:
        number = int(str(body["messages"][-1]["content"]).split()[1].rstrip("?"))
        return web.Response(status=400, text="no") if number % 2 else None

    endpoint.fault = every_other
    batch, collector = await _collect(endpoint, tmp_path, _asks(3 * FAILURES_IN_A_ROW))
    assert len(batch.failures) == 3 * FAILURES_IN_A_ROW
    assert collector.spend("candidate").failed == 3 * FAILURES_IN_A_ROW // 2


async def test_nothing_to_ask_is_an_empty_batch(endpoint: Endpoint, tmp_path: Path) -> None:
    """A round without an ask makes no call."""
    batch, collector = await _collect(endpoint, tmp_path, [])
    assert (batch, endpoint.count, collector.remaining) == (Batch((), ()), 0, 1000)
