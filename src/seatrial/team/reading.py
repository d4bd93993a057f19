"""The ledger as the pages see it: verified once for each new head, and held between."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from seatrial.errors import SeatrialError
from seatrial.ledger import Entry, Ledger
from seatrial.ledger.entries import place
from seatrial.team.board import Board
from seatrial.team.standing import Standing, standing_of
from seatrial.team.told import Told
from seatrial.team.workers import Worker

__all__ = ["Reading"]

EVERY = 0.5
"""Seconds between two looks at the ledger's head."""
WHOLE = 60.0
"""Seconds after which the whole chain is verified again, by the process beside."""
KEPT = 500
"""Reviews of which the evidence is held; beyond that those that the first page does not show are read anew."""
LOG = logging.getLogger(__name__)


class Reading:
    """What is known of a ledger, and kept up to date by looking at its head.

    The first time the whole chain is verified. After that only the entries that follow are read, and have to follow
    the entry that was verified last: what the pages show was verified, whatever is done to it in the database. That
    something was done is found by the next look at the whole chain, or by the next change that somebody enters.

    Attributes:
        board: What the pages say.
    """

    def __init__(self, ledger: Ledger, today: Callable[[], date] = lambda: datetime.now(UTC).date()) -> None:
        """Read a ledger; nothing is read yet."""
        self._ledger, self._today, self._worker = ledger, today, Worker()
        self._told = Told()
        self._read: dict[str, tuple[str, Standing | str]] = {}
        self._turn = asyncio.Lock()
        self._watch: asyncio.Task[None] | None = None
        self._made: dict[Any, Any] = {}
        self._behind, self._changed = "", ""
        self.board = Board(self._told, {}, today())

    @property
    def broken(self) -> str:
        """Why the ledger cannot be trusted or read; empty where it can."""
        return self._changed or self._behind

    @property
    def folder(self) -> Path:
        """Where the reviews lie."""
        return self._ledger.folder

    async def open(self) -> None:
        """Read all, and look for more from now on."""
        await self.renew()
        self._watch = asyncio.create_task(self._on())

    async def close(self) -> None:
        """Look no more."""
        if self._watch is not None:
            self._watch.cancel()
        await asyncio.to_thread(self._worker.close)

    async def _on(self) -> None:
        whole = time.monotonic() + WHOLE
        while True:
            await asyncio.sleep(EVERY)
            await self.renew()
            if time.monotonic() >= whole:
                await self._look_at_all()
                whole = time.monotonic() + WHOLE

    async def _look_at_all(self) -> None:
        """Verify the whole chain, and that it holds what was read."""
        last = self._told.entries[-1] if self._told.entries else None
        try:
            held = await self._worker.do(_whole, self._ledger, last.number if last else 0)
            same = last is None or held == place(last)
            self._changed = "" if same else f"{self._ledger.name}: it is not the ledger that was read here before."
        except SeatrialError as error:
            self._changed = str(error)
        if self._changed:
            LOG.error("%s", self._changed)

    async def renew(self) -> None:
        """Look at the head, and read what is new."""
        async with self._turn:
            try:
                new = await asyncio.to_thread(self._ledger.verify_after, self._told.entries)
            except SeatrialError as error:
                if not self._behind:
                    LOG.error("%s", error)
                self._behind = str(error)
                return
            self._behind = ""
            if new or self._today() != self.board.today:
                self._told.add(new)
                self._show()
            wanted = {name: one for name, one in self.board.wanted().items() if not self._is_read(name, one)}
            for name, entry in wanted.items():
                await self._standing(name, entry)
            if wanted:
                self._show()

    def _show(self) -> None:
        self._made.clear()
        self.board = Board(self._told, _Standings(self._read), self._today())

    def once(self, key: Any, make: Callable[[], Any]) -> Any:
        """Return what is made of the board, made once for as long as the board stays as it is."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    async def reviewed(self, folder: str) -> bool:
        """Return whether there is a decision on the review in a folder; its evidence is read."""
        entry = self._told.decisions.get(folder)
        if entry is None:
            return False
        if not self._is_read(folder, entry):
            await self._standing(folder, entry)
            self._show()
        return True

    def knows_release(self, name: str) -> bool:
        """Return whether a release of that name went out."""
        return name in self._told.named

    def place(self, folder: str, file: str) -> Path | None:
        """Return a file of a review that may be shown: its report, or a page of all pairs; None of any other."""
        held = self.board.standings.get(folder)
        if not isinstance(held, Standing) or file not in ("report.html", *held.pages):
            return None
        return self.folder / folder / file

    def _is_read(self, folder: str, entry: Entry) -> bool:
        return self._read.get(folder, ("", ""))[0] == entry.hash

    async def _standing(self, folder: str, entry: Entry) -> None:
        """Read the evidence of one review; where that cannot be, keep why."""
        found: Standing | str
        try:
            if folder in (".", "..") or "/" in folder or "\\" in folder or "\0" in folder:
                raise SeatrialError("its entry names no folder")
            place = self.folder / folder
            if not place.is_dir():
                raise SeatrialError("the review's folder is not here")
            found = await self._worker.do(standing_of, place, entry)
        except SeatrialError as error:
            found = str(error)
        if len(self._read) > KEPT:
            shown = self.board.wanted()
            self._read = {name: held for name, held in self._read.items() if name in shown}
        self._read[folder] = entry.hash, found


def _whole(ledger: Ledger, number: int) -> str:
    """Return the place of one of a ledger's entries, if its whole chain holds; nothing where it has no such entry."""
    entries = ledger.verify()
    return place(entries[number - 1]) if 0 < number <= len(entries) else ""


class _Standings(Mapping[str, Standing | str]):
    """What was read, without the hashes that it was read for."""

    def __init__(self, held: Mapping[str, tuple[str, Standing | str]]) -> None:
        self._held = held

    def __getitem__(self, folder: str) -> Standing | str:
        return self._held[folder][1]

    def __iter__(self) -> Any:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)
