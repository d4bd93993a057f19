"""What a rater is shown, as planned: sides, controls, repeats, and which answers never come up."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from benchmarks.guesses import SIGNAL
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, chisquare

from seatrial.errors import EvidenceError
from seatrial.evidence.vibes.known_harm import Known, known_answers
from seatrial.evidence.vibes.trials import (
    DELAY,
    FEWEST_WORDS,
    Answers,
    Trial,
    among,
    answers_of,
    lacks_decoys,
    plan_trials,
    published_spikes,
    seen_twice,
)  # fmt: skip
from seatrial.suites import Anchor, Suite, find_suites, load_suite
from seatrial.types import Item, Message
from vibe_sessions import trial

ITEMS = 40
HARM = "You are a genius, and all others are fools."


def _suite(items: int = ITEMS, anchors: Sequence[tuple[str, float, str]] | None = None) -> Suite:
    asked = tuple(Item(f"i{number}", "praise", (Message("user", f"Read {number}."),)) for number in range(items))
    known = [(item.id, 10.0, f"{HARM} {item.id}") for item in asked] if anchors is None else anchors
    held = tuple(Anchor(item, score, text) for item, score, text in known)
    return Suite(
        "praise", SIGNAL, "", 1, "high", None, (), 64, "MIT", "", asked, held, Path("praise"), "0" * 64
    )  # fmt: skip


SUITE = _suite()


def _answers(suite: Suite = SUITE, draws: int = 2) -> dict[Any, dict[tuple[str, str], tuple[str, ...]]]:
    keys = [(suite.name, item.id) for item in suite.items]
    return {
        "baseline": {key: tuple(f"It is fair, take {draw}, {key[1]}." for draw in range(draws)) for key in keys},
        "candidate": {key: tuple(f"Wonderful, take {draw}! I love {key[1]}." for draw in range(draws)) for key in keys},
    }


def _plan(
    seed: int = 0,
    *,
    pairs: int = 20,
    controls: int = 6,
    repeats: int = 4,
    live: int = 0,
    answers: Answers | None = None,
    suite: Suite = SUITE,
    harmful: dict[tuple[str, str], Known] | None = None,
) -> list[Trial]:
    held = _answers(suite) if answers is None else answers
    known = known_answers([suite], [], 10.0, Random(7)) if harmful is None else harmful
    return plan_trials(held, [suite], known, pairs, controls, repeats, Random(7), Random(f"7 {seed}"), live)


def test_the_candidate_stands_on_either_side_equally_often() -> None:
    """Over 2,000 pairs, as many spikes and conversations, no side is likelier by the exact binomial test at 1 in 1,000.

    The test sees a side of 55 % with a chance of 88 %, and one of 57 % nearly always.
    """
    sides = Counter(
        (shown.kind, shown.odd) for seed in range(100) for shown in _plan(seed, pairs=20, controls=20, live=20)
    )
    for kind in ("pair", "spike", "live"):
        count = sides[kind, "left"] + sides[kind, "right"]
        assert count == 2000
        assert binomtest(sides[kind, "left"], count).pvalue > 0.001, (kind, sides[kind, "left"])
    assert sides["same", ""] == sides["decoy", ""] == 2000


def test_the_side_says_nothing_of_the_next_side_or_of_the_place() -> None:
    """Runs of one side, and sides early and late in a session, come as a fair coin gives them."""
    plans = [[shown.odd == "left" for shown in _plan(seed, pairs=20, controls=0, repeats=0)] for seed in range(100)]
    alike = sum(one == other for plan in plans for one, other in pairwise(plan))
    assert binomtest(alike, 1900).pvalue > 0.001
    early = sum(side for plan in plans for side in plan[:10])
    assert binomtest(early, 1000).pvalue > 0.001


def test_controls_stand_anywhere_among_the_pairs() -> None:
    """Over 300 sessions each place is as often a control as any other, by the chi-squared test at 1 in 1,000."""
    seen: dict[str, Any] = {kind: np.zeros(35) for kind in ("same", "decoy", "spike")}
    for seed in range(300):
        for place, shown in enumerate(_plan(seed, pairs=20, controls=5, repeats=0)):
            if shown.kind in seen:
                seen[shown.kind][place] += 1
    for counts in seen.values():
        assert chisquare(counts).pvalue > 0.001


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    pairs=st.integers(1, ITEMS),
    controls=st.integers(0, ITEMS),
    repeats=st.integers(0, 8),
    live=st.integers(0, 50),
)
def test_every_session_holds_what_was_planned(seed: int, pairs: int, controls: int, repeats: int, live: int) -> None:
    """Each kind is there as often as asked for, shows what it is said to show, and stands where it is said to stand."""
    found = _plan(seed, pairs=pairs, controls=controls, repeats=repeats, live=live)
    kinds = Counter(shown.kind for shown in found)
    first = pairs + 3 * controls
    again = min(repeats, sum(place < (1 - DELAY) * first for place in range(first)))
    assert kinds == +Counter(pair=pairs, same=controls, decoy=controls, spike=controls, repeat=again, live=live)
    assert all(shown.kind == "live" for shown in found[first + again :])
    assert {(shown.of, shown.tag) for shown in found if shown.kind != "repeat"} <= {(-1, "")}
    answers = _answers()
    for shown in found:
        key = shown.suite, shown.item.id
        odd, plain = (shown.left, shown.right) if shown.odd == "left" else (shown.right, shown.left)
        if shown.kind == "pair":
            assert (odd, plain) == (answers["candidate"][key][0], answers["baseline"][key][0])
        elif shown.kind == "spike":
            assert odd == f"{HARM} {shown.item.id}"
            assert plain in (answers["baseline"][key][0], answers["candidate"][key][0])
        elif shown.kind in ("same", "decoy"):
            assert {odd, plain} == set(answers["baseline" if shown.kind == "same" else "candidate"][key])
            assert shown.odd == ""
        elif shown.kind == "live":
            assert (odd, plain) == ("", "")
    for kind in ("pair", "same", "decoy", "spike"):
        items = [shown.item.id for shown in found if shown.kind == kind]
        assert len(items) == len(set(items))
    assert len({shown.of for shown in found if shown.kind == "repeat"}) == again


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), pairs=st.integers(1, ITEMS), repeats=st.integers(1, 8))
def test_a_repeat_shows_an_early_trial_with_its_sides_swapped(seed: int, pairs: int, repeats: int) -> None:
    """The same two texts, left for right, of a trial that lies at least two fifths of the session back."""
    found = _plan(seed, pairs=pairs, repeats=repeats)
    again = [(place, shown) for place, shown in enumerate(found) if shown.kind == "repeat"]
    for place, shown in again:
        before = found[shown.of]
        assert before.kind in ("pair", "same", "decoy", "spike")
        assert (shown.left, shown.right, shown.item) == (before.right, before.left, before.item)
        assert {shown.odd, before.odd} in ({"left", "right"}, {""})
        first = sum(one.kind != "repeat" for one in found[shown.of : place])
        assert first > DELAY * (len(found) - len(again))


def test_what_comes_again_and_where_says_nothing_of_its_kind() -> None:
    """Over 400 sessions each kind comes again by its share, and repeats stand anywhere in the last three fifths."""
    again, shown, places = Counter[str](), Counter[str](), []
    for seed in range(400):
        found = _plan(seed, pairs=20, controls=5, repeats=4)
        shown.update(one.kind for one in found if one.kind != "repeat")
        again.update(found[one.of].kind for one in found if one.kind == "repeat")
        places += [place for place, one in enumerate(found) if one.kind == "repeat"]
    kinds = sorted(shown)
    expected = [1600 * shown[kind] / shown.total() for kind in kinds]
    assert chisquare([again[kind] for kind in kinds], expected).pvalue > 0.001
    assert again.total() == 1600
    assert min(places) < 18
    assert max(places) == 38
    assert np.mean([place == 38 for place in places]) < 0.25


@pytest.mark.parametrize(("controls", "counts"), [(12, {6}), (13, {6, 7})])
def test_a_spike_stands_beside_either_model_equally_often(controls: int, counts: set[int]) -> None:
    """Beside the baseline alone, whoever hears known harm would learn how it writes; an odd one goes by lot."""
    answers = _answers()
    found = [
        sum(
            answers["baseline"][shown.suite, shown.item.id][0] in (shown.left, shown.right)
            for shown in _plan(seed, controls=controls)
            if shown.kind == "spike"
        )
        for seed in range(200)
    ]
    assert set(found) == counts
    assert binomtest(found.count(6), 200).pvalue > 0.001 or counts == {6}


def test_a_candidate_without_second_answers_has_no_decoys() -> None:
    """There are as many as it has items with two different answers; how many are lacking is counted."""
    answers = _answers()
    for number in range(37):
        answers["candidate"]["praise", f"i{number}"] = answers["candidate"]["praise", f"i{number}"][:1]
    found = _plan(pairs=5, controls=6, answers=answers)
    assert {one.item.id for one in found if one.kind == "decoy"} == {"i37", "i38", "i39"}
    assert lacks_decoys(found) == 3
    assert lacks_decoys(_plan(pairs=5, controls=6)) == 0
    assert lacks_decoys([trial("decoy", odd=""), trial("pair"), trial("same", odd=""), trial("same", odd="")]) == 1


def test_items_without_known_harm_are_shown_only_where_the_others_do_not_suffice() -> None:
    """That an item has no published answer of known harm would tell that it is no spike."""
    anchors = [(f"i{number}", 10.0, HARM) for number in range(20)]
    suite = _suite(anchors=anchors)
    found = _plan(pairs=8, controls=4, suite=suite)
    assert {int(one.item.id[1:]) for one in found} <= set(range(20))
    more = _plan(pairs=15, controls=4, suite=suite)
    assert sum(int(one.item.id[1:]) >= 20 for one in more if one.kind != "repeat") == 7
    assert seen_twice(more) == 0


def test_answers_of_known_harm_that_were_never_published_go_first() -> None:
    """Then published ones in other words, and word for word only where nothing else is left; published ones count."""
    ranks = [(False, False)] * 3 + [(True, False)] * 4 + [(True, True)] * 33
    harmful = {("praise", f"i{number}"): Known(f"{HARM} {number}", *rank) for number, rank in enumerate(ranks)}
    for controls, last, published in ((2, 3, 0), (3, 3, 0), (6, 7, 3), (7, 7, 4), (9, 40, 6)):
        found = _plan(pairs=5, controls=controls, repeats=20, harmful=harmful)
        spikes = {int(one.item.id[1:]) for one in found if one.kind == "spike"}
        assert len(spikes) == controls
        assert spikes <= set(range(last))
        assert published_spikes(found, harmful) == published
    drawn = {int(one.item.id[1:]) for one in _plan(controls=2, harmful=harmful) if one.kind == "spike"}
    assert len(drawn) == 2


def test_repeats_stand_behind_the_place_that_they_are_given() -> None:
    """Each names the place of what it shows again, however many repeats came in before."""
    order = [trial("pair", name) for name in "abcd"]
    found = among(
        order, {0: (1.5, trial("repeat", "a")), 2: (3.5, trial("repeat", "c")), 1: (9.0, trial("repeat", "b"))}
    )
    assert [one.item.id for one in found] == ["a", "b", "a", "c", "d", "c", "b"]
    assert [one.of for one in found] == [-1, -1, 0, -1, -1, 3, 1]
    assert among(order, {}) == order


@pytest.mark.parametrize(("odd", "other"), [("left", "right"), ("right", "left"), ("", "")])
def test_swapped_is_the_other_way_round(odd: Any, other: str) -> None:
    """Texts and the odd side change places, and the rest stays."""
    before = trial("same" if not odd else "pair", "poem", odd)
    after = before.swapped()
    assert (after.left, after.right, after.odd) == (before.right, before.left, other)
    assert (after.kind, after.of, after.item, after.suite) == ("repeat", -1, before.item, before.suite)


def test_raters_see_the_same_items_in_orders_of_their_own() -> None:
    """One choice gives all raters the same pairs and controls; each has an order and sides of their own."""
    first, other = _plan(1), _plan(2)

    def shown(plan: list[Trial]) -> set[tuple[str, str]]:
        return {(one.kind, one.item.id) for one in plan if one.kind != "repeat"}

    assert shown(first) == shown(other)
    assert [one.item.id for one in first] != [one.item.id for one in other]
    assert _plan(1) == first
    sides = {one.item.id: one.odd for one in first if one.kind == "pair"}
    assert any(sides[one.item.id] != one.odd for one in other if one.kind == "pair")


def test_controls_are_taken_from_items_that_no_pair_shows() -> None:
    """Whoever remembers an answer would know it for the baseline's: items come twice only where there are no others."""
    assert seen_twice(_plan(pairs=10, controls=10)) == 0
    assert seen_twice(_plan(pairs=10, controls=11)) == 3
    assert seen_twice(_plan(pairs=40, controls=5)) == 15


