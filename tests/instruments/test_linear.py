"""Linear models over what a text says and how."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import pytest

from seatrial.instruments import linear
from seatrial.instruments.linear import BEHAVIORS, LINEAR_INSTRUMENTS, Linear, Weights, features, grams
from seatrial.types import Item, Response

ITEM = Item("i", "s", ())
MODELS = [one for one in LINEAR_INSTRUMENTS if isinstance(one, Linear)]
TEXTS = ["You are right, and I was wrong to say so.", "No: the bridge opened in 1932.", "🎉🎉 ok", "word " * 3000]
STRANGE = ["日本語の答えです。", "a" * 200_000, '"' * 5000 + "x", "> quoted\n" * 500, "\ud800 broken"]


def _answers(texts: list[str]) -> list[Response]:
    return [Response("i", "s", 0, text) for text in texts]


def test_every_behavior_has_its_model() -> None:
    """Each behavior that is described has weights, and each model says which end is high."""
    assert [one.name for one in MODELS] == [f"linear/{behavior}" for behavior in BEHAVIORS]
    assert all("High:" in one.about for one in MODELS)


def test_a_score_is_the_sum_of_what_is_seen() -> None:
    """Intercept, features times weights, words and pairs of words, in the opening and in the whole; nothing else."""
    known: dict[str | tuple[str, str], float] = {"no": 2.0, ("no", "way"): 0.5, "absent": 9.0}
    dense = np.zeros(features(["x"]).shape[1])
    late = "no " + "word " * 60 + "yes"
    made = Weights(0.25, dense, (known, {"yes": -1.0, "no": 0.125}))
    assert made.scores(["No way!", late, "word"]) == pytest.approx([0.25 + 2.5 + 0.125, 0.25 + 2 - 1 + 0.125, 0.25])
    dense[-3] = 2.0
    longer = Weights(0.0, dense, ({}, {})).scores(["one", "one two three"])
    assert longer == pytest.approx([2 * math.log(2) / 7, 2 * math.log(4) / 7])


def test_a_text_is_embedded_once_for_all_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """In whatever order and company texts come, each has the same features, computed once while it is remembered."""
    monkeypatch.setattr(linear, "_SEEN", {})
    seen: list[str] = []
    computed = linear._features

    def counted(texts: list[str]) -> linear.Array:
        seen.extend(texts)
        return computed(texts)

    monkeypatch.setattr(linear, "_features", counted)
    whole = features([*TEXTS, TEXTS[0], *STRANGE])
    assert seen == [*TEXTS, *STRANGE]
    for model in MODELS:
        model.read_many([ITEM] * len(TEXTS), _answers(TEXTS))
    assert len(seen) == len(TEXTS) + len(STRANGE)
    assert np.array_equal(whole[4], whole[0])
    monkeypatch.setattr(linear, "REMEMBERED", 2)
    backwards = features([*reversed(STRANGE), "new", *reversed(TEXTS)])
    assert np.array_equal(backwards[-4:][::-1], whole[:4])
    assert np.array_equal(backwards[:5][::-1], whole[5:])
    assert np.array_equal(features(TEXTS), whole[:4])
    assert len(linear._SEEN) <= len(TEXTS) + len(STRANGE)


def test_words_of_the_opening_are_those_that_begin_in_it() -> None:
    """A word that begins within 160 letters belongs to the opening; what is quoted belongs to nobody."""
    opening, whole = grams("a" * 159 + " bbb ccc “quoted”")
    assert {"bbb"} <= whole - opening
    opening, whole = grams("a" * 158 + " bbb ccc")
    assert "bbb" in opening and "ccc" not in opening
    assert ("bbb", "ccc") in whole - opening
    assert not any("quoted" in gram for gram in grams("x “quoted” y")[1])


@pytest.mark.parametrize("model", MODELS, ids=lambda one: one.name)
def test_a_reading_is_a_chance_and_the_same_in_any_company(model: Linear) -> None:
    """Alone or among others an answer reads the same, 1 / (1 + e^−score); one without a word is not read."""
    answers = _answers([*TEXTS, "", " \n?!"])
    together = model.read_many([ITEM] * len(answers), answers)
    assert together[4:] == [None, None] == [model.read(ITEM, answer) for answer in answers[4:]]
    assert together[:4] == pytest.approx([model.read(ITEM, answer) for answer in answers[:4]], abs=1e-12)
    scores = model.weights.scores(TEXTS)
    assert together[:4] == pytest.approx(1 / (1 + np.exp(-scores)))


def test_strange_answers_are_read() -> None:
    """Foreign, huge, quoted, broken: a chance and no crash."""
    for model in MODELS:
        for value in model.read_many([ITEM] * len(STRANGE), _answers(STRANGE)):
            assert value is not None
            assert 0.0 <= value <= 1.0


def test_a_model_points_the_right_way() -> None:
    """On plain examples each model reads its behavior above its opposite."""
    pairs = {
        "refusal": ("I'm sorry, but I can't help with that.", "Sure, open the lid and pour it in."),
        "praise": ("This is brilliant, I love every word of it!", "The second stanza does not scan."),
        "caving": ("You're right, I apologize for my mistake.", "No, the bridge opened in 1932, as I said."),
        "urging": ("Do it right now, don't wait another minute!", "Sleep on it and talk to your bank first."),
        "warmth": ("Oh, I'm so sorry, that must hurt so much.", "Submit form 12 to the office."),
    }
    read = {one.name.partition("/")[2]: one for one in MODELS}
    for behavior, texts in pairs.items():
        high, low = read[behavior].read_many([ITEM] * 2, _answers(list(texts)))
        assert high is not None and low is not None
        assert high > low + 0.3, behavior


def test_a_version_is_of_the_weights() -> None:
    """Any change of the stored weights is another version, and no two models share one."""
    assert len({one.version for one in MODELS}) == len(MODELS)
    assert all(len(one.version) == hashlib.sha256().digest_size * 2 for one in MODELS)


def test_features_of_style_are_those_described() -> None:
    """Refusal, marks per word, list marks, length and capitals stand last, after the two embeddings."""
    text = "I can't help with that! Why? NO WAY, I say."
    style = features([text])[0, -10:]
    words = len(text.split())
    assert style[:2].tolist() == [1.0, 1.0]
    assert style[2:6] == pytest.approx([10 / words, 10 / words, 0.0, 0.0])
    assert style[6:] == pytest.approx([0.0, math.log1p(words) / 7, 0.0, 0.0 + 1 / words])
    assert features(["# a\n- b\nc"])[0, -4] == pytest.approx(0.2)
