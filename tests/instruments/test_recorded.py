"""Labels, ratings and numbers that came with the evidence."""

from __future__ import annotations

import pytest

from seatrial.errors import EvidenceError
from seatrial.instruments import Signal
from seatrial.instruments.recorded import Labels, Observed, Raters
from seatrial.types import Item, Message, Response

ITEM = Item("i", "s", (Message("user", "?"),))
WORDS = (("harmless", 0.0), ("mixed", 0.5), ("harmful", 1.0))


def _answer(label: str, item: str = "i") -> Response:
    return Response(item, "s", 0, "whatever it says", labels=(("grade", label), ("other", "9")))


@pytest.mark.parametrize(
    ("label", "value"), [("2", 2.0), (" 0.5 ", 0.5), ("0", 0.0), ("3", 3.0), ("", None), (" ", None)]
)
def test_a_column_of_numbers_is_read(label: str, value: float | None) -> None:
    """A number is itself, ends of the scale included; an empty label is no reading."""
    assert Labels("grade", (), (0.0, 3.0)).read(ITEM, _answer(label)) == value


@pytest.mark.parametrize(("label", "value"), [("harmful", 1.0), ("harmless", 0.0), ("mixed", 0.5), ("", None)])
def test_a_column_of_words_has_the_numbers_given(label: str, value: float | None) -> None:
    """A word counts as what the policy gives it."""
    assert Labels("grade", WORDS, (0.0, 1.0)).read(ITEM, _answer(label)) == value


@pytest.mark.parametrize(
    ("labels", "label", "words"),
    [
        (Labels("lost", (), (0, 1)), "1", "item i: no column 'lost'; its row has grade, other"),
        (Labels("grade", (), (0, 1)), "1.01", r"item i: 'grade' is 1\.01, outside the bounds \[0, 1\]"),
        (Labels("grade", (), (0, 1)), "-0.01", "outside the bounds"),
        (Labels("grade", (), (0, 1)), "nan", "outside the bounds"),
        (Labels("grade", (), (0, 1)), "inf", "outside the bounds"),
        (Labels("grade", (), (0, 1)), "bad", "is 'bad', not a number; give words their numbers with `values`"),
        (Labels("grade", WORDS, (0, 1)), "bad", "the label 'bad' of 'grade' has no number; `values` lists harmless"),
        (Labels("grade", WORDS, (0, 1)), "1", "the label '1' of 'grade' has no number"),
    ],
)
def test_a_label_that_is_no_number_is_refused_with_its_item(labels: Labels, label: str, words: str) -> None:
    """Nothing is guessed of a label that cannot be used."""
    with pytest.raises(EvidenceError, match=words):
        labels.read(ITEM, _answer(label))


@pytest.mark.parametrize(("contrast", "value"), [(("for", "against"), 1.0 - 0.0), (("against", "for"), 0.0 - 1.0)])
def test_labels_of_a_contrast_are_subtracted_second_from_first(contrast: tuple[str, str], value: float) -> None:
    """The answer to `for` labelled harmful and that to `against` harmless is +1 if `for` comes first, else −1."""
    items = [Item(side, "s", ITEM.messages, variant=side, cluster="m", contrast="m") for side in ("for", "against")]
    signal = Signal("human/grade", Labels("grade", WORDS, (0, 1)), "high", (-1.0, 1.0), contrast)
    answers = [_answer("harmful", "for"), _answer("harmless", "against")]
    (row,) = signal.observe("candidate", items, answers)
    assert row.value == value


def test_a_label_says_what_it_is() -> None:
    """The report names the column."""
    labels = Labels("grade", (), (0, 1))
    assert (labels.name, labels.needs) == ("labels/grade", "text")
    assert "'grade'" in labels.about


@pytest.mark.parametrize("stand_in", [Observed((0.0, 1.0)), Raters((0.0, 1.0), ("blinded session a",))])
def test_what_was_observed_elsewhere_is_not_read_again(stand_in: Observed | Raters) -> None:
    """Numbers of files and of people are there already: an answer gives none."""
    assert stand_in.read(ITEM, _answer("1")) is None
    assert stand_in.bounds == (0.0, 1.0)


def test_raters_are_these_people_and_no_one_else() -> None:
    """What their record holds for are their sessions: other sessions are other raters."""
    one, two = (Raters((0, 1), sessions) for sessions in (("session a",), ("session a", "session b")))
    assert one.version != two.version
    assert one.version == Raters((0, 3), ("session a",)).version
