"""What verifying is handed of conversations; tests/cli/test_conversing.py has them held again."""

from __future__ import annotations

from seatrial.review.verifying.remade import Remade


def test_nothing_made_again_lacks_nothing() -> None:
    """A review without conversations has nothing to miss, and nothing of it is known besides."""
    made = Remade()
    assert not (made.lost or made.missing or made.differs or made.evidence or made.said)
    assert not made.known.standings
