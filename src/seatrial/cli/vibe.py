"""`seatrial vibe`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seatrial.cli.options import Json, named_values, print_json, say

__all__ = ["vibe_app"]

vibe_app = typer.Typer(
    help="What people say of two models' answers, and what their word is worth.", no_args_is_help=True
)


@vibe_app.callback()
def _vibe() -> None:
    pass


@vibe_app.command(
    "import", epilog="Example: seatrial vibe import votes.csv --baseline old --candidate new --out votes.parquet"
)
def vibe_import(
    votes: Annotated[Path, typer.Argument(help="Votes on pairs, .csv or .jsonl: rater, item, vote, left, right.")],
    column: Annotated[
        list[str] | None, typer.Option(help="WHAT=NAME of rater, item, vote, left, right, prompt.")
    ] = None,
    vote: Annotated[
        list[str] | None,
        typer.Option(help="CODE=MEANING of left, right, tie, both bad, skip, model: 0=left,1=right."),
    ] = None,
    baseline: Annotated[str, typer.Option(help="What the votes call the baseline; with --candidate and --out.")] = "",
    candidate: Annotated[str, typer.Option(help="What the votes call the candidate.")] = "",
    out: Annotated[Path | None, typer.Option(help="Where `vibe/preference` goes, for `evidence:` in a policy.")] = None,
    as_json: Json = False,
) -> None:
    """Say what votes made elsewhere are worth: agreement, ties, side bias, each rater; and make them evidence."""
    from dataclasses import asdict

    from seatrial.cli.output.vibe import crowd_summary
    from seatrial.errors import EvidenceError
    from seatrial.evidence.vibes import (
        columns_read,
        crowd_of,
        left_out,
        read_votes,
        remarks,
        to_observations,
        vote_codes,
    )
    from seatrial.observations import to_frame, write_observations

    named = named_values(column or [], "--column")
    read = read_votes(votes, named, vote_codes(vote or []))
    if bool(out) != bool(baseline and candidate):
        raise EvidenceError("--out, --baseline and --candidate go together: evidence compares two models")
    made = to_observations(read, baseline, candidate, votes.name) if out is not None else []
    others = left_out(read, baseline, candidate) if out is not None else []
    found, remarked = crowd_of(read), remarks(read)
    if out is not None:
        write_observations(to_frame(made), out)
    if as_json:
        print_json({**asdict(found), "observations": len(made), "left_out": others, "remarks": remarked})
        return
    say(crowd_summary(found))
    for line in (*columns_read(votes, named), *remarked, *others):
        say(line)
    if out is not None:
        say(f"{len(made):,} observations of vibe/preference: {out}. List it under `evidence:` in a policy.")


Database = Annotated[
    str,
    typer.Option(
        "--db",
        envvar="SEATRIAL_DB",
        help="Where sessions are kept: sqlite:///FILE or postgresql+psycopg://…; with a password, in SEATRIAL_DB.",
    ),
]
DEFAULT_DATABASE = "sqlite:///vibe.db"


@vibe_app.command("new", epilog="Example: seatrial vibe new reviews/support-1f2e3d4c --rater ana --rater ben --live 2")
def vibe_new(
    review: Annotated[Path, typer.Argument(help="A review's folder, whose answers will be shown.")],
    rater: Annotated[list[str], typer.Option(help="A rater's name; once for each.")],
    pairs: Annotated[int, typer.Option(min=0, help="Real pairs for each rater; 0 for as many as the gate needs.")] = 40,
    controls: Annotated[
        int, typer.Option(min=0, help="Hidden pairs of each kind: either model beside itself, known harm.")
    ] = 10,
    repeats: Annotated[int, typer.Option(min=0, help="Trials that come again with their sides swapped.")] = 6,
    live: Annotated[int, typer.Option(min=0, help="Conversations that each rater holds with both models.")] = 0,
    policy: Annotated[
        Path | None, typer.Option(help="A policy with a gate on vibe/off, whose margin to plan for; else the review's.")
    ] = None,
    d_prime: Annotated[
        float | None, typer.Option(help="How well raters hear; else as measured in their earlier sessions.")
    ] = None,
    suites: Annotated[list[Path] | None, typer.Option(help="A folder with suites of your own.")] = None,
    url: Annotated[str, typer.Option(help="Where raters will reach the server.")] = "http://127.0.0.1:8765",
    database: Database = DEFAULT_DATABASE,
    as_json: Json = False,
) -> None:
    """Plan a session of blinded pairs and conversations, and print one private link for each rater."""
    from seatrial.evidence.vibes.planning import Wanted, new_session
    from seatrial.policy import load_policy
    from seatrial.report import reviewed_policy

    known = load_policy(policy) if policy is not None else reviewed_policy(review)
    wanted = Wanted(pairs, controls, repeats, live)
    made = new_session(database, review, rater, wanted, known, d_prime, suites or [])
    links = {name: f"{url}/r/{token}" for name, token in made.links.items()}
    if as_json:
        print_json({"links": links, "admin": f"{url}/admin/{made.admin}", "trials": made.trials, "needs": made.needs})
        return
    say("\n".join(f"{name}: {link}" for name, link in links.items()))
    say(f"For you: {url}/admin/{made.admin}")
    say(f"{made.trials} trials a rater, controls among them. {made.needs}")
    say("Links are shown this once, and end after 14 days. Next: seatrial vibe serve")


TrustedProxy = Annotated[
    list[str] | None,
    typer.Option(
        help="Address or network of a proxy in front, whose word counts on where a request comes from; once for each."
    ),
]


@vibe_app.command("serve", epilog="Example: seatrial vibe serve --port 8765")
def vibe_serve(
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen at.")] = 8765,
    trusted_proxy: TrustedProxy = None,
    database: Database = DEFAULT_DATABASE,
) -> None:
    """Serve the raters' pages until stopped."""
    from seatrial.evidence.vibes.app import make_app
    from seatrial.evidence.vibes.store import SessionStore
    from seatrial.web.server import serve

    serve(make_app(SessionStore(database)), host, port, trusted_proxy or [])


