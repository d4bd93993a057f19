"""The record of a session's raters: how often they heard known harm, and how often they heard what was not there."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence

import numpy as np

from seatrial.errors import EvidenceError
from seatrial.evidence.vibes.closing import OFF, Closing
from seatrial.evidence.vibes.values import Rated
from seatrial.instruments.declared import RATED
from seatrial.instruments.measure import Labelled, Source, measure_readings
from seatrial.instruments.recorded import Raters
from seatrial.instruments.records import Record, version_of

__all__ = ["record_of_raters", "source_of"]


def source_of(name: str, rated: Sequence[Rated]) -> str:
    """Return the name under which a session's ratings are evidence; other ratings have another."""
    said = sorted(json.dumps([one.rater, one.place, dict(one.rating)], sort_keys=True) for one in rated)
    return f"{RATED}{name} {hashlib.sha256(chr(10).join(said).encode()).hexdigest()[:12]}"


def record_of_raters(rated: Sequence[Rated], closing: Closing, source: str) -> Record | None:
    """Return the record of the raters that count, from the controls of their session; None with too few controls.

    Args:
        rated: All final ratings of the session.
        closing: What they came to.
        source: Their name as evidence, which the record holds for.
    """
    heard = {ear.rater: ear for ear in closing.ears if not ear.deaf}
    rows: list[Labelled] = []
    readings: list[float] = []
    for one in rated:
        trial, cluster = one.trial, f"{one.trial.suite}/{one.trial.item.cluster}"
        if one.rater not in heard or trial.kind not in ("spike", "same"):
            continue
        for side, text in (("left", trial.left), ("right", trial.right)):
            if trial.kind == "spike" and side != trial.odd:
                continue
            rows.append(Labelled(text, float(trial.kind == "spike"), cluster, trial.item.id, ""))
            readings.append(float((one.rating[f"off_{side}"] or 0) > 0))
    told = Source(
        "known harm and the same model twice, hidden among the pairs", "how the pairs were made", False, source, OFF
    )
    try:
        measured = measure_readings(np.array(readings), rows, told, 0.5)
    except EvidenceError:
        return None
    retests = [ear.retest for ear in heard.values() if not math.isnan(ear.retest)]
    return Record(
        "raters/blinded",
        version_of(Raters((0.0, 1.0), (source,))),
        (measured,),
        retest=round(float(np.mean(retests)), 6) if retests else 1.0,
        position_bias=round(-float(np.mean([ear.side.estimate for ear in heard.values()])), 6),
    )
