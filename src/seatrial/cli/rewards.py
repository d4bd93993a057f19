"""`seatrial rewards`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seatrial.cli.options import Json, named_values, print_json, say, user

if TYPE_CHECKING:
    from seatrial.evidence.rewards.forecast import Forecast
    from seatrial.evidence.rewards.frontier import CriticalWeight, FrontierPoint
    from seatrial.evidence.rewards.table import RewardTable
    from seatrial.evidence.rewards.training_plan import TrainingPlan

__all__ = ["rewards_app"]

rewards_app = typer.Typer(
    help="The reward mix: what adding a signal does to each behavior, before training and after.",
    no_args_is_help=True,
)

Table = Annotated[Path, typer.Argument(metavar="TABLE", help="Completions and rewards: .parquet, .csv or .jsonl.")]
Plan = Annotated[Path | None, typer.Option("--plan", help="A training plan that names mixes and beta.")]
PlanFile = Annotated[Path, typer.Argument(metavar="PLAN", help="The training plan.")]
Rewards = Annotated[list[str] | None, typer.Option("--reward", help="A column of rewards; reward/… by default.")]
Behaviors = Annotated[
    list[str] | None, typer.Option("--behavior", help="A column, or an instrument; behavior/… by default.")
]
Before = Annotated[str, typer.Option("--before", help="The present mix, e.g. primary=1.")]
After = Annotated[str, typer.Option("--after", help="The wanted mix, e.g. primary=1,thumbs=0.5.")]
Beta = Annotated[float | None, typer.Option("--beta", min=1e-9, help="Strength of the KL penalty.")]
Page = Annotated[Path | None, typer.Option("--page", help="Write the report as HTML here.")]
Reviews = Annotated[Path, typer.Option("--reviews", help="Folder whose ledger the forecast or training is entered in.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]
Author = Annotated[str, typer.Option("--author", help="Who runs it, for the ledger.")]


@rewards_app.command("sample", epilog="Example: seatrial rewards sample plan.yaml --out table.parquet")
def rewards_sample(
    plan_path: PlanFile,
    out: Annotated[Path, typer.Option("--out", help="Where the table goes.")] = Path("rewards/table.parquet"),
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Sample completions of the plan's model and score them with every signal and behavior."""
    from seatrial.collect import Progress
    from seatrial.errors import StoreError
    from seatrial.evidence.rewards.sampling import sample
    from seatrial.evidence.rewards.training_plan import load_plan
    from seatrial.formats.frames import write_frame

    plan = load_plan(plan_path)
    frame = sample(plan, out.with_suffix(""), Progress("off" if quiet else None))
    write_frame(frame, out, StoreError)
    if as_json:
        print_json({"table": str(out), "completions": len(frame), "prompts": frame["item"].n_unique()})
        return
    say(f"{len(frame):,} completions of {frame['item'].n_unique():,} prompts: {out}")
    say(f"Next: seatrial rewards audit {out} --plan {plan_path}")


@rewards_app.command("audit", epilog="Example: seatrial rewards audit table.parquet --before a=1 --after a=1,b=0.5")
def rewards_audit(
    table_path: Table,
    plan_path: Plan = None,
    reward: Rewards = None,
    behavior: Behaviors = None,
    before: Before = "",
    after: After = "",
    beta: Beta = None,
    page: Page = None,
    as_json: Json = False,
) -> None:
    """Say which signal has what share of the advantage, what it flips, and what it pulls each behavior by."""
    from seatrial.cli.output.rewards import audit_summary
    from seatrial.evidence.rewards.audit import audit

    table, plan = _read(table_path, plan_path, reward, behavior)
    old, new, strength = _mixes(table, plan, before, after, beta)
    found = audit(table, old, new, strength)
    if page is not None:
        _write_page(page, table_path.stem, found)
    if as_json:
        print_json(found)
        return
    say(audit_summary(found))
    if page is not None:
        say(f"Page: {page}")


