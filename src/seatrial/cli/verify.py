"""`seatrial verify`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from seatrial.cli.ledger import Anchors, Trust
from seatrial.cli.options import Json, print_json, say, status
from seatrial.errors import SeatrialError

__all__ = ["verify"]


def verify(
    folder: Annotated[Path, typer.Argument(help="A finished review's folder, or a copy of it.")],
    ledger: Annotated[
        str | None, typer.Option("--ledger", help="The ledger's file or URL; else the one beside the folder.")
    ] = None,
    envelope: Annotated[
        list[Path] | None,
        typer.Option("--envelope", help="An exported entry (ledger show --envelope), in place of a ledger."),
    ] = None,
    trust: Trust = None,
    anchor: Anchors = None,
    evidence: Annotated[
        list[Path] | None, typer.Option("--evidence", help="Where files outside of the folder lie now; found by hash.")
    ] = None,
    policy: Annotated[
        Path | None, typer.Option("--policy", help="The policy that is in force, to compare with the reviewed one.")
    ] = None,
    day: Annotated[str | None, typer.Option("--on", help="The day on which it is to hold, YYYY-MM-DD; today.")] = None,
    as_json: Json = False,
) -> None:
    """Derive a review's decision again from its evidence, offline: no model is asked, nothing is written.

    Each step says what it came to: the entry, its files, observations from answers, verdicts from observations, the
    decision, and whether it still holds. Exits as the decision does where all of it was verified, with 3 for a launch
    that no longer holds, and with 2 where anything differs or could not be verified.
    """
    from seatrial.cli.conversing import remade_conversations
    from seatrial.cli.output.verify import verified_json, verified_lines
    from seatrial.review.verifying.entry_source import Source
    from seatrial.review.verifying.verify import verify as verified

    source = Source(ledger, tuple(envelope or ()), tuple(trust or ()), tuple(anchor or ()))
    with status("Deriving the decision again"):
        found = verified(folder, source, evidence or (), policy, _day(day), remade_conversations)
    if as_json:
        print_json(verified_json(found, folder))
    else:
        say(verified_lines(found, folder))
    raise typer.Exit(found.exit_code)


def _day(written: str | None) -> date | None:
    if written is None:
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise SeatrialError(f"--on {written!r} is not a date; write it as YYYY-MM-DD") from None
