"""Two answers side by side."""

from __future__ import annotations

import random
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from results import HOSTILE
from seatrial.report import diff
from seatrial.report.diff import Sides, marked, unmarked

texts = st.lists(st.sampled_from(["one", "two", "<b>", "&amp;", '"', " ", "\n", "</del>", "é"]), max_size=8).map(
    "".join
)


def _words(side: Markup, tag: str) -> str:
    """Return the text of a side without its marks."""
    return Markup(re.sub(rf"</?{tag}>", "", str(side))).unescape()


def test_words_that_differ_are_marked_on_their_side() -> None:
    """What only the first says is struck out there, what only the second says is added there, the rest is in both."""
    assert marked("It is good.", "It is very bad.") == Sides(
        Markup("It is <del>good.</del>"), Markup("It is <ins>very bad.</ins>"), diff.MARKED
    )
    assert marked("It is a start.", "It is, of\ncourse, a start.").after == "It <ins>is, of\ncourse,</ins> a start."


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("Same  words.", "Same\nwords.", diff.SAME),
        ("", " ", diff.SAME),
        ("", "New.", diff.EMPTY),
        ("Old.", "", diff.EMPTY),
        ("The line does not scan at all.", "I love every word, the whole of it!", diff.UNLIKE),
    ],
)
def test_where_marks_would_say_nothing_a_sentence_says_it(before: str, after: str, said: str) -> None:
    """The same, one that is empty, and two that have hardly a word in common are not marked, and it is said."""
    assert marked(before, after) == unmarked(before, after, said)


def test_a_chance_word_between_differences_is_no_common_ground() -> None:
    """One or two common words between differences are marked with them, three are not."""
    start, end = "This is how it begins, and", "so it comes to its end."
    assert marked(f"{start} good the poor {end}", f"{start} bad the rich {end}").before == (
        f"{start} <del>good the poor</del> {end}"
    )
    assert marked(f"{start} good as they say poor {end}", f"{start} bad as they say rich {end}").before == (
        f"{start} <del>good</del> as they say <del>poor</del> {end}"
    )


@pytest.mark.parametrize("kind", ["turns", "few words", "moved", "shuffled"])
def test_long_answers_take_bounded_work(kind: str) -> None:
    """Twenty thousand letters made to be hard to compare are compared in a moment, in the processor's time."""
    rng, many = random.Random(1), 10_000
    before, after = {
        "turns": ("a b " * (many // 2), "c b a " * (many // 3)),
        "few words": tuple(" ".join(rng.choices("abcdef", k=many)) for _ in range(2)),
        "moved": ("a " * many, "b " + "a " * many),
        "shuffled": (" ".join(map(str, range(1000))), " ".join(map(str, rng.sample(range(1000), 1000)))),
    }[kind]
    begun = time.process_time()
    made = marked(before, after)
    assert time.process_time() - begun < 3
    assert (_words(made.before, "del"), _words(made.after, "ins")) == (before, after)


def test_words_of_answers_too_long_to_align_are_marked_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound a word is marked that the other answer has nowhere, and another order is not called the same."""
    monkeypatch.setattr(diff, "COMPARED", 1)
    assert marked("x one two y", "x three one y").before == "x one <del>two</del> y"
    assert marked("x one two y", "x two one y").said == diff.MOVED


@settings(deadline=None)
@given(texts, texts)
def test_no_letter_is_lost_and_no_markup_comes_in(before: str, after: str) -> None:
    """Without its marks each side is the answer, letter by letter; the only markup is the marks."""
    made = marked(before, after)
    left, right = made.before, made.after
    assert (_words(left, "del"), _words(right, "ins")) == (before, after)
    assert set(re.findall(r"<[^>]*>?", str(left))) <= {"<del>", "</del>"}
    assert set(re.findall(r"<[^>]*>?", str(right))) <= {"<ins>", "</ins>"}


def test_hostile_text_is_words() -> None:
    """Tags of an answer are text on both sides, whether they differ or not."""
    for other in (HOSTILE, "plain", HOSTILE.upper()):
        made = marked(HOSTILE, other)
        assert "<script" not in (made.before + made.after).lower()
        assert "<img" not in (made.before + made.after).lower()
        assert _words(made.before, "del") == HOSTILE


def test_answers_that_several_gates_read_are_compared_once() -> None:
    """Each gate has a page of its pairs; over the same answers the second page costs no comparison."""
    assert marked("It is as good as it gets.", "It is as bad as it gets.") is marked(
        "It is as good as it gets.", "It is as bad as it gets."
    )
