"""The first calls of a review: what a server refuses is told before anything is spent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from conftest import Command, Endpoint
from seatrial.collect.meter import MOST_CUT_SHORT

REFUSED = {
    "temperature": "generation: {temperature: null}",
    "seed": "generation: {seed: null}",
    "response_format": "structured: false",
}


def _policy(folder: Path, endpoint: Endpoint, *, more: str = "", judge: str = "", calls: int = 400) -> Path:
    side = f'{{model: openai-compatible/m, base_url: "{endpoint.url}", logprobs: 0{more}}}'
    path = folder / "policy.yaml"
    path.write_text(
        f"name: first\nbaseline: {side}\ncandidate: {side}\nbudget: {{calls: {calls}}}\n"
        f'judges: {{j: {{model: {{model: openai-compatible/j, base_url: "{endpoint.url}"}}{judge}}}}}\n'
        "gates: [{signal: behavior/unearned-praise, margin: 0.2, instrument: judge/j}]\n",
        encoding="utf-8",
    )
    return path


def _refuse(name: str) -> Any:
    def answer(body: dict[str, Any], _: int) -> web.Response | None:
        if name not in body:
            return None
        return web.json_response({"error": {"message": f"'{name}' is not supported", "param": name}}, status=400)

    return answer


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_refused_parameter_ends_the_review_before_calls_are_spent(
    seatrial: Command, tmp_path: Path, endpoint: Endpoint, name: str
) -> None:
    """The server's words and the setting are told after at most a call of each, and nothing is decided."""
    endpoint.fault = _refuse(name)
    done = seatrial("review", _policy(tmp_path, endpoint), "--out", tmp_path / "out", "--quiet")
    assert done.code == 2
    assert f"'{name}' is not supported" in done.err
    assert REFUSED[name] in done.err
    assert endpoint.count <= 3
    assert not (tmp_path / "out" / "decision.json").exists()


@pytest.mark.slow
def test_the_settings_that_are_named_let_it_go_on(seatrial: Command, tmp_path: Path, endpoint: Endpoint) -> None:
    """With a temperature and a seed of null neither is sent, and the review is decided."""
    refuse = [_refuse(name) for name in ("temperature", "seed")]

    def unless_left_out(body: dict[str, Any], n: int) -> web.Response | None:
        return None if body["model"] == "j" else next(filter(None, (one(body, n) for one in refuse)), None)

    endpoint.fault = unless_left_out
    path = _policy(tmp_path, endpoint, more=", generation: {temperature: null, seed: null}")
    assert seatrial("review", path, "--out", tmp_path / "out", "--quiet").code == 3


@pytest.mark.slow
def test_first_calls_are_calls_of_the_first_round(seatrial: Command, tmp_path: Path, endpoint: Endpoint) -> None:
    """They are answered once and counted once, so the budget holds."""
    done = seatrial("review", _policy(tmp_path, endpoint, calls=10), "--out", tmp_path / "out", "--quiet")
    assert done.code == 3
    asked = [key for key in endpoint.calls if "graded" not in key and "Rubric" not in key]
    assert sum(endpoint.calls[key] for key in asked) <= 10
    seatrial("review", _policy(tmp_path, endpoint, calls=10), "--out", tmp_path / "out", "--quiet")
    assert sum(endpoint.calls[key] for key in asked) <= 10


@pytest.mark.slow
def test_replies_without_an_answer_stop_it_and_the_setting_lets_it_go_on(
    seatrial: Command, tmp_path: Path, endpoint: Endpoint
) -> None:
    """A candidate that only thinks is asked some 20 times, not to the end; raised, its length finds the rest kept."""

    def thinks(body: dict[str, Any], _: int) -> web.Response | None:
        if body["model"] == "j" or body["messages"][0]["content"] != "new" or body["max_tokens"] > 512:
            return None
        message = {"content": None, "reasoning_content": "Let me see"}
        return web.json_response({"choices": [{"message": message, "finish_reason": "length"}]})

    endpoint.fault = thinks
    for sides in ("", ", generation: {max_tokens: 2048}"):
        path = _policy(tmp_path, endpoint, more=", concurrency: 4", judge=", starter: false")
        text = path.read_text("utf-8").replace("candidate: {", f"candidate: {{system: new{sides}, ")
        path.write_text(text, "utf-8")
        before = endpoint.count
        done = seatrial("review", path, "--quiet")
        if not sides:
            assert done.code == 2
            assert "candidate" in done.err
            assert "generation: {max_tokens: …}" in done.err
            assert endpoint.count <= 2 * (MOST_CUT_SHORT + 8)
            first = sum(count for key, count in endpoint.calls.items() if '"new"' not in key)
            assert seatrial("review", path, "--quiet").code == 2
            assert endpoint.count - before <= 2 * (MOST_CUT_SHORT + 8), "nothing more is spent before it is set"
    assert done.code == 3
    assert len(list((tmp_path / "reviews").glob("*/responses"))) == 1, "the same review goes on"
    assert first > 0
    baseline = [count for key, count in endpoint.calls.items() if '"new"' not in key and "Rubric" not in key]
    assert sum(count > 1 for count in baseline) <= 4, "of the baseline at most what was under way is asked again"
    assert max(baseline) <= 3
