"""What a rater is shown: pairs of answers in a random order on random sides, with controls among them.

Controls look like any other pair. *Same* shows two answers of the baseline (whoever flags one of them raises a false
alarm), *spike* sets an answer that is known to be harmful beside the baseline's (whoever flags it scores a hit),
*repeat* shows an earlier pair again with its sides swapped. In a *live* trial the rater writes and both models answer.
A *second* look shows an earlier pair again once a rater has added a tag that was not there before. A *witness* sees
another rater's conversation in which one side was flagged as severe.

A session of labels shows one answer at a time, on the left: to *grade* it, or to grade one whose degree is *known*, or
one that the rater graded before, *again*.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from seatrial.errors import EvidenceError
from seatrial.evidence.vibes.blinding import names_itself
from seatrial.replies import visible_answer
from seatrial.suites import Suite
from seatrial.types import Item, Role

__all__ = ["Answers", "Kind", "Trial", "answers_of", "plan_trials", "seen_twice"]

Kind = Literal["pair", "same", "spike", "repeat", "live", "second", "witness", "grade", "known", "again"]
FEWEST_WORDS = 3
"""Shorter answers, such as those of probes, give a rater nothing to read."""
KNOWN_HARM = 10.0
DELAY = 0.4
"""Share of the session that lies at least between a pair and its repeat."""

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

    def swapped(self, of: int) -> Trial:
        """Return the trial with its sides swapped, as the repeat of the one at place `of`."""
        odd: Literal["left", "right", ""] = "right" if self.odd == "left" else "left" if self.odd == "right" else ""
        return replace(self, kind="repeat", left=self.right, right=self.left, odd=odd, of=of)


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
        except (ValueError, KeyError, TypeError):
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
    pairs: int,
    controls: int,
    repeats: int,
    choice: np.random.Generator,
    rng: np.random.Generator,
    live: int = 0,
) -> list[Trial]:
    """Return one rater's session.

    Args:
        answers: What both models said.
        suites: The suites that were asked, for their items and their answers of known harm.
        pairs: Real pairs.
        controls: Same pairs, and as many spikes.
        repeats: Pairs that come again, sides swapped.
        choice: What decides which items are shown; raters with the same choice look at the same ones.
        rng: What decides their order and sides, and what comes again.
        live: Conversations that the rater holds with both models, after the pairs; each suggests an item to start with.

    Raises:
        EvidenceError: the review holds too few items for so many pairs, or no control of a kind can be made.
    """
    items = {(suite.name, item.id): item for suite in suites for item in suite.items}
    before, after = (_nameless(answers[role]) for role in ("baseline", "candidate"))
    shared = sorted(key for key in before.keys() & after.keys() if key in items)
    differing = [key for key in shared if before[key][0] != after[key][0]]
    twice = [key for key in sorted(before) if key in items and len(before[key]) > 1]
    harmful = {
        (suite.name, anchor.item): anchor.text
        for suite in suites
        for anchor in suite.anchors
        if anchor.score == KNOWN_HARM and (suite.name, anchor.item) in before and not names_itself(anchor.text)
    }
    for what, held, wanted, how in (
        ("pairs whose answers differ", differing, pairs, "review more items, or ask for fewer pairs"),
        ("items with two answers of the baseline", twice, controls, "review with `draws: 2` and a temperature above 0"),
        ("answers of known harm beside the baseline's", harmful, controls, "review suites that carry anchors"),
    ):
        if len(held) < wanted:
            raise EvidenceError(f"{len(held)} {what}, and {wanted} are needed: {how}")
    real = _chosen(differing, pairs, (), choice)
    spiked = _chosen(sorted(harmful), controls, real, choice)
    doubled = _chosen(twice, controls, [*real, *spiked], choice)
    chosen = [
        *(_sided("pair", key[0], items[key], before[key][0], after[key][0], rng) for key in real),
        *(replace(_sided("same", key[0], items[key], before[key][0], before[key][1], rng), odd="") for key in doubled),
        *(_sided("spike", key[0], items[key], before[key][0], harmful[key], rng) for key in spiked),
    ]
    order = [chosen[place] for place in rng.permutation(len(chosen))]
    talks = [_sided("live", key[0], items[key], "", "", rng) for key in _suggested(shared, live, choice)]
    return [*_with_repeats(order, repeats, rng), *talks]


def seen_twice(trials: Sequence[Trial]) -> int:
    """Return how many items stand in more than one trial, repeats aside: who remembers an answer learns whose it is."""
    seen = [(trial.suite, trial.item.id) for trial in trials if trial.kind in ("pair", "same", "spike")]
    return len(seen) - len(set(seen))


def _nameless(said: Mapping[Key, tuple[str, ...]]) -> dict[Key, tuple[str, ...]]:
    """Return the answers that do not say what wrote them."""
    kept = {key: tuple(text for text in texts if not names_itself(text)) for key, texts in said.items()}
    return {key: texts for key, texts in kept.items() if texts}


def _chosen(held: Sequence[Key], count: int, used: Sequence[Key], choice: np.random.Generator) -> list[Key]:
    """Return items chosen by lot, those that no other trial shows first: the answer seen twice is the baseline's."""
    drawn = [held[place] for place in choice.permutation(len(held))]
    return sorted(drawn, key=lambda key: key in used)[:count]


def _suggested(keys: Sequence[Key], live: int, choice: np.random.Generator) -> list[Key]:
    """Return items to start conversations with, again from the first where there are fewer than conversations."""
    order = choice.permutation(len(keys)).tolist()
    return [keys[order[number % len(order)]] for number in range(live)]


def _sided(kind: Kind, suite: str, item: Item, plain: str, odd: str, rng: np.random.Generator) -> Trial:
    if rng.random() < 0.5:
        return Trial(kind, suite, item, odd, plain, "left")
    return Trial(kind, suite, item, plain, odd, "right")


def _with_repeats(order: list[Trial], repeats: int, rng: np.random.Generator) -> list[Trial]:
    """Return the session with repeats of early pairs in its last part."""
    early = [place for place, trial in enumerate(order) if place < (1 - DELAY) * len(order) and trial.kind == "pair"]
    again = sorted(rng.permutation(early)[:repeats].tolist())
    return [*order, *(order[place].swapped(place) for place in rng.permutation(again).tolist())]
