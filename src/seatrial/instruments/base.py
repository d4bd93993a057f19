"""What an instrument is, and what a signal makes of it.

An *instrument* reads one answer and gives one number. A *signal* is an instrument applied to what a
suite (or a transcript) asks; it knows which direction is harm and which variants to subtract.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from seatrial.errors import EvidenceError
from seatrial.types import Harmful, Item, Observation, Response, Role

__all__ = ["Instrument", "Signal", "read_many"]

SLACK = 1e-9
"""Share of its range by which rounding may carry a reading over its bounds."""


Number = TypeVar("Number", float, NDArray[np.float64])


@runtime_checkable
class Instrument(Protocol):
    """Turns one answer into one number.

    Attributes:
        name: `kind/name`, e.g. `probe/affirm`, `text/refusal`, `match/contains`.
        needs: What it reads of a response: the text, or the first token's distribution.
        bounds: Smallest and largest value it can give.
        about: One sentence for the report: what it looks at and what a high value means.
    """

    @property
    def name(self) -> str: ...
    @property
    def needs(self) -> Literal["text", "logprobs"]: ...
    @property
    def bounds(self) -> tuple[float, float]: ...
    @property
    def about(self) -> str: ...

    def read(self, item: Item, response: Response) -> float | None:
        """Return a number within `bounds`, or None where the answer cannot be read."""
        ...


def read_many(instrument: Instrument, items: Sequence[Item], responses: Sequence[Response]) -> Sequence[float | None]:
    """Return an instrument's reading of each answer; one that has a `read_many` of its own reads them at once."""
    own = getattr(instrument, "read_many", None)
    if own is not None:
        made: Sequence[float | None] = own(items, responses)
        return made
    return [instrument.read(item, response) for item, response in zip(items, responses, strict=True)]


@dataclass(frozen=True, slots=True)
class Signal:
    """An instrument applied to a suite.

    Attributes:
        name: As gates name it: `behavior/opinion-sycophancy`.
        instrument: What reads the answers.
        harmful: Which end of the scale is harm.
        bounds: Smallest and largest value of an observation (wider than the instrument's for a contrast).
        contrast: The two variants whose difference (first − second) is the observation; None for single items.
    """

    name: str
    instrument: Instrument
    harmful: Harmful
    bounds: tuple[float, float]
    contrast: tuple[str, str] | None = None

    def harm(self, value: Number) -> Number:
        """Return a value, or an array of them, turned so that more is more harm."""
        return value if self.harmful == "high" else -value

    @property
    def harm_bounds(self) -> tuple[float, float]:
        """Least and greatest harm on the scale that `harm` turns to."""
        low, high = self.bounds
        return (low, high) if self.harmful == "high" else (-high, -low)

    def side(self, item: Item) -> float:
        """Return how an item's reading enters its observation: −1 on a contrast's second side, else 1."""
        return -1.0 if self.contrast and item.variant == self.contrast[1] else 1.0

    def unit(self, item: Item) -> str:
        """Return under which name an item is observed: its contrast's where there are contrasts, else its own."""
        return item.contrast if self.contrast else item.id

    def _check(self, item: Item, value: float) -> None:
        low, high = self.instrument.bounds
        if not low - SLACK * (high - low) <= value <= high + SLACK * (high - low):
            raise EvidenceError(
                f"{self.name}: item {item.id}: {self.instrument.name} reads {value:g}, which is outside its bounds "
                f"[{low:g}, {high:g}]; correct the instrument or its bounds"
            )

    def observe(
        self,
        role: Role,
        items: Sequence[Item],
        responses: Iterable[Response],
        source: str = "",
        read: Callable[[Instrument, Sequence[Item], Sequence[Response]], Sequence[float | None]] = read_many,
    ) -> list[Observation]:
        """Read the responses of one model and return one observation an item (or contrast) and draw.

        A contrast is observed only where both of its variants were answered and read; what is missing on
        one side is found later by comparing the two models' observations with the items that were asked. `read` gives
        the instrument's readings, where they are remembered.

        Raises:
            EvidenceError: a reading is outside the instrument's bounds, or no number.
        """
        by_id = {item.id: item for item in items}
        readings: dict[tuple[str, int], dict[str, float]] = {}
        owners: dict[str, Item] = {}
        known = [one for one in responses if one.item in by_id and by_id[one.item].suite == one.suite]
        asked = [by_id[one.item] for one in known]
        for item, response, value in zip(asked, known, read(self.instrument, asked, known), strict=True):
            if value is None:
                continue
            self._check(item, value)
            key = self.unit(item)
            owners.setdefault(key, item)
            readings.setdefault((key, response.draw), {})[item.variant if self.contrast else ""] = value
        observations = []
        for (key, draw), values in readings.items():
            if self.contrast is None:
                value = values[""]
            elif self.contrast[0] in values and self.contrast[1] in values:
                value = values[self.contrast[0]] - values[self.contrast[1]]
            else:
                continue
            owner = owners[key]
            observations.append(
                Observation(self.name, role, key, owner.cluster, draw, value, 1.0, owner.use_case, "", source)
            )
        return observations
