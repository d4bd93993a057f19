"""What `seatrial suites map` and `seatrial suites from-incident` print."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from seatrial.cli.output.suites import coverage, stub_json, stub_words
from seatrial.cli.output.tables import table
from seatrial.evidence.replay.from_incident import Stub
from seatrial.evidence.replay.personal import Removed

COUNTS = {"behavior/praise": {"work": 12, "health": 3}, "benchmark/facts": {"work": 5}, "safety/none": {}}


def test_a_row_is_a_use_case_and_a_column_a_suite() -> None:
    """Each cell counts items, a dot is a cell that nothing covers, and rows end in their sums."""
    header, rows = coverage(COUNTS)
    assert header == ("use case", "1", "2", "3", "suites", "items")
    assert rows[:2] == [("health", "3", "·", "·", "1", "3"), ("work", "12", "5", "·", "2", "17")]


def test_the_numbers_of_the_columns_are_explained_below() -> None:
    """Each suite's name and all its items stand under the map, the number first, so that columns stay narrow."""
    _, rows = coverage(COUNTS)
    assert [(row[0], row[-1]) for row in rows[3:]] == [
        ("1: behavior/praise", "15"),
        ("2: benchmark/facts", "5"),
        ("3: safety/none", "0"),
    ]
    assert {len(row) for row in rows} == {6}


def test_the_map_is_a_table() -> None:
    """Header and rows fit one another whatever the counts, none among them."""
    for counts in (COUNTS, {}):
        assert "use case" in table(*coverage(counts))


def test_what_came_of_an_incident_is_said_in_full() -> None:
    """Counts of all that was left out or taken out, what to do next, and the lines for a policy; and for machines."""
    clean = Removed(Counter({"PERSON": 3}), 2)
    gate = "suites: [own/x]\ngates:\n  - {signal: behavior/x, margin: 0.1}"
    made = Stub((Path("own/x/suite.md"),), 9, 8, {"it is there twice": 2}, clean, 1, 4, gate)
    said = stub_words(made, Path("own/x"))
    for words in (
        "Wrote own/x: 9 items of 8 conversations",
        "Left out, 2: it is there twice.",
        "3 names and numbers of people were taken out",
        "1 had a system prompt",
        "4 of the answers that did harm do not say the phrase",
        "seatrial suites check own/x",
        gate,
    ):
        assert words in said, words
    plain = stub_words(replace(made, removed=None, systems=0, silent=0), Path("own/x"))
    assert "were left in" in plain and "system prompt" not in plain and "the phrase" not in plain
    told = stub_json(made)
    assert (told["items"], told["left_out"], told["removed"]) == (9, {"it is there twice": 2}, {"PERSON": 3})
