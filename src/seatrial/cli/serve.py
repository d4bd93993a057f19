"""`seatrial serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seatrial.cli.options import Json, print_json, say
from seatrial.cli.vibe import DEFAULT_DATABASE, Database, TrustedProxy

__all__ = ["serve_app"]

serve_app = typer.Typer(help="The team's page: reviews, releases, trends, and what waits for a person's word.")

URL = "http://127.0.0.1:8765"


@serve_app.callback(invoke_without_command=True, epilog="Example: seatrial serve --reviews reviews")
def serve(
    context: typer.Context,
    reviews: Annotated[Path, typer.Option("--reviews", help="Folder of all reviews and of their ledger.")] = Path(
        "reviews"
    ),
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen at.")] = 8765,
    trusted_proxy: TrustedProxy = None,
    database: Database = DEFAULT_DATABASE,
) -> None:
    """Serve the team's pages and the raters' until stopped. Who comes in needs a token: `seatrial serve token`.

    The ledger is the one that SEATRIAL_LEDGER names, or else the one beside the reviews.
    """
    if context.invoked_subcommand is not None:
        return
    from seatrial.evidence.vibes.app import make_app
    from seatrial.evidence.vibes.doors import SessionDoors
    from seatrial.evidence.vibes.store import SessionStore
    from seatrial.ledger import ledger_in
    from seatrial.team.app import team_annex
    from seatrial.team.people import People
    from seatrial.web.server import serve as serve_until_stopped

    store = SessionStore(database)
    annex = team_annex(ledger_in(reviews), People(database), SessionDoors(store))
    serve_until_stopped(make_app(store, annex), host, port, trusted_proxy or [])


@serve_app.command("token", epilog='Example: seatrial serve token --role approver --name "A. Name"')
def serve_token(
    role: Annotated[str, typer.Option(help="viewer, rater, approver or admin.")],
    name: Annotated[str, typer.Option(help="Whose it is: the name that the ledger will hold.")],
    days: Annotated[int, typer.Option(min=1, max=366, help="Days until it ends.")] = 90,
    url: Annotated[str, typer.Option(help="Where people will reach the server.")] = URL,
    database: Database = DEFAULT_DATABASE,
    as_json: Json = False,
) -> None:
    """Make a token for one person, and print it this once: only its hash is kept."""
    from seatrial.team.people import People

    token = People(database).new_token(name, role, days)
    link = f"{url}/login#{token}"
    if as_json:
        print_json({"name": name, "role": role, "token": token, "link": link})
        return
    say(f"{name}, {role}: {token}")
    say(f"Or as a link, whose end no server is sent: {link}")
    say(f"It is shown this once, and ends after {days} days. To end it before: seatrial serve revoke NAME")


@serve_app.command("people", epilog="Example: seatrial serve people")
def serve_people(database: Database = DEFAULT_DATABASE, as_json: Json = False) -> None:
    """List who may come in, without what lets them in."""
    from dataclasses import asdict

    from seatrial.cli.output.tables import table
    from seatrial.team.people import People

    tokens = People(database).tokens()
    if as_json:
        print_json([asdict(one) for one in tokens])
        return
    rows = [(one.token, one.name, one.role, one.state, one.expires[:10]) for one in tokens]
    say(table(("token", "name", "role", "state", "ends"), rows))


@serve_app.command("revoke", epilog='Example: seatrial serve revoke "A. Name"')
def serve_revoke(
    name: Annotated[str, typer.Argument(help="A name, all of whose tokens end; or a token's first half.")],
    database: Database = DEFAULT_DATABASE,
    as_json: Json = False,
) -> None:
    """End tokens and the sessions that they began, at once."""
    from seatrial.errors import SeatrialError
    from seatrial.team.people import People

    ended = People(database).revoke(name)
    if not ended:
        raise SeatrialError(f"{name}: no token that is open is called that; `seatrial serve people` lists them")
    if as_json:
        print_json({"name": name, "ended": ended})
        return
    say(f"{name}: {ended} {'token' if ended == 1 else 'tokens'} ended, with all sessions.")
