"""Options that name recorded runs and say how they are read, for every command that reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from seatrial.cli.options import named_values
from seatrial.errors import EvidenceError

if TYPE_CHECKING:
    from seatrial.policy import RunsSpec
    from seatrial.runs.pairing import Declared
    from seatrial.types import Harmful

__all__ = [
    "Accept",
    "BaselineModel",
    "BaselineRuns",
    "CandidateModel",
    "CandidateRuns",
    "Cluster",
    "Column",
    "Higher",
    "Lower",
    "Scale",
    "Score",
    "declared_of",
    "spec_of",
]

LARGEST = 1e15
"""The end of a scale, at most: beyond it sums of its numbers are not exact."""
Names = list[str] | None
BaselineRuns = Annotated[
    str, typer.Argument(metavar="BASELINE", help="File, folder or glob of the run that users have now.")
]
CandidateRuns = Annotated[
    str | None,
    typer.Argument(
        metavar="[CANDIDATE]", help="The same of what is to be shipped; the baseline's file if it is left out."
    ),
]
Higher = Annotated[Names, typer.Option("--higher-is-better", metavar="SCORE", help="More of this score is better.")]
Lower = Annotated[Names, typer.Option("--lower-is-better", metavar="SCORE", help="More of this score is harm.")]
Scale = Annotated[
    Names, typer.Option("--scale", metavar="SCORE=LOW:HIGH", help="A score's smallest and largest possible value.")
]
Score = Annotated[Names, typer.Option("--score", metavar="COLUMN", help="A column of a table that holds a score.")]
Column = Annotated[
    Names, typer.Option("--column", metavar="WHAT=NAME", help="A table's column, e.g. item=question_id.")
]
Cluster = Annotated[
    str, typer.Option("--cluster", help="Key of the samples' metadata, or a table's column, that groups them.")
]
BaselineModel = Annotated[str, typer.Option("--baseline-model", help="Whose runs, where a file holds several models.")]
CandidateModel = Annotated[str, typer.Option("--candidate-model", help="The same of the candidate.")]
Accept = Annotated[
    Names, typer.Option("--accept", metavar="FACT", help="What may differ between the runs, e.g. judge.")
]


def spec_of(
    baseline: str,
    candidate: str | None,
    models: tuple[str, str],
    column: Names,
    score: Names,
    cluster: str,
    accept: Names,
) -> RunsSpec:
    """Return the pair of runs that the options name.

    Raises:
        EvidenceError: an option is not written as it must be, or no file is named.
    """
    from seatrial.policy import RunsSpec

    if not baseline.strip() or (candidate is not None and not candidate.strip()):
        side = "candidate" if baseline.strip() else "baseline"
        raise EvidenceError(f"the {side} is an empty name; give a file, a folder or a glob")

    return RunsSpec(
        baseline=baseline,
        candidate=candidate or "",
        baseline_model=models[0],
        candidate_model=models[1],
        columns=named_values(column or (), "--column"),
        scores=score or [],
        cluster=cluster,
        accept=accept or [],
    )


def declared_of(higher: Names, lower: Names, scale: Names) -> Declared:
    """Return what the options say of scores.

    Raises:
        EvidenceError: one is said to be harmful at both ends, or a scale is not written as it must be.
    """
    from seatrial.runs.pairing import Declared

    if both := set(higher or ()) & set(lower or ()):
        raise EvidenceError(f"{min(both)} is given to --higher-is-better and to --lower-is-better; give it to one")
    ends: dict[str, Harmful] = {**dict.fromkeys(higher or (), "low"), **dict.fromkeys(lower or (), "high")}
    scales = {name: _scale(name, value) for name, value in named_values(scale or (), "--scale").items()}
    return Declared(ends, scales)


def _scale(name: str, value: str) -> tuple[float, float]:
    low, _, high = value.partition(":")
    try:
        found = float(low), float(high)
    except ValueError:
        found = 0.0, 0.0
    if not -LARGEST <= found[0] < found[1] <= LARGEST:
        raise EvidenceError(
            f"--scale {name}={value}: write SCORE=SMALLEST:LARGEST, e.g. quality=1:5, within {LARGEST:g}"
        )
    return found
