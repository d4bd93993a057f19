"""`seatrial plan --solve`, and what `seatrial plan` says of policies that cannot work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import Command
from seatrial.policy import load_policy

MODELS = """name: p
baseline: {model: openai-compatible/a, base_url: "http://localhost:9/v1", generation: {temperature: 1}}
candidate: {model: openai-compatible/b, base_url: "http://localhost:9/v1", generation: {temperature: 1}}
"""
SUITE = """---
signal: behavior/tiny
title: Tiny
family: tinies
version: 1
harmful: high
instruments: [text/length]
max_tokens: 48
licence: Apache-2.0
---
Two questions.
"""


def _write(folder: Path, text: str, models: str = MODELS) -> None:
    (folder / "policy.yaml").write_text(models + text, encoding="utf-8")


@pytest.mark.slow
def test_a_policy_that_reaches_its_power_is_written(seatrial: Command, tmp_path: Path) -> None:
    """More calls are found, told and written; everything else of the policy is as it was, and its plan follows."""
    _write(tmp_path, "budget: {calls: 100}\ngates:\n  - {signal: behavior/verbosity, margin: 0.12}\n")
    done = seatrial("plan", "policy.yaml", "--solve", "better.yaml")
    before, after = load_policy(tmp_path / "policy.yaml"), load_policy(tmp_path / "better.yaml")
    assert f"Changed: budget: 100 calls become {after.budget.calls:,}." in done.out
    assert "Wrote better.yaml." in done.out
    assert f"the budget allows {after.budget.calls:,}" in done.out
    assert after.model_copy(update={"budget": before.budget}) == before
    again = seatrial("plan", "better.yaml", "--solve", "same.yaml")
    assert "Nothing needs to change." in again.out
    assert load_policy(tmp_path / "same.yaml") == after


@pytest.mark.slow
def test_machines_get_nothing_but_the_plan(seatrial: Command, tmp_path: Path) -> None:
    """With --json stdout is one object, of the policy that was written."""
    _write(tmp_path, "budget: {calls: 100}\ngates:\n  - {signal: behavior/verbosity, margin: 0.12}\n")
    found = json.loads(seatrial("plan", "policy.yaml", "--solve", "better.yaml", "--json").out)
    assert found["budget"] == load_policy(tmp_path / "better.yaml").budget.calls > 100


def test_a_place_that_cannot_be_written_is_named(seatrial: Command, tmp_path: Path) -> None:
    """A folder that is not there ends in a sentence."""
    _write(tmp_path, "gates:\n  - {signal: behavior/verbosity, margin: 0.3}\n")
    done = seatrial("plan", "policy.yaml", "--solve", "none/better.yaml")
    assert (done.code, "none/better.yaml: cannot be written" in done.err) == (2, True)


@pytest.mark.slow
def test_a_judge_without_a_record_is_told_once(seatrial: Command) -> None:
    """The starting policy for two endpoints and a judge says in one sentence what stands in the way, and what helps."""
    words = ("--baseline", "openai-compatible/a", "--candidate", "openai-compatible/b", "--base-url", "http://x/v1")
    seatrial("init", "policy.yaml", *words, "--judge", "openai-compatible/j")
    done = seatrial("plan", "policy.yaml", "--solve", "better.yaml", "--html", "plan.html")
    said = " ".join(done.out.split())
    assert done.code == 3, done.err
    assert said.count("Cannot be reached:") == 1
    assert "No other calls or margins help." in said
    assert "judge/main may only advise, whatever is asked. Error not measured: it has no record" in said
    assert "seatrial instruments calibrate labels.csv -i judge/main" in said
    assert "That left aside, an unchanged model launches with" in said
    assert "Nothing can launch, for 4 gates that should block have an instrument that may only advise" in said


# Policies that cannot work, told before the first call


@pytest.mark.parametrize(
    ("gates", "words"),
    [
        (
            "{signal: family/sycophncy, margin: 0.06, per: suite, suite_margin: 0.2}",
            "no suite belongs to the family sycophncy; there are",
        ),
        ("{signal: family/capability, margin: 0.06, per: suite}", "needs a `suite_margin`"),
        (
            "{signal: family/capability, margin: 0.06, per: suite, suite_margin: 0.2, suites: [benchmark/nope]}",
            "gate benchmark/nope: no suite",
        ),
    ],
)
def test_a_family_that_is_not_there_is_refused(seatrial: Command, tmp_path: Path, gates: str, words: str) -> None:
    """An unknown family, one without a margin for its suites, and an unknown suite are told for what they are."""
    _write(tmp_path, f"gates:\n  - {gates}\n")
    for command in ("plan", "review"):
        done = seatrial(command, "policy.yaml")
        assert (done.code, words in done.err) == (2, True), done.err


@pytest.mark.slow
def test_a_family_of_one_suite_is_that_suite(seatrial: Command, tmp_path: Path) -> None:
    """A mean over one suite is no mistake: it is planned as one gate over its clusters."""
    _write(
        tmp_path,
        "gates:\n  - {signal: family/manner, margin: 0.1, per: suite, suite_margin: 0.2, "
        "suites: [behavior/verbosity]}\n",
    )
    (gate,) = json.loads(seatrial("plan", "policy.yaml", "--json").out)["gates"]
    assert (gate["signal"], gate["clusters"]) == ("family/manner", 112)


def test_a_budget_of_ten_calls_decides_nothing(seatrial: Command, tmp_path: Path) -> None:
    """The plan says that nothing launches or blocks, that the gate is blind, and how to find what it takes."""
    _write(tmp_path, "budget: {calls: 10}\ngates:\n  - {signal: behavior/verbosity, margin: 0.12}\n")
    done = seatrial("plan", "policy.yaml")
    said = " ".join(done.out.split())
    assert done.code == 3
    assert "An unchanged model launches with 0 %; a rise of two margins in any one gate blocks with 0 %." in said
    assert "This policy could not see the margins of behavior/verbosity with 0.9 power." in said
    assert "add --solve better.yaml" in said


def test_a_suite_of_two_clusters_is_blind(seatrial: Command, tmp_path: Path) -> None:
    """It sees next to nothing, and the plan says so; it is no error, for a policy may watch it."""
    folder = tmp_path / "suites" / "tiny"
    folder.mkdir(parents=True)
    (folder / "suite.md").write_text(SUITE, encoding="utf-8")
    prompt = "Hi, please tell Emma what plan number {} would cost her, about $120 or more, before Friday?"
    rows = [dict(id=f"q{n}", use_case="work", prompt=prompt.format(n)) for n in range(2)]
    (folder / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    _write(tmp_path, "suites: [suites/]\ngates:\n  - {signal: behavior/tiny, margin: 0.1}\n")
    done = seatrial("plan", "policy.yaml")
    assert done.code == 3, done.err
    assert "blind  behavior/tiny  0.1     0.8" in done.out


@pytest.mark.slow
def test_draws_at_temperature_0_are_told(seatrial: Command, tmp_path: Path) -> None:
    """Each item is asked once whatever the policy says, for every answer is the same: the plan says so."""
    words = "Every item is asked once: at temperature 0 asking again gives the same answer."
    gates = "draws: 4\ngates:\n  - {signal: behavior/verbosity, margin: 0.03}\n"
    _write(tmp_path, gates, MODELS.replace("temperature: 1", "temperature: 0"))
    assert words in seatrial("plan", "policy.yaml").out
    _write(tmp_path, gates)
    assert words not in seatrial("plan", "policy.yaml").out
