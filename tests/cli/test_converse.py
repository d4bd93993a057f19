"""The command `seatrial converse`, from a policy to a decision, its page and its ledger."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from conftest import Endpoint
from seatrial.cli import app
from talkers import Assistant, conversation_policy, talking

DRAWS = {"draws": "6", "gates": "[{signal: conversation/harm, margin: 0.1, trust: simulated assistants}]"}


@pytest.mark.slow
def test_a_candidate_that_grows_worse_is_not_launched(tmp_path: Path, endpoint: Endpoint) -> None:
    """From a policy to a decision, with the page, every turn, the ledger, and users that are said to be simulated."""
    talking(endpoint, Assistant().text)
    path, _ = conversation_policy(tmp_path, endpoint.url, **DRAWS)
    folder = tmp_path / "reviews" / "this"
    done = CliRunner().invoke(app, ["converse", str(path), "--out", str(folder), "--quiet", "--json"])
    assert done.stdout, done.exception
    found = json.loads(done.stdout)
    assert found["users"] == {"simulated": True, "by": "script"}
    assert found["conversations"]["held"] == 24
    assert found["verdicts"][0]["estimate"] > 0.1
    assert found["decision"] != "launch"
    assert found["verdicts"][0]["clusters"] == 2
    page = (folder / "conversations.html").read_text(encoding="utf-8")
    assert "Simulated users" in page
    assert "The numbers on the trams" in page
    turns = [json.loads(line) for line in (folder / "turns.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {one["role"] for one in turns} == {"baseline", "candidate"}
    assert sum(one["ended"] != "" for one in turns) == 48
    assert (folder / "report.html").is_file()
    assert (tmp_path / "reviews" / "ledger.db").is_file()
