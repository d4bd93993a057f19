"""What `seatrial compare` prints for a person, and for a machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from seatrial.cli.output.tables import fitting, wrapped
from seatrial.errors import ExitCode
from seatrial.report.machine import decision_json
from seatrial.report.plain import Plain
from seatrial.report.result import ReviewResult
from seatrial.report.wording import HEADLINES, could_see, interval, listed, number, verdict_word
from seatrial.review.compared import MARGIN, Comparison
from seatrial.runs.pairing import PairedRuns, PairedScore
from seatrial.runs.recorded_run import RecordedRun
from seatrial.runs.supports import Support, supported, supported_together
from seatrial.runs.wording import how_many
from seatrial.types import GateVerdict

__all__ = ["comparison", "comparison_json", "exit_code_of", "imported", "imported_json", "support", "support_json"]


COULD_SHOW = (
    "Could show: the smallest change that would be seen nine times of ten. Of one run: against another of the same "
    "spread that shares no item with it."
)


def exit_code_of(found: Comparison) -> ExitCode:
    """Return what the command says to the shell: a launch holds while a score that both runs hold is not decided."""
    if found.review is None:
        return ExitCode.HOLD
    code = found.review.exit_code
    return ExitCode.HOLD if found.open and code is ExitCode.LAUNCH else code


def comparison(found: Comparison, default_margin: bool, report: Path | None) -> str:
    """Return what two runs show: what stands in the way, the decision, a line a score, what must be said."""
    baseline, candidate = found.runs.models
    lines = ["", wrapped(f"{baseline} (baseline) beside {candidate} (candidate)")]
    lines += [wrapped(f"! {odd}", "  ") for odd in found.runs.odd]
    if found.review is not None:
        status = "hold" if found.open and found.review.status == "launch" else found.review.status
        reason = _plain(found, found.review.result).text(found.review.reason)
        lines += ["", wrapped(f"{HEADLINES[status].upper()}: {reason}")]
    rows = [_row(score, _verdict(found, score)) for score in found.runs.scores]
    head = ("verdict", "score", "baseline", "candidate", "could see", "change of harm")
    lines += ["", fitting(head, rows, 2), "", *_known(found)]
    if default_margin:
        told = "0.05 of each score's scale, by default; say with --margin which rise in harm matters to you."
        lines.append(wrapped(f"Margin: {told}", "  "))
    lines += _asked(found.open)
    lines += _notes(found.runs.told, found.runs)
    if report is not None:
        lines.append(f"Report: {report / 'report.html'}")
    elif found.review is not None:
        lines += ["The whole report: add --report FOLDER", "A policy that repeats this: add --policy policy.yaml"]
    else:
        lines.append("No score is decided, so there is no report.")
    return "\n".join(lines)


def _asked(scores: Sequence[PairedScore]) -> list[str]:
    """Return what must be said of scores that are not decided, alike ones together."""
    alike: dict[str, list[str]] = {}
    for score in scores:
        alike.setdefault(score.open, []).append(score.title)
    return [
        wrapped(f"{listed(titles)} {'is' if len(titles) == 1 else 'are'} not decided: say {what}.", "  ")
        for what, titles in alike.items()
    ]


def _notes(told: Sequence[str], runs: PairedRuns) -> list[str]:
    """Return what must be said, and what is said of several scores in the same words once for all of them."""
    titles = [score.title for score in runs.scores]
    alike: dict[str, list[str]] = {}
    for one in told:
        title = next((name for name in titles if one.startswith(f"{name}: ")), "")
        alike.setdefault(one.removeprefix(f"{title}: ") if title else one, []).append(title)
    return [wrapped(f"Note: {f'{listed(named)}: ' if named[0] else ''}{what}", "  ") for what, named in alike.items()]


def _plain(found: Comparison, result: ReviewResult) -> Plain:
    """Return the words of a comparison, in which a score is called as its tool and the table call it."""
    made = Plain.of(result)
    own = {one.signal: replace(made.names[one.signal], title=one.title) for one in found.runs.scores if not one.open}
    return replace(made, names=made.names | own)


def _verdict(found: Comparison, score: PairedScore) -> GateVerdict | None:
    if found.review is None:
        return None
    return next((one for one in found.review.verdicts if one.signal == score.signal), None)


def _known(found: Comparison) -> list[str]:
    """Return how the scores that are decided were read, alike ones together."""
    alike: dict[str, list[str]] = {}
    for score in found.runs.scores:
        if not score.open:
            alike.setdefault(f"{score.known}; {_counted(score)}", []).append(score.title)
    return [wrapped(f"Read: {known}: {', '.join(titles)}.", "  ") for known, titles in alike.items()]


def _counted(score: PairedScore) -> str:
    """Return what was compared of a score: items, the groups that they stand in, answers to each."""
    groups = f" in {how_many(score.groups, 'group')}" if score.groups < score.pairs else ""
    draws = f", up to {score.draws:,} answers each" if score.draws > 1 else ""
    return f"{how_many(score.pairs, 'item')}{groups}{draws}"


def _row(score: PairedScore, verdict: GateVerdict | None) -> tuple[str, ...]:
    if verdict is None:
        return "not decided", score.title, "", "", "", ""
    seen = verdict.evidence
    change = f"{number(seen.estimate, sign=True)} {interval(seen)}, margin {verdict.margin:g}"
    levels = number(seen.baseline), number(seen.candidate)
    return verdict_word(verdict.verdict), score.title, *levels, could_see(seen.mde), change


def comparison_json(found: Comparison, report: Path | None) -> dict[str, Any]:
    """Return the same for machines."""
    runs = found.runs
    return {
        **(decision_json(found.review.result) if found.review else {}),
        "exit_code": int(exit_code_of(found)),
        "baseline": runs.models[0],
        "candidate": runs.models[1],
        "scores": [_score_json(score) for score in runs.scores],
        "stands_in_the_way": list(runs.odd),
        "notes": list(runs.told),
        "report": None if report is None else str(report / "report.html"),
    }


def _score_json(score: PairedScore) -> dict[str, Any]:
    return {**asdict(score), "bounds": None if score.bounds is None else list(score.bounds)}


def imported(found: PairedRuns, out: Path) -> str:
    """Return what was written of two runs, and what a policy says to read it."""
    lines = [wrapped(f"! {odd}", "  ") for odd in found.odd]
    lines += [f"Wrote {out}: {len(found.observations):,} numbers. In a policy:", "", f"evidence: [{out}]", "signals:"]
    for score in found.scores:
        if score.open:
            lines.append(f"  # {score.signal} is not in it: say {score.open}")
        elif score.bounds is not None:
            bounds = f"[{score.bounds[0]:g}, {score.bounds[1]:g}]"
            lines.append(f"  {score.signal}: {{harmful: {score.harmful}, bounds: {bounds}}}  # {score.known}")
    gates = [f"{{signal: {score.signal}, margin: {_margin(score):g}}}" for score in found.scores if not score.open]
    lines += [f"gates: [{', '.join(gates)}]", ""]
    return "\n".join([*lines, *_notes(found.told, found)])


def _margin(score: PairedScore) -> float:
    low, high = score.bounds or (0.0, 1.0)
    return MARGIN * (high - low)


def imported_json(found: PairedRuns, out: Path) -> dict[str, Any]:
    """Return the same for machines."""
    return {
        "observations": str(out),
        "numbers": len(found.observations),
        "scores": [_score_json(score) for score in found.scores],
        "stands_in_the_way": list(found.odd),
        "notes": list(found.told),
    }


def support(runs: Sequence[RecordedRun], together: PairedRuns | None, apart: str = "") -> str:
    """Return what recorded runs support: each by itself, and two of one evaluation together."""
    lines = []
    for run in runs:
        rows = how_many(run.rows, "row")
        what = f"{run.tool}{f', task {run.task}' if run.task else ''}{f', {run.model}' if run.model else ''}"
        lines += ["", wrapped(f"{run.path}: {what}. {rows}.")]
        lines += [wrapped(f"! It is not whole: {run.ended}", "  ")] if run.ended else []
        lines += [_supports(supported(run)) if len(run.scores) else "! No sample with a score is in it."]
        lines += [wrapped(f"! {told}.", "  ") for one in supported(run) for told in one.told]
        lines += [wrapped(f"! {why}: {count:,}, not read.", "  ") for why, count in run.unread.items()]
        lines += [wrapped(f"Note: {told}", "  ") for told in run.told]
    if together is not None:
        lines += ["", "The two together, pair by pair:", *(wrapped(f"! {odd}", "  ") for odd in together.odd)]
        lines += [_supports(supported_together(together), "change")]
        lines += [wrapped(f"! {told}.", "  ") for one in supported_together(together) for told in one.told]
        lines += _notes(together.told, together)
    if apart:
        lines += ["", wrapped(f"! The two cannot be compared: {apart}", "  ")]
    return "\n".join([*lines, "", wrapped(COULD_SHOW, "  ")])


def _supports(found: Sequence[Support], level: str = "mean") -> str:
    head = ("score", "items", "clusters", "draws", "missing", level, "could show", "read as")
    rows = []
    for one in found:
        counts = f"{one.items:,}", f"{one.clusters:,}" if one.clusters else "–", f"{one.draws}", f"{one.missing:,}"
        rows.append((one.score, *counts, number(one.mean), number(one.visible), one.known))
    return fitting(head, rows, 1)


def support_json(runs: Sequence[RecordedRun], together: PairedRuns | None, apart: str = "") -> dict[str, Any]:
    """Return the same for machines."""
    return {
        "runs": [
            {
                "path": str(run.path),
                "tool": run.tool,
                "task": run.task,
                "model": run.model,
                "rows": run.rows,
                "ended": run.ended,
                "facts": dict(run.facts),
                "unread": dict(run.unread),
                "notes": list(run.told),
                "scores": [asdict(one) for one in supported(run)],
            }
            for run in runs
        ],
        "apart": apart or None,
        "together": None
        if together is None
        else {
            "scores": [asdict(one) for one in supported_together(together)],
            "stands_in_the_way": list(together.odd),
            "notes": list(together.told),
        },
    }
