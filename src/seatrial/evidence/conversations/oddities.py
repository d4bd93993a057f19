"""What of conversations holds a launch whatever their gates say: seen before one turn is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from seatrial.evidence.conversations.conversation import ENDINGS, Ending
from seatrial.evidence.conversations.found import Conversed
from seatrial.evidence.conversations.wording import title
from seatrial.report.result import Glance
from seatrial.types import ROLES, GateVerdict, Role

__all__ = ["MOST_LOST", "MOST_ODD", "odd_conversations", "turned_with_the_user"]

MOST_ODD, MOST_LOST = 0.25, 0.1
"""Share of a side's conversations that may end oddly, and share of the meetings that may be lost."""
ODD: tuple[Ending, ...] = ("silent", "loop", "context")


def odd_conversations(found: Conversed) -> tuple[Glance, ...]:
    """Return what is odd in how conversations ended: answers of nothing, all alike, a full context, lost meetings."""
    made = []
    for name in ODD:
        counts = {role: found.endings[role][name] for role in ROLES}
        whole = len(found.pairs)
        roles = tuple(role for role in ROLES if counts[role] > MOST_ODD * whole)
        if roles:
            said = " and ".join(f"{counts[role]:,} of {whole:,} of the {role}'s conversations" for role in roles)
            made.append(_glance(f"conversations {name}", counts, f"{said} ended because {ENDINGS[name]}"))
    if found.lost > MOST_LOST * len(found.pairs):
        said = f"{found.lost:,} of {len(found.pairs):,} meetings were lost on one side or both"
        made.append(_glance("conversations lost", {}, said))
    return tuple(made)


def _glance(measure: str, counts: Mapping[Role, int], said: str) -> Glance:
    before, after = (f"{counts[role]:,}" if role in counts else "" for role in ROLES)
    return Glance(measure, "how conversations ended", before, after, said=said)


def turned_with_the_user(
    first: Sequence[GateVerdict], second: Sequence[GateVerdict], users: tuple[str, str]
) -> tuple[tuple[str, ...], tuple[Glance, ...]]:
    """Return what is said of gates whose verdict another user gives otherwise, and what of it holds a launch.

    A verdict that turns from pass to fail with who plays the users is a blind spot: it says as much of the user as of
    the models. One that is decided with one user and open with the other is said, and holds nothing.

    Args:
        first: Verdicts with the user.
        second: Verdicts of the same gates with the second user.
        users: Who played them.
    """
    told, odd = [], []
    for one, other in zip(first, second, strict=True):
        if one.verdict == other.verdict:
            continue
        said = (
            f"{title(one.signal)}: {one.verdict} with the user {users[0]} and {other.verdict} with the user "
            f"{users[1]} (changes of {one.evidence.estimate:+.3f} and {other.evidence.estimate:+.3f}). It turns with "
            "who plays the users, and no one knows how it is with people."
        )
        told.append(said)
        if {one.verdict, other.verdict} == {"pass", "fail"}:
            odd.append(_glance(f"user {one.signal}", {}, said[:1].lower() + said[1:].rstrip(".")))
    return tuple(told), tuple(odd)
