"""What a watch asks every day, fixed on its first one, and what happened since: the file `watch.json` of its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from seatrial.errors import StoreError
from seatrial.formats.jsonl import unique
from seatrial.formats.whole_files import write_whole

__all__ = ["FILE", "Accepted", "Day", "Panel", "State", "load_state", "save_state"]

FILE = "watch.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Panel:
    """The items that one signal is read from, the same ones every day.

    Attributes:
        signal: Its name.
        instrument: What reads the answers; another one could not be compared.
        content: Hash of the suite's content.
        items: Ids of the items, in the order in which they are asked.
    """

    signal: str
    instrument: str
    content: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """A day on which everything was asked; one that was broken off is none until it is asked to its end.

    Attributes:
        date: As YYYY-MM-DD, in coordinated universal time.
        calls: Answers that came.
        failed: Calls without an answer.
    """

    date: str
    calls: int
    failed: int

    @property
    def number(self) -> int:
        """Number of the day in the calendar, which is also the number of its draw."""
        return date.fromisoformat(self.date).toordinal()


@dataclass(frozen=True, slots=True)
class Accepted:
    """That a change was taken for the new normal: earlier days are compared no more.

    Attributes:
        date: The first day that counts.
        reason: Why, in words.
        author: Who said so.
    """

    date: str
    reason: str
    author: str


@dataclass(frozen=True, slots=True)
class State:
    """A watch so far.

    Attributes:
        model: The model's name.
        identity: Hash of all that decides its answers and that its user sets.
        alarms: Chance of a false alarm a year.
        panels: What is asked.
        days: Days asked to their end, in order.
        accepted: Changes that were accepted, in order.
    """

    model: str
    identity: str
    alarms: float
    panels: tuple[Panel, ...]
    days: tuple[Day, ...] = ()
    accepted: tuple[Accepted, ...] = ()

    @property
    def compared(self) -> tuple[Day, ...]:
        """The days that are compared: all since the last change was accepted."""
        since = self.accepted[-1].date if self.accepted else ""
        return tuple(day for day in self.days if day.date >= since)

    @property
    def calls(self) -> int:
        """Calls a day."""
        return sum(len(panel.items) for panel in self.panels)

    def with_accepted(self, change: Accepted) -> State:
        """Return the watch with a change accepted; the last word of a day stands."""
        before = tuple(one for one in self.accepted if one.date != change.date)
        return replace(self, accepted=(*before, change))

    def with_day(self, day: Day) -> State:
        """Return the watch with one more day."""
        return replace(self, days=(*self.days, day))


def load_state(folder: Path) -> State | None:
    """Return the watch in a folder; None where none was begun.

    Raises:
        StoreError: the file cannot be read, or holds something else.
    """
    path = folder / FILE
    try:
        content = json.loads(path.read_bytes(), object_pairs_hook=unique)
        return _state(content)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StoreError(
            f"{path}: is no watch's state ({type(error).__name__}: {error}). Bring back a copy of it, or begin a new "
            "watch in another folder"
        ) from error


def save_state(state: State, folder: Path) -> None:
    """Write the watch into its folder, whole or not at all.

    Raises:
        StoreError: it cannot be written.
    """
    write_whole(folder / FILE, json.dumps({"format": FORMAT} | asdict(state), indent=1) + "\n", StoreError)


def _state(content: Mapping[str, Any]) -> State:
    if content["format"] != FORMAT:
        raise ValueError(f"format {content['format']!r} is not known")
    state = State(
        _word(content["model"]),
        _word(content["identity"]),
        float(content["alarms"]),
        tuple(
            Panel(_word(one["signal"]), _word(one["instrument"]), _word(one["content"]), _words(one["items"]))
            for one in content["panels"]
        ),
        tuple(Day(_date(one["date"]), int(one["calls"]), int(one["failed"])) for one in content["days"]),
        tuple(Accepted(_date(one["date"]), _word(one["reason"]), _word(one["author"])) for one in content["accepted"]),
    )
    if not 0 < state.alarms < 1 or not state.panels:
        raise ValueError("no panel, or no chance of a false alarm")
    for dates in ([day.date for day in state.days], [one.date for one in state.accepted]):
        if dates != sorted(set(dates)):
            raise ValueError("days out of order")
    return state


def _words(values: Sequence[object]) -> tuple[str, ...]:
    return tuple(_word(value) for value in values)


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _date(value: object) -> str:
    return date.fromisoformat(_word(value)).isoformat()