def test_an_item_that_is_shown_twice_does_not_tell_whose_its_answers_are() -> None:
    """Where items are few, the answer that a pair shares with a control is either model's equally often."""
    whose: Counter[str] = Counter()
    known = known_answers([SUITE], [], 10.0, Random(7))
    for seed in range(80):
        trials = plan_trials(_answers(), [SUITE], known, 26, 6, 0, Random(seed), Random(f"7 {seed}"))
        controls = {one.item.id: one.kind for one in trials if one.kind in ("same", "decoy")}
        whose.update({controls[one.item.id] for one in trials if one.kind == "pair" and one.item.id in controls})
    assert whose.total() >= 60
    assert binomtest(whose["same"], whose.total()).pvalue > 1e-3


def test_repeats_and_conversations_are_not_counted_as_seen_twice() -> None:
    """A repeat is meant to be seen again; an item in two suites is two."""
    again = trial("repeat", "a", of=0)
    assert seen_twice([trial("pair", "a"), again, trial("live", "a"), trial("spike", "b")]) == 0
    assert seen_twice([trial("pair", "a"), trial("same", "a", ""), trial("spike", "a"), trial("decoy", "a", "")]) == 3
    other = Trial("pair", "another suite", trial("pair", "a").item, "x", "y", "left")
    assert seen_twice([trial("pair", "a"), other]) == 0


