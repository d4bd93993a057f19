"""From the answers of two models to what changed between them: whether anything did, where, and what.

Whether, and what, by one exact test over everything that is measured (`exchange`). Where, by guessing: who learnt on
one half of the clusters how the models differ picks the candidate's answer in the other half, and a group of items
stands out where that succeeds more often.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from seatrial.drift.answers import Answered
from seatrial.drift.exchange import EXCHANGES, Layout, Tested, exchange_test
from seatrial.drift.found import KINDS, PLAIN, Drift, Example, Finding, Group
from seatrial.drift.meaning import passages
from seatrial.drift.traits import LAYOUT, LONGEST, Trait, Traits, read_traits
from seatrial.errors import EvidenceError
from seatrial.stats.distributions import t_ppf
from seatrial.stats.intervals import Interval, fixed_size
from seatrial.stats.seeding import generator
from seatrial.types import ROLES, Item

__all__ = ["ALPHA", "FEWEST", "compare_answers"]

Array = NDArray[np.float64]
ALPHA = 0.05
FEWEST = 6
"""Items below which nothing could be told from chance: 2⁻⁵ is the least p-value of five."""
LEAST_GROUP = 8
"""Clusters of the smallest part of the items that is looked at by itself."""
CLEAR = 2.0
"""Standard errors from which on a difference in one half counts in guessing the other."""
ALIKE = 0.6
"""Correlation from which on two differences are called one: they are found in the same answers."""
NEARLY = 0.8
"""Of differences called one, those are about as clear as the clearest that reach this share of its standard errors."""
ALSO, EXAMPLES = 6, 3
LISTED = 40
"""Differences that are told, at most; how many more were found is said."""
EXCERPT = 400
"""Letters of an answer shown in an example."""


def compare_answers(
    pairs: Sequence[Answered],
    alpha: float = ALPHA,
    seed: int = 0,
    told: Sequence[str] = (),
    exchanges: int = EXCHANGES,
) -> Drift:
    """Return what changed between two models' answers.

    Args:
        pairs: Items with both models' answers.
        alpha: Chance that a model compared with itself is called changed, and that anything is listed.
        seed: Seed of the exchanges and halves.
        told: How the answers came about, in sentences.
        exchanges: Random exchanges of the test.

    Raises:
        EvidenceError: there are too few items.
    """
    if len(pairs) < FEWEST:
        raise EvidenceError(
            f"{len(pairs)} items were answered by both models, and {FEWEST} are needed to tell a change from chance: "
            "review more items"
        )
    answers = _Answers.of(pairs)
    traits = read_traits(answers.items, answers.texts, answers.layout)
    names = [trait.kind for trait in traits.traits]
    together = {f"all of {kind}": _places(names, kind) for kind in ("phrase", "tone", "meaning")}
    vectors = (traits.vectors, traits.beginnings)
    found = exchange_test(
        answers.layout, traits.values, names, together, vectors, generator(seed, "exchange"), exchanges
    )
    right = _picked(answers.layout, traits, seed)
    findings, more = _findings(answers, traits, found, alpha)
    return Drift(
        items=len(pairs),
        clusters=int(answers.layout.cluster.max()) + 1,
        answers=len(answers.texts),
        alpha=alpha,
        p_value=found.p_value,
        by_kind={kind: found.by_kind[kind] for kind in dict.fromkeys(names)},
        told=None if right is None else _share(answers.layout.by_cluster(right), alpha / 2),
        groups=() if right is None else tuple(_groups(pairs, answers.layout, right, alpha)),
        findings=findings,
        tried=int((answers.layout.errors(traits.values) > 0).sum()),
        told_of=(*told, *answers.told, *([f"{more:,} more differences were found than are listed."] if more else [])),
    )


class _Answers:
    """All answers in the order of their layout."""

    def __init__(self, items: list[Item], texts: list[str], layout: Layout, told: tuple[str, ...]) -> None:
        self.items, self.texts, self.layout, self.told = items, texts, layout, told

    @property
    def names(self) -> list[tuple[str, str]]:
        """Suite and id of each item."""
        firsts = np.searchsorted(self.layout.item, np.arange(self.layout.items))
        return [(self.items[row].suite, self.items[row].id) for row in firsts]

    @classmethod
    def of(cls, pairs: Sequence[Answered]) -> _Answers:
        clusters = {key: number for number, key in enumerate(dict.fromkeys(pair.cluster for pair in pairs))}
        rows = [(number, role, text) for number, pair in enumerate(pairs) for role in ROLES for text in pair.of(role)]
        long = sum(len(text) > LONGEST for _, _, text in rows)
        layout = Layout(
            np.array([number for number, _, _ in rows]),
            np.array([role == "candidate" for _, role, _ in rows]),
            np.array([clusters[pair.cluster] for pair in pairs]),
        )
        cut = (f"Of {long:,} answers only the first {LONGEST:,} letters were read.",) if long else ()
        return cls([pairs[number].item for number, _, _ in rows], [text[:LONGEST] for _, _, text in rows], layout, cut)


def _places(names: Sequence[str], kind: str) -> list[int]:
    return [place for place, name in enumerate(names) if name == kind]


# Where: guessing in one half by what the other half shows


def _picked(layout: Layout, traits: Traits, seed: int) -> Array | None:
    """Return for each item how often the candidate's answer is picked, ½ for a tie; None with too few clusters."""
    clusters = int(layout.cluster.max()) + 1
    if clusters < 2 * LEAST_GROUP:
        return None
    half = generator(seed, "halves").permutation(clusters) < clusters // 2
    picked = np.empty(layout.items)
    for learning in (True, False):
        learnt = half[layout.cluster] == learning
        lean = _lean(layout, traits.values, learnt)
        own, rows = layout.part(~learnt)
        picked[~learnt] = _wins(own, traits.values[rows] @ lean)
    return picked


