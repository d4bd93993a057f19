"""A past review as its folder kept it: its observations, and what their instruments may do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from seatrial.backtest.past import PastRelease
from seatrial.errors import SeatrialError
from seatrial.instruments import Signal, harmful_end, rated_signal
from seatrial.instruments.may_gate import UNKNOWN, Standing, judged_by_record, on_trust
from seatrial.instruments.recorded import Observed
from seatrial.instruments.records import Records
from seatrial.ledger import Entry, check_files, folder_of
from seatrial.observations import by_signal, read_observations
from seatrial.policy import LaunchPolicy, SignalSpec
from seatrial.report import ReviewResult, load_result
from seatrial.suites import Suite
from seatrial.types import GateVerdict

__all__ = ["StoredReview", "signal_of", "standing_of", "stored_review"]

OBSERVATIONS = "observations.parquet"


@dataclass(frozen=True, slots=True)
class StoredReview:
    """What is left of a review.

    Attributes:
        content: All that its report shows.
        observations: Signal → its observations.
        verdicts: Signal → the verdict of then, of gates and of suites of families.
    """

    content: ReviewResult
    observations: Mapping[str, pl.DataFrame]
    verdicts: Mapping[str, GateVerdict]

    def sources(self, signal: str) -> list[str]:
        """Return where a signal's observations came from."""
        return self.observations[signal]["source"].cast(pl.String).unique().sort().to_list()

    def asked_of_suite(self, signal: str) -> bool:
        """Return whether it read the answers to a suite."""
        return any(name.startswith(f"suite {signal} v") for name, _ in self.content.hashes)


def stored_review(reviews: Path, entries: Sequence[Entry], release: PastRelease) -> StoredReview | str:
    """Return the review that a release rests on, or why it cannot be weighed again.

    Args:
        reviews: Folder of all reviews.
        entries: All entries of the ledger, verified.
        release: The release.
    """
    folder = folder_of(reviews, release.folder, release.id, entries)
    if folder is None:
        return "its review's folder is not here"
    try:
        check_files(folder, entries)
        content = load_result(folder)
        if dict(content.hashes).get("review") != release.review:
            return "its review was run again since, and the folder holds the later one"
        found = by_signal(read_observations(folder / OBSERVATIONS))
    except SeatrialError as error:
        return " ".join(str(error).split())
    return StoredReview(content, found, content.decision.every_verdict)


def signal_of(name: str, review: StoredReview, policy: LaunchPolicy, suites: Mapping[str, Suite]) -> Signal:
    """Return what a review's stored numbers of a signal measure: as the policy declares it, else as it was then.

    Raises:
        PolicyError: its numbers name an instrument that does not exist.
    """
    spec = policy.signals.get(name) or review.content.policy.signals.get(name)
    if spec is not None:
        return Signal(name, Observed(spec.bounds), harmful_end(name, spec), spec.bounds)
    if not review.asked_of_suite(name):
        return rated_signal(name, SignalSpec(), review.sources(name))
    suite = suites.get(name)
    then = next((one.harmful for one in review.content.named if one.signal == name), harmful_end(name, None))
    harmful = then if suite is None else suite.harmful
    # A judge grades each answer by itself; any other reading of a suite of contrasts is a difference.
    judged = review.verdicts[name].instrument.startswith("judge/") if name in review.verdicts else False
    low = -1.0 if suite is not None and suite.contrast and not judged else 0.0
    return Signal(name, Observed((low, 1.0)), harmful, (low, 1.0))


def standing_of(name: str, review: StoredReview, trust: str, records: Records) -> Standing:
    """Return what the instrument that read a signal may do: by the record of then, and by the trust of the policy.

    Where that record is not here any more, what the review said of it counts, and its own error counts as none.

    Args:
        name: The signal.
        review: The review.
        trust: The policy's reason for taking it on trust; empty for none.
        records: Instrument → records that are here.
    """
    content, verdict = review.content, review.verdicts.get(name)
    note = next((one for one in content.instruments if name in one.signals), None)
    if note is None or verdict is None or verdict.trust:  # what counted on trust then counts by the trust of now
        return on_trust(UNKNOWN, trust)
    known = Standing(note.may_gate, note.error, note.slope, note.differential, note.measured, starter=verdict.starter)
    digest = dict(content.hashes).get(f"record {note.name}")
    for record in records.get(note.name, ()):
        models = (content.policy.baseline.model, "baseline"), (content.policy.candidate.model, "candidate")
        found = judged_by_record(record, name, models)
        if record.digest == digest and found.may_gate == note.may_gate and found.slope == note.slope:
            known = found
    return on_trust(known, trust)
