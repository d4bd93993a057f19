"""What the pages say of a ledger on a day."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from benchmarks.team_history import BEHAVIORS, fill, history, reviewed

from seatrial.ledger import Entry, Ledger, Waiver, enter_waiver, ledger_in
from seatrial.ledger.releases import Incident, Release, SignOff, enter
from seatrial.ledger.reviews import ID_FILE
from seatrial.review.validity import DAYS
from seatrial.team.board import LATELY, LATEST, POINTS, POLICIES, SOON, Board
from seatrial.team.standing import Standing, standing_of
from seatrial.team.told import Told

TODAY = datetime.now(UTC).date()


def _board(ledger: Ledger, today: date = TODAY) -> Board:
    told = Told()
    told.add(ledger.verify())
    bare = Board(told, {}, today)
    read: dict[str, Standing | str] = {
        name: standing_of(ledger.folder / name, entry) if (ledger.folder / name).is_dir() else "not here"
        for name, entry in bare.wanted().items()
    }
    return Board(told, read, today)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """A simulated history of six releases; nothing is entered into it."""
    return history(tmp_path_factory.mktemp("board") / "reviews", 6)


def test_the_first_page_says_what_waits_what_harms_and_what_ends(ledger: Ledger) -> None:
    """The last decision of each policy waits for a word, the incident of what is live is open, a waiver ends soon."""
    home = _board(ledger).home()
    assert [(one.folder, one.stage, one.status) for one in home.waiting] == [
        ("support-next", "to sign", "launch"), ("coding-3", "to sign", "waived"),
    ]  # fmt: skip
    assert [(one.release, one.incidents) for one in home.live] == [("2026-10", 1)]
    assert [(one.release, one.asked, one.answered) for one in home.incidents] == [("2026-10", "passed", "")]
    assert [(one.signal, one.days) for one in home.waivers] == [("benchmark/facts", 5)]
    assert (len(home.decisions), home.count) == (LATEST, 9)
    assert [one.status for one in home.decisions][:3] == ["launch", "waived", "block"]


def test_a_trend_has_each_release_in_margins_with_what_came_of_it(ledger: Ledger) -> None:
    """What did harm comes first; the release that was taken back and the one with an incident are marked."""
    trends = _board(ledger).home().trends
    assert {one.signal for one in trends} == set(BEHAVIORS) and {one.policy for one in trends} == {"support-assistant"}
    assert {trends[0].signal, trends[1].signal} == {"behavior/unearned-praise", "behavior/opinion-sycophancy"}
    (sycophancy,) = [one for one in trends if one.signal == "behavior/opinion-sycophancy"]
    point = sycophancy.points[3]
    assert (point.release, point.taken_back, len(point.incidents)) == ("2026-08", True, 1)
    assert (point.estimate, point.low, point.high) == pytest.approx((0.44, -0.06, 0.94))
    assert [one.release for one in sycophancy.points] == [f"2026-{month:02}" for month in range(5, 11)]


def test_a_day_later_waivers_and_signatures_end(ledger: Ledger) -> None:
    """A waiver's end takes the status along; for a week it is shown as ended, and before two weeks not at all."""
    ends = TODAY + timedelta(days=5)
    for day, status, shown in (
        (ends, "waived", True), (ends + timedelta(days=1), "hold", True),
        (ends + timedelta(days=LATELY + 1), "hold", False),
        (ends - timedelta(days=SOON + 1), "waived", False),
    ):  # fmt: skip
        board = _board(ledger, day)
        assert (board.line("coding-3").status, bool(board.waivers())) == (status, shown), day


def test_a_signature_lets_out_until_its_day_and_until_the_next_run(tmp_path: Path) -> None:
    """To sign, to release, released; and to sign again where the review was run again or the signature ended."""
    content = reviewed(tmp_path / "reviews", "one", dict.fromkeys(BEHAVIORS, -0.2))
    ledger, hashes = ledger_in(tmp_path / "reviews"), dict(content.hashes)
    until = TODAY + timedelta(days=3)
    enter(ledger, SignOff(hashes["review"], "one", "A", dict.fromkeys("abc", "words"), [], "p", "m", until.isoformat()))
    assert [_board(ledger, day).line("one").stage for day in (until, until + timedelta(days=1))] == [
        "to release",
        "to sign",
    ]
    page = _board(ledger).review("one")
    assert (page.signed, page.report, page.lets_out) == (f"A signed it; it may be released until {until}", True, True)
    late = _board(ledger, until + timedelta(days=1)).review("one")
    assert (late.signed, late.lets_out) == (page.signed, False), "who signed what is shown after its end too"
    ledger.append("decision", "ana", ledger.verify()[0].body)
    assert _board(ledger).line("one").stage == "to sign"
    enter(ledger, Release("r", hashes["review"], "one", "m", "A", "override", 2))
    assert _board(ledger).line("one").said == "released as r, against the decision"


