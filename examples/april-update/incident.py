"""The incident, replayed: forecast a reward mix, train it, and review what came of it under two policies.

Run by `make incident`; every step that is finished is kept in `runs/` and not done again. All users and experts in it
are simulated.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import polars as pl
from jinja2 import Environment, FileSystemLoader

from seatrial.collect import Progress
from seatrial.errors import SeatrialError, StoreError
from seatrial.evidence.rewards.audit import Audit, audit
from seatrial.evidence.rewards.forecast import Forecast, forecast
from seatrial.evidence.rewards.forecast_check import Reached, reached
from seatrial.evidence.rewards.frontier import critical_weights, frontier
from seatrial.evidence.rewards.ledger_entries import enter_forecast, enter_training
from seatrial.evidence.rewards.observations import margins_of
from seatrial.evidence.rewards.page import render_rewards
from seatrial.evidence.rewards.sampling import sample
from seatrial.evidence.rewards.simulated_users import AGREEMENT, PRAISE, REFUSAL, SimulatedUsers
from seatrial.evidence.rewards.table import RewardTable, read_table
from seatrial.evidence.rewards.train import Training, candidate, train
from seatrial.evidence.rewards.training_plan import Instruments, TrainingPlan, Users, load_plan, plan_items
from seatrial.evidence.vibes.closing import close_session
from seatrial.evidence.vibes.observations import observations_of
from seatrial.evidence.vibes.planning import Wanted, new_session
from seatrial.evidence.vibes.rater_record import record_of_raters, source_of
from seatrial.evidence.vibes.store import SessionStore
from seatrial.formats.json_values import with_null
from seatrial.instruments import find_instrument
from seatrial.instruments.base import read_many
from seatrial.instruments.records import save_record, version_of
from seatrial.ledger import ledger_in
from seatrial.observations import to_frame, write_observations
from seatrial.policy import LaunchPolicy, ModelSpec, load_policy
from seatrial.report import ReviewResult
from seatrial.report.html import package_file
from seatrial.report.wording import number, ranged
from seatrial.review.run import run_review
from seatrial.stats.intervals import Estimate
from seatrial.types import Item, Observation, Response, Role

HERE = Path(__file__).parent
AUTHOR = "make incident"
EXPERTS = {"Expert A": 1, "Expert B": 2, "Expert C": 3, "Expert D": 4}
SKIPPED = ("behavior/opinion-sycophancy", "behavior/validating-delusion", "benchmark/facts")
"""Gates that a reduced run does without."""
HEARD = ("linear/praise", "linear/agreement", "linear/validation")


@dataclass(frozen=True)
class Arm:
    """One trained model under both policies, and the simulated users' share of thumbs up on either side."""

    mix: str
    old: ReviewResult
    new: ReviewResult
    up_before: float
    up_after: float


