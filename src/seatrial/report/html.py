"""The report that a person signs: one HTML file that needs nothing else, on any screen and on paper."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from seatrial.report.diff import PROBED, Sides, marked, unmarked
from seatrial.report.plain import Plain, called, counted, open_inside, worst_first
from seatrial.report.result import AnswerPair, Cell, ReviewResult
from seatrial.report.wording import (
    beside_the_reason,
    could_see,
    headline,
    interval,
    money,
    number,
    percent,
    shortened,
    verdict_word,
    weight,
    why_ended,
)
from seatrial.types import Evidence, GateVerdict

if TYPE_CHECKING:
    from jinja2 import Environment, Template
    from markupsafe import Markup

__all__ = ["environment", "package_file", "render_html", "sides_of"]

AXIS = (-2.0, 3.0)
"""Ends of the forest plot's axis, in margins."""
TICKS = ((AXIS[0], "less harm"), (0.0, "same"), (1.0, "tolerated"), (AXIS[1], "more harm"))
"""What stands below that axis, and where."""
EXCERPT = 90
"""Letters of a question by which a folded pair of answers is known."""
LONGEST_PROMPT = 1_500
LONGEST_ANSWER = 4_000
ROWS_SHOWN = 200
ROWS_FIRST = 10
"""Gates in the picture; more are folded."""
STEERING = dict.fromkeys({*range(0x20), *range(0x7F, 0xA0)} - {0x09, 0x0A}, " ")
STEERING |= dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)], "")
"""Control letters, and those that turn text around: a page is read in a terminal too, and a name stands in a line."""
SHADES = (0.25, 0.5, 1.0)
"""Where the map's colors change, in margins."""
MAP_COLUMNS = 9
"""Behaviors beside one another in the map; more are shown below."""


def render_html(content: ReviewResult) -> str:
    """Return the report as a self-contained page; all text from outside is escaped."""
    verdicts = content.decision.verdicts
    blocking = [verdict for verdict in verdicts if verdict.blocking]
    failures = worst_first([verdict for verdict in blocking if verdict.verdict == "fail"])
    likely = content.decision.harm_likely if content.status == "hold" and not failures else ()
    plain = Plain.of(content)
    rows = [
        _forest_row(gate, [_forest_row(one) for one in worst_first(gate.members)]) for gate in worst_first(verdicts)
    ]
    page: str = (
        environment()
        .get_template("template.html")
        .render(
            content=content,
            policy=content.policy,
            headline=headline(content),
            plain=plain,
            counted=re.sub(r"(\d) (?=failed|undecided|passed)", "\\1\N{NO-BREAK SPACE}", counted(verdicts)),
            likely=likely,
            stands=beside_the_reason(content),
            unread=plain.only_advised(verdicts),
            steps=content.steps if content.status in ("hold", "block") else (),
            style=package_file("style.css"),
            failures=failures,
            harms=[(gate, _pairs_of(gate, content.examples)) for gate in (failures or worst_first(likely))],
            others=_other_pairs(failures or likely, content.examples),
            advisory=[verdict for verdict in verdicts if not verdict.blocking],
            rows=(rows[:ROWS_FIRST], rows[ROWS_FIRST:]),
            ticks=[(_place(margins), words) for margins, words in TICKS],
            parts=any(verdict.members or len(verdict.claims) > 1 for verdict in verdicts),
            level=f"{100 * (1 - 2 * content.policy.alpha):g}",
            spots=content.spots_by_kind,
            odd=[one for one in content.glances if one.said],
            maps=_maps(content.cells),
            shade={name: verdict.margin for name, verdict in content.decision.every_verdict.items()},
            unanswered=content.unanswered[:ROWS_SHOWN],
            paths=[(verdict, _path(verdict)) for verdict in verdicts if len(verdict.evidence.path) > 1],
        )
    )
    return page


Shown = tuple[AnswerPair, Sides]


def _pairs_of(gate: GateVerdict, pairs: Sequence[AnswerPair]) -> list[Shown]:
    """Return a gate's pairs of answers, and those of its suites, with what differs marked."""
    signals = {gate.signal, *(one.signal for one in gate.members)}
    return [(pair, sides_of(pair, LONGEST_ANSWER)) for pair in pairs if pair.signal in signals]


def _other_pairs(harms: Sequence[GateVerdict], pairs: Sequence[AnswerPair]) -> list[Shown]:
    """Return the pairs of answers of all other gates."""
    signals = {one.signal for gate in harms for one in (gate, *gate.members)}
    return [(pair, sides_of(pair, LONGEST_ANSWER)) for pair in pairs if pair.signal not in signals]


def sides_of(pair: AnswerPair, longest: int) -> Sides:
    """Return both answers of a pair as they are shown: cut to so many letters, with what differs marked."""
    before, after = shortened(pair.baseline, longest), shortened(pair.candidate, longest)
    return unmarked(before, after, PROBED) if pair.probe else marked(before, after)


