"""Static embeddings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import wordllama

from seatrial.instruments.embedding import embed

TEXTS = ["Take the short road.", "a", "", "🎉🎉", "日本語の答えです。", "word " * 3000, "Take the short road."]


def test_vectors_are_those_of_the_embedder() -> None:
    """Counting tokens gives what the embedder's own padded batches give, for texts of all lengths and scripts."""
    own = wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)
    known = [text for text in TEXTS if text]
    assert np.allclose(embed(known), own.embed(known, norm=True), atol=1e-6)


def test_a_vector_depends_on_its_text_alone() -> None:
    """A text has the same vector to the last digit in whatever company it stands, and nothing known has none."""
    found = embed(TEXTS)
    for text, vector in zip(TEXTS, found, strict=True):
        assert np.array_equal(embed([text])[0], vector)
    assert not found[TEXTS.index("")].any()
    assert embed([]).shape == (0, 0)


def test_half_a_letter_is_read_like_any_sign_that_is_not_known() -> None:
    """Replies of servers may hold half of a letter; it costs the text around it nothing."""
    torn, other = embed(["A road \ud83d to the sea.", "The pump needs a new seal."])
    whole = embed(["A road to the sea."])[0]
    assert torn @ whole > 0.7 > other @ whole


def test_vectors_are_of_unit_length_and_near_where_texts_mean_the_same() -> None:
    """A paraphrase lies nearer than something else, and every text that is known has length 1."""
    asked, again, other = embed(["Is my poem any good?", "Do you like the poem I wrote?", "The pump needs a new seal."])
    assert np.linalg.norm(np.stack([asked, again, other]), axis=1) == pytest.approx(1.0)
    assert asked @ again > asked @ other + 0.2
