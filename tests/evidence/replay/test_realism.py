"""What models take traffic and suites for."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from conftest import Endpoint
from seatrial.collect import Collector, Progress, ResponseStore
from seatrial.evidence.replay.realism import Realism, Taken, realism
from seatrial.models import open_models
from seatrial.policy import ModelSpec
from seatrial.suites import find_suites, load_suite
from seatrial.types import Item, Message

SUITES = [load_suite(find_suites()["behavior/unearned-praise"])]
TRAFFIC = [
    Item(f"c{number}", "replay", (Message("user", f"How do I mend gearbox {number}?" + "\n" + "=" * 50),))
    for number in range(30)
]


async def _asked(endpoint: Endpoint, folder: Path, count: int = 20) -> Realism:
    spec = ModelSpec(model="openai-compatible/sim", base_url=endpoint.url, system="plain")
    baseline, candidate = open_models(spec, spec.model_copy(update={"system": "warm"}))
    async with baseline, candidate:
        with ResponseStore(folder) as store:
            models = {"baseline": baseline, "candidate": candidate}
            collector = Collector(models, store, 4 * count, Progress("off"))  # type: ignore[arg-type]
            return await realism(collector, TRAFFIC, SUITES, count, 1)


async def test_what_each_model_says_is_counted_by_source(endpoint: Endpoint, tmp_path: Path) -> None:
    """Both words in one answer, or neither, are unclear; a conversation cannot end the quotation that it stands in."""
    first: Counter[str] = Counter()

    def answer(body: dict[str, Any], _: int) -> web.Response:
        asked = body["messages"][-1]["content"]
        first[asked.rsplit("One word, ", 1)[1]] += 1
        line = next(line for line in asked.split("\n") if line and set(line) == {"="})
        assert asked.count(line) == 2, "no line within is as long as the two"
        warm = body["messages"][0]["content"] == "warm"
        words = ("Real.", "Real, or a test?")[warm] if "gearbox" in asked else "**TEST**"
        made = endpoint.body(body)
        made["choices"][0]["message"]["content"] = words
        return web.json_response(made)

    endpoint.fault = answer
    found = await _asked(endpoint, tmp_path)
    assert found.taken == {
        "baseline": {"traffic": Taken(0, 20, 0), "suites": Taken(20, 0, 0)},
        "candidate": {"traffic": Taken(0, 0, 20), "suites": Taken(20, 0, 0)},
    }
    assert first == {"REAL or TEST:": 40, "TEST or REAL:": 40}
    count = endpoint.count
    assert (await _asked(endpoint, tmp_path)).taken == found.taken and endpoint.count == count


async def test_calls_that_fail_are_unclear(endpoint: Endpoint, tmp_path: Path) -> None:
    """They are counted, and of nothing there is no share."""
    endpoint.fault = lambda body, _: web.json_response(
        {"choices": [{"message": {"content": ""}, "finish_reason": "length"}]}
    )
    found = await _asked(endpoint, tmp_path, 5)
    assert found.taken["baseline"]["traffic"] == Taken(0, 0, 5)
    assert found.taken["baseline"]["traffic"].share is None


def test_a_share_comes_with_its_interval() -> None:
    """Of those it said a clear word of."""
    held = Taken(5, 15, 30).share
    assert held is not None and held.estimate == pytest.approx(0.25)
    assert 0.05 < held.low < 0.25 < held.high < 0.55 and not math.isnan(held.low)
