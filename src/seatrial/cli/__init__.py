"""The commands: they parse, call and print. What they do lives in the modules they call."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
import typer.main

from seatrial.cli.backtest import ledger_app
from seatrial.cli.compare import compare, import_runs
from seatrial.cli.converse import converse_app
from seatrial.cli.drift import drift_app
from seatrial.cli.feedback import feedback
from seatrial.cli.instruments import instruments_app
from seatrial.cli.judge import judge_app
from seatrial.cli.label import label_app
from seatrial.cli.options import Json, print_json, printing, say, status, user
from seatrial.cli.replay import replay_app
from seatrial.cli.rewards import rewards_app
from seatrial.cli.serve import serve_app
from seatrial.cli.suites import suites_app
from seatrial.cli.verify import verify
from seatrial.cli.vibe import vibe_app
from seatrial.cli.watch import watch
from seatrial.errors import ExitCode, complain, exit_with

__all__ = ["app", "main"]

app = typer.Typer(
    help="Decide whether a language-model update may launch: launch, hold or block, with the evidence.",
    epilog="Exit codes: 0 launch, 1 block, 2 usage or configuration error, 3 hold, 4 launch, waived or on trust.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(drift_app, name="drift")
app.add_typer(ledger_app, name="ledger")
app.add_typer(suites_app, name="suites")
app.add_typer(instruments_app, name="instruments")
app.add_typer(judge_app, name="judge")
app.add_typer(vibe_app, name="vibe")
app.add_typer(label_app, name="label")
app.add_typer(rewards_app, name="rewards")
app.add_typer(replay_app, name="replay")
app.add_typer(serve_app, name="serve")
app.add_typer(converse_app, name="converse")

app.command(epilog="Example: seatrial compare logs/now.eval logs/next.eval --margin 0.03")(compare)
app.command("import", epilog="Example: seatrial import logs/now logs/next --out runs.parquet")(import_runs)

app.command(epilog="Example: seatrial feedback thumbs.parquet --baseline A --candidate B --benefit revised")(feedback)
app.command(epilog="Example: seatrial verify reviews/support-1f2e3d4c --trust manager.pem.pub --policy policy.yaml")(
    verify
)
app.command(epilog="Example: seatrial watch policy.yaml --folder watches/support --calls 400")(watch)

Reviews = Annotated[Path, typer.Option("--reviews", help="Folder of all reviews and of their ledger.")]


def main() -> NoReturn:
    """Run the command line and exit with its documented code."""
    exit_with(lambda: _command()(standalone_mode=False))


@cache
def _command() -> Any:
    """Return all commands as one, made once: that takes longer than most of them do."""
    return typer.main.get_command(app)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        say(f"seatrial {version('seatrial')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
) -> None:
    pass


@app.command(epilog="Example: seatrial init --baseline openai-compatible/prod --candidate openai-compatible/next")
def init(
    path: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("policy.yaml"),
    baseline: Annotated[str | None, typer.Option("--baseline", help="PROVIDER/NAME of what users have now.")] = None,
    candidate: Annotated[
        str | None, typer.Option("--candidate", help="PROVIDER/NAME of what is to be shipped.")
    ] = None,
    base_url: Annotated[str | None, typer.Option("--base-url", help="Where an endpoint answers.")] = None,
    logprobs: Annotated[
        bool | None, typer.Option("--logprobs/--no-logprobs", help="Whether the models give log-probabilities.")
    ] = None,
    judge: Annotated[str | None, typer.Option("--judge", help="PROVIDER/NAME of a model that grades answers.")] = None,
    calls: Annotated[int, typer.Option("--calls", min=1, help="Calls of both models that a review may take.")] = 20_000,
    as_json: Json = False,
) -> None:
    """Write a commented policy for two models: families of suites at the margin that matters, each suite guarded.

    On a terminal it asks for what no option gives. What nothing can read of these models is only watched, and the file
    says so.
    """
    from seatrial.cli.output.tables import wrapped
    from seatrial.cli.starting_policy import Models, asked_for, write_policy

    given = Models(baseline, candidate, base_url, logprobs, judge, calls)
    left_out = write_policy(path, given if as_json else asked_for(given))
    if as_json:
        print_json({"policy": str(path), "only_watched": left_out})
        return
    say(f"Wrote {path}.")
    if left_out:
        say(
            wrapped(
                f"Nothing that may gate reads {len(left_out)} suites, so they are only watched: {', '.join(left_out)}."
            )
        )
        say("A judge that has a record could: give --judge, or label answers. The file says more of each.")
    say(f"Next: seatrial plan {path}, then: seatrial review {path}")


@app.command(epilog="Example: seatrial review policy.yaml --budget 2000")
def review(
    policy_path: Annotated[Path, typer.Argument(metavar="POLICY", help="The policy file.")],
    out: Annotated[Path | None, typer.Option("--out", help="The review's folder.")] = None,
    reviews: Reviews = Path("reviews"),
    budget: Annotated[int | None, typer.Option("--budget", min=1, help="At most this many calls.")] = None,
    author: Annotated[str | None, typer.Option("--author", help="Who runs it, for the ledger.")] = None,
    spike_in: Annotated[
        bool, typer.Option("--spike-in", help="Measure limits of detection with known-harmful answers.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
    as_json: Json = False,
) -> None:
    """Compare the candidate with the baseline and decide: launch, hold or block.

    A review that was killed goes on where it stopped when the same command is given again.
    """
    import seatrial
    from seatrial.cli.output.review import summary
    from seatrial.policy import load_policy
    from seatrial.report.machine import decision_json
    from seatrial.review.run import default_folder

    folder = out or default_folder(load_policy(policy_path), reviews)
    done = seatrial.review(
        policy_path, folder=folder, author=author or user(), budget=budget, progress=not quiet, spike_in=spike_in
    )
    with printing(done.exit_code):
        if as_json:
            print_json({**decision_json(done.result), "folder": str(folder)})
        else:
            say(summary(done.result, folder))


@app.command(epilog="Example: seatrial plan policy.yaml --from reviews/support-assistant-1f2e3d4c")
def plan(
    policy_path: Annotated[Path, typer.Argument(metavar="POLICY", help="The policy file.")],
    earlier: Annotated[Path | None, typer.Option("--from", help="An earlier review: its spread is used.")] = None,
    page: Annotated[Path | None, typer.Option("--html", help="Write the curves as a page.")] = None,
    solved: Annotated[
        Path | None, typer.Option("--solve", help="Find the calls and margins that reach the power; write them here.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what the policy would decide with its budget, before a call is spent.

    First how often an unchanged model launches and a worse one blocks; then, for each size of harm in each gate, the
    chance of launch, hold and block. Exits with 3 where a blocking gate could not see its own margin.
    """
    from dataclasses import asdict

    from seatrial.cli.output.plan import outlook_summary
    from seatrial.cli.plan_solve import write_solved
    from seatrial.errors import StoreError
    from seatrial.formats.whole_files import write_whole
    from seatrial.gates.plan_page import render_outlook
    from seatrial.policy import load_policy
    from seatrial.review.run import plan_review

    policy = load_policy(policy_path)
    if solved is not None:
        policy = write_solved(policy_path, policy, earlier, solved, quiet=as_json)
    with status("Simulating reviews"):
        found = plan_review(policy, earlier)
    if page is not None:
        write_whole(page, render_outlook(policy, found), StoreError)
    blind = any(gate.blind and gate.blocking for gate in found.gates)
    if as_json:
        said = {"headline": found.headline, "least_blocked_family": found.least_blocked_family}
        print_json({**asdict(found), **said, "sees_its_margins": not blind})
    else:
        say(outlook_summary(policy, found))
        say(f"Curves: {page}" if page else "Curves as a page: add --html plan.html")
    raise typer.Exit(ExitCode.HOLD if blind else ExitCode.LAUNCH)


