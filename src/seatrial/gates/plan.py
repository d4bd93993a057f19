"""What to ask: every gate of a policy turned into a signal, its items, and an order of clusters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from seatrial.errors import PolicyError
from seatrial.formats.nearest import did_you_mean
from seatrial.gates.recorded_items import check_labels, recorded_items
from seatrial.gates.schedule import MOST_DRAWS, TIMES_ITS_PART, Method, method_of, most_asked
from seatrial.gates.summary_figures import check_summary
from seatrial.instruments import (
    Signal,
    declared_signal,
    harmful_end,
    judged_signal,
    rated_signal,
    suite_signal,
)
from seatrial.instruments.judges import Judge
from seatrial.instruments.may_gate import UNKNOWN, Standing, on_trust, standing
from seatrial.instruments.records import Records
from seatrial.models.base import Model, RecordedModel
from seatrial.policy import Gate, LaunchPolicy, SignalSpec, SummarySpec, margin_fits
from seatrial.runs.directions import against_its_name
from seatrial.stats.seeding import generator
from seatrial.suites import Suite, find_suites, load_suite, with_held_out
from seatrial.suites.rewrite import rewrite
from seatrial.types import ROLES, Item, Request, Role

if TYPE_CHECKING:
    import polars as pl

__all__ = ["GatePlan", "plan_gates", "with_most"]

Source = Literal["live", "recorded", "evidence", "summary"]


@dataclass(frozen=True, slots=True)
class GatePlan:
    """One gate, ready to be asked.

    Attributes:
        gate: The gate as the policy has it.
        signal: What turns answers into observations.
        source: `live` is asked in rounds; `recorded` is read at once; `evidence` was observed elsewhere;
            `summary` are two means of which no more is known.
        clusters: Items by cluster, in the order in which they are asked; empty for evidence.
        max_tokens: Longest answer to ask for.
        top_logprobs: First-token alternatives to ask for; 0 where the instrument reads text.
        suite: The suite asked, where there is one.
        standing: What its instrument's record lets it do.
        at_once: Answers asked of each item and model each time that its cluster is asked.
        depth: How often a cluster may be asked, at most.
        most: Answers to a cluster that are asked at most, all of them together: a cluster asked twice counts twice.
        family: The gate on a family that it is a part of; empty where it stands alone.
        summary: The figures, where its source is `summary`.
        recorded: Of a model that is recorded: item → how many answers it holds. All of them are read.
    """

    gate: Gate
    signal: Signal
    source: Source
    clusters: tuple[tuple[Item, ...], ...] = ()
    max_tokens: int = 64
    top_logprobs: int = 0
    suite: Suite | None = None
    standing: Standing = UNKNOWN
    at_once: int = 1
    depth: int = 1
    most: int = 0
    family: str = ""
    recorded: Mapping[Role, Mapping[str, int]] = field(default_factory=dict)
    summary: SummarySpec | None = None

    @property
    def answers_to(self) -> str:
        """Signal of the policy's gate that it is asked for: its family's, or its own."""
        return self.family or self.gate.signal

    @property
    def items(self) -> list[Item]:
        """All items, in the order in which they are asked."""
        return [item for cluster in self.clusters for item in cluster]

    @property
    def calls(self) -> int:
        """Calls that asking every cluster once takes, on all models that answer live."""
        return len(self.items) * self.at_once * (len(ROLES) - len(self.recorded))

    @property
    def method(self) -> Method:
        """How it is weighed: live gates one look after another, by the rule of `gates.schedule`; others once."""
        if self.source != "live":
            return "fixed"
        return method_of(self.most, self.depth, bool(self.family))

    def asks(self, first: int, last: int) -> list[tuple[Role, Request]]:
        """Return what to ask from one place of the order up to and without another, both models side by side.

        The order asks all clusters once before it asks one again. Recorded answers are all read the first time.
        """
        made = []
        for place in range(first, last):
            time, cluster = divmod(place, len(self.clusters))
            live = range(time * self.at_once, (time + 1) * self.at_once)
            for item in self.clusters[cluster]:
                drawn = {role: range(self._held(role, item)) if time == 0 else () for role in self.recorded}
                wanted = {role: drawn.get(role, live) for role in ROLES}
                for number in sorted({draw for draws in wanted.values() for draw in draws}):
                    request = Request(item, number, self.max_tokens, self.top_logprobs)
                    made += [(role, request) for role in ROLES if number in wanted[role]]
        return made

    def _held(self, role: Role, item: Item) -> int:
        return max(1, self.recorded[role].get(item.id, 0))


def plan_gates(
    policy: LaunchPolicy,
    models: Mapping[Role, Model],
    evidence: pl.DataFrame | None,
    records: Records,
    judge: Callable[[str, Suite], Judge] | None = None,
) -> tuple[GatePlan, ...]:
    """Return one plan a signal, in the policy's order: of a gate on a family, one for each of its suites.

    Observations brought as evidence serve a gate before anything is asked for it; then signals that the
    policy declares over transcripts; then suites.

    Args:
        policy: The policy.
        models: Both models, open or not; none where the policy compares scores.
        evidence: Observations that were brought.
        records: What is known of instruments.
        judge: Gives the judge of a name for a suite's rubric.

    Raises:
        PolicyError: a gate's signal exists nowhere, or its margin or limit does not fit its scale.
        SuiteError: a suite that a gate needs is broken.
        EvidenceError: two transcripts share no item that a gate could compare.
    """
    brought = {} if evidence is None else _brought(evidence)
    suites = find_suites(policy.suites)
    plans: list[GatePlan] = []
    for gate in policy.gates:
        if gate.family:
            plans += _family_plans(policy, gate, models, brought, suites, judge)
        else:
            plans.append(_plan_gate(policy, gate, models, brought, suites, judge))
    _check_alone(plans)
    plans = [_completed(plan, policy, records, models) for plan in plans]
    for plan in plans:
        _check_scale(plan)
    _check_openings(policy, {item.variant for plan in plans for item in plan.items})
    return with_most(policy, plans)


def _family_plans(
    policy: LaunchPolicy,
    gate: Gate,
    models: Mapping[Role, Model],
    brought: Mapping[str, Sequence[str]],
    suites: Mapping[str, Path],
    judge: Callable[[str, Suite], Judge] | None,
) -> list[GatePlan]:
    """Return one plan for each suite of a family, each with the margin that keeps harm in it from hiding."""
    loaded = {name: load_suite(folder) for name, folder in suites.items()}
    members = sorted(name for name, suite in loaded.items() if suite.family == gate.family)
    names = gate.suites or (members if models else [name for name in members if name in brought])
    if not names and members:
        raise PolicyError(f"gate {gate.signal}: the evidence holds none of its suites: {', '.join(members)}")
    if not names:
        known = ", ".join(sorted({suite.family for suite in loaded.values()} - {""}))
        raise PolicyError(
            f"gate {gate.signal}: no suite belongs to the family {gate.family}; there are {known}. A suite joins one "
            "by `family:` in its suite.md, or name `suites:` in the gate"
        )
    made = []
    for name in names:
        judged = (gate.instrument or "").startswith("judge/") and name in loaded
        reads = gate.instrument if judged and _has_rubric(loaded[name]) else None
        if gate.instrument and not judged:
            reads = gate.instrument
        member = Gate(signal=name, margin=1e-9, advisory=gate.advisory, trust=gate.trust, instrument=reads)
        plan = _plan_gate(policy, member, models, brought, suites, judge)
        low, high = plan.signal.bounds
        margin = cast(float, gate.suite_margin) * (high - low)
        made.append(replace(plan, gate=member.model_copy(update={"margin": margin}), family=gate.signal))
    return made


def _has_rubric(suite: Suite) -> bool:
    """Return whether a judge can grade it: answers that are compared with accepted ones need none."""
    return not all(name.startswith("match/") for name in suite.instruments)


def _check_alone(plans: Sequence[GatePlan]) -> None:
    """Refuse a suite that two gates ask."""
    seen: dict[str, str] = {}
    for plan in plans:
        name = plan.gate.signal
        if name in seen:
            raise PolicyError(
                f"{name} is asked by {seen[name]} and by {plan.family or 'a gate of its own'}; leave one out, or name "
                "the `suites:` of the family without it"
            )
        seen[name] = plan.family or "a gate of its own"


def _completed(plan: GatePlan, policy: LaunchPolicy, records: Records, models: Mapping[Role, Model]) -> GatePlan:
    """Return the plan with what its instrument may do and how often its items may be asked."""
    instrument = plan.signal.instrument
    varies = plan.source == "live" and policy.samples and instrument.needs == "text"
    depth = MOST_DRAWS if varies and policy.draws == "auto" else 1
    at_once = policy.draws if varies and policy.draws != "auto" else 1
    models_by_name = (policy.baseline.model, "baseline"), (policy.candidate.model, "candidate")
    held: dict[Role, dict[str, int]] = {
        role: {item.id: len(model.answers(item)) for item in plan.items}
        for role, model in models.items()
        if isinstance(model, RecordedModel)
    }
    serves = instrument.suite.signal if isinstance(instrument, Judge) else plan.signal.name
    known = on_trust(standing(instrument, serves, records, models_by_name), plan.gate.trust or "")
    return replace(plan, standing=known, at_once=at_once, depth=depth, most=len(plan.clusters), recorded=held)


def with_most(policy: LaunchPolicy, plans: Sequence[GatePlan]) -> tuple[GatePlan, ...]:
    """Return the plans with the most that each may ask, which its looks are shares of.

    A gate may take several times its part of the budget, for most gates are decided long before. What may only advise
    is asked once.
    """
    counting = {plan.answers_to for plan in plans if _counts(plan)}
    sizes = Counter(plan.answers_to for plan in plans if plan.source == "live")
    made = []
    for plan in plans:
        if plan.source != "live" or not plan.clusters:
            made.append(plan)
            continue
        depth = plan.depth if _counts(plan) else 1
        part = min(1.0, TIMES_ITS_PART / max(1, len(counting))) / sizes[plan.answers_to]
        most = most_asked(len(plan.clusters), depth, plan.calls, part * policy.budget.calls)
        made.append(replace(plan, depth=depth, most=most))
    return tuple(made)


def _counts(plan: GatePlan) -> bool:
    return plan.source == "live" and plan.gate.blocking and plan.standing.may_gate


def _check_openings(policy: LaunchPolicy, variants: set[str]) -> None:
    """Refuse words for the answers to a variant that no item has."""
    for spec in (policy.baseline, policy.candidate):
        for variant in spec.opening if isinstance(spec.opening, dict) else ():
            if variant not in variants:
                known = ", ".join(sorted(variants - {""})) or "none"
                raise PolicyError(f"opening: no item that is asked has the variant {variant!r}; there are: {known}")


def _brought(evidence: pl.DataFrame) -> dict[str, list[str]]:
    """Return the signals of an evidence file, each with its sources."""
    named = evidence.select("signal", "source").unique()
    found: dict[str, list[str]] = {}
    for signal, source in named.with_columns(named["signal"].cast(str), named["source"].cast(str)).iter_rows():
        found.setdefault(signal, []).append(source)
    return found


def _plan_gate(
    policy: LaunchPolicy,
    gate: Gate,
    models: Mapping[Role, Model],
    brought: Mapping[str, Sequence[str]],
    suites: Mapping[str, Path],
    judge: Callable[[str, Suite], Judge] | None,
) -> GatePlan:
    spec = policy.signals.get(gate.signal)
    if gate.signal in brought or (spec is not None and gate.signal not in suites):
        undeclared = spec is None or spec.harmful is None
        if undeclared and (odd := against_its_name(gate.signal, harmful_end(gate.signal, spec))):
            raise PolicyError(f"gate {odd}")
    if gate.signal in brought:
        return GatePlan(gate, rated_signal(gate.signal, spec or SignalSpec(), brought[gate.signal]), "evidence")
    if spec is not None and spec.summary is not None:
        check_summary(gate)
        return GatePlan(gate, declared_signal(gate.signal, spec), "summary", summary=spec.summary)
    if spec is not None and (spec.column or spec.instrument):
        return _recorded_plan(policy, gate, spec, models, _reading(gate.signal, spec, suites, judge))
    if gate.signal in suites and models:
        suite = with_held_out(load_suite(suites[gate.signal]), policy.held_out)
        return _suite_plan(policy, gate, models, suite, judge)
    known = sorted({*suites, *brought, *policy.signals})
    raise PolicyError(_unknown_signal(gate.signal, known, bool(models)))


def _unknown_signal(name: str, known: Sequence[str], asks: bool) -> str:
    hint = did_you_mean(name, known, f"known here: {', '.join(known)}.")
    source = "" if asks else " (scores hold no answers, so suites cannot be asked)"
    return f"gate {name}: no suite, evidence file or `signals:` entry provides it{source}; {hint}"


def _suite_plan(
    policy: LaunchPolicy,
    gate: Gate,
    models: Mapping[Role, Model],
    suite: Suite,
    judge: Callable[[str, Suite], Judge] | None,
) -> GatePlan:
    available = min(model.logprobs for model in models.values())
    kind, _, name = (gate.instrument or "").partition("/")
    if kind == "judge" and judge is not None:
        signal = judged_signal(suite, judge(name, suite))
    else:
        signal = suite_signal(suite, gate.instrument, available > 0)
    probes = signal.instrument.needs == "logprobs"
    live = any(model.live for model in models.values())
    return GatePlan(
        gate,
        signal,
        "live" if live else "recorded",
        _with_twins(_clusters(suite.items, policy.seed, gate.signal), policy, gate, models),
        1 if probes else suite.max_tokens,
        available if probes else 0,
        suite,
    )


def _reading(
    name: str, spec: SignalSpec, suites: Mapping[str, Path], judge: Callable[[str, Suite], Judge] | None
) -> Signal:
    """Return the signal over recorded answers: their labels, an instrument's readings, or a judge's by a rubric."""
    if spec.rubric is None or judge is None:
        return declared_signal(name, spec)
    if spec.rubric not in suites:
        hint = did_you_mean(spec.rubric, suites, "`suites:` names the folder of your own.")
        raise PolicyError(f"signals: {name}: no suite {spec.rubric} whose rubric to grade by; {hint}")
    suite = load_suite(suites[spec.rubric])
    if not _has_rubric(suite):
        raise PolicyError(f"signals: {name}: {spec.rubric} compares answers with accepted ones and has no rubric.")
    return replace(judged_signal(suite, judge((spec.instrument or "").partition("/")[2], suite)), name=name)


def _recorded_plan(
    policy: LaunchPolicy, gate: Gate, spec: SignalSpec, models: Mapping[Role, Model], signal: Signal
) -> GatePlan:
    """Plan a gate over the transcripts' own items: those that either file holds and `where` selects."""
    if not models or any(model.live for model in models.values()):
        raise PolicyError(
            f"signals: {gate.signal}: `column` and `instrument` read recorded answers, so baseline and "
            "candidate must both be transcripts/PATH"
        )
    items = recorded_items(gate.signal, spec, cast(Mapping[Role, RecordedModel], models))
    if spec.column is not None:
        check_labels(signal, items, models)
    return GatePlan(gate, signal, "recorded", _clusters(items, policy.seed, gate.signal))