def _lean(layout: Layout, values: Array, learnt: NDArray[np.bool_]) -> Array:
    """Return how much each measure speaks for the candidate, by the items learnt from, shape (m,)."""
    own, rows = layout.part(learnt)
    part = values[rows]
    errors = own.errors(part)
    z = np.divide(own.seen @ part, errors, out=np.zeros(len(errors)), where=errors > 0)
    spread = part.std(axis=0)
    clear = np.abs(z) >= min(CLEAR, np.abs(z).max())
    lean: Array = np.divide(np.where(clear, z, 0.0), spread, out=np.zeros(len(z)), where=spread > 0)
    return lean


def _wins(layout: Layout, scores: Array) -> Array:
    """Return for each item the share of pairs of answers in which the candidate's scores higher, ties counting half."""
    starts = np.searchsorted(layout.item, np.arange(layout.items + 1))
    wins = np.empty(layout.items)
    for place, (start, end) in enumerate(pairwise(starts)):
        own, candidate = scores[start:end], layout.candidate[start:end]
        apart = own[candidate][:, None] - own[~candidate][None, :]
        wins[place] = ((apart > 1e-9).mean() + (apart > -1e-9).mean()) / 2
    return wins


def _share(shares: Array, alpha: float) -> Interval:
    return fixed_size(shares, 0.0, 1.0, alpha)


def _groups(pairs: Sequence[Answered], layout: Layout, right: Array, alpha: float) -> list[Group]:
    """Return the parts of the items that are large enough, the one first in which most is sure to have changed."""
    parts: list[tuple[str, str, NDArray[np.bool_]]] = []
    for kind, names in (
        ("use case", [pair.item.use_case for pair in pairs]),
        ("suite", [pair.item.suite for pair in pairs]),
    ):
        counted = Counter(names)
        parts += [(kind, name, np.array(names) == name) for name in counted if len(counted) > 1]
    large = [part for part in parts if len(set(layout.cluster[part[2]])) >= LEAST_GROUP]
    made = []
    for kind, name, own in large:
        of_cluster = [float(right[own & (layout.cluster == one)].mean()) for one in sorted(set(layout.cluster[own]))]
        told = _share(np.array(of_cluster), alpha / (2 * len(large)))
        made.append(Group(kind, name, told, int(own.sum())))
    return sorted(made, key=lambda group: (-group.told.low, -group.told.estimate))


