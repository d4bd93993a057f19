"""The page of what changed."""

from __future__ import annotations

import re
from dataclasses import replace

from results import HOSTILE
from seatrial.drift.found import Drift, Example, Finding, Group
from seatrial.drift.page import FIRST, render_drift
from seatrial.stats.intervals import Interval

SAYS = Finding(
    "phrase", f"says “{HOSTILE}”", True, 0.02, 0.34, Interval(0.32, 0.2, 0.41), 0.001,
    also=(HOSTILE,), examples=(Example(HOSTILE, HOSTILE, HOSTILE, HOSTILE, f"{HOSTILE} more"),),
)  # fmt: skip
FOUND = Drift(
    1200, 1100, 2400, 0.05, 0.0005, {"phrase": 0.0005, "length": 0.4}, Interval(0.73, 0.7, 0.76),
    (Group("use case", HOSTILE, Interval(0.9, 0.8, 1.0), 40),), (SAYS,), 659, (HOSTILE,),
)  # fmt: skip


def test_nothing_from_outside_runs() -> None:
    """Texts of models, names of suites, items and use cases are words, whatever they hold."""
    page = render_drift(FOUND, HOSTILE)
    assert not re.search(r"<(?:script|img)", page)
    assert page.count("&lt;script&gt;") >= 8
    assert "{{ 7 * 7 }}" in page
    assert "default-src 'none'" in page


def test_what_changed_comes_first() -> None:
    """Headline, reason, differences, the answers that show them, and where, in this order."""
    page = render_drift(FOUND, "support")
    places = [
        page.index(words)
        for words in ("<h1>The answers changed", "1,200 items", "What changed", "Answers that show it", "Where</h2>")
    ]
    assert places == sorted(places)
    assert "2 → 34 of 100 answers" in page


def test_a_page_without_a_finding_says_what_was_looked_at() -> None:
    """Nothing found is told with how much was tried."""
    page = render_drift(replace(FOUND, findings=(), groups=(), p_value=0.4), "support")
    assert "<h1>No change found" in page
    assert "659 differences were tried" in page
    assert "Answers that show it" not in page


def test_many_differences_are_folded_and_go_on_counting() -> None:
    """Twelve stand open; behind them is told how many more there are, and they keep their numbers."""
    page = render_drift(replace(FOUND, findings=(SAYS,) * (FIRST + 3)), "support")
    shown, folded = page.split("<summary>3 more</summary>")
    assert f"{FIRST}. says" in shown
    assert f"{FIRST + 1}. says" not in shown
    assert f"{FIRST + 3}. says" in folded
    assert "more</summary>" not in render_drift(FOUND, "support")


def test_many_parts_are_folded() -> None:
    """As many stand open as differences; the others are told and folded, and none is left out."""
    (group,) = FOUND.groups
    parts = tuple(replace(group, name=f"part {number}.") for number in range(FIRST + 5))
    shown, folded = render_drift(replace(FOUND, groups=parts), "support").split("<summary>5 more parts</summary>")
    assert f"part {FIRST - 1}." in shown and f"part {FIRST}." not in shown
    assert all(f"part {number}." in folded for number in range(FIRST, FIRST + 5))
    assert "more parts" not in render_drift(FOUND, "support")
