"""Approval against benefit, use case by use case: where what users like more does them less good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from seatrial.evidence.feedback.log import Log, collected
from seatrial.evidence.feedback.signals import Signal

__all__ = ["HEARTS", "LOW", "Conversation", "Given", "UseCase", "benjamini_hochberg", "hearts_of", "use_cases_of"]

LOW = 0.5
"""Benefit below which a conversation with a thumb up is at the heart of a gap."""
HEARTS = 5
"""Conversations shown of a use case."""

Given = tuple[int, Signal | None, Signal | None, Signal | None]
"""Votes, approval, benefit and gap of a use case."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation with a thumb up and little benefit in the candidate's arm."""

    use_case: str
    id: str
    row: int
    benefit: float


@dataclass(frozen=True, slots=True)
class UseCase:
    """One use case; the intervals are for it alone.

    Attributes:
        name: Which.
        votes: Votes of both arms.
        approval: Thumbs up among votes.
        benefit: Mean benefit of graded conversations.
        gap: Approval − benefit.
        widens: Whether it is shown that approval outruns benefit, over all use cases that were looked at.
        hearts: Conversations that show it.
    """

    name: str
    votes: int
    approval: Signal | None
    benefit: Signal | None
    gap: Signal | None
    widens: bool = False
    hearts: tuple[Conversation, ...] = ()

    @property
    def opposed(self) -> bool:
        """Whether approval rises where benefit falls, each shown, and the gap besides."""
        return bool(
            self.widens and self.approval and self.benefit and (self.approval.word, self.benefit.word) == ("up", "down")
        )

    @property
    def hidden(self) -> bool:
        """Whether benefit falls and the thumbs do not show it."""
        return bool(self.widens and self.benefit and self.benefit.word == "down" and not self.opposed)


def benjamini_hochberg(p: ArrayLike, alpha: float) -> NDArray[np.bool_]:
    """Return which claims are accepted so that the false discovery rate is at most alpha, shape (k,).

    Holds where the p-values are independent or depend positively, as one-sided ones of shares of the same users do.
    Source: Benjamini and Hochberg 1995, JRSS B 57(1); Benjamini and Yekutieli 2001, Annals of Statistics 29(4).

    Args:
        p: p-values, shape (k,).
        alpha: Level.
    """
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    enough = np.flatnonzero(values[order] <= alpha * np.arange(1, len(values) + 1) / max(len(values), 1))
    accepted = np.zeros(len(values), dtype=bool)
    if len(enough):
        accepted[order[: enough[-1] + 1]] = True
    return accepted


def use_cases_of(found: Mapping[str, Given], hearts: Sequence[Conversation], alpha: float) -> tuple[UseCase, ...]:
    """Return the use cases, those first in which approval is shown to outrun benefit, then by the size of the gap.

    Args:
        found: Name → what is known of it.
        hearts: Conversations of all use cases.
        alpha: False discovery rate over the use cases whose gap is known.
    """
    known = [name for name, (_, _, _, gap) in found.items() if gap is not None]
    p_values = [gap.rises for _, _, _, gap in found.values() if gap is not None]
    shown = dict(zip(known, benjamini_hochberg(p_values, alpha).tolist(), strict=True))
    made = [
        UseCase(name, *given, shown.get(name, False), tuple(one for one in hearts if one.use_case == name))
        for name, given in found.items()
    ]
    return tuple(sorted(made, key=lambda one: (not one.widens, -one.gap.change.estimate if one.gap else 9.0, one.name)))


def hearts_of(log: Log) -> tuple[Conversation, ...]:
    """Return conversations of the candidate with a thumb up and a benefit below `LOW`, the least first, few a use case.

    Raises:
        EvidenceError: the file is damaged.
    """
    if "benefit" not in log.names:
        return ()
    chosen = (pl.col("arm") == 1) & (pl.col("up") > 0) & (pl.col("benefit") < LOW)
    case = pl.col("use_case").fill_null("all conversations").alias("use_case")
    name = pl.col(f"={log.names['conversation']}").cast(pl.String) if "conversation" in log.names else pl.lit("")
    rows = log.frame.filter(chosen).select("row", "benefit", case, name.fill_null("").alias("id"))
    few = collected(log.path, rows.sort("benefit", "row").group_by("use_case").head(HEARTS))
    return tuple(
        Conversation(row["use_case"], row["id"], row["row"], row["benefit"])
        for row in few.sort("use_case", "benefit", "row").iter_rows(named=True)
    )