# What: the differences that were found, those of the same answers together


def _findings(answers: _Answers, traits: Traits, found: Tested, alpha: float) -> tuple[tuple[Finding, ...], int]:
    order = [int(place) for place in np.argsort(-np.abs(found.z), kind="stable") if found.adjusted[place] <= alpha]
    order.sort(key=lambda place: found.adjusted[place])
    if not order:
        return (), 0
    apart = answers.layout.by_cluster(answers.layout.by_item(traits.values[:, order]))
    groups: list[list[int]] = []
    for number in range(len(order)):
        plain = _is_plain(traits, order[number])
        group = next(
            (
                one
                for one in groups
                if _is_plain(traits, order[one[0]]) == plain and _alike(apart[:, one[0]], apart[:, number])
            ),
            None,
        )
        if group is None:
            groups.append([number])
        else:
            group.append(number)
    listed = groups[:LISTED]
    fixed = _held_fixed(answers.layout, traits)
    made = (
        _finding(answers, traits, found, _plainest_first([order[one] for one in group], traits, found.z), fixed, alpha)
        for group in listed
    )
    return tuple(made), len(groups) - len(listed)


def _is_plain(traits: Traits, place: int) -> bool:
    """Return whether a difference is one of length or layout, which is told apart from what it may explain."""
    return traits.traits[place].kind in PLAIN


def _alike(one: Array, other: Array) -> bool:
    lengths = np.linalg.norm(one) * np.linalg.norm(other)
    return bool(lengths > 0 and abs(one @ other) / lengths >= ALIKE)


def _plainest_first(places: Sequence[int], traits: Traits, z: Array) -> list[int]:
    """Return differences of the same answers with the one first that says most in plain words, of the clear ones.

    Of words, what the candidate says more goes before what it says less.
    """

    def plain(place: int) -> tuple[int, bool, float]:
        kind = traits.traits[place].kind
        return list(KINDS).index(kind), kind in ("opening", "phrase") and bool(z[place] < 0), -abs(float(z[place]))

    clear = [place for place in places if abs(z[place]) >= NEARLY * abs(z[places[0]])]
    first = min(clear, key=plain)
    return [first, *(place for place in places if place != first)]


def _finding(
    answers: _Answers, traits: Traits, found: Tested, places: Sequence[int], fixed: Array | None, alpha: float
) -> Finding:
    place, layout = places[0], answers.layout
    trait, values = traits.traits[place], traits.shown(places[0])
    before, after = (
        float(layout.by_cluster(layout.level(values, candidate=candidate)).mean()) for candidate in (False, True)
    )
    of_items, sign = layout.by_item(traits.values[:, [place]])[:, 0], float(np.sign(found.z[place]))
    apart = layout.by_cluster(of_items)
    showing = [int(number) for number in np.argsort(-sign * of_items, kind="stable") if sign * of_items[number] > 0]
    changes = layout.by_cluster(layout.by_item(values[:, None])[:, 0])
    change = fixed_size(changes, -1.0, 1.0, alpha / 2) if trait.share else _t_interval(changes, alpha / 2)
    words = [_words(traits, one, answers, found.z[one]) for one in places[: ALSO + 1]]
    return Finding(
        kind=trait.kind,
        words=words[0],
        share=trait.share,
        before=before,
        after=after,
        change=change,
        p_value=float(found.adjusted[place]),
        held=None if trait.kind in PLAIN or fixed is None else _intercept(apart, fixed, alpha / 2),
        also=tuple(dict.fromkeys(words[1:])),
        examples=tuple(_example(answers, trait, number, values, sign) for number in showing[:EXAMPLES]),
        phrase=trait.phrase,
        shown_by=tuple(answers.names[number] for number in showing),
    )


