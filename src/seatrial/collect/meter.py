"""What calls took, how many fail in a row, and the first error of many that ran at once."""

from __future__ import annotations

from dataclasses import replace

from seatrial.errors import CallFailed, ModelError
from seatrial.types import Response, Spend

__all__ = ["FAILURES_IN_A_ROW", "Meter", "first_error"]

FAILURES_IN_A_ROW = 20
"""A live model that fails this many calls one after another is taken to be down."""


class Meter:
    """What one model took so far, and whether it still answers."""

    def __init__(self, name: str, advice: str = "") -> None:
        """Count for the model of that name; `advice` is what to do when it seems to be down."""
        self._name, self._advice = name, advice
        self._failed_in_a_row = 0
        self.spend = Spend()

    def answered(self, response: Response, *, fresh: bool, seconds: float = 0.0, taken: bool = False) -> None:
        """Count an answer: made now, or found in the store; `seconds` where it was timed here.

        One `taken` over from another review was paid for there: it costs this one nothing.
        """
        usage, spend = response.usage, self.spend
        if taken:
            self.spend = replace(spend, taken_over=spend.taken_over + 1)
            return
        if fresh:
            self._failed_in_a_row = 0
        self.spend = replace(
            spend,
            calls=spend.calls + fresh,
            reused=spend.reused + (not fresh),
            tokens_in=spend.tokens_in + usage.tokens_in,
            tokens_out=spend.tokens_out + usage.tokens_out,
            seconds=spend.seconds + (seconds or usage.seconds),
            cost=spend.cost + usage.cost,
        )

    def failed(self, error: CallFailed) -> None:
        """Count a call that got no answer.

        Raises:
            ModelError: so many failed one after another that the model is taken to be down.
        """
        self.spend = replace(self.spend, failed=self.spend.failed + 1)
        self._failed_in_a_row += 1
        if self._failed_in_a_row >= FAILURES_IN_A_ROW:
            said = f"{self._name}: {FAILURES_IN_A_ROW} calls in a row failed, the last with: {error} {self._advice}"
            raise ModelError(said.strip()) from error


def first_error(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error that is not a group."""
    first = errors.exceptions[0]
    return first_error(first) if isinstance(first, BaseExceptionGroup) else first