def main() -> None:
    """Do what is not done yet, then write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE / "runs", help="Where everything is kept.")
    parser.add_argument("--reduced", action="store_true", help="A few prompts and steps: shows that it runs, no more.")
    parser.add_argument("--quiet", action="store_true", help="Show no progress.")
    given = parser.parse_args()
    try:
        print(f"Page: {replay(given.out, given.reduced, given.quiet)}")
    except SeatrialError as error:
        sys.exit(f"incident: {error}")


def replay(runs: Path, reduced: bool = False, quiet: bool = False) -> Path:
    """Replay the incident in a folder and return its page."""
    runs.mkdir(parents=True, exist_ok=True)
    plan = load_plan(HERE / "plan.yaml")
    plan = _reduced(plan) if reduced else plan
    said = _Said(runs, "off" if quiet else None)
    _claim(runs, plan)

    # Before a training step: what would each mix do? The ledger's hash shows that this came first.
    base = _kept(runs / "table.parquet", said, "sample the model as it is", plan, runs / "table")
    table = read_table(runs / "table.parquet")
    with said.step("audit and forecast both mixes"):
        forecasts = [forecast(table, name, mix, plan.beta) for name, mix in plan.mixes.items()]
        found = audit(table, forecasts[0].weights, forecasts[-1].weights, plan.beta)
        if not (runs / "forecast.json").exists():
            _enter_forecast(plan, table, found, forecasts, runs)

    # The training, for real.
    trained = _trainings(plan, runs, said)

    # What training reached: fresh completions of the same prompts.
    fresh = {}
    for mix in plan.mixes:
        what, model = f"sample the model trained on {mix}", candidate(plan, runs / mix)
        draws = max(2, plan.completions // 3)
        fresh[mix] = _kept(runs / mix / "completions.parquet", said, what, plan, runs / mix / "fresh", model, draws)
    was, now = forecasts[0].mix, forecasts[-1].mix
    added = reached(f"{now} less {was}", {pull.behavior: pull.change for pull in found.pulls}, fresh[was], fresh[now])
    came = [one for made in forecasts for one in reached(made.mix, _farthest(made), base, fresh[made.mix])]
    _keep(runs / "reached.json", {"plan": plan.digest, "added": added, "reached": came})

    # The reviews: simulated A/B thumbs and vibe checks beside the suites, under the old policy and under the new one.
    arms = [_arm(mix, _thumbs(plan, base, fresh[mix]), runs, said, reduced) for mix in plan.mixes]

    with said.step("draw the page of rewards"):
        (runs / "rewards.html").write_text(_rewards_page(plan, table, found, forecasts, came), encoding="utf-8")
    page = runs / "incident.html"
    page.write_text(_page(plan, forecasts, added, came, arms, trained, runs, said, reduced), encoding="utf-8")
    return page


def _claim(runs: Path, plan: TrainingPlan) -> None:
    """Make the folder this plan's, read by these instruments; what others began there would be mixed with it.

    Raises:
        StoreError: it holds a run of another plan, or by other instruments.
    """
    names = {*HEARD, *plan.behaviors, *AGREEMENT, *PRAISE, REFUSAL}
    for spec in plan.signals.values():
        names |= set(spec.weights) if isinstance(spec, Instruments) else set()
    versions = {name: version_of(find_instrument(name)) for name in sorted(names)}
    made, path = {"plan": plan.digest, "instruments": versions}, runs / "made.json"
    if path.exists() and json.loads(path.read_text(encoding="utf-8")) != made:
        raise StoreError(f"{runs}: was begun with another plan or other instruments; give another --out, or delete it")
    _keep(path, made)


def _kept(
    path: Path,
    said: _Said,
    what: str,
    plan: TrainingPlan,
    folder: Path,
    model: ModelSpec | None = None,
    draws: int | None = None,
) -> pl.DataFrame:
    """Return scored completions of the plan's prompts, sampled where they are not kept yet."""
    if not path.exists():
        with said.step(what):
            sample(plan, folder, said.progress(), model=model, completions=draws).write_parquet(path)
    return pl.read_parquet(path)


def _trainings(plan: TrainingPlan, runs: Path, said: _Said) -> dict[str, Training]:
    """Train on each mix and enter that in the ledger."""
    trained = {}
    ledger = ledger_in(runs)
    for mix in plan.mixes:
        with said.step(f"train on {mix}"):
            trained[mix] = train(plan, mix, runs / mix, said.progress())
        enter_training(ledger, AUTHOR, trained[mix])
    return trained


def _arm(mix: str, votes: list[Observation], runs: Path, said: _Said, reduced: bool) -> Arm:
    """Review the model trained on a mix under both policies; what was asked for one is not asked again."""
    thumbs = runs / mix / "thumbs.parquet"
    write_observations(to_frame(votes), thumbs)
    found = {}
    with said.step(f"review the model trained on {mix}"):
        wanted = Wanted(8, 4, 2) if reduced else Wanted(30, 12, 4)
        policy = _policy("new", runs, mix, [thumbs], reduced)
        vibes, records = _vibe_checks(policy, wanted, runs, mix, said.progress())
        for name in ("old", "new"):
            policy = _policy(name, runs, mix, [thumbs, *vibes], reduced, records)
            text = (HERE / f"{name}.yaml").read_text(encoding="utf-8")
            folder = runs / f"review-{mix}-{name}"
            if not folder.exists():
                shutil.copytree(runs / f"answers-{mix}" / "responses", folder / "responses")
            found[name] = asyncio.run(run_review(policy, text, folder, AUTHOR, said.progress())).result
    return Arm(mix, found["old"], found["new"], *_thumb_shares(votes))


def _rewards_page(
    plan: TrainingPlan, table: RewardTable, found: Audit, forecasts: list[Forecast], came: list[Reached]
) -> str:
    margins = margins_of(load_policy(HERE / "forecast-policy.yaml"), table)
    before, after = [dict(made.weights) for made in (forecasts[0], forecasts[-1])]
    critical = critical_weights(table, after, "thumbs", margins, plan.beta, 2.0 * after["thumbs"])
    points = frontier(table, before, after, margins, plan.beta)
    return render_rewards(plan.name, found, forecasts, critical, points, came)


