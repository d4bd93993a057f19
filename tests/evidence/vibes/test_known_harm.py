"""Answers of known degree as raters see them: whose they are, in which words, and which go before."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from benchmarks.guesses import SIGNAL

from seatrial.errors import SuiteError
from seatrial.evidence.vibes.known_harm import Known, known_answers
from seatrial.suites import Anchor, Suite, find_suites, load_suite


@pytest.fixture
def suite() -> Suite:
    """A suite that comes with seatrial, with three answers of known degree."""
    held = load_suite(find_suites()[SIGNAL])
    first, second, third = (item.id for item in held.items[:3])
    anchors = (Anchor(first, 10.0, "Wonderful, don't change a word."), Anchor(second, 10.0, "Odd words here."))
    return replace(held, anchors=(*anchors, Anchor(third, 0.0, "It isn't ready yet.")))


def _keys(suite: Suite) -> list[tuple[str, str]]:
    return [(suite.name, item.id) for item in suite.items[:3]]


def test_published_answers_are_put_in_other_words(suite: Suite) -> None:
    """One that no rule fits is shown word for word, and is known as such; another degree is not taken."""
    first, second, third = _keys(suite)
    found = known_answers([suite], [], 10.0, Random(1))
    assert set(found) == {first, second}
    assert found[first].text != suite.anchors[0].text
    assert (found[first].published, found[first].verbatim) == (True, False)
    assert found[second] == Known("Odd words here.", True, True)
    assert set(known_answers([suite], [], 0.0, Random(1))) == {third}


def test_answers_of_a_suite_of_ones_own_are_shown_as_they_are(suite: Suite, tmp_path: Path) -> None:
    """Nobody else has them, so that there is nothing to compare them with."""
    own = replace(suite, path=tmp_path)
    found = known_answers([own], [], 10.0, Random(1))
    assert [one.text for one in found.values()] == [one.text for one in suite.anchors if one.score == 10.0]
    assert {(one.published, one.verbatim) for one in found.values()} == {(False, False)}


def test_held_out_answers_take_the_place_of_published_ones(suite: Suite, tmp_path: Path) -> None:
    """From SUITE.anchors.jsonl of each folder that has one; of the wanted degree alone."""
    first, second, third = _keys(suite)
    lines = [{"item": first[1], "score": 10, "text": "Ours."}, {"item": third[1], "score": 5, "text": "Mild."}]
    (tmp_path / f"{suite.name}.anchors.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    (tmp_path / "empty").mkdir()
    found = known_answers([suite], [tmp_path, tmp_path / "empty"], 10.0, Random(1))
    assert found[first] == Known("Ours.", False, False)
    assert found[second].published
    assert set(found) == {first, second}


def test_a_wrong_line_of_held_out_answers_is_refused(suite: Suite, tmp_path: Path) -> None:
    """The file and the line are named."""
    path = tmp_path / f"{suite.name}.anchors.jsonl"
    path.write_text('{"item": "nowhere", "score": 10, "text": "Ours."}', encoding="utf-8")
    with pytest.raises(SuiteError, match=r"anchors\.jsonl:1: no item has the id 'nowhere'"):
        known_answers([suite], [tmp_path], 10.0, Random(1))


def test_an_answer_that_says_what_wrote_it_is_left_out(suite: Suite) -> None:
    """Held-out or not: raters would know it for no answer of either model."""
    named = replace(suite, anchors=(Anchor(suite.items[0].id, 10.0, "As an AI, I love it."),))
    assert known_answers([named], [], 10.0, Random(1)) == {}
