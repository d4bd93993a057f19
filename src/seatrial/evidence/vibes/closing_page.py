"""The page on which a closed session is read: the raters, what they found off in their own words, and the pairs."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import groupby

from seatrial.evidence.vibes.closing import Closing
from seatrial.evidence.vibes.notes import Note
from seatrial.evidence.vibes.values import Rated
from seatrial.report.html import environment
from seatrial.web.safe_html import rendered

__all__ = ["closing_page"]


@dataclass(frozen=True, slots=True)
class _Pair:
    """A pair as the page shows it: what was asked and both answers, as harmless HTML, turn by turn."""

    anchor: str
    name: str
    turns: tuple[tuple[str, str, str], ...]


def closing_page(name: str, rated: Sequence[Rated], found: Closing) -> str:
    """Return the page; it needs nothing else, and what raters and models wrote is escaped."""
    pages = environment("seatrial.evidence.vibes", "pages")
    flagged = {(note.rater, note.place) for note in found.notes}
    whole = sorted(rated, key=lambda one: one.trial.kind == "live")  # turn by turn where a witness saw it too
    pairs = {pair.anchor: pair for one in whole if (one.rater, one.place) in flagged for pair in [_pair(one)]}
    return pages.get_template("closing.html").render(
        name=name,
        trials=len(rated),
        found=found,
        notes=[list(group) for _, group in groupby(found.notes, key=lambda note: note.group)],
        pairs=list(pairs.values()),
        style=resources.files("seatrial.evidence.vibes").joinpath("pages", "vibe.css").read_text(encoding="utf-8"),
        percent=lambda share: "–" if math.isnan(share) else f"{100 * share:.0f} %",
        signed=lambda value: "–" if math.isnan(value) else f"{value:+.2f}".replace("-", "−"),
        anchor=lambda note: _anchor(_named(note)),
    )


def _named(note: Note) -> str:
    return f"{note.suite}/{note.item}"


def _anchor(name: str) -> str:
    return "p" + hashlib.sha256(name.encode()).hexdigest()[:10]


def _pair(one: Rated) -> _Pair:
    left_is_candidate = one.trial.odd == "left"

    def sides(left: str, right: str) -> tuple[str, str]:
        before, after = (right, left) if left_is_candidate else (left, right)
        return rendered(before), rendered(after)

    if one.trial.kind == "live":
        name = f"live/{one.rater} {one.place}"
        turns = tuple((rendered(turn.asked), *sides(turn.left or "", turn.right or "")) for turn in one.turns)
        return _Pair(_anchor(name), name, turns)
    name = f"{one.trial.suite}/{one.trial.item.id}"
    asked = "".join(rendered(message.content) for message in one.trial.item.messages)
    return _Pair(_anchor(name), name, ((asked, *sides(one.trial.left, one.trial.right)),))