@app.command(epilog="Example: seatrial report reviews/support-assistant-1f2e3d4c")
def report(
    folder: Annotated[Path, typer.Argument(help="A finished review's folder.")],
    as_json: Json = False,
) -> None:
    """Write the reports of a finished review again, under the waivers now in force."""
    from seatrial.cli.output.review import summary
    from seatrial.report import write_reports
    from seatrial.report.machine import decision_json
    from seatrial.review.apply_waivers import finished_review

    content = finished_review(folder)
    if content.entry is None or not content.entry.covers:
        complain("no entry of the ledger covers this review's files: whether they were changed cannot be told.")
    write_reports(content, folder)
    if as_json:
        print_json({**decision_json(content), "folder": str(folder)})
    else:
        say(summary(content, folder))


@app.command(epilog="Example: seatrial summary reviews/this --bytes 65000 > comment.md")
def summary(
    folder: Annotated[Path, typer.Argument(help="A finished review's folder.")],
    size: Annotated[int, typer.Option("--bytes", min=100, help="At most so many bytes.")] = 60_000,
) -> None:
    """Print a finished review as Markdown for a pull request, cut to a size without losing the decision."""
    from seatrial.report.markdown import summary_within
    from seatrial.review.apply_waivers import finished_review

    say(summary_within(finished_review(folder), size).rstrip("\n"))


@app.command(epilog="Example: seatrial doctor now.eval next.eval")
def doctor(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE]...",
            help="A policy (.yaml), whose models are asked, two or three calls each; or logs of other tools.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what is installed, what is missing, and how to get it; whether a policy's models answer; what logs support.

    What a server refuses is told in its own words, with the setting of the policy that answers it. Of logs it says
    which scores they hold, what change those could show, and what may mislead, before anything is decided.
    """
    from seatrial.cli.doctor import checks, models_of, runs_in
    from seatrial.cli.output.compare import support, support_json
    from seatrial.cli.output.tables import table
    from seatrial.policy import load_policy

    policies = [name for name in files or () if Path(name).suffix.lower() in (".yaml", ".yml")]
    logs = [name for name in files or () if name not in policies]
    if logs:
        runs, together, apart = runs_in(logs)
        if as_json:
            print_json(support_json(runs, together, apart))
        else:
            say(support(runs, together, apart))
        raise typer.Exit(ExitCode.USAGE if apart else ExitCode.LAUNCH)
    found = checks()
    for policy_path in policies:
        found += models_of(load_policy(policy_path))
    if as_json:
        print_json([{"what": check.what, "ok": check.ok, "detail": check.detail} for check in found])
    else:
        say(table(("", "what", "detail"), [("ok" if c.ok else "--", c.what, c.detail) for c in found]))
    if not all(check.ok or check.optional for check in found):
        raise typer.Exit(ExitCode.USAGE)
