"""What the ledger keeps of a reward mix: that a forecast came before a training, or after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from seatrial.evidence.rewards.forecast import Forecast
from seatrial.evidence.rewards.observations import digest_of
from seatrial.evidence.rewards.table import RewardTable
from seatrial.evidence.rewards.train import Training
from seatrial.evidence.rewards.training_plan import TrainingPlan
from seatrial.formats.json_values import with_null
from seatrial.ledger import Entry, Ledger

__all__ = ["enter_forecast", "enter_training", "trained_before"]


def enter_forecast(
    ledger: Ledger,
    author: str,
    name: str,
    plan: TrainingPlan | None,
    table: RewardTable,
    forecasts: Sequence[Forecast],
    written: Mapping[str, Any],
) -> Entry:
    """Enter what a forecast said, and return the entry.

    Args:
        ledger: Where.
        author: Who made it.
        name: What the plan or the table is called.
        plan: The training plan, if there is one; only with it can the order of forecast and training be told.
        table: The completions.
        forecasts: One a mix.
        written: All that was said, of which the digest is kept.

    Raises:
        LedgerError: it cannot be written, or its chain is broken.
    """
    body = {
        "name": name,
        "plan": plan.digest if plan is not None else None,
        "table": table.digest,
        "mixes": [one.mix for one in forecasts],
        "beta": forecasts[0].beta,
        "forecast": digest_of(written),
        "shifts": with_null({one.mix: {b: made.value for b, made in one.wanted.shifts.items()} for one in forecasts}),
        "refused": [one.mix for one in forecasts if one.refusal],
    }
    return ledger.append("forecast", author, body)


def enter_training(ledger: Ledger, author: str, training: Training) -> Entry:
    """Enter a finished training and return its entry; one that was entered before keeps that entry.

    Raises:
        LedgerError: it cannot be written, or its chain is broken.
    """
    body = asdict(training)
    entered = [entry for entry in ledger.verify() if entry.kind == "training" and entry.body == body]
    return entered[0] if entered else ledger.append("training", author, body)


def trained_before(ledger: Ledger, entry: Entry) -> tuple[Entry, ...]:
    """Return the trainings on a forecast's plan that were entered before it: such a forecast came too late.

    Raises:
        LedgerError: the ledger cannot be read, or its chain is broken.
    """
    return tuple(
        one
        for one in ledger.verify()
        if one.kind == "training" and one.number < entry.number and one.body["plan"] == entry.body["plan"]
    )
