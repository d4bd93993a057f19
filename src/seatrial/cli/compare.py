"""`seatrial compare` and `seatrial import`: two logs that a team already has, decided, or kept as observations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seatrial.cli.options import Json, named_values, print_json, say, status, user
from seatrial.cli.runs import (
    Accept,
    BaselineModel,
    BaselineRuns,
    CandidateModel,
    CandidateRuns,
    Cluster,
    Column,
    Higher,
    Lower,
    Scale,
    Score,
    declared_of,
    spec_of,
)
from seatrial.errors import EvidenceError

if TYPE_CHECKING:
    from seatrial.review.compared import Comparison
    from seatrial.runs.pairing import PairedScore

__all__ = ["compare", "import_runs"]


def compare(
    baseline: BaselineRuns,
    candidate: CandidateRuns = None,
    margin: Annotated[
        list[str] | None,
        typer.Option("--margin", help="Rise in harm to tolerate, a share of the scale (0.05); or SCORE=SHARE."),
    ] = None,
    higher: Higher = None,
    lower: Lower = None,
    scale: Scale = None,
    score: Score = None,
    column: Column = None,
    cluster: Cluster = "",
    baseline_model: BaselineModel = "",
    candidate_model: CandidateModel = "",
    accept: Accept = None,
    alpha: Annotated[
        float, typer.Option("--alpha", min=0.0001, max=0.49, help="Chance to pass what breaks it.")
    ] = 0.05,
    report: Annotated[Path | None, typer.Option("--report", help="Write the whole report into this folder.")] = None,
    policy: Annotated[Path | None, typer.Option("--policy", help="Write the policy that repeats this.")] = None,
    as_json: Json = False,
) -> None:
    """Compare two runs of an evaluation that Inspect, lm-eval, promptfoo, OpenAI evals or a table recorded.

    No policy is needed: every score that both runs hold is compared pair by pair and decided at a margin. Which end of
    a score is harm is declared, or known by its name; it is never guessed.
    """
    from seatrial.cli.output.compare import comparison, comparison_json, exit_code_of
    from seatrial.review.compared import MARGIN
    from seatrial.review.compared import compare as compared
    from seatrial.runs.pairing import refuse_unknown

    plain = [one for one in margin or () if "=" not in one]
    if len(plain) > 1:
        raise EvidenceError(f"--margin stands twice for all scores ({' and '.join(plain)}); write one as SCORE=SHARE")
    own = named_values([one for one in margin or () if "=" in one], "--margin", number=True)
    declared = declared_of(higher, lower, scale)
    with status("Comparing"):
        found = compared(
            spec_of(baseline, candidate, (baseline_model, candidate_model), column, score, cluster, accept),
            margin=_share(plain[-1]) if plain else MARGIN,
            margins={name: _share(value) for name, value in own.items()},
            declared=declared,
            alpha=alpha,
            author=user(),
        )
        refuse_unknown(found.runs, declared)
        if policy is not None:
            _refuse_other(policy, found)
            found.write_policy(policy)
        if report is not None and found.review is not None:
            found.review.write(report)
    place = report if found.review is not None else None
    if as_json:
        print_json(comparison_json(found, place))
    else:
        say(comparison(found, not margin, place))
    raise typer.Exit(exit_code_of(found))


def _refuse_other(path: Path, found: Comparison) -> None:
    """Refuse to write a policy over another one, which somebody may have tightened."""
    try:
        other = path.is_file() and found.policy is not None and path.read_text("utf-8") != found.policy.to_yaml()
    except (OSError, UnicodeDecodeError):
        other = True
    if other:
        raise EvidenceError(f"{path} exists and says something else; give another name with --policy, or remove it")


def _share(word: str) -> float:
    try:
        share = float(word)
    except ValueError:
        share = 0.0
    if not 0.0 < share < 1.0:
        raise EvidenceError(f"--margin {word!r}: a share of the scale between 0 and 1 is wanted, e.g. 0.05")
    return share


def import_runs(
    baseline: BaselineRuns,
    candidate: CandidateRuns = None,
    out: Annotated[Path, typer.Option("--out", help="The file of observations to write.")] = Path("runs.parquet"),
    higher: Higher = None,
    lower: Lower = None,
    scale: Scale = None,
    score: Score = None,
    column: Column = None,
    cluster: Cluster = "",
    baseline_model: BaselineModel = "",
    candidate_model: CandidateModel = "",
    accept: Accept = None,
    answers: Annotated[
        Path | None, typer.Option("--answers", help="Write both runs' answers into this folder, as transcripts too.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write two recorded runs as observations, which a policy lists under `evidence`, and say how they were read.

    A policy may also name the two logs themselves: `evidence: [{baseline: now.eval, candidate: next.eval}]`. With
    `--answers FOLDER` instruments, judges and people can read what was written: `transcripts/FOLDER/baseline.jsonl`.
    """
    from seatrial.cli.output.compare import imported, imported_json
    from seatrial.observations import from_frame, write_observations
    from seatrial.review.brought_evidence import runs_of
    from seatrial.runs.answers_file import write_answers
    from seatrial.runs.pairing import paired_runs, refuse_unknown
    from seatrial.types import ROLES

    if out.suffix.lower() != ".parquet":
        raise EvidenceError(f"--out {out}: observations are written as Parquet; name it {out.with_suffix('.parquet')}")
    declared = declared_of(higher, lower, scale)
    spec = spec_of(baseline, candidate, (baseline_model, candidate_model), column, score, cluster, accept)
    declared = declared_of(higher, lower, scale)
    with status("Reading"):
        sides = runs_of(spec)
        found = paired_runs(*sides, replace(declared, accepted=frozenset(spec.accept)))
        refuse_unknown(found, declared)
        _refuse_open(found.scores)
        for role, side in zip(ROLES, sides, strict=True):
            if answers is not None:
                write_answers(side, answers / f"{role}.jsonl")
        write_observations(from_frame(found.observations, None, "the runs"), out)
    if as_json:
        print_json(imported_json(found, out))
    else:
        say(imported(found, out))


def _refuse_open(scores: Sequence[PairedScore]) -> None:
    """Refuse runs of which no score can be written, and say what to say."""
    if all(score.open for score in scores):
        raise EvidenceError("; ".join(f"{score.title}: say {score.open}" for score in scores))
