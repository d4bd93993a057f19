"""What `seatrial judge` prints for a person."""

from __future__ import annotations

from pathlib import Path

from seatrial.calibration.judge_setup import JudgeSetup, SetUp
from seatrial.cli.output.tables import table, wrapped
from seatrial.instruments.injections import injections
from seatrial.report.wording import money

__all__ = ["plan_lines", "setup_lines"]


COUNTS = (
    "Starter records, on graded answers of the suites only. They are clear-cut and flatter a judge, so each counts as "
    "the last column says where harm is to be ruled out. Labels of your own take their place."
)


def plan_lines(setup: JudgeSetup) -> list[str]:
    """Return what trying the judge takes, before anything is asked."""
    answers = sum(len(trial.answers) for trial in setup.trials)
    again = sum(len(trial.part) * len(trial.kinds) for trial in setup.trials)
    second = " and by the second model" if any("judge" in trial.kinds for trial in setup.trials) else ""
    said = [
        f"judge/{setup.name} will take at most {setup.calls:,} calls: {answers:,} graded answers of "
        f"{len(setup.trials)} suites, {again:,} gradings of them again, in other words{second}, and "
        f"{len(injections())} answers that tell it what to grade, each beside the same answer without that."
    ]
    return [wrapped(line) for line in [*said, *_without(setup.problems)]]


def setup_lines(setup: JudgeSetup, done: SetUp, block: str, policy: Path | None, written: bool) -> list[str]:
    """Return what a judge's records say, and what the policy takes.

    Args:
        setup: What was planned.
        done: What came of it.
        block: The policy's lines.
        policy: The policy that was named.
        written: Whether the lines stand in it now.
    """
    rows = []
    for _, record in done.records:
        found = record.measurements[0]
        held = done.standings[found.signal]
        youden, slope = ("{:.2f} [{:.2f}, {:.2f}]".format(*one) for one in (found.youden, found.slope))
        counts = f"{held.slope:.2f}" if held.may_gate else "–"
        rows.append(("yes" if held.may_gate else "no", found.signal, str(found.answers), youden, slope, counts))
    lines = [table(("may gate", "suite", "answers", "TPR − FPR", "slope", "counts as"), rows)] if rows else []
    gates = any(held.may_gate for held in done.standings.values())
    if done.records:
        lines += ["", wrapped(f"{COUNTS if gates else ''} {done.records[0][1].besides}".strip())]
    lines += [wrapped(line) for line in _why_not(done)]
    lines += [wrapped(line) for line in _without({k: v for k, v in done.problems.items() if k not in setup.problems})]
    spend = done.spend
    kept = f", {spend.reused:,} replies kept from an earlier run" if spend.reused else ""
    lines += ["", f"{spend.calls:,} calls{kept}{', ' + money(spend.cost) if spend.cost else ''}."]
    if not done.records:
        return lines
    lines.append(f"Records: {done.records[0][0].parent}")
    if not gates:
        return [*lines, "No gate can stand on this judge. Mend what is said above, or name another model."]
    if written:
        return [
            *lines,
            f"{policy} names the judge and its records; a gate takes it with `instrument: judge/{setup.name}`.",
        ]
    where = f"{policy} has other `judges:` or `records:`; see that it says:" if policy else "A policy takes it so:"
    return [*lines, where, "", block.rstrip(), "", f"and a gate with `instrument: judge/{setup.name}`."]


def _why_not(done: SetUp) -> list[str]:
    """Return why records do not let it gate, each reason once."""
    reasons: dict[str, list[str]] = {}
    for signal, held in done.standings.items():
        if not held.may_gate:
            reason = held.why.partition("): ")[2].partition(", so it may only advise")[0]
            reasons.setdefault(reason, []).append(signal)
    return [f"May only advise for {', '.join(signals)}: {reason}." for reason, signals in reasons.items()]


def _without(problems: dict[str, str]) -> list[str]:
    reasons: dict[str, list[str]] = {}
    for signal, why in problems.items():
        reasons.setdefault(why, []).append(signal)
    return [f"No record for {', '.join(signals)}: {why}." for why, signals in reasons.items()]
