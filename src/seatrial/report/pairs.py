"""All pairs of answers of one signal as a page, for who wants to read more than the report's few."""

from __future__ import annotations

from collections.abc import Sequence

from seatrial.report.html import environment, package_file, sides_of
from seatrial.report.plain import Plain
from seatrial.report.result import AnswerPair, ReviewResult

__all__ = ["render_pairs"]

LONGEST = 20_000
"""Letters of an answer that are shown; what is cut is counted in its place."""


def render_pairs(content: ReviewResult, signal: str, pairs: Sequence[AnswerPair]) -> str:
    """Return the page; all text from outside is escaped.

    Args:
        content: The review, for its name and its titles.
        signal: Whose answers they are.
        pairs: All its pairs of answers.
    """
    page: str = (
        environment()
        .get_template("pairs.html")
        .render(
            policy=content.policy,
            plain=Plain.of(content),
            signal=signal,
            pairs=sorted(pairs, key=lambda pair: -pair.harm),
            rose=sum(pair.harm > 0 for pair in pairs),
            fell=sum(pair.harm < 0 for pair in pairs),
            sides=lambda pair: sides_of(pair, LONGEST),
            style=package_file("style.css"),
        )
    )
    return page
