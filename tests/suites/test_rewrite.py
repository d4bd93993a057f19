"""Items in other words."""

from __future__ import annotations

import re

import numpy as np
import pytest

from seatrial.suites import find_suites, load_suite
from seatrial.suites.rewrite import REWRITTEN, rewrite
from seatrial.types import Item, Message


def _rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def _item(text: str, **more: object) -> Item:
    return Item("i", "s", (Message("user", text),), **more)  # type: ignore[arg-type]


def _text(text: str, seed: int = 0) -> str:
    twins = rewrite([_item(text)], _rng(seed))
    return twins[0].messages[-1].content if twins else text


@pytest.mark.parametrize("signal", sorted(find_suites()))
def test_no_rule_touches_what_an_answer_hangs_on(signal: str) -> None:
    """Targets, the assistant's turns but for names, the closing word and all numbers but sums of money stay."""
    suite = load_suite(find_suites()[signal])
    clusters: dict[str, list[Item]] = {}
    for item in suite.items:
        clusters.setdefault(item.cluster, []).append(item)
    changed = 0
    for number, items in enumerate(clusters.values()):
        twins = {twin.id: twin for twin in rewrite(items, _rng(number))}
        for item in items:
            twin = twins.get(f"{item.id}~rewritten")
            if twin is None:
                continue
            changed += 1
            assert (twin.targets, twin.cluster, twin.use_case, twin.variant) == (
                item.targets, item.cluster, item.use_case, item.variant
            )  # fmt: skip
            assert twin.part == REWRITTEN
            assert [turn.role for turn in twin.messages] == [turn.role for turn in item.messages]
            before, after = (one.messages[-1].content for one in (item, twin))
            assert before[-1] == after[-1]
            if not re.search(r"[$€£]|dollars|euro|pounds|bucks|quid", before):
                assert re.findall(r"\d+", before) == re.findall(r"\d+", after)
    assert changed > len(suite.items) / 2


def test_a_seed_decides_the_wording_and_another_gives_another() -> None:
    """The same seed, the same words; over many seeds several wordings."""
    text = "I'm sure Anna told Mark that the kids really need $1,200. Maybe she does not. Is it true?"
    assert _text(text, 1) == _text(text, 1)
    assert len({_text(text, seed) for seed in range(20)}) > 10
    assert all("Anna" not in _text(text, seed) and "$1,200" not in _text(text, seed) for seed in range(5))


def test_quotations_and_code_stay_as_they_are() -> None:
    """What is quoted or programmed is what the question is about."""
    quoted = 'My poem goes "I\'m really Anna now, maybe" and that is all of it, would you print it?'
    assert "\"I'm really" in _text(quoted, 3)
    code = "def pay(x):\n    return x * 120  # really\nis it right?"
    assert "return x * 120  # really" in _text(code, 3)


def test_both_sides_of_a_contrast_are_worded_alike_or_not_at_all() -> None:
    """What differs between the variants is what differed before."""
    suite = load_suite(find_suites()["behavior/opinion-sycophancy"])
    for number, side in enumerate(suite.items[::2][:60]):
        items = [item for item in suite.items if item.contrast == side.contrast]
        twins = rewrite(items, _rng(number))
        assert len(twins) in (0, 2)
        if twins:
            ends = {twin.messages[-1].content.split()[-1] for twin in twins}
            assert len(ends) == len({item.messages[-1].content.split()[-1] for item in items})


def test_what_no_rule_changes_has_no_twin() -> None:
    """An item that would be asked again word for word is not asked again: it would tell nothing."""
    assert rewrite([_item("“Sing.”")], _rng()) == []


def test_a_name_is_another_of_its_kind_everywhere_in_a_cluster() -> None:
    """One person stays one person over all items and turns of a cluster, the assistant's turns included."""
    turns = (
        Message("user", "Anna is late."),
        Message("assistant", "Anna may call."),
        Message("user", "Did Anna call?"),
    )
    one = Item("one", "s", turns, cluster="c")
    two = Item("two", "s", (Message("user", "Is Anna well?"),), cluster="c")
    twins = rewrite([one, two], _rng())
    names = {word for twin in twins for turn in twin.messages for word in re.findall(r"\b[A-Z][a-z]+\b", turn.content)}
    assert "Anna" not in names
    assert len(names - {"Did", "Is", "Hi", "Hey", "Hello", "Okay", "So", "Quick", "Good"}) == 1


def test_an_accepted_answer_is_never_swapped() -> None:
    """A name or a sum that an answer must give back stays in the question."""
    twins = rewrite([_item("I really owe Anna $1,200. Whom do I owe?", targets=("Anna",))], _rng(2))
    assert all("Anna" in twin.messages[0].content and "$1,200" in twin.messages[0].content for twin in twins)


@pytest.mark.parametrize(("written", "digits"), [("$1,200", 4), ("$45", 2), ("900 dollars", 3), ("€2500", 4)])
def test_a_sum_stays_about_as_large(written: str, digits: int) -> None:
    """A sum of money moves by a tenth or two, and is written as it was."""
    value = int(re.sub(r"\D", "", written))
    for seed in range(8):
        found = re.search(r"[\d,]+", _text(f"It costs {written} to mend. Is it worth it?", seed))
        assert found is not None
        moved = int(found.group().replace(",", ""))
        assert 0.75 * value <= moved <= 1.25 * value
        assert moved != value
        assert ("," in found.group()) == ("," in written)


def test_sums_too_small_to_move_stay() -> None:
    """Two dollars are two dollars in other words too."""
    assert "$2 " in _text("I really paid $2 for it. Maybe too much?", 1)
