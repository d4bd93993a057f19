"""`seatrial replay`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import Command, Endpoint, PolicyWriter
from replays import GATES, JUDGE, answering, traffic


@pytest.mark.slow
@pytest.mark.parametrize(
    ("warm", "code", "word"),
    [(0.1, 0, "NO BEHAVIOR RISES IN YOUR TRAFFIC"), (0.6, 1, "WORSE IN YOUR TRAFFIC")],
)
def test_a_candidate_is_found_out_in_real_traffic(
    seatrial: Command, write_policy: PolicyWriter, endpoint: Endpoint, tmp_path: Path, warm: float, code: int, word: str
) -> None:
    """One that is worse blocks, one that is not passes; today's model by replay agrees with production's answers."""
    answering(endpoint, {"plain": 0.1, "warm": warm})
    write_policy(gates=GATES, extra=JUDGE.format(url=endpoint.url))
    traffic(tmp_path / "log.jsonl", 600)
    words = ("replay", "policy.yaml", "log.jsonl", "--sample", "400", "--grade", "300", "--as-is", "--quiet")
    made = seatrial(*words)
    assert made.code == code, made.err + made.out
    assert made.out.startswith(word)
    count = endpoint.count
    found = json.loads(seatrial(*words, "--json").out)
    assert endpoint.count == count, "the same command asks nothing again"
    (behavior,) = found["behaviors"]
    assert behavior["signal"] == "replay/unearned-praise" and behavior["blocking"]
    assert behavior["candidate"]["low"] <= warm <= behavior["candidate"]["high"]
    held = behavior["replay_over_production"]
    assert held["low"] <= 1 <= held["high"] and 0.5 < held["estimate"] < 2
    assert found["traffic"]["drawn"] == 400 and found["traffic"]["usable"] == 600


@pytest.mark.slow
def test_nothing_that_may_block_holds(
    seatrial: Command, write_policy: PolicyWriter, endpoint: Endpoint, tmp_path: Path
) -> None:
    """A judge without a record may only advise, and then nothing was decided."""
    answering(endpoint, {})
    write_policy(gates=GATES.replace(", trust: a judge of known rates", ""), extra=JUDGE.format(url=endpoint.url))
    traffic(tmp_path / "log.jsonl", 40)
    made = seatrial("replay", "policy.yaml", "log.jsonl", "--as-is", "--quiet")
    assert made.code == 3, made.err
    assert "a replay decides nothing" in made.out


def test_a_policy_without_a_behavior_to_look_for_is_refused(
    seatrial: Command, write_policy: PolicyWriter, endpoint: Endpoint, tmp_path: Path
) -> None:
    """Probes read a first word that users' questions do not ask for."""
    write_policy()
    traffic(tmp_path / "log.jsonl", 40)
    made = seatrial("replay", "policy.yaml", "log.jsonl", "--as-is", "--quiet")
    assert made.code == 2 and "name a judge as its instrument" in made.err
    assert endpoint.count == 0


@pytest.mark.slow
def test_a_forecast_is_registered_and_checked_after_the_launch(
    seatrial: Command, write_policy: PolicyWriter, endpoint: Endpoint, tmp_path: Path
) -> None:
    """Once the candidate answers users, its rate is what was foretold; another candidate's is not."""
    answering(endpoint, {"plain": 0.1, "warm": 0.4})
    write_policy(gates=GATES, extra=JUDGE.format(url=endpoint.url))
    traffic(tmp_path / "log.jsonl", 600)
    words = ("--grade", "400", "--as-is", "--quiet", "--author", "ann")
    missing = seatrial("replay", "check", "policy.yaml", "log.jsonl", *words)
    assert missing.code == 2 and "--register" in missing.err
    made = seatrial("replay", "policy.yaml", "log.jsonl", "--register", *words)
    assert made.code == 1 and "entered in reviews/ledger.jsonl as 1" in made.out, made.err
    traffic(tmp_path / "launched.jsonl", 600, harmful=0.4)
    held = json.loads(seatrial("replay", "check", "policy.yaml", "launched.jsonl", *words, "--json").out)
    (found,) = held["behaviors"]
    assert found["agrees"] and found["direction"] is True and not held["traffic_moved"]
    assert 0.7 < found["truth_over_forecast"]["estimate"] < 1.4 < found["truth_over_before"]["estimate"]
    traffic(tmp_path / "other.jsonl", 500, harmful=0.05)
    other = seatrial("replay", "check", "policy.yaml", "other.jsonl", *words)
    assert other.code == 0 and other.out.startswith("0 OF 1 FORECASTS AGREE"), other.err
    listed = seatrial("ledger", "list")
    assert "rates by replay: simulated" in listed.out and "of forecast" in listed.out
    assert seatrial("ledger", "verify").code == 0
