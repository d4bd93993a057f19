"""What `seatrial replay` prints."""

from __future__ import annotations

import json
from pathlib import Path

from replays import made_replay
from seatrial.cli.output.replay import replay_json, replay_summary
from seatrial.formats.json_values import with_null


def test_the_summary_has_the_outcome_first_and_what_it_cannot_show() -> None:
    """Every behavior has its line; what was left out is counted."""
    said = replay_summary(made_replay(("fail", True), ("pass", False)), Path("r/replay.html"))
    assert said.startswith("WORSE IN YOUR TRAFFIC\n")
    assert "beyond its margin" in said and "within its margin, advisory" in said
    assert "WHAT THIS CANNOT SHOW" in said and said.endswith("Page: r/replay.html")


def test_the_json_has_every_figure() -> None:
    """What is not known is null."""
    made = json.loads(json.dumps(with_null(replay_json(made_replay(("fail", True)))), allow_nan=False))
    (behavior,) = made["behaviors"]
    assert made["decision"] == "block" and behavior["change"] == {"estimate": 0.2, "low": 0.15, "high": 0.25}
    assert behavior["replay_over_production"]["high"] is None and behavior["production"] is None
    assert made["traffic"]["other_model_served"] == [{"asked": "m", "served": "n", "conversations": 5}]
