"""What a pair's page shows. It holds nothing that tells which model wrote what, nor which pairs are controls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seatrial.evidence.vibes.forms import LONGEST, MOST_TURNS
from seatrial.evidence.vibes.values import Shown, Turn
from seatrial.web.safe_html import rendered

__all__ = ["pair_content"]

UNRATED: dict[str, Any] = {
    "off_left": None,
    "off_right": None,
    "preference": None,
    "note": "",
    "tags": (),
    "done": False,
}
HEADINGS = {"live": "Talk to two models at once", "witness": "Two conversations that somebody else had"}


def pair_content(outline: Sequence[str], shown: Shown, tags: Sequence[str], turns: Sequence[Turn]) -> dict[str, Any]:
    """Return what the template of a pair needs.

    Args:
        outline: Names of all the rater's trials, in order.
        shown: The trial.
        tags: Tags to offer.
        turns: The conversation so far, in a live trial.
    """
    place = outline.index(shown.id)
    waiting = bool(turns) and turns[-1].left is None
    heard = turns[:-1] if waiting else turns
    return {
        "trial": shown.id,
        "number": place + 1,
        "count": len(outline),
        "turns": [(message.role, rendered(message.content)) for message in shown.trial.item.messages],
        "left": rendered(shown.trial.left),
        "right": rendered(shown.trial.right),
        "rating": {**UNRATED, **(shown.rating or {})},
        "version": shown.version,
        "tab": shown.tab,
        "step": shown.step,
        "before": outline[place - 1] if place else "",
        "after": outline[place + 1] if place + 1 < len(outline) else "",
        "tags": list(dict.fromkeys([*tags, *(shown.rating or {}).get("tags", ())])),
        "again": shown.trial.tag,
        "live": shown.trial.kind == "live",
        "heading": HEADINGS.get(shown.trial.kind, "Two answers to one conversation"),
        "talk": [(turn.asked, rendered(turn.left or ""), rendered(turn.right or "")) for turn in heard],
        "open_turn": turns[-1].asked if waiting else "",
        "most_turns": MOST_TURNS,
        "longest": LONGEST,
    }
