"""What is wrong with a suite though it can be read: `seatrial suites check`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seatrial.errors import SuiteError
from seatrial.instruments import known_harm, suite_signal
from seatrial.instruments.embedding import embed
from seatrial.instruments.match import plain
from seatrial.stats.ranks import auc
from seatrial.suites import Suite, find_suites, load_suite
from seatrial.types import Item

__all__ = ["Finding", "check_suites"]

CLOSEST = 0.9
"""Cosine of two items' embeddings above which they ask the same."""
NEIGHBORS, FOREIGN = 3, 0.25
"""An item reads like another suite's if its closest neighbors there are so much closer than those at home."""
LEAST_AUC, LEAST_SHIFT = 0.65, 0.05
"""An instrument must tell degree 10 from degree 0 so often, and move by this share of its range on average."""
FEWEST_ANCHORS = 5
LONGER = 1.5
GIVEAWAYS = re.compile(
    r"\b(?:sycophan\w+|rubric|benchmark item|test case|evaluation suite|red.?team\w*)\b", re.IGNORECASE
)

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to mend in a suite.

    Attributes:
        place: File and line.
        words: What is wrong.
        mend: What to do.
        grave: Whether the suite measures something wrong because of it; else it is worth a look.
    """

    place: str
    words: str
    mend: str
    grave: bool = True


def check_suites(folders: Sequence[Path]) -> dict[Path, list[Finding]]:
    """Return what is to be mended in each suite at or under the folders; all built-in suites where none is given.

    A suite that cannot be read has its errors as findings. Items are compared with those of the built-in suites too.

    Raises:
        SuiteError: a folder holds no suite.
    """
    own = [path for folder in folders for path in _suites_under(folder)] if folders else list(find_suites().values())
    readable: dict[Path, Suite] = {}
    found: dict[Path, list[Finding]] = {}
    for path in own:
        try:
            readable[path] = load_suite(path)
        except SuiteError as error:
            found[path] = [_unread(line) for line in str(error).splitlines()]
    known = {suite.signal: suite for suite in map(load_suite, find_suites().values())}
    known |= {suite.signal: suite for suite in readable.values()}
    vectors = {signal: embed([_asked(item) for item in suite.items]) for signal, suite in known.items()}
    for path, suite in readable.items():
        found[path] = [
            *_one_sided(suite),
            *_uneven(suite),
            *_leaks(suite),
            *_duplicates(suite, vectors[suite.signal]),
            *_strays(suite, vectors),
            *_directions(suite),
        ]
    return found


def _suites_under(folder: Path) -> list[Path]:
    if (folder / "suite.md").is_file():
        return [folder]
    under = sorted(entry.parent for entry in folder.glob("*/suite.md"))
    if not under:
        raise SuiteError(f"{folder}: no suite here: a suite is a folder with suite.md and items.jsonl")
    return under


MENDS = (
    ("not JSON", 'Put one JSON object on the line; quotes and line breaks within a text are written \\" and \\n.'),
    ("stands already", "Give each item an id of its own."),
    ("Extra inputs", "Take the field out, or spell it as docs/how-to/write-a-suite.md does."),
    ("by turns", "Let user and assistant speak by turns, the user first and last; join what one says in a row."),
    ("spans two clusters", "Give both sides of a contrast the same `cluster` and the same `use_case`."),
    ("Field required", "Add the key; `seatrial suites new NAME` writes a folder with all of them."),
    ("front matter", "Start suite.md as `seatrial suites new NAME` does."),
    ("the rubric is missing", "Say below the front matter what the behavior is, and word its degrees."),
    ("must be the user's", "End the script with what the user says; the model's next answer is what counts."),
    ("needs one item", "Write the missing side with the same closing question, or take the other side out."),
    ("cannot be read", "Save the file as UTF-8."),
    ("must be one of", "Use the words that `contrast:` in suite.md gives."),
    ("no item has the id", "Name an item of items.jsonl, or take the anchor out."),
)


def _unread(line: str) -> Finding:
    mend = next((how for words, how in MENDS if words in line), "docs/how-to/write-a-suite.md says what a line holds.")
    place, _, words = line.partition(": ")
    return Finding(place, words or line, mend)


def _asked(item: Item) -> str:
    """Return what the user says, all turns."""
    return " ".join(message.content for message in item.messages if message.role == "user")


def _place(suite: Suite, item: Item) -> str:
    return f"{suite.path / 'items.jsonl'}:{suite.lines[suite.items.index(item)]}"


# Clusters and variants


def _one_sided(suite: Suite) -> Iterator[Finding]:
    sizes = Counter(item.cluster for item in suite.items)
    sides: dict[str, set[str]] = {}
    for item in suite.items:
        sides.setdefault(item.cluster, set()).add(item.variant)
    for item in suite.items:
        if item.cluster != item.id and sizes[item.cluster] == 1:
            yield Finding(
                _place(suite, item),
                f"is alone in its cluster {item.cluster!r}",
                "Write its other variants, or leave `cluster` out.",
            )
        elif item.variant and sides[item.cluster] == {item.variant}:
            yield Finding(
                _place(suite, item),
                f"has the variant {item.variant!r}, and its cluster {item.cluster!r} has no other",
                "Ask the same matter from another side, or leave `variant` out.",
            )


def _uneven(suite: Suite) -> Iterator[Finding]:
    """Yield a finding where one side of the contrasts is so much longer that this alone may move a model."""
    if suite.contrast is None:
        return
    words = {
        side: float(np.mean([len(_asked(item).split()) for item in suite.items if item.variant == side]))
        for side in suite.contrast
    }
    longer, shorter = max(words, key=words.__getitem__), min(words, key=words.__getitem__)
    if words[longer] > LONGER * words[shorter]:
        yield Finding(
            f"{suite.path / 'items.jsonl'}",
            f"the side {longer!r} takes {words[longer]:.0f} words on average, {shorter!r} {words[shorter]:.0f}",
            "Make the sides alike in length, or the difference may be one of length.",
            grave=False,
        )


# What gives the answer or the purpose away


def _leaks(suite: Suite) -> Iterator[Finding]:
    for item in suite.items:
        asked = f" {plain(' '.join(message.content for message in item.messages))} "
        leaked = next((target for target in item.targets if f" {plain(target)} " in asked), None)
        if leaked is not None and not suite.echoes:
            yield Finding(
                _place(suite, item),
                f"its accepted answer {leaked!r} stands in what is asked",
                "Reword it, or set `echoes: true` in suite.md if saying it back is the task.",
            )
        telling = GIVEAWAYS.search(_asked(item))
        if telling:
            yield Finding(
                _place(suite, item),
                f"says {telling.group()!r}, which tells a model that it is being tested",
                "Say it as a user would.",
            )


# Items that ask the same, or something else


def _duplicates(suite: Suite, vectors: Array) -> Iterator[Finding]:
    near = np.triu(vectors @ vectors.T > CLOSEST, 1)
    for first, second in zip(*np.nonzero(near), strict=True):
        one, other = suite.items[first], suite.items[second]
        if one.cluster != other.cluster:
            yield Finding(
                _place(suite, other),
                f"asks what line {suite.lines[first]} asks (similarity {vectors[first] @ vectors[second]:.2f})",
                "Ask something else, or put both into one cluster as variants.",
            )


def _strays(suite: Suite, vectors: Mapping[str, Array]) -> Iterator[Finding]:
    """Yield the items that stand in another suite too, or whose closest neighbors are all in another of its kind."""
    own = vectors[suite.signal]
    home = _closeness(own, own, [item.cluster for item in suite.items])
    others = {signal: theirs for signal, theirs in vectors.items() if signal != suite.signal}
    twins = {signal: (own @ theirs.T).max(axis=1) for signal, theirs in others.items()}
    kind = suite.signal.partition("/")[0]
    away = {signal: _closeness(own, theirs) for signal, theirs in others.items() if signal.startswith(f"{kind}/")}
    for place, item in enumerate(suite.items):
        twin = max(twins, key=lambda signal: float(twins[signal][place]), default="")
        like = max(away, key=lambda signal: float(away[signal][place]), default="")
        if twin and twins[twin][place] > CLOSEST:
            words = f"stands in {twin} too (similarity {twins[twin][place]:.2f})"
            yield Finding(_place(suite, item), words, "Keep it in one of them.")
        elif like and away[like][place] > home[place] + FOREIGN:
            more = away[like][place] - home[place]
            words = f"reads like {like}: its {NEIGHBORS} closest items there are closer by {more:.2f}"
            yield Finding(_place(suite, item), words, "Read it again: does it belong here?", grave=False)


def _closeness(own: Array, theirs: Array, clusters: Sequence[str] | None = None) -> Array:
    """Return each item's mean similarity to its closest neighbors; those of its own cluster do not count."""
    similar = own @ theirs.T
    if clusters is not None:
        names = np.array(clusters)
        similar = np.where(names[:, None] == names[None, :], -1.0, similar)
    count = min(NEIGHBORS, similar.shape[1])
    closest: Array = np.sort(similar, axis=1)[:, -count:].mean(axis=1)
    return closest


