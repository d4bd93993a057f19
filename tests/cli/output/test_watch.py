"""What `seatrial watch` prints."""

from __future__ import annotations

import json

from seatrial.cli.output.watch import watch_json, watch_summary
from seatrial.watch.found import Seen, Served, Watch
from seatrial.watch.shifts import Moved

DAYS = ("2026-03-01", "2026-03-02", "2026-03-03")
MOVED = Moved(2, 1, 0.05, 0.3, 1e-8)
SEEN = Seen("behavior/praise", "Unearned praise", "high", (0.0, 1.0), 60, (0.05, 0.05, 0.3), MOVED, None)
CHANGED = Watch("support", "openai/x", 0.05, DAYS, (0, 0, 0), 400, (SEEN,), Served(), notes=("behavior/b is not.",))


def test_the_terminal_says_what_moved_and_what_to_do() -> None:
    """Headline, reason, the table, how sure, what is not watched, the next step, the page."""
    said = watch_summary(CHANGED, "watch.html")
    assert said.startswith("WORSE: UNEARNED PRAISE\n")
    for words in (
        "5 → 30 of 100 since about 3 March 2026",
        "not in 56 days",
        "Not watched: behavior/b is not.",
        "Next:",
    ):
        assert words in said
    assert said.endswith("Page: watch.html")
    assert all(len(line) <= 100 for line in said.splitlines())


def test_programs_get_all_of_it() -> None:
    """Also the day since when, and what is null is null."""
    made = json.loads(json.dumps(watch_json(CHANGED, "watch.html")))
    (one,) = made["signals"]
    assert (made["changed"], one["worse"], one["moved"]["since"], one["found_within_days"]) == (
        True,
        True,
        "2026-03-03",
        None,
    )
