"""Sections on what reads the answers: corrections, instruments, suites."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import corrections, page, records, starters, suites, throughput
from seatrial.instruments.may_gate import LEAST_YOUDEN, STARTER_DISCOUNT, informative
from seatrial.instruments.records import built_in_records
from seatrial.stats.intervals import wilson

__all__ = ["SECTIONS"]


def _corrections(quick: bool) -> Iterator[str]:
    runs = 200 if quick else 2000
    header = ("case", "interval missed the truth", "width against plain", "sample needed against plain")
    yield "## Corrections: what earlier knowledge and cheap judges are worth\n"
    yield page.source("corrections")
    yield (
        "Simulated normal numbers; intervals have 5 % on either side, so 10 % may miss. *Adjustment*: 60 clusters asked, "
        "each with a number known before (`stats.prediction.adjusted_mean`).\n"
    )
    yield page.table(header, [_gain(one) for one in corrections.adjustment(runs, 1)])
    yield "*Labels*: 100 human labels and 5,000 scores of a judge (`stats.prediction.ppi_mean`).\n"
    yield page.table(header, [_gain(one) for one in corrections.labels(runs, 2)])
    yield (
        "With the judge's mean known without error the sample needed is 1 − correlation²: 0.51 at 0.7. People's numbers are a "
        "straight line in the judge's here, so neither strata nor a curve get below that, and no method can.\n"
    )
    yield from _judged(quick)
    yield (
        "*Panels of three judges*: share of 600 answers called wrongly, one in five harmful. Weights come from records of 400 "
        "labelled answers; Dawid and Skene's model sees no label.\n"
    )
    yield page.table(
        ("judges", "plain mean", "weighted by record", "Dawid and Skene"),
        [
            (name, *(f"{100 * share:.1f} %" for share in rest))
            for name, *rest in corrections.panels(20 if quick else 200, 4)
        ],
    )


def _judged(quick: bool) -> Iterator[str]:
    runs = 200 if quick else 20_000
    yield (
        "*Judges of known error*: how often a 95 % interval of the change holds the true one. 600 paired answers, 400 labelled "
        f"answers of each model (`stats.instruments.corrected_shift`), {runs:,} runs a row, for at 2,000 chance alone would "
        "move a row by a whole percent.\n"
    )
    yield page.table(
        ("how the judge errs", "plain interval", "corrected interval"),
        [(name, str(plain), str(fixed)) for name, plain, fixed in corrections.judged(runs, 3)],
    )


def _gain(one: corrections.Gain) -> tuple[str, ...]:
    return one.what, str(one.missed), f"{one.width:.2f}", f"{one.labels_saved:.2f}"


def _instruments(quick: bool) -> Iterator[str]:
    yield "## Instruments: what their records say\n"
    yield page.source("instruments", ("numpy", "wordllama"))
    yield (
        "Every measurement of every built-in record (`make records`). *Own text*: answers written by those who made the "
        "instrument; such a figure flatters and lets nothing gate. Intervals are 90 %, by cluster. *Gates*: TPR − FPR of "
        f"{LEAST_YOUDEN:g} or more and surely above chance, on text from elsewhere.\n"
    )
    rows = []
    for record in built_in_records():
        for found in record.measurements:
            rows.append(
                (record.instrument, found.on + (f", for {found.signal}" if found.signal else ""), found.labelled_by,
                 "yes" if found.author_written else "no", f"{found.answers:,}", _bounds(found.auc), _bounds(found.youden),
                 f"{found.slope[0]:.3f}", f"{found.length_bias:+.2f}", _apart(found.differential),
                 "–" if found.author_written else "yes" if informative(found) else "no")
            )  # fmt: skip
    yield page.table(
        ("instrument", "measured on", "labelled by", "own text", "answers", "AUC", "TPR − FPR", "slope", "length bias",
         "differs between models by", "gates"), rows
    )  # fmt: skip
    yield from _ceilings(quick)
    yield (
        "*Speed*: graded answers of the package, which are short, read by one process; and joined to answers of "
        f"{throughput.LONG} letters or more, read by two processes on two cores.\n"
    )
    speeds = throughput.reading(2_000 if quick else 20_000)
    yield page.table(
        ("instrument", "answers a second", "long answers a second, two cores"),
        [(name, f"{one:,.0f}", f"{two:,.0f}") for name, one, two in speeds],
    )


def _ceilings(quick: bool) -> Iterator[str]:
    """Yield what a model trained on the very data reaches, beside what the models of the package reach."""
    yield (
        "*How much there is to see*: AUC on text from elsewhere of the linear model in use, never trained on it; on the part "
        "of it that nobody here had read while graded answers were written (of XSTest the answers of four models, though "
        "their prompts are the same; of Spiral-Bench two conversations in three); and of a linear model of the same form "
        "trained on that very data and tried on prompts or conversations that it did not see. The last is used for nothing "
        "else. Where it is low the labels themselves, or what a linear model sees of words, set the limit.\n"
    )
    made = []
    for record in built_in_records():
        behavior = record.instrument.partition("/")[2]
        if behavior in records.ELSEWHERE and record.instrument == f"linear/{behavior}":
            found = [one for one in record.measurements if not one.author_written]
            inside = "not measured" if quick else _bounds(records.within(behavior).auc)
            unread = _bounds(found[1].auc) if len(found) > 1 else "none kept unread"
            made.append((record.instrument, found[0].on, _bounds(found[0].auc), unread, inside))
    yield page.table(("instrument", "text", "in use", "in use, unread part", "trained on that data"), made)


def _bounds(found: tuple[float, float, float]) -> str:
    return f"{found[0]:.3f} [{found[1]:.3f}, {found[2]:.3f}]"


def _apart(found: tuple[float, float]) -> str:
    return "not known" if math.isnan(found[0]) else f"TPR {found[0]:.2f}, FPR {found[1]:.2f}"


def _starters(quick: bool) -> Iterator[str]:
    yield "## Starter records: what is left of a slope on clear-cut answers\n"
    if not starters.DATA.is_dir():
        if not quick:
            raise SystemExit(f"the recorded judges are absent: {starters.DATA}")
        yield "Nothing is measured: the recorded judges are not on this machine.\n"
        return
    yield page.source("starters")
    yield (
        "A judge without labels of a team's own is tried on graded answers of the suites, which are clear-cut. Recorded "
        "judges say what that flatters: their slope on all cases, as a share of that on the cases in which everybody else "
        "agrees on one end. Others are a pair's other voters (dustalov/llmfao, CC-BY-4.0), or the other two gradings of "
        "the same answer, both in the outer fifth of the scale (timfduffy/syco-bench, MIT-0). Intervals are two-sided 90 % "
        "bootstraps over prompts. Labels of unclear cases are themselves unsure, which makes these shares small rather "
        "than large: that is the cautious side.\n"
    )
    found = [starters.beside_people(), starters.beside_each_other()]
    yield page.table(
        ("judge", "cases", "clear-cut", "clusters", "slope on all", "slope on the clear-cut", "share left"),
        [
            (
                one.name,
                f"{one.cases:,}",
                f"{one.clear:,}",
                str(one.clusters),
                f"{one.on_all:.2f}",
                f"{one.on_clear:.2f}",
                "{:.2f} [{:.2f}, {:.2f}]".format(*one.share),
            )
            for one in found
        ],
    )
    yield (
        f"The lower of both lower ends, rounded down to a twentieth, is {starters.discount(found):g}; the discount in use is "
        f"{STARTER_DISCOUNT:g}.\n"
    )


def _suites(quick: bool) -> Iterator[str]:
    chosen = ("behavior/unearned-praise",) if quick else ()
    found: list[suites.Proof] = []
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(os.environ.get("SEATRIAL_BENCH", scratch))
        for proof in suites.prove(place, chosen, quick):
            found.append(proof)
    yield from _proofs(found)


def _proofs(found: list[suites.Proof]) -> Iterator[str]:
    yield "## Suites: do they see their behavior, and only that\n"
    yield page.source("suites", ("xllamacpp", "wordllama"))
    yield (
        "Each suite's gate on the embedded model (SmolLM2-135M), with a margin of a twentieth of its scale, or of the "
        "smallest hundredth that its clusters can rule out, if that is larger. "
        "*Induced* by an **opening**: every answer is begun with the same words, as an answer of degree 10 would begin, and "
        "the model goes on; the suite's first instrument that reads text reads it. This tests the path from text that "
        "carries the behavior in its first words to the verdict, not the model's own inclination. Or by **examples**: four "
        "answers of degree 10 before every question, where first words are read by a probe, and where an opening cannot "
        f"carry the behavior. The gate must fail within {suites.MOST:,} calls. On {len(suites.neutral())} reworded neutral "
        f"prompts it must not; it is asked up to {suites.NEUTRAL_CLUSTERS} clusters there. All controls are in "
        "`benchmarks/controls.toml`, written before they were run. After a first run the instruments of preaching, warmth, urging "
        "and refusal were trained on more text, and instructions and authorship feedback got more items, so their rows are "
        "development: see `docs/decisions/suites-are-proven-by-openings.md`.\n"
    )
    controls = [(proof, control) for proof in found for control in proof.controls]
    yield _counted(found)
    yield page.table(
        ("suite", "margin", "instrument", "induced by", "baseline, induced", "change", "verdict", "calls",
         "neutral changes", "neutral verdicts", "calls each"),
        [_induced(proof, control) for proof, control in controls],
    )  # fmt: skip
    still = [proof for proof in found if not proof.moved]
    if still:
        told = ", ".join(
            f"{one.signal}{'' if one.expressible else ' (its answers leave no room to get worse)'}" for one in still
        )
        yield f"*Not moved on this model*: {told}.\n"
    yield (
        "*Answers at known doses*, no model asked: the suite's own answers of degree 0 against the same with a share of "
        "clusters answered at degree 10, read by the instrument on text; the lowest dose from which on the gate fails.\n"
    )
    yield page.table(
        ("suite", "clusters", "with both degrees", "fails from a dose of"),
        [(one.signal, str(one.clusters), str(one.dosed), _dose(one.dose)) for one in found],
    )


def _dose(dose: float | None) -> str:
    return "not at 100 %" if dose is None else f"{100 * dose:g} %"


def _counted(found: list[suites.Proof]) -> str:
    """Return how many suites were moved by their induced behavior, and how many gates by a neutral prompt."""
    able = [proof for proof in found if proof.expressible]
    moved = [proof for proof in able if proof.moved]
    within = wilson(len(moved), len(able), 0.025)
    verdicts = [verdict for proof in found for control in proof.controls for verdict in control.neutral]
    failed = sum(verdict.verdict == "fail" for verdict in verdicts)
    band = wilson(failed, len(verdicts), 0.025)
    probes = [c for proof in found for c in proof.controls if c.induced.instrument.startswith("probe/")]
    return (
        f"{len(found)} suites were run. In {len(able)} of them the baseline's answers leave room for a change that the gate "
        f"could see; of these {len(moved)} failed where their behavior was induced: "
        f"{page.percent(len(moved) / max(len(able), 1), within.low, within.high)} (Wilson, 95 %). By probes after examples "
        f"alone, {sum(one.induced.verdict == 'fail' for one in probes)} of {len(probes)} did. On neutral prompts {failed} of "
        f"{len(verdicts)} gates failed: {page.percent(failed / len(verdicts), band.low, band.high)}; alpha is 0.05.\n"
    )


def _induced(proof: suites.Proof, control: suites.Control) -> tuple[str, ...]:
    seen = control.induced.evidence
    quiet = [verdict.evidence for verdict in control.neutral]
    return (
        proof.signal,
        f"{proof.margin:g}",
        control.induced.instrument,
        control.way,
        f"{seen.baseline:.2f}, {seen.candidate:.2f}",
        f"{seen.estimate:+.3f} [{seen.low:+.3f}, {seen.high:+.3f}]",
        control.induced.verdict,
        f"{seen.calls:,}",
        ", ".join(f"{one.estimate:+.3f}" for one in quiet),
        ", ".join(verdict.verdict for verdict in control.neutral),
        ", ".join(str(one.calls) for one in quiet),
    )


SECTIONS: dict[str, Callable[[bool], Iterator[str]]] = {
    "corrections": _corrections,
    "instruments": _instruments,
    "starters": _starters,
    "suites": _suites,
}
