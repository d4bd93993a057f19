"""What `seatrial converse` prints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from seatrial.cli.output.tables import table, wrapped
from seatrial.evidence.conversations import wording
from seatrial.evidence.conversations.found import Conversed
from seatrial.report.wording import HEADLINES, interval, number, verdict_word
from seatrial.types import ROLES

if TYPE_CHECKING:
    from seatrial.review.finished import Review

__all__ = ["converse_json", "converse_summary"]


def converse_summary(found: Conversed, review: Review, folder: Path) -> str:
    """Return what a run of conversations says on the terminal."""
    rows = [
        (
            verdict_word(one.verdict, one.harm_likely) + ("" if one.blocking else ", watched"),
            wording.title(one.signal),
            wording.levels(one.evidence),
            f"{number(one.evidence.estimate, sign=True)} {interval(one.evidence)}, margin {one.margin:g}",
        )
        for one in review.verdicts
    ]
    spent = [
        f"{role} {found.spend[role].calls:,} calls, {found.spend[role].reused:,} kept"
        for role in (*ROLES, *(name for name in found.spend if name.startswith("judge/")))
    ]
    lines = [
        "",
        wrapped(f"{HEADLINES[review.status].upper()}: {review.reason}"),
        wrapped(f"{wording.SIMULATED}: {found.user}. {len(found.pairs):,} conversations with each model."),
        "",
        table(("verdict", "gate", "read", "change of true harm"), rows),
        "",
        wrapped(wording.first_harm_words(found)),
        *[
            f"{before:>6,} → {after:<6,} {words}"
            for words, before, after in (("ended because, baseline → candidate", 0, 0), *wording.endings(found))
            if before or after
        ],
        "",
        f"{'; '.join(spent)}. Conversations: {folder / 'conversations.html'}",
        f"Report: {folder / 'report.html'}",
    ]
    return "\n".join(lines)


def converse_json(found: Conversed, folder: Path) -> dict[str, Any]:
    """Return what a run of conversations adds to its decision, for machines."""
    test, record = found.log_rank, found.user_record
    return {
        "users": {"simulated": True, "by": found.user, "record": record},
        "conversations": {
            "held": len(found.pairs),
            "lost": found.lost,
            "left_out": found.plan.left_out,
            "endings": {role: dict(found.endings[role]) for role in ROLES},
        },
        "first_harm": {
            "without_harm": {role: list(found.curves[role].share) for role in ROLES},
            "turns": {role: list(found.curves[role].turns) for role in ROLES},
            "excess": test.excess,
            "p_value": test.p_value,
            "personas": test.personas,
        },
        "folder": str(folder),
        "page": str(folder / "conversations.html"),
    }
