"""When a call is made again, and when the next one may start."""

from __future__ import annotations

import asyncio
import time

import stamina

__all__ = ["AT_ONCE", "LONGEST_WAIT", "Busy", "Pace", "again"]

AT_ONCE = 0.01
"""Seconds before a call is made again under another name of the longest answer."""
LONGEST_WAIT = 60.0
"""Seconds that are waited at most before a try, whatever the server asked for."""


stamina.instrumentation.set_on_retry_hooks([])  # a model says itself why it waits


class Busy(Exception):
    """A failure that another try may mend; `wait` is what the server asked for, in seconds."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        """Keep why, and how long."""
        super().__init__(reason)
        self.wait = wait


def again(error: Exception) -> bool | float:
    """Tell the retry library whether to try again, and after how long where the server said so."""
    if isinstance(error, Busy):
        return True if error.wait is None else min(error.wait, LONGEST_WAIT)
    return False


class Pace:
    """Starts so many calls a minute, evenly; all at once where no number is given."""

    def __init__(self, per_minute: float | None) -> None:
        """Start the first call at once."""
        self._per_minute = per_minute
        self._next = 0.0

    async def wait(self) -> None:
        """Wait until one more call may start."""
        if self._per_minute is None:
            return
        now = time.monotonic()
        start = max(now, self._next)
        self._next = start + 60.0 / self._per_minute
        await asyncio.sleep(start - now)
