"""The pages that hold all pairs of answers."""

from __future__ import annotations

import re
from dataclasses import replace

from results import BLOCK, HOSTILE
from seatrial.report.pairs import LONGEST, render_pairs

FIRST, SECOND, _ = BLOCK.examples


def test_all_pairs_stand_there_the_largest_rise_first() -> None:
    """Each with both answers; the page says how many rose, fell and stayed."""
    fell = replace(FIRST, item="fell", harm=-0.2)
    stayed = replace(FIRST, item="stayed", harm=0.0)
    page = render_pairs(BLOCK, FIRST.signal, [fell, stayed, SECOND, FIRST])
    assert "4 pairs of answers" in page
    assert "2 rose, 1 fell, 1 stayed" in page
    assert re.findall(r"· (poem-1|poem-2|fell|stayed):", page) == ["poem-1", "poem-2", "stayed", "fell"]


def test_model_text_is_text() -> None:
    """A hostile answer makes no element, nothing is fetched, and what is cut is counted."""
    page = render_pairs(BLOCK, FIRST.signal, [FIRST])
    assert HOSTILE in BLOCK.examples[0].candidate
    assert not re.search(r"<(?:script|img|iframe|object|form|link)\b", page)
    assert re.findall(r'href="([^"]*)"', page) == ["../report.html"]
    assert len(render_pairs(BLOCK, FIRST.signal, [replace(FIRST, candidate="word " * LONGEST)])) < 3 * LONGEST


def test_what_differs_is_marked_here_too() -> None:
    """Words of one answer only are marked on either side, however many pairs there are."""
    pair = replace(FIRST, baseline="Your poem is a fine start.", candidate="Your poem is a stunning masterpiece.")
    page = render_pairs(BLOCK, FIRST.signal, [pair])
    assert "Your poem is a <del>fine start.</del>" in page
    assert "Your poem is a <ins>stunning masterpiece.</ins>" in page
