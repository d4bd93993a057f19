"""The page of a replay: the outcome in ten seconds, then each behavior, the traffic, and what it cannot show."""

from __future__ import annotations

from dataclasses import dataclass

from seatrial.errors import ExitCode
from seatrial.evidence.replay import wording
from seatrial.evidence.replay.found import Replay
from seatrial.evidence.replay.run import Found
from seatrial.evidence.replay.traffic_map import Area
from seatrial.formats.letters import slug
from seatrial.report.html import environment, package_file, sides_of
from seatrial.report.result import AnswerPair
from seatrial.types import Response

__all__ = ["METHOD", "pairs_file", "render_replay", "render_worse"]

SHOWN, LONGEST = 3, 700
"""Pairs of answers of a behavior on the page, and letters of each."""
WHOLE = 20_000
"""Letters of an answer on the page of all pairs."""
WIDEST = 8.0
"""Margins that the picture reaches to either side, at most."""
TONES = {ExitCode.LAUNCH: "launch", ExitCode.HOLD: "hold", ExitCode.BLOCK: "block"}
METHOD = (
    "Rates are weighted to the traffic: conversations are drawn at random, put in strata by a cheap score of "
    "their answers, and graded most where harm is likeliest, by shares fixed before the first grade. Intervals: "
    "mid-p gamma intervals of weighted counts, clustered by user; changes by pairs. Missing answers and grades count "
    "as whatever would be worst and best."
)


@dataclass(frozen=True, slots=True)
class _Row:
    """A behavior on the picture; places are in percent of its width, no change in the middle."""

    found: Found
    left: float
    width: float
    dot: float
    look: str


@dataclass(frozen=True, slots=True)
class _Pair:
    """A conversation in which the candidate shows what the baseline does not, and what production said, if known."""

    asked: str
    given: str | None
    before: str
    after: str


def render_replay(found: Replay) -> str:
    """Return the page; it needs nothing else, and all text from outside is escaped."""
    reach = _reach(found)
    page: str = (
        environment("seatrial.evidence.replay", "pages")
        .get_template("replay.html")
        .render(
            style=package_file("style.css"),
            found=found,
            says=wording,
            tone=TONES[found.exit_code],
            rows=[_row(one, reach) for one in _ordered(found)],
            margin=round(50 + 50 / reach, 2),
            areas=[(area, _examples(found, area)) for area in found.map.areas],
            pairs=[
                (one.behavior.title, _pairs(found, one), len(one.worse), pairs_file(one))
                for one in _ordered(found)
                if one.worse
            ],
            method=METHOD,
        )
    )
    return page


def render_worse(found: Replay, one: Found) -> str:
    """Return the page of all conversations in which the candidate shows a behavior and the baseline does not."""
    items, answers = {item.id: item for item in found.done.items}, found.done.answers
    pairs = []
    for name in one.worse:
        said = answers["baseline"][name].text, answers["candidate"][name].text
        pair = AnswerPair(one.behavior.name, name, items[name].use_case, items[name].messages, *said, 0.0, 1.0, 1.0)
        given = found.done.production.get(name)
        pairs.append((pair, sides_of(pair, WHOLE), None if given is None else given.text[:WHOLE]))
    page: str = (
        environment("seatrial.evidence.replay", "pages")
        .get_template("worse.html")
        .render(style=package_file("style.css"), found=found, one=one, pairs=pairs)
    )
    return page


def pairs_file(one: Found) -> str:
    """Return where the page of a behavior's pairs lies, from the replay's folder."""
    return f"pairs/{slug(one.behavior.name)}.html"


def _ordered(found: Replay) -> list[Found]:
    """Return the behaviors that count first, and of them those that are nearest to their margins or beyond."""
    return sorted(found.done.found, key=lambda one: (not one.behavior.blocking, -one.change.high / one.behavior.margin))


def _reach(found: Replay) -> float:
    """Return how many margins the picture reaches to either side."""
    ends = [abs(end) / one.behavior.margin for one in found.done.found for end in (one.change.low, one.change.high)]
    return max(2.0, min(max(ends, default=0.0), WIDEST))


def _row(one: Found, reach: float) -> _Row:
    def place(value: float) -> float:
        return round(50 + 50 * max(-1.0, min(1.0, value / one.behavior.margin / reach)), 2)

    left = place(one.change.low)
    return _Row(one, left, max(place(one.change.high) - left, 0.5), place(one.change.value), one.verdict)


def _pairs(found: Replay, one: Found) -> list[_Pair]:
    items = {item.id: item for item in found.done.items}
    answers = found.done.answers
    return [
        _Pair(
            _short(items[name].messages[-1].content),
            _said(found.done.production[name]) if name in found.done.production else None,
            _said(answers["baseline"][name]),
            _said(answers["candidate"][name]),
        )
        for name in one.worse[:SHOWN]
    ]


def _examples(found: Replay, area: Area) -> list[str]:
    items = {item.id: item for item in found.done.items}
    return [_short(items[name].messages[-1].content) for name in area.unasked[:SHOWN]]


def _said(response: Response) -> str:
    return _short(response.text)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"
