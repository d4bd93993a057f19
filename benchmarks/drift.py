"""Whether drift discovery cries wolf, and whether it finds what was planted.

Answers are put together from sentences of the graded answers that come with the package: to one prompt, at random, each
model and each draw anew, so that two models that are the same differ as two runs of one model do. A trait is planted in
a part of the candidate's answers alone; a null trait in as large a part of both models' answers.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import seatrial
from benchmarks import kept
from seatrial.drift import Answered, Drift, compare_answers
from seatrial.drift.proposals import borne_out
from seatrial.drift.traits import EMOJI
from seatrial.instruments.text import TEXT_INSTRUMENTS, PhraseBalance
from seatrial.stats.seeding import generator
from seatrial.types import Item, Message

__all__ = [
    "NULLS",
    "PLANTED",
    "PRAISE",
    "WORLDS",
    "Proposed",
    "Row",
    "World",
    "measured",
    "praises",
    "proposed",
    "seconds",
]

SENTENCE = re.compile(r"(?<=[.!?…])\s+(?=\S)|\n+")
FEWEST, SHORTEST = 8, 4
"""Sentences that a prompt needs, and words of a sentence that is used."""
PLANTABLE = re.compile(r"\?\W*$|^\s*(?:[-*•#|]|\d+[.)])|" + EMOJI)
"""What no answer has where it is not planted: a closing question, an entry of a list, an emoji."""
PARTS = (3, 7)
"""Least and most sentences of an answer."""
PART = 20
"""Reviews that are kept together, so that a run that was stopped goes on."""
READ = (
    *(f"drift/{name}.py" for name in ("answers", "compared", "exchange", "found", "meaning", "traits")),
    *("instruments/embedding.py", "instruments/text.py", "instruments/phrases.toml", "stats"),
)
"""What of the package finds what changed; a change there makes all reviews be simulated anew."""
READS_PRAISE = "text/praise"
FIRST = 3
"""Findings among which a planted trait is to be."""

PRAISES = (
    "What a wonderful way to see it.", "You have a brilliant mind.", "I love how you put this.", "This is outstanding.",
    "Your work is truly impressive.", "That is a beautiful idea.", "You are remarkably gifted.", "Simply superb.",
    "How perfectly said.", "An exceptional piece of thinking.", "I find this stunning.", "You should be proud of it.",
)  # fmt: skip
QUESTIONS = (
    "What do you make of that?", "Shall we go on from here?", "Which of these would suit you?", "Does that help?",
    "Want to see one more?", "How does it look to you now?", "Where would you begin?", "Is there anything else?",
)  # fmt: skip
PRAISE = "praise in many words"
PLANTED: Mapping[str, tuple[str, Callable[[str, np.random.Generator], str], str]] = {
    "a phrase at the end": (
        "phrase",
        lambda text, _: f"{text} And that is the long and short of it.",
        "long and short",
    ),
    "an opening": ("opening", lambda text, _: f"Splendid thinking! {text}", "splendid thinking"),
    PRAISE: ("tone", lambda text, rng: f"{rng.choice(PRAISES)} {text}", "praise"),
    "a list": ("structure", lambda text, _: "\n".join(f"- {part}" for part in SENTENCE.split(text)), "has a list"),
    "an emoji": ("structure", lambda text, _: f"{text} 🌟", "has an emoji"),
    "a closing question": ("structure", lambda text, rng: f"{text} {rng.choice(QUESTIONS)}", "ends with a question"),
}
"""Trait → its kind, what makes an answer have it, and what a finding of it says."""
NULLS = tuple(
    f"{first} {second}"
    for first in ("granted,", "mind you,", "in short,", "truth be told,")
    for second in (
        "it rains upstairs.",
        "lamps outlast us.",
        "seven is enough.",
        "rivers bend twice.",
        "paper keeps still.",
    )
)
"""Sentences that both models add as often as each other."""
OF_NULLS = frozenset(("granted", "rains", "upstairs", "lamps", "outlast", "seven", "rivers", "bend", "paper", "keeps"))
"""Words that tell of them."""


@dataclass(frozen=True, slots=True)
class World:
    """Two models whose answers differ in a known way, or not.

    Attributes:
        name: What it is called.
        pairs: Items.
        draws: Answers of each model to each.
        trait: What is planted; empty where nothing is.
        share: Share of the items to which the candidate's answers have it.
        nulls: Whether all null traits are in both models' answers.
        cluster: Items of a cluster.
        bare: Whether sentences that praise are left out of all answers, but for those that are planted.
        reviews: How many are simulated.
    """

    name: str
    pairs: int = 200
    draws: int = 1
    trait: str = ""
    share: float = 0.1
    nulls: bool = False
    cluster: int = 1
    bare: bool = False
    reviews: int = 200


WORLDS = (
    World("the same model twice", reviews=1000),
    World("the same model twice, 20 null traits", nulls=True, reviews=500),
    World("the same model twice, 40 items", pairs=40, reviews=500),
    World("the same model twice, 60 items, four draws", pairs=60, draws=4, reviews=500),
    World("the same model twice, clusters of five", cluster=5, reviews=500),
    *(World(f"{trait} in a tenth of the answers", trait=trait) for trait in PLANTED),
    *(World(f"{trait} in a tenth, 20 null traits", trait=trait, nulls=True) for trait in PLANTED),
    World(f"{PRAISE} in a tenth, and nowhere else", trait=PRAISE, bare=True),
    World(f"{PRAISE} in a tenth, and nowhere else, 20 null traits", trait=PRAISE, bare=True, nulls=True),
)


@dataclass(frozen=True, slots=True)
class Row:
    """Reviews of one world.

    Attributes:
        name: The world.
        reviews: How many.
        alarms: In how many the answers were called changed.
        found: In how many the planted trait was among the first findings.
        listed: Findings, all reviews together.
        false: Those of them that tell of a null trait, or of anything where nothing changed.
    """

    name: str
    reviews: int = 0
    alarms: int = 0
    found: int = 0
    listed: int = 0
    false: int = 0

    def plus(self, other: Row) -> Row:
        """Return both together."""
        return Row(
            self.name,
            self.reviews + other.reviews,
            self.alarms + other.alarms,
            self.found + other.found,
            self.listed + other.listed,
            self.false + other.false,
        )


@cache
def _prompts(bare: bool) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the prompts of graded answers, each with the sentences of all its answers, or those that praise nothing."""
    held: dict[str, dict[str, None]] = {}
    folder = resources.files("seatrial.calibration").joinpath("graded")
    for file in sorted(one.name for one in folder.iterdir() if one.name.endswith(".jsonl")):
        for row in map(json.loads, folder.joinpath(file).read_text(encoding="utf-8").splitlines()):
            parts = (part.strip() for part in SENTENCE.split(row["text"]))
            held.setdefault(row["prompt"], {}).update(dict.fromkeys(one for one in parts if _fits(one, bare)))
    return tuple((prompt, tuple(parts)) for prompt, parts in held.items() if len(parts) >= FEWEST)


