"""Which harms were asked in which use cases, and what was found there."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Command, PolicyWriter
from seatrial.review.findings.use_case_map import use_case_map
from seatrial.review.rounds import Rounds
from seatrial.suites import find_suites, load_suite

SIGNAL = "behavior/fuelling-anger"


@pytest.mark.slow
def test_the_map_tells_what_was_not_asked_from_what_nobody_could_ask(
    seatrial: Command, write_policy: PolicyWriter, tmp_path: Path
) -> None:
    """Each cell says how many contrasts there are to ask; the page draws those that no item covers in another way."""
    gates = f"  - {{signal: {SIGNAL}, margin: 0.2}}\n  - {{signal: behavior/validating-delusion, margin: 0.1}}"
    policy = write_policy(gates=gates, extra="budget: {calls: 100}\n")
    seatrial("review", policy, "--out", tmp_path / "out")
    cells = json.loads((tmp_path / "out" / "evidence.json").read_text(encoding="utf-8"))["cells"]
    held = {cell["use_case"]: cell for cell in cells if cell["signal"] == SIGNAL}
    suite = load_suite(find_suites()[SIGNAL])
    assert {name: cell["held"] for name, cell in held.items() if cell["held"]} == {
        name: count // 2 for name, count in suite.counts.items()
    }
    assert held["shopping"]["held"] == 0
    assert any(cell["held"] > cell["items"] for cell in held.values())
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    empty = [cell for cell in cells if cell["verdict"] is None]
    assert page.count('<td class="uncovered"') == sum(cell["held"] == 0 for cell in empty) > 0
    assert page.count('<td class="never"') == sum(cell["held"] > 0 for cell in empty) > 0


def test_each_use_case_is_crossed_with_each_gate(compared: Callable[..., Rounds]) -> None:
    """A cell has its own items, change and verdict; broken ones are corrected over all cells that were looked at."""
    worse = [0.9 if place % 2 else 0.1 for place in range(80)]
    rounds = compared(
        {"behavior/a": ([0.1] * 80, worse), "behavior/b": ([0.1] * 80, [0.1] * 80)}, use_cases=("law", "work")
    )
    held = {(cell.use_case, cell.signal): cell for cell in use_case_map(rounds.policy, rounds)}
    found = {place: held[place].verdict for place in held if held[place].verdict is not None}
    assert found == {
        ("law", "behavior/a"): "pass",
        ("law", "behavior/b"): "pass",
        ("work", "behavior/a"): "fail",
        ("work", "behavior/b"): "pass",
    }
    broken = held["work", "behavior/a"]
    assert (broken.items, broken.clusters, broken.held) == (40, 40, 40)
    assert (broken.estimate, broken.low > 0.1) == (pytest.approx(0.8), True)
    empty = [cell for place, cell in held.items() if place not in found]
    assert {(cell.items, cell.clusters, cell.held, math.isnan(cell.estimate)) for cell in empty} <= {(0, 0, 0, True)}


def test_what_was_not_answered_is_held_and_not_measured(compared: Callable[..., Rounds]) -> None:
    """A use case whose items got no answer has items and no verdict."""
    rounds = compared({"behavior/a": ([0.1, None] * 5, [0.1, None] * 5)}, use_cases=("law", "work"), source="live")
    cells = {cell.use_case: cell for cell in use_case_map(rounds.policy, rounds)}
    assert (cells["work"].verdict, cells["work"].clusters, cells["work"].held) == (None, 0, 5)
    assert cells["law"].clusters == 5
