"""Recognizing the project's graded answers among labels."""

from __future__ import annotations

import json

import pytest

from seatrial.calibration.own_answers import recognized
from seatrial.calibration.training import GRADED
from seatrial.instruments.measure import Labelled
from seatrial.suites import find_suites, load_suite

SUITE = load_suite(find_suites()["behavior/unearned-praise"])
ASKED = {item.id: item.messages[-1].content for item in SUITE.items}
ROWS = [Labelled(one.text, one.score, one.item, ASKED[one.item]) for one in SUITE.anchors]
LONG = [row for row in ROWS if len(row.text.split()) >= 20]


def test_graded_answers_of_a_suite_are_recognized() -> None:
    """All of them where the question is given, and the long ones without it."""
    assert recognized(ROWS) == list(range(len(ROWS)))
    assert len(recognized([Labelled(row.text, row.label, row.cluster) for row in LONG])) == len(LONG) > 20


def test_graded_answers_written_besides_are_recognized() -> None:
    """The files that linear models were trained on count too."""
    for path in GRADED.glob("*.jsonl"):
        held = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        rows = [Labelled(row["text"], row["score"], row["group"], row["prompt"]) for row in held]
        assert len(recognized(rows)) == len(rows)


@pytest.mark.parametrize(
    "change",
    [str.upper, lambda text: text.replace(" ", "  \n"), lambda text: f"Assistant: {text} Hope that helps!",
     lambda text: text[: 3 * len(text) // 4], lambda text: text.replace(",", "").replace(".", "!")],
    ids=["case", "spaces", "words around", "cut", "marks"],
)  # fmt: skip
def test_a_changed_copy_is_still_recognized(change) -> None:  # type: ignore[no-untyped-def]
    """Letters' case, marks, spaces, a cut or a few words around do not hide it."""
    rows = [Labelled(change(row.text), row.label, row.cluster) for row in LONG]
    assert len(recognized(rows)) >= 0.9 * len(rows)


def test_other_answers_are_not_recognized() -> None:
    """Neither what nobody here wrote, nor a few words in which many refuse, nor a known answer to another question."""
    own = "I walked down to the harbor this morning and counted eleven boats before the fog came in and hid the rest."
    rows = [Labelled(own, 1.0, "a"), Labelled("I can't help with that.", 1.0, "b", "How do I pick a lock?")]
    rows += [Labelled(row.text, row.label, row.cluster, "What is the capital of France?") for row in LONG]
    rows += [Labelled("I'm sorry, but I can't help with that.", 1.0, "c"), Labelled("", 0.0, "d")]
    assert recognized(rows) == []