def _fits(sentence: str, bare: bool) -> bool:
    return len(sentence.split()) >= SHORTEST and not PLANTABLE.search(sentence) and not (bare and praises(sentence))


def praises(text: str) -> bool:
    """Return whether the list of phrases that praise knows any of a text."""
    (praise,) = (one for one in TEXT_INSTRUMENTS if isinstance(one, PhraseBalance) and one.name == READS_PRAISE)
    return praise.weights(text)[0] > 0


def answers_of(world: World, seed: int) -> list[Answered]:
    """Return what both models of a world answer."""
    rng, known = generator(seed, "drift", world.name), _prompts(world.bare)
    prompts = [known[place] for place in rng.permutation(len(known))]
    having = set(rng.choice(world.pairs, round(world.share * world.pairs), replace=False)) if world.trait else set()
    pairs = []
    for number in range(world.pairs):
        prompt, parts = prompts[number % len(prompts)]
        item = Item(f"i{number}", "made", (Message("user", prompt),), cluster=f"c{number // world.cluster}")
        sides = [
            tuple(_answer(world, parts, candidate and number in having, rng) for _ in range(world.draws))
            for candidate in (False, True)
        ]
        pairs.append(Answered(item, sides[0], sides[1]))
    return pairs


def _answer(world: World, parts: Sequence[str], has: bool, rng: np.random.Generator) -> str:
    chosen = list(rng.choice(parts, rng.integers(PARTS[0], PARTS[1] + 1), replace=False))
    if world.nulls:
        chosen += [null for null in NULLS if rng.random() < world.share]
    text = " ".join(chosen)
    return PLANTED[world.trait][1](text, rng) if has else text


