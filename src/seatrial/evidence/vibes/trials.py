"""What a rater is shown: pairs of answers in a random order on random sides, with controls among them.

Controls look like any other pair. *Same* shows two answers of the baseline (whoever flags one of them raises a false
alarm), *decoy* two of the candidate, which counts for nothing: else whoever tells the two styles apart would know from
the pairs of one style which is the baseline. *Spike* sets an answer that is known to be harmful beside one of either
model in turn (whoever flags it scores a hit), *repeat* shows an earlier trial of any of these kinds again with its
sides swapped. In a *live* trial the rater writes and both models answer. A *second* look shows an earlier pair again
once a rater has added a tag that was not there before. A *witness* sees another rater's conversation in which one side
was flagged as severe.

A session of labels shows one answer at a time, on the left: to *grade* it, or to grade one whose degree is *known*, or
one that the rater graded before, *again*.
"""

from __future__ import annotations

import json
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Literal

from seatrial.errors import EvidenceError
from seatrial.evidence.vibes.giveaways import names_itself
from seatrial.evidence.vibes.known_harm import Known
from seatrial.replies import visible_answer
from seatrial.suites import Suite
from seatrial.types import Item, Role

__all__ = [
    "Answers", "Kind", "Trial", "among", "answers_of", "lacks_decoys", "plan_trials", "published_spikes", "seen_twice",
]  # fmt: skip

Kind = Literal["pair", "same", "decoy", "spike", "repeat", "live", "second", "witness", "grade", "known", "again"]
FEWEST_WORDS = 3
"""Shorter answers, such as those of probes, give a rater nothing to read."""
RECORDED = ("pair", "same", "decoy", "spike")
"""Kinds of two answers that were there before the session: any of them can come again."""
DELAY = 0.4
"""Share of the session that lies at least between a trial and its repeat."""

Key = tuple[str, str]
"""Suite and item."""
Answers = Mapping[Role, Mapping[Key, tuple[str, ...]]]
"""Role → (suite, item) → the texts of its draws."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One pair as a rater sees it.

    Attributes:
        kind: Whether it is a real pair or a control.
        suite: Name of the suite.
        item: What was asked.
        left: Text on the left.
        right: Text on the right.
        odd: The side of the candidate (in a pair) or of the known harm (in a spike or a known); empty without either.
            A repeat has that of the trial it shows again.
        of: Place of the trial that this one shows again; −1 for all others.
        tag: The new tag under which it is looked at again, in a second look.
    """

    kind: Kind
    suite: str
    item: Item
    left: str
    right: str
    odd: Literal["left", "right", ""]
    of: int = -1
    tag: str = ""

    def swapped(self) -> Trial:
        """Return the trial with its sides swapped, as its repeat."""
        odd: Literal["left", "right", ""] = "right" if self.odd == "left" else "left" if self.odd == "right" else ""
        return replace(self, kind="repeat", left=self.right, right=self.left, odd=odd)


def answers_of(folder: Path) -> Answers:
    """Return the written answers that a review kept.

    Raises:
        EvidenceError: there is no review in the folder, or it holds no answers of words.
    """
    path = folder / "responses" / "answers.jsonl"
    found: dict[Role, dict[Key, list[str]]] = {"baseline": {}, "candidate": {}}
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError as error:
        raise EvidenceError(f"{path}: no answers of a review here: {error.strerror}") from error
    for line in lines:
        try:
            entry = json.loads(line)
            role, kept = entry["role"], entry["response"]
            texts = found[role].setdefault((kept["suite"], kept["item"]), [])
        except (ValueError, KeyError, TypeError, RecursionError):
            continue  # a torn last line, or a judge's reply
        text = visible_answer(str(kept["text"]))
        if len(text.split()) >= FEWEST_WORDS:
            texts.append(text)
    answers: Answers = {
        role: {key: tuple(dict.fromkeys(texts)) for key, texts in held.items() if texts} for role, held in found.items()
    }
    if not answers["baseline"].keys() & answers["candidate"].keys():
        raise EvidenceError(
            f"{folder}: no item that both models answered in words. Gates that read first words ask for one token; "
            "review a suite whose answers are read, or give a gate `instrument: text/…`."
        )
    return answers


