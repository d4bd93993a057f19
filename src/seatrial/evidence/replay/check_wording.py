"""How a checked forecast is put into words, for the page and the terminal."""

from __future__ import annotations

import math

from seatrial.evidence.replay.check import Check, Checked, Standing

__all__ = ["agreed", "direction_words", "headline", "shift_words", "standing_words", "suites_words", "validity_words"]


def agreed(made: Check) -> str:
    """Return how many forecasts agree with what came."""
    agree = sum(one.covered for one in made.found)
    return f"{agree} of {len(made.found)} forecasts agree with what came"


def headline(made: Check) -> str:
    """Return the outcome in some words."""
    if made.shift.moved:
        return "Other traffic than was foretold"
    if not made.found:
        return "Nothing could be compared"
    return "The forecast holds" if all(one.covered for one in made.found) else "Other rates than were foretold"


def validity_words(made: Check) -> str:
    """Return whether the forecast is still valid, and what says that it is not."""
    off = [one.told.title for one in made.found if not one.covered]
    named = ", ".join(off[:4]) + (f" and {len(off) - 4} more" if len(off) > 4 else "")
    if made.shift.moved and off:
        return f"The forecast is no longer valid: the traffic is another, and {named} came at other rates."
    if made.shift.moved:
        return "The forecast is no longer valid: the traffic is another. That its rates agree may be luck."
    if off:
        return (
            f"The forecast is no longer valid for {named}: what users say is not known to differ, and the rates do. "
            "Its interval knows of chance, and not of models, judges or users that change."
        )
    return "Nothing says that the forecast is no longer valid."


def shift_words(made: Check) -> str:
    """Return whether the traffic is what it was."""
    name, distance = made.shift.differs[0]
    if made.shift.moved:
        return (
            f"The traffic is not what the forecast was made from (p = {made.shift.p_value:.2g}; {name} differs most, "
            f"by {abs(distance):.2g} standard deviations). A rate in other traffic was not foretold: errors below may "
            "be the traffic's and not the forecast's."
        )
    return f"The traffic is not known to differ from that of the forecast (p = {made.shift.p_value:.2g})."


def direction_words(one: Checked) -> str:
    """Return whether a rate moved the way that was foretold."""
    return {None: "–", True: "right", False: "wrong"}[one.direction]


def suites_words(one: Checked) -> str:
    """Return by how many times the rate in suites is off; a dash where none is known."""
    return "–" if math.isnan(one.by_suite) else f"{one.by_suite:.2g} ×"


def standing_words(held: Standing) -> str:
    """Return how all forecasts came out, in a sentence or two."""
    if not held.behaviors:
        return "No rate has been compared with a forecast so far."
    right, moved = held.direction
    rivals = [f"who foretold no change would have been off by {_factor(held.naive)}"]
    if not math.isnan(held.suites[0]):
        rivals.append(f"who took the rates in suites for it by {_factor(held.suites)}")
    return (
        f"Launches: {held.launches}, rates: {held.behaviors}. Off by a factor of "
        f"{_factor(held.factor)} in the median; {', '.join(rivals)}. "
        f"{100 * held.covered.estimate:.0f} % [{100 * held.covered.low:.0f}, {100 * held.covered.high:.0f}] agree "
        f"within their intervals, and {right} of {moved} moved the way that was foretold."
    )


def _factor(value: tuple[float, float, float]) -> str:
    words = ["not known" if math.isnan(one) else "∞" if math.isinf(one) else f"{one:.2f}" for one in value]
    return f"{words[0]} [{words[1]}, {words[2]}]"