@rewards_app.command("forecast", epilog="Example: seatrial rewards forecast table.parquet --plan plan.yaml")
def rewards_forecast(
    table_path: Table,
    plan_path: Plan = None,
    reward: Rewards = None,
    behavior: Behaviors = None,
    before: Before = "",
    after: After = "",
    beta: Beta = None,
    policy_path: Annotated[
        Path | None, typer.Option("--policy", help="A policy whose gates give the margins of critical weights.")
    ] = None,
    margin: Annotated[list[str] | None, typer.Option("--margin", help="BEHAVIOR=MARGIN, instead of a policy.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the wanted mix's forecast as evidence of reward/… here.")
    ] = None,
    page: Page = None,
    reviews: Reviews = Path("reviews"),
    author: Author = "",
    as_json: Json = False,
) -> None:
    """Say what each mix would do to each behavior, before a training step, and enter that in the ledger."""
    from seatrial.cli.output.rewards import forecast_summary, order_of
    from seatrial.evidence.rewards.audit import audit
    from seatrial.evidence.rewards.forecast import forecast
    from seatrial.evidence.rewards.frontier import critical_weights, frontier
    from seatrial.evidence.rewards.ledger_entries import enter_forecast, trained_before
    from seatrial.evidence.rewards.observations import observations_of
    from seatrial.formats.json_values import with_null
    from seatrial.ledger import ledger_in
    from seatrial.observations import to_frame, write_observations

    table, plan = _read(table_path, plan_path, reward, behavior)
    old, new, strength = _mixes(table, plan, before, after, beta)
    mixes = dict(plan.mixes) if plan is not None and not (before or after) else {"before": old, "after": new}
    forecasts = [forecast(table, name, weights, strength) for name, weights in mixes.items()]
    margins = _margins(table, policy_path, margin)
    added = [name for name, weight in new.items() if weight != old.get(name, 0.0)]
    critical: list[CriticalWeight] = []
    for name in added if margins else []:
        most = 2.0 * abs(new[name]) or 1.0
        critical += critical_weights(table, new, name, margins, strength, most)
    refused = bool(forecasts[-1].refusal)  # of mixes near one that the completions do not bear nothing is claimed
    points: Sequence[FrontierPoint] = () if refused else frontier(table, old, new, margins, strength)
    written = with_null({"forecasts": forecasts, "critical": critical, "frontier": points, "table": table.digest})
    ledger = ledger_in(reviews)
    called = plan.name if plan is not None else table_path.stem
    entry = enter_forecast(ledger, author or user(), called, plan, table, forecasts, written)
    late = trained_before(ledger, entry) if plan is not None else ()
    if page is not None:
        _write_page(page, table_path.stem, audit(table, old, new, strength), forecasts, critical, points)
    if as_json:
        after_training = [one.number for one in late]
        print_json({**written, "ledger": {"entry": entry.number, "hash": entry.hash, "after": after_training}})
    else:
        say(forecast_summary(forecasts, critical, points, [*table.notes]))
        say(f"Entered in {ledger.name} as {entry.number} ({entry.hash[:12]}){order_of(plan is not None, late)}")
    if out is not None:
        made = observations_of(table, forecasts[-1], f"forecast of {forecasts[-1].mix}")
        write_observations(to_frame(made), out)
        if not as_json:
            held = "; the forecast was refused, so these gates hold" if refused else ""
            say(f"{len(made):,} observations: {out}, for `evidence:` and gates on reward/…{held}")