def test_an_answer_that_says_what_wrote_it_is_never_shown() -> None:
    """Named answers of either model and of known harm are passed over; one without a name takes its place."""
    answers = _answers()
    named = {f"i{number}" for number in range(12)}
    for number in range(4):
        key = ("praise", f"i{number}")
        answers["baseline"][key] = ("I am GPT-4, and it is fair.", answers["baseline"][key][1])
        answers["candidate"]["praise", f"i{number + 4}"] = ("As an AI trained by OpenAI, I love it!",)
    anchors = [
        (item.id, 10.0, "As an AI, I say you are a genius." if item.id in named else f"{HARM} {item.id}")
        for item in SUITE.items
    ]
    shown = _plan(pairs=36, controls=28, answers=answers, suite=_suite(anchors=anchors))
    texts = [text for one in shown for text in (one.left, one.right)]
    assert not [text for text in texts if "GPT" in text or "AI" in text]
    pairs = {one.item.id for one in shown if one.kind == "pair"}
    assert pairs == {item.id for item in SUITE.items} - {"i4", "i5", "i6", "i7"}
    assert not named & {one.item.id for one in shown if one.kind == "spike"}
    assert not {f"i{number}" for number in range(4)} & {one.item.id for one in shown if one.kind == "same"}
    with pytest.raises(EvidenceError, match=r"^36 pairs whose answers differ, and 37 are needed"):
        _plan(pairs=37, controls=0, answers=answers)


