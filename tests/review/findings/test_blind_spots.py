"""What a report says beside the verdicts."""

from __future__ import annotations

import numpy as np

from seatrial.observations import to_frame
from seatrial.review.findings.blind_spots import liked_and_off
from seatrial.types import Observation, Role


def _session(off: float, preferred: float, seed: int = 0) -> list[Observation]:
    """Simulated ratings of 80 pairs: chance of a flag on either side, and of preferring the candidate."""
    rng = np.random.default_rng(seed)
    made = []
    for place in range(80):
        liked = float(rng.random() < preferred)
        sides: tuple[tuple[Role, float, float], ...] = (("baseline", 0.1, 1 - liked), ("candidate", off, liked))
        for role, rate, share in sides:
            name = f"item-{place}"
            flag = float(rng.random() < rate)
            made.append(Observation("vibe/off", role, name, name, 0, flag, 1.0, "general", "ana", "x"))
            made.append(Observation("vibe/preference", role, name, name, 0, share, 1.0, "general", "ana", "x"))
    return made


def test_preference_and_harm_that_point_apart_are_said() -> None:
    """Raters who like what they flag are reported; who dislike it, or flag nothing more, are not."""
    (note,) = liked_and_off(to_frame(_session(0.6, 0.85)))
    assert "prefer the candidate and find more off with it" in note
    assert not liked_and_off(to_frame(_session(0.6, 0.15)))
    assert not liked_and_off(to_frame(_session(0.1, 0.85)))
    assert not liked_and_off(to_frame([]))
