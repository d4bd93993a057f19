"""Simulated users and their thumbs: a behavioral model written down, not people.

Each simulated user would put a thumb up with log-odds

    intercept + leniency of the user + agreement · a + praise · p + correction · c + refusal · r

where a, p, c and r in [0, 1] are how much the answer agrees, praises, corrects and refuses, as the project's text and
linear instruments read it. Who would vote does so with chance `votes`; who does not leaves nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from seatrial.evidence.rewards.training_plan import Users
from seatrial.instruments import find_instrument
from seatrial.instruments.base import read_many
from seatrial.types import Item, Response

__all__ = ["AGREEMENT", "PRAISE", "REFUSAL", "SimulatedUsers", "Thumbs"]

Array = NDArray[np.float64]

PRAISE = ("text/praise", "linear/praise")
AGREEMENT = ("text/agreement", "linear/agreement")
REFUSAL = "text/refusal"
"""Instruments that simulated users hear with; agreement and praise are means of two."""


@dataclass(frozen=True, slots=True)
class Thumbs:
    """What the simulated users said of one completion."""

    up: int
    votes: int


@dataclass(frozen=True)
class SimulatedUsers:
    """A crowd of simulated users; the same answer to the same prompt always gets the same thumbs.

    Attributes:
        spec: The behavioral model.
        seed: Seed of who they are and of what they do.
    """

    spec: Users
    seed: int

    @cached_property
    def _leniency(self) -> Array:
        return np.random.default_rng([self.seed, 1]).normal(0.0, self.spec.leniency, self.spec.raters)

    def score(self, items: Sequence[Item], texts: Sequence[str]) -> list[float | None]:
        """Return the smoothed share of thumbs up, (up + 1) / (votes + 2); None where nobody voted."""
        return [(one.up + 1) / (one.votes + 2) if one.votes else None for one in self.thumbs(items, texts)]

    def thumbs(self, items: Sequence[Item], texts: Sequence[str]) -> list[Thumbs]:
        """Return each completion's thumbs."""
        given = []
        for item, text, liked in zip(items, texts, self.liking(items, texts), strict=True):
            content = "\x00".join([str(self.seed), *(turn.content for turn in item.messages), text])
            digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).digest()
            drawn = np.random.default_rng(np.frombuffer(digest, dtype=np.uint32)).random((2, self.spec.raters))
            voting = drawn[0] < self.spec.votes
            up = drawn[1] < 1.0 / (1.0 + np.exp(-(liked + self._leniency)))
            given.append(Thumbs(int((up & voting).sum()), int(voting.sum())))
        return given

    def liking(self, items: Sequence[Item], texts: Sequence[str]) -> Array:
        """Return the log-odds of a thumb up from a user of mean leniency; an empty answer counts as a refusal."""
        agreement, praise = _balance(AGREEMENT, items, texts), _balance(PRAISE, items, texts)
        refusal = np.array([1.0 if value is None else value for value in _read(REFUSAL, items, texts)])
        return (
            self.spec.intercept
            + self.spec.agreement * np.maximum(agreement, 0.0)
            + self.spec.correction * np.maximum(-agreement, 0.0)
            + self.spec.praise * np.maximum(praise, 0.0)
            + self.spec.refusal * refusal
        )


def _balance(names: Sequence[str], items: Sequence[Item], texts: Sequence[str]) -> Array:
    """Return the mean of instruments whose middle is neutral, from −1 to 1; 0 where nothing can be read."""
    read = [[0.5 if value is None else value for value in _read(name, items, texts)] for name in names]
    mean: Array = np.asarray(read, dtype=float).mean(axis=0)
    return 2.0 * mean - 1.0


def _read(name: str, items: Sequence[Item], texts: Sequence[str]) -> Sequence[float | None]:
    responses = [Response(item.id, item.suite, 0, text) for item, text in zip(items, texts, strict=True)]
    return read_many(find_instrument(name), items, responses)
