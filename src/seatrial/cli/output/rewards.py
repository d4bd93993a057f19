"""What the commands on rewards print for a person."""

from __future__ import annotations

import math
from collections.abc import Sequence

from seatrial.cli.output.tables import table, wrapped
from seatrial.evidence.rewards.audit import Audit
from seatrial.evidence.rewards.forecast import Forecast
from seatrial.evidence.rewards.frontier import CriticalWeight, FrontierPoint
from seatrial.ledger import Entry
from seatrial.report.wording import percent, ranged

__all__ = ["audit_summary", "forecast_summary", "order_of", "weight_word"]

FRONTIER_SHOWN = 6


def _mix(weights: dict[str, float]) -> str:
    return " + ".join(f"{weight:g}·{name}" for name, weight in weights.items() if weight)


def audit_summary(found: Audit) -> str:
    """Return what an audit says on the terminal."""
    lines = [
        "",
        f"{found.completions:,} completions of {found.prompts:,} prompts. Before: {_mix(found.before)}. "
        f"After: {_mix(found.after)}.",
    ]
    lines.append(wrapped(f"At beta {found.beta:g} {found.needed.sentence}."))
    lines += [wrapped(f"Note: {note}.") for note in found.notes]
    for how, mixes in found.shares.items():
        rows = [(name, ranged(mixes["before"][name]), ranged(mixes["after"][name])) for name in mixes["before"]]
        lines += ["", table((f"share of advantage, {how}", "before", "after"), rows)]
    if found.flips:
        kinds = [(one.kind, str(one.prompts), f"{one.pairs.value:.0%}", f"{one.best.value:.0%}") for one in found.flips]
        lines += ["", table(("kind of prompt", "prompts", "pairs turned around", "another best"), kinds)]
    pulls = [
        (pull.behavior, *[ranged(made) for made in pull.by_signal.values()], ranged(pull.before), ranged(pull.after))
        for pull in found.pulls
    ]
    names = [f"by {name}" for name in found.pulls[0].by_signal]
    lines += ["", table((f"influence (beta {found.beta:g})", *names, "mix before", "mix after"), pulls), ""]
    return "\n".join([*lines, *[wrapped(f"- {pull.sentence}", "  ") for pull in found.pulls]])


def forecast_summary(
    forecasts: Sequence[Forecast],
    critical: Sequence[CriticalWeight],
    points: Sequence[FrontierPoint],
    notes: Sequence[str] = (),
) -> str:
    """Return what a forecast says on the terminal."""
    lines = ["", *[wrapped(f"Note: {note}.") for note in notes]]
    for one in forecasts:
        lines += ["", f"{one.mix}: {_mix(one.weights)}, beta {one.beta:g}"]
        if one.refusal:
            lines.append(wrapped(f"REFUSED: {one.refusal}"))
        shown = one.path[-1] if one.refusal and one.path else one.wanted
        if one.refusal and not one.path:
            continue
        best = one.best_of[-1] if one.best_of else None
        head = ("change of", f"at {shown.strength:.2g} of the mix", f"best of {best.n}" if best else "best of n")
        rows = [(name, ranged(made), ranged(best.shifts[name]) if best else "–") for name, made in shown.shifts.items()]
        rows += [
            (f"reward {name}", ranged(made), ranged(best.gains[name]) if best else "–")
            for name, made in shown.gains.items()
        ]
        lines.append(table(head, rows))
        lines.append(
            f"The model moves by {shown.kl:.2f} nats (KL); about {shown.effective:.1f} completions a prompt bear this."
        )
    if critical:
        weights = [
            (
                f"{one.behavior} (margin {one.margin:g})",
                one.signal,
                *map(weight_word, (one.unproven, one.estimate, one.fails)),
            )
            for one in critical
        ]
        lines += ["", table(("gate", "weight of", "not sure from", "crossed at", "fails from"), weights)]
        searched = [one.searched for one in critical if not math.isnan(one.searched)]
        lines.append(
            f"Weights were searched up to {max(searched):.3g}; – is beyond that."
            if searched
            else "No weight could be searched: the completions bear none of them."
        )
    kept = sorted((one for one in points if one.holds and one.best), key=lambda one: -one.gain.value)
    if points and not kept:
        lines += ["", "No mix near these keeps every gate."]
    if kept:
        rows = [
            (_mix(one.weights), ranged(one.gain), f"{percent(one.worst)} of {one.behavior}")
            for one in kept[:FRONTIER_SHOWN]
        ]
        lines += ["", table(("mixes that keep every gate", "gain of the new signal", "nearest gate used"), rows)]
    return "\n".join(lines)


def order_of(planned: bool, late: Sequence[Entry]) -> str:
    """Return the end of a sentence on a forecast's entry: whether a training on its plan came before it."""
    if not planned:
        return "; without a plan nobody can tell whether a training came before."
    if not late:
        return ", before any training on this plan."
    entered = ", ".join(str(one.number) for one in late)
    return f", AFTER a training on this plan (entry {entered}): it forecasts nothing."


def weight_word(value: float) -> str:
    """Return a weight with three digits, a dash where there is none."""
    return "–" if math.isnan(value) else f"{value:.3g}"
