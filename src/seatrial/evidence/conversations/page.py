"""The page of conversations: the decision, how harm grows, and both conversations side by side, turn by turn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from seatrial.evidence.conversations import wording
from seatrial.evidence.conversations.conversation import ENDINGS
from seatrial.evidence.conversations.found import Conversed, Pair, Trajectory
from seatrial.evidence.conversations.readings import Read, first_harm
from seatrial.evidence.conversations.survival import Curve
from seatrial.report.html import environment, package_file
from seatrial.report.wording import interval, number, shortened, verdict_word
from seatrial.types import ROLES, GateVerdict, Role

__all__ = ["render_conversations"]

SHOWN, LONGEST = 40, 2_000
"""Meetings on the page, and letters of a turn."""
WIDE, HIGH = 220.0, 90.0
"""Size of a small picture, in its own units."""
AXIS = (-2.0, 3.0)
"""Ends of the gates' axis, in margins."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One model's line in a picture: its points, and its last value in words."""

    role: Role
    points: str
    last: str


@dataclass(frozen=True, slots=True)
class _Picture:
    """A small picture.

    Attributes:
        title: What it shows.
        lines: A line a model.
        turns: Number of turns on its axis.
        harm: Height of the reading from which an answer counts as harmful; None where there is none.
        words: The same for who does not see it.
    """

    title: str
    lines: tuple[_Line, ...]
    turns: int
    harm: float | None
    words: str


@dataclass(frozen=True, slots=True)
class _Said:
    """One side of a turn: what the user said, the answer, and what was read of it.

    A grade is a judge, its reading in words, and whether it counts as harmful.
    """

    user: str
    answer: str
    harm: str
    harmful: bool
    first: bool
    act: str
    acts: tuple[str, ...]
    grades: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True, slots=True)
class _Shown:
    """A meeting on the page."""

    title: str
    about: str
    why: str
    turns: tuple[tuple[_Said | None, _Said | None], ...]
    endings: tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Gate:
    """A gate in the picture; places are in percent of its width."""

    title: str
    verdict: GateVerdict
    look: str
    word: str
    numbers: str
    left: float
    width: float
    dot: float | None


def render_conversations(found: Conversed, decision: str, reason: str, verdicts: Sequence[GateVerdict]) -> str:
    """Return the page; it needs nothing else, and all text from outside is escaped.

    Args:
        found: The run.
        decision: The decision as people read it.
        reason: Why, in a sentence.
        verdicts: The gates' verdicts.
    """
    shown = found.shown_first(verdicts)
    page: str = (
        environment("seatrial.evidence.conversations", "pages")
        .get_template("conversations.html")
        .render(
            style=package_file("style.css"),
            found=found,
            says=wording,
            decision=decision,
            tone=decision.lower().split(",")[0] if decision != "Launch, on trust" else "launch-on-trust",
            reason=_called(reason, verdicts),
            gates=[_gate(one) for one in verdicts],
            pictures=[_trajectory(one) for one in found.trajectories if any(one.means.values())],
            survival=_survival(found),
            pairs=[_shown(pair, signal) for pair, signal in shown[:SHOWN]],
            more=max(0, len(shown) - SHOWN),
            wide=WIDE,
            high=HIGH,
        )
    )
    return page


def _called(reason: str, verdicts: Sequence[GateVerdict]) -> str:
    """Return a sentence in which gates go by the names that the page gives them."""
    for one in sorted(verdicts, key=lambda verdict: -len(verdict.signal)):
        reason = reason.replace(one.signal, f"“{wording.title(one.signal)}”")
    return reason


def _gate(verdict: GateVerdict) -> _Gate:
    found = verdict.evidence
    likely = verdict.harm_likely and verdict.verdict == "inconclusive"
    known = math.isfinite(found.low) and math.isfinite(found.high)
    left = _place(found.low / verdict.margin) if known else 0.0
    width = max(_place(found.high / verdict.margin) - left, 0.5) if known else 0.0
    change = f"{number(found.estimate, sign=True)} {interval(found)}"
    return _Gate(
        wording.title(verdict.signal),
        verdict,
        "likely" if likely else verdict.verdict,
        verdict_word(verdict.verdict, likely) + ("" if verdict.blocking else ", watched"),
        f"{wording.levels(found)} · {change}, margin {verdict.margin:g}",
        left,
        width,
        _place(found.estimate / verdict.margin) if math.isfinite(found.estimate) else None,
    )


def _place(margins: float) -> float:
    low, high = AXIS
    return round(100 * (min(max(margins, low), high) - low) / (high - low), 2)


# How harm grows


def _x(turn: float, turns: int) -> float:
    return round(WIDE * turn / max(turns - 1, 1), 1)


def _y(value: float) -> float:
    return round(HIGH * (1 - min(max(value, 0.0), 1.0)), 1)


def _trajectory(one: Trajectory) -> _Picture:
    turns = max(map(len, one.means.values()))
    lines = tuple(
        _Line(
            role,
            " ".join(f"{_x(turn, turns)},{_y(value)}" for turn, value in enumerate(one.means[role])),
            number(one.means[role][-1]) if one.means[role] else "–",
        )
        for role in ROLES
    )
    told = "; ".join(
        f"{role} from {number(one.means[role][0])} to {number(one.means[role][-1])}"
        for role in ROLES
        if one.means[role]
    )
    name = one.area.title if one.side == "vulnerable" else f"{one.area.title}, quiet twins"
    return _Picture(name, lines, turns, _y(one.area.harm_at), f"Mean reading of harm by turn, {name}: {told}.")


def _survival(found: Conversed) -> _Picture:
    turns = max(len(one.talk.turns) for one in found.reads) + 1
    lines = tuple(
        _Line(role, _steps(found.curves[role], turns), f"{100 * found.curves[role].share[-1]:.0f} %") for role in ROLES
    )
    told = "; ".join(f"{line.role} {line.last}" for line in lines)
    return _Picture("Still without a harmful answer", lines, turns, None, f"Share without harm at the end: {told}.")


def _steps(curve: Curve, turns: int) -> str:
    points, before = [], 1.0
    for turn, share in zip(curve.turns, curve.share, strict=True):
        points += [f"{_x(turn, turns)},{_y(before)}", f"{_x(turn, turns)},{_y(share)}"]
        before = share
    points.append(f"{_x(turns - 1, turns)},{_y(before)}")
    return " ".join(points)


# Both conversations, turn by turn


def _shown(pair: Pair, signal: str) -> _Shown:
    meeting = pair.baseline.talk.meeting
    turns = zip_longest(_said(pair.baseline), _said(pair.candidate))
    why = f"Shows best what {wording.title(signal).lower()} found" if signal else ""
    again = f", conversation {meeting.draw + 1}" if meeting.draw else ""
    version = "" if meeting.side == "vulnerable" else ", quiet twin"
    version += f", {meeting.configuration}" if meeting.configuration else ""
    return _Shown(
        f"{meeting.persona.title}{version}{again}",
        meeting.persona.who,
        why,
        tuple(turns),
        (_ended(pair.baseline), _ended(pair.candidate)),
    )


def _ended(read: Read) -> str:
    talk = read.talk
    where = f"; the user stands at {talk.moved:.1f} of 1" if talk.moved is not None else ""
    why = f" ({shortened(talk.why, 200)})" if talk.why else ""
    return f"Ended: {ENDINGS[talk.ending]}{why}{where}."


def _reading(harm: float | None, harm_at: float) -> tuple[str, bool]:
    """Return a reading in words, and whether it counts as harmful."""
    return ("–", False) if harm is None else (f"{harm:.2f}", harm >= harm_at)


def _said(read: Read) -> list[_Said]:
    first = first_harm(read)
    return [
        _Said(
            shortened(turn.said, LONGEST),
            shortened(turn.answer.text, LONGEST) or "(nothing)",
            *_reading(harm, read.harm_at),
            number_ == first,
            turn.act.replace("_", " "),
            tuple(sorted(acts)),
            tuple((f"judge/{name}", *_reading(by[number_ - 1], read.harm_at)) for name, by in read.grades.items()),
        )
        for number_, (turn, harm, acts) in enumerate(zip(read.talk.turns, read.harm, read.acts, strict=True), 1)
    ]
