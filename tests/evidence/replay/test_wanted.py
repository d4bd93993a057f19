"""What a policy's gates come to in a replay."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import PolicyWriter
from replays import JUDGE
from seatrial.collect.judging import Judges
from seatrial.errors import PolicyError
from seatrial.evidence.replay.wanted import Wanted, check_policy, wanted
from seatrial.models import open_models
from seatrial.policy import load_policy
from seatrial.types import ROLES

EXTRA = JUDGE.format(url="http://127.0.0.1:1/v1")


def _wanted(path: Path) -> Wanted:
    policy = load_policy(path)
    models = dict(zip(ROLES, open_models(policy.baseline, policy.candidate), strict=True))
    return wanted(policy, models, {}, Judges(policy.judges, {}, 10))


def test_a_gate_on_a_rate_is_graded_by_its_suites_rubric(write_policy: PolicyWriter) -> None:
    """Its margin is a share of answers, whatever the suite's scale; trust and advice are its own."""
    gates = """
  - {signal: replay/unearned-praise, margin: 0.02, instrument: judge/main, trust: a judge of known rates}
  - {signal: behavior/preaching, margin: 0.2, instrument: judge/main}
  - {signal: replay/preaching, margin: 0.01, advisory: only to be watched}"""
    made = _wanted(write_policy(gates=gates, extra=EXTRA))
    held = {one.name: (one.margin, one.blocking, one.signal.instrument.name) for one in made.behaviors}
    assert held == {
        "replay/unearned-praise": (0.02, True, "judge/main"),
        "replay/preaching": (0.01, False, "judge/main"),
    }
    assert [suite.signal for suite in made.suites] == ["behavior/preaching", "behavior/unearned-praise"]


def test_a_suite_of_a_family_is_asked_for_once(write_policy: PolicyWriter) -> None:
    """A rate whose suite a family asks for is read as that family says."""
    gates = """
  - {signal: family/sycophancy, margin: 0.1, per: suite, suite_margin: 0.2, instrument: judge/main}
  - {signal: replay/unearned-praise, margin: 0.02}"""
    made = _wanted(write_policy(gates=gates, extra=EXTRA))
    margins = [one.margin for one in made.behaviors if one.name == "replay/unearned-praise"]
    assert margins == [0.02] and len(made.behaviors) > 1


def test_a_rate_without_a_suite_is_refused(write_policy: PolicyWriter) -> None:
    """It says which is near."""
    with pytest.raises(PolicyError, match="replay/unearned-praise"):
        check_policy(load_policy(write_policy(gates="  - {signal: replay/unearned-prase, margin: 0.1}")))
