"""What an instrument may do: block and launch, or only advise, by what is known of its error.

The rule that a weak instrument may not gate stands here, and nowhere else.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from seatrial.instruments.base import Instrument
from seatrial.instruments.records import Measurement, Record, Records, version_of
from seatrial.stats.instruments import Slope

__all__ = ["BY_NATURE", "LEAST_YOUDEN", "UNKNOWN", "Standing", "informative", "judged_by_record", "standing"]

LEAST_YOUDEN = 0.3
"""An instrument whose TPR − FPR may lie below this may only advise: it could show less than a third of a shift."""

NORMAL_90 = 1.6449
"""Standard errors on either side of an estimate in its two-sided 90 % interval."""


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
        slope_se: Standard error of that share; 0 by definition.
        differential: Largest shift that error which differs between any two models that were measured could fake; NaN
            where unknown.
        between: The same for the two models under review, where its record has both; NaN where it has not.
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
    slope_se: float = 0.0
    between: float = math.nan

    @property
    def faked(self) -> float:
        """Change of true harm that error which differs between the models under review could fake; 0 if unknown."""
        return 0.0 if math.isnan(self.between) or not self.slope > 0 else self.between / self.slope

    @property
    def shows(self) -> Slope:
        """What its readings show of a true change."""
        return Slope(self.slope, self.slope_se)


UNKNOWN = Standing(False, "Error not measured, so it may only advise.", math.nan, math.nan, False)
"""Of an instrument of which nothing is known."""

BY_NATURE = Standing(True, "None, by definition.", 1.0, 0.0, True)
"""Of what is right by definition."""


def informative(found: Measurement) -> bool:
    """Return whether an instrument is surely better than chance, and surely shows enough of a shift to gate.

    Bounds decide and not estimates: of instruments that show a fifth of a shift, one in five looks good enough on forty
    labels.
    """
    return found.youden[1] >= LEAST_YOUDEN and found.auc[1] > 0.5 and found.slope[1] > 0


Pair = tuple[Collection[str], Collection[str]]
"""The names under which a record may know the baseline, and those for the candidate."""


def standing(instrument: Instrument, signal: str, records: Records, models: Pair = ((), ())) -> Standing:
    """Return what an instrument may do for a signal.

    Args:
        instrument: The instrument.
        signal: The signal that it serves.
        records: Instrument → its records, a team's own before the built-in ones.
        models: The two models under review, whose error may have been measured apart.
    """
    given = BY_DEFINITION.get(instrument.name) or BY_DEFINITION.get(instrument.name.split("/")[0])
    if given is not None:
        return replace(BY_NATURE, why=given)
    held = records.get(instrument.name, ())
    current = [record for record in held if record.version == version_of(instrument)]
    if not current:
        why = "its record is of another version" if held else "it has no record"
        return Standing(False, f"Error not measured: {why}, so it may only advise.", math.nan, math.nan, False)
    return judged_by_record(current[0], signal, models)


def judged_by_record(record: Record, signal: str, models: Pair = ((), ())) -> Standing:
    """Return what one record lets its instrument do for a signal: by the worst that was measured for it."""
    others = [one for one in record.measurements if not one.author_written]
    own = [one for one in others if one.signal == signal] or others
    if own:
        worst = min(own, key=lambda one: one.youden[1])
        found = _standing(record, worst, exact=worst.signal in ("", signal))
        return replace(found, between=max((_between(one, models) for one in own), key=_known_first))
    figures = "; ".join(_figures(one) for one in record.measurements if one.signal in ("", signal)) or "nothing"
    why = (
        f"Measured only on text that its own authors wrote, so it may only advise: {figures}. {record.besides}".strip()
    )
    return Standing(False, why, math.nan, math.nan, False, record.digest)


def _between(found: Measurement, models: Pair) -> float:
    """Return by how much the error differs between the two models, by TPR or FPR; NaN where not measured."""
    named = [[group for group in found.groups if group[0] in names] for names in models]
    if not named[0] or not named[1]:
        return math.nan
    (_, _, tpr, _, tnr), (_, _, other_tpr, _, other_tnr) = named[0][0], named[1][0]
    return max(abs(tpr - other_tpr), abs(tnr - other_tnr))


def _known_first(value: float) -> float:
    return -1.0 if math.isnan(value) else value


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
    error = (found.slope[2] - found.slope[1]) / (2 * NORMAL_90)
    if informative(found):
        return Standing(True, f"{shown}.{besides}", slope, differential, True, record.digest, youden, error)
    if found.youden[1] <= 0 or found.auc[1] <= 0.5:
        reason = "its interval includes chance"
    elif found.slope[1] <= 0:
        reason = "its readings may show nothing of a shift"
    else:
        reason = f"it may be below {LEAST_YOUDEN:g}"
    why = f"{shown}: {reason}, so it may only advise.{besides}"
    return Standing(False, why, slope, differential, True, record.digest, youden, error)