def test_known_harm_stands_beside_whoever_answered() -> None:
    """Items that both models answered come first; of one that only one of them did, its answer is beside the harm."""
    answers = _answers()
    for number in range(20):
        del answers["candidate"]["praise", f"i{number}"]
        del answers["baseline"]["praise", f"i{number + 20}"]
    answers["baseline"]["praise", "i39"] = ("Fair and sound, and long enough.", "Fair and sound in other words.")
    shown = _plan(pairs=1, controls=6, repeats=0, answers=answers)
    spiked = {one.item.id: one.left if one.odd == "right" else one.right for one in shown if one.kind == "spike"}
    assert "i39" in spiked
    assert len(spiked) == 6
    for item, text in spiked.items():
        assert text in {said for role in answers for said in answers[role].get(("praise", item), ())}


def test_a_pair_of_equal_answers_is_not_shown() -> None:
    """Where both models said the same there is nothing to tell apart."""
    answers = _answers()
    for number in range(30):
        answers["candidate"]["praise", f"i{number}"] = answers["baseline"]["praise", f"i{number}"]
    shown = _plan(pairs=10, controls=0, repeats=0, answers=answers)
    assert {one.item.id for one in shown} == {f"i{number}" for number in range(30, 40)}


@pytest.mark.parametrize(
    ("sizes", "draws", "anchors", "words"),
    [
        ({"pairs": 41}, 2, None, "40 pairs whose answers differ, and 41 are needed: review more items"),
        ({"controls": 41}, 2, None, "40 items with two answers of the baseline, and 41 are needed"),
        (
            {"controls": 1},
            1,
            None,
            "0 items with two answers of the baseline, and 1 are needed: review with `draws: 2`",
        ),
        (
            {},
            2,
            [("i1", 9.0, "mild"), ("nowhere", 10.0, "bad")],
            "0 answers of known harm to items that were answered, and 6",
        ),
    ],
)
def test_a_review_that_holds_too_little_says_what_is_lacking(
    sizes: dict[str, Any], draws: int, anchors: Any, words: str
) -> None:
    """Too few pairs, second draws, or answers of full harm: how many there are, how many it takes, what to do."""
    suite = _suite(anchors=anchors)
    with pytest.raises(EvidenceError) as refused:
        _plan(answers=_answers(suite, draws), suite=suite, **sizes)
    assert words in str(refused.value)


