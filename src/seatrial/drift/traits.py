"""What is measured of every answer: how long it is, how it is laid out and begins, what it says, in which tone.

Which phrases and which directions of meaning are measured is decided by all answers together, whoever gave them, so
that exchanging them changes nothing of it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seatrial.drift.exchange import Layout
from seatrial.drift.found import Kind
from seatrial.instruments.embedding import embed
from seatrial.instruments.text import TEXT_INSTRUMENTS, WORD, PhraseBalance, Refusal
from seatrial.types import Item, Response

__all__ = ["EMOJI", "LAYOUT", "LONGEST", "Trait", "Traits", "read_traits"]

Array = NDArray[np.float64]
LONGEST = 20_000
"""Letters of an answer that are read."""
LEAST = 8
"""Items in which a phrase is in some answers and not in others; with fewer it could not be told from chance."""
PHRASES, GRAM = 4_000, 4
"""Most phrases that are tried, and words of the longest."""
OPENINGS = 3
"""Words of the longest opening that is tried."""
DIRECTIONS = 16
"""Directions of meaning that are tried: those along which answers to one item differ most."""


@dataclass(frozen=True, slots=True)
class Trait:
    """One measure.

    Attributes:
        kind: What it looks at.
        words: What an answer that has it does: `says “great question”`.
        share: Whether it is there or not, so that levels are shares of answers.
        phrase: The words that show it in a text, where there are such.
    """

    kind: Kind
    words: str
    share: bool
    phrase: str = ""


@dataclass(frozen=True)
class Traits:
    """Measures of all answers.

    Attributes:
        traits: The measures.
        values: What each answer has of each, shape (answers, traits); of lengths the logarithm.
        vectors: Unit vectors of the answers' meaning, shape (answers, d).
        beginnings: Those of their first sentences, shape (answers, d).
        directions: The directions of the traits of meaning, which stand last, shape (d, k).
    """

    traits: tuple[Trait, ...]
    values: Array
    vectors: Array
    beginnings: Array
    directions: Array

    def direction(self, place: int) -> Array:
        """Return the direction of a trait of meaning, shape (d,)."""
        first = len(self.traits) - self.directions.shape[1]
        direction: Array = self.directions[:, place - first]
        return direction

    def shown(self, place: int) -> Array:
        """Return the values of a trait as people count them: words and not their logarithm, shape (answers,)."""
        column = self.values[:, place]
        return np.expm1(column) if self.traits[place].kind == "length" else column


Look = Callable[[str], bool]


def _has(pattern: str) -> Look:
    found = re.compile(pattern, re.MULTILINE)
    return lambda text: found.search(text) is not None


EMOJI = "[\U0001f300-\U0001faff\u2600-\u27bf]"
LAYOUT: dict[str, Look] = {
    "has a list": _has(r"^\s*(?:[-*•]|\d+[.)])\s+\S"),
    "has headings": _has(r"^\s*#{1,6}\s+\S"),
    "has bold words": _has(r"\*\*[^*\n]+\*\*"),
    "has a table": _has(r"^\s*\|.*\|\s*$"),
    "has code": _has(r"```|^ {4}\S"),
    "has several paragraphs": _has(r"\S\s*\n\s*\n\s*\S"),
    "has an emoji": _has(EMOJI),
}
"""What is held fixed beside the length."""
MARKS: dict[str, Look] = {
    "has an exclamation mark": _has("!"),
    "asks a question": _has(r"\?"),
    "ends with a question": _has(r"\?[\s\"'”’)*_]*\Z"),
    "has a dash": _has("—| – "),
    "has words in quotation marks": _has('[“«"]'),
}
STANDS: dict[str, Look] = {
    "begins with yes": _has(r"\A\W*(?i:yes|yeah|absolutely|definitely|of course|certainly|exactly)\b"),
    "begins with no": _has(r"\A\W*(?i:no|nope|not)\b"),
    "leaves the choice open": _has(r"(?i)\b(?:it depends|depends on|both|either|there is no (?:right|single))\b"),
}
ADDRESSES: dict[str, Look] = {
    "speaks of itself as a model": _has(
        r"(?i)\bas an? (?:ai|artificial intelligence|(?:large )?language model)\b|\bi(?:'| a)m an ai\b"
    ),
    "speaks of itself": _has(r"\b(?:I|I'[a-z]+|me|my|mine)\b"),
    "speaks to the user": _has(r"(?i)\b(?:you|your|yours)\b"),
}
PICKS = "picks one of the options that the question offers"
_TOKEN = re.compile(f"{WORD.pattern}|{EMOJI}")
_OFFERED = re.compile(r"(?:^|\s)\(?([A-H])[).:]+\s*\S", re.MULTILINE)
_PICKED = re.compile(
    r"\A\W*(?:(?:the\s+)?(?:best\s+|correct\s+)?(?:answer|option)\s*(?:is)?\W*)?\(?([A-H])(?:[).:]|\s*\Z)", re.I
)
_SENTENCE = re.compile(r"[.!?…]+(?:\s|$)|\n+")
REFUSAL = Refusal()
NEITHER = 0.5
"""Balance of a text with no phrase of either side."""
TONES = tuple(one for one in TEXT_INSTRUMENTS if isinstance(one, PhraseBalance))


def read_traits(items: Sequence[Item], texts: Sequence[str], layout: Layout) -> Traits:
    """Measure every answer.

    Args:
        items: The item of each answer.
        texts: The answers, cut to `LONGEST` letters.
        layout: Which answer belongs to which item.
    """
    words = [tuple(_TOKEN.findall(text.replace("’", "'").lower())) for text in texts]
    found: list[tuple[Trait, Array]] = [*_lengths(texts, words)]
    for kind, looks in (("structure", LAYOUT | MARKS), ("stance", STANDS), ("address", ADDRESSES)):
        for name, look in looks.items():
            found.append((Trait(kind, name, True), np.array([float(look(text)) for text in texts])))  # type: ignore[arg-type]
    found.append(
        (Trait("stance", PICKS, True), np.array([float(_picks(*one)) for one in zip(items, texts, strict=True)]))
    )
    firsts = [_SENTENCE.split(text.lstrip(), maxsplit=1)[0] for text in texts]
    found += _tones(items, texts, firsts)
    found += _said(words, layout)
    vectors = embed(texts)
    directions = _directions(vectors, layout)
    found += [(Trait("meaning", "", False), vectors @ direction) for direction in directions.T]
    return Traits(
        tuple(trait for trait, _ in found),
        np.column_stack([held for _, held in found]),
        vectors,
        embed(firsts),
        directions,
    )


def _lengths(texts: Sequence[str], words: Sequence[Sequence[str]]) -> Iterable[tuple[Trait, Array]]:
    counts = np.array([len(one) for one in words], dtype=np.float64)
    sentences = np.array([max(1, sum(1 for part in _SENTENCE.split(text) if part.strip())) for text in texts])
    yield Trait("length", "words of an answer", False), np.log1p(counts)
    yield Trait("length", "words of a sentence", False), np.log1p(counts / sentences)


def _picks(item: Item, text: str) -> bool:
    """Return whether an answer begins with one of the letters that the question gives its options."""
    offered = set(_OFFERED.findall(item.messages[-1].content)) if item.messages else set()
    picked = _PICKED.match(text)
    return len(offered) > 1 and picked is not None and picked[1].upper() in offered


def _tones(items: Sequence[Item], texts: Sequence[str], firsts: Sequence[str]) -> Iterable[tuple[Trait, Array]]:
    whole, begun = _balances(texts), _balances(firsts)
    for place, instrument in enumerate(TONES):
        name = instrument.name.removeprefix("text/")
        yield Trait("tone", f"{name}, as {instrument.name} counts it", False), whole[:, place]
        opens = (begun[:, place] > NEITHER).astype(np.float64)
        yield Trait("tone", f"begins with {name}, as {instrument.name} counts it", True), opens
    answers = [Response(item.id, item.suite, 0, text) for item, text in zip(items, texts, strict=True)]
    refused = [REFUSAL.read(item, answer) or 0.0 for item, answer in zip(items, answers, strict=True)]
    yield Trait("stance", "refuses", True), (np.array(refused) > 0).astype(np.float64)


def _balances(texts: Sequence[str]) -> Array:
    """Return the balance of each instrument's phrases in each text, shape (texts, instruments)."""
    known = {text: [_balance(*one.weights(text)) for one in TONES] for text in dict.fromkeys(texts)}
    return np.array([known[text] for text in texts])


