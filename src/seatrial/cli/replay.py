"""`seatrial replay`: real conversations answered anew by both models, and what they show of each behavior."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from seatrial.cli.options import Json, print_json, printing, say

__all__ = ["replay_app"]


class _OrRun(TyperGroup):
    """Takes `replay POLICY TRAFFIC` for `replay run POLICY TRAFFIC`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the usual command where none is named."""
        named = not args or args[0] in self.commands or args[0] == "--help"
        return super().parse_args(ctx, args if named else ["run", *args])


replay_app = typer.Typer(
    cls=_OrRun,
    help="Answer real conversations anew with both models. `replay POLICY TRAFFIC` is `replay run POLICY TRAFFIC`.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]


@replay_app.command("run", epilog="Example: seatrial replay run policy.yaml traffic/ --sample 2000 --grade 400")
def replay_run(
    policy_path: Annotated[Path, typer.Argument(metavar="POLICY", help="The policy file.")],
    traffic: Annotated[list[Path], typer.Argument(metavar="TRAFFIC...", help="Files or folders of conversations.")],
    sample: Annotated[int, typer.Option("--sample", min=20, help="Conversations to answer anew, at most.")] = 2000,
    grade: Annotated[
        int, typer.Option("--grade", min=20, help="Conversations to have graded for each behavior, at most.")
    ] = 400,
    seed: Annotated[int, typer.Option("--seed", min=0, help="That the sample is drawn with.")] = 20250425,
    out: Annotated[Path | None, typer.Option("--out", help="The replay's folder.")] = None,
    as_is: Annotated[
        bool,
        typer.Option("--as-is", help="Leave names, addresses and numbers of people in what models and judges see."),
    ] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Forecast how often each behavior would show in real traffic, and how that would change.

    The last answer of each conversation is taken away, and both models answer anew; judges grade where it pays. Exits
    with 1 where a behavior rose beyond its margin, with 3 where that is open, and with 0 where none of both is so. A
    replay shows no reaction of a user, and only conversations without tools.
    """
    import asyncio

    from seatrial.cli.output.replay import replay_json, replay_summary
    from seatrial.collect import Progress
    from seatrial.errors import StoreError
    from seatrial.evidence.replay.found import found_in
    from seatrial.evidence.replay.page import render_replay
    from seatrial.evidence.replay.personal import deidentified
    from seatrial.evidence.replay.run import check_policy, replayed
    from seatrial.evidence.replay.sampling import drawn
    from seatrial.evidence.replay.traffic import Counted, conversations, traffic_files
    from seatrial.formats.letters import slug
    from seatrial.formats.whole_files import make_folder, write_whole
    from seatrial.policy import load_policy

    policy = load_policy(policy_path)
    check_policy(policy)
    folder = out or Path("replays") / (slug(policy.name) or "replay")
    progress = Progress("off" if quiet else None)
    counted = Counted()
    taken = drawn(conversations(traffic_files(traffic), counted), sample, seed)
    make_folder(folder, "the replay's folder", StoreError)
    taken, removed = (taken, None) if as_is else deidentified(taken, progress)
    done = asyncio.run(replayed(policy, taken, folder, grade, progress))
    found = found_in(policy, done, counted, taken, removed)
    page = folder / "replay.html"
    write_whole(page, render_replay(found), StoreError)
    with printing(found.exit_code):
        if as_json:
            print_json({**replay_json(found), "folder": str(folder), "page": str(page)})
        else:
            say(replay_summary(found, page))
