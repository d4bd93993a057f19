"""`seatrial replay`: real conversations answered anew by both models, and what they show of each behavior."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seatrial.cli.options import Json, or_usual, print_json, printing, say, status, user

if TYPE_CHECKING:
    from seatrial.collect import Progress
    from seatrial.evidence.replay.hands import Hands
    from seatrial.evidence.replay.personal import Removed
    from seatrial.evidence.replay.sampling import Sample
    from seatrial.evidence.replay.traffic import Counted
    from seatrial.instruments.records import Records
    from seatrial.policy import LaunchPolicy

__all__ = ["replay_app"]


replay_app = typer.Typer(
    cls=or_usual("run"),
    help="Answer real conversations anew with both models. `replay POLICY TRAFFIC` is `replay run POLICY TRAFFIC`.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Policy = Annotated[Path, typer.Argument(metavar="POLICY", help="The policy file.")]
Traffic = Annotated[list[Path], typer.Argument(metavar="TRAFFIC...", help="Files or folders of conversations.")]
Grade = Annotated[int, typer.Option("--grade", min=20, help="Conversations to have graded for each behavior, at most.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="That the sample is drawn with.")]
Out = Annotated[Path | None, typer.Option("--out", help="The replay's folder.")]
AsIs = Annotated[
    bool, typer.Option("--as-is", help="Leave names, addresses and numbers of people in what models and judges see.")
]
Reviews = Annotated[Path, typer.Option("--reviews", help="Folder whose ledger has the forecasts.")]
Author = Annotated[str, typer.Option("--author", help="Who runs it, for the ledger.")]
Ray = Annotated[
    str | None,
    typer.Option(
        "--ray",
        metavar="ADDRESS",
        help="Ask, grade and read on a Ray cluster: HOST:PORT of its head, `auto` on one of its nodes, or `local`.",
    ),
]
Store = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="PLACE",
        help="Where answers are kept: a folder, or an address that fsspec opens, as s3://bucket/replay. "
        "Otherwise in the replay's folder.",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]


@replay_app.command("run", epilog="Example: seatrial replay run policy.yaml traffic/ --sample 2000 --grade 400")
def replay_run(
    policy_path: Policy,
    traffic: Traffic,
    sample: Annotated[int, typer.Option("--sample", min=20, help="Conversations to answer anew, at most.")] = 2000,
    grade: Grade = 400,
    seed: Seed = 20250425,
    out: Out = None,
    register: Annotated[
        bool, typer.Option("--register", help="Grade all that may be graded, and enter the forecast in the ledger.")
    ] = False,
    review: Annotated[
        Path | None,
        typer.Option(
            "--review", help="With --register: a review of this candidate, whose rates in suites are a rival."
        ),
    ] = None,
    ask_if_test: Annotated[
        int, typer.Option("--ask-if-test", min=0, help="Conversations and items to ask both models of: is it a test?")
    ] = 0,
    ray: Ray = None,
    store: Store = None,
    reviews: Reviews = Path("reviews"),
    author: Author = "",
    as_is: AsIs = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Forecast how often each behavior would show in real traffic, and how that would change.

    The last answer of each conversation is taken away, and both models answer anew; judges grade where it pays. Exits
    with 1 where a behavior rose beyond its margin, with 3 where that is open, and with 0 where none of both is so. A
    replay shows no reaction of a user, and only conversations without tools.
    """
    import asyncio

    from seatrial.cli.output.replay import replay_json, replay_summary
    from seatrial.collect import Progress
    from seatrial.errors import StoreError
    from seatrial.evidence.replay.found import found_in
    from seatrial.evidence.replay.handed_over import handed_over
    from seatrial.evidence.replay.page import pairs_file, render_replay, render_worse
    from seatrial.evidence.replay.registered import registered
    from seatrial.evidence.replay.run import replayed
    from seatrial.evidence.replay.traffic_map import write_unasked
    from seatrial.evidence.replay.wanted import check_policy
    from seatrial.formats.whole_files import make_folder, write_whole
    from seatrial.gates.replayed import KIND, looks_before
    from seatrial.instruments.records import load_records
    from seatrial.ledger import ledger_in
    from seatrial.policy import load_policy

    policy = load_policy(policy_path)
    check_policy(policy)
    records = load_records(policy.records)
    suites = _in_suites(review, policy.candidate.model) if review else {}
    folder = _folder(policy.name, out)
    told = f"sample {sample}, seed {seed}, grade {grade}{', all of it' if register else ''}"
    before = looks_before(folder, told)
    progress = Progress("off" if quiet else None)
    taken, counted, removed = _drawn(traffic, sample, seed, as_is, progress)
    hands = _hands(policy, records, folder, store, ray, progress)
    done = asyncio.run(
        replayed(
            policy,
            records,
            taken,
            hands,
            grade,
            progress,
            folder,
            whole=register,
            ask_if_test=ask_if_test,
            looks_before=before,
        )
    )
    found = found_in(policy, done, counted, taken, removed)
    page = folder / "replay.html"
    write_whole(page, render_replay(found), StoreError)
    worse = [one for one in done.found if one.worse]
    if worse:
        make_folder(folder / "pairs", "the folder of pairs", StoreError)
    for one in worse:
        write_whole(folder / pairs_file(one), render_worse(found, one), StoreError)
    write_unasked(found.map, done.items, folder)
    handed = handed_over(found, folder, told, before)
    entry = None
    if register:
        ledger = ledger_in(reviews)
        entry = registered(found, folder, ledger, author or user(), suites)
    with printing(found.exit_code):
        if as_json:
            entered = None if entry is None else {"entry": entry.number, "hash": entry.hash}
            print_json(
                {
                    **replay_json(found),
                    "folder": str(folder),
                    "page": str(page),
                    "evidence": str(handed),
                    "ledger": entered,
                }
            )
        else:
            say(replay_summary(found, page))
            say(f"For a review, in its policy: evidence: [{folder}], and gates on {KIND}NAME")
            if entry is not None:
                say(f"Forecast: {folder / 'forecast.json'}, entered in {ledger.name} as {entry.number}")
                say(f"After the launch: seatrial replay check {policy_path} NEW_TRAFFIC --out {folder}")


