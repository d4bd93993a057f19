"""`seatrial plan` on scores: right or wrong, in use cases and under a limit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from conftest import Command

POLICY = """
name: right-or-wrong
baseline: {model: scores/old.csv}
candidate: {model: scores/new.csv}
signals: {quality/wrong: {column: score, harmful: high}}
gates:
  - {signal: quality/wrong, margin: 0.3EXTRA}
"""


@pytest.mark.parametrize("extra", ["", ", per: use_case", ", limit: 0.5", ", per: use_case, limit: 0.5"])
def test_scores_of_right_and_wrong_can_be_planned(seatrial: Command, tmp_path: Path, extra: str) -> None:
    """Answers that are right or wrong, whose changes lie at the ends of the scale, end in chances, not in a crash."""
    rng = np.random.default_rng(1)
    for name, rate in (("old", 0.2), ("new", 0.26)):
        rows = [f"i{n},{int(rng.random() < rate)},{'ab'[n % 2]}" for n in range(120)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["item,score,use_case", *rows]), encoding="utf-8")
    (tmp_path / "policy.yaml").write_text(POLICY.replace("EXTRA", extra), encoding="utf-8")
    done = seatrial("plan", "policy.yaml", "--json")
    assert done.code in (0, 3), done.err
    (gate,) = json.loads(done.out)["gates"]
    assert gate["clusters"] == 120
    assert seatrial("review", "policy.yaml", "--quiet").code in (0, 1, 3)
