"""The page of what changed."""

from __future__ import annotations

from seatrial.drift import wording
from seatrial.drift.found import Drift
from seatrial.report.diff import marked
from seatrial.report.html import environment, package_file

__all__ = ["FIRST", "render_drift"]

FIRST = 12
"""Differences that stand open; the others are folded."""


def render_drift(found: Drift, name: str) -> str:
    """Return the page; it needs nothing else, and all text from outside is escaped.

    Args:
        found: What changed.
        name: What the review is called.
    """
    page: str = (
        environment("seatrial.drift")
        .get_template("page.html")
        .render(
            style=package_file("style.css") + package_file("charts.css"),
            found=found,
            name=name,
            says=wording,
            marked=marked,
            first=FIRST,
        )
    )
    return page
