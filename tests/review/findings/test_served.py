"""Which models the endpoints say that they served."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from results import LAUNCH
from seatrial.policy import LaunchPolicy, ModelSpec
from seatrial.review.findings.served import answered_by
from seatrial.review.rounds import Rounds
from seatrial.types import Response

Compared = Callable[..., Rounds]


def _policy(baseline: str = "old", candidate: str = "new", provider: str = "openai-compatible") -> LaunchPolicy:
    made = [
        ModelSpec(model=f"{provider}/{name}", base_url=None if provider == "embedded" else "http://localhost:1/v1")
        for name in (baseline, candidate)
    ]
    return LAUNCH.policy.model_copy(update={"baseline": made[0], "candidate": made[1]})


def _rounds(compared: Compared, before: Sequence[tuple[str, str]], after: Sequence[tuple[str, str]]) -> Rounds:
    """Return a live gate whose answers were served by these models."""
    rounds = compared({"behavior/a": ([0.5] * len(before), [0.5] * len(after))})
    (run,) = rounds.gates
    run.plan = replace(run.plan, source="live")
    for role, names in (("baseline", before), ("candidate", after)):
        run.responses[role] = [  # type: ignore[index]
            Response(f"i{place}", "behavior/a", 0, "Yes.", served=name) for place, name in enumerate(names)
        ]
    return rounds


def test_a_name_that_stands_for_itself_or_is_not_said_is_not_told(compared: Compared) -> None:
    """Nor one in other letters: there is nothing to know."""
    rounds = _rounds(compared, [("OLD", ""), ("old", "")], [("", ""), ("", "fp_1")])
    assert answered_by(_policy(), _rounds(compared, [("OLD", "")] * 2, [("", "")] * 2)) == ([], [])
    doubts, known = answered_by(_policy(), rounds)
    assert doubts == [
        "The baseline was served by OLD (1 answer), old (1 answer): what stands behind "
        "openai-compatible/old changed while it was asked, or is more than one model."
    ]
    assert known == []


def test_an_alias_is_told_with_what_stood_behind_it(compared: Compared) -> None:
    """A dated name behind an undated one is good to know and no doubt."""
    rounds = _rounds(compared, [("old-0314", "")] * 2, [("new-0613", "")] * 2)
    doubts, known = answered_by(_policy(), rounds)
    assert doubts == []
    assert known == [
        "The baseline was asked for as old and served by old-0314, as its endpoint says.",
        "The candidate was asked for as new and served by new-0613, as its endpoint says.",
    ]


def test_two_names_served_by_one_model_are_in_doubt(compared: Compared) -> None:
    """A router that sends both names to one model makes every gate pass; the same name twice is meant so.

    It is told once: what each was asked for as stands in the doubt, and nothing more is known.
    """
    rounds = _rounds(compared, [("old-0314", "")] * 2, [("old-0314", "")] * 2)
    assert answered_by(_policy(), rounds) == (
        [
            "Asked for as old and new, both models were served by old-0314 (4 answers), as their endpoints say: the "
            "review may have compared a model with itself."
        ],
        [],
    )
    assert answered_by(_policy("old", "old"), rounds)[0] == []


def test_that_it_may_be_one_model_is_told_first(compared: Compared) -> None:
    """Before what it says of each model: names that change are the smaller doubt."""
    names = [("a", ""), ("b", "")]
    doubts, _ = answered_by(_policy(), _rounds(compared, names, names))
    assert doubts[0].startswith("Asked for as old and new, both models were served by a (2 answers), b (2 answers)")
    assert [doubt.split(" was served by")[0] for doubt in doubts[1:]] == ["The baseline", "The candidate"]


@pytest.mark.parametrize("count", [2, 7])
def test_a_name_that_more_than_one_model_answers_to_is_in_doubt(compared: Compared, count: int) -> None:
    """However many there are, the sentence stays short."""
    served = [(f"new-{place}", "") for place in range(count)]
    doubts, known = answered_by(_policy(), _rounds(compared, [("old", "")] * count, served))
    (doubt,) = doubts
    assert doubt.startswith("The candidate was served by new-0 (1 answer), new-1 (1 answer)")
    assert ("3 more" in doubt) == (count == 7)
    assert "changed while it was asked, or is more than one model" in doubt
    assert known == []


def test_a_change_of_the_system_s_fingerprint_is_told(compared: Compared) -> None:
    """It says that the server changed, and not that its answers did."""
    rounds = _rounds(compared, [("old", "fp_1"), ("old", "fp_2")], [("new", "fp_3")] * 2)
    doubts, known = answered_by(_policy(), rounds)
    assert doubts == []
    assert known == ["The baseline's system fingerprint was not always the same: fp_1 (1 answer), fp_2 (1 answer)."]


def test_the_embedded_model_and_recorded_answers_have_no_endpoint(compared: Compared) -> None:
    """One runs in this process, the others were served long ago."""
    rounds = _rounds(compared, [("a", "")] * 2, [("a", "")] * 2)
    assert answered_by(_policy("smollm2-135m", "smollm2-135m", "embedded"), rounds) == ([], [])
    (run,) = rounds.gates
    run.plan = replace(run.plan, source="recorded")
    assert answered_by(_policy(), rounds) == ([], [])
