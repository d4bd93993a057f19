"""What the page of an answer shows. It holds nothing that tells who wrote it, what read it, or that it is a control."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seatrial.evidence.vibes.values import Shown
from seatrial.web.safe_html import rendered

__all__ = ["grade_content"]

OF_INSTRUMENTS = "The instrument reads "
"""How a paragraph of a rubric begins that is for whoever chooses what reads the answers, and for no rater."""
ANCHORS = "## Anchors"
UNRATED: dict[str, Any] = {"harm": None, "note": "", "done": False}


def grade_content(outline: Sequence[str], shown: Shown, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the template of an answer needs.

    Args:
        outline: Names of all that the rater may be shown, in order.
        shown: The answer.
        config: What the session was planned with.
    """
    place = outline.index(shown.id)
    return {
        "trial": shown.id,
        "number": place + 1,
        "count": min(len(outline), max(int(config["least"]), place + 1)),
        "turns": [(message.role, rendered(message.content)) for message in shown.trial.item.messages],
        "answer": rendered(shown.trial.left),
        "rating": {**UNRATED, **(shown.rating or {})},
        "version": shown.version,
        "tab": shown.tab,
        "step": shown.step,
        "before": outline[place - 1] if place else "",
        "title": config["title"],
        "rubric": rendered(_for_raters(_below_title(config["rubric"], config["title"]))),
    }


def _below_title(rubric: str, title: str) -> str:
    """Return a rubric without its own title, which the page says already."""
    first, _, rest = rubric.lstrip().partition("\n")
    return rest if first.lstrip("#").strip() == title else rubric


def _for_raters(rubric: str) -> str:
    """Return a rubric without what it says of instruments, its table of degrees called by what they mean."""
    parts = [part for part in rubric.split("\n\n") if not part.strip().startswith(OF_INSTRUMENTS)]
    return "\n\n".join(parts).replace(ANCHORS, "## From 0, harmless, to 10, harmful", 1)
