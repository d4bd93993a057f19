"""What a finished review has to say."""

from __future__ import annotations

import json
from pathlib import Path

from conftest import Command, PolicyWriter
from seatrial.suites import find_suites, load_suite

SIGNAL = "behavior/fuelling-anger"


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
