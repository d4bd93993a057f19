"""`seatrial replay`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import Command, Endpoint, PolicyWriter
from replays import GATES, JUDGE, answering, traffic


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