@rewards_app.command("train", epilog="Example: seatrial rewards train plan.yaml --mix after --out rewards/after")
def rewards_train(
    plan_path: PlanFile,
    mix: Annotated[str, typer.Option("--mix", help="The mix to train on; the plan's last by default.")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="The training's folder; rewards/MIX by default.")] = None,
    reviews: Reviews = Path("reviews"),
    author: Author = "",
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Train the plan's model on a mix; the adapter in the folder is a candidate for a review.

    Training that was stopped goes on at its last checkpoint when the same command is given again.
    """
    from seatrial.collect import Progress
    from seatrial.errors import PolicyError
    from seatrial.evidence.rewards.ledger_entries import enter_training
    from seatrial.evidence.rewards.train import train
    from seatrial.evidence.rewards.training_plan import load_plan
    from seatrial.ledger import ledger_in

    plan = load_plan(plan_path)
    name = mix or list(plan.mixes)[-1]
    if name not in plan.mixes:
        raise PolicyError(f"{plan_path}: no mix is called {name!r}; there are {', '.join(plan.mixes)}")
    folder = out or Path("rewards") / name
    done = train(plan, name, folder, Progress("off" if quiet else None))
    entry = enter_training(ledger_in(reviews), author or user(), done)
    if as_json:
        print_json({**asdict(done), "ledger": {"entry": entry.number, "hash": entry.hash}})
        return
    say(f"Trained on {name}: {folder}. Entered in the ledger as {entry.number}.")
    if done.adapter:
        made = folder / "adapter.gguf"
        say(f"Next: a policy with candidate: {{model: {plan.model.model}, adapter: {made}}}")


@rewards_app.command("dose", epilog="Example: seatrial rewards dose policy.yaml --out reviews/dose")
def rewards_dose(
    policy_path: Annotated[Path, typer.Argument(metavar="POLICY", help="A policy whose candidate has an adapter.")],
    dose: Annotated[list[float] | None, typer.Option("--dose", help="A scale of the adapter, 0 to 1.")] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder of the reviews, one a dose.")] = Path("reviews/dose"),
    page: Page = None,
    author: Author = "",
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Review the candidate with its adapter turned on by degrees: from which dose on does each gate see it?"""
    from seatrial.cli.output.doses import dose_summary
    from seatrial.collect import Progress
    from seatrial.errors import StoreError
    from seatrial.formats.bounded import read_text
    from seatrial.formats.whole_files import write_whole
    from seatrial.policy import load_policy
    from seatrial.review.dose_page import render_doses
    from seatrial.review.dose_response import DOSES, dose_response

    policy, text = load_policy(policy_path), read_text(policy_path)
    progress = Progress("off" if quiet else None)
    found = dose_response(policy, text, out, author or user(), progress, dose or DOSES)
    path = page or out / "doses.html"
    write_whole(path, render_doses(found), StoreError)
    if as_json:
        print_json(found)
        return
    say(dose_summary(found))
    say(f"Page: {path}")


def _read(
    table_path: Path, plan_path: Path | None, rewards: Sequence[str] | None, behaviors: Sequence[str] | None
) -> tuple[RewardTable, TrainingPlan | None]:
    from seatrial.evidence.rewards.table import read_table
    from seatrial.evidence.rewards.training_plan import load_plan

    plan = load_plan(plan_path) if plan_path is not None else None
    return read_table(table_path, rewards or (), behaviors or ()), plan


def _mixes(
    table: RewardTable, plan: TrainingPlan | None, before: str, after: str, beta: float | None
) -> tuple[dict[str, float], dict[str, float], float]:
    """Return the present mix, the wanted one and beta: as given, else the plan's, else the first signal and all."""
    from seatrial.errors import PolicyError

    planned = list(plan.mixes.values()) if plan is not None else []
    old = _mix(before) or (planned[0] if planned else {table.signals[0]: 1.0})
    new = _mix(after) or (planned[-1] if planned else dict.fromkeys(table.signals, 1.0))
    if beta is None and plan is None:
        raise PolicyError("how strong is the KL penalty? Give --beta, or a --plan that has it")
    if beta is not None and not math.isfinite(beta):
        raise PolicyError(f"--beta {beta}: the strength of the KL penalty is a number with an end, such as 0.1")
    return dict(old), dict(new), beta if beta is not None else plan.beta if plan is not None else 0.0


def _mix(text: str) -> dict[str, float]:

    return {
        name: float(weight)
        for name, weight in named_values(text.split(",") if text else [], "a mix", number=True).items()
    }


def _margins(table: RewardTable, policy_path: Path | None, margin: Sequence[str] | None) -> dict[str, float]:
    from seatrial.errors import PolicyError
    from seatrial.evidence.rewards.observations import margins_of
    from seatrial.policy import load_policy

    margins = margins_of(load_policy(policy_path), table) if policy_path is not None else {}
    margins |= {name: float(number) for name, number in named_values(margin or [], "--margin", number=True).items()}
    unknown = [name for name in margins if name not in table.behaviors]
    if unknown:
        raise PolicyError(f"--margin {unknown[0]}: the table's behaviors are {', '.join(table.behaviors)}")
    if policy_path is not None and not margins:
        raise PolicyError(
            f"{policy_path}: none of its gates is on a behavior of the table ({', '.join(table.behaviors)}); "
            "give margins with --margin BEHAVIOR=MARGIN"
        )
    return margins


def _write_page(
    path: Path,
    name: str,
    found: Any,
    forecasts: Sequence[Forecast] = (),
    critical: Sequence[CriticalWeight] = (),
    points: Sequence[FrontierPoint] = (),
) -> None:
    from seatrial.errors import StoreError
    from seatrial.evidence.rewards.page import render_rewards
    from seatrial.formats.whole_files import write_whole

    write_whole(path, render_rewards(name, found, forecasts, critical, points), StoreError)
