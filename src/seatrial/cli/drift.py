"""`seatrial drift`: what changed that nobody asked about, and a suite that watches it from then on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from seatrial.cli.options import Json, or_usual, print_json, say

if TYPE_CHECKING:
    from seatrial.drift import Answered, Drift
    from seatrial.drift.found import Proposal
    from seatrial.policy import LaunchPolicy

__all__ = ["drift_app"]


drift_app = typer.Typer(
    cls=or_usual("show"),
    help="Find whatever changed between two models' answers. `drift REVIEW` is `drift show REVIEW`.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Review = Annotated[Path, typer.Argument(metavar="REVIEW", help="Folder of a finished review.")]
Alpha = Annotated[float, typer.Option("--alpha", min=0.001, max=0.2, help="Chance of an alarm where nothing changed.")]


@drift_app.command("show", epilog="Example: seatrial drift show reviews/support-assistant-1f2e3d4c")
def drift_show(
    folder: Review,
    alpha: Alpha = 0.05,
    judge: Annotated[
        str, typer.Option("--judge", help="A judge of the policy, to say in words what changed; it is then tested.")
    ] = "",
    calls: Annotated[int, typer.Option("--calls", min=1, help="At most so many calls of that judge.")] = 600,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
    as_json: Json = False,
) -> None:
    """Look for whatever changed between two models' answers: whether anything did, where, and what.

    Nothing is decided by it: it exits with 0 whether or not the answers changed. It writes a page into the review's
    folder. With --judge a model proposes in words what changed, on one half of the items, and grades single answers of
    the other half for it, without knowing whose they are.
    """
    from dataclasses import replace

    from seatrial.cli.output.drift import drift_json, drift_summary
    from seatrial.drift.page import write_page

    policy, pairs, found = _compared(folder, alpha)
    if judge:
        found = replace(found, proposals=_proposed(policy, folder, judge, pairs, calls, alpha, quiet))
    page = write_page(found, policy.name, folder)
    if as_json:
        print_json(drift_json(found, str(page)))
    else:
        say(drift_summary(found, str(page)))


@drift_app.command("promote", epilog="Example: seatrial drift promote reviews/support-1f2e3d4c 2 my-suites/gushing")
def drift_promote(
    folder: Review,
    number: Annotated[int, typer.Argument(min=1, metavar="NUMBER", help="Of the finding, as `drift` lists them.")],
    suite: Annotated[Path, typer.Argument(metavar="SUITE", help="The suite's folder; its last part names it.")],
    harm: Annotated[
        Literal["more", "less"], typer.Option("--harm", help="Whether more or less of it is harm.")
    ] = "more",
    judge: Annotated[str, typer.Option("--judge", help="The policy's judge that reads it, if nothing else can.")] = "",
    alpha: Alpha = 0.05,
    as_json: Json = False,
) -> None:
    """Make a suite of the items that show a finding, and a gate: what was found once is watched from then on."""
    from seatrial.drift.promote import promoted
    from seatrial.errors import EvidenceError

    _, pairs, found = _compared(folder, alpha)
    if number > len(found.findings):
        raise EvidenceError(f"{folder}: has {len(found.findings)} findings, and none of number {number}")
    made = promoted(found.findings[number - 1], pairs, suite, harm, judge)
    if as_json:
        print_json({"files": [str(file) for file in made.files], "items": made.items, "policy": made.policy})
        return
    left = f" {made.left_out} that show it are no conversation that can be asked." if made.left_out else ""
    say(f"Wrote {suite}: {made.items} items that show it.{left}")
    say(f"Say in suite.md why it matters, then add to the policy:\n\n{made.policy}")


def _proposed(
    policy: LaunchPolicy, folder: Path, judge: str, pairs: list[Answered], calls: int, alpha: float, quiet: bool
) -> tuple[Proposal, ...]:
    """Return what a judge proposes, tested."""
    from seatrial.collect import Progress
    from seatrial.review.interface import wait_for
    from seatrial.review.proposals import proposals

    progress = Progress("off" if quiet else None)
    return tuple(wait_for(proposals(policy, folder, judge, pairs, calls, alpha, progress)))


def _compared(folder: Path, alpha: float) -> tuple[LaunchPolicy, list[Answered], Drift]:
    """Return a review's policy, its pairs of answers, and what changed between them."""
    from seatrial.drift import answered, compare_answers
    from seatrial.report import load_result

    content = load_result(folder)
    pairs, told = answered(folder)
    return content.policy, pairs, compare_answers(pairs, alpha, content.policy.seed, told)