def _balance(harm: float, opposite: float) -> float:
    """Return the balance of two weights; in an empty text there is none of either."""
    return NEITHER + NEITHER * (harm - opposite) / (harm + opposite + 1)


def _said(words: Sequence[tuple[str, ...]], layout: Layout) -> list[tuple[Trait, Array]]:
    """Return the openings and phrases that some answers to an item have and others have not."""
    held: list[tuple[Trait, Array]] = []
    openings = Counter(one[:size] for one in words for size in range(1, OPENINGS + 1) if len(one) >= size)
    for gram, count in openings.items():
        if count >= LEAST:
            said = " ".join(gram)
            column = np.array([one[: len(gram)] == gram for one in words])
            held.append((Trait("opening", f"begins with “{said}”", True, said), column))
    held += [
        (Trait("phrase", f"says “{' '.join(gram)}”", True, " ".join(gram)), column) for gram, column in _grams(words)
    ]
    counted = [(_differing(column, layout), trait, column) for trait, column in held]
    counted = sorted((one for one in counted if one[0] >= LEAST), key=lambda one: -one[0])
    unlike: dict[tuple[Kind, bytes], tuple[Trait, Array]] = {}
    for _, trait, column in counted[: 2 * PHRASES]:
        key = (trait.kind, column.tobytes())  # of phrases that always come together the longest stands for all
        if key not in unlike or len(trait.phrase) > len(unlike[key][0].phrase):
            unlike[key] = trait, column
    return list(unlike.values())[:PHRASES]


