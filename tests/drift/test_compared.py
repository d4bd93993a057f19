"""From answers to what changed."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from conftest import DATA
from seatrial.drift import Answered, Drift, compare_answers
from seatrial.drift.compared import FEWEST, LISTED
from seatrial.drift.traits import LONGEST, PICKS
from seatrial.errors import EvidenceError
from seatrial.types import Item, Message

WORDS = (
    "river",
    "lamp",
    "bread",
    "winter",
    "seven",
    "paper",
    "garden",
    "copper",
    "letter",
    "window",
    "silver",
    "march",
)


def pairs_of(
    count: int,
    change: Callable[[str, int], str] = lambda text, _: text,
    seed: int = 0,
    cluster: int = 1,
    use_cases: tuple[str, ...] = ("general",),
) -> list[Answered]:
    """Return answers of random words, the candidate's changed by a function of the text and its number."""
    rng = np.random.default_rng(seed)

    def said() -> str:
        return "I think of " + ", ".join(rng.choice(WORDS, rng.integers(4, 9))) + "."

    made = []
    for number in range(count):
        name, case = f"i{number}", use_cases[number % len(use_cases)]
        item = Item(name, "s", (Message("user", f"What of {number}?"),), use_case=case, cluster=f"c{number // cluster}")
        made.append(Answered(item, (said(),), (change(said(), number),)))
    return made


def compared(pairs: list[Answered], exchanges: int = 499) -> Drift:
    """Compare with few exchanges."""
    return compare_answers(pairs, exchanges=exchanges)


def test_what_was_added_is_found_first_with_its_levels_and_answers() -> None:
    """A sentence in a third of the candidate's answers leads the findings, and the examples show it."""
    found = compared(pairs_of(90, lambda text, n: text + " Mind how you go." * (n % 3 == 0)))
    first = found.findings[0]
    assert found.changed
    assert first.words == "says “mind how you go”"
    assert (first.before, first.after) == pytest.approx((0.0, 1 / 3))
    assert first.change.estimate == pytest.approx(1 / 3)
    assert first.change.low < 1 / 3 < first.change.high
    assert len(first.examples) == 3
    for example in first.examples:
        assert "Mind how you go" in example.candidate
        assert "Mind how you go" not in example.baseline
        assert example.asked == f"What of {example.item.removeprefix('i')}?"


def test_the_same_answers_show_nothing() -> None:
    """Where both models say the same, word for word, there is nothing to find, and nothing is divided by nothing."""
    pairs = [replace(pair, candidate=pair.baseline) for pair in pairs_of(20)]
    found = compared(pairs)
    assert (found.changed, found.p_value, found.findings, found.tried) == (False, 1.0, (), 0)
    assert found.told is not None
    assert found.told.estimate == 0.5


def test_sides_turned_round_turn_the_changes_round() -> None:
    """What the candidate does more of, the baseline does more of when the two change places."""
    pairs = pairs_of(60, lambda text, _: f"Well now! {text}")
    turned = [Answered(pair.item, pair.candidate, pair.baseline) for pair in pairs]
    one, other = compared(pairs), compared(turned)
    told, told_again = (
        {words for found in side.findings for words in (found.words, *found.also) if "comes nearer" not in words}
        for side in (one, other)
    )
    assert told == told_again >= {"begins with “well now i”", "begins with “i think of”"}
    first, turned_round = (
        next(found for found in side.findings if found.words == "has an exclamation mark") for side in (one, other)
    )
    assert (first.before, first.after, first.change.estimate) == (0.0, 1.0, 1.0)
    assert (turned_round.before, turned_round.after, turned_round.change.estimate) == (1.0, 0.0, -1.0)


@pytest.mark.slow
def test_what_length_explains_is_said_so_and_what_it_does_not_too() -> None:
    """Twice the words hold twice as many of each; a sentence of its own stays with the length held fixed."""
    rng = np.random.default_rng(1)

    def longer(text: str, number: int) -> str:
        return f"{text} I think of " + ", ".join(rng.choice(WORDS, rng.integers(4, 9))) + "."

    found = {one.words: one for one in compared(pairs_of(150, longer)).findings}
    assert found["words of an answer"].held is None
    word = next(one for words, one in found.items() if words in {f"says “{word}”" for word in WORDS})
    assert word.explained

    def kind(text: str, number: int) -> str:
        return text + " Mind how you go." * (number % 2)

    added = compared(pairs_of(150, kind)).findings[0]
    assert added.words == "says “mind how you go”"


