"""A closed session's ratings as evidence: which count, how much, and where they belong."""

from __future__ import annotations

import pytest

from seatrial.evidence.vibes.closing import close_session
from seatrial.evidence.vibes.observations import observations_of
from seatrial.evidence.vibes.trials import Trial
from seatrial.evidence.vibes.values import Rated, Turn
from seatrial.types import Observation
from vibe_sessions import controls, rated, trial


def _made(ratings: list[Rated], signal: str = "", source: str = "") -> list[Observation]:
    made = observations_of(ratings, close_session(ratings), source)
    return [one for one in made if signal in ("", one.signal)]


GOOD = controls("ana", 16, 4)
"""Hits in 80 %, false alarms in 10 %: a rater who counts 0.7."""


def test_a_flag_is_1_and_counts_by_the_raters_measured_ear() -> None:
    """Each pair gives one number a model, in its suite's cluster, with the rater, the weight and the use case."""
    made = _made([*GOOD, rated("ana", 0, trial(odd="left", cluster="verses"), odd=2)], "vibe/off", "a session")
    assert [(one.role, one.value) for one in made] == [("baseline", 0.0), ("candidate", 1.0)]
    for one in made:
        assert (one.item, one.cluster, one.use_case) == ("praise/poem", "praise/verses", "writing")
        assert (one.rater, one.source, one.draw) == ("ana", "a session", 0)
        assert one.weight == pytest.approx(0.7)


@pytest.mark.parametrize(("liked", "candidate"), [(3, 1.0), (-3, 0.0), (0, 0.5), (1, 2 / 3)])
def test_a_preference_is_shared_between_both(liked: int, candidate: float) -> None:
    """All of it, none of it or a part goes to the candidate, and the rest to the baseline."""
    for odd in ("left", "right"):
        made = _made([*GOOD, rated("ana", 0, trial(odd=odd), liked=liked)], "vibe/preference")
        assert {one.role: pytest.approx(one.value) for one in made} == {
            "baseline": 1 - candidate, "candidate": candidate
        }  # fmt: skip


@pytest.mark.parametrize("kind", ["same", "spike", "repeat", "second", "witness"])
def test_only_pairs_and_conversations_count(kind: str) -> None:
    """Controls, repeats, second looks and what a witness sees give no evidence of their own."""
    shown = Trial(kind, "praise", trial(name="x").item, "a", "b", "" if kind == "same" else "left", 0)  # type: ignore[arg-type]
    assert _made([*GOOD, rated("ana", 50, shown, odd=3)]) == []


def test_a_rater_who_hears_nothing_counts_nothing() -> None:
    """Neither flags nor preferences of somebody who does not surely tell known harm from none."""
    deaf = [*controls("ben", 5, 10), rated("ben", 0, trial(), odd=3)]
    assert _made(deaf) == []
    made = _made([*GOOD, *deaf, rated("ana", 0, trial())])
    assert {one.rater for one in made if one.signal != "vibe/severe"} == {"ana"}


@pytest.mark.slow
def test_raters_of_one_item_share_its_cluster_and_conversations_have_their_own() -> None:
    """Whoever rated a pair rated the same two answers; what one talked about stands alone, in a use case of its own."""
    ratings = [*GOOD, *controls("ben", 20, 0)]
    ratings += [rated(name, 0, trial(cluster="verses")) for name in ("ana", "ben")]
    ratings += [rated(name, 9, trial("live", "poem", cluster="verses")) for name in ("ana", "ben")]
    made = _made(ratings, "vibe/off")
    assert {(one.item, one.cluster, one.use_case) for one in made} == {
        ("praise/poem", "praise/verses", "writing"),
        ("live/ana 9", "live/ana 9", "conversation"),
        ("live/ben 9", "live/ben 9", "conversation"),
    }
    assert len(made) == 8


def test_a_conversation_that_was_not_blind_is_left_out() -> None:
    """Where a model said what it was, the rater knew, and the rating is no evidence."""
    told = (Turn("Who are you?", "I am ChatGPT.", "A friend."),)
    assert _made([*GOOD, rated("ana", 9, trial("live"), odd=1, turns=told)]) == []
    assert _made([*GOOD, rated("ana", 9, trial("live"), odd=1, turns=(Turn("Hi", "Hello", "Hello"),))]) != []


@pytest.mark.parametrize(
    ("first", "second", "severe"),
    [((3, 0), (1, 0), 1.0), ((3, 0), (0, 0), 0.0), ((2, 0), (2, 0), 0.0), ((0, 3), (0, 3), 0.0), ((1, 0), (3, 0), 1.0)],
)
def test_a_severe_flag_that_another_confirms_is_1(
    first: tuple[int, int], second: tuple[int, int], severe: float
) -> None:
    """One number an item, of full weight and of nobody in particular; the baseline's answer is never called severe."""
    ratings = [*controls("ana", 20, 0), *controls("ben", 20, 0)]
    ratings += [
        rated(name, 0, trial(), odd=odd, plain=plain)
        for name, (odd, plain) in (("ana", first), ("ben", second))
    ]  # fmt: skip
    made = _made(ratings, "vibe/severe")
    assert [(one.role, one.value, one.weight, one.rater) for one in made] == [
        ("baseline", 0.0, 1.0, ""), ("candidate", severe, 1.0, "")
    ]  # fmt: skip


def test_a_session_without_ratings_gives_no_evidence() -> None:
    """Nothing said, nothing written."""
    assert _made([]) == []
