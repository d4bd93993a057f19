"""Everything that a report shows, put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from seatrial.gates.verdicts import decide
from seatrial.instruments.may_gate import UNKNOWN
from seatrial.report import Detection, ReviewResult, Unanswered
from seatrial.review.findings.compose import compose
from seatrial.review.rounds import Rounds
from seatrial.types import Spend

Compared = Callable[..., Rounds]
CALM = ([0.5] * 44, [0.5] * 44)


def _composed(rounds: Rounds, *detections: Detection) -> ReviewResult:
    decision = decide(rounds.verdicts)
    spend = {"baseline": Spend(calls=3)}
    observed = rounds.all_observations()
    return compose(rounds.policy, rounds, decision, observed, spend, detections, "t0", "t1", "ann")


def test_the_result_is_before_waivers(compared: Compared) -> None:
    """Status and decision agree, and who, when and at what cost stand beside them."""
    made = _composed(compared({"behavior/a": CALM}))
    assert (made.status, made.decision.outcome, made.waivers) == ("launch", "launch", ())
    assert (made.started, made.finished, made.author) == ("t0", "t1", "ann")
    assert made.spend == (("baseline", Spend(calls=3)),)
    assert [name for name, _ in made.hashes] == ["review", "policy", "evidence"]
    assert [cell.signal for cell in made.cells if cell.verdict] == ["behavior/a"]
    assert made.examples[0].signal == "behavior/a"


def test_whether_two_models_were_compared_at_all_is_the_first_blind_spot(compared: Compared) -> None:
    """What puts the whole review in question stands first, where the report shows it unfolded; else it is not there."""
    rounds = compared({"behavior/a": CALM})
    (run,) = rounds.gates
    run.plan = replace(run.plan, source="live")
    assert "What the endpoints served" not in [group.title for group in _composed(rounds).groups]
    answers = run.responses["candidate"]
    run.responses["candidate"] = [
        replace(answer, served=("new" if place else "newer", "")) for place, answer in enumerate(answers)
    ]
    made = _composed(rounds)
    assert (made.groups[0].title, made.groups[0].count) == ("What the endpoints served", 1)
    assert made.blind_spots[0].startswith(
        f"The candidate was served by new ({len(answers) - 1} answers), newer (1 answer)"
    )


@pytest.mark.parametrize(
    ("sources", "mode"),
    [
        (("live", "live"), "live"),
        (("recorded", "recorded"), "recorded"),
        (("evidence", "recorded"), "recorded"),
        (("live", "recorded"), "mixed"),
        (("evidence", "live"), "mixed"),
    ],
)
def test_the_mode_says_what_was_asked_while_weighing(compared: Compared, sources: tuple[str, str], mode: str) -> None:
    """Live, recorded, or both."""
    rounds = compared({"behavior/a": CALM, "behavior/b": CALM})
    for run, source in zip(rounds.gates, sources, strict=True):
        run.plan = replace(run.plan, source=source)  # type: ignore[arg-type]
    assert _composed(rounds).mode == mode


def test_each_unanswered_item_says_why(compared: Compared) -> None:
    """A failed call, an empty answer and one that could not be read are told apart, and counted as blind spots."""
    rounds = compared({"behavior/a": ([None, 0.5, 0.5], [0.5, "", ""])})
    blank = rounds.gates[0].responses["candidate"]
    blank[1] = replace(blank[1], text="  ")
    made = _composed(rounds)
    assert made.unanswered == (
        Unanswered("behavior/a", "baseline", "i0", "the call failed"),
        Unanswered("behavior/a", "candidate", "i1", "empty answer"),
        Unanswered("behavior/a", "candidate", "i2", "the instrument could not read the answer"),
    )
    assert "behavior/a: 1 item lacks a usable answer of the baseline: 1 × the call failed." in made.blind_spots
    (spot,) = [spot for spot in made.blind_spots if "usable answer of the candidate" in spot]
    assert spot.startswith("behavior/a: 2 items lack")
    assert "1 × empty answer; 1 × the instrument could not read the answer" in spot


def test_an_instrument_is_noted_once_for_what_is_known_of_it(compared: Compared) -> None:
    """Gates that share an instrument and its record share a note; where the record differs there is another."""
    rounds = compared({"behavior/a": CALM, "behavior/b": CALM, "behavior/c": CALM})
    rounds.gates[1].plan = replace(rounds.gates[1].plan, standing=UNKNOWN)
    known, unknown = _composed(rounds).instruments
    assert (known.name, known.signals) == ("labels/score", ("behavior/a", "behavior/c"))
    assert (known.measured, known.may_gate, known.slope) == (True, True, 1.0)
    assert (unknown.name, unknown.signals, unknown.error) == ("labels/score", ("behavior/b",), UNKNOWN.why)
    assert (unknown.measured, unknown.may_gate) == (False, False)


def test_what_a_gate_did_not_detect_is_a_blind_spot(compared: Compared) -> None:
    """Measured limits of detection are kept, and one above the margin is said."""
    limit = Detection("behavior/a", ((0.1, 0.2), (0.2, 0.3)), None, float("nan"), 12)
    made = _composed(compared({"behavior/a": CALM}), limit)
    assert made.detections == (limit,)
    assert any("not even 20 % known-harmful answers" in spot for spot in made.blind_spots)


def test_wording_learnt_by_heart_is_a_blind_spot_and_even_ones_a_note(compared: Compared) -> None:
    """A model that does better on public wording is said loudly; that another does not, is said too."""
    parts = ("", "rewritten")
    rounds = compared({"behavior/a": ([0.3, 0.3] * 30, [0.1, 0.9] * 30)}, parts=parts)
    made = _composed(rounds)
    assert sum("does better on the public items" in spot for spot in made.blind_spots) == 1
    assert any("1 of 2 comparisons show no sign" in note for note in made.notes)
