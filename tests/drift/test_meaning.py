"""Directions of meaning in words."""

from __future__ import annotations

import numpy as np

from seatrial.drift.exchange import Layout
from seatrial.drift.meaning import LONGEST, passages
from seatrial.instruments.embedding import embed


def test_a_direction_is_named_by_the_passages_at_its_ends() -> None:
    """What the candidate's answers come nearer to stands first, whichever way the direction points."""
    sea = ["The ship sails over the sea. It is late.", "A boat on the waves of the ocean. So it goes."]
    tax = ["The tax on income is due in May. It is late.", "Pay what you owe to the revenue office. So it goes."]
    layout = Layout(np.array([0, 0, 1, 1]), np.array([False, True] * 2), np.array([0, 1]))
    texts = [tax[0], sea[0], tax[1], sea[1]]
    vectors = embed(texts)
    direction = vectors[1] + vectors[3] - vectors[0] - vectors[2]
    direction /= np.linalg.norm(direction)
    told = passages(texts, layout, direction, 3.0)
    toward, away = told.removeprefix("comes nearer to “").removesuffix("”").split("” than to “")
    assert any(word in toward for word in ("ship", "boat"))
    assert any(word in away for word in ("tax", "owe"))
    assert passages(texts, layout, -direction, -3.0) == told


def test_passages_are_cut_and_an_answer_without_sentences_is_taken_whole() -> None:
    """A sentence of a thousand letters is shortened, and a single word stands for itself."""
    layout = Layout(np.array([0, 0]), np.array([False, True]), np.array([0]))
    told = passages(["no", "word " * 300], layout, embed(["word"])[0], 1.0)
    assert told.endswith("than to “no”")
    assert len(told) < LONGEST + 60