def _clusters(items: Sequence[Item], seed: int, name: str) -> tuple[tuple[Item, ...], ...]:
    """Return the items by cluster, clusters in a random order that only the seed and the signal decide."""
    by_cluster: dict[str, list[Item]] = {}
    for item in items:
        by_cluster.setdefault(item.cluster, []).append(item)
    names = sorted(by_cluster)
    order = generator(seed, "order", name).permutation(len(names))
    return tuple(tuple(by_cluster[names[index]]) for index in order)


def _with_twins(
    clusters: tuple[tuple[Item, ...], ...], policy: LaunchPolicy, gate: Gate, models: Mapping[Role, Model]
) -> tuple[tuple[Item, ...], ...]:
    """Return the clusters, a share of them with a twin of each item in a wording that only this candidate gets."""
    if policy.rewritten == 0.0 or not models["candidate"].live:
        return clusters
    rng = generator(policy.seed, "rewritten", gate.signal, models["candidate"].identity)
    chosen = rng.random(len(clusters)) < policy.rewritten
    return tuple(
        (*cluster, *rewrite(cluster, rng)) if again else cluster
        for cluster, again in zip(clusters, chosen, strict=True)
    )


def _check_scale(plan: GatePlan) -> None:
    """Refuse a margin or a limit that the signal's scale cannot hold."""
    low, high = plan.signal.bounds
    if not margin_fits(plan.gate.margin, plan.signal.bounds):
        raise PolicyError(
            f"gate {plan.gate.signal}: a margin of {plan.gate.margin:g} is outside what this signal can show: its "
            f"values lie in [{low:g}, {high:g}], so the margin must be below {high - low:g}"
        )
    if plan.gate.limit is not None and not low <= plan.gate.limit <= high:
        raise PolicyError(
            f"gate {plan.gate.signal}: the limit {plan.gate.limit:g} is outside the signal's scale [{low:g}, {high:g}]"
        )
