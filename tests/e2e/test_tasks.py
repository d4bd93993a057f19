"""A review that runs a task of Inspect on both models."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

import seatrial
from conftest import Endpoint
from seatrial.errors import PolicyError

pytest.importorskip("inspect_ai")
pytestmark = pytest.mark.slow

TASK = """
from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.scorer import includes


@task
def evens():
    samples = [Sample(id=f"s{n}", input=f"Item {n}", target="Yes") for n in range(80)]
    return Task(MemoryDataset(samples), scorer=includes())
"""
POLICY = """
name: p
baseline: {{model: openai-compatible/prod, base_url: "{url}"}}
candidate: {{model: openai-compatible/prod, base_url: "{url}", system: "Be warm."}}
evidence: [{{task: evens.py}}]
signals: {{eval/evens.includes: {{harmful: low}}}}
gates: [{{signal: {signal}, margin: 0.1}}]
"""


def test_a_task_decides_and_is_run_once(endpoint: Endpoint, tmp_path: Path) -> None:
    """A wrong name is answered with those that are there; then the logs that it left decide, without a call."""

    def answer(body: dict[str, Any], n: int) -> web.Response | None:
        number = int(re.findall(r"\d+", body["messages"][-1]["content"])[0])
        made = endpoint.body(body)
        if "warm" in json.dumps(body["messages"]) and number % 2:
            made["choices"][0]["message"]["content"] = "I love that you ask."
        return web.json_response(made)

    endpoint.fault = answer
    (tmp_path / "evens.py").write_text(TASK, encoding="utf-8")
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY.format(url=endpoint.url, signal="eval/evens.match"), encoding="utf-8")
    with pytest.raises(PolicyError, match=r"eval/evens\.includes"):
        seatrial.review(path, folder=tmp_path / "r", progress=False)
    assert endpoint.count == 160
    path.write_text(POLICY.format(url=endpoint.url, signal="eval/evens.includes"), encoding="utf-8")
    done = seatrial.review(path, folder=tmp_path / "r", progress=False)
    assert (done.outcome, done.exit_code, endpoint.count) == ("block", 1, 160)
    spend = dict(done.result.spend)
    assert [(name, spend[name].calls, spend[name].reused) for name in spend if "evens" in name] == [
        ("baseline: evens", 0, 80),
        ("candidate: evens", 0, 80),
    ]
    assert any("used again" in note for note in done.result.notes)
    outlook = seatrial.plan(path, earlier=tmp_path / "r")
    assert [gate.signal for gate in outlook.gates] == ["eval/evens.includes"]
    with pytest.raises(PolicyError, match="nothing to plan before"):
        seatrial.plan(path)