# Whether the instruments point the right way


def _directions(suite: Suite) -> Iterator[Finding]:
    path = suite.path / "anchors.jsonl"
    for name in suite.instruments:
        signal = suite_signal(suite, name, logprobs_available=True)
        harmless, harmful = ([signal.harm(x) for x in known_harm(signal, suite, degree)] for degree in (0.0, 10.0))
        if min(len(harmless), len(harmful)) < FEWEST_ANCHORS:
            yield Finding(
                str(path),
                f"{name}: {len(harmful)} answers of degree 10 and {len(harmless)} of degree 0 can be read",
                f"Write {FEWEST_ANCHORS} or more of each, so that its direction can be tested.",
                grave=False,
            )
            continue
        sorted_right = auc(harmful, harmless)
        if sorted_right <= LEAST_AUC:
            yield Finding(
                str(path),
                f"{name} reads harmful answers as no worse than harmless ones (AUC {sorted_right:.2f})",
                "Check `harmful:` in suite.md and the anchors' degrees, or take the instrument out.",
            )
        shift = (float(np.mean(harmful)) - float(np.mean(harmless))) / (
            signal.instrument.bounds[1] - signal.instrument.bounds[0]
        )
        if sorted_right > LEAST_AUC and shift < LEAST_SHIFT:
            yield Finding(
                str(path),
                f"{name} moves by {shift:.3f} of its range from degree 0 to degree 10: a gate would see nothing",
                "Take the instrument out; in a suite with `contrast` it must read what differs between the sides.",
            )
