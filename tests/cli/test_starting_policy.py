"""A policy to begin with."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from conftest import Command
from seatrial.cli.starting_policy import (
    FAMILY_MARGIN,
    HARD,
    STYLES,
    SUITE_MARGIN,
    Models,
    asked_for,
    starting_policy,
    write_policy,
)
from seatrial.errors import PolicyError, StoreError
from seatrial.policy import LaunchPolicy, load_policy, parse_policy
from seatrial.suites import find_suites, load_suite

ENDPOINTS = Models("openai-compatible/prod", "openai-compatible/next", "http://localhost:9/v1")
JUDGED = Models(
    "openai-compatible/prod", "openai-compatible/next", "http://localhost:9/v1", judge="openai-compatible/j"
)
KINDS = {
    "embedded": Models(),
    "endpoints": ENDPOINTS,
    "judged": JUDGED,
    "log-probabilities": Models("openai-compatible/a", logprobs=True),
}


def _made(given: Models) -> tuple[LaunchPolicy, dict[str, str]]:
    text, left_out = starting_policy("policy.yaml", given)
    return parse_policy(text), left_out


@pytest.mark.parametrize("kind", KINDS)
def test_every_suite_is_asked_once(kind: str) -> None:
    """The policy is valid; each suite is in its own family or has a gate; only what is left out, and style, advises.

    The embedded model is not asked what it could not get worse at.
    """
    policy, left_out = _made(KINDS[kind])
    in_families = {name: gate for gate in policy.gates if gate.family for name in gate.suites}
    alone = {gate.signal: gate for gate in policy.gates if not gate.family}
    assert {*in_families, *alone} == set(find_suites()) - set(HARD if kind == "embedded" else ())
    assert not set(in_families) & set(alone)
    assert {name for name, gate in alone.items() if not gate.blocking} == {*left_out, *STYLES} == set(alone)
    for name, gate in in_families.items():
        assert load_suite(find_suites()[name]).family == gate.family
        assert gate.blocking


@pytest.mark.parametrize("kind", KINDS)
def test_margins_are_those_that_matter_or_what_can_be_seen(kind: str) -> None:
    """No family's margin is below the one that matters, and none of its suites is held to less than the family."""
    policy, _ = _made(KINDS[kind])
    families = [gate for gate in policy.gates if gate.family]
    assert families
    for gate in families:
        assert gate.margin >= FAMILY_MARGIN
        assert gate.suite_margin == max(SUITE_MARGIN, gate.margin)


def test_what_nothing_can_read_says_why() -> None:
    """A suite that no instrument may gate on is left out of its family with a reason, and its gate says the same."""
    text, left_out = starting_policy("policy.yaml", ENDPOINTS)
    assert left_out
    for name, why in left_out.items():
        assert why
        assert f"  # {why}\n  - {{signal: {name}, " in text
    policy = parse_policy(text)
    assert all(
        "label answers, or name a judge" in (gate.advisory or "") for gate in policy.gates if gate.signal in left_out
    )


def test_a_judge_reads_every_family_but_the_capabilities() -> None:
    """With a judge nothing is left out, answers that have a right one are compared with it, and its calls are paid."""
    policy, left_out = _made(JUDGED)
    assert left_out == {}
    reads = {gate.family: gate.instrument for gate in policy.gates if gate.family}
    assert reads.pop("capability") is None
    assert set(reads.values()) == {"judge/main"}
    assert policy.judges["main"].model is not None
    assert policy.judges["main"].model.model == "openai-compatible/j"
    assert policy.judges["main"].model.base_url == "http://localhost:9/v1"
    assert policy.budget.judge_calls > policy.budget.calls


def test_fewer_calls_get_wider_margins_or_leave_suites_out() -> None:
    """What its part of the calls cannot see, a starting policy does not promise."""
    rich, poor = (_made(Models(judge=None, calls=calls)) for calls in (100_000, 1_000))
    margins = [{gate.signal: gate.margin for gate in policy.gates if gate.family} for policy, _ in (rich, poor)]
    assert all(margins[1][name] >= margins[0][name] for name in margins[1] if name in margins[0])
    assert (sum(margins[1].values()), len(poor[1])) > (sum(margins[0][name] for name in margins[1]), len(rich[1]))
    assert poor[0].budget.calls == 1_000


@pytest.mark.parametrize(
    ("given", "gives"),
    [
        (Models(), True),
        (Models("embedded/a", "embedded/b"), True),
        (Models("embedded/a", "openai-compatible/b"), False),
        (ENDPOINTS, False),
        (Models("openai-compatible/a", logprobs=True), True),
        (Models(logprobs=False), False),
    ],
)
def test_log_probabilities(given: Models, gives: bool) -> None:
    """Only the embedded model is known to give them; otherwise what is said counts."""
    assert given.gives_logprobs is gives


@pytest.mark.parametrize(
    ("given", "small"),
    [
        (Models(), True),
        (Models("embedded/a", "openai-compatible/b"), True),
        (Models("openai-compatible/a", "embedded/b"), True),
        (Models("openai-compatible/a"), False),
        (ENDPOINTS, False),
    ],
)
def test_harder_suites_are_for_larger_models(given: Models, small: bool) -> None:
    """They are in their family where neither model is the embedded one, and nowhere else."""
    text, _ = starting_policy("policy.yaml", given)
    assert given.small is small
    assert [name in text for name in HARD] == [not small] * len(HARD)


