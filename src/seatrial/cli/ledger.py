"""`seatrial ledger`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from seatrial.cli.options import Json, print_json, printing, say
from seatrial.errors import SeatrialError, StoreError

__all__ = ["ledger_app"]

ledger_app = typer.Typer(help="What was decided, by whom, and which gates were waived.", no_args_is_help=True)

LedgerPath = Annotated[Path, typer.Option("--ledger", help="The ledger's file.")]
DEFAULT_LEDGER = Path("reviews/ledger.jsonl")


@ledger_app.command("list", epilog="Example: seatrial ledger list")
def ledger_list(path: LedgerPath = DEFAULT_LEDGER, as_json: Json = False) -> None:
    """List all entries, oldest first."""
    from dataclasses import asdict

    from seatrial.cli.output.ledger import ledger_rows
    from seatrial.cli.output.tables import table

    entries = _ledger(path).verify()
    if as_json:
        print_json([asdict(entry) for entry in entries])
        return
    say(table(("no", "at", "kind", "by", "what"), ledger_rows(entries)))


@ledger_app.command("show", epilog="Example: seatrial ledger show 3")
def ledger_show(
    number: Annotated[int, typer.Argument(min=1, help="The entry's number.")], path: LedgerPath = DEFAULT_LEDGER
) -> None:
    """Show one entry as JSON."""
    from dataclasses import asdict

    entries = _ledger(path).verify()
    if number > len(entries):
        raise SeatrialError(f"{path}: there is no entry {number}; the last is {len(entries)}")
    print_json(asdict(entries[number - 1]))


@ledger_app.command("verify", epilog="Example: seatrial ledger verify")
def ledger_verify(path: LedgerPath = DEFAULT_LEDGER, as_json: Json = False) -> None:
    """Check that no entry was edited, dropped or moved, and that the reviews' files are what their entries cover."""
    from dataclasses import asdict

    from seatrial.cli.output.ledger import compared_words
    from seatrial.ledger import compare_all, remarks

    ledger = _ledger(path)
    entries = ledger.verify()
    last, said = entries[-1].hash if entries else "", remarks(entries)
    if ledger.cut_short:
        said.append("The last line was cut short by a crash and is no entry; the next one takes its place.")
    files = compare_all(ledger, entries)
    if as_json:
        print_json({"entries": len(entries), "intact": True, "hash": last, "remarks": said, "reviews": asdict(files)})
        return
    told = [f"{len(entries)} entries, chain intact, last hash {last[:16]}.", *compared_words(files), *said]
    say("\n".join(told))


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
    from seatrial.cli.output.review import summary
    from seatrial.report import write_reports
    from seatrial.report.machine import decision_json
    from seatrial.review.apply_waivers import exit_code, waive

    content = waive(folder, gate, person, reason, expires)
    try:
        write_reports(content, folder)
    except StoreError as error:
        raise StoreError(
            f"{error} The waiver is in the ledger all the same; `seatrial report {folder}` writes the reports."
        ) from error
    with printing(exit_code(content)):
        if as_json:
            print_json({**decision_json(content), "folder": str(folder)})
        else:
            say(summary(content, folder))


def _ledger(path: Path) -> Any:
    from seatrial.ledger import Ledger

    if not path.exists():
        raise SeatrialError(f"{path}: no ledger here; name it with --ledger, or run a review first")
    return Ledger(path)
