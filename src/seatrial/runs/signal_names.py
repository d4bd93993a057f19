"""What the scores of recorded runs are called as signals of a policy: `eval/task.score`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from seatrial.runs.json_files import digest_of
from seatrial.runs.recorded_run import RecordedRun

__all__ = ["signal_names"]


def signal_names(runs: Sequence[RecordedRun]) -> dict[tuple[str, str], str]:
    """Return each score's signal by its task and name; scores that would share one are told apart by a digest."""
    named = {
        (run.task, str(name)): _signal(run.task, str(name)) for run in runs for name in run.scores["score"].unique()
    }
    stands = Counter(named.values())
    return {key: signal if stands[signal] == 1 else f"{signal}-{digest_of(key)[:6]}" for key, signal in named.items()}


def _signal(task: str, score: str) -> str:
    """Return a signal's name for a score of a task."""
    words = ".".join(part for part in (_plain(task.rpartition("/")[2]), _plain(score)) if part)
    return f"eval/{words or 'score'}"


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-")
