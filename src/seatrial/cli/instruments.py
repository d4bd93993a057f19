"""`seatrial instruments`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seatrial.cli.options import Json, named_values, print_json, say

__all__ = ["instruments_app"]

instruments_app = typer.Typer(help="What reads the answers, and how often it is right.", invoke_without_command=True)

Records = Annotated[list[Path] | None, typer.Option("--records", help="A file or folder with records of your own.")]


@instruments_app.callback(epilog="Example: seatrial instruments --json")
def instruments(context: typer.Context, records: Records = None, as_json: Json = False) -> None:
    """List the instruments that read answers, and what their records say of their error."""
    if context.invoked_subcommand is None:
        instruments_list(records, as_json)


@instruments_app.command("list", epilog="Example: seatrial instruments list --json")
def instruments_list(records: Records = None, as_json: Json = False) -> None:
    """List the instruments that read answers, and what their records say of their error."""
    from seatrial.cli.output.tables import table
    from seatrial.instruments import instruments as known
    from seatrial.instruments.may_gate import standing
    from seatrial.instruments.records import load_records

    held = load_records(records or [])
    found = [(made, standing(made, "", held)) for _, made in sorted(known().items())]
    if as_json:
        print_json(
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
    say(table(("instrument", "may gate", "what is known of its error"), rows))


@instruments_app.command("check", epilog="Example: seatrial instruments check records/")
def instruments_check(
    paths: Annotated[list[Path], typer.Argument(help="Records, or folders of them.")], as_json: Json = False
) -> None:
    """Say of each record whether it is of the instrument as it is now, and what it lets its gates do."""
    from seatrial.instruments import instruments as known
    from seatrial.instruments.may_gate import standing
    from seatrial.instruments.records import load_records, version_of

    held = load_records(paths)
    rows = []
    for name in sorted(held):
        made = known().get(name)
        now = version_of(made) if made is not None else None
        current = [record for record in held[name] if record.version == now]
        why = standing(made, "", held).why if made is not None else "no such instrument here"
        rows.append({"instrument": name, "records": len(held[name]), "current": len(current), "error": why})
    if as_json:
        print_json(rows)
        return
    for row in rows:
        say(f"{row['instrument']}: {row['current']} of {row['records']} records are current. {row['error']}")


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
    import seatrial
    from seatrial.calibration.labels import columns_read
    from seatrial.instruments.may_gate import judged_by_record
    from seatrial.instruments.records import save_record
    from seatrial.policy import load_policy

    columns = named_values(column or [], "--column")
    record = seatrial.calibrate(
        instrument,
        labels,
        policy=load_policy(policy) if policy is not None else None,
        signal=signal,
        against=against,
        columns=columns,
        values={word: float(number) for word, number in named_values(value or [], "--value", number=True).items()},
        harmful_from=harmful_from,
        labelled_by=labelled_by,
        author_written=own_text,
    )
    path = out or Path("records") / f"{instrument.replace('/', '-')}.json"
    save_record(record, path)
    held = judged_by_record(record, signal)
    if as_json:
        print_json({"path": str(path), "may_gate": held.may_gate, "error": held.why, "record": record.digest})
        return
    for line in (line for read in labels for line in columns_read(read, columns)):
        say(line)
    say(held.why)
    say(f"{'May gate' if held.may_gate else 'May only advise'}. Record: {path}")
