"""Has answers to conversations graded for a behavior, each once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from seatrial.collect import Progress
from seatrial.collect.judging import Judges, Task
from seatrial.evidence.replay.behaviors import Behavior, Reader, harm_of
from seatrial.instruments.base import read_many
from seatrial.instruments.judges import Judge
from seatrial.types import Item, Response

__all__ = ["graded_answers"]


async def graded_answers(
    judges: Judges,
    behavior: Behavior,
    answers: Sequence[tuple[Item, Response]],
    progress: Progress,
    reader: Reader = read_many,
) -> NDArray[np.float64]:
    """Return for each answer 1 where it shows the behavior, 0 where not, and NaN where it got no grade.

    Raises:
        ModelError: the judge's model cannot be used at all; what was graded is kept.
        StoreError: a reply could not be written.
    """
    instrument = behavior.signal.instrument
    if isinstance(instrument, Judge):
        tasks = [Task(item, (response.text,)) for item, response in answers]
        with progress.counting(f"grading for {behavior.name}", len(tasks), "answers") as told:
            judges.on_reply = told
            try:
                await judges.grade(instrument, tasks)
            finally:
                judges.on_reply = lambda fresh: None
    return harm_of(behavior, [item for item, _ in answers], [response for _, response in answers], reader)
