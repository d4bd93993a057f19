"""Labels, ratings and numbers that came with the evidence, read as observations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from seatrial.errors import EvidenceError
from seatrial.types import Item, Response

__all__ = ["Labels", "Observed", "Raters", "Summarized"]


@dataclass(frozen=True)
class Labels:
    """Reads a column of the recorded row: a number, or a word that the policy gives a number."""

    column: str
    values: tuple[tuple[str, float], ...]
    bounds: tuple[float, float]
    needs: Literal["text", "logprobs"] = "text"

    @property
    def name(self) -> str:
        """Name of the instrument."""
        return f"labels/{self.column}"

    @property
    def about(self) -> str:
        """What it reads."""
        return f"The column {self.column!r} of the recorded answers."

    def read(self, item: Item, response: Response) -> float | None:
        """Return the label's number; None where the label is empty.

        Raises:
            EvidenceError: there is no such column, or the label has no number within the bounds.
        """
        labels = dict(response.labels)
        if self.column not in labels:
            raise EvidenceError(f"item {item.id}: no column {self.column!r}; its row has {', '.join(labels)}")
        label = labels[self.column].strip()
        if not label:
            return None
        known = dict(self.values)
        if known and label not in known:
            raise EvidenceError(
                f"item {item.id}: the label {label!r} of {self.column!r} has no number; `values` lists "
                f"{', '.join(known)}"
            )
        try:
            value = known[label] if known else float(label)
        except ValueError:
            raise EvidenceError(
                f"item {item.id}: {self.column!r} is {label!r}, not a number; give words their numbers with `values`"
            ) from None
        if not math.isfinite(value) or not self.bounds[0] <= value <= self.bounds[1]:
            raise EvidenceError(
                f"item {item.id}: {self.column!r} is {label}, outside the bounds "
                f"[{self.bounds[0]:g}, {self.bounds[1]:g}]; declare its scale beside `column`: "
                "bounds: [smallest, largest]"
            )
        return value


@dataclass(frozen=True)
class Observed:
    """Stands for whatever made the numbers of an evidence file; it reads nothing itself."""

    bounds: tuple[float, float]
    name: str = "evidence/file"
    needs: Literal["text", "logprobs"] = "text"
    about: str = "Numbers observed elsewhere and brought as a file."

    def read(self, item: Item, response: Response) -> float | None:
        """Return None: there is no answer to read."""
        return None


@dataclass(frozen=True)
class Summarized(Observed):
    """Stands for whatever made the summary figures that a policy holds."""

    name: str = "evidence/summary"
    about: str = "Mean, standard error and number of items of each model by itself, as somebody gave them."


@dataclass(frozen=True)
class Raters:
    """People who looked at blinded pairs; the record is of these people in these sessions, and of no one else."""

    bounds: tuple[float, float]
    sessions: tuple[str, ...]
    name: str = "raters/blinded"
    needs: Literal["text", "logprobs"] = "text"
    about: str = "Raters who looked at blinded pairs, with controls hidden among them."

    @property
    def version(self) -> str:
        """What its record must be of."""
        return "\n".join(self.sessions)

    def read(self, item: Item, response: Response) -> float | None:
        """Return None: they have read already."""
        return None
