"""What a session of labels comes to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from label_sessions import graded
from seatrial.evidence.labels.closing import is_enough, labels_of
from seatrial.evidence.labels.planning import key_of
from seatrial.evidence.vibes.values import Rated


def _config(count: int, least: int = 10) -> dict[str, Any]:
    """A pool of so many items, answered by both models in turn: `b3` is the baseline's answer to the third."""
    rows = [
        [key_of(f"{role}{number}", f"words of {role}{number}"), str(number), number % 2, kind, sign, [1 - kind, kind]]
        for number in range(count)
        for role, kind, sign in (("b", 0, -1.0), ("c", 1, 1.0))
    ]
    return {"pool": rows, "least": least, "alpha": 0.05, "labels": "behavior/coldness"}


def _said(rater: str, harmful: Sequence[str], harmless: Sequence[str] = (), unsure: Sequence[str] = ()) -> list[Rated]:
    words = {**dict.fromkeys(harmful, "harmful"), **dict.fromkeys(harmless, "harmless")}
    words |= dict.fromkeys(unsure, "unsure")
    return [graded(rater, place, name, word) for place, (name, word) in enumerate(words.items())]


ALL = [f"{role}{number}" for number in range(30) for role in "bc"]


def test_labels_are_counted_and_written_with_what_they_stand_for() -> None:
    """Weights are one over the part of the stratum that was read, and add up to the answers of the strata read."""
    found = labels_of(_said("ana", ALL[:6], ALL[6:20]), _config(30))
    assert (found.harmful, found.harmless, found.readings) == (6, 14, 20)
    assert round(sum(row["weight"] for row in found.rows), 3) == 60
    assert {row["score"] for row in found.rows} == {0.0, 10.0}
    assert found.agreement is None


def test_a_label_is_the_mean_of_its_raters() -> None:
    """Two who differ make a half."""
    found = labels_of([*_said("ana", ALL[:1]), *_said("ben", (), ALL[:1])], _config(30))
    assert [row["score"] for row in found.rows] == [5.0]
    assert found.split == 1


def test_who_cannot_say_widens_the_interval_on_both_sides() -> None:
    """An answer that nobody could judge counts as harmful on the way up and as harmless on the way down."""
    worse, rest = ALL[1:16:2], [*ALL[0:16:2], *ALL[16:]]
    sure = labels_of(_said("ana", worse, rest), _config(30)).change
    doubtful = labels_of(_said("ana", worse, rest[:40], rest[40:]), _config(30)).change
    assert sure
    assert doubtful
    assert doubtful.low < sure.low < sure.high < doubtful.high


def test_raters_who_disagree_throughout_are_divided() -> None:
    """Agreement no better than chance is held to be none; raters who agree are not."""
    rng = np.random.default_rng(1)
    one = rng.permutation(ALL).tolist()
    other = rng.permutation(ALL).tolist()
    assert labels_of(
        [*_said("ana", one[:30], one[30:]), *_said("ben", other[:30], other[30:])], _config(30)
    ).are_divided
    assert not labels_of(
        [*_said("ana", one[:30], one[30:]), *_said("ben", one[:30], one[30:])], _config(30)
    ).are_divided


def test_labels_of_one_class_lack_the_other() -> None:
    """Forty harmless ones make no record, however many."""
    found = labels_of(_said("ana", (), ALL), _config(30))
    assert found.lacks.startswith("0 answers were called harmful and 60 harmless")
    assert labels_of(_said("ana", ALL[:30], ALL[30:]), _config(30)).lacks == ""


def test_a_rater_who_fails_the_controls_has_no_say() -> None:
    """Who calls known harm harmless and the reverse is named, and nothing of theirs is counted."""
    controls = [graded("ana", 100 + n, f"k{n}", "harmless", "known", "left") for n in range(3)]
    controls += [graded("ana", 110 + n, f"h{n}", "harmful", "known") for n in range(3)]
    found = labels_of([*_said("ana", ALL), *controls], _config(30))
    assert found.graders[0].is_deaf
    assert found.rows == ()
    assert found.readings == 0


def test_repeats_are_compared_with_the_first_time() -> None:
    """Alike and repeated are counted."""
    again = [graded("ana", 90, "b0", "harmful", "again", of=0), graded("ana", 91, "c0", "harmless", "again", of=1)]
    assert labels_of([*_said("ana", ALL[:4]), *again], _config(30)).graders[0].again == (1, 2)


def test_a_session_is_over_with_enough_of_either_kind() -> None:
    """Not before what is read in any case, nor with 19 of one."""
    assert is_enough(_said("ana", ALL[:20], ALL[20:40]), _config(30))
    assert not is_enough(_said("ana", ALL[:19], ALL[19:]), _config(30))
    assert not is_enough(_said("ana", ALL[:20], ALL[20:40]), _config(30, least=41))


def test_nothing_said_is_no_number() -> None:
    """An empty session has no change, and says so by None."""
    found = labels_of([], _config(30))
    assert found.change is None
    assert found.rows == ()