def test_use_cases_are_ranked_by_where_it_changed() -> None:
    """The use case in which the candidate speaks otherwise stands first, and the other is near luck."""
    pairs = pairs_of(120, lambda text, n: f"Splendid! {text}" if n % 2 else text, use_cases=("everyday", "feelings"))
    groups = compared(pairs).groups
    assert [group.name for group in groups] == ["feelings", "everyday"]
    assert groups[0].told.low > 0.9
    assert groups[1].told.low < 0.5 < groups[1].told.high
    assert groups[0].items == 60


def test_items_of_a_cluster_are_one() -> None:
    """Clusters are what is counted, and half of them teach what the other half is guessed by."""
    found = compared(pairs_of(60, cluster=5))
    assert (found.items, found.clusters, found.answers) == (60, 12, 120)
    assert found.told is None  # too few clusters to learn from half of them


def test_long_answers_are_cut_and_counted() -> None:
    """A megabyte is read to a limit, and it is said."""
    pairs = pairs_of(20)
    pairs[0] = replace(pairs[0], candidate=("word " * (2**18),))
    found = compared(pairs, 99)
    assert f"Of 1 answers only the first {LONGEST:,} letters were read." in found.told_of


@pytest.mark.parametrize("text", ["", "   \n", "答えはここにあります。", "🎉", "a\x00b", "\ud83d torn"])
def test_odd_answers_are_measured_like_any(text: str) -> None:
    """Empty answers, other scripts and control characters raise nothing, and a side that has only these has changed."""
    pairs = [replace(pair, candidate=(text,)) for pair in pairs_of(30)]
    found = compared(pairs, 199)
    assert found.changed
    assert found.findings


def test_too_few_items_are_refused() -> None:
    """Of five items nothing could be told from chance, and the message says what to do."""
    with pytest.raises(EvidenceError, match="review more items"):
        compared(pairs_of(FEWEST - 1))
    assert compared(pairs_of(FEWEST), 99).clusters == FEWEST


def test_a_list_of_findings_ends_somewhere() -> None:
    """Two models that have no word in common differ in more than is listed, and the rest is counted."""
    rng = np.random.default_rng(5)
    other = [
        f"{a}{b}"
        for a in ("ka", "lo", "mi", "nu", "pe", "ro")
        for b in ("zan", "bel", "dir", "fos", "gul", "hep", "jat", "kov", "wix", "yom")
    ]
    pairs = pairs_of(80, lambda text, _: " ".join(rng.choice(other, 20)) + ".")
    found = compared(pairs, 199)
    assert len(found.findings) <= LISTED
    assert len(found.findings) < LISTED or any("more differences" in line for line in found.told_of)


@pytest.mark.slow
def test_a_model_against_itself_is_rarely_called_changed() -> None:
    """Of 120 comparisons of one model with itself, about one in twenty raises an alarm; each lists only with one."""
    found = [compared(pairs_of(40, seed=seed), 199) for seed in range(100, 220)]
    assert sum(one.changed for one in found) <= 13
    assert not [one for one in found if one.findings and not one.changed]


@pytest.mark.slow
@pytest.mark.skipif(not DATA.exists(), reason="the shared real data is not here")
def test_two_versions_of_a_real_model() -> None:
    """Of gpt-4's versions of March and June 2023 it says in words that the later one stopped picking an option."""
    with (DATA / "llmdrift" / "OPINIONQA_EVAL.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    before, after = (
        {row["id"]: row for row in rows if row["model"].endswith(version)} for version in ("gpt-4-0314", "gpt-4-0613")
    )
    pairs = [
        Answered(Item(name, "opinions", (Message("user", row["query"]),)), (row["answer"],), (after[name]["answer"],))
        for name, row in list(before.items())[:400]
        if name in after
    ]
    first = compared(pairs).findings[0]
    assert first.words == PICKS
    assert first.before > 0.9
    assert first.after < 0.4
