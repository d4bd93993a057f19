"""A process beside the server."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from seatrial.errors import LedgerError, StoreError
from seatrial.team.workers import NICER, Worker

pytestmark = pytest.mark.slow


def _refuse(words: str) -> None:
    raise LedgerError(words)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def test_it_answers_refuses_dies_and_is_begun_anew() -> None:
    """What a function returns or raises comes back; where the process dies it is said, and the next one works."""
    worker = Worker()
    there = await worker.do(os.getpid)
    assert there != os.getpid() and there == await worker.do(os.getpid)
    assert await worker.do(os.nice, 0) >= NICER
    with pytest.raises(LedgerError, match="in so many words"):
        await worker.do(_refuse, "in so many words")
    with pytest.raises(StoreError, match="look into the ledger"):
        await worker.do(_die)
    assert await worker.do(os.getpid) not in (there, os.getpid())
    await asyncio.to_thread(worker.close)
    worker.close()
