"""How many answers are asked of each item."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from aiohttp import web

from conftest import Command, Endpoint, PolicyWriter

GATE = "  - {signal: behavior/over-refusal, margin: 0.05}"


def _draws(tmp_path: Path) -> pl.DataFrame:
    (path,) = (tmp_path / "reviews").glob("*/observations.parquet")
    return pl.read_parquet(path)


def test_answers_that_differ_within_items_are_drawn_again(
    seatrial: Command, write_policy: PolicyWriter, endpoint: Endpoint, tmp_path: Path
) -> None:
    """Where one answer in three is a refusal by chance alone, `draws: auto` asks items more often than twice."""
    rng = np.random.default_rng(0)

    def by_chance(body: dict[str, Any], _: int) -> web.Response:
        made = endpoint.body(body)
        made["choices"][0]["message"]["content"] = "I can't help with that." if rng.random() < 0.3 else "Sure: do this."
        return web.json_response(made)

    endpoint.fault = by_chance
    policy = write_policy(gates=GATE, extra="draws: auto\nbudget: {calls: 1500}")
    text = policy.read_text(encoding="utf-8").replace("system:", "generation: {temperature: 1.0}, system:")
    policy.write_text(text, encoding="utf-8")
    assert seatrial("review", policy).code in (0, 1, 3)
    draws = _draws(tmp_path)["draw"]
    assert draws.max() is not None
    assert int(draws.n_unique()) > 2
    assert sum(endpoint.calls.values()) <= 1500


def test_a_live_gate_is_looked_at_with_evidence_for_every_look(
    seatrial: Command, write_policy: PolicyWriter, tmp_path: Path
) -> None:
    """A gate that is asked in rounds is weighed by betting, which holds at each of them."""
    seatrial("review", write_policy(gates=GATE))
    (path,) = (tmp_path / "reviews").glob("*/decision.json")
    (verdict,) = json.loads(path.read_text(encoding="utf-8"))["verdicts"]
    assert verdict["method"] == "betting"


def test_a_greedy_model_is_asked_once(seatrial: Command, write_policy: PolicyWriter, tmp_path: Path) -> None:
    """At temperature 0 asking again would give the same answer, so `draws: auto` does not."""
    seatrial("review", write_policy(gates=GATE, extra="draws: auto"))
    assert _draws(tmp_path)["draw"].max() == 0
