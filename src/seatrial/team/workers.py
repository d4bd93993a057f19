"""Processes beside the server: one reads reviews and one writes, so that no page waits for either.

Checking a long chain takes a second of one core. In the server's own process every page would wait for that second.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.process import BaseProcess
from typing import ParamSpec, TypeVar

from seatrial.errors import StoreError

__all__ = ["Worker"]

NICER = 5
"""By how much a worker stands back where the cores are busy: who reads a page does not wait for who writes."""
Given = ParamSpec("Given")
Found = TypeVar("Found")


class Worker:
    """One process that does one thing after another; it is begun with the first, and anew where it died."""

    def __init__(self, begin: Callable[[], None] | None = None) -> None:
        """Begin nothing yet; `begin` is done first in the process, and is a function of a module."""
        self._pool: ProcessPoolExecutor | None = None
        self._first = begin or _nothing

    async def do(self, work: Callable[Given, Found], *about: Given.args, **more: Given.kwargs) -> Found:
        """Return what a function of a module returns there, or raise what it raises.

        Raises:
            StoreError: the process died over it.
        """
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, context, initializer=_begin, initargs=(self._first,))
        pool = self._pool
        try:
            return await asyncio.wrap_future(pool.submit(work, *about, **more))
        except BrokenProcessPool:
            if self._pool is pool:
                self._pool = None
            raise StoreError(
                "the process that does this was ended; look into the ledger before you try again"
            ) from None

    def close(self) -> None:
        """End the process once it has done what it is at."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(0)


def _nothing() -> None:
    """Do nothing."""


def _begin(first: Callable[[], None]) -> None:
    """Leave Ctrl-C to the server, stand back, and end with the server, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(NICER)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()
    first()