@replay_app.command("check", epilog="Example: seatrial replay check policy.yaml traffic-of-june/")
def replay_check(
    policy_path: Policy,
    traffic: Traffic,
    sample: Annotated[int, typer.Option("--sample", min=20, help="Conversations to take, at most.")] = 2000,
    grade: Grade = 400,
    seed: Seed = 20250425,
    out: Out = None,
    ray: Ray = None,
    store: Store = None,
    reviews: Reviews = Path("reviews"),
    author: Author = "",
    as_is: AsIs = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Hold a registered forecast against the traffic after its launch, and say how all forecasts came out so far.

    Production's answers are graded by the instruments that the forecast was made with. Beside it stands what somebody
    would have been off by who foretold no change. Nothing is decided by it: it exits with 0 once the traffic was read.
    """
    import asyncio

    from seatrial.cli.output.replay_check import check_json, check_summary
    from seatrial.collect import Progress
    from seatrial.errors import StoreError
    from seatrial.evidence.replay.check import checked, entered, over_all
    from seatrial.evidence.replay.check_page import render_check
    from seatrial.evidence.replay.registered import found_again
    from seatrial.formats.whole_files import write_whole
    from seatrial.instruments.records import load_records
    from seatrial.ledger import ledger_in
    from seatrial.policy import load_policy

    policy = load_policy(policy_path)
    folder = _folder(policy.name, out)
    ledger = ledger_in(reviews)
    forecast = found_again(folder, ledger)
    progress, records = Progress("off" if quiet else None), load_records(policy.records)
    taken, counted, _ = _drawn(traffic, sample, seed, as_is, progress)
    hands = _hands(policy, records, folder, store, ray, progress)
    made = asyncio.run(checked(policy, records, forecast, taken, hands, grade, progress))
    entered(made, ledger, author or user())
    standing, page = over_all(ledger.verify()), folder / "check.html"
    write_whole(page, render_check(made, standing, counted), StoreError)
    if as_json:
        print_json({**check_json(made, standing), "page": str(page)})
    else:
        say(check_summary(made, standing, page))


def _hands(
    policy: LaunchPolicy, records: Records, folder: Path, store: str | None, ray: str | None, progress: Progress
) -> Hands:
    """Return who asks, grades and reads, and where they keep it."""
    from seatrial.collect.answer_files import is_remote
    from seatrial.evidence.replay.hands import Here
    from seatrial.evidence.replay.on_ray import OnRay

    root = folder if store is None else store if is_remote(store) else Path(store)
    return Here(policy, records, root, progress) if ray is None else OnRay(policy, records, root, progress, ray)


def _in_suites(folder: Path, candidate: str) -> dict[tuple[str, str], float]:
    """Return (signal, instrument) → mean reading of a candidate's answers in a review of it."""
    from seatrial.errors import PolicyError
    from seatrial.review.finished import load_review

    made = load_review(folder)
    if made.result.policy.candidate.model != candidate:
        raise PolicyError(f"--review {folder}: is of {made.result.policy.candidate.model}, and not of {candidate}")
    every = [one for verdict in made.verdicts for one in (verdict, *verdict.members)]
    return {(one.signal, one.instrument): one.evidence.candidate for one in every}


def _folder(name: str, out: Path | None) -> Path:
    from seatrial.formats.letters import slug

    return _made(out or Path("replays") / (slug(name) or "replay"))


def _made(folder: Path) -> Path:
    from seatrial.errors import StoreError
    from seatrial.formats.whole_files import make_folder

    make_folder(folder, "the folder", StoreError)
    return folder


def _drawn(
    traffic: list[Path], size: int, seed: int, as_is: bool, progress: Progress
) -> tuple[Sample, Counted, Removed | None]:
    """Return a sample of the traffic, what came of its rows, and what was taken out."""
    from seatrial.evidence.replay.personal import deidentified
    from seatrial.evidence.replay.sampling import drawn
    from seatrial.evidence.replay.traffic import Counted, conversations, traffic_files

    counted = Counted()
    with status("Reading the traffic"):
        taken = drawn(conversations(traffic_files(traffic), counted), size, seed)
    if not taken.conversations:
        from seatrial.errors import EvidenceError

        why = "; ".join(f"{count:,}: {reason}" for reason, count in counted.dropped.most_common(3)) or "no rows"
        raise EvidenceError(f"{', '.join(map(str, traffic))}: nothing that can be replayed ({why})")
    if as_is:
        return taken, counted, None
    clean, removed = deidentified(taken, progress)
    return clean, counted, removed
