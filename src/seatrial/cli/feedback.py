"""`seatrial feedback`: thumbs and A/B logs, read with their biases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seatrial.cli.options import Json, named_values, print_json, say, status

if TYPE_CHECKING:
    from seatrial.evidence.feedback.log import Asked

__all__ = ["feedback"]


def _column(what: str) -> Any:
    return typer.Option(f"--{what}", help=f"Column of the {what.replace('-', ' ')}.", metavar="COLUMN")


def feedback(
    log_path: Annotated[Path, typer.Argument(metavar="LOG", help="A conversation a row: .parquet, .csv or .jsonl.")],
    baseline: Annotated[str, typer.Option("--baseline", help="What the arm of the present model is called.")] = "",
    candidate: Annotated[str, typer.Option("--candidate", help="What the arm of the new model is called.")] = "",
    user: Annotated[str, _column("user")] = "",
    arm: Annotated[str, _column("arm")] = "",
    conversation: Annotated[str, _column("conversation")] = "",
    time: Annotated[str, _column("time")] = "",
    thumb: Annotated[
        list[str] | None,
        typer.Option("--thumb", metavar="COLUMN|CODES", help="Column of thumbs, or its codes: up=1,down=0,none=2."),
    ] = None,
    use_case: Annotated[str, _column("use-case")] = "",
    benefit: Annotated[
        str, typer.Option("--benefit", metavar="COLUMN", help="Column of benefit, 0 to 1; blank where not graded.")
    ] = "",
    column: Annotated[
        list[str] | None, typer.Option("--column", help="WHAT=COLUMN for voted (time of vote), prompt, completion.")
    ] = None,
    split: Annotated[
        float, typer.Option("--split", min=0.001, max=0.999, help="Share of users meant for the candidate.")
    ] = 0.5,
    alpha: Annotated[
        float, typer.Option("--alpha", min=0.001, max=0.2, help="Chance that an interval misses the truth.")
    ] = 0.05,
    aim: Annotated[
        float, typer.Option("--aim", min=0.001, max=0.5, help="Change that the daily interval is made for.")
    ] = 0.02,
    page: Annotated[Path, typer.Option("--page", help="Where the page goes.")] = Path("feedback.html"),
    out: Annotated[Path | None, typer.Option("--out", help="Write the figures as a policy's YAML here.")] = None,
    margin: Annotated[
        float, typer.Option("--margin", min=0.0001, max=1.0, help="Margin of the gates in --out.")
    ] = 0.02,
    reward: Annotated[Path | None, typer.Option("--reward", help="Write a table for `rewards audit` here.")] = None,
    as_json: Json = False,
) -> None:
    """Say what thumbs of two arms show, what they cannot show, and where users like what does them less good.

    First comes what makes the arms no fair comparison. Nothing is decided by it: it exits with 0 once the log was read.
    """
    from seatrial.cli.output.feedback import feedback_json, feedback_summary
    from seatrial.errors import StoreError
    from seatrial.evidence.feedback.found import read_feedback
    from seatrial.evidence.feedback.page import render_feedback
    from seatrial.evidence.feedback.policy_piece import policy_piece
    from seatrial.evidence.feedback.reward_table import reward_table
    from seatrial.formats.frames import write_frame
    from seatrial.formats.whole_files import write_whole

    columns = {
        "user": user,
        "arm": arm,
        "conversation": conversation,
        "time": time,
        "use-case": use_case,
        "benefit": benefit,
        **named_values(column or [], "--column"),
    }
    asked = _asked({what: name for what, name in columns.items() if name}, thumb or [], baseline, candidate)
    with status("Reading the log"):
        found, log = read_feedback(log_path, asked, split=split, alpha=alpha, aim=aim)
    write_whole(page, render_feedback(found), StoreError)
    written = {"page": str(page)}
    if out is not None:
        write_whole(out, policy_piece(found, margin), StoreError)
        written["policy"] = str(out)
    told = ""
    if reward is not None:
        rows, told = reward_table(log)
        write_frame(rows, reward, StoreError)
        written["reward"] = str(reward)
    if as_json:
        print_json({**feedback_json(found), **written})
        return
    say(feedback_summary(found))
    say(f"Page: {page}")
    if out is not None:
        say(f"Policy: {out}" + ("" if found.trusted else "; without figures, for this is no fair comparison"))
    if reward is not None:
        say(f"Rewards: {reward}. {told}")
        say(f"Next: seatrial rewards audit {reward} --beta 1")


def _asked(columns: dict[str, str], thumbs: list[str], baseline: str, candidate: str) -> Asked:
    from seatrial.evidence.feedback.log import Asked

    codes = [word for one in thumbs if "=" in one for word in one.split(",")]
    named = [one for one in thumbs if "=" not in one]
    return Asked({**columns, **({"thumb": named[-1]} if named else {})}, codes, baseline.strip(), candidate.strip())