def plan_trials(
    answers: Answers,
    suites: Sequence[Suite],
    harmful: Mapping[Key, Known],
    pairs: int,
    controls: int,
    repeats: int,
    choice: Random,
    lots: Random,
    live: int = 0,
) -> list[Trial]:
    """Return one rater's session.

    Whether a suite has an answer of known harm to an item is public, so the items of all kinds are taken from those
    that have one, as far as there are enough.

    Args:
        answers: What both models said.
        suites: The suites that were asked, for their items.
        harmful: Answers of known harm.
        pairs: Real pairs.
        controls: Same pairs, as many spikes, and as many decoys as the candidate has items with two answers.
        repeats: Trials that come again, sides swapped.
        choice: What decides which items are shown; raters with the same choice look at the same ones.
        lots: What decides their order and sides, and what comes again.
        live: Conversations that the rater holds with both models, after the pairs; each suggests an item to start with.

    Raises:
        EvidenceError: the review holds too few items for so many pairs, or no control of a kind can be made.
    """
    items = {(suite.name, item.id): item for suite in suites for item in suite.items}
    before, after = (_nameless(answers[role]) for role in ("baseline", "candidate"))
    shared = sorted(key for key in before.keys() & after.keys() if key in items)
    differing = [key for key in shared if before[key][0] != after[key][0]]
    twice, other_twice = ([key for key in sorted(of) if key in items and len(of[key]) > 1] for of in (before, after))
    known = sorted(key for key in before.keys() | after.keys() if key in items and key in harmful)
    for what, held, wanted, how in (
        ("pairs whose answers differ", differing, pairs, "review more items, or ask for fewer pairs"),
        ("items with two answers of the baseline", twice, controls, "review with `draws: 2` and a temperature above 0"),
        ("answers of known harm to items that were answered", known, controls, "review suites that carry anchors"),
    ):
        if len(held) < wanted:
            raise EvidenceError(f"{len(held)} {what}, and {wanted} are needed: {how}")
    drawn = choice.sample(known, len(known))
    drawn.sort(key=lambda key: (key not in shared, harmful[key].exposed))
    spiked = drawn[:controls]
    real = _chosen(differing, pairs, {*spiked}, harmful, choice)
    doubled, decoyed = _of_one_model((twice, other_twice), controls, {*spiked, *real}, harmful, choice)
    beside = lots.sample((before, after), 2)
    order = [
        *(_sided("pair", key, items[key], before[key][0], after[key][0], lots) for key in real),
        *(_one_model("same", key, items[key], before[key], lots) for key in doubled),
        *(_one_model("decoy", key, items[key], after[key], lots) for key in decoyed),
        *(
            _sided("spike", key, items[key], text, harmful[key].text, lots)
            for number, key in enumerate(spiked)
            for text in [(beside[number % 2].get(key) or beside[(number + 1) % 2][key])[0]]
        ),
    ]
    lots.shuffle(order)
    talks = [_sided("live", key, items[key], "", "", lots) for key in _suggested(shared, live, choice)]
    return [*_with_repeats(order, repeats, lots), *talks]


def among(order: Sequence[Trial], again: Mapping[int, tuple[float, Trial]]) -> list[Trial]:
    """Return trials with repeats among them; each says at which place the one stands that it shows again.

    Args:
        order: The trials.
        again: Place in `order` → behind which place its repeat comes (5.5: between those at 5 and 6), and the repeat.
    """
    spots = [(float(place), place, trial) for place, trial in enumerate(order)]
    spots += [(later, place, trial) for place, (later, trial) in again.items()]
    spots.sort(key=lambda spot: spot[0])
    where = {place: spot for spot, (key, place, _) in enumerate(spots) if key == place}
    return [trial if key == place else replace(trial, of=where[place]) for key, place, trial in spots]


def seen_twice(trials: Sequence[Trial]) -> int:
    """Return how many items stand in more than one trial, repeats aside: who remembers an answer learns whose it is."""
    seen = [(trial.suite, trial.item.id) for trial in trials if trial.kind in RECORDED]
    return len(seen) - len(set(seen))


def lacks_decoys(trials: Sequence[Trial]) -> int:
    """Return how many more pairs of the baseline alone there are than of the candidate alone."""
    return sum((trial.kind == "same") - (trial.kind == "decoy") for trial in trials)


def published_spikes(trials: Sequence[Trial], harmful: Mapping[Key, Known]) -> int:
    """Return how many spikes show an answer that comes with seatrial, in other words."""
    return sum(trial.kind == "spike" and harmful[trial.suite, trial.item.id].published for trial in trials)


def _nameless(said: Mapping[Key, tuple[str, ...]]) -> dict[Key, tuple[str, ...]]:
    """Return the answers that do not say what wrote them."""
    kept = {key: tuple(text for text in texts if not names_itself(text)) for key, texts in said.items()}
    return {key: texts for key, texts in kept.items() if texts}


def _chosen(held: Sequence[Key], count: int, used: set[Key], harmful: Container[Key], choice: Random) -> list[Key]:
    """Return items chosen by lot, those that no other trial shows first, and of them those with known harm."""
    drawn = choice.sample(held, len(held))
    return sorted(drawn, key=lambda key: (key in used, key not in harmful))[:count]


def _of_one_model(
    held: Sequence[Sequence[Key]], count: int, used: set[Key], harmful: Container[Key], choice: Random
) -> list[list[Key]]:
    """Return the items of each model's controls.

    Who chooses last may have to take items that another trial shows; were that always the same model, such an item
    would tell whose its answers are.
    """
    chosen: list[list[Key]] = [[] for _ in held]
    for place in choice.sample(range(len(held)), len(held)):
        taken = {key for keys in chosen for key in keys}
        chosen[place] = _chosen(held[place], count, used | taken, harmful, choice)
    return chosen


def _suggested(keys: Sequence[Key], live: int, choice: Random) -> list[Key]:
    """Return items to start conversations with, again from the first where there are fewer than conversations."""
    order = choice.sample(keys, len(keys))
    return [order[number % len(order)] for number in range(live)]


def _sided(kind: Kind, key: Key, item: Item, plain: str, odd: str, lots: Random) -> Trial:
    if lots.random() < 0.5:
        return Trial(kind, key[0], item, odd, plain, "left")
    return Trial(kind, key[0], item, plain, odd, "right")


def _one_model(kind: Kind, key: Key, item: Item, texts: Sequence[str], lots: Random) -> Trial:
    return replace(_sided(kind, key, item, texts[0], texts[1], lots), odd="")


def _with_repeats(order: Sequence[Trial], repeats: int, lots: Random) -> list[Trial]:
    """Return the session with early trials again, anywhere from `DELAY` of its length later to its end."""
    early = [place for place in range(len(order)) if place < (1 - DELAY) * len(order)]
    chosen = lots.sample(early, min(repeats, len(early)))
    return among(
        order,
        {place: (lots.uniform(place + DELAY * len(order), len(order)), order[place].swapped()) for place in chosen},
    )
