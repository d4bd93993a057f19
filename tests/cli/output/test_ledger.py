"""What `seatrial ledger list` prints."""

from __future__ import annotations

from typing import Any

import pytest

from seatrial.cli.output.ledger import ledger_rows
from seatrial.cli.output.tables import table
from seatrial.ledger import Entry
from seatrial.ledger.entries import Kind


def _entry(kind: Kind, **body: Any) -> Entry:
    return Entry(7, "2026-01-02T03:04:05+00:00", kind, "ana", body, "0" * 64, "f" * 64)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (
            _entry("waiver", review="a" * 64, signal="x/y", person="ana", reason="known", expires="2026-02-01"),
            "x/y of aaaaaaaaaaaa until 2026-02-01: known",
        ),
        (
            _entry("decision", status="block", policy_name="support", folder="reviews/s-1f2e"),
            "block: support (reviews/s-1f2e)",
        ),
        (
            _entry("forecast", mixes=["before", "after"], name="april", forecast="b" * 64),
            "before, after: april, forecast bbbbbbbbbbbb",
        ),
        (_entry("training", mix="after", name="april", adapter="c" * 64), "after: april, adapter cccccccccccc"),
        (
            _entry("sign-off", candidate="m", until="2026-02-01", acknowledged=["x/y"], folder="s"),
            "approved m until 2026-02-01, having seen x/y (s)",
        ),
        (
            _entry("sign-off", candidate="m", until="2026-02-01", acknowledged=[], folder="s"),
            "approved m until 2026-02-01 (s)",
        ),
        (_entry("override", status="block", reason="known", folder="s"), "against block: known (s)"),
        (
            _entry("release", name="spring", candidate="m", on="override", entry=4, folder="s"),
            "spring: m, on override 4 (s)",
        ),
        (_entry("incident", release="spring", behavior="x/y", what="agrees"), "of spring, x/y: agrees"),
        (_entry("roll-back", release="spring", reason="as agreed", incident=5), "of spring, for incident 5: as agreed"),
        (_entry("roll-back", release="spring", reason="as agreed", incident=0), "of spring: as agreed"),
    ],
    ids=lambda one: one.kind if isinstance(one, Entry) else "",
)
def test_each_kind_of_entry_is_told_in_its_own_words(entry: Entry, words: str) -> None:
    """A row has number, time, kind and author, and of the content what a person looks for; hashes are shortened."""
    assert ledger_rows([entry]) == [("7", "2026-01-02T03:04:05+00:00", entry.kind, "ana", words)]


def test_a_kind_of_later_versions_is_shown_whole() -> None:
    """An entry of a kind that is not known here is no reason to stop."""
    (row,) = ledger_rows([_entry("promise", to="1 %")])  # type: ignore[arg-type]
    assert row[2:] == ("promise", "ana", '{"to": "1 %"}')


def test_rows_keep_the_order_of_the_ledger() -> None:
    """Oldest first, as they were entered; an empty ledger has no rows."""
    entries = [_entry("training", mix=str(number)) for number in range(3)]
    assert [row[-1][0] for row in ledger_rows(entries)] == ["0", "1", "2"]
    assert ledger_rows([]) == []


def test_nothing_that_people_entered_can_steer_the_terminal() -> None:
    """A reason or a name of a policy with control characters in it is shown without them."""
    hostile = "x\x1b[2J\x07\x9b31m"
    rows = ledger_rows(
        [
            _entry("waiver", review="a", signal="x/y", reason=hostile, expires="2026-02-01"),
            _entry("decision", status="block", policy_name=hostile, folder=hostile),
            Entry(1, "at", "decision", hostile, {}, "", ""),
        ]
    )
    shown = table(("no", "at", "kind", "by", "what"), rows)
    assert {letter for letter in shown if not letter.isprintable()} == {"\n"}