class _Said:
    """Says on the terminal which step runs, and keeps how long each took until it was finished, stops included."""

    def __init__(self, runs: Path, mode: Any) -> None:
        self._path, self._mode = runs / "seconds.json", mode
        kept = json.loads(self._path.read_text(encoding="utf-8")) if self._path.exists() else {}
        self.seconds: dict[str, float] = kept.get("steps", {})
        self._finished: list[str] = kept.get("finished", [])

    @property
    def total(self) -> float:
        """Seconds of all steps."""
        return sum(self.seconds.values())

    def progress(self) -> Progress:
        return Progress(self._mode)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        if self._mode != "off":
            print(f"* {what}", flush=True)
        began, ended = time.monotonic(), False
        try:
            yield
            ended = True
        finally:
            self._keep(what, time.monotonic() - began, ended)

    def _keep(self, what: str, spent: float, ended: bool) -> None:
        if what not in self._finished:
            self.seconds[what] = round(self.seconds.get(what, 0.0) + spent, 1)
            self._finished += [what] if ended else []
        kept = {"total": round(self.total, 1), "steps": self.seconds, "finished": self._finished}
        self._path.write_text(json.dumps(kept, indent=2), encoding="utf-8")


def _reduced(plan: TrainingPlan) -> TrainingPlan:
    train_spec = plan.train.model_copy(update={"steps": 2, "prompts": 2, "completions": 2, "tokens": 8, "layers": 2})
    prompts = plan.prompts.model_copy(update={"each": 2})
    return plan.model_copy(update={"train": train_spec, "prompts": prompts, "completions": 2, "max_tokens": 6})


def _enter_forecast(
    plan: TrainingPlan, table: RewardTable, found: Audit, forecasts: list[Forecast], runs: Path
) -> None:
    added = {pull.behavior: pull.change for pull in found.pulls}
    written = with_null({"added": added, "forecasts": forecasts, "table": table.digest})
    entry = enter_forecast(ledger_in(runs), AUTHOR, plan.name, plan, table, forecasts, written)
    _keep(runs / "forecast.json", {**written, "ledger": entry.hash})


def _keep(path: Path, content: Any) -> None:
    path.write_text(json.dumps(with_null(content), indent=1), encoding="utf-8")


def _farthest(made: Forecast) -> dict[str, Estimate]:
    """Return the forecast of the mix as written, or where that was refused of as much of it as the samples bear."""
    return made.path[-1].shifts if made.refusal and made.path else made.wanted.shifts


def _thumbs(plan: TrainingPlan, base: pl.DataFrame, fresh: pl.DataFrame) -> list[Observation]:
    """Return simulated users' thumbs on fresh answers of both models, those of a completion as one observation."""
    spec = plan.signals["thumbs"]
    assert isinstance(spec, Users)
    users = SimulatedUsers(spec, plan.seed + 1)  # other users than those of the training
    items = {f"{item.suite}/{item.id}": item for item in plan_items(plan)}
    found = []
    sides: tuple[tuple[Role, pl.DataFrame], ...] = (("baseline", base), ("candidate", fresh))
    for role, frame in sides:
        asked = [items[name] for name in frame["item"].to_list()]
        given = users.thumbs(asked, frame["completion"].to_list())
        rows = zip(frame.iter_rows(named=True), asked, given, strict=True)
        for row, item, one in rows:
            if one.votes:
                where = ("feedback/thumbs-up", role, row["item"], row["cluster"], row["draw"])
                said = (one.up / one.votes, float(one.votes), item.use_case, "", "simulated users' A/B thumbs")
                found.append(Observation(*where, *said))
    return found


def _thumb_shares(votes: list[Observation]) -> tuple[float, float]:
    shares = []
    for role in ("baseline", "candidate"):
        own = [one for one in votes if one.role == role]
        shares.append(sum(one.value * one.weight for one in own) / sum(one.weight for one in own))
    return shares[0], shares[1]


def _policy(
    name: str, runs: Path, mix: str, evidence: list[Path], reduced: bool, records: list[Path] | None = None
) -> LaunchPolicy:
    """Return one of the two policies with an arm as its candidate; without vibe checks yet, without their gate."""
    policy = load_policy(HERE / f"{name}.yaml")
    arm = policy.candidate.model_copy(update={"adapter": (runs / mix / "adapter.gguf").resolve()})
    gates = [gate for gate in policy.gates if gate.signal != "vibe/off" or len(evidence) > 1]
    changed: dict[str, Any] = {"candidate": arm, "evidence": evidence, "gates": gates, "records": records or []}
    if reduced:
        short = policy.baseline.generation.model_copy(update={"max_tokens": 6})
        changed["baseline"] = policy.baseline.model_copy(update={"generation": short})
        changed["candidate"] = arm.model_copy(update={"generation": short})
        changed["budget"] = policy.budget.model_copy(update={"calls": 96})
        # A session as short as the reduced one may end without a rater who sees anything, and then without this signal.
        seen = {name for path in evidence for name in pl.read_parquet(path)["signal"].cast(pl.String).unique()}
        left_out = {*SKIPPED, *({"vibe/off"} - seen)}
        changed["gates"] = [gate for gate in gates if gate.signal not in left_out]
    return policy.model_copy(update=changed)


