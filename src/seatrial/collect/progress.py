"""How far a review is: a bar on a terminal, a plain line now and then elsewhere, always on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import IO, TYPE_CHECKING, Literal, Self

from seatrial.errors import message, printable

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

__all__ = ["Mode", "Progress"]

Mode = Literal["bar", "lines", "off"]
SECONDS_BETWEEN_LINES = 10.0


class Progress:
    """Counts calls against the most there can be, with the rate and the longest time left."""

    def __init__(self, mode: Mode | None = None, stream: IO[str] | None = None) -> None:
        """Show a bar where `stream` (stderr) is a terminal, else lines; or as `mode` says."""
        self._stream = stream or sys.stderr
        self.mode: Mode = mode or ("bar" if self._stream.isatty() else "lines")
        self.total = 0
        self.done = 0
        self.fresh = 0
        self.unit = "calls"
        self._standing = "asking"
        self._began = self._spoke = time.monotonic()
        self._bar: Bar | None = None

    def __enter__(self) -> Self:
        """Start the clock and the count, and show the bar."""
        self.done = self.fresh = 0
        self._began = self._spoke = time.monotonic()
        if self.mode == "bar":
            self._bar = _bar(self._stream)
            self._bar.add_task(self._standing, total=self.total or None, rate="", left="")
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar down; say the last standing in a line."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
        if self.mode != "off" and self.total:
            self._print(self._line())

    @contextmanager
    def counting(self, what: str, total: int, unit: str) -> Iterator[Callable[[bool], None]]:
        """Show how far something of its own is; yields what is told of each step whether it was made now."""
        before = self._standing, self.total, self.unit
        self._standing, self.total, self.unit = printable(what), total, unit
        try:
            with self:
                yield lambda fresh: self.advance(fresh=fresh)
        finally:
            self._standing, self.total, self.unit = before

    def plan(self, total: int) -> None:
        """Set the most calls that there can be; deciding early takes fewer."""
        self.total = total

    def advance(self, *, fresh: bool = True) -> None:
        """Count one call; `fresh` where it was made now and not found in the store."""
        self.done += 1
        self.fresh += fresh
        self._show()

    def say(self, standing: str) -> None:
        """Show how the gates stand."""
        self._standing = printable(standing)
        if self.mode == "lines" and self.total:
            self._spoke = time.monotonic()
            self._print(self._line())
        self._show()

    def warn(self, text: str) -> None:
        """Say something that matters, even where no progress is shown."""
        self._print(message(text))

    def _print(self, line: str) -> None:
        """Print a line; a stream that cannot be written, such as a log on a full disk, ends no review."""
        with suppress(OSError):
            print(printable(line, but="\n"), file=self._stream, flush=True)

    @property
    def rate(self) -> float:
        """Calls made a second, without those found in the store."""
        return self.fresh / max(time.monotonic() - self._began, 1e-3)

    def _left(self) -> str:
        if not self.fresh:
            return ""
        seconds = int(max(self.total - self.done, 0) / max(self.rate, 1e-6))
        return f"at most {seconds // 60}:{seconds % 60:02d} left"

    def _line(self) -> str:
        parts = [f"{self.done:,} of at most {self.total:,} {self.unit}"]
        if self.fresh:
            parts += [f"{self.rate:.1f}/s", self._left()]
        return ", ".join(parts) + f" · {self._standing}"

    def _show(self) -> None:
        if self._bar is not None:
            task = self._bar.task_ids[0]
            self._bar.update(
                task,
                description=self._standing,
                completed=self.done,
                total=self.total or None,
                rate=f"{self.rate:.1f}/s",
                left=self._left(),
            )
        elif self.mode == "lines" and time.monotonic() - self._spoke > SECONDS_BETWEEN_LINES:
            self._spoke = time.monotonic()
            self._print(self._line())


def _bar(stream: IO[str]) -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = [
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.fields[left]}"),
    ]
    return Progress(*columns, console=Console(file=stream), transient=True)
