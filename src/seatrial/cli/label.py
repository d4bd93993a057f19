"""`seatrial label`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seatrial.cli.options import Json, print_json, say
from seatrial.cli.vibe import DEFAULT_DATABASE, Database, TrustedProxy
from seatrial.errors import SeatrialError

if TYPE_CHECKING:
    from seatrial.policy import LaunchPolicy

__all__ = ["label_app"]

label_app = typer.Typer(
    help="People grade a part of a review's answers, so that what reads all of them earns its record.",
    no_args_is_help=True,
)


@label_app.callback()
def _label() -> None:
    pass


@label_app.command(
    "new",
    epilog="Example: seatrial label new reviews/support-1f2e3d4c --signal behavior/coldness --rater ana --rater ben",
)
def label_new(
    review: Annotated[Path, typer.Argument(help="A review's folder, whose answers will be graded.")],
    signal: Annotated[str, typer.Option(help="Whose answers: a suite's signal, or one that the policy declares.")],
    rater: Annotated[list[str], typer.Option(help="A rater's name; once for each.")],
    judge: Annotated[str, typer.Option(help="The judge that is to earn its record; else what the gate reads by.")] = "",
    least: Annotated[int, typer.Option(min=10, help="Answers that are read in any case.")] = 60,
    most: Annotated[int, typer.Option(min=10, help="Answers that are read at most, by all raters together.")] = 240,
    overlap: Annotated[int, typer.Option(min=0, help="Answers that every rater reads, for their agreement.")] = 20,
    controls: Annotated[int, typer.Option(min=0, help="Hidden answers of known degree, of either kind.")] = 4,
    repeats: Annotated[int, typer.Option(min=0, help="Answers that come again.")] = 4,
    url: Annotated[str, typer.Option(help="Where raters will reach the server.")] = "http://127.0.0.1:8765",
    database: Database = DEFAULT_DATABASE,
    as_json: Json = False,
) -> None:
    """Choose answers of a review, and print one private link for each rater."""
    from seatrial.errors import EvidenceError
    from seatrial.evidence.labels.planning import Choice, new_labels
    from seatrial.report import load_result

    result = load_result(review)
    reads = {name: note.name for note in result.instruments for name in note.signals}
    if judge and reads.get(signal) != f"judge/{judge}":
        raise EvidenceError(
            f"{review}: {signal} was read by {reads.get(signal, 'nothing')}, so there are no scores of judge/{judge} "
            f"to choose by. Give its gate `instrument: judge/{judge}` and review again, or leave out --judge."
        )
    chosen = Choice(least, max(most, least), overlap, controls, repeats)
    made = new_labels(database, review, result.policy, signal, reads.get(signal, ""), rater, chosen)
    links = {name: f"{url}/r/{token}" for name, token in made.links.items()}
    steps = [step.text for step in result.steps if step.kind == "labels" and signal in step.text]
    if as_json:
        print_json({"links": links, "admin": f"{url}/admin/{made.admin}", "needs": made.needs, "moves": steps})
        return
    say("\n".join(f"{name}: {link}" for name, link in links.items()))
    say(f"For you: {url}/admin/{made.admin}")
    say(made.needs)
    for text in steps or [
        f"The review names no gate that labels of {signal} would decide; they say how far it can be believed."
    ]:
        say(text)
    say("Links are shown this once, and end after 14 days. Next: seatrial label serve")


@label_app.command("serve", epilog="Example: seatrial label serve --port 8765")
def label_serve(
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen at.")] = 8765,
    trusted_proxy: TrustedProxy = None,
    database: Database = DEFAULT_DATABASE,
) -> None:
    """Serve the raters' pages until stopped: the same server as `seatrial vibe serve`."""
    from seatrial.cli.vibe import vibe_serve

    vibe_serve(host, port, trusted_proxy, database)


