"""A policy to begin with."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from conftest import Command
from seatrial.cli.starting_policy import STYLES, starting_policy, visible_margin, write_policy
from seatrial.errors import PolicyError, StoreError
from seatrial.policy import load_policy, parse_policy
from seatrial.stats.betting import upper_bounds
from seatrial.suites import find_suites, load_suite


def test_every_behavior_blocks_but_mere_style() -> None:
    """The starting policy is valid, has a gate for every suite, and each blocks but those of style."""
    policy = parse_policy(starting_policy("policy.yaml"))
    assert {gate.signal for gate in policy.gates} == set(find_suites())
    assert {gate.signal for gate in policy.gates if not gate.blocking} == set(STYLES)
    assert "seatrial review policy.yaml" in starting_policy("policy.yaml")


@pytest.mark.parametrize("signal", sorted(find_suites()))
def test_no_gate_is_blind_from_the_start(signal: str) -> None:
    """Where nothing differs, the suite's clusters rule the margin out, and a hundredth less they would not."""
    suite = load_suite(find_suites()[signal])
    margin, reach = visible_margin(suite), 2.0 if suite.contrast else 1.0
    least = float(upper_bounds(np.zeros((1, len(suite.clusters))), -reach, reach, 0.05)[0])
    assert margin >= 0.05 * reach
    assert margin > least
    assert margin == pytest.approx(0.05 * reach) or margin - 0.0101 <= least


def test_fewer_clusters_get_a_wider_margin() -> None:
    """What a suite cannot rule out, its starting gate does not promise to."""
    suite = load_suite(find_suites()["behavior/unearned-praise"])
    margins = [visible_margin(replace(suite, items=suite.items[:count])) for count in (4, 40, len(suite.items))]
    assert margins == sorted(margins, reverse=True)
    assert margins[0] > margins[-1]


def test_the_command_writes_it_once(seatrial: Command, tmp_path: Path) -> None:
    """`init` says what is next, for people and machines, and never writes over a policy."""
    assert "Wrote policy.yaml" in seatrial("init").out
    assert load_policy(tmp_path / "policy.yaml").name == "my-assistant"
    (tmp_path / "policy.yaml").write_text("mine", encoding="utf-8")
    again = seatrial("init")
    assert (again.code, "policy.yaml exists; give another name: seatrial init policy-2.yaml" in again.err) == (2, True)
    assert (tmp_path / "policy.yaml").read_text(encoding="utf-8") == "mine"
    assert json.loads(seatrial("init", "other.yaml", "--json").out) == {"policy": "other.yaml"}


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A folder that is not there ends in a sentence."""
    with pytest.raises(StoreError, match=r"none/x\.yaml: cannot be written"):
        write_policy(tmp_path / "none" / "x.yaml")
    with pytest.raises(PolicyError, match="exists"):
        write_policy(tmp_path)