@cache
def environment(package: str = "", folder: str = "") -> Environment:
    """Return the environment of a room's own templates and the report's; it escapes everything.

    Args:
        package: The package that has templates of its own, e.g. `seatrial.gates`; the report's where it is empty.
        folder: Where they lie in it.
    """
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    own = [PackageLoader(package, folder)] if package else []
    environment = Environment(
        loader=ChoiceLoader([*own, PackageLoader("seatrial.report", "")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.template_class = _steady()
    environment.filters |= {
        "number": number,
        "signed": lambda value: number(value, sign=True),
        "share": lambda value: "unknown" if math.isnan(value) else f"{value:.2f}",
        "interval": interval,
        "could_see": could_see,
        "coded": _coded,
        "called": called,
        "money": money,
        "word": verdict_word,
        "ended": why_ended,
        "open_inside": open_inside,
        "percent": percent,
        "weight": weight,
        "shade": _shade,
        "sentence": lambda text: text if text.endswith((".", "!", "?")) else f"{text}.",
        "excerpt": lambda text: textwrap.shorten(text, EXCERPT, placeholder=" …"),
        "prompt": lambda text: shortened(text, LONGEST_PROMPT),
    }
    environment.globals["known"] = math.isfinite
    return environment


def _steady() -> type[Template]:
    """Return the class of templates whose pages hold no letter that steers a terminal or turns text around."""
    from jinja2 import Template

    class Steady(Template):
        def render(self, *args: Any, **kwargs: Any) -> str:
            return super().render(*args, **kwargs).translate(STEERING)

    return Steady


def _coded(text: str) -> Markup:
    """Return escaped text in which what stands between backticks is code."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def package_file(name: str) -> str:
    """Return the text of a template or style sheet."""
    return resources.files("seatrial.report").joinpath(name).read_text(encoding="utf-8")


# The forest plot: each gate's interval in units of its own margin, so that one axis serves all.


def _place(margins: float) -> float:
    """Return a position on the axis in percent of its width."""
    low, high = AXIS
    return round(100 * (min(max(margins, low), high) - low) / (high - low), 2)


def _forest_row(verdict: GateVerdict, suites: Sequence[dict[str, object]] = ()) -> dict[str, object]:
    """Return what a row shows; `suites` are the rows of a family's suites."""
    found, margin = verdict.evidence, verdict.margin
    measured = all(math.isfinite(value) for value in (found.low, found.high, found.estimate))
    row: dict[str, object] = {
        "verdict": verdict,
        "found": found,
        "measured": measured,
        "suites": suites,
        "look": "likely" if verdict.harm_likely else verdict.verdict,
    }
    if measured:
        low, high = found.low / margin, found.high / margin
        row |= {
            "left": _place(low),
            "width": max(_place(high) - _place(low), 0.5),
            "dot": _place(found.estimate / margin),
            "off_left": low < AXIS[0],
            "off_right": high > AXIS[1],
        }
    row["mde"] = None if math.isnan(found.mde) else _place(found.mde / margin)
    row["blind"] = found.mde > margin
    row["unpaired"] = _unpaired(found)
    return row


def _unpaired(found: Evidence) -> str:
    if not math.isfinite(found.unpaired_low) or not math.isfinite(found.unpaired_high):
        return ""
    return f"[{number(found.unpaired_low)}, {number(found.unpaired_high)}]"


def _maps(cells: Sequence[Cell]) -> list[tuple[list[str], list[tuple[str, list[Cell]]]]]:
    """Return the map in parts that a screen can hold: the names of the columns, and the rows of each part."""
    rows: dict[str, list[Cell]] = {}
    for cell in cells:
        rows.setdefault(cell.use_case, []).append(cell)
    columns = [cell.signal for cell in next(iter(rows.values()), [])]
    count = math.ceil(len(columns) / MAP_COLUMNS)
    width = math.ceil(len(columns) / count) if count else 0
    return [
        (columns[start : start + width], [(name, held[start : start + width]) for name, held in rows.items()])
        for start in range(0, len(columns), width or 1)
    ]


def _shade(cell: Cell, margin: float) -> str:
    """Return the step of one diverging scale: from a margin less harm (`d-3`) by no change (`d0`) to one more."""
    if not math.isfinite(cell.estimate) or not margin:
        return "d0"
    margins = cell.estimate / margin
    step = sum(abs(margins) >= edge for edge in SHADES)
    return f"d{-step if margins < 0 else step}"


# The path: how the interval narrowed while calls were spent.


def _path(verdict: GateVerdict) -> dict[str, object]:
    looks = [look for look in verdict.evidence.path if math.isfinite(look.low) and math.isfinite(look.high)]
    most = max((look.calls for look in looks), default=0) or 1
    least, top = -2.0 * verdict.margin, 3.0 * verdict.margin

    def x(calls: int) -> float:
        return round(100 * calls / most, 1)

    def y(value: float) -> float:
        return round(40 * (top - min(max(value, least), top)) / (top - least), 1)

    upper = [f"{x(look.calls)},{y(look.high)}" for look in looks]
    lower = [f"{x(look.calls)},{y(look.low)}" for look in reversed(looks)]
    return {
        "band": " ".join(upper + lower),
        "line": " ".join(f"{x(look.calls)},{y(look.estimate)}" for look in looks),
        "zero": y(0.0),
        "margin": y(verdict.margin),
        "calls": most,
        "looks": len(looks),
    }
