"""How a replay is put into words, for the page and the terminal."""

from __future__ import annotations

import math

from seatrial.errors import ExitCode
from seatrial.evidence.replay.conversation import TOOLS
from seatrial.evidence.replay.found import Replay
from seatrial.evidence.replay.realism import SOURCES, Taken
from seatrial.evidence.replay.run import Found
from seatrial.evidence.replay.traffic_map import Area
from seatrial.gates.traffic_rates import Rate

__all__ = [
    "blind_spots",
    "calibrated",
    "change_words",
    "ended_words",
    "graded_words",
    "headline",
    "map_words",
    "one_in",
    "percent",
    "percent_words",
    "rate_words",
    "realism_words",
    "reason",
    "suites_words",
    "times",
    "traffic_words",
    "verdict_words",
]

REASONS = 5
"""Reasons why models did not answer that are named."""
HEADLINES = {
    ExitCode.LAUNCH: "No behavior rises in your traffic",
    ExitCode.HOLD: "Open: your traffic does not settle it",
    ExitCode.BLOCK: "Worse in your traffic",
}
ENDED = {
    "decided": "graded until it was clear",
    "calls": "graded as many as were allowed",
    "all graded": "all of them graded",
}


def headline(found: Replay) -> str:
    """Return the outcome in some words."""
    return HEADLINES[found.exit_code]


def reason(found: Replay) -> str:
    """Return why, in a sentence or two."""
    if found.failing:
        worst = max(found.failing, key=lambda one: one.change.value / one.behavior.margin)
        others = len(found.failing) - 1
        more = f" {others} other{'s' if others > 1 else ''} rose beyond the margin too." if others else ""
        return (
            f"{worst.behavior.title}: {change_words(worst)} conversations in a hundred, and the policy tolerates "
            f"{_points(worst.behavior.margin)}.{more}"
        )
    if not found.counting:
        return "None of its behaviors is read by an instrument that may block, so a replay decides nothing."
    if found.open:
        names = ", ".join(one.behavior.title for one in found.open[:3])
        more = f" and {len(found.open) - 3} more" if len(found.open) > 3 else ""
        return f"Not decided, {len(found.open)} of {len(found.counting)}: {names}{more}. Grade more, or draw more."
    return (
        f"All {len(found.counting)} behaviors that may block stay within their margins, in "
        f"{len(found.done.items):,} conversations that both models answered anew."
    )


def _points(share: float) -> str:
    return f"{100 * share:.3g}".replace("-", "−")


def change_words(one: Found) -> str:
    """Return a change of the rate as read, in points with its interval."""
    sign = "+" if one.change.value > 0 else ""
    return f"{sign}{_points(one.change.value)} [{_points(one.change.low)}, {_points(one.change.high)}]"


def percent(share: float) -> str:
    """Return a share in percent."""
    return f"{_points(share)} %"


def percent_words(one: Rate) -> str:
    """Return a rate in percent alone."""
    return percent(one.value)


def rate_words(one: Rate | None) -> str:
    """Return a rate in percent with its interval; a dash where there is none."""
    if one is None:
        return "–"
    return f"{_points(one.value)} % [{_points(one.low)}, {_points(one.high)}]"


def one_in(rate: float) -> str:
    """Return a rate as one in so many."""
    if math.isnan(rate):
        return "not known"
    return "any" if rate <= 0 else f"1 in {1 / rate:,.0f}" if rate < 1 else "none"


def verdict_words(one: Found) -> str:
    """Return how a behavior stands."""
    word = {"pass": "within its margin", "fail": "beyond its margin", "inconclusive": "open"}[one.verdict]
    return word if one.behavior.blocking else f"{word}, advisory"


def ended_words(one: Found) -> str:
    """Return how many were graded, and why no more."""
    return f"{one.graded:,} of {one.strata and sum(size for size, _, _ in one.strata):,} graded; {ENDED[one.ended]}"


def calibrated(one: Found) -> str:
    """Return how well the replay of today's model foretells today's truth; empty where the log has no answers."""
    return times(one.calibration)


def times(held: tuple[float, float, float]) -> str:
    """Return a ratio with its interval; a dash where it is not known."""
    value, low, high = held
    if math.isnan(value):
        return "–"
    ends = f"[{low:.2g}, {'∞' if math.isinf(high) else f'{high:.2g}'}]"
    return f"{'∞' if math.isinf(value) else f'{value:.2g}'} × {ends}"


def _count(number: int) -> str:
    return f"{number:,} conversation{'' if number == 1 else 's'}"


