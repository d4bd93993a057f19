"""The page of a backtest: releases in time, decided then and now, with what came of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seatrial.backtest import wording
from seatrial.backtest.advise import lacking
from seatrial.backtest.run import Backtest
from seatrial.backtest.summary import Judged
from seatrial.errors import StoreError
from seatrial.formats.whole_files import write_whole
from seatrial.report.html import environment, package_file

__all__ = ["Column", "columns", "render_backtest", "write_page"]

ROOM = 1.7
"""Least distance of two releases in the picture, rem."""
FEWEST = 8
"""Releases for which the picture has room, at least."""
LABEL = 5.5
"""Least distance of two days below it, rem."""
SIGNS = {
    "launch": "launch",
    "launch-on-trust": "launch",
    "waived": "launch",
    "hold": "inconclusive",
    "block": "fail",
    "unknown": "noise",
}
"""What a decision is drawn as."""
HEADERS = {"tells them apart": "audit", "keeps back the wrong ones": "block", "too few to tell": "hold"}


@dataclass(frozen=True, slots=True)
class Column:
    """A release in the picture.

    Attributes:
        one: The release.
        place: Where it stands, percent of the width.
        then: What the decision of then is drawn as.
        now: What that of the other policy is drawn as.
        label: The day below it; empty where there is no room.
    """

    one: Judged
    place: float
    then: str
    now: str
    label: str


def columns(releases: Sequence[Judged]) -> tuple[list[Column], float]:
    """Return the releases along an axis of time, none too near another, and the width that they take at least, rem."""
    days = [one.release.day.toordinal() for one in releases]
    span = max(1, days[-1] - days[0])
    width = ROOM * max(len(releases), FEWEST)
    places = [0.0] * len(days)
    for number, day in enumerate(days):
        wanted = (width - ROOM) * (day - days[0]) / span
        places[number] = max(wanted, places[number - 1] + ROOM) if number else wanted
    over = max(1.0, places[-1] / (width - ROOM))
    width = places[-1] + ROOM if over > 1 else width
    made: list[Column] = []
    labelled = -math.inf
    for one, place in zip(releases, places, strict=True):
        label = ""
        if place - labelled >= LABEL:
            label, labelled = f"{one.release.day:%b %Y}", place
        at = round(100 * (place + ROOM / 2) / width, 2)
        made.append(Column(one, at, SIGNS.get(one.then, "noise"), SIGNS[one.now.outcome], label))
    return made, width


def render_backtest(found: Backtest) -> str:
    """Return the page; it needs nothing else, and all text from outside is escaped."""
    shown, width = columns(found.releases)
    page: str = (
        environment("seatrial.backtest")
        .get_template("page.html")
        .render(
            style=package_file("style.css") + package_file("charts.css"),
            found=found,
            says=wording,
            columns=shown,
            width=width,
            header=HEADERS[found.summary.told],
            lacking=lacking,
        )
    )
    return page


def write_page(found: Backtest, path: Path) -> None:
    """Write the page.

    Raises:
        StoreError: it cannot be written.
    """
    write_whole(path, render_backtest(found), StoreError)
