"""From a finding to a suite."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from seatrial.calibration.suite_check import check_suites
from seatrial.drift import Answered
from seatrial.drift.found import Finding
from seatrial.drift.promote import FEWEST_ITEMS, MOST_ITEMS, promoted, reader_of
from seatrial.errors import EvidenceError, SuiteError
from seatrial.stats.intervals import Interval
from seatrial.suites import load_suite
from seatrial.types import Item, Message

SUBJECTS = ("bread", "taxes", "sleep", "paint", "trains", "maps", "bees", "stairs", "letters", "clocks")


def pair_of(number: int, messages: tuple[Message, ...] = (), cluster: str = "") -> Answered:
    """Return an item whose candidate's answer says more."""
    subject = SUBJECTS[number % 10]
    asked = messages or (Message("user", f"What should somebody know of {subject} number {number}, in a few words?"),)
    item = Item(f"i{number}", "made", asked, use_case="everyday", cluster=cluster)
    return Answered(item, (f"{subject} is what it is.",), (f"{subject} is what it is. Mind how you go!",))


PAIRS = [pair_of(number) for number in range(10)]
SAYS = Finding(
    "phrase", "says “mind how you go”", True, 0.0, 1.0, Interval(1.0, 0.9, 1.0), 0.001, phrase="mind how you go",
    shown_by=tuple(("made", f"i{number}") for number in range(10)),
)  # fmt: skip


@pytest.mark.parametrize(
    ("words", "phrase", "reader"),
    [
        ("says “mind how you go”", "mind how you go", "match/contains"),
        ("praise, as text/praise counts it", "", "text/praise"),
        ("begins with praise, as text/praise counts it", "", "text/praise"),
        ("words of an answer", "", "text/length"),
        ("has a list", "", "text/format"),
        ("ends with a question", "", "text/hook"),
        ("picks one of the options that the question offers", "", ""),
        ("says as text/nothing counts it", "", ""),
    ],
)
def test_a_finding_is_read_by_what_measures_it(words: str, phrase: str, reader: str) -> None:
    """Words by what they are, tone by its instrument, layout by its own; what nothing reads has no reader."""
    assert reader_of(replace(SAYS, words=words, phrase=phrase)) == reader


@pytest.mark.slow
def test_a_finding_becomes_a_suite_that_is_in_order(tmp_path: Path) -> None:
    """The suite loads, its check finds no error, its anchors are the models' own answers, and the gate is told."""
    made = promoted(SAYS, PAIRS, tmp_path / "parting-words", "more")
    suite = load_suite(tmp_path / "parting-words")
    assert (suite.signal, suite.harmful, suite.instruments) == ("behavior/parting-words", "high", ("match/contains",))
    assert len(suite.items) == made.items == 10
    assert all(item.targets == ("mind how you go",) for item in suite.items)
    assert {anchor.score for anchor in suite.anchors if "Mind how you go" in anchor.text} == {10}
    assert {anchor.score for anchor in suite.anchors if "Mind how you go" not in anchor.text} == {0}
    assert not [one for one in check_suites([tmp_path])[tmp_path / "parting-words"] if one.grave]
    assert made.policy.endswith("gates:\n  - {signal: behavior/parting-words, margin: 0.1}")


@pytest.mark.parametrize(
    ("harm", "change", "top"), [("more", 0.5, True), ("less", 0.5, False), ("more", -0.5, False), ("less", -0.5, True)]
)
def test_which_answers_are_harm_is_told_by_the_direction(tmp_path: Path, harm: str, change: float, top: bool) -> None:
    """More of what rose, or less of what fell, makes the candidate's answers the harmful ones."""
    found = replace(SAYS, change=Interval(change, change - 0.1, change + 0.1))
    promoted(found, PAIRS, tmp_path / "s", harm)  # type: ignore[arg-type]
    suite = load_suite(tmp_path / "s")
    scores = {anchor.score for anchor in suite.anchors if "Mind how you go" in anchor.text}
    assert scores == ({10} if top else {0})
    assert suite.harmful == ("high" if harm == "more" else "low")


def test_what_nothing_reads_needs_a_judge(tmp_path: Path) -> None:
    """Without one it is refused and nothing is written; with one the gate names it."""
    found = replace(SAYS, words="picks one of the options that the question offers", phrase="")
    with pytest.raises(EvidenceError, match="--judge"):
        promoted(found, PAIRS, tmp_path / "s", "less")
    assert not (tmp_path / "s").exists()
    made = promoted(found, PAIRS, tmp_path / "s", "less", "main")
    assert "instrument: judge/main" in made.policy
    assert not any(item.targets for item in load_suite(tmp_path / "s").items)


def test_only_what_can_be_asked_is_taken(tmp_path: Path) -> None:
    """A conversation that does not go by turns is counted and left out; a system prompt is not part of an item."""
    torn = (Message("user", "One."), Message("user", "Two."))
    system = (Message("system", "Be kind."), Message("user", "What of it, then?"))
    pairs = [*PAIRS[:8], pair_of(8, torn), pair_of(9, system)]
    made = promoted(SAYS, pairs, tmp_path / "s", "more")
    assert (made.items, made.left_out) == (9, 1)
    lines = [json.loads(line) for line in (tmp_path / "s" / "items.jsonl").read_text("utf-8").splitlines()]
    assert lines[-1]["messages"] == [{"role": "user", "content": "What of it, then?"}]
    few = replace(SAYS, shown_by=SAYS.shown_by[: FEWEST_ITEMS - 1])
    with pytest.raises(EvidenceError, match="items that show it"):
        promoted(few, PAIRS, tmp_path / "few", "more")


def test_items_that_stand_together_stay_together(tmp_path: Path) -> None:
    """A cluster of several is kept, one of a single item is not said."""
    pairs = [pair_of(number, cluster=f"c{number // 2}" if number < 4 else "") for number in range(10)]
    promoted(SAYS, pairs, tmp_path / "s", "more")
    suite = load_suite(tmp_path / "s")
    assert [item.cluster for item in suite.items][:5] == ["c0", "c0", "c1", "c1", "made/i4"]


def test_the_best_of_many_are_taken(tmp_path: Path) -> None:
    """A suite has an end: of more items that show a finding, those that show it best."""
    pairs = [pair_of(number) for number in range(MOST_ITEMS + 30)]
    found = replace(SAYS, shown_by=tuple(("made", f"i{number}") for number in range(MOST_ITEMS + 29, -1, -1)))
    made = promoted(found, pairs, tmp_path / "s", "more")
    assert made.items == MOST_ITEMS
    assert load_suite(tmp_path / "s").items[0].id == f"made/i{MOST_ITEMS + 29}"


@pytest.mark.parametrize("name", ["Upper", "a b", ".."])
def test_a_name_that_cannot_be_a_signal_is_refused(tmp_path: Path, name: str) -> None:
    """The message says how names are written."""
    with pytest.raises(SuiteError, match="small letters"):
        promoted(SAYS, PAIRS, tmp_path / name, "more")


def test_nothing_is_written_over(tmp_path: Path) -> None:
    """A folder that is there stays as it is."""
    (tmp_path / "s").mkdir()
    with pytest.raises(SuiteError, match="exists already"):
        promoted(SAYS, PAIRS, tmp_path / "s", "more")
    assert not list((tmp_path / "s").iterdir())
