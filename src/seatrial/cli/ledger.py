"""`seatrial ledger`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seatrial.cli.options import Json, print_json, printing, say
from seatrial.errors import SeatrialError, StoreError

if TYPE_CHECKING:
    from seatrial.ledger import Ledger

__all__ = ["Anchors", "Trust", "Where", "ledger_app", "ledger_at"]

ledger_app = typer.Typer(help="What was decided, by whom, and which gates were waived.", no_args_is_help=True)

Where = Annotated[
    str | None,
    typer.Option("--ledger", help="Its file, or a database's URL; else SEATRIAL_LEDGER, or reviews/ledger.db."),
]
Trust = Annotated[
    list[Path] | None, typer.Option("--trust", help="A public key that entries must be signed by; several may be.")
]
Anchors = Annotated[
    list[str] | None, typer.Option("--anchor", help="Where an anchor was written: a file, or git-tag:NAME.")
]
REVIEWS = Path("reviews")


@ledger_app.command("list", epilog="Example: seatrial ledger list")
def ledger_list(where: Where = None, as_json: Json = False) -> None:
    """List all entries, oldest first."""
    from dataclasses import asdict

    from seatrial.cli.output.ledger import ledger_rows
    from seatrial.cli.output.tables import table

    entries = ledger_at(where).verify()
    if as_json:
        print_json([asdict(entry) for entry in entries])
        return
    say(table(("no", "at", "kind", "by", "what"), ledger_rows(entries)))


@ledger_app.command("show", epilog="Example: seatrial ledger show 3")
def ledger_show(
    number: Annotated[int, typer.Argument(min=1, help="The entry's number.")],
    where: Where = None,
    as_envelope: Annotated[bool, typer.Option("--envelope", help="As a DSSE envelope, with its signature.")] = False,
) -> None:
    """Show one entry as JSON."""
    from dataclasses import asdict

    from seatrial.ledger.signing import envelope

    ledger = ledger_at(where)
    entries = ledger.verify()
    if number > len(entries):
        raise SeatrialError(f"{ledger.name}: there is no entry {number}; the last is {len(entries)}")
    print_json(envelope(entries[number - 1]) if as_envelope else asdict(entries[number - 1]))


@ledger_app.command("verify", epilog="Example: seatrial ledger verify --trust manager.pem.pub --anchor anchors.txt")
def ledger_verify(
    where: Where = None,
    trust: Trust = None,
    anchor: Anchors = None,
    as_json: Json = False,
) -> None:
    """Check that no entry was edited, dropped or moved, and that the reviews' files are what their entries cover.

    A copy of the ledger that is older, or that was written anew with all its hashes, is found by an anchor kept
    elsewhere; an entry that somebody else added, by the keys that are trusted.
    """
    from dataclasses import asdict

    from seatrial.cli.output.ledger import verified_words
    from seatrial.ledger import anchors_in, check_anchors, compare_all, remarks
    from seatrial.ledger.signing import check_signatures, trusted

    ledger = ledger_at(where)
    entries = ledger.verify()
    anchors = [one for place in anchor or () for one in anchors_in(place)]
    check_anchors(entries, anchors, ledger.name)
    signers = check_signatures(entries, trusted(trust or ()), ledger.name)
    said, files = remarks(entries), compare_all(ledger, entries)
    if as_json:
        last = entries[-1].hash if entries else ""
        found = {"entries": len(entries), "intact": True, "hash": last, "remarks": said, "reviews": asdict(files)}
        print_json({**found, "signers": asdict(signers), "anchors": len(anchors)})
        return
    say("\n".join(verified_words(entries, signers, len(anchors), files, said)))


@ledger_app.command("key", epilog="Example: seatrial ledger key release-manager.pem")
def ledger_key(
    path: Annotated[Path, typer.Argument(help="Where to write the private key; the public one is FILE.pub beside it.")],
) -> None:
    """Make a key that signs entries. It needs a password where SEATRIAL_LEDGER_KEY_PASSWORD holds one.

    Entries are signed while SEATRIAL_LEDGER_KEY names the file of a private key.
    """
    from seatrial.ledger.signing import make_key

    name = make_key(path)
    say(f"Key {name[:16]}: {path} signs entries while SEATRIAL_LEDGER_KEY names it; keep it to yourself.")
    say(f"Give {path}.pub to whoever verifies: seatrial ledger verify --trust {path}.pub")


@ledger_app.command("anchor", epilog="Example: seatrial ledger anchor git-tag:ledger-2027-01-31")
def ledger_anchor(
    place: Annotated[str, typer.Argument(metavar="PLACE", help="A file, which it is added to, or git-tag:NAME.")],
    where: Where = None,
    as_json: Json = False,
) -> None:
    """Write the ledger's last hash elsewhere, so that a copy there proves what stood in it today."""
    from dataclasses import asdict

    from seatrial.ledger import write_anchor

    anchor = write_anchor(ledger_at(where).verify(), place)
    if as_json:
        print_json(asdict(anchor))
        return
    say(f"{place}: {anchor}. Keep it where nobody who writes the ledger can change it.")


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


def ledger_at(where: str | None) -> Ledger:
    """Return the ledger that a command names, or the one that is there by default; there must be one."""
    from seatrial.ledger import Ledger, ledger_in

    ledger = Ledger(where) if where else ledger_in(REVIEWS)
    if not ledger.exists:
        raise SeatrialError(f"{ledger.name}: no ledger here; name it with --ledger, or run a review first")
    return ledger
