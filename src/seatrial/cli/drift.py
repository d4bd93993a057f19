"""`seatrial drift`: what changed that nobody asked about."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seatrial.cli.options import Json, print_json, say

__all__ = ["drift"]

PAGE = "drift.html"


def drift(
    folder: Annotated[Path, typer.Argument(metavar="REVIEW", help="Folder of a finished review.")],
    alpha: Annotated[
        float, typer.Option("--alpha", min=0.001, max=0.2, help="Chance of an alarm where nothing changed.")
    ] = 0.05,
    as_json: Json = False,
) -> None:
    """Look for whatever changed between two models' answers: whether anything did, where, and what.

    Nothing is decided by it: it exits with 0 whether or not the answers changed. It writes a page into the review's
    folder.
    """
    from seatrial.cli.output.drift import drift_json, drift_summary
    from seatrial.drift import answered, compare_answers
    from seatrial.drift.page import render_drift
    from seatrial.errors import StoreError
    from seatrial.formats.whole_files import write_whole
    from seatrial.report import load_result

    content = load_result(folder)
    pairs, told = answered(folder)
    found = compare_answers(pairs, alpha, content.policy.seed, told)
    page = folder / PAGE
    write_whole(page, render_drift(found, content.policy.name), StoreError)
    if as_json:
        print_json(drift_json(found, str(page)))
    else:
        say(drift_summary(found, str(page)))