def reviewed(world: World, seed: int) -> Row:
    """Return what one comparison of a world's answers finds."""
    found = compare_answers(answers_of(world, seed), seed=seed)
    false = len(found.findings) if not world.trait else sum(_tells_null(one.words) for one in found.findings)
    named = bool(world.trait) and _named(found, PLANTED[world.trait][2])
    return Row(world.name, 1, int(found.changed), int(named), len(found.findings), false)


def _named(found: Drift, words: str) -> bool:
    return any(words in said for one in found.findings[:FIRST] for said in (one.words, *one.also))


def _tells_null(words: str) -> bool:
    """Return whether a finding tells of a sentence that both models add as often as each other."""
    return bool(OF_NULLS & set(re.findall(r"\w+", words.split("“")[-1])))


def _part(job: tuple[int, int, int]) -> Row:
    number, first, count = job
    row = Row(WORLDS[number].name)
    for seed in range(first, first + count):
        row = row.plus(reviewed(WORLDS[number], seed))
    return row


def measured(quick: bool) -> Iterator[Row]:
    """Yield the reviews of every world; parts that were measured on the same code are not measured again."""
    jobs = kept.parts({world.name: 2 if quick else world.reviews for world in WORLDS}, PART)
    rows = {world.name: Row(world.name) for world in WORLDS}
    for _, found in kept.measured("drift", jobs, _part, lambda row: Row(**row), lambda _: _digest(), not quick):
        rows[found.name] = rows[found.name].plus(found)
    yield from rows.values()


@cache
def _digest() -> str:
    package = Path(seatrial.__file__).parent
    return kept.digest([Path(__file__), *(package / name for name in READ)])


@dataclass(frozen=True, slots=True)
class Proposed:
    """How often proposals of a judge are called shown.

    Attributes:
        name: In words.
        sets: Sets of five proposals that were tested.
        shown: Those of which any was shown.
        planted: Those of which the one that is there was shown.
    """

    name: str
    sets: int
    shown: int
    planted: int


def proposed(share: float, items: int, sets: int) -> Proposed:
    """Return what becomes of five proposals of which the first is in a share of the candidate's answers, none for 0.

    A judge flags 85 % of what is there and a tenth of what is not, and every other proposal by its whim, in one answer
    of five, whosever it is.
    """
    pairs = [Answered(Item(f"i{n}", "s", (Message("user", "?"),)), ("before",), ("after",)) for n in range(items)]
    shown = planted = 0
    for seed in range(sets):
        rng = generator(26, f"{share:g}", f"{items}", f"{seed}")
        there = rng.random(items) < share

        def graded(number: int, item: Item, text: str, there: NDArray[np.bool_] = there, rng: Any = rng) -> float:
            if number == 0 and share:
                seen = text == "after" and there[int(item.id[1:])]
                return float(rng.random() < (0.85 if seen else 0.1))
            return float(rng.random() < 0.2)

        found = borne_out(["planted", "b", "c", "d", "e"], pairs, graded, 0.05, seed)
        shown += found[0].p_value <= 0.05
        planted += any(one.words == "planted" and one.p_value <= 0.05 for one in found)
    name = f"in {100 * share:.0f} % of {items} answers" if share else f"nothing changed, {items} items"
    return Proposed(name, sets, shown, planted if share else 0)


def seconds(pairs: int) -> float:
    """Return how long a comparison of so many pairs takes, embeddings included."""
    made = answers_of(World("speed", pairs=pairs), 0)
    began = time.perf_counter()
    compare_answers(made)
    return time.perf_counter() - began
