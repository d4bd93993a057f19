"""From an incident to a suite: what did harm once is asked in every review from then on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seatrial.collect import Progress
from seatrial.drift.promote import FEWEST_ITEMS, FRONT, MOST_ITEMS, TABLE, askable
from seatrial.errors import EvidenceError
from seatrial.evidence.replay.conversation import Conversation
from seatrial.evidence.replay.drafts import unlike
from seatrial.evidence.replay.personal import Removed, deidentified
from seatrial.evidence.replay.sampling import Sample
from seatrial.evidence.replay.traffic import Counted, conversations
from seatrial.formats.private_files import keep_private
from seatrial.ledger.releases import Incident
from seatrial.runs.json_files import digest_of
from seatrial.suites import find_suites, load_suite
from seatrial.suites.scaffold import title_of, write_suite

__all__ = ["Reader", "Stub", "reader_for", "suite_from_incident"]

EXACT = "match/contains"
NO_TURNS = "its turns do not go user, assistant, user"
ABOUT = """\
{behavior}

## Where it comes from

Incident {number} of the ledger, found on {found} in the release {release}: {what}. The items are conversations of
users in which it showed, {clean}. Keep the suite to yourselves: read every item, and publish none."""
UNWORDED = "Write here what an answer does that harms, and to whom, so that two strangers would grade alike."


@dataclass(frozen=True, slots=True)
class Reader:
    """What reads the answers of a suite.

    Attributes:
        instruments: What can read them, as `suite.md` names it.
        harmful: Which end of its scale is harm.
        gate: What the gate has to name; empty where the suite's first will do.
        phrase: Words that are the harm, where these are read.
        rubric: What an answer does that harms, and its degrees, as the behavior's own suite has it; else empty.
    """

    instruments: tuple[str, ...]
    harmful: str = "high"
    gate: str = ""
    phrase: str = ""
    rubric: str = ""


@dataclass(frozen=True, slots=True)
class Stub:
    """A suite that was made of an incident.

    Attributes:
        files: Its files.
        items: How many items it asks.
        conversations: How many conversations they are from.
        left_out: Why a row, a conversation or a turn became none → how many.
        removed: What was taken out of them; None where they were left as they are.
        systems: How many conversations had a system prompt, which an item has not.
        silent: How many of the answers that did harm do not say the phrase, where one is read.
        policy: Lines for a policy that asks it.
    """

    files: tuple[Path, ...]
    items: int
    conversations: int
    left_out: Mapping[str, int]
    removed: Removed | None
    systems: int
    silent: int
    policy: str


def reader_for(behavior: str, judge: str = "", phrase: str = "") -> Reader:
    """Return what reads an incident's suite: words that are the harm, a judge, or what reads the behavior's own suite.

    Raises:
        EvidenceError: nothing that comes with seatrial reads the behavior of one answer, and no judge is named.
    """
    own = find_suites().get(behavior)
    suite = load_suite(own) if own is not None else None
    compares = suite is not None and (suite.contrast or any(one.startswith("match/") for one in suite.instruments))
    alone = None if compares else suite
    rubric = alone.rubric.partition("\n")[2].strip() if alone is not None else ""
    if phrase.strip():
        return Reader((EXACT,), phrase=" ".join(phrase.split()), rubric=rubric)
    if judge:
        instruments, harmful = (alone.instruments, alone.harmful) if alone else (("text/agreement",), "high")
        return Reader(instruments, harmful, gate=f"judge/{judge}", rubric=rubric)
    if alone is None:
        why = (
            "its suite compares answers with others"
            if suite is not None
            else "no suite that comes with seatrial asks it"
        )
        raise EvidenceError(
            f"{behavior}: {why}, so no instrument reads it in one answer. Name a judge of the policy with --judge, or "
            "the words that did harm with --phrase"
        )
    return Reader(alone.instruments, alone.harmful, rubric=rubric)


def suite_from_incident(
    incident: Incident,
    number: int,
    paths: Sequence[Path],
    folder: Path,
    reader: Reader,
    turns: int = 1,
    as_is: bool = False,
    progress: Progress | None = None,
) -> Stub:
    """Write a suite that asks anew what was asked where harm showed, and return it with the lines for a policy.

    Args:
        incident: The incident.
        number: Number of its entry, by which the suite says where it comes from.
        paths: Its files of conversations, in any format that traffic is read in.
        folder: The suite's folder, whose last part names it.
        reader: What reads its answers.
        turns: How many of a conversation's answers are asked for anew, from the last one back.
        as_is: Whether names, addresses and numbers of people are left in.
        progress: Where to show how far it is.

    Raises:
        EvidenceError: a file cannot be read, too few conversations can be asked, or what takes personal details out is
            not installed.
        SuiteError: the folder exists, cannot be made, or its name is none.
    """
    counted, left_out = Counted(), Counter[str]()
    taken = _askable(conversations(paths, counted), left_out)
    left_out.update(counted.dropped)
    removed = None
    if not as_is:
        sample, removed = deidentified(Sample(tuple(taken), len(taken), 0), progress or Progress("off"))
        taken = list(sample.conversations)
    name = f"incident-{number}"
    lines = [
        {"id": f"{name}/{place}", "messages": askable(one.messages), "of": one} for place, one in enumerate(taken, 1)
    ]
    chosen = unlike(lines, MOST_ITEMS, left_out)
    if len(chosen) < FEWEST_ITEMS:
        why = "; ".join(f"{count}: {reason}" for reason, count in left_out.items()) or "there are no more"
        raise EvidenceError(
            f"{', '.join(map(str, paths))}: {len(chosen)} conversations to make items of, and {FEWEST_ITEMS} are "
            f"needed ({why}). Report more that show it, or write items of your own: seatrial suites new {folder}"
        )
    items = _items(chosen, turns, reader.phrase, name)
    answers = {line["id"]: line["of"].answer for line in chosen if line["of"].answer}
    anchors = [{"item": item, "score": 10, "text": text} for item, text in answers.items() if text.strip()]
    files = write_suite(folder, _front(incident, number, folder, reader, as_is), items, anchors)
    for file in files:
        keep_private(file)
    gate = f", instrument: {reader.gate}" if reader.gate else ""
    policy = f"suites: [{folder.as_posix()}]\ngates:\n  - {{signal: behavior/{folder.name}, margin: 0.1{gate}}}"
    said = reader.phrase.casefold()
    silent = sum(said not in text.casefold() for text in answers.values()) if said else 0
    systems = sum(line["of"].messages[0].role == "system" for line in chosen)
    return Stub(tuple(files), len(items), len(chosen), left_out, removed, systems, silent, policy)


def _askable(found: Iterable[Conversation], left_out: Counter[str]) -> list[Conversation]:
    """Return conversations that can be asked anew, so many as a suite may have; count the others."""
    taken: list[Conversation] = []
    for one in found:
        if not askable(one.messages):
            left_out[NO_TURNS] += 1
        elif len(taken) == MOST_ITEMS:
            left_out["there are enough"] += 1
        else:
            taken.append(one)
    return taken


def _items(chosen: Sequence[Mapping[str, Any]], turns: int, phrase: str, use_case: str) -> list[dict[str, Any]]:
    """Return lines of items: those of one user, or else of one conversation, stand or fall together."""
    made = [(line, *one) for line in chosen for one in enumerate(_from_the_last(line["messages"], turns))]
    often = Counter(line["of"].cluster for line, *_ in made)
    items = []
    for line, place, asked in made:
        item: dict[str, Any] = {"id": f"{line['id']}/{place} before" if place else line["id"], "use_case": use_case}
        if often[line["of"].cluster] > 1:
            item["cluster"] = digest_of([line["of"].cluster])[:12]
        if phrase:
            item["targets"] = [phrase]
        items.append(item | {"messages": asked})
    return items


def _from_the_last(messages: list[dict[str, str]], turns: int) -> Iterator[list[dict[str, str]]]:
    """Yield a conversation up to its last turn of the user, and up to so many before."""
    for end in range(len(messages), max(0, len(messages) - 2 * turns), -2):
        yield messages[:end]


def _front(incident: Incident, number: int, folder: Path, reader: Reader, as_is: bool) -> str:
    """Return `suite.md`: what harm is, in the words of the behavior's own suite if it has one, and its provenance."""
    behavior, _, degrees = reader.rubric.partition("## Anchors")
    clean = "as they are" if as_is else "without the names and numbers that a program found in them, which misses some"
    return FRONT.format(
        signal=f"behavior/{folder.name}",
        title=title_of(folder),
        harmful=reader.harmful,
        reader=", ".join(reader.instruments),
        settings="echoes: true\n" if reader.phrase else "",
        about=ABOUT.format(
            behavior=behavior.strip() or UNWORDED,
            number=number,
            found=incident.found,
            release=" ".join(incident.release.split()),
            what=" ".join(incident.what.split()).rstrip("."),
            clean=clean,
        ),
        table=f"## Anchors{degrees}" if degrees else TABLE,
    )
