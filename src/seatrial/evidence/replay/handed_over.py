"""What a replay hands over to a review: a file in its folder, that a policy names under `evidence`."""

from __future__ import annotations

from pathlib import Path

from seatrial.evidence.replay.found import Replay
from seatrial.gates.replayed import ReplayedTraffic, write_replay
from seatrial.gates.traffic_rates import numbered

__all__ = ["handed_over"]


def handed_over(found: Replay, folder: Path, asked: str = "", before: int = 0) -> Path:
    """Write what a review weighs into a replay's folder, and return the file.

    Args:
        found: The replay.
        folder: Its folder.
        asked: What the run was told to draw and to grade, in words.
        before: Looks that runs in the same folder took which were told otherwise.

    Raises:
        StoreError: it cannot be written.
    """
    done = found.done
    made = ReplayedTraffic(
        found.name,
        (found.baseline, found.candidate),
        done.identities,
        found.sample.of,
        tuple(item.id for item in done.items),
        numbered([item.cluster for item in done.items]),
        tuple(one.pairs for one in done.found if one.pairs is not None),
        asked,
        before,
    )
    return write_replay(made, folder)