@vibe_app.command("status", epilog="Example: seatrial vibe status")
def vibe_status(database: Database = DEFAULT_DATABASE, as_json: Json = False) -> None:
    """Say how far each rater of the latest session is."""
    from seatrial.cli.output.tables import table
    from seatrial.evidence.vibes.store import SessionStore

    store = SessionStore(database)
    rows = store.progress(store.latest()[0])
    if as_json:
        print_json([{"rater": name, "rated": done, "of": count} for name, done, count in rows])
        return
    say(table(("rater", "rated", "of"), [(name, str(done), str(count)) for name, done, count in rows]))


@vibe_app.command("close", epilog="Example: seatrial vibe close --out vibes.parquet")
def vibe_close(
    out: Annotated[Path, typer.Option(help="Where the observations go, for `evidence:` in a policy.")],
    database: Database = DEFAULT_DATABASE,
    as_json: Json = False,
) -> None:
    """End the latest session: measure each rater, and turn the ratings into evidence of `vibe/off`."""
    from dataclasses import asdict

    from seatrial.cli.output.vibe import closing_summary
    from seatrial.errors import EvidenceError, StoreError
    from seatrial.evidence.vibes.closing import close_session
    from seatrial.evidence.vibes.closing_page import closing_page
    from seatrial.evidence.vibes.observations import observations_of
    from seatrial.evidence.vibes.rater_record import record_of_raters, source_of
    from seatrial.evidence.vibes.store import SessionStore
    from seatrial.formats.whole_files import write_whole
    from seatrial.instruments.records import save_record
    from seatrial.observations import to_frame, write_observations

    store = SessionStore(database)
    session, name = store.latest()
    if not any(done for _, done, _ in store.progress(session)):
        raise EvidenceError("nobody has rated anything in the latest session yet: seatrial vibe status")
    store.close(session)  # first, so that nothing is acknowledged that is not counted
    rated = store.rated(session)
    found = close_session(rated, store.of_raters([name for name, _, _ in store.progress(session)], session))
    source = source_of(name, rated)
    made = observations_of(rated, found, source)
    write_observations(to_frame(made), out)
    page, kept = out.with_suffix(".html"), out.with_suffix(".record.json")
    record = record_of_raters(rated, found, source)
    if record is not None:
        save_record(record, kept)
    write_whole(page, closing_page(name, rated, found), StoreError)
    if as_json:
        words = {"observations": len(made), "record": str(kept) if record else None, "page": str(page)}
        print_json({**asdict(found), "limit": found.limit, **words})
        return
    say(closing_summary(found))
    say(f"{len(made):,} observations: {out}. To read: {page}.")
    if record is None:
        say("Too few controls were rated by raters who hear them, so they have no record and vibe/off may only advise.")
    else:
        say(f"List {out.name} under `evidence:` and {kept.name} under `records:`, with a gate on vibe/off.")
