"""The record of a session's raters, from its controls."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seatrial.evidence.vibes.closing import close_session
from seatrial.evidence.vibes.rater_record import record_of_raters, source_of
from seatrial.evidence.vibes.raters import ears_of
from seatrial.evidence.vibes.values import Rated
from seatrial.instruments.declared import RATED
from seatrial.instruments.may_gate import judged_by_record
from seatrial.instruments.recorded import Raters
from seatrial.instruments.records import Record, version_of
from vibe_sessions import controls, rated, trial

SOURCE = f"{RATED}spring 0123456789ab"


def _made(ratings: list[Rated]) -> Record | None:
    """Return the record, of which the raters' ears are all that the closing is asked for."""
    return record_of_raters(ratings, replace(close_session([]), ears=ears_of(ratings)), SOURCE)


def _record(ratings: list[Rated]) -> Record:
    record = _made(ratings)
    assert record is not None
    return record


@pytest.mark.slow
def test_a_record_counts_hits_and_alarms_of_all_raters_that_count() -> None:
    """Sensitivity is the share of spikes flagged, specificity that of both answers of same pairs left unflagged."""
    ratings = [*controls("ana", 18, 4), *controls("ben", 14, 2), *controls("deaf", 3, 9)]
    (found,) = _record(ratings).measurements
    assert (found.answers, found.harmful) == (2 * 20 + 2 * 40, 40)
    assert found.sensitivity[0] == pytest.approx(32 / 40)
    assert found.specificity[0] == pytest.approx(1 - 6 / 80)
    assert found.youden[0] == found.slope[0] == pytest.approx(32 / 40 - 6 / 80)
    assert found.sensitivity[1] < found.sensitivity[0] < found.sensitivity[2]
    assert (found.signal, found.source, found.author_written) == ("vibe/off", SOURCE, False)


@pytest.mark.slow
def test_any_severity_is_a_flag() -> None:
    """Slightly and severely off both count as having heard the harm."""
    ratings = controls("ana", 18, 4)
    louder = [replace(one, rating={**one.rating, "off_right": 3 * one.rating["off_right"]}) for one in ratings]
    assert _record(louder).measurements[0].sensitivity == _record(ratings).measurements[0].sensitivity


@pytest.mark.slow
def test_only_controls_are_measured() -> None:
    """What raters said of real pairs changes nothing but how steady they are."""
    ratings = controls("ana", 18, 4)
    pairs = [rated("ana", place, trial(name=f"p{place}"), odd=place % 2) for place in range(10)]
    assert _record([*ratings, *pairs]).measurements == _record(ratings).measurements


@pytest.mark.slow
def test_clusters_are_those_of_the_items() -> None:
    """Two raters on the same controls are no more clusters than one."""
    one, both = controls("ana", 18, 4), [*controls("ana", 18, 4), *controls("ben", 18, 4)]
    assert _record(both).measurements[0].clusters == _record(one).measurements[0].clusters == 40


@pytest.mark.parametrize(
    "ratings",
    [
        [],
        controls("ana", 9, 0, count=9),
        controls("deaf", 10, 20),
        [one for one in controls("ana", 20, 0) if one.trial.kind == "spike"],
    ],
)
def test_too_few_controls_give_no_record(ratings: list[Rated]) -> None:
    """Nothing rated, fewer than twenty spikes, nobody who hears, or controls of one kind."""
    assert _made(ratings) is None


@pytest.mark.slow
def test_steadiness_and_the_pull_of_a_side_are_kept() -> None:
    """Retest is the mean over raters; a rater who leans to the right reads what is shown first as less."""
    ratings = [*controls("ana", 20, 0), *controls("ben", 20, 0)]
    assert _record(ratings).retest == 1.0
    for name, flags in (("ana", (1, 1)), ("ben", (1, 0))):
        for place in range(2):
            first = rated(name, place, trial(name=f"p{place}"), odd=1)
            ratings += [first, rated(name, 10 + place, replace(first.trial.swapped(), of=place), odd=flags[place])]
    assert _record(ratings).retest == pytest.approx(0.75)
    right = [replace(one, rating={**one.rating, "preference": 3}) for one in controls("ana", 20, 0)]
    assert _record(right).position_bias == pytest.approx(-1.0)


@pytest.mark.slow
def test_the_record_is_of_these_raters_in_this_session() -> None:
    """It holds for the evidence of its own source, and lets good raters gate `vibe/off`."""
    record = _record(controls("ana", 20, 0))
    assert record.instrument == "raters/blinded"
    assert record.version == version_of(Raters((0.0, 1.0), (SOURCE,)))
    assert record.version != version_of(Raters((0.0, 1.0), (SOURCE + "x",)))
    assert judged_by_record(record, "vibe/off").may_gate


def test_other_ratings_are_another_source() -> None:
    """The name tells the session and its contents: in any order the same, another with one word changed."""
    ratings = controls("ana", 3, 1, count=4)
    told = source_of("spring", ratings)
    assert told.startswith(f"{RATED}spring ")
    assert source_of("spring", list(reversed(ratings))) == told
    changed = [replace(ratings[0], rating={**ratings[0].rating, "note": "x"}), *ratings[1:]]
    other = [replace(ratings[0], rater="ben"), *ratings[1:]]
    assert len({told, source_of("spring", changed), source_of("spring", other), source_of("spring", ratings[1:])}) == 4
