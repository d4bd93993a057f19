"""The page of what changed."""

from __future__ import annotations

from pathlib import Path

from seatrial.drift import wording
from seatrial.drift.found import Drift
from seatrial.errors import StoreError
from seatrial.formats.whole_files import write_whole
from seatrial.report.diff import marked
from seatrial.report.html import environment, package_file

__all__ = ["FIRST", "PAGE", "render_drift", "write_page"]

PAGE = "drift.html"
"""Name of the page in a review's folder."""
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


def write_page(found: Drift, name: str, folder: Path) -> Path:
    """Write the page into a review's folder and return where it is.

    Raises:
        StoreError: it cannot be written.
    """
    write_whole(folder / PAGE, render_drift(found, name), StoreError)
    return folder / PAGE
