"""What `seatrial ledger backtest` prints."""

from __future__ import annotations

import json

from histories import GATE, backtested, judged
from seatrial.cli.output.backtest import SHOWN, backtest_json, backtest_summary
from seatrial.formats.json_values import with_null

RELEASES = [
    judged(0, "clean", changes={GATE: 0.1}),
    judged(1, "incident", "block", changes={GATE: 2.0}, back=4),
    judged(2, "clean", "unknown", changes={GATE: 0.2}),
]


def test_the_summary_says_then_and_now_and_what_came() -> None:
    """A line a release, the figures, the gates, the signals, and what limits them."""
    text = " ".join(backtest_summary(backtested(RELEASES)).split())
    for words in (
        "TOO FEW TO TELL", "r0 2025-01-01 launch launch clean",
        f"r1 2025-01-11 launch block {GATE}, taken back after 4 days; in the way: {GATE}",
        "r2 2025-01-21 launch not known clean; could not be weighed",
        "incidents prevented 1 of 1", "good launches delayed 0 to 1 of 2", "days with harm prevented 4 of 4",
        f"{GATE} 1 of 1", "weighed on 2 of the 10 releases", "calls", "ratings", "- A release is clean after 30 days",
    ):  # fmt: skip
        assert words in text, words


def test_of_many_releases_those_are_listed_on_which_something_changes() -> None:
    """And how many are not."""
    many = [judged(number, "clean") for number in range(SHOWN)] + [judged(SHOWN, "clean", "hold")]
    text = backtest_summary(backtested(many))
    assert f"{SHOWN} more releases are in --json" in text and "r0 " not in text and f"r{SHOWN} " in text
    assert "more releases" not in backtest_summary(backtested(RELEASES))


def test_programs_read_every_figure() -> None:
    """JSON with the decisions that each release may have come to, and null for what is not known."""
    made = json.loads(json.dumps(with_null(backtest_json(backtested(RELEASES))), allow_nan=False))
    assert made["schema"] == "seatrial.backtest/1"
    assert [one["kept_back"] for one in made["releases"]] == [False, True, None]
    assert made["releases"][2]["possible"] == ["launch", "hold", "block"]
    assert (
        made["releases"][1] | {"taken_back": "2025-01-15", "behaviors": [GATE], "in_the_way": [GATE]}
        == made["releases"][1]
    )
    assert made["summary"]["incidents"]["share"].keys() == {"value", "low", "high"}
    assert made["gates"][0]["lacking"].startswith("weighed on 2")
    assert made["signals"][0]["of_any"]["incidents"] == 1