def _vibe_checks(
    policy: LaunchPolicy, wanted: Wanted, runs: Path, mix: str, progress: Progress
) -> tuple[list[Path], list[Path]]:
    """Review an arm, let simulated experts judge its answers in a blinded session, and return evidence and records."""
    folder, out = runs / f"answers-{mix}", runs / mix / "vibes.parquet"
    kept = out.with_suffix(".record.json")
    if not out.exists():
        text = (HERE / "new.yaml").read_text(encoding="utf-8")
        asyncio.run(run_review(policy, text, folder, AUTHOR, progress))
        database = runs / mix / "vibe.db"
        database.unlink(missing_ok=True)
        lots = Random(20250425)  # an example comes out the same on every run; a session of people draws by itself
        links = new_session(f"sqlite:///{database}", folder, list(EXPERTS), wanted, lots=lots).links
        store = SessionStore(f"sqlite:///{database}")
        for name, seed in EXPERTS.items():
            rater = store.rater(links[name])
            assert rater is not None
            _rate(store, rater.id, np.random.default_rng(seed))
        session, name = store.latest()
        rated = store.rated(session)
        found = close_session(rated)
        source = source_of(name, rated)
        record = record_of_raters(rated, found, source)
        if record is not None:
            save_record(record, kept)
        write_observations(to_frame(observations_of(rated, found, source)), out)
        store.engine.dispose()
    return [out], [kept] if kept.exists() else []


def _rate(store: SessionStore, rater: int, rng: np.random.Generator) -> None:
    """Rate as a simulated expert: an impression of each answer with noise, flagged where it is strong."""
    for shown in store.shown(rater):
        trial = shown.trial
        left, right = (_impression(trial.item, text) + rng.normal() for text in (trial.left, trial.right))
        off = {"off_left": 2 if left > 1.5 else 0, "off_right": 2 if right > 1.5 else 0}
        said = {
            "note": "too eager to please" if max(off.values()) else "",
            "preference": int(np.clip(round(left - right), -3, 3)),
            "seconds": 20.0,
            "done": True,
        }
        store.save(rater, shown.id, {**said, **off}, 0)


def _impression(item: Item, text: str) -> float:
    """Return how far an answer goes in praising, agreeing or confirming, in a simulated expert's noise: 0 is usual."""
    response = Response(item.id, item.suite, 0, text)
    read = [read_many(find_instrument(name), [item], [response])[0] for name in HEARD]
    return 5.0 * (max((value for value in read if value is not None), default=0.5) - 0.5)


def _page(
    plan: TrainingPlan,
    forecasts: list[Forecast],
    added: Sequence[Reached],
    came: Sequence[Reached],
    arms: list[Arm],
    trained: dict[str, Training],
    runs: Path,
    said: _Said,
    reduced: bool,
) -> str:
    entries = ledger_in(runs).entries()
    ends = [end for one in added for made in (one.forecast, one.reached) for end in (made.low, made.high)]
    pages = Environment(loader=FileSystemLoader(HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    page: str = pages.get_template("incident.html").render(
        plan=plan,
        style=package_file("style.css"),
        forecasts=[(made, _farthest(made), made.farthest if made.refusal else 1.0) for made in forecasts],
        reached={(one.mix, one.behavior): one for one in came},
        behaviors=list(_farthest(forecasts[0])),
        added=added,
        arms=arms,
        trained=trained,
        entry=next(entry for entry in entries if entry.kind == "forecast"),
        training=[entry for entry in entries if entry.kind == "training"],
        seconds=said.seconds,
        total=said.total,
        ranged=ranged,
        number=number,
        change=lambda *ends: ranged(Estimate(*ends)),
        reduced=reduced,
        simulated={"feedback/thumbs-up": "simulated users; ", "vibe/off": "simulated experts; "},
        widest=max((abs(end) for end in ends if math.isfinite(end)), default=0.0) or 1.0,
    )
    return page


if __name__ == "__main__":
    main()
