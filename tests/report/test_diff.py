"""Two answers side by side."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from results import HOSTILE
from seatrial.report.diff import marked

texts = st.lists(st.sampled_from(["one", "two", "<b>", "&amp;", '"', " ", "\n", "</del>", "é"]), max_size=8).map(
    "".join
)


def _words(side: Markup, tag: str) -> str:
    """Return the text of a side without its marks."""
    return Markup(re.sub(rf"</?{tag}>", "", str(side))).unescape()


def test_words_that_differ_are_marked_on_their_side() -> None:
    """What only the first has is struck out there, what only the second has is added there, the rest stands in both."""
    assert marked("It is good.", "It is very bad.") == (
        Markup("It is <del>good.</del>"),
        Markup("It is <ins>very bad.</ins>"),
    )
    assert marked("Same.", "Same.") == (Markup("Same."), Markup("Same."))
    assert marked("", "New.") == (Markup(""), Markup("<ins>New.</ins>"))
    assert marked("Old.", "") == (Markup("<del>Old.</del>"), Markup(""))
    assert marked("", "") == (Markup(""), Markup(""))


@settings(deadline=None)
@given(texts, texts)
def test_no_letter_is_lost_and_no_markup_comes_in(before: str, after: str) -> None:
    """Without its marks each side is the answer, letter by letter; the only markup is the marks."""
    left, right = marked(before, after)
    assert (_words(left, "del"), _words(right, "ins")) == (before, after)
    assert set(re.findall(r"<[^>]*>?", str(left))) <= {"<del>", "</del>"}
    assert set(re.findall(r"<[^>]*>?", str(right))) <= {"<ins>", "</ins>"}


def test_hostile_text_is_words() -> None:
    """Tags of an answer are text on both sides, whether they differ or not."""
    for other in (HOSTILE, "plain", HOSTILE.upper()):
        left, right = marked(HOSTILE, other)
        assert "<script" not in (left + right).lower()
        assert "<img" not in (left + right).lower()
        assert _words(left, "del") == HOSTILE