def test_a_word_on_one_review_is_not_one_on_another_of_the_same_numbers(tmp_path: Path) -> None:
    """Two reviews of the same policy and evidence have one hash: a signature, a waiver, a release is of its own."""
    reviews = tmp_path / "reviews"
    content = reviewed(reviews, "one", {BEHAVIORS[0]: 0.9})
    ledger, review = ledger_in(reviews), dict(content.hashes)["review"]
    own = ledger.verify()[0].body
    ledger.append("decision", "ana", {**own, "folder": "other", "id": "0" * 32})
    until = (TODAY + timedelta(days=3)).isoformat()
    enter_waiver(ledger, Waiver(review, BEHAVIORS[0], "A", "a reason in words", until, own["id"]))
    enter(ledger, SignOff(review, "one", "A", dict.fromkeys("abc", "words"), ["x"], "p", "m", until, own["id"]))
    shutil.copytree(reviews / "one", reviews / "other")
    (reviews / "other" / ID_FILE).write_text("0" * 32, encoding="utf-8")
    board = _board(ledger)
    assert [(board.line(name).status, board.line(name).stage) for name in ("one", "other")] == [
        ("waived", "to release"), ("hold", "decided"),
    ]  # fmt: skip
    assert (board.review("one").saw, board.review("other").signed, board.review("other").waivers) == (["x"], "", [])
    enter(ledger, Release("r", review, "one", "m", "A", "sign-off", 4, own["id"]))
    board = _board(ledger)
    assert [board.line(name).stage for name in ("one", "other")] == ["released", "decided"]
    assert [one.name for one in board.review("one").releases] == ["r"] and board.review("other").releases == []


def test_nothing_waits_on_a_decision_whose_days_are_over(tmp_path: Path) -> None:
    """On its last day it waits for a signature; the day after, the page says what to do, and nobody is asked."""
    reviewed(tmp_path / "reviews", "one", dict.fromkeys(BEHAVIORS, -0.2))
    ledger = ledger_in(tmp_path / "reviews")
    last = TODAY + timedelta(days=DAYS)
    assert [one.stage for one in _board(ledger, last).home().waiting] == ["to sign"]
    board = _board(ledger, last + timedelta(days=1))
    assert board.home().waiting == []
    assert board.line("one").said == f"held until {last} and was not released; review it again, in another folder"
    assert (board.review("one").ended, board.review("one").lets_out) == (last.isoformat(), False)


def test_an_incident_of_what_was_replaced_is_not_open(ledger: Ledger) -> None:
    """Users no longer have that release: it is told, and not counted among the open ones."""
    by_release = {one.release: one.answered for one in _board(ledger).incidents()}
    assert by_release == {"2026-10": "", "2026-08": "taken back"}
    folder = ledger.folder.parent / "other"
    other = history(folder, 3)
    enter(other, Incident("2026-09", "x/y", "found much later", TODAY.isoformat(), "B", {}))
    (late,) = [one for one in _board(other).incidents() if one.release == "2026-09"]
    assert (late.answered, late.asked) == ("replaced by 2026-10", "not asked")


def test_what_lies_in_the_way_and_is_no_gate_no_waiver_lifts(tmp_path: Path) -> None:
    """A status becomes waived only where every gate in the way is lifted."""
    content = reviewed(tmp_path / "reviews", "two", {BEHAVIORS[0]: 2.0, BEHAVIORS[1]: 0.9})
    ledger, review = ledger_in(tmp_path / "reviews"), dict(content.hashes)["review"]
    for signal, status in ((BEHAVIORS[0], "block"), (BEHAVIORS[1], "waived")):
        enter_waiver(ledger, Waiver(review, signal, "A", "a reason in words", (TODAY + timedelta(days=90)).isoformat()))
        assert _board(ledger).line("two").status == status
    board = _board(ledger)
    assert board.review("two").waivable == [] and board.waivers() == []


def test_forecasts_stand_beside_what_came(ledger: Ledger) -> None:
    """Each behavior with both rates, and how many came as foretold."""
    (one,) = _board(ledger).forecasts()
    assert (one.of, one.outcome) == ("replay", "2 of 3 came as foretold")
    assert {row.signal: row.covered for row in one.behaviors}["replay/unearned-praise"] is False
    told = Told()
    told.add([entry for entry in ledger.verify() if entry.kind != "check"])
    assert Board(told, {}, TODAY).forecasts()[0].outcome == "not checked yet"
    check = ledger.verify()[-1]
    told.add([replace(check, body={**check.body, "moved": ["topics"]})])
    assert "no longer that which it was made for" in Board(told, {}, TODAY).forecasts()[0].outcome


def test_entries_of_odd_shapes_are_shown_as_far_as_they_can_be() -> None:
    """Forecasts and checks from another program: a line each, and no traceback."""
    told = Told()
    bodies: list[dict[str, Any]] = [
        {"of": "replay", "rates": 3},
        {"of": "replay", "rates": {"a": 1}},
        {"mixes": 3, "plan": []},
        {},
    ]
    told.add([Entry(number, "now", "forecast", "eve", body, "", f"h{number}") for number, body in enumerate(bodies)])
    odd: list[dict[str, Any]] = [
        {"of": "h0", "behaviors": 3},
        {"of": "h1", "behaviors": {"a": {"truth": "x", "covered": 1}}},
    ]
    told.add([Entry(9 + number, "now", "check", "eve", body, "", "c") for number, body in enumerate(odd)])
    found = Board(told, {}, TODAY).forecasts()
    assert len(found) == len(bodies) and {one.outcome for one in found} >= {"not checked yet"}
    assert Board(told, {}, TODAY).home().count == 0


@pytest.mark.slow
def test_many_policies_and_files_that_are_gone_are_shown_in_part(tmp_path: Path) -> None:
    """Trends of the policies that were decided on last; releases without files are named with the reason."""
    ledger = history(tmp_path / "reviews", 3)
    fill(ledger, 1000)
    board = _board(ledger)
    home = board.home()
    assert len(home.live) == POLICIES and home.trends == []
    assert set(home.unread.values()) == {"not here"} and len(home.unread) <= POLICIES * POINTS
    lines = board.reviews()
    assert len(lines) == 100 and board.reviews(lines[-1].entry)[0].entry < lines[-1].entry
    assert board.review(lines[0].folder).report is False
