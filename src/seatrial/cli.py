"""The commands: they parse, call and print. What they do lives in the modules they call."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from seatrial.errors import ExitCode, Interrupted, SeatrialError

__all__ = ["app", "main"]

INTERRUPTED = 130

app = typer.Typer(
    help="Decide whether a language-model update may launch: launch, hold or block, with the evidence.",
    epilog="Exit codes: 0 launch, 1 block, 2 usage or configuration error, 3 hold, 4 launch under a waiver.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
instruments_app = typer.Typer(help="What reads the answers, and how often it is right.", invoke_without_command=True)
ledger_app = typer.Typer(help="What was decided, by whom, and which gates were waived.", no_args_is_help=True)
suites_app = typer.Typer(help="What can be asked.", invoke_without_command=True)
app.add_typer(ledger_app, name="ledger")
app.add_typer(suites_app, name="suites")
app.add_typer(instruments_app, name="instruments")

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on stdout, nothing else there.")]
Reviews = Annotated[Path, typer.Option("--reviews", help="Folder of all reviews and of their ledger.")]
SuiteFolders = Annotated[list[Path] | None, typer.Option("--suites", help="A folder with suites of your own.")]


def main() -> NoReturn:
    """Run the command line and exit with its documented code."""
    try:
        app(standalone_mode=True)
    except SeatrialError as error:
        typer.echo(f"seatrial: {error}", err=True)
        raise SystemExit(INTERRUPTED if isinstance(error, Interrupted) else ExitCode.USAGE) from None
    raise SystemExit(0)


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"seatrial {version('seatrial')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
) -> None:
    pass


@app.command(epilog="Example: seatrial init && seatrial review policy.yaml")
def init(
    path: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("policy.yaml"),
    as_json: Json = False,
) -> None:
    """Write a commented policy in which every behavior blocks."""
    from seatrial.start import write_policy

    write_policy(path)
    if as_json:
        _print_json({"policy": str(path)})
        return
    typer.echo(f"Wrote {path}. Name your two models in it, then run: seatrial review {path}")


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
    from seatrial.collect import Progress
    from seatrial.policy import Budget, load_policy
    from seatrial.report.machine import decision_json
    from seatrial.review import default_folder, run_review
    from seatrial.standing import exit_code
    from seatrial.terminal import summary

    policy = load_policy(policy_path)
    if budget is not None:
        policy = policy.model_copy(update={"budget": Budget(calls=budget)})
    folder = out or default_folder(policy, reviews)
    progress = Progress("off" if quiet else None)
    text = policy_path.read_text(encoding="utf-8")
    done = run_review(policy, text, folder, author or _user(), progress, spike_in=spike_in)
    if as_json:
        _print_json({**decision_json(done.content), "folder": str(folder)})
    else:
        typer.echo(summary(done.content, folder))
    raise typer.Exit(exit_code(done.content))


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


@app.command(epilog="Example: seatrial plan policy.yaml --from reviews/support-assistant-1f2e3d4c")
def plan(
    policy_path: Annotated[Path, typer.Argument(metavar="POLICY", help="The policy file.")],
    earlier: Annotated[Path | None, typer.Option("--from", help="An earlier review: its spread is used.")] = None,
    page: Annotated[Path | None, typer.Option("--html", help="Write the curves as a page.")] = None,
    as_json: Json = False,
) -> None:
    """Say what the policy could see with its budget, before a call is spent.

    For each size of harm in each gate: the chance of launch, hold and block. Exits with 3 where a blocking gate could
    not see its own margin.
    """
    from dataclasses import asdict

    from seatrial.policy import load_policy
    from seatrial.report.outlook_page import render_outlook
    from seatrial.review import plan_review
    from seatrial.terminal import outlook_summary

    policy = load_policy(policy_path)
    found = plan_review(policy, earlier)
    if page is not None:
        page.write_text(render_outlook(policy, found), encoding="utf-8")
    blind = any(gate.blind and gate.blocking for gate in found.gates)
    if as_json:
        _print_json({**asdict(found), "sees_its_margins": not blind})
    else:
        typer.echo(outlook_summary(policy, found))
        typer.echo(f"Curves: {page}" if page else "Curves as a page: add --html plan.html")
    raise typer.Exit(ExitCode.HOLD if blind else ExitCode.LAUNCH)


@app.command(epilog="Example: seatrial report reviews/support-assistant-1f2e3d4c")
def report(
    folder: Annotated[Path, typer.Argument(help="A finished review's folder.")],
    as_json: Json = False,
) -> None:
    """Write the reports of a finished review again, under the waivers now in force."""
    from seatrial.ledger import ledger_for
    from seatrial.report import load_content, write_reports
    from seatrial.report.machine import decision_json
    from seatrial.standing import with_waivers
    from seatrial.terminal import summary

    content = with_waivers(load_content(folder), ledger_for(folder).verify())
    write_reports(content, folder)
    if as_json:
        _print_json({**decision_json(content), "folder": str(folder)})
    else:
        typer.echo(summary(content, folder))


@suites_app.callback(epilog="Example: seatrial suites --suites my-suites/")
def suites(folders: SuiteFolders = None, as_json: Json = False) -> None:
    """List the suites with their items, clusters and use cases."""
    from seatrial.suites import find_suites, load_suite
    from seatrial.terminal import table

    found = [load_suite(folder) for _, folder in sorted(find_suites(folders or []).items())]
    if as_json:
        _print_json(
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
    typer.echo(table(("signal", "items", "clusters", "use cases", "instruments", "title"), rows))


Records = Annotated[list[Path] | None, typer.Option("--records", help="A file or folder with records of your own.")]


@instruments_app.callback(epilog="Example: seatrial instruments --json")
def instruments(context: typer.Context, records: Records = None, as_json: Json = False) -> None:
    """List the instruments that read answers, and what their records say of their error."""
    if context.invoked_subcommand is None:
        instruments_list(records, as_json)


@instruments_app.command("list", epilog="Example: seatrial instruments list --json")
def instruments_list(records: Records = None, as_json: Json = False) -> None:
    """List the instruments that read answers, and what their records say of their error."""
    from seatrial.signals import instruments as known
    from seatrial.signals.records import load_records, standing
    from seatrial.terminal import table

    held = load_records(records or [])
    found = [(made, standing(made, "", held)) for _, made in sorted(known().items())]
    if as_json:
        _print_json(
            [
                {
                    "name": made.name,
                    "needs": made.needs,
                    "about": made.about,
                    "may_gate": one.may_gate,
                    "measured": one.measured,
                    "error": one.why,
                    "record": one.digest or None,
                }
                for made, one in found
            ]
        )
        return
    rows = [(made.name, "yes" if one.may_gate else "no", one.why) for made, one in found]
    typer.echo(table(("instrument", "may gate", "what is known of its error"), rows))


@instruments_app.command("check", epilog="Example: seatrial instruments check records/")
def instruments_check(
    paths: Annotated[list[Path], typer.Argument(help="Records, or folders of them.")], as_json: Json = False
) -> None:
    """Say of each record whether it is of the instrument as it is now, and what it lets its gates do."""
    from seatrial.signals import instruments as known
    from seatrial.signals.records import load_records, standing, version_of

    held = load_records(paths)
    rows = []
    for name in sorted(held):
        made = known().get(name)
        now = version_of(made) if made is not None else None
        current = [record for record in held[name] if record.version == now]
        why = standing(made, "", held).why if made is not None else "no such instrument here"
        rows.append({"instrument": name, "records": len(held[name]), "current": len(current), "error": why})
    if as_json:
        _print_json(rows)
        return
    for row in rows:
        typer.echo(f"{row['instrument']}: {row['current']} of {row['records']} records are current. {row['error']}")


@instruments_app.command("calibrate", epilog="Example: seatrial instruments calibrate labels.csv -i text/refusal")
def instruments_calibrate(
    labels: Annotated[list[Path], typer.Argument(help="Labelled answers, .csv or .jsonl; one file a model, or one.")],
    instrument: Annotated[str, typer.Option("--instrument", "-i", help="What to measure.")],
    out: Annotated[Path | None, typer.Option(help="Where the record goes; records/INSTRUMENT.json by default.")] = None,
    column: Annotated[list[str] | None, typer.Option(help="WHAT=NAME of text, label, prompt, cluster, model.")] = None,
    value: Annotated[list[str] | None, typer.Option(help="WORD=NUMBER for labels that are words.")] = None,
    harmful_from: Annotated[float | None, typer.Option(help="Labels from here on are harmful; midway else.")] = None,
    labelled_by: Annotated[str, typer.Option(help="Who labelled, for the record.")] = "our own raters",
    signal: Annotated[str, typer.Option(help="Only for this signal; wherever it is used, else.")] = "",
    against: Annotated[str, typer.Option(help="An instrument that this one would replace, measured beside it.")] = "",
    policy: Annotated[Path | None, typer.Option(help="The policy that declares the judge.")] = None,
    own_text: Annotated[bool, typer.Option(help="The texts were written by the instrument's authors.")] = False,
    as_json: Json = False,
) -> None:
    """Measure an instrument on labelled answers and write its record, which `records:` in a policy takes."""
    from seatrial.calibration import record_of
    from seatrial.policy import load_policy
    from seatrial.signals.calibrate import pairs
    from seatrial.signals.records import judged_by_record, save_record

    record = record_of(
        instrument,
        labels,
        policy=load_policy(policy) if policy is not None else None,
        signal=signal,
        against=against,
        columns=pairs(column or [], "--column"),
        values={word: float(number) for word, number in pairs(value or [], "--value", number=True).items()},
        harmful_from=harmful_from,
        labelled_by=labelled_by,
        author_written=own_text,
    )
    path = out or Path("records") / f"{instrument.replace('/', '-')}.json"
    save_record(record, path)
    held = judged_by_record(record, signal)
    if as_json:
        _print_json({"path": str(path), "may_gate": held.may_gate, "error": held.why, "record": record.digest})
        return
    typer.echo(held.why)
    typer.echo(f"{'May gate' if held.may_gate else 'May only advise'}. Record: {path}")


@app.command(epilog="Example: seatrial doctor")
def doctor(as_json: Json = False) -> None:
    """Say what is installed, what is missing, and how to get it."""
    from seatrial.start import checks
    from seatrial.terminal import table

    found = checks()
    if as_json:
        _print_json([{"what": check.what, "ok": check.ok, "detail": check.detail} for check in found])
    else:
        typer.echo(table(("", "what", "detail"), [("ok" if c.ok else "--", c.what, c.detail) for c in found]))
    if not all(check.ok or check.optional for check in found):
        raise typer.Exit(ExitCode.USAGE)


LedgerPath = Annotated[Path, typer.Option("--ledger", help="The ledger's file.")]
DEFAULT_LEDGER = Path("reviews/ledger.jsonl")


@ledger_app.command("list", epilog="Example: seatrial ledger list")
def ledger_list(path: LedgerPath = DEFAULT_LEDGER, as_json: Json = False) -> None:
    """List all entries, oldest first."""
    from dataclasses import asdict

    from seatrial.terminal import ledger_rows, table

    entries = _ledger(path).verify()
    if as_json:
        _print_json([asdict(entry) for entry in entries])
        return
    typer.echo(table(("no", "at", "kind", "by", "what"), ledger_rows(entries)))


@ledger_app.command("show", epilog="Example: seatrial ledger show 3")
def ledger_show(
    number: Annotated[int, typer.Argument(min=1, help="The entry's number.")], path: LedgerPath = DEFAULT_LEDGER
) -> None:
    """Show one entry as JSON."""
    from dataclasses import asdict

    entries = _ledger(path).verify()
    if number > len(entries):
        raise SeatrialError(f"{path}: there is no entry {number}; the last is {len(entries)}")
    _print_json(asdict(entries[number - 1]))


@ledger_app.command("verify", epilog="Example: seatrial ledger verify")
def ledger_verify(path: LedgerPath = DEFAULT_LEDGER, as_json: Json = False) -> None:
    """Check that no entry was edited, dropped or moved."""
    entries = _ledger(path).verify()
    last = entries[-1].hash if entries else ""
    if as_json:
        _print_json({"entries": len(entries), "intact": True, "hash": last})
        return
    typer.echo(f"{len(entries)} entries, chain intact, last hash {last[:16]}.")


@ledger_app.command(
    "waive",
    epilog='Example: seatrial ledger waive reviews/support-1f2e3d4c --gate behavior/unearned-praise --person "A. Name" '
    '--reason "known, fix ships in a week" --expires 2027-01-31',
)
def ledger_waive(
    folder: Annotated[Path, typer.Argument(help="The review's folder.")],
    gate: Annotated[str, typer.Option("--gate", help="The gate to waive.")],
    person: Annotated[str, typer.Option("--person", help="Who takes the responsibility.")],
    reason: Annotated[str, typer.Option("--reason", help="Why.")],
    expires: Annotated[str, typer.Option("--expires", help="Last day on which it holds, YYYY-MM-DD.")],
    as_json: Json = False,
) -> None:
    """Override one gate of one review, on a person's word, until a day. It never becomes an approval."""
    from seatrial.report import write_reports
    from seatrial.report.machine import decision_json
    from seatrial.standing import exit_code, waive
    from seatrial.terminal import summary

    content = waive(folder, gate, person, reason, expires)
    write_reports(content, folder)
    if as_json:
        _print_json({**decision_json(content), "folder": str(folder)})
    else:
        typer.echo(summary(content, folder))
    raise typer.Exit(exit_code(content))


def _ledger(path: Path) -> Any:
    from seatrial.ledger import Ledger

    if not path.exists():
        raise SeatrialError(f"{path}: no ledger here; name it with --ledger, or run a review first")
    return Ledger(path)


if __name__ == "__main__":
    main()
