"""Reviews of published summary figures, end to end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conftest import Command

PAGES = ("report.html", "summary.md", "decision.json")


def _policy(folder: Path, candidate: float, more: str = "", gates: str = "") -> Path:
    path = folder / "policy.yaml"
    path.write_text(
        "name: figures\nsignals:\n  benchmark/quiz:\n    summary:\n"
        "      baseline: {mean: 0.7, se: 0.008, n: 3200}\n"
        f"      candidate: {{mean: {candidate}, se: 0.009, n: 2600}}\n"
        f"      source: both model cards\n{more}gates:\n  - {{signal: benchmark/quiz, margin: 0.05}}\n{gates}",
        encoding="utf-8",
    )
    return path


def _decision(folder: Path) -> dict[str, Any]:
    (path,) = folder.glob("reviews/*/decision.json")
    decision: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return decision


@pytest.mark.parametrize(
    ("candidate", "code", "verdict"), [(0.7, 3, "pass"), (0.66, 3, "inconclusive"), (0.5, 1, "fail")]
)
def test_summary_figures_may_block_and_never_launch_alone(
    seatrial: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, candidate: float, code: int, verdict: str
) -> None:
    """Equal figures hold, unclear ones hold, worse ones block; every page says what they are and what would help."""
    monkeypatch.chdir(tmp_path)
    done = seatrial("review", _policy(tmp_path, candidate))
    assert done.code == code, done.err
    found = _decision(tmp_path)
    (gate,) = found["verdicts"]
    assert (gate["verdict"], gate["method"], gate["clusters"], gate["items"]) == (verdict, "summary", 2600, 2600)
    assert gate["mde"] == pytest.approx((1.645 + 1.2816) * (0.008**2 + 0.009**2) ** 0.5, rel=0.01)
    assert any(
        "rests on summary figures of 3,200 and 2,600 items (both model cards)" in one for one in found["blind_spots"]
    )
    if code == 3:
        assert "Bring scores or answers of both models item by item" in " ".join(done.out.split())
    (folder,) = tmp_path.glob("reviews/*/")
    assert all("summary figures" in (folder / name).read_text(encoding="utf-8") for name in PAGES)
    planned = seatrial("plan", tmp_path / "policy.yaml", "--json")
    assert planned.code in (0, 3), planned.err
    ((name, rows),) = json.loads(planned.out)["decisions"]
    chances = {size: found for size, found in rows}
    assert name == "benchmark/quiz"
    assert [launch for launch, _, _ in chances.values()] == [0.0] * len(chances)
    assert chances[0.0][2] < 0.05 and chances[2.0][2] > 0.9
    said = seatrial("plan", tmp_path / "policy.yaml").out
    assert said.startswith("Nothing can launch, for summary figures launch nothing alone; a rise of two margins")


def test_summary_figures_count_beside_a_gate_that_compared_items(
    seatrial: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A launch rests on both, and says which of them is the weaker."""
    monkeypatch.chdir(tmp_path)
    rows = [f"behavior/tone,{role},i{n},{n % 2}" for n in range(60) for role in ("baseline", "candidate")]
    (tmp_path / "tone.csv").write_text("\n".join(["signal,role,item,value", *rows]), encoding="utf-8")
    path = _policy(tmp_path, 0.7, "evidence: [tone.csv]\n", "  - {signal: behavior/tone, margin: 0.1}\n")
    done = seatrial("review", path)
    assert done.code == 0, done.err
    assert _decision(tmp_path)["reason"].endswith("benchmark/quiz rests on unpaired summary figures: weaker evidence.")
