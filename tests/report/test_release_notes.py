"""Release notes say what changed, on whose word, and what was not measured."""

from __future__ import annotations

from dataclasses import replace

from results import BLOCK, HOLD, LAUNCH
from seatrial.report.release_notes import release_notes
from seatrial.report.result import WaiverNote


def test_they_say_what_changed_and_what_was_not_measured() -> None:
    """Each gate that counted with its change, the worst first; blind spots by their kinds."""
    made = release_notes(BLOCK, "spring", {"behavior": "It is kinder.", "blind-spots": "Long talks; support watches."})
    assert made.startswith("# spring\n\nIt is kinder.\n\n## What changed in behavior\n\n- **Unearned praise**")
    assert "(fail)" in made
    changed, missing = made.split("## What was not measured")
    assert "only advise" not in changed
    for title, spots in BLOCK.spots_by_kind:
        assert f"- {title} ({len(spots)})" in missing
    assert made.endswith("Long talks; support watches.\n")


def test_what_was_waived_or_taken_on_trust_is_told() -> None:
    """With who took the responsibility, until when and why."""
    note = WaiverNote("behavior/unearned-praise", "A. Name", "fix ships", "2099-01-01", "2027-01-01")
    made = release_notes(replace(BLOCK, waivers=(note,)), "spring", {})
    assert "## On whose word\n\n- Unearned praise, waived by A. Name until 2099-01-01: fix ships" in made
    assert "On whose word" not in release_notes(LAUNCH, "spring", {})


def test_nothing_in_them_is_markup() -> None:
    """Names and answers stand for themselves, whatever they hold."""
    made = release_notes(HOLD, "x](http://a) <b> @all", {"behavior": "# Decision: LAUNCH\n![i](http://b)"})
    assert "](http" not in made.replace("\\](http", "")
    assert "<b>" not in made
    assert not [line for line in made.splitlines() if line.startswith("# Decision")]
