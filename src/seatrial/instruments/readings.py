"""What instruments read of answers, each answer read once by each instrument however many ask."""

from __future__ import annotations

from collections.abc import Sequence

from seatrial.instruments.base import Instrument, read_many
from seatrial.types import Item, Response

__all__ = ["Readings"]


class Readings:
    """Readings that are remembered: gates with one instrument share them, and so do the findings about a gate.

    What could not be read is asked for again, for a judge may have graded it since.
    """

    def __init__(self) -> None:
        """Start with nothing read."""
        self._known: dict[tuple[int, int], tuple[Instrument, Response, float]] = {}

    def of(self, instrument: Instrument, items: Sequence[Item], responses: Sequence[Response]) -> list[float | None]:
        """Return an instrument's reading of each answer, in order; None where it cannot read it.

        Args:
            instrument: What reads.
            items: The item of each answer.
            responses: The answers: the same objects whenever they are asked for.
        """
        fresh = [place for place, one in enumerate(responses) if (id(instrument), id(one)) not in self._known]
        made = read_many(instrument, [items[place] for place in fresh], [responses[place] for place in fresh])
        for place, value in zip(fresh, made, strict=True):
            if value is not None:  # both are kept, so that their ids stay theirs
                self._known[id(instrument), id(responses[place])] = (instrument, responses[place], value)
        found = [self._known.get((id(instrument), id(one))) for one in responses]
        return [None if one is None else one[2] for one in found]
