"""How the days of a watch are told."""

from __future__ import annotations

import math
from datetime import date

from seatrial.report.wording import number
from seatrial.watch.found import AIM, LENGTH, LONGEST, Seen, Watch
from seatrial.watch.shifts import Moved

__all__ = ["about", "day_of", "facts", "found_within", "headline", "latest", "level", "levels", "promise", "reason"]


def day_of(found: Watch, moved: Moved) -> str:
    """Return the first of the days that differ: about when it changed."""
    return _said(found.days[moved.first])


def _said(day: str) -> str:
    at = date.fromisoformat(day)
    return f"{at.day} {at:%B %Y}"


def _days(count: int) -> str:
    return f"{count:,} {'day' if count == 1 else 'days'}"


def headline(found: Watch) -> str:
    """Return in a few words whether the model is what it was."""
    if found.moved:
        first = found.moved[0]
        more = f", and {len(found.moved) - 1} more" if len(found.moved) > 1 else ""
        return f"{'Worse' if first.worse else 'Changed'}: {first.title}{more}"
    if found.served.changed:
        return "Changed: the endpoint serves something else"
    if len(found.days) < 2:
        return "First day: nothing to compare with yet"
    return f"Quiet for {_days(len(found.days))}"


def reason(found: Watch) -> str:
    """Return in sentences what the headline rests on."""
    asked = f"{found.model} was asked {found.calls:,} questions a day on {_days(len(found.days))}."
    if found.moved:
        first = found.moved[0]
        moved = first.moved
        since = day_of(found, moved) if moved is not None else ""
        return f"{asked} Since about {since}: {first.title}, {levels(first)}."
    if found.served.changed:
        return f"{asked} {facts(found)[0]} What is read of its answers has not moved so far."
    if len(found.days) < 2:
        return f"{asked} From the second day on, each is compared with those before."
    return f"{asked} What is read of its answers moves no more from day to day than it would were nothing changed."


def levels(one: Seen) -> str:
    """Return both levels of what moved: `3 → 16 of 100`."""
    if one.moved is None:
        return ""
    return f"{level(one, one.moved.before, bare=True)} → {level(one, one.moved.after)}"


def level(one: Seen, share: float, *, bare: bool = False) -> str:
    """Return a level, given as a share of the scale, in words; `bare` without its unit."""
    if math.isnan(share):
        return "—"
    if one.name == LENGTH:
        return f"{2 ** (share * LONGEST) - 1:.0f}{'' if bare else ' words'}"
    low, high = one.bounds
    if (low, high) == (0.0, 1.0):
        return f"{100 * share:.0f}{'' if bare else ' of 100'}"
    return number(low + (high - low) * share)


def latest(one: Seen) -> str:
    """Return the level of the last day."""
    low, high = one.bounds
    return level(one, (one.means[-1] - low) / (high - low)) if one.means else "—"


def found_within(one: Seen) -> str:
    """Return how soon a shift of the aim would be found."""
    return "not in 56 days" if one.within is None else f"in {_days(one.within)}"


def about(found: Watch) -> str:
    """Return what the column of days says."""
    return (
        f"When a shift by {100 * AIM:.0f} points of a hundred (of the scale) would be found with 90 % chance, from how "
        "much the same question's answers have varied so far. More calls a day find it sooner."
    )


def promise(found: Watch) -> str:
    """Return how often all this cries wolf."""
    return (
        f"All signals together raise a false alarm in at most {100 * found.alarms:g} % of years, however the readings "
        "are distributed, as long as an unchanged model answers a question on one day as it would on any other. A "
        "server that answers otherwise on some days (another machine, another rounding) counts as changed."
    )


def facts(found: Watch) -> list[str]:
    """Return what the endpoint says of itself, a sentence each."""
    said = []
    for (_, before), (day, names) in zip(found.served.names, found.served.names[1:], strict=False):
        said.append(f"Since {_said(day)} the endpoint names {', '.join(names)}; before, {', '.join(before)}.")
    for day, differ, count in found.served.recounted:
        said.append(
            f"On {_said(day)} {differ:,} of {count:,} prompts counted other tokens than on the day before: another "
            "tokenizer, or other words around them."
        )
    if len(found.served.fingerprints) > 1:
        days = ", ".join(_said(day) for day, _ in found.served.fingerprints[1:])
        said.append(f"The system's fingerprint changed on {days}; by itself that is no alarm.")
    return said
