"""What an instrument may do: block and launch, or only advise, by what is known of its error.

The rule that a weak instrument may not gate stands here, and nowhere else.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from seatrial.instruments.base import Instrument
from seatrial.instruments.records import Measurement, Record, Records, version_of

__all__ = ["LEAST_YOUDEN", "UNKNOWN", "Standing", "informative", "judged_by_record", "standing"]

LEAST_YOUDEN = 0.3
"""Below this TPR − FPR an instrument may only advise: it would show less than a third of a shift."""


BY_DEFINITION: Mapping[str, str] = {
    "match": "None: answers are compared with a list of accepted ones.",
    "labels": "Not measured: the policy takes these labels as the truth.",
    "evidence": "Not measured here: the numbers were made elsewhere, and the policy takes them as the truth.",
    "text/length": "None: it counts words, and claims no more.",
    "text/format": "None: it counts marked lines, and claims no more.",
    "text/hook": "None: it looks for a question or an offer in the last sentence, and claims no more.",
}
"""Instruments that measure what they say by definition, by kind or name; their error is not theirs to have."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What an instrument's record lets it do for one signal.

    Attributes:
        may_gate: Whether its gate may block and launch; else it advises.
        why: What is known of its error, in words.
        slope: Share of a true shift that it shows; 1 by definition, NaN where unknown.
        differential: Largest shift that error which differs between two models could fake; NaN where unknown.
        measured: Whether its error was measured or needs no measuring.
        digest: SHA-256 of the record; empty without one.
        youden: TPR − FPR; NaN where unknown.
    """

    may_gate: bool
    why: str
    slope: float
    differential: float
    measured: bool
    digest: str = ""
    youden: float = math.nan


UNKNOWN = Standing(False, "Error not measured, so it may only advise.", math.nan, math.nan, False)
"""Of an instrument of which nothing is known."""


def informative(found: Measurement) -> bool:
    """Return whether an instrument is surely better than chance, and shows enough of a shift to gate."""
    return found.youden[0] >= LEAST_YOUDEN and found.youden[1] > 0 and found.auc[1] > 0.5


def standing(instrument: Instrument, signal: str, records: Records) -> Standing:
    """Return what an instrument may do for a signal.

    Args:
        instrument: The instrument.
        signal: The signal that it serves.
        records: Instrument → its records, a team's own before the built-in ones.
    """
    given = BY_DEFINITION.get(instrument.name) or BY_DEFINITION.get(instrument.name.split("/")[0])
    if given is not None:
        return Standing(True, given, 1.0, 0.0, True)
    held = records.get(instrument.name, ())
    current = [record for record in held if record.version == version_of(instrument)]
    if not current:
        why = "its record is of another version" if held else "it has no record"
        return Standing(False, f"Error not measured: {why}, so it may only advise.", math.nan, math.nan, False)
    return judged_by_record(current[0], signal)


def judged_by_record(record: Record, signal: str) -> Standing:
    """Return what one record lets its instrument do for a signal: by the worst that was measured for it."""
    found = [one for one in record.measurements if not one.author_written]
    own = [one for one in found if one.signal == signal] or found
    if own:
        worst = min(own, key=lambda one: one.youden[0])
        return _standing(record, worst, exact=worst.signal in ("", signal))
    figures = "; ".join(_figures(one) for one in record.measurements if one.signal in ("", signal)) or "nothing"
    why = (
        f"Measured only on text that its own authors wrote, so it may only advise: {figures}. {record.besides}".strip()
    )
    return Standing(False, why, math.nan, math.nan, False, record.digest)


def _figures(found: Measurement) -> str:
    return (
        f"TPR − FPR {found.youden[0]:.2f} [{found.youden[1]:.2f}, {found.youden[2]:.2f}], AUC {found.auc[0]:.2f}, on "
        f"{found.answers} answers ({found.on}; labelled by {found.labelled_by})"
    )


def _standing(record: Record, found: Measurement, exact: bool) -> Standing:
    shown = _figures(found)
    if not exact:
        shown += f", measured for {found.signal}"
    differential = max(found.differential)
    besides = f" {record.besides}" if record.besides else ""
    slope, youden = max(found.slope[0], 0.0), found.youden[0]
    if informative(found):
        return Standing(True, f"{shown}.{besides}", slope, differential, True, record.digest, youden)
    reason = (
        "its interval includes chance" if found.youden[1] <= 0 or found.auc[1] <= 0.5 else f"below {LEAST_YOUDEN:g}"
    )
    why = f"{shown}: {reason}, so it may only advise.{besides}"
    return Standing(False, why, slope, differential, True, record.digest, youden)
