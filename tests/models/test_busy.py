"""When a call is made again, and when the next one starts."""

from __future__ import annotations

import asyncio
import time

from seatrial.models.busy import LONGEST_WAIT, Busy, Pace, again


def test_only_what_may_pass_is_tried_again() -> None:
    """After as long as the server asked for, within limits; any other fault ends the call."""
    assert again(Busy("busy")) is True
    assert again(Busy("busy", 0.25)) == 0.25
    assert again(Busy("busy", 1e9)) == LONGEST_WAIT
    assert again(ValueError("wrong")) is False


async def test_calls_start_evenly() -> None:
    """So many a minute, however many wait; without a number, all at once."""
    began = time.monotonic()
    pace = Pace(1200)
    await asyncio.gather(*(pace.wait() for _ in range(5)))
    assert time.monotonic() - began >= 0.2
    free = Pace(None)
    began = time.monotonic()
    await asyncio.gather(*(free.wait() for _ in range(100)))
    assert time.monotonic() - began < 0.2