def _grams(words: Sequence[tuple[str, ...]]) -> Iterable[tuple[tuple[str, ...], Array]]:
    """Yield runs of one to four words that at least `LEAST` answers have and as many have not."""
    kept: set[tuple[str, ...]] = set()
    for size in range(1, GRAM + 1):
        where: dict[tuple[str, ...], list[int]] = {}
        for number, one in enumerate(words):
            for gram in {one[place : place + size] for place in range(len(one) - size + 1)}:
                if size == 1 or (gram[1:] in kept and gram[:-1] in kept):
                    where.setdefault(gram, []).append(number)
        kept = {gram for gram, places in where.items() if len(places) >= LEAST}
        for gram in sorted(kept):
            if len(where[gram]) <= len(words) - LEAST:
                column = np.zeros(len(words), dtype=bool)
                column[where[gram]] = True
                yield gram, column


def _differing(column: Array, layout: Layout) -> int:
    """Return in how many items some answers have it and others have not."""
    having = np.bincount(layout.item, column, minlength=layout.items)
    return int(((having > 0) & (having < np.bincount(layout.item))).sum())


def _directions(vectors: Array, layout: Layout) -> Array:
    """Return the directions in which answers to one item differ most, shape (d, k)."""
    sizes = np.bincount(layout.item)
    means = np.add.reduceat(vectors, np.searchsorted(layout.item, np.arange(layout.items)), axis=0) / sizes[:, None]
    apart = vectors - means[layout.item]
    _, axes = np.linalg.eigh(apart.T @ apart)
    directions: Array = axes[:, ::-1][:, :DIRECTIONS]
    return directions
