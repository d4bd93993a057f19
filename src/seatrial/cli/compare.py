"""`seatrial compare`: two logs that a team already has, and the decision."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seatrial.cli.options import Json, named_values, print_json, say, status, user
from seatrial.errors import EvidenceError

if TYPE_CHECKING:
    from seatrial.types import Harmful

__all__ = ["compare"]

Names = list[str]


def compare(
    baseline: Annotated[str, typer.Argument(help="File, folder or glob of the run that users have now.")],
    candidate: Annotated[
        str | None, typer.Argument(help="The same of what is to be shipped; the baseline's file if it is left out.")
    ] = None,
    margin: Annotated[
        Names | None,
        typer.Option("--margin", help="Rise in harm to tolerate, a share of the scale (0.05); or SCORE=SHARE."),
    ] = None,
    higher: Annotated[
        Names | None, typer.Option("--higher-is-better", metavar="SCORE", help="More of this score is better.")
    ] = None,
    lower: Annotated[
        Names | None, typer.Option("--lower-is-better", metavar="SCORE", help="More of this score is harm.")
    ] = None,
    scale: Annotated[
        Names | None, typer.Option("--scale", metavar="SCORE=LOW:HIGH", help="Smallest and largest possible value.")
    ] = None,
    score: Annotated[
        Names | None, typer.Option("--score", metavar="COLUMN", help="A column of a table that holds a score.")
    ] = None,
    column: Annotated[
        Names | None, typer.Option("--column", metavar="WHAT=NAME", help="A table's column, e.g. item=question_id.")
    ] = None,
    cluster: Annotated[str, typer.Option("--cluster", help="Key of the samples' metadata that groups them.")] = "",
    baseline_model: Annotated[
        str, typer.Option("--baseline-model", help="Whose runs, where a file holds several models.")
    ] = "",
    candidate_model: Annotated[str, typer.Option("--candidate-model", help="The same of the candidate.")] = "",
    accept: Annotated[
        Names | None, typer.Option("--accept", metavar="FACT", help="What may differ between the runs, e.g. judge.")
    ] = None,
    alpha: Annotated[float, typer.Option("--alpha", min=0.0001, max=0.5, help="Chance to pass what breaks it.")] = 0.05,
    report: Annotated[Path | None, typer.Option("--report", help="Write the whole report into this folder.")] = None,
    policy: Annotated[Path | None, typer.Option("--policy", help="Write the policy that repeats this.")] = None,
    as_json: Json = False,
) -> None:
    """Compare two runs of an evaluation that Inspect, lm-eval, promptfoo, OpenAI evals or a table recorded.

    No policy is needed: every score that both runs hold is compared pair by pair and decided at a margin. Which end of
    a score is harm is declared, or known by its name; it is never guessed.
    """
    from seatrial.cli.output.compare import comparison, comparison_json, exit_code_of
    from seatrial.policy import RunsSpec
    from seatrial.review.compared import MARGIN
    from seatrial.review.compared import compare as compared
    from seatrial.runs.pairing import Declared

    ends: dict[str, Harmful] = {**dict.fromkeys(higher or (), "low"), **dict.fromkeys(lower or (), "high")}
    if both := set(higher or ()) & set(lower or ()):
        raise EvidenceError(f"{min(both)} is given to --higher-is-better and to --lower-is-better; give it to one")
    plain = [one for one in margin or () if "=" not in one]
    own = named_values([one for one in margin or () if "=" in one], "--margin", number=True)
    columns = named_values(column or (), "--column")
    declared = Declared(ends, _scales(scale or ()))
    runs = RunsSpec(
        baseline=baseline,
        candidate=candidate or "",
        baseline_model=baseline_model,
        candidate_model=candidate_model,
        columns=columns,
        scores=score or [],
        cluster=cluster,
        accept=accept or [],
    )
    with status("Comparing"):
        found = compared(
            runs,
            margin=_share(plain[-1]) if plain else MARGIN,
            margins={name: _share(value) for name, value in own.items()},
            declared=declared,
            alpha=alpha,
            author=user(),
        )
        if report is not None and found.review is not None:
            found.review.write(report)
        if policy is not None:
            found.write_policy(policy)
    place = report if found.review is not None else None
    if as_json:
        print_json(comparison_json(found, place))
    else:
        say(comparison(found, not margin, place))
    raise typer.Exit(exit_code_of(found))


def _share(word: str) -> float:
    try:
        share = float(word)
    except ValueError:
        share = 0.0
    if not 0.0 < share < 1.0:
        raise EvidenceError(f"--margin {word!r}: a share of the scale between 0 and 1 is wanted, e.g. 0.05")
    return share


def _scales(words: Names | tuple[()]) -> dict[str, tuple[float, float]]:
    made = {}
    for name, value in named_values(words, "--scale").items():
        low, colon, high = value.partition(":")
        try:
            made[name] = float(low), float(high)
        except ValueError:
            colon = ""
        if not colon or not made[name][0] < made[name][1]:
            raise EvidenceError(f"--scale {name}={value}: write SCORE=SMALLEST:LARGEST, e.g. quality=1:5")
    return made
