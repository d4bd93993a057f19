"""`seatrial vibe`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seatrial.cli.options import Json, print_json

__all__ = ["vibe_app"]

vibe_app = typer.Typer(
    help="What people say of two models' answers, and what their word is worth.", no_args_is_help=True
)


@vibe_app.callback()
def _vibe() -> None:
    pass


@vibe_app.command(
    "import", epilog="Example: seatrial vibe import votes.csv --baseline old --candidate new --out votes.parquet"
)
def vibe_import(
    votes: Annotated[Path, typer.Argument(help="Votes on pairs, .csv or .jsonl: rater, item, vote, left, right.")],
    column: Annotated[
        list[str] | None, typer.Option(help="WHAT=NAME of rater, item, vote, left, right, prompt.")
    ] = None,
    baseline: Annotated[str, typer.Option(help="What the votes call the baseline; with --candidate and --out.")] = "",
    candidate: Annotated[str, typer.Option(help="What the votes call the candidate.")] = "",
    out: Annotated[Path | None, typer.Option(help="Where `vibe/preference` goes, for `evidence:` in a policy.")] = None,
    as_json: Json = False,
) -> None:
    """Say what votes made elsewhere are worth: agreement, ties, side bias, each rater; and make them evidence."""
    from dataclasses import asdict

    from seatrial.errors import EvidenceError
    from seatrial.observations import to_frame, write_observations
    from seatrial.signals.calibrate import pairs
    from seatrial.terminal import crowd_summary
    from seatrial.vibes import crowd_of, read_votes, to_observations

    read = read_votes(votes, pairs(column or [], "--column"))
    if bool(out) != bool(baseline and candidate):
        raise EvidenceError("--out, --baseline and --candidate go together: evidence compares two models")
    made = to_observations(read, baseline, candidate, votes.name) if out is not None else []
    if out is not None:
        write_observations(to_frame(made), out)
    found = crowd_of(read)
    if as_json:
        print_json({**asdict(found), "observations": len(made)})
        return
    typer.echo(crowd_summary(found))
    if out is not None:
        typer.echo(f"{len(made):,} observations of vibe/preference: {out}. List it under `evidence:` in a policy.")
