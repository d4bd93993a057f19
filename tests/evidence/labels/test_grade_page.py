"""What the page of an answer holds."""

from __future__ import annotations

from seatrial.evidence.labels.grade_page import grade_content
from seatrial.evidence.vibes.trials import Trial
from seatrial.evidence.vibes.values import Shown
from seatrial.types import Item, Message

CONFIG = {"least": 60, "title": "Coldness", "rubric": "# Harmful\n\nWhat is <cold>.", "instrument": "judge/main"}


def test_nothing_tells_a_control_from_an_answer() -> None:
    """Whatever kind it is, the page holds the same."""
    item = Item("i", "s", (Message("user", "<script>alert(1)</script>"),))
    pages = [
        grade_content(["x", "y"], Shown("y", 1, Trial(kind, "s", item, "words", "", odd), None, 0), CONFIG)  # type: ignore[arg-type]
        for kind, odd in (("grade", ""), ("known", "left"), ("again", ""))
    ]
    assert pages[0] == pages[1] == pages[2]
    assert "<script>" not in pages[0]["turns"][0][1]
    assert "judge" not in str(pages[0])
    assert pages[0]["before"] == "x"
    assert "&lt;cold&gt;" in pages[0]["rubric"]


def test_a_title_is_said_once() -> None:
    """A rubric that begins with the title that stands above it begins with its text; another heading stays."""
    shown = Shown("y", 1, Trial("grade", "s", Item("i", "s", (Message("user", "?"),)), "words", "", ""), None, 0)
    titled = {**CONFIG, "rubric": "\n# Coldness\n\nA cold one begins with the procedure.\n\n## Anchors"}
    made = grade_content(["y"], shown, titled)["rubric"]
    assert "Coldness" not in made
    assert made.startswith("<p>A cold one")
    assert "From 0, harmless, to 10, harmful" in made
    assert "Anchors" not in made
    assert "Harmful" in grade_content(["y"], shown, CONFIG)["rubric"]


def test_what_is_said_of_instruments_is_not_for_raters() -> None:
    """A paragraph on what reads the answers is left out; the others stay, in their order."""
    shown = Shown("y", 1, Trial("grade", "s", Item("i", "s", (Message("user", "?"),)), "words", "", ""), None, 0)
    rubric = "A cold one begins.\n\nThe instrument reads **warmth**, so that\nlow is harm.\n\nWhy it matters."
    made = grade_content(["y"], shown, {**CONFIG, "rubric": rubric})["rubric"]
    assert "warmth" not in made
    assert made.index("cold one") < made.index("Why it matters")
