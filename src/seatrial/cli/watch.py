"""`seatrial watch`: a model that its vendor may change behind its name, asked the same every day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from seatrial.cli.options import Json, print_json, printing, say, user
from seatrial.errors import ExitCode

__all__ = ["watch"]


def watch(
    policy_path: Annotated[Path, typer.Argument(metavar="POLICY", help="The policy file: its suites are asked.")],
    folder: Annotated[
        Path | None, typer.Option("--folder", help="The watch's folder; watches/NAME if it is left out.")
    ] = None,
    model: Annotated[
        Literal["baseline", "candidate"], typer.Option("--model", help="Which of the policy's models is watched.")
    ] = "baseline",
    calls: Annotated[int, typer.Option("--calls", min=1, help="About how many calls a day; fixed on the first.")] = 400,
    alarms: Annotated[
        float,
        typer.Option("--alarms", min=0.001, max=0.5, help="Chance of a false alarm a year; fixed on the first day."),
    ] = 0.05,
    accept: Annotated[
        str, typer.Option("--accept", metavar="REASON", help="Take what changed for the new normal, from today on.")
    ] = "",
    author: Annotated[str | None, typer.Option("--author", help="Who accepts it.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
    as_json: Json = False,
) -> None:
    """Ask a model the same questions once a day, and say when it is no longer what it was.

    Run it daily, from cron or CI, with the same folder. Exits with 0 while all is quiet and with 3 (hold) once
    something changed, until that is accepted; how often it cries wolf in a year is fixed beforehand.
    """
    from seatrial.cli.output.watch import watch_json, watch_summary
    from seatrial.collect import Progress
    from seatrial.errors import EvidenceError
    from seatrial.formats.letters import slug
    from seatrial.policy import load_policy
    from seatrial.review.interface import wait_for
    from seatrial.watch import Watching, watch_day
    from seatrial.watch.page import write_page
    from seatrial.watch.state import Accepted

    if accept and len(accept.split()) < 2:
        raise EvidenceError("--accept: say in words why what changed is good enough")
    policy = load_policy(policy_path)
    place = folder or Path("watches") / (slug(policy.name) or "watch")
    today = _today()
    accepted = Accepted(today.isoformat(), accept, author or user()) if accept else None
    progress = Progress("off" if quiet else None)
    found = wait_for(watch_day(policy, place, today, progress, Watching(model, calls, alarms), accepted))
    page = write_page(found, place)
    with printing(ExitCode.HOLD if found.changed else ExitCode.LAUNCH):
        if as_json:
            print_json(watch_json(found, str(page)))
        else:
            say(watch_summary(found, str(page)))


def _today() -> date:
    return datetime.now(UTC).date()
