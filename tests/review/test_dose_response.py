"""An adapter turned on by degrees: from which dose on does each gate see it?"""

from __future__ import annotations

import math
from pathlib import Path

import pytest

import seatrial.review.dose_response as module
from seatrial.collect import Progress
from seatrial.errors import PolicyError
from seatrial.policy import Gate, LaunchPolicy, ModelSpec
from seatrial.report import ReviewResult
from seatrial.review.dose_response import DOSES, dose_response, seen_from
from seatrial.review.finished import Review
from seatrial.types import Decision, Evidence, GateVerdict

NAN = math.nan


@pytest.mark.parametrize(
    ("steps", "dose"),
    [
        ([(0.0, 0.0, 0.1), (0.5, 0.05, 0.1), (1.0, 0.2, 0.1)], 0.5 + 0.5 / 3),
        ([(0.0, 0.0, 0.1), (0.5, 0.1, 0.1), (1.0, 0.2, 0.1)], 0.5),
        ([(0.1, 0.3, 0.1), (1.0, 0.4, 0.1)], 0.1),
        ([(0.0, 0.0, 0.1), (0.25, NAN, NAN), (0.5, 0.2, 0.1)], 0.25),
        ([(0.0, 0.0, 0.1), (0.25, 0.3, 0.1), (0.5, 0.0, 0.1)], 0.25 / 3),
        ([(0.0, 0.0, 0.1), (1.0, 0.05, 0.1)], NAN),
        ([(0.0, 0.0, math.inf), (1.0, 0.05, math.inf)], NAN),
        ([], NAN),
    ],
)
def test_a_gate_sees_from_where_the_change_reaches_what_it_can_see(
    steps: list[tuple[float, float, float]], dose: float
) -> None:
    """Between two doses the first crossing lies on a line; a dose that was not measured is left out."""
    assert seen_from(steps) == pytest.approx(dose, nan_ok=True)


def _policy(**candidate: object) -> LaunchPolicy:
    model = {"model": "embedded/smollm2-135m", **candidate}
    return LaunchPolicy(
        name="warm",
        baseline=ModelSpec(model="embedded/smollm2-135m"),
        candidate=ModelSpec.model_validate(model),
        gates=[
            Gate(signal="behavior/a", margin=0.1),
            Gate(signal="behavior/b", margin=0.2, advisory="style, not ours"),
        ],
    )


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, str, Path]]:
    """Simulated reviews, whose first gate moves with the dose; what was asked of them."""
    calls: list[tuple[float, str, Path]] = []

    async def simulated(policy: LaunchPolicy, text: str, folder: Path, author: str, progress: Progress) -> Review:
        dose = policy.candidate.adapter_scale
        calls.append((dose, policy.name, folder))
        verdicts = tuple(
            GateVerdict(
                gate.signal,
                "fail" if slope * dose > gate.margin or gate.signal == "behavior/b" else "pass",
                gate.blocking,
                gate.margin,
                Evidence(estimate=slope * dose, mde=0.05),
                "",
            )
            for gate, slope in zip(policy.gates, (0.4, 0.0), strict=True)
        )
        decision = Decision("block" if verdicts[0].verdict == "fail" else "launch", "", verdicts)
        return Review(ReviewResult(policy, decision, decision.outcome, "live", "", "", author), folder)

    monkeypatch.setattr(module, "run_review", simulated)
    return calls


def test_each_dose_is_a_review_of_its_own(asked: list[tuple[float, str, Path]], tmp_path: Path) -> None:
    """Weakest first, each once, in a folder of its own, with the adapter turned to the dose."""
    found = dose_response(
        _policy(adapter=Path("a.gguf")), "text", tmp_path, "ann", Progress("off"), (1.0, 0.0, 0.5, 0.5)
    )
    assert asked == [
        (0.0, "warm at 0", tmp_path / "dose-0"),
        (0.5, "warm at 0.5", tmp_path / "dose-0.5"),
        (1.0, "warm at 1", tmp_path / "dose-1"),
    ]
    assert (found.name, found.power) == ("warm", 0.9)
    assert found.outcomes == ((0.0, "launch"), (0.5, "block"), (1.0, "block"))


def test_each_gate_has_its_curve(asked: list[tuple[float, str, Path]], tmp_path: Path) -> None:
    """Its margin, whether it blocks, its steps, from where it sees, and whether it raised an alarm at dose 0."""
    found = dose_response(_policy(adapter=Path("a.gguf")), "text", tmp_path, "ann", Progress("off"))
    assert [dose for dose, _ in found.outcomes] == list(DOSES)
    first, second = found.curves
    assert (first.signal, first.margin, first.blocking, first.alarm, first.sees) == (
        "behavior/a",
        0.1,
        True,
        False,
        True,
    )
    assert [step.verdict.evidence.estimate for step in first.steps] == pytest.approx([0.4 * dose for dose in DOSES])
    assert first.seen_from == pytest.approx(0.125)
    assert (second.signal, second.margin, second.blocking, second.alarm) == ("behavior/b", 0.2, False, True)
    assert math.isnan(second.seen_from)
    late = dose_response(_policy(adapter=Path("a.gguf")), "text", tmp_path, "ann", Progress("off"), [0.5])
    assert not late.curves[1].alarm


@pytest.mark.parametrize("doses", [(), (0.0, 1.5), (-0.1,), (NAN,)])
def test_a_dose_lies_between_nothing_and_all(doses: tuple[float, ...], tmp_path: Path) -> None:
    """Before anything is asked, doses outside 0 to 1 and no dose at all are refused."""
    with pytest.raises(PolicyError, match="a dose is a scale of the adapter from 0 to 1"):
        dose_response(_policy(adapter=Path("a.gguf")), "", tmp_path, "ann", Progress("off"), doses)


def test_without_an_adapter_there_is_nothing_to_turn_up(tmp_path: Path) -> None:
    """The message names the policy."""
    with pytest.raises(PolicyError, match="warm: the candidate has no `adapter`"):
        dose_response(_policy(), "", tmp_path, "ann", Progress("off"))
