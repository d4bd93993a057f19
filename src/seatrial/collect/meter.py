"""What calls took, how many fail in a row or end before an answer, and the first error of many that ran at once."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from seatrial.errors import CallFailed, ModelError
from seatrial.replies import why
from seatrial.types import Response, Spend

__all__ = ["FAILURES_IN_A_ROW", "MOST_CUT_SHORT", "SHARE_CUT_SHORT", "Meter", "first_error"]

FAILURES_IN_A_ROW = 20
"""A live model that fails this many calls one after another is taken to be down."""


MOST_CUT_SHORT, SHARE_CUT_SHORT = 20, 0.1
"""A model of whose answers so many, and such a share, ended at their longest length before they began is asked no more.

Missing answers count as harm, so with a tenth of them missing hardly a gate could pass. Fewer are shown in the report.
"""


class Meter:
    """What one model took so far, and whether it still answers."""

    def __init__(self, name: str, advice: str = "", whose: str = "the model") -> None:
        """Count for a model.

        Args:
            name: What messages call it.
            advice: What to do when it seems to be down.
            whose: Whose settings to change: the baseline's, the candidate's, a judge's.
        """
        self._name, self._advice, self._whose = name, advice, whose
        self._failed_in_a_row = 0
        self._answers = self._cut_short = 0
        self._took: dict[str, Any] = asdict(Spend())

    @property
    def spend(self) -> Spend:
        """What the model took so far."""
        return Spend(**self._took)

    def answered(self, response: Response, *, fresh: bool, seconds: float = 0.0, taken: bool = False) -> None:
        """Count an answer: made now, or found in the store; `seconds` where it was timed here.

        One `taken` over from another review was paid for there: it costs this one nothing.

        Raises:
            ModelError: so many ended before they began that asking on would spend calls for nothing.
        """
        usage, took = response.usage, self._took
        if taken:
            took["taken_over"] += 1
            return
        if fresh:
            self._failed_in_a_row = 0
        took["calls" if fresh else "reused"] += 1
        took["tokens_in"] += usage.tokens_in
        took["tokens_out"] += usage.tokens_out
        took["seconds"] += seconds or usage.seconds
        took["cost"] += usage.cost
        self._look_for_cut_short(response)

    def _look_for_cut_short(self, response: Response) -> None:
        self._answers += 1
        kind = response.no_answer
        if response.first or kind not in ("cut", "thinking"):
            return
        self._cut_short += 1
        if self._cut_short >= max(MOST_CUT_SHORT, SHARE_CUT_SHORT * self._answers):
            told = why(kind, whose=self._whose)
            raise ModelError(
                f"{self._name}: {self._cut_short} of {self._answers} replies hold no answer, the last: {told.reason}. "
                f"To spend no more calls on such, {told.advice}. Where it thinks first, also set `logprobs: 0`, and "
                "less thinking in `extra_body` may do. What was answered is kept: run the same command again."
            )

    def failed(self, error: CallFailed) -> None:
        """Count a call that got no answer.

        Raises:
            ModelError: so many failed one after another that the model is taken to be down.
        """
        self._took["failed"] += 1
        self._failed_in_a_row += 1
        if self._failed_in_a_row >= FAILURES_IN_A_ROW:
            said = f"{self._name}: {FAILURES_IN_A_ROW} calls in a row failed, the last with: {error} {self._advice}"
            raise ModelError(said.strip()) from error


def first_error(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error that is not a group."""
    first = errors.exceptions[0]
    return first_error(first) if isinstance(first, BaseExceptionGroup) else first
