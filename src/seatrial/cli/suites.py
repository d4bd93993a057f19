"""`seatrial suites`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seatrial.cli.ledger import Where, ledger_at
from seatrial.cli.options import Json, print_json, say
from seatrial.errors import ExitCode

__all__ = ["suites_app"]

suites_app = typer.Typer(help="What can be asked.", invoke_without_command=True)

SuiteFolders = Annotated[list[Path] | None, typer.Option("--suites", help="A folder with suites of your own.")]


@suites_app.callback(epilog="Example: seatrial suites --suites my-suites/")
def suites(context: typer.Context, folders: SuiteFolders = None, as_json: Json = False) -> None:
    """List the suites with their items, clusters and use cases; what each covers is in `seatrial suites map`."""
    if context.invoked_subcommand is not None:
        return
    from seatrial.cli.output.tables import table
    from seatrial.suites import find_suites, load_suite

    found = [load_suite(folder) for _, folder in sorted(find_suites(folders or []).items())]
    if as_json:
        print_json(
            [
                {
                    "signal": suite.signal,
                    "title": suite.title,
                    "version": suite.version,
                    "items": len(suite.items),
                    "clusters": len(suite.clusters),
                    "use_cases": list(suite.use_cases),
                    "instruments": list(suite.instruments),
                    "harmful": suite.harmful,
                    "contrast": list(suite.contrast) if suite.contrast else None,
                    "path": str(suite.path),
                    "sha256": suite.content_hash,
                }
                for suite in found
            ]
        )
        return
    rows = [
        (
            suite.signal,
            str(len(suite.items)),
            str(len(suite.clusters)),
            str(len(suite.use_cases)),
            ", ".join(suite.instruments),
            suite.title,
        )
        for suite in found
    ]
    say(table(("signal", "items", "clusters", "use cases", "instruments", "title"), rows))


@suites_app.command("map", epilog="Example: seatrial suites map")
def suites_map(folders: SuiteFolders = None, as_json: Json = False) -> None:
    """Count the items of each use case in each suite; a dot is a cell that nothing covers."""
    from seatrial.cli.output.suites import coverage
    from seatrial.cli.output.tables import table
    from seatrial.suites import find_suites, load_suite

    found = [load_suite(folder) for _, folder in sorted(find_suites(folders or []).items())]
    counts = {suite.signal: suite.counts for suite in found}
    if as_json:
        print_json(counts)
        return
    header, rows = coverage(counts)
    say(table(header, rows))


@suites_app.command("new", epilog="Example: seatrial suites new my-suites/late-excuses")
def suites_new(
    folder: Annotated[Path, typer.Argument(help="The suite's folder; its last part names the suite.")],
    as_json: Json = False,
) -> None:
    """Write a suite to be filled in: front matter, rubric, items and answers of known degree."""
    from seatrial.suites.scaffold import new_suite

    made = [str(path) for path in new_suite(folder)]
    if as_json:
        print_json(made)
        return
    say("\n".join([*made, f"Fill them in, then: seatrial suites check {folder}"]))


@suites_app.command(
    "from-traffic", epilog="Example: seatrial suites from-traffic replays/support my-suites/from-traffic"
)
def suites_from_traffic(
    replay: Annotated[Path, typer.Argument(metavar="REPLAY", help="The folder of a replay.")],
    folder: Annotated[Path, typer.Argument(help="The suite's folder; its last part names the suite.")],
    most: Annotated[int, typer.Option("--items", min=4, help="Items to draft, at most.")] = 60,
    as_json: Json = False,
) -> None:
    """Draft a suite of what users ask and no suite of the policy does: read it, and give it a rubric.

    The items are what users wrote, without the names and numbers that a program found in it.
    """
    from seatrial.evidence.replay.drafts import drafted

    made = drafted(replay, folder, most)
    if as_json:
        print_json({"files": made.files, "items": dict(made.items), "left_out": dict(made.left_out)})
        return
    left = [f"Left out, {count}: {why}." for why, count in made.left_out.items()]
    of = [f"  {count:>4}  {area}" for area, count in made.items.items()]
    then = f"Read every item, write what harm is into {folder / 'suite.md'}, then: seatrial suites check {folder}"
    say("\n".join([*map(str, made.files), f"{sum(made.items.values())} items, by area:", *of, *left, then]))


@suites_app.command(
    "from-incident",
    epilog="Example: seatrial suites from-incident 12 my-suites/praised-plans --conversation found.jsonl --judge main",
)
def suites_from_incident(
    number: Annotated[int, typer.Argument(min=1, metavar="NUMBER", help="Of the incident's entry in the ledger.")],
    folder: Annotated[Path, typer.Argument(metavar="SUITE", help="The suite's folder; its last part names it.")],
    conversation: Annotated[
        list[Path], typer.Option("--conversation", help="A file of conversations that the incident names.")
    ],
    judge: Annotated[str, typer.Option("--judge", help="The policy's judge that reads the answers.")] = "",
    phrase: Annotated[str, typer.Option("--phrase", help="Words that are the harm, in place of a judge.")] = "",
    turns: Annotated[
        int, typer.Option("--turns", min=1, help="Answers of each conversation to ask for anew, from the last back.")
    ] = 1,
    as_is: Annotated[
        bool, typer.Option("--as-is", help="Leave names, addresses and numbers of people in the items.")
    ] = False,
    where: Where = None,
    as_json: Json = False,
) -> None:
    """Make a suite of the conversations in which an incident showed, and a gate: the harm is asked for from then on.

    Each conversation is asked anew up to its last answer, which is kept as an answer of the highest degree. Without
    --judge or --phrase the instruments of the behavior's own suite read it.
    """
    from seatrial.cli.output.suites import stub_json, stub_words
    from seatrial.evidence.replay.from_incident import reader_for, suite_from_incident
    from seatrial.evidence.replay.traffic import traffic_files
    from seatrial.ledger.releases import incident_of
    from seatrial.review.launch_steps import conversation_hashes

    incident = incident_of(ledger_at(where).verify(), number, conversation_hashes(conversation))
    reader = reader_for(incident.behavior, judge, phrase)
    made = suite_from_incident(incident, number, traffic_files(conversation), folder, reader, turns, as_is)
    if as_json:
        print_json(stub_json(made))
    else:
        say(stub_words(made, folder))


@suites_app.command("check", epilog="Example: seatrial suites check my-suites/")
def suites_check(
    folders: Annotated[
        list[Path] | None, typer.Argument(help="Suites, areas of personas, or folders of them; else the built-in.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Find what is wrong with suites: broken lines, one-sided variants, items that ask the same, leaks, direction.

    A folder of personas, with `area.md` in it, is checked too: states that nothing leads to, missing twins, leaks.
    """
    from dataclasses import asdict

    from seatrial.calibration.persona_check import check_personas, holds_personas
    from seatrial.calibration.suite_check import check_suites

    people = [folder for folder in folders or [] if holds_personas(folder)]
    suites = [folder for folder in folders or [] if folder not in people]
    found = check_suites(suites) if suites or not folders else {}
    found |= check_personas(people) if people or not folders else {}
    if as_json:
        print_json({str(path): [asdict(one) for one in findings] for path, findings in found.items()})
    for path, findings in found.items() if not as_json else ():
        say(f"{path}: {'in order' if not findings else f'{len(findings)} to look at'}")
        for one in findings:
            say(f"  {'error' if one.grave else 'look'}  {one.place}: {one.words}. {one.mend}")
    if any(one.grave for findings in found.values() for one in findings):
        raise typer.Exit(ExitCode.USAGE)
