"""What a report says of the baseline's answers that other reviews had already."""

from __future__ import annotations

import math

from seatrial.policy import LaunchPolicy
from seatrial.report.result import Reuse

__all__ = ["not_taken_over", "taken_over"]


def taken_over(policy: LaunchPolicy, found: Reuse) -> list[str]:
    """Return what the decision rests on without having asked for it now, a sentence each."""
    spots = []
    if found.taken:
        total = sum(count for _, _, count in found.taken)
        places = "; ".join(f"{count} from {review} of {day}" for review, day, count in found.taken)
        spots.append(
            f"{total} of the baseline's answers were not asked for now but taken over ({places}). "
            f"{found.asked_anew} of the {found.offered} that other reviews have were asked anew"
            f"{_compared(found)}. {_seen(policy, found)}"
        )
    if found.aged:
        since = f", the oldest on {found.aged_since}" if found.aged_since else ", some of them without a date"
        spots.append(
            f"{found.aged} answers were given to an earlier run of this review more than {policy.reuse.days:g} days ago"
            f"{since}. What stands behind the models' names may have changed since; a new --out asks for all of them."
        )
    return spots


def _compared(found: Reuse) -> str:
    if math.isnan(found.seen_at_all):
        return ", and what the gates read in them did not move one way"
    return f", and {found.differ} of them differ{'s' if found.differ == 1 else ''}"


def _seen(policy: LaunchPolicy, found: Reuse) -> str:
    """Return which changes would have been noticed."""
    shares = [f"{100 * found.seen_at_all:.0f} % of all answers"] if math.isfinite(found.seen_at_all) else []
    if math.isfinite(found.seen_in_a_gate):
        shares.append(f"{100 * found.seen_in_a_gate:.0f} % of any one gate's readings, all one way,")
    if not shares:
        return "So few could hardly have shown a change."
    return (
        f"A change in at least {' or in '.join(shares)} would have been noticed with {100 * policy.power:g} % chance; "
        "a smaller one may have gone unseen."
    )


def not_taken_over(policy: LaunchPolicy, found: Reuse) -> list[str]:
    """Return why answers that other reviews have were asked for again, a sentence each."""
    said = [found.refused] if found.refused else []
    if found.too_old:
        said.append(
            f"{found.too_old} of the baseline's answers that other reviews have were asked for again: they are older "
            f"than {policy.reuse.days:g} days, have no date, or were given before the baseline was found changed."
        )
    if found.not_covered:
        said.append(
            f"{found.not_covered} of the baseline's answers that other reviews have were asked for again: no entry of "
            "the ledger covers them. Their review is not finished, an earlier version made it, or its file was changed."
        )
    return said