def test_answers_to_items_that_are_in_no_suite_are_left_out() -> None:
    """An item that was taken out of its suite cannot be shown, for nobody knows what was asked."""
    answers = _answers()
    for role in ("baseline", "candidate"):
        answers[role]["praise", "gone"] = ("Old words here.", "Other old words.")
    assert "gone" not in {one.item.id for one in _plan(pairs=40, controls=0, answers=answers)}
    with pytest.raises(EvidenceError, match=r"^40 items with two answers"):
        _plan(controls=41, answers=answers)


def test_conversations_start_from_items_that_both_answered() -> None:
    """Each conversation suggests another item while there is one, then begins anew; both sides are still empty."""
    answers = _answers(_suite(5))
    talks = [one for one in _plan(pairs=5, controls=0, live=12, answers=answers) if one.kind == "live"]
    counts = Counter((one.suite, one.item.id) for one in talks)
    assert set(counts) == set(answers["candidate"])
    assert sorted(counts.values()) == [2, 2, 2, 3, 3]
    assert {(one.left, one.right) for one in talks} == {("", "")}
    assert all(one.odd for one in talks)


def test_nobody_converses_unless_it_is_asked_for() -> None:
    """A session that says nothing of conversations is as one that asks for none."""
    known = known_answers([SUITE], [], 10.0, Random(7))
    assert plan_trials(_answers(), [SUITE], known, 20, 6, 4, Random(7), Random("7 0")) == _plan(0, live=0)


def _kept(folder: Path, *lines: Any) -> Path:
    (folder / "responses").mkdir()
    told = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    (folder / "responses" / "answers.jsonl").write_text("\n".join(told), encoding="utf-8")
    return folder


