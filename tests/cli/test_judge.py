"""`seatrial judge`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import Command, Endpoint, PolicyWriter, by_rates, grading
from seatrial.policy import load_policy

GATE = "  - {signal: behavior/pushback, margin: 0.1, instrument: judge/main}"


@pytest.mark.slow
def test_a_judge_is_set_up_and_written_into_the_policy(
    seatrial: Command, endpoint: Endpoint, write_policy: PolicyWriter
) -> None:
    """The calls are said before, the records after; the policy then declares the judge and takes its records."""
    grading(endpoint, by_rates(0.95, 0.05))
    policy = write_policy(gates=GATE)
    policy.write_text(policy.read_text(encoding="utf-8").replace("records: [simulated-records]", ""), encoding="utf-8")
    words = ("judge", "setup", "openai-compatible/judge", "--base-url", endpoint.url, "--policy", policy, "--yes")
    done = seatrial(*words)
    assert done.code == 0, done.err
    assert "will take at most" in done.err and "75 answers that tell it what to grade" in done.err.replace("\n", " ")
    assert "yes       behavior/pushback" in done.out
    assert "graded answers of the suites only" in done.out.replace("\n", " ")
    assert f"{policy} names the judge and its records" in done.out
    held = load_policy(policy)
    assert held.judges["main"].model is not None and held.records == [policy.parent / "records"]
    assert list(Path("records").glob("*.starter.json"))
    again = seatrial(*words, "--json")
    told = json.loads(again.out)
    assert (told["calls"], told["written"]) == (0, str(policy))
    (record,) = told["records"]
    assert record["may_gate"] and 0 < record["counts_as"] < record["slope"]


def test_nothing_is_spent_without_a_yes(seatrial: Command, endpoint: Endpoint) -> None:
    """Where nobody can be asked, the calls are said and none is made."""
    done = seatrial("judge", "setup", "openai-compatible/judge", "--base-url", endpoint.url)
    assert done.code == 2
    assert "will take at most 2," in done.err and "add --yes" in done.err
    assert endpoint.count == 0


@pytest.mark.slow
def test_a_judge_that_may_gate_nothing_exits_as_a_hold(seatrial: Command, endpoint: Endpoint) -> None:
    """It is said why, and no policy is told to take it."""
    grading(endpoint, lambda *_: 3)
    model = f'{{model: openai-compatible/j, base_url: "{endpoint.url}"}}'
    Path("policy.yaml").write_text(f"name: p\njudges: {{main: {{model: {model}}}}}\ngates:\n{GATE}\n", encoding="utf-8")
    done = seatrial("judge", "setup", "judge/main", "--policy", "policy.yaml", "--yes")
    assert done.code == 3
    whole = done.out.replace("\n", " ")
    assert "May only advise for behavior/pushback: judge/main: of its" in whole and "all are 3" in whole
    assert "No gate can stand on this judge" in whole and "judges:" not in whole


def test_an_endpoint_that_is_down_is_an_error(seatrial: Command) -> None:
    """No record is made of nothing."""
    done = seatrial("judge", "setup", "openai-compatible/j", "--base-url", "http://127.0.0.1:9/v1", "--yes")
    assert done.code == 2
    assert "127.0.0.1:9" in done.err
    assert not list(Path("records").glob("*.json"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("judge/main",), "give the policy that declares it"),
        (("judge",), "model"),
        (("openai-compatible/j", "--base-url", "nowhere"), "base_url"),
        (("openai-compatible/j", "--base-url", "https://me:s3cret@host/v1"), "base_url: an address holds no name"),
        (("openai-compatible/j", "--draws", "0"), "draws"),
    ],
)
def test_bad_options_are_named(seatrial: Command, words: tuple[str, ...], said: str) -> None:
    """One message, exit 2, nothing asked."""
    done = seatrial("judge", "setup", *words, "--yes")
    assert done.code == 2
    assert said in done.err
    assert "Traceback" not in done.err
    assert "s3cret" not in done.err


def test_a_judge_that_is_no_model_cannot_be_tried(seatrial: Command) -> None:
    """Scores from a file hold no answer to anything new."""
    Path("policy.yaml").write_text(
        f"name: p\njudges: {{main: {{scores: s.jsonl}}}}\ngates:\n{GATE}\n", encoding="utf-8"
    )
    done = seatrial("judge", "setup", "judge/main", "--policy", "policy.yaml", "--yes")
    assert (done.code, "is no model" in done.err) == (2, True)
