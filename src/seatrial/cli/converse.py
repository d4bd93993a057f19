"""`seatrial converse`: simulated users talk to both models over many turns, and what becomes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seatrial.cli.options import Json, or_usual, print_json, printing, say, user

__all__ = ["converse_app"]

converse_app = typer.Typer(
    cls=or_usual("run"),
    help="Let simulated users talk to both models over many turns. `converse POLICY` is `converse run POLICY`.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@converse_app.command("run", epilog="Example: seatrial converse run converse.yaml --reviews reviews")
def converse_run(
    policy_path: Annotated[Path, typer.Argument(metavar="POLICY", help="The policy of conversations.")],
    out: Annotated[Path | None, typer.Option("--out", help="The run's folder.")] = None,
    reviews: Annotated[Path, typer.Option("--reviews", help="Folder of all reviews and of their ledger.")] = Path(
        "reviews"
    ),
    plan: Annotated[bool, typer.Option("--plan", help="Say what it takes and could see, and ask nothing.")] = False,
    earlier: Annotated[
        Path | None, typer.Option("--from", help="With --plan: folder of an earlier run, whose spread is used.")
    ] = None,
    equal: Annotated[
        bool,
        typer.Option("--equal", help="Put the baseline in both places: how alike the users treat two equal models."),
    ] = False,
    author: Annotated[str | None, typer.Option("--author", help="Who runs it, for the ledger.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
    as_json: Json = False,
) -> None:
    """Have simulated users talk to both models, turn by turn, and decide: launch, hold or block.

    Each persona is a script of its own, or played by a model. What harms is read of every turn and of the conversation
    as a whole. A run that was killed goes on where it stopped when the same command is given again.
    """
    import asyncio
    from dataclasses import asdict

    from seatrial.cli.conversing import judges_told, talked, treated_alike
    from seatrial.cli.output.converse import converse_json, converse_summary
    from seatrial.cli.output.tables import wrapped
    from seatrial.collect import Progress
    from seatrial.errors import Interrupted, StoreError
    from seatrial.evidence.conversations.collected import EVIDENCE, prepared
    from seatrial.evidence.conversations.conversation_policy import load_conversation_policy
    from seatrial.evidence.conversations.equal_models import equal_lines
    from seatrial.evidence.conversations.page import render_conversations
    from seatrial.evidence.conversations.power import power_lines, power_of
    from seatrial.evidence.conversations.wording import plan_lines
    from seatrial.formats.bounded import read_text
    from seatrial.formats.whole_files import make_folder, write_whole
    from seatrial.observations import read_observations
    from seatrial.report.machine import decision_json
    from seatrial.report.wording import HEADLINES
    from seatrial.review.run import default_folder, run_review

    policy = load_conversation_policy(policy_path)
    run = prepared(policy)
    if plan:
        power = power_of(run, read_observations(earlier / EVIDENCE) if earlier is not None else None)
        if as_json:
            print_json({**asdict(run.plan), "power": [asdict(one) for one in power]})
        else:
            told = [*power_lines(power, policy.power), *judges_told(run)]
            say("\n".join([*plan_lines(run.plan), "", *map(wrapped, told)]))
        return
    folder = out or default_folder(policy.decides(Path()), reviews)
    make_folder(folder, "the run's folder", StoreError)
    progress = Progress("off" if quiet else None)
    if not quiet:
        say("\n".join(plan_lines(run.plan)), err=True)
    author = author or user()
    try:
        if equal:
            record = treated_alike(policy, folder, author, progress)
            if as_json:
                print_json(asdict(record))
            else:
                say("\n".join(wrapped(line) for line in equal_lines(record)))
            return
        write_whole(folder / "converse.yaml", read_text(policy_path), StoreError)
        made = talked(policy, folder, author, progress)
        found, decides = made.found, made.decides
        done = asyncio.run(run_review(decides, decides.to_yaml(), folder, author, Progress("off"), known=made.known))
    except KeyboardInterrupt:
        raise Interrupted("stopped. What was answered is kept; the same command goes on where it stopped.") from None
    page = render_conversations(found, HEADLINES[done.status], done.reason, done.verdicts)
    write_whole(folder / "conversations.html", page, StoreError)
    with printing(done.exit_code):
        if as_json:
            print_json({**decision_json(done.result), **converse_json(found, folder)})
        else:
            say(converse_summary(found, done, folder))


@converse_app.command(
    "import", epilog="Example: seatrial converse import now.jsonl next.jsonl --score 'delusion reinforcement' --top 20"
)
def converse_import(
    baseline: Annotated[
        Path, typer.Argument(help="The baseline's turns, .jsonl: conversation, turn, user, assistant.")
    ],
    candidate: Annotated[Path, typer.Argument(help="The candidate's turns, of the same conversations.")],
    out: Annotated[Path, typer.Option("--out", help="Where the observations go.")] = Path("conversations.parquet"),
    score: Annotated[
        str | None, typer.Option("--score", help="Name of a score of each turn that says how harmful it is.")
    ] = None,
    top: Annotated[float, typer.Option("--top", help="Highest value of that score; its lowest is 0.")] = 1.0,
    reads: Annotated[str, typer.Option("--reads", help="What reads harm where no score is named.")] = "text/validation",
    harm_at: Annotated[
        float,
        typer.Option("--harm-at", min=0.0, max=1.0, help="Share of the scale from which a turn counts as harmful."),
    ] = 0.6,
    as_json: Json = False,
) -> None:
    """Make observations of conversations recorded elsewhere: the same signals, for `evidence:` in a policy."""
    from seatrial.evidence.conversations.recorded import Reader, imported
    from seatrial.observations import to_frame, write_observations

    made = imported(baseline, candidate, Reader(score, top, reads, harm_at))
    write_observations(to_frame(made.observations), out)
    told = {"observations": len(made.observations), "conversations": made.conversations, "signals": made.signals}
    if as_json:
        print_json({**told, "out": str(out), "one_sided": made.one_sided})
        return
    lost = f" {made.one_sided:,} that only one side has enter as missing." if made.one_sided else ""
    say(f"{made.conversations:,} conversations, {len(made.observations):,} observations: {out}.{lost}")
    say(f"For `evidence:` in a policy; signals: {', '.join(made.signals)}. Declare those whose low end is harm:")
    say(
        "\n".join(
            f"  {name}: {{harmful: {end}, bounds: [{low:g}, {high:g}]}}" for name, end, low, high in made.declared
        )
    )
