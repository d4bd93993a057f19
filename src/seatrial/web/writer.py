"""One thread that writes: all changes that wait are kept in one transaction, with one flush to the disk for all.

A flush takes as long as the disk takes, whether it holds one rating or fifty. With a transaction each, raters who save
in the same second wait for each other's flushes; so the changes that come in during one flush share the next.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

__all__ = ["Writer"]

AT_ONCE = 256
"""Changes that share a transaction at most."""
Work = Callable[[Connection], Any]


class Writer:
    """Keeps changes in the order in which they come; what is acknowledged is on disk."""

    def __init__(self, engine: Engine) -> None:
        """Write to a database; the thread begins with the first change."""
        self._engine = engine
        self._waiting: queue.SimpleQueue[tuple[Work, Future[Any]]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def put(self, work: Work) -> Future[Any]:
        """Have a change made, and return what will hold its result once it is on disk.

        A change that raises must do so before it has written anything: the others of its transaction stand.
        """
        done: Future[Any] = Future()
        done.set_running_or_notify_cancel()  # nobody takes a change back: a result that cannot be set ends the thread
        self._waiting.put((work, done))
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="vibe writer", daemon=True)
                    self._thread.start()
        return done

    def _run(self) -> None:
        while True:
            batch = [self._waiting.get()]
            while len(batch) < AT_ONCE and not self._waiting.empty():
                batch.append(self._waiting.get())
            try:
                self._keep(batch)
            except SQLAlchemyError:  # one of them collides with another process's change, so each is on its own
                for one in batch:
                    try:
                        self._keep([one])
                    except SQLAlchemyError as error:
                        one[1].set_exception(error)

    def _keep(self, batch: list[tuple[Work, Future[Any]]]) -> None:
        found: list[tuple[Future[Any], Any, Exception | None]] = []
        with self._engine.begin() as link:
            for work, done in batch:
                try:
                    found.append((done, work(link), None))
                except SQLAlchemyError:
                    raise
                except Exception as error:
                    found.append((done, None, error))
        for done, result, refused in found:
            if refused is None:
                done.set_result(result)
            else:
                done.set_exception(refused)
