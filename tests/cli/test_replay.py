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
    assert made.code == 1 and "entered in reviews/ledger.db as 1" in made.out, made.err
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


@pytest.mark.slow
def test_the_rates_in_suites_stand_beside_a_forecast(
    seatrial: Command, write_policy: PolicyWriter, endpoint: Endpoint, tmp_path: Path
) -> None:
    """A review of the candidate gives its rate in the suite as a rival forecast; one of another candidate does not."""
    answering(endpoint, {"plain": 0.1, "warm": 0.4})
    write_policy(gates=GATES, extra=JUDGE.format(url=endpoint.url))
    made = seatrial("review", "policy.yaml", "--budget", "400", "--out", "reviews/one", "--quiet")
    assert made.code in (1, 3), made.err
    traffic(tmp_path / "log.jsonl", 300)
    words = ("--grade", "200", "--as-is", "--quiet")
    seatrial("replay", "policy.yaml", "log.jsonl", "--register", "--review", "reviews/one", *words)
    told = json.loads((tmp_path / "replays" / "simulated" / "forecast.json").read_text(encoding="utf-8"))
    assert 0.2 < told["behaviors"][0]["suites"] < 0.6
    traffic(tmp_path / "launched.jsonl", 300, harmful=0.4)
    held = json.loads(seatrial("replay", "check", "policy.yaml", "launched.jsonl", *words, "--json").out)
    assert 0.5 < held["behaviors"][0]["truth_over_suites"] < 2
    text = (tmp_path / "policy.yaml").read_text(encoding="utf-8")
    (tmp_path / "other.yaml").write_text(
        text.replace("candidate: {model: openai-compatible/sim", "candidate: {model: openai-compatible/other"),
        encoding="utf-8",
    )
    other = seatrial("replay", "other.yaml", "log.jsonl", "--review", "reviews/one", *words)
    assert other.code == 2 and "and not of openai-compatible/other" in other.err


@pytest.mark.slow
def test_what_no_suite_asks_becomes_one(
    seatrial: Command, write_policy: PolicyWriter, endpoint: Endpoint, tmp_path: Path
) -> None:
    """The map says how much that is, and one command drafts a suite of it, which then asks in a review."""
    answering(endpoint, {"plain": 0.1, "warm": 0.1})
    write_policy(gates=GATES, extra=JUDGE.format(url=endpoint.url))
    things = ("gearbox", "clutch", "differential", "axle", "radiator", "alternator")
    rows = [
        {"messages": [{"role": "user", "content": f"Which torque and which seal for the {thing} of tractor {n}?"}]}
        for n, thing in enumerate(things * 10)
    ]
    (tmp_path / "log.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    words = ("--grade", "40", "--as-is", "--quiet", "--out", "replayed", "--ask-if-test", "10")
    made = seatrial("replay", "policy.yaml", "log.jsonl", *words)
    assert "of conversations are like no item of the policy's 1 suite" in " ".join(made.out.split()), made.err
    found = json.loads(seatrial("replay", "policy.yaml", "log.jsonl", *words, "--json").out)["map"]
    assert found["unasked"]["estimate"] > 0.9 and sum(area["conversations"] for area in found["areas"]) == 60
    assert max(area["graded"]["replay/unearned-praise"] for area in found["areas"]) > 0
    assert "replayed conversations for a test" in " ".join(made.out.split())
    drafted = seatrial("suites", "from-traffic", "replayed", "own/tractors")
    assert drafted.code == 0 and "then: seatrial suites check own/tractors" in drafted.out, drafted.err
    assert "behavior/tractors " in seatrial("suites", "--suites", "own").out
    again = seatrial("suites", "from-traffic", "replayed", "own/tractors", "--json")
    assert again.code == 2 and "exists already" in again.err
