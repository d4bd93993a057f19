"""A waiver names a gate, a person, a reason and an end, and holds for one review only."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from seatrial.errors import LedgerError
from seatrial.ledger import Entry, Ledger, Waiver, enter_waiver, remarks, waivers_for

TODAY = date(2026, 5, 1)
GOOD = Waiver("r1", "behavior/unearned-praise", "Ann Example", "known and accepted for the pilot", "2026-06-01")
OTHER = replace(GOOD, signal="behavior/over-refusal")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """An empty ledger."""
    return Ledger(tmp_path / "ledger.db")


def _entries(*waivers: Waiver) -> list[Entry]:
    return [
        Entry(number, "2026-05-01T00:00:00+00:00", "waiver", one.person, asdict(one), "", "")
        for number, one in enumerate(waivers, 1)
    ]


def _in_force(entries: Sequence[Entry], review: str = "r1", today: date = TODAY) -> list[Waiver]:
    return [waiver for _, waiver in waivers_for(entries, review, today)]


def test_a_waiver_holds_for_its_review_until_its_end(ledger: Ledger) -> None:
    """On the last day it holds; the day after it does not; another review never sees it."""
    entered = enter_waiver(ledger, GOOD, TODAY)
    entries = ledger.verify()
    assert waivers_for(entries, "r1", date(2026, 6, 1)) == [(entered, GOOD)]
    assert _in_force(entries, today=date(2026, 6, 2)) == []
    assert _in_force(entries, "r2") == []
    assert GOOD.holds(date(2026, 6, 1))
    assert not GOOD.holds(date(2026, 6, 2))


@pytest.mark.parametrize(
    "change",
    [
        {"expires": "soon"},
        {"expires": 20300101},
        {"person": " "},
        {"person": "\u200b\u2060"},
        {"person": "\x07\x7f"},
        {"person": "\udc80\udcff"},
        {"person": "\ue000\U0010fffd"},
        {"person": "\ufdd0\U0010ffff"},
        {"reason": "short"},
        {"reason": "ok" + "\u200b" * 8},
        {"reason": "ok" + "\ue000\ufdd0" * 4},
        {"reason": None},
        {"more": "x"},
        {"signal": ["behavior/unearned-praise"]},
    ],
)
def test_a_waiver_that_was_not_entered_by_this_program_lifts_nothing(ledger: Ledger, change: dict[str, object]) -> None:
    """An entry with a malformed field never holds, breaks no review, and is remarked on; a good one beside it holds."""
    body = asdict(GOOD) | change
    ledger.append("waiver", "Ann Example", body)
    assert _in_force(ledger.verify()) == []
    assert remarks(ledger.verify()) == [
        "Entry 1 is a waiver with a field missing, unknown or malformed: it never holds."
    ]
    del body["reason"]
    ledger.append("waiver", "Ann Example", body)
    enter_waiver(ledger, GOOD, TODAY)
    assert _in_force(ledger.verify()) == [GOOD]
    assert len(remarks(ledger.verify())) == 2


def test_times_that_run_backwards_are_remarked_on() -> None:
    """A clock may be set back, and so may history be rewritten: it is said, and nothing is refused."""
    first, second = _entries(GOOD, OTHER)
    assert remarks([first, second]) == []
    early = replace(second, at="2026-04-30T23:59:59+00:00")
    assert remarks([first, early]) == [
        "Entry 2 is dated 2026-04-30T23:59:59+00:00, before entry 1 (2026-05-01T00:00:00+00:00)."
    ]


def test_a_time_that_is_none_is_remarked_on() -> None:
    """What this program writes has a day, a time and a zone; another form would sort anywhere."""
    first, second = _entries(GOOD, OTHER)
    for odd in ("2999", "", "soon", "2026-05-02T00:00:00"):
        assert remarks([first, replace(second, at=odd)]) == [f"Entry 2 is dated {odd!r}, which is no time with a zone."]
    west = replace(second, at="2026-04-30T23:30:00-02:00")
    assert remarks([first, west]) == []


def test_the_entry_says_all_and_is_by_the_person(ledger: Ledger) -> None:
    """The ledger's entry is a waiver by the one who takes the responsibility, with everything it says."""
    entered = enter_waiver(ledger, GOOD, TODAY)
    assert ledger.verify() == [entered]
    assert (entered.kind, entered.author, entered.body) == ("waiver", "Ann Example", asdict(GOOD))


def test_the_latest_waiver_of_a_gate_counts(ledger: Ledger) -> None:
    """A second waiver of the same gate replaces the first."""
    enter_waiver(ledger, GOOD, TODAY)
    enter_waiver(ledger, replace(GOOD, person="Bea Example"), TODAY)
    found = waivers_for(ledger.verify(), "r1", TODAY)
    assert [waiver.person for _, waiver in found] == ["Bea Example"]