def _words(traits: Traits, place: int, answers: _Answers, z: float) -> str:
    trait = traits.traits[place]
    if trait.kind != "meaning":
        return trait.words
    return passages(answers.texts, answers.layout, traits.direction(place), z)


def _t_interval(x: Array, alpha: float) -> Interval:
    if len(x) < 2:
        return Interval(float(x.mean()), -np.inf, np.inf)
    reach = float(t_ppf(1 - alpha, len(x) - 1)) * float(x.std(ddof=1)) / np.sqrt(len(x))
    return Interval(float(x.mean()), float(x.mean()) - reach, float(x.mean()) + reach, method="t")


def _held_fixed(layout: Layout, traits: Traits) -> Array | None:
    """Return by cluster how length and layout differ, shape (clusters, k); None with too few clusters to say."""
    names = {trait.words: place for place, trait in enumerate(traits.traits)}
    chosen = [names["words of an answer"], *(names[name] for name in LAYOUT)]
    apart = layout.by_cluster(layout.by_item(traits.values[:, chosen]))
    moving = apart[:, apart.std(axis=0) > 1e-9]
    return moving if len(moving) >= 4 * (moving.shape[1] + 1) else None


def _intercept(apart: Array, fixed: Array, alpha: float) -> Interval:
    """Return the change where length and layout stay: the intercept of a regression on how they differ.

    Least squares over clusters with errors that allow for unequal spread (HC3; MacKinnon and White 1985, Journal of
    Econometrics 29).
    """
    design = np.column_stack([np.ones(len(apart)), fixed])
    inverse = np.linalg.pinv(design.T @ design)
    slopes = inverse @ design.T @ apart
    lever = np.einsum("ij,jk,ik->i", design, inverse, design)
    off = (apart - design @ slopes) / np.maximum(1 - lever, 1e-3)
    spread = inverse @ (design.T * off**2) @ design @ inverse
    df = max(1, len(apart) - design.shape[1])
    reach = float(t_ppf(1 - alpha, df)) * float(np.sqrt(max(spread[0, 0], 0.0)))
    return Interval(float(slopes[0]), float(slopes[0]) - reach, float(slopes[0]) + reach, df=df, method="HC3")


def _example(answers: _Answers, trait: Trait, number: int, values: Array, sign: float) -> Example:
    """Return an item with the answer of each model that shows best what changed."""
    rows = np.flatnonzero(answers.layout.item == number)
    before, after = (
        _extreme(rows, values, answers.layout.candidate[rows] == candidate, sign if candidate else -sign)
        for candidate in (False, True)
    )
    item = answers.items[after]
    asked = next((turn.content for turn in reversed(item.messages) if turn.role == "user"), "")
    said = (_excerpt(answers.texts[row], trait.phrase) for row in (before, after))
    return Example(item.suite, item.id, _cut(asked), *said)


def _extreme(rows: NDArray[np.int64], values: Array, own: NDArray[np.bool_], sign: float) -> int:
    chosen = rows[own]
    return int(chosen[np.argmax(sign * values[chosen])])


def _excerpt(text: str, phrase: str) -> str:
    """Return a part of a text that holds a phrase, or its beginning."""
    pattern = r"\W+".join(map(re.escape, phrase.split()))
    place = re.search(pattern, text, re.IGNORECASE) if phrase else None
    start = max(0, place.start() - EXCERPT // 2) if place and place.start() > EXCERPT // 2 else 0
    return ("…" if start else "") + _cut(text[start:])


def _cut(text: str) -> str:
    return text if len(text) <= EXCERPT else text[:EXCERPT].rstrip() + "…"