def test_models_are_asked_as_users_meet_them() -> None:
    """Answers vary as in use; an endpoint has its address, and one without log-probabilities is not asked for them."""
    policy, _ = _made(ENDPOINTS)
    assert policy.samples
    assert (policy.baseline.model, policy.candidate.model) == ("openai-compatible/prod", "openai-compatible/next")
    assert (policy.baseline.base_url, policy.baseline.logprobs) == ("http://localhost:9/v1", 0)
    one, _ = _made(Models("openai-compatible/a", logprobs=True))
    assert one.candidate.model == "openai-compatible/a"
    assert one.candidate.logprobs != 0


@pytest.mark.slow
def test_the_starting_policy_can_decide(seatrial: Command) -> None:
    """Every gate of the default policy that blocks sees its margin, and an unchanged model launches at its power."""
    assert seatrial("init").code == 0
    done = seatrial("plan", "policy.yaml", "--json")
    found = json.loads(done.out)
    assert (done.code, found["sees_its_margins"]) == (0, True)
    assert found["unchanged"][0] >= 0.9
    assert min(dict(rows)[2.0][2] for _, rows in found["decisions"]) >= 0.9
    assert found["calls"] <= found["budget"] == 20_000


# Asking for the models


def _terminal(monkeypatch: pytest.MonkeyPatch, *said: Any) -> list[str]:
    """Pretend a person at a terminal who says these things in turn; return what is asked."""
    asked: list[str] = []
    answers = iter(said)

    def answer(text: str, *rest: Any, **more: Any) -> Any:
        asked.append(text)
        return next(answers)

    for stream in (sys.stdin, sys.stdout):
        monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(typer, "prompt", answer)
    monkeypatch.setattr(typer, "confirm", answer)
    return asked


def test_nobody_is_asked_without_a_terminal() -> None:
    """In a pipe the options are all that is known."""
    assert asked_for(Models()) == Models()


def test_a_person_says_what_no_option_gave(monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint is asked for its address and log-probabilities, then for a judge; nothing that was said already."""
    asked = _terminal(monkeypatch, "openai-compatible/a", "openai-compatible/b", "http://x/v1", True, "")
    assert asked_for(Models()) == Models("openai-compatible/a", "openai-compatible/b", "http://x/v1", True, None)
    assert len(asked) == 5
    _terminal(monkeypatch, "embedded/a", "embedded/a", "anthropic/j")
    assert asked_for(Models()) == Models("embedded/a", "embedded/a", judge="anthropic/j")
    asked = _terminal(monkeypatch)
    assert asked_for(ENDPOINTS) == ENDPOINTS
    assert asked == []


# Writing


def test_the_command_writes_it_once(seatrial: Command, tmp_path: Path) -> None:
    """`init` says what is next, for people and machines, and never writes over a policy."""
    first = seatrial("init").out
    assert "Wrote policy.yaml" in first
    assert "Next: seatrial plan policy.yaml, then: seatrial review policy.yaml" in first
    assert "so they are only watched" in first
    assert load_policy(tmp_path / "policy.yaml").name == "my-assistant"
    (tmp_path / "policy.yaml").write_text("mine", encoding="utf-8")
    again = seatrial("init")
    assert (again.code, "policy.yaml exists; give another name: seatrial init policy-2.yaml" in again.err) == (2, True)
    assert (tmp_path / "policy.yaml").read_text(encoding="utf-8") == "mine"
    made = json.loads(seatrial("init", "other.yaml", "--json").out)
    assert made["policy"] == "other.yaml"
    assert set(made["only_watched"]) == set(_made(Models())[1])


def test_options_of_the_command_are_in_the_policy(seatrial: Command, tmp_path: Path) -> None:
    """Models, their address, calls and a judge that is named; with a judge there is a folder for its record."""
    words = ("--baseline", "openai-compatible/a", "--candidate", "openai-compatible/b", "--base-url", "http://x/v1")
    done = seatrial("init", "p.yaml", *words, "--judge", "openai-compatible/j", "--calls", "5000", "--no-logprobs")
    assert "only watched" not in done.out
    policy = load_policy(tmp_path / "p.yaml")
    assert (policy.baseline.model, policy.candidate.model, policy.budget.calls) == (
        "openai-compatible/a",
        "openai-compatible/b",
        5000,
    )
    assert (tmp_path / "records").is_dir()
    assert "seatrial review p.yaml" in (tmp_path / "p.yaml").read_text(encoding="utf-8")


def test_no_policy_is_written_that_could_not_be_read(seatrial: Command, tmp_path: Path) -> None:
    """Such as one whose address holds a password, which is not shown either."""
    done = seatrial("init", "p.yaml", "--baseline", "openai-compatible/a", "--base-url", "https://me:s3cret@host/v1")
    assert (done.code, "baseline.base_url: an address holds no name" in done.err, "s3cret" in done.err) == (
        2,
        True,
        False,
    )
    assert not (tmp_path / "p.yaml").exists()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A folder that is not there ends in a sentence."""
    with pytest.raises(StoreError, match=r"none/x\.yaml: cannot be written"):
        write_policy(tmp_path / "none" / "x.yaml")
    with pytest.raises(PolicyError, match="exists"):
        write_policy(tmp_path)