@label_app.command("status", epilog="Example: seatrial label status")
def label_status(database: Database = DEFAULT_DATABASE, as_json: Json = False) -> None:
    """Say what the latest session's labels come to so far."""
    from seatrial.evidence.labels.closing import labels_of
    from seatrial.evidence.labels.summary import said_of
    from seatrial.evidence.vibes.store import SessionStore

    store = SessionStore(database)
    session, name = store.latest(labels=True)
    config = store.config(session)
    found = labels_of(store.rated(session), config)
    counts = {"read": found.readings, "harmful": found.harmful, "harmless": found.harmless, "unsure": found.unsure}
    if as_json:
        print_json({"session": name, **counts, "said": said_of(found, config)})
        return
    say(f"{name}: " + ", ".join(f"{count} {word}" for word, count in counts.items()))
    say("\n".join(said_of(found, config)))


@label_app.command("close", epilog="Example: seatrial label close --policy policy.yaml")
def label_close(
    policy: Annotated[
        Path | None, typer.Option(help="The policy that will take the labels and the record; else the review's.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for `labels/` and `records/`; the policy's by default.")
    ] = None,
    database: Database = DEFAULT_DATABASE,
    as_json: Json = False,
) -> None:
    """End the latest session: write its labels and, if they suffice, the record of what read the answers."""
    from dataclasses import asdict

    from seatrial.errors import EvidenceError
    from seatrial.evidence.labels.closing import labels_of
    from seatrial.evidence.labels.files import write_labels
    from seatrial.evidence.labels.summary import divided, said_of
    from seatrial.evidence.vibes.store import SessionStore
    from seatrial.policy import load_policy
    from seatrial.report import reviewed_policy

    store = SessionStore(database)
    session, name = store.latest(labels=True)
    config = store.config(session)
    found = labels_of(store.rated(session), config)
    if not found.rows:
        raise EvidenceError("nobody has labelled anything in the latest session yet: seatrial label status")
    if found.are_divided:
        raise EvidenceError(divided(found))
    known = load_policy(policy) if policy is not None else reviewed_policy(Path(config["review"]))
    folder = out or (policy.parent if policy is not None else Path())
    store.close(session)  # first, so that nothing is acknowledged that is not counted
    found = labels_of(store.rated(session), config)
    stem = str(config["labels"]).replace("/", "-")
    path = write_labels(found, folder / "labels" / f"{stem}.jsonl")
    record, why = _record(path, config, known, folder / "records", name) if not found.lacks else (None, found.lacks)
    if as_json:
        words = {"labels": str(path), "record": str(record) if record else None, "why": why}
        print_json({**words, "said": said_of(found, config), "change": asdict(found.change) if found.change else None})
        return
    say("\n".join(said_of(found, config)))
    say(f"{len(found.rows):,} labelled answers: {path}. {why}".strip())
    gate = f"{{signal: {config['labels']}, …, labels: labels/{path.name}}}"
    records = " and `records: [records/]`" if record else ""
    say(f"The policy takes them as `{gate}`{records}.")


def _record(
    labels: Path, config: dict[str, object], policy: LaunchPolicy | None, folder: Path, name: str
) -> tuple[Path | None, str]:
    """Measure what read the answers on the labels; return where its record lies, and what it lets its gates do."""
    import seatrial
    from seatrial.instruments.may_gate import judged_by_record
    from seatrial.instruments.records import save_record

    instrument, signal = str(config["instrument"]), str(config["labels"])
    if not instrument:
        return None, "The review does not say what read the answers, so no record was made."
    try:
        made = seatrial.calibrate(instrument, [labels], policy=policy, signal=signal, labelled_by=f"raters of {name}")
    except SeatrialError as error:
        return None, f"No record: {error}"
    path = folder / f"{instrument.replace('/', '-')}-{signal.replace('/', '-')}.json"
    save_record(made, path)
    held = judged_by_record(made, signal)
    return path, f"{held.why} {instrument} {'may gate' if held.may_gate else 'may only advise'}. Record: {path}"
