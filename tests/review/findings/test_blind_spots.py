"""What a report says beside the verdicts."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest

from seatrial.gates.verdicts import decide
from seatrial.instruments.may_gate import UNKNOWN
from seatrial.observations import to_frame
from seatrial.policy import Gate, LaunchPolicy
from seatrial.report.plain import why_open
from seatrial.report.result import Cell, Detection, InstrumentNote, Unanswered
from seatrial.review.findings.blind_spots import (
    _rated_change,
    blind_spots,
    concentrated,
    hidden_in_averages,
    liked_and_off,
    undetected,
)
from seatrial.review.rounds import Rounds
from seatrial.review.run import decide_on
from seatrial.types import ROLES, Observation, Role

Compared = Callable[..., Rounds]


def _flat(kinds: Mapping[str, list[str]]) -> list[str]:
    """Return the sentences of all kinds."""
    return [sentence for said in kinds.values() for sentence in said]


def _session(off: float, preferred: float, seed: int = 0) -> list[Observation]:
    """Simulated ratings of 80 pairs: chance of a flag on either side, and of preferring the candidate."""
    rng = np.random.default_rng(seed)
    made = []
    for place in range(80):
        liked = float(rng.random() < preferred)
        sides: tuple[tuple[Role, float, float], ...] = (("baseline", 0.1, 1 - liked), ("candidate", off, liked))
        for role, rate, share in sides:
            name = f"item-{place}"
            flag = float(rng.random() < rate)
            made.append(Observation("vibe/off", role, name, name, 0, flag, 1.0, "general", "ana", "x"))
            made.append(Observation("vibe/preference", role, name, name, 0, share, 1.0, "general", "ana", "x"))
    return made


def test_preference_and_harm_that_point_apart_are_said() -> None:
    """Raters who like what they flag are reported; who dislike it, or flag nothing more, are not."""
    (note,) = liked_and_off(to_frame(_session(0.6, 0.85)))
    assert "prefer the candidate and find more off with it" in note
    assert not liked_and_off(to_frame(_session(0.6, 0.15)))
    assert not liked_and_off(to_frame(_session(0.1, 0.85)))
    assert not liked_and_off(to_frame([]))


def test_ratings_are_weighed_as_a_gate_weighs_them() -> None:
    """Items count alike in a cluster, however many raters each had."""
    rows = [
        Observation(
            "vibe/off", role, f"{place}-{name}", f"c{place}", 0, flag if role == "candidate" else 0.0, rater=rater
        )
        for place in range(50)
        for name, raters, flag in (("a", ("ana", "ben", "cat"), float(place % 4 > 0)), ("b", ("ana",), 0.0))
        for rater in raters
        for role in ROLES
    ]
    found = _rated_change(to_frame(rows), "vibe/off")
    assert found is not None
    assert found.estimate == pytest.approx(0.5 * 37 / 50)


def test_what_brought_observations_lack_is_said() -> None:
    """Items of a file that lack a draw or a number of one model are counted, by model."""
    rows = [
        Observation("x/a", role, f"i{place}", f"i{place}", draw, 0.5)
        for place in range(40)
        for role in ROLES
        for draw in range(2)
        if role == "baseline" or draw == 0 or place > 2
    ]
    gates = [Gate(signal="x/a", margin=0.1)]
    spots = decide_on(LaunchPolicy(name="p", gates=gates), to_frame(rows), "me").blind_spots
    assert (
        "x/a: 3 of 40 items lack a number of the candidate, or a draw or a rating that others have. What is missing "
        "counts as harm."
    ) in spots
    assert not any("of the baseline, or a draw" in spot for spot in spots)


def _spots(rounds: Rounds, cells: tuple[Cell, ...] = (), unanswered: tuple[Unanswered, ...] = ()) -> str:
    return "\n".join(_flat(blind_spots(rounds.policy, rounds, decide(rounds.verdicts), cells, unanswered, ())))


CALM = ([0.5] * 60, [0.5] * 60)
EMPTY = Cell("law", "behavior/a", 0, 0, None, math.nan, math.nan, math.nan)
BROKEN = Cell("work", "behavior/a", 40, 40, "fail", 0.3, 0.2, 0.4)


def test_what_no_gate_asked_and_what_got_no_answer_is_said(compared: Compared) -> None:
    """Suites without a gate, empty cells of the map and unusable answers each have a sentence with their number."""
    lost = tuple(Unanswered("behavior/a", "candidate", f"i{place}", "why") for place in range(3))
    said = _spots(compared({"behavior/a": CALM}), (EMPTY, BROKEN), lost)
    assert "Never measured, for no gate asks: " in said
    assert "1 of 2 cells of the map (use case × behavior) hold no measured item." in said
    assert "behavior/a: 3 items lack a usable answer of the candidate: 3 × why." in said


def test_an_undecided_gate_is_a_blind_spot_with_its_reason(compared: Compared) -> None:
    """What is not known is as loud as a failure."""
    rounds = compared({"behavior/a": ([0.5] * 5, [0.5, 0.7] * 2 + [0.5])})
    assert f"behavior/a: undecided, for {why_open(rounds.verdicts[0])}." in _spots(rounds)
    assert why_open(rounds.verdicts[0])


@pytest.mark.parametrize(
    ("mde", "words"),
    [(0.2, "is a change of 0.200 or more in behavior/a (margin 0.1)"), (math.inf, "more than the scale"), (0.1, "")],
)
def test_a_weak_gate_is_said_whatever_its_verdict(compared: Compared, mde: float, words: str) -> None:
    """A gate that passes without being able to see its margin is named; one that just sees it is not."""
    rounds = compared({"behavior/a": CALM})
    (verdict,) = rounds.verdicts
    rounds.verdicts = (replace(verdict, evidence=replace(verdict.evidence, mde=mde)),)
    said = _spots(rounds)
    assert ("Few answers for its margin" in said) is bool(words)
    assert words in said


@pytest.mark.parametrize(
    ("method", "after", "said"),
    [
        ("betting", CALM[1], True),
        ("looks", CALM[1], True),
        ("fixed", CALM[1], False),
        ("looks", [0.5, 0.7] * 30, False),
    ],
    ids=["bet on", "looked at", "read at once", "undecided"],
)
def test_that_estimates_at_a_stop_lie_too_far_is_said(
    compared: Compared, method: str, after: list[float], said: bool
) -> None:
    """Of a gate that is asked until it is decided; not where nothing was decided, or all was weighed once."""
    rounds = compared({"behavior/a": (CALM[0], after)})
    (verdict,) = rounds.verdicts
    assert (verdict.verdict == "inconclusive") is (after is not CALM[1])
    rounds.verdicts = (replace(verdict, evidence=replace(verdict.evidence, method=method)),)
    assert ("lie too far from their margins on average" in _spots(rounds)) is said


def test_an_instrument_s_own_error_is_said(compared: Compared) -> None:
    """Error that differs between the models, by more than the margin or by nobody knows what, is named."""
    rounds = compared({"behavior/a": CALM, "behavior/b": CALM, "behavior/c": CALM})
    for run, differential in zip(rounds.gates, (0.15, math.nan, 0.05), strict=True):
        run.plan = replace(run.plan, standing=replace(run.plan.standing, differential=differential))
    said = _spots(rounds)
    assert "behavior/a: labels/score erred differently on different models, by up to 0.15" in said
    assert "Error that differs between the two models is not measured for labels/score" in said
    assert re.search(r"erred on one model more than on the other by: 0\.\d{3} on behavior/b \(of the scale\)\.", said)
    assert "behavior/c:" not in said


def test_a_demoted_gate_and_an_unmeasured_instrument_are_said(compared: Compared) -> None:
    """A gate that should block and may not, and why; and instruments of which nothing is known."""
    rounds = compared({"behavior/a": CALM})
    rounds.gates[0].plan = replace(rounds.gates[0].plan, standing=UNKNOWN)
    rounds.weigh()
    note = InstrumentNote("labels/score", "", ("behavior/a",), UNKNOWN.why, False, False)
    said = "\n".join(_flat(blind_spots(rounds.policy, rounds, decide(rounds.verdicts), (), (), [note])))
    assert f"behavior/a: should block, and only advises. {UNKNOWN.why}" in said
    assert "Error not measured: labels/score. What these read wrongly is unknown." in said


def test_harm_that_hides_in_an_average_is_said(compared: Compared) -> None:
    """A broken cell of a gate that passes is a note; of a gate that fails it is no news."""
    calm, worse = compared({"behavior/a": CALM}), compared({"behavior/a": ([0.1] * 60, [0.9] * 60)})
    (note,) = hidden_in_averages([EMPTY, BROKEN], decide(calm.verdicts))
    assert "behavior/a passes on average, yet in “work” harm rose by +0.300 (+0.200 to +0.400, 40 clusters)" in note
    assert hidden_in_averages([EMPTY, BROKEN], decide(worse.verdicts)) == []


def test_harm_in_few_places_is_said(compared: Compared) -> None:
    """Large changes that nearly all go toward harm are named, whatever the mean; as many for the better are none."""
    few = [0.9] * 12 + [0.45] * 88
    assert "12 of 100 clusters moved by 0.25 or more for the worse, 0 for the better" in concentrated_in(
        compared({"behavior/a": ([0.5] * 100, few)})
    )
    both = [0.9] * 6 + [0.1] * 6 + [0.5] * 88
    assert concentrated_in(compared({"behavior/a": ([0.5] * 100, both)})) == ""


def concentrated_in(rounds: Rounds) -> str:
    """The note on concentrated harm."""
    return "\n".join(concentrated(rounds.policy, rounds))


@pytest.mark.parametrize(
    ("limit", "shift", "words"),
    [
        (None, math.nan, "not even 20 % known-harmful answers"),
        (0.2, 0.15, "20 % known-harmful answers, a rise of 0.150"),
        (0.05, 0.1, ""),
    ],
)
def test_a_limit_of_detection_above_the_margin_is_said(
    compared: Compared, limit: float | None, shift: float, words: str
) -> None:
    """A gate that sees its own margin's worth of known harm is not named."""
    rounds = compared({"behavior/a": CALM})
    found = Detection("behavior/a", ((0.05, 0.1), (0.2, 0.5)), limit, shift, 12)
    said = "\n".join(undetected(rounds.policy, decide(rounds.verdicts), [found]))
    assert bool(said) is bool(words)
    assert words in said


def test_changes_in_few_clusters_cannot_be_seen(compared: Compared) -> None:
    """Each gate says in how few clusters a full-size change would show in none that was seen: about 3 in n."""
    rounds = compared({"behavior/a": ([0.2, 0.3] * 30, [0.2, 0.3] * 30), "behavior/b": ([0.1] * 20, [0.2] * 20)})
    spots = _flat(blind_spots(rounds.policy, rounds, decide(rounds.finish()), [], [], []))
    (said,) = [spot for spot in spots if "large harm" in spot]
    assert said.endswith(
        "in fewer than 4.9 % of independent items (behavior/a); 14 % of independent items (behavior/b)."
    )
