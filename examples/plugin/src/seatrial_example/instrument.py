"""An instrument: reads one answer and gives one number."""

from __future__ import annotations

from dataclasses import dataclass

from seatrial.types import Item, Response


@dataclass(frozen=True)
class Exclamations:
    """Share of an answer's sentences that end in an exclamation mark."""

    name: str = "text/exclamations"
    needs: str = "text"
    bounds: tuple[float, float] = (0.0, 1.0)
    about: str = "Share of sentences that end in an exclamation mark; high is excited."

    def read(self, item: Item, response: Response) -> float | None:
        """Return the share; None where the answer has no sentence, which is not the same as a calm one."""
        ends = [letter for letter in response.text if letter in ".!?"]
        return sum(letter == "!" for letter in ends) / len(ends) if ends else None


EXCLAMATIONS = Exclamations()
