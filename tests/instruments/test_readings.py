"""Readings that are remembered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from seatrial.instruments.readings import Readings
from seatrial.types import Item, Response

ITEMS = [Item(f"i{n}", "s", ()) for n in range(4)]
ANSWERS = [Response(item.id, "s", 0, f"answer {n}") for n, item in enumerate(ITEMS)]


@dataclass
class _Counting:
    """Reads the number that stands in `known`, and notes whom it read; it cannot be hashed."""

    known: dict[str, float]
    read_so_far: list[str] = field(default_factory=list)
    name: str = "text/counting"
    about: str = ""
    needs: Literal["text", "logprobs"] = "text"
    bounds: tuple[float, float] = (0.0, 1.0)

    def read(self, item: Item, response: Response) -> float | None:
        self.read_so_far.append(item.id)
        return self.known.get(item.id)


def test_each_answer_is_read_once_by_each_instrument() -> None:
    """However often and in whatever order it is asked for; instruments do not take each other's readings."""
    one, other = _Counting({f"i{n}": n / 10 for n in range(4)}), _Counting({f"i{n}": n / 5 for n in range(4)})
    readings = Readings()
    assert readings.of(one, ITEMS[:2], ANSWERS[:2]) == [0.0, 0.1]
    assert readings.of(one, ITEMS[::-1], ANSWERS[::-1]) == [0.3, 0.2, 0.1, 0.0]
    assert readings.of(other, ITEMS, ANSWERS) == [0.0, 0.2, 0.4, 0.6]
    assert readings.of(one, ITEMS, ANSWERS) == [0.0, 0.1, 0.2, 0.3]
    assert sorted(one.read_so_far) == sorted(other.read_so_far) == ["i0", "i1", "i2", "i3"]


def test_what_could_not_be_read_is_asked_for_again() -> None:
    """A judge may have graded it since."""
    judge = _Counting({"i0": 0.5})
    readings = Readings()
    assert readings.of(judge, ITEMS[:2], ANSWERS[:2]) == [0.5, None]
    judge.known["i1"] = 1.0
    assert readings.of(judge, ITEMS[:2], ANSWERS[:2]) == [0.5, 1.0]
    assert judge.read_so_far == ["i0", "i1", "i1"]


def test_nothing_is_mixed_up_when_answers_come_and_go() -> None:
    """A new answer that lies where an old one lay in memory is read anew."""
    readings = Readings()
    for number in range(500):
        item = Item(f"i{number}", "s", ())
        reader = _Counting({item.id: float(number)})
        assert readings.of(reader, [item], [Response(item.id, "s", 0, "x")]) == [float(number)]
