"""The audit and the forecast, against draws from the very distributions that they speak of."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from seatrial.errors import EvidenceError
from seatrial.evidence.rewards.audit import audit
from seatrial.evidence.rewards.forecast import best_of, forecast
from seatrial.evidence.rewards.frontier import critical_weights, frontier
from seatrial.evidence.rewards.observations import digest_of, observations_of
from seatrial.evidence.rewards.table import RewardTable, table_of


def _world(prompts: int = 60, draws: int = 16, seed: int = 0) -> RewardTable:
    """A primary signal that punishes flattery, and thumbs that like it."""
    rng = np.random.default_rng(seed)
    size = prompts * draws
    flattery = rng.normal(size=size)
    return table_of(
        pl.DataFrame(
            {
                "prompt": np.repeat([f"p{place}" for place in range(prompts)], draws),
                "reward/primary": -0.3 * flattery + 0.2 * rng.normal(size=size),
                "reward/thumbs": 0.2 * flattery + 0.1 * rng.normal(size=size),
                "behavior/flattery": flattery,
                "behavior/other": rng.normal(size=size),
            }
        ),
        "world",
    )


BEFORE, AFTER = {"primary": 1.0}, {"primary": 1.0, "thumbs": 3.0}


def test_the_audit_names_what_held_the_behavior_in_check() -> None:
    """The primary holds flattery, the thumbs take it back; what neither touches is not claimed."""
    found = audit(_world(), BEFORE, AFTER, 1.0)
    flattery, other = found.pulls
    assert flattery.by_signal["primary"].below and flattery.by_signal["thumbs"].above
    assert flattery.before.below and flattery.after.above
    assert "primary held it in check" in flattery.sentence and "thumbs" in flattery.sentence
    assert not other.by_signal["primary"].above and "held" not in other.sentence
    shares = found.shares["sum-then-normalize"]
    assert sum(one.value for one in shares["after"].values()) == pytest.approx(1.0)
    assert shares["before"]["thumbs"].value == 0.0


def test_a_pull_that_the_wanted_mix_does_not_change_is_said() -> None:
    """What the unchanged part of a mix pulls up is named, though nothing new pulls."""
    found = audit(_world(), {"thumbs": 1.0}, {"thumbs": 1.0}, 1.0)
    assert "thumbs pulls it up" in found.pulls[0].sentence and "does not change that" in found.pulls[0].sentence


def test_a_pull_downward_is_said_too() -> None:
    """A new signal that pushes a behavior down is named, though nothing held it before."""
    found = audit(_world(), {"thumbs": 1.0}, {"thumbs": 1.0, "primary": 3.0}, 1.0).pulls[0]
    assert "thumbs pulls it up (+" in found.sentence and "; primary pulls it down (−" in found.sentence
    assert found.change.value == pytest.approx(3 * found.by_signal["primary"].value)


def test_the_forecast_agrees_with_what_the_tilted_normal_does() -> None:
    """A normal behavior tilted by a reward moves by covariance over beta: known exactly, covered by the interval."""
    table = _world(200, 32)
    made = forecast(table, "after", AFTER, 1.0)
    assert not made.refusal
    assert made.wanted.shifts["flattery"].low < 0.3 < made.wanted.shifts["flattery"].high
    assert made.wanted.shifts["other"].low < 0.0 < made.wanted.shifts["other"].high


def test_best_of_n_agrees_with_fresh_best_of_n() -> None:
    """The forecast of best-of-4 covers what best-of-4 of very many fresh draws gives."""
    table, big = _world(), _world(4000, 4, seed=9)
    said = best_of(table, AFTER, 4).shifts["flattery"]
    mixed = (big.rewards @ big.weights(AFTER)).reshape(-1, 4)
    flattery = big.read[:, 0].reshape(-1, 4)
    real = flattery[np.arange(len(mixed)), mixed.argmax(axis=1)].mean() - flattery.mean()
    assert said.low < real < said.high
    with pytest.raises(EvidenceError, match="16 completions only"):
        best_of(table, AFTER, 32)


def test_nothing_is_said_beyond_what_the_samples_bear() -> None:
    """At a small beta a few completions carry everything: the forecast is refused; only the present is evidence."""
    table = _world(draws=8)
    made = forecast(table, "after", AFTER, 0.02)
    assert "count as only" in made.refusal and made.farthest < 1.0
    assert all(point.strength <= made.farthest + 1e-9 for point in made.path)
    assert {one.role for one in observations_of(table, made, "x")} == {"baseline"}


def test_the_critical_weight_is_where_the_forecast_crosses() -> None:
    """At the critical weight the forecast equals the margin; the bounds cross before and after it."""
    table = _world(200, 32)
    (one,) = critical_weights(table, BEFORE, "thumbs", {"flattery": 0.1}, 1.0, 6.0)
    at = forecast(table, "x", {**BEFORE, "thumbs": one.estimate}, 1.0).wanted.shifts["flattery"].value
    assert at == pytest.approx(0.1, abs=0.01)
    assert one.unproven < one.estimate < one.fails


def test_the_frontier_keeps_gates_and_gain() -> None:
    """Mixes that hold every gate stay below all margins; more of the primary lets in more of the thumbs."""
    points = frontier(_world(200, 32), BEFORE, AFTER, {"flattery": 0.1}, 1.0)
    held = [one for one in points if one.holds]
    assert held and all(one.worst < 1.0 for one in held)
    assert any(one.best for one in points)


def test_a_forecast_becomes_evidence_for_a_gate() -> None:
    """Each prompt's behavior as it is and as it would be; their mean difference is the forecast."""
    table = _world()
    made = forecast(table, "after", AFTER, 1.0)
    rows = [one for one in observations_of(table, made, "forecast") if one.signal == "reward/flattery"]
    sides = {role: np.array([one.value for one in rows if one.role == role]) for role in ("baseline", "candidate")}
    change = float((sides["candidate"] - sides["baseline"]).mean())
    assert change == pytest.approx(made.wanted.shifts["flattery"].value, abs=0.02)


def test_the_digest_holds_every_number() -> None:
    """What the ledger keeps of a forecast changes with any of its numbers."""
    table = _world()
    first, second = (forecast(table, "after", AFTER, beta) for beta in (1.0, 1.001))
    assert digest_of(first) != digest_of(second) and digest_of(first) == digest_of(forecast(table, "after", AFTER, 1.0))