def test_each_gate_has_a_waiver_of_its_own() -> None:
    """Waivers of two gates stand beside each other; those of other reviews, before or between, change nothing."""
    elsewhere = replace(GOOD, review="r2")
    entries = _entries(elsewhere, GOOD, elsewhere, OTHER, replace(OTHER, review="r3"))
    assert _in_force(entries) == [GOOD, OTHER]
    assert _in_force(entries, "r2") == [elsewhere]


def test_a_later_waiver_that_ends_sooner_ends_the_earlier_one() -> None:
    """The gate holds again after it: nobody's longer word comes back to life. Other gates keep theirs."""
    over = replace(GOOD, person="Eve Example", expires="2026-04-30")
    assert _in_force(_entries(GOOD, over), today=date(2026, 4, 30)) == [over]
    assert _in_force(_entries(GOOD, over)) == []
    assert _in_force(_entries(over, OTHER, GOOD)) == [GOOD, OTHER]


def test_only_waivers_waive() -> None:
    """A decision of the same review is no waiver, whatever its content looks like, and neither is a training."""
    (entry,) = _entries(GOOD)
    assert _in_force([replace(entry, kind="decision"), replace(entry, kind="training")]) == []
    assert _in_force([replace(entry, kind="decision"), entry]) == [GOOD]


def test_without_a_date_it_is_today(ledger: Ledger) -> None:
    """Waivers that end today still hold and can be entered; those that ended yesterday do neither."""
    today = datetime.now(UTC).date()
    fresh, stale = (replace(GOOD, expires=(today - timedelta(days=days)).isoformat()) for days in (0, 1))
    enter_waiver(ledger, fresh)
    with pytest.raises(LedgerError, match="in the past"):
        enter_waiver(ledger, stale)
    assert [waiver for _, waiver in waivers_for(_entries(stale), "r1")] == []
    assert [waiver for _, waiver in waivers_for(ledger.verify(), "r1")] == [fresh]


@pytest.mark.parametrize("zone", ["Etc/GMT-14", "Etc/GMT+12"])
def test_days_are_those_of_utc(ledger: Ledger, monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    """Wherever the machine stands, a waiver holds until its last day ends in UTC, and not a day longer."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        today = datetime.now(UTC).date()
        last, over = (replace(GOOD, expires=(today - timedelta(days=days)).isoformat()) for days in (0, 1))
        enter_waiver(ledger, last)
        assert len(waivers_for(_entries(last), "r1")) == 1
        assert waivers_for(_entries(over), "r1") == []
        with pytest.raises(LedgerError, match="in the past"):
            enter_waiver(ledger, over)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_the_shortest_reason_and_the_last_day_are_enough(ledger: Ledger) -> None:
    """Eight letters are a reason, spaces around them are none, and a waiver may end on the day it is entered."""
    enter_waiver(ledger, replace(GOOD, reason="accepted", expires=TODAY.isoformat()), TODAY)
    with pytest.raises(LedgerError, match="--reason"):
        enter_waiver(ledger, replace(GOOD, reason="  accept  "), TODAY)
    assert len(ledger.verify()) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"person": ""}, "--person NAME"),
        ({"person": " "}, "--person NAME"),
        ({"person": "\u200b \u202e"}, "--person NAME"),
        ({"person": "\ue000 \U0010fffd"}, "--person NAME"),
        ({"person": "\ufdd0 \U0010ffff"}, "--person NAME"),
        ({"reason": "\u00ad" * 9}, "--reason"),
        ({"reason": "ok"}, "--reason"),
        ({"expires": "soon"}, "--expires 'soon' is not a date; write it as YYYY-MM-DD"),
        ({"expires": "2026-04-30"}, "--expires 2026-04-30 lies in the past"),
    ],
)
def test_an_incomplete_waiver_is_refused(ledger: Ledger, change: dict[str, str], message: str) -> None:
    """Each missing part is named, and nothing is recorded."""
    with pytest.raises(LedgerError, match=message):
        enter_waiver(ledger, replace(GOOD, **change), TODAY)
    assert ledger.verify() == []


def test_the_same_waiver_is_entered_once(ledger: Ledger) -> None:
    """Given again, as after a kill, it keeps its entry; another one in between, of the same gate, does not let it."""
    first = enter_waiver(ledger, GOOD, TODAY)
    assert enter_waiver(ledger, GOOD, TODAY) == first
    enter_waiver(ledger, OTHER, TODAY)
    enter_waiver(ledger, replace(GOOD, review="r2"), TODAY)
    ledger.append("decision", "ann", asdict(GOOD))
    assert enter_waiver(ledger, GOOD, TODAY) == first
    assert len(ledger.verify()) == 4
    for change in ({"person": "Bea Example"}, {"reason": "accepted for longer"}, {"expires": "2026-07-01"}):
        other = enter_waiver(ledger, replace(GOOD, **change), TODAY)
        again = enter_waiver(ledger, GOOD, TODAY)
        assert again.number == other.number + 1