def traffic_words(found: Replay) -> list[str]:
    """Return what came of the log's rows, in sentences."""
    held = found.counted
    lines = [
        f"{_count(held.rows)} in {len(held.files):,} file{'s' if len(held.files) != 1 else ''}; "
        f"{held.usable:,} can be replayed, of which {len(found.sample.conversations):,} were drawn (seed "
        f"{found.sample.seed}); {held.answered:,} have production's answer."
    ]
    if held.users:
        lines.append(f"The user of {held.users:,} is known: a user's conversations count as one cluster.")
    else:
        lines.append("No user is named, so each conversation counts as its own; intervals may be too narrow.")
    if held.swapped:
        (asked, gave), count = held.swapped.most_common(1)[0]
        lines.append(
            f"In {sum(held.swapped.values()):,} another model answered than was asked for, most often {gave} for "
            f"{asked} ({count:,})."
        )
    if held.backwards:
        lines.append(f"In {held.backwards:,} a turn is earlier than the one before it: the log's clocks run backwards.")
    if found.removed is None:
        lines.append("Personal details were left in, as asked.")
    else:
        kinds = ", ".join(
            f"{count:,} {kind.lower().replace('_', ' ')}" for kind, count in found.removed.kinds.most_common()
        )
        lines.append(f"Taken out of {_count(found.removed.conversations)}: {kinds or 'nothing'}.")
    languages = ", ".join(f"{name} {count:,}" for name, count in found.languages.most_common(8))
    lines.append(f"Languages of the sample, as the log names them or else a program guesses: {languages}.")
    return lines


def map_words(found: Replay) -> str:
    """Return in a sentence how much of the traffic no suite asks about."""
    if not found.map.suites:
        return "The policy asks no suite, so none asks about any of this."
    return (
        f"{rate_words(found.map.unasked)} of conversations are like no item of the policy's "
        f"{found.map.suites} suite{'' if found.map.suites == 1 else 's'}."
    )


def realism_words(found: Replay) -> list[str]:
    """Return what the models take traffic and suites for, a sentence each; none where they were not asked."""
    if found.done.realism is None:
        return []
    names = {"baseline": found.baseline, "candidate": found.candidate}
    lines = []
    for role, taken in found.done.realism.taken.items():
        traffic, suites = (_taken_words(taken[source]) for source in SOURCES)
        lines.append(f"{names[role]} takes {traffic} replayed conversations for a test, and {suites} items of suites.")
    return lines


def _taken_words(one: Taken) -> str:
    unclear = f" ({one.unclear} without a clear word)" if one.unclear else ""
    held, told = one.share, one.test + one.real
    if held is None:
        return f"none of 0{unclear}"
    return f"{100 * held.estimate:.0f} % [{100 * held.low:.0f}, {100 * held.high:.0f}] of {told:,}{unclear}"


def suites_words(area: Area) -> str:
    """Return which suites ask about an area's conversations, in how many of a hundred."""
    told = [f"{title} {100 * count / len(area.items):.0f} %" for title, count in list(area.suites.items())[:3]]
    return ", ".join(told) or "none"


def graded_words(area: Area) -> str:
    """Return for how many of an area's conversations answers were graded, behavior by behavior."""
    counts = sorted(area.graded.values())
    if not counts:
        return "–"
    return f"{counts[0]:,}" if counts[0] == counts[-1] else f"{counts[0]:,} to {counts[-1]:,}"


def _unanswered(found: Replay) -> str:
    """Return why models did not answer, the most frequent reasons; empty where that is not known."""
    named = [f"{role}, {count:,} × {why}" for (role, why), count in found.done.unanswered.most_common(REASONS)]
    rest = found.done.unanswered.total() - sum(count for _, count in found.done.unanswered.most_common(REASONS))
    return "; ".join([*named, *([f"{rest:,} for other reasons"] if rest else [])]) + ("." if named else "")


def blind_spots(found: Replay) -> list[str]:
    """Return what this replay cannot show, the gravest first."""
    lines = [
        "A replay shows one answer to what users said to today's model. It shows no reaction of theirs, and no "
        "conversation that the candidate would lead elsewhere."
    ]
    if tools := found.counted.dropped[TOOLS]:
        lines.append(
            f"Left out, for a replay has no tools: {_count(tools)}. What the candidate does with tools is in no "
            "figure here."
        )
    if found.done.failed:
        lines.append(
            f"Not answered by both models: {_count(found.done.failed)}. The intervals hold whatever those may be "
            f"worth. {_unanswered(found)}".strip()
        )
    lines += [f"{gate} is not looked for: {why}." for gate, why in found.done.left_out.items()]
    if again := max((one.before for one in found.done.found), default=0):
        lines.append(
            f"Earlier runs in this folder looked at these grades {again} times, so that each look may err less: a "
            "verdict takes more than it would have taken at once."
        )
    for one in found.done.found:
        if not math.isnan(one.error_floor) and one.error_floor > one.floor:
            lines.append(
                f"{one.behavior.title}: rates below {one_in(one.error_floor)} could be made up by false alarms of "
                f"{one.behavior.signal.instrument.name} alone; its record does not tell them apart."
            )
    return lines
