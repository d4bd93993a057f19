"""`seatrial ledger sign`, `release`, `notes`, `incident` and `roll-back`: what comes of a decision."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seatrial.cli.ledger import Where, ledger_app, ledger_at
from seatrial.cli.options import Json, print_json, printing, say

__all__ = ["ledger_app"]

Folder = Annotated[Path, typer.Argument(help="The review's folder.")]
Release = Annotated[str, typer.Argument(help="The release's name, or entry:NUMBER where several are called so.")]
Person = Annotated[str, typer.Option("--person", help="Who takes the responsibility.")]


@ledger_app.command(
    "sign",
    epilog='Example: seatrial ledger sign reviews/support-1f2e3d4c --person "A. Name" --behavior "shorter answers" '
    '--experts "six talked to it and liked it" --blind-spots "long conversations; support watches"',
)
def ledger_sign(
    folder: Folder,
    person: Person,
    behavior: Annotated[str, typer.Option("--behavior", help="What changed in how the model behaves, and why may it?")],
    experts: Annotated[str, typer.Option("--experts", help="What did people say who talked to the candidate?")],
    blind_spots: Annotated[
        str,
        typer.Option("--blind-spots", help="Which blind spot would hurt most, and who watches it after the launch?"),
    ],
    acknowledge: Annotated[
        list[str] | None,
        typer.Option("--acknowledge", help="A gate that only advises and points to harm, seen by who signs."),
    ] = None,
    days: Annotated[
        int, typer.Option("--days", min=1, max=366, help="Days for which it may be released on this.")
    ] = 30,
    as_json: Json = False,
) -> None:
    """Approve the behavior of the review's candidate, as a named person, until a day.

    Only a launch can be signed, and only once every gate that advises and points to harm is acknowledged by name.
    """
    from dataclasses import asdict

    from seatrial.review.apply_waivers import exit_code
    from seatrial.review.launch_steps import signed_off

    answers = {"behavior": behavior, "experts": experts, "blind-spots": blind_spots}
    content, entry = signed_off(folder, person, answers, acknowledge or (), days)
    with printing(exit_code(content)):
        if as_json:
            print_json(asdict(entry))
        else:
            say(f"{person} approved the behavior of {entry.body['candidate']} (entry {entry.number}).")
            say(f"It may be released until {entry.body['until']}: seatrial ledger release {folder} --name …")


@ledger_app.command(
    "release", epilog='Example: seatrial ledger release reviews/support-1f2e3d4c --name 2027-01 --person "A. Name"'
)
def ledger_release(
    folder: Folder,
    name: Annotated[str, typer.Option("--name", help="What the team calls the release.")],
    person: Person,
    override: Annotated[
        str, typer.Option("--override", help="The reason to release it against the decision, or without a sign-off.")
    ] = "",
    acknowledge: Annotated[
        list[str] | None,
        typer.Option(
            "--acknowledge", help="With --override: a gate that only advises and points to harm, seen by you."
        ),
    ] = None,
    notes: Annotated[Path | None, typer.Option("--notes", help="Write a draft of the release notes here.")] = None,
    as_json: Json = False,
) -> None:
    """Record that the candidate went out, on a sign-off that still holds or as an override, which is no approval."""
    from dataclasses import asdict

    from seatrial.errors import ExitCode, StoreError
    from seatrial.formats.whole_files import write_whole
    from seatrial.ledger import ledger_for
    from seatrial.ledger.releases import SignOff, recorded
    from seatrial.report.release_notes import release_notes
    from seatrial.review.apply_waivers import exit_code
    from seatrial.review.launch_steps import released

    content, entry = released(folder, name, person, override, acknowledged=acknowledge or ())
    if notes is not None:
        signs = {one.number: record for one, record in recorded(ledger_for(folder).entries(), SignOff)}
        signed = signs.get(entry.body["entry"])
        write_whole(notes, release_notes(content, name, signed.answers if signed else {}), StoreError)
    with printing(ExitCode.WAIVED if override else exit_code(content)):
        if as_json:
            print_json(asdict(entry))
        else:
            how = "against the decision, which stays what it was" if override else f"on entry {entry.body['entry']}"
            say(f"{name}: {entry.body['candidate']} released by {person}, {how} (entry {entry.number}).")
            say(f"Release notes: {notes}" if notes else "A draft of the release notes: add --notes notes.md")


@ledger_app.command(
    "incident",
    epilog='Example: seatrial ledger incident 2027-01 --behavior behavior/opinion-sycophancy --what "agrees with '
    'whatever is said" --person "B. Name" --conversation found.jsonl',
)
def ledger_incident(
    release: Release,
    behavior: Annotated[str, typer.Option("--behavior", help="The behavior, as a signal is called.")],
    what: Annotated[str, typer.Option("--what", help="What was found.")],
    person: Person,
    conversation: Annotated[
        list[Path] | None,
        typer.Option("--conversation", help="A file of conversations that show it; its hash is kept."),
    ] = None,
    found: Annotated[str, typer.Option("--found", help="The day, YYYY-MM-DD; today by default.")] = "",
    where: Where = None,
    as_json: Json = False,
) -> None:
    """Record harm that was found after a launch, and say which signals of its review had seen it."""
    from dataclasses import asdict

    from seatrial.review.launch_steps import report_incident

    entry, said = report_incident(ledger_at(where), release, behavior, what, person, conversation or (), found)
    if as_json:
        print_json({**asdict(entry), "hindsight": [asdict(one) for one in said]})
        return
    say(f"Incident of {release}, {behavior}: {what} (entry {entry.number}).")
    if not said:
        say("No gate of its review asked about this behavior.")
    for one in said:
        say(f"- {one.signal}: {one.word}: {one.why}.")
    if conversation:
        files = " ".join(f"--conversation {path}" for path in conversation)
        say(f"To watch it from now on: seatrial suites from-incident {entry.number} SUITE {files}")
    else:
        say("No conversation shows it, so it cannot become a gate: report it with --conversation FILE once some do.")


@ledger_app.command(
    "roll-back",
    epilog='Example: seatrial ledger roll-back 2027-01 --person "A. Name" --reason "see incident 12" --incident 12',
)
def ledger_roll_back(
    release: Release,
    person: Person,
    reason: Annotated[str, typer.Option("--reason", help="Why.")],
    incident: Annotated[
        int, typer.Option("--incident", min=0, help="Number of the incident's entry that it answers.")
    ] = 0,
    where: Where = None,
    as_json: Json = False,
) -> None:
    """Record that a release was taken back."""
    from dataclasses import asdict

    from seatrial.review.launch_steps import roll_back

    entry = roll_back(ledger_at(where), release, person, reason, incident)
    if as_json:
        print_json(asdict(entry))
        return
    say(f"{release} was taken back by {person}: {reason} (entry {entry.number}).")
