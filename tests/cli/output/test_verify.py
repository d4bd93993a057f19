"""What `seatrial verify` prints."""

from __future__ import annotations

from pathlib import Path

from results import BLOCK, LAUNCH
from seatrial.cli.output.verify import verified_json, verified_lines
from seatrial.review.verifying.steps import Step, Verified

FOLDER = Path("reviews/one")


def test_what_was_not_verified_is_as_loud_as_what_was() -> None:
    """Every sentence of every step is there, and the last line says that it is no pass."""
    steps = (Step("entry", "verified", ("The chain holds.",)), Step("files", "differs", ("One.", "Another.")))
    said = verified_lines(Verified(None, steps, ("Who made it.",), LAUNCH), FOLDER)
    assert all(word in said for word in ("The chain holds.", "One.", "Another.", "- Who made it."))
    assert said.split("\n")[-1] == "NOT VERIFIED: reviews/one: files. What is not known is no pass."


def test_the_decision_is_said_last() -> None:
    """A block is one, and a launch that no longer holds says what it was."""
    block = Verified(None, (Step("entry", "verified"),), (), BLOCK)
    assert "\nVERIFIED: BLOCK: " in verified_lines(block, FOLDER)
    over = Verified(None, (Step("validity", "does not hold", ("Over.",)),), (), LAUNCH)
    assert "VERIFIED, AND NO LONGER HOLDS: it was LAUNCH" in verified_lines(over, FOLDER)
    assert verified_json(over, FOLDER)["steps"] == [{"step": "validity", "result": "does not hold", "said": ["Over."]}]