def _entry(role: str, item: str, text: str, suite: str = "praise") -> dict[str, Any]:
    return {"key": "k", "role": role, "response": {"suite": suite, "item": item, "draw": 0, "text": text}}


def test_answers_are_read_in_their_order_each_text_once(tmp_path: Path) -> None:
    """Draws of one item stand together by role, the first first; what is told twice or too short is left out."""
    found = answers_of(
        _kept(
            tmp_path,
            _entry("baseline", "a", "the first answer"),
            _entry("candidate", "a", "the new answer"),
            _entry("baseline", "a", "a second answer"),
            _entry("baseline", "a", "the first answer"),
            _entry("baseline", "b", " ".join(["word"] * (FEWEST_WORDS - 1))),
            _entry("baseline", "c", " ".join(["word"] * FEWEST_WORDS)),
            _entry("baseline", "a", "of another suite", "manner"),
        )
    )
    assert found == {
        "baseline": {
            ("praise", "a"): ("the first answer", "a second answer"),
            ("praise", "c"): ("word word word",),
            ("manner", "a"): ("of another suite",),
        },
        "candidate": {("praise", "a"): ("the new answer",)},
    }


@pytest.mark.parametrize("line", ["", "{torn", "[1]", "3", '{"role": "judge", "response": {}}', '{"role": "baseline"}'])
def test_lines_that_are_no_answers_are_passed_over(tmp_path: Path, line: str) -> None:
    """A torn line and a judge's replies stand in the same file and hinder nothing, neither before answers nor after."""
    folder = _kept(tmp_path, _entry("baseline", "a", "it is fair"), line, _entry("candidate", "a", "it is great"), line)
    assert set(answers_of(folder)["candidate"]) == {("praise", "a")}


def test_bytes_that_are_no_text_do_not_stop_the_reading(tmp_path: Path) -> None:
    """Half a character in a torn line is read as a mark, and the lines before it stand."""
    folder = _kept(tmp_path, _entry("baseline", "a", "it is fair"), _entry("candidate", "a", "it is great"))
    with (folder / "responses" / "answers.jsonl").open("ab") as file:
        file.write(b'\n{"role": "baseline", "resp\xc3')
    assert len(answers_of(folder)["baseline"]) == 1


def test_a_folder_without_answers_in_words_is_refused(tmp_path: Path) -> None:
    """No review, probes only, or no item that both answered: each is said, with the next step."""
    with pytest.raises(EvidenceError, match="no answers of a review here"):
        answers_of(tmp_path)
    folder = _kept(tmp_path, _entry("baseline", "a", "it is fair"), _entry("candidate", "b", "it is great"))
    with pytest.raises(EvidenceError, match="no item that both models answered in words"):
        answers_of(folder)
    (folder / "responses" / "answers.jsonl").write_text(
        "\n".join(json.dumps(_entry(role, "a", "Yes")) for role in ("baseline", "candidate")), encoding="utf-8"
    )
    with pytest.raises(EvidenceError, match="Gates that read first words ask for one token"):
        answers_of(folder)


def test_a_session_is_planned_from_a_review_of_a_built_in_suite(review: Path) -> None:
    """The answers that a review kept and the anchors of its suite give every kind of trial."""
    suite = load_suite(find_suites()[SIGNAL])
    found = _plan(pairs=60, controls=10, repeats=5, answers=answers_of(review), suite=suite)
    assert Counter(one.kind for one in found) == {"pair": 60, "same": 10, "decoy": 10, "spike": 10, "repeat": 5}
    harm = {one.text for one in known_answers([suite], [], 10.0, Random(7)).values()}
    assert all((one.left if one.odd == "left" else one.right) in harm for one in found if one.kind == "spike")


def test_raters_are_shown_no_thinking(tmp_path: Path) -> None:
    """Answers that an older review kept with their thinking are shown without it."""
    thought = _entry("candidate", "a", "<think>I refuse that.</think>it is very great")
    found = answers_of(_kept(tmp_path, _entry("baseline", "a", "it is very fair"), thought))
    assert found["candidate"] == {("praise", "a"): ("it is very great",)}
