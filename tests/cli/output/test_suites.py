"""What `seatrial suites map` prints."""

from __future__ import annotations

from seatrial.cli.output.suites import coverage
from seatrial.cli.output.tables import table

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
