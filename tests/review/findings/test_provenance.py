"""What a decision rests on can be told from its hashes."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import replace

from seatrial.review.findings.provenance import hashes, versions
from seatrial.review.rounds import Rounds
from seatrial.suites import Suite

Compared = Callable[..., Rounds]


def _hashes(rounds: Rounds) -> dict[str, str]:
    return dict(hashes(rounds.policy, rounds, rounds.all_observations()))


def _with_record(rounds: Rounds, digest: str) -> Rounds:
    for run in rounds.gates:
        run.plan = replace(run.plan, standing=replace(run.plan.standing, digest=digest))
    return rounds


def test_a_change_of_any_input_changes_the_review_s_hash(compared: Compared) -> None:
    """Another answer, another margin, another record: each is another review; the same again is the same."""
    scores = {"behavior/a": ([0.1] * 5, [0.2] * 5)}
    known = _hashes(compared(scores))
    assert _hashes(compared(scores)) == known
    assert list(known) == ["review", "policy", "evidence"]
    others = [
        _hashes(compared({"behavior/a": ([0.1] * 5, [0.2] * 4 + [0.3])})),
        _hashes(compared(scores, gate={"margin": 0.2})),
        _hashes(_with_record(compared(scores), "d1")),
        _hashes(_with_record(compared(scores), "d2")),
    ]
    assert len({known["review"], *(other["review"] for other in others)}) == 5
    assert others[0]["policy"] == known["policy"] != others[1]["policy"]
    assert others[0]["evidence"] != known["evidence"] == others[1]["evidence"]


def test_suites_and_records_are_named(compared: Compared) -> None:
    """Each suite stands with its version and content, each instrument's record with its digest."""
    rounds = _with_record(compared({"behavior/a": ([0.1] * 5, [0.2] * 5)}), "d1")
    run = rounds.gates[0]
    suite = Suite.__new__(Suite)
    for name, value in (("signal", "behavior/a"), ("version", 3), ("content_hash", "s1")):
        object.__setattr__(suite, name, value)
    run.plan = replace(run.plan, suite=suite)
    found = _hashes(rounds)
    assert found["suite behavior/a v3"] == "s1"
    assert found["record labels/score"] == "d1"


def test_versions_name_what_computes() -> None:
    """Python, the platform, and the libraries that numbers pass through; what is not installed is left out."""
    found = dict(versions())
    assert found["python"] == platform.python_version()
    assert {"platform", "seatrial", "numpy", "scipy", "polars"} <= set(found)
    assert all(found.values())
