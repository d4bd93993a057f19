"""What the ledger keeps of a reward mix."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from reward_world import AFTER, BEFORE, flattery_world
from seatrial.evidence.rewards.forecast import forecast
from seatrial.evidence.rewards.ledger_entries import enter_forecast, enter_training, trained_before
from seatrial.evidence.rewards.train import Training
from seatrial.evidence.rewards.training_plan import TrainingPlan, parse_plan
from seatrial.ledger import Entry, Ledger

PLAN = """
name: plan
model: {model: embedded/smollm2-135m, generation: {temperature: 1.0}}
prompts: {suites: [facts]}
signals:
  primary: {kind: correctness}
mixes:
  before: {primary: 1}
behaviors: [text/length]
"""


def _plan() -> TrainingPlan:
    return parse_plan(PLAN)


def _forecast(ledger: Ledger, plan: TrainingPlan | None) -> Entry:
    world = flattery_world()
    made = [forecast(world, name, mix, 1.0) for name, mix in (("before", BEFORE), ("after", AFTER))]
    return enter_forecast(ledger, "ana", "mix", plan, world, made, {"said": 1})


def _training(plan: TrainingPlan, mix: str = "before") -> Training:
    return Training("plan", plan.digest, mix, "grpo", 3, 0.1, {"primary": 0.2}, {"primary": 0.4}, "digest")


def test_a_forecast_is_kept_with_what_it_rests_on(tmp_path: Path) -> None:
    """The plan, the table, the mixes and each behavior's shift stand in the entry; nothing in it is no number."""
    plan = _plan()
    entry = _forecast(Ledger(tmp_path / "ledger.db"), plan)
    assert (entry.kind, entry.author, entry.body["plan"]) == ("forecast", "ana", plan.digest)
    assert entry.body["mixes"] == ["before", "after"]
    assert set(entry.body["shifts"]["after"]) == {"flattery", "other"}
    assert entry.body["shifts"]["after"]["flattery"] > entry.body["shifts"]["before"]["flattery"]


def test_without_a_plan_no_order_can_be_told(tmp_path: Path) -> None:
    """A forecast from a table alone says that it belongs to no plan."""
    assert _forecast(Ledger(tmp_path / "ledger.db"), None).body["plan"] is None


def test_a_training_is_entered_once(tmp_path: Path) -> None:
    """The same training again keeps its entry; another mix gets its own."""
    ledger, plan = Ledger(tmp_path / "ledger.db"), _plan()
    first = enter_training(ledger, "ana", _training(plan))
    assert enter_training(ledger, "ben", _training(plan)) == first
    assert enter_training(ledger, "ana", _training(plan, "after")).number == first.number + 1


def test_a_forecast_that_came_after_its_training_is_told(tmp_path: Path) -> None:
    """Only trainings on the same plan, entered before the forecast, make it one that came too late."""
    ledger, plan = Ledger(tmp_path / "ledger.db"), _plan()
    early = _forecast(ledger, plan)
    trained = enter_training(ledger, "ana", _training(plan))
    other = enter_training(ledger, "ana", replace(_training(plan), plan="another"))
    late = _forecast(ledger, plan)
    assert trained_before(ledger, early) == ()
    assert trained_before(ledger, late) == (trained,)
    assert other not in trained_before(ledger, late)
