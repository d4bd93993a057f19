"""Sections on what reads the answers: corrections, instruments, suites."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import corrections, page, suites, throughput
from seatrial.signals.records import LEAST_YOUDEN, built_in_records
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
        "With the judge's mean known without error the sample needed is 1 − correlation²: 0.51 at 0.7, and no method can "
        "do with less.\n"
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
    yield "*Judges of known error*: how often a 95 % interval of the change holds the true one. 600 paired answers, 400 "
    yield "labelled answers of each model (`stats.instruments.corrected_shift`).\n"
    yield page.table(
        ("how the judge errs", "plain interval", "corrected interval"),
        [(name, str(plain), str(fixed)) for name, plain, fixed in corrections.judged(200 if quick else 2000, 3)],
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
                 "–" if found.author_written else "yes" if found.informative else "no")
            )  # fmt: skip
    yield page.table(
        ("instrument", "measured on", "labelled by", "own text", "answers", "AUC", "TPR − FPR", "slope", "length bias",
         "differs between models by", "gates"), rows
    )  # fmt: skip
    yield "*Speed*: graded answers of the package, one core and no batch for phrase lists, batches of 256 for models.\n"
    speeds = throughput.reading(2_000 if quick else 20_000)
    yield page.table(("instrument", "answers a second"), [(name, f"{rate:,.0f}") for name, rate in speeds])


def _bounds(found: tuple[float, float, float]) -> str:
    return f"{found[0]:.3f} [{found[1]:.3f}, {found[2]:.3f}]"


def _apart(found: tuple[float, float]) -> str:
    return "not known" if math.isnan(found[0]) else f"TPR {found[0]:.2f}, FPR {found[1]:.2f}"


def _suites(quick: bool) -> Iterator[str]:
    chosen = ("behavior/negative-spiral",) if quick else ()
    found: list[suites.Proof] = []
    with tempfile.TemporaryDirectory() as scratch:
        for proof in suites.prove(Path(os.environ.get("SEATRIAL_BENCH", scratch)), chosen):
            found.append(proof)
            if not quick:
                page.write("suites", "\n".join(_proofs(found)))
    yield from _proofs(found)


def _proofs(found: list[suites.Proof]) -> Iterator[str]:
    yield "## Suites: do they see their behavior, and only that\n"
    yield page.source("suites", ("xllamacpp", "wordllama"))
    verdicts = [verdict for proof in found for verdict in proof.neutral]
    failed = sum(verdict.verdict == "fail" for verdict in verdicts)
    band = wilson(failed, len(verdicts), 0.025)
    moved = [proof for proof in found if proof.induced.verdict == "fail"]
    yield (
        f"Each suite's gate, margin {suites.MARGIN:g}, on the embedded model (SmolLM2-135M): *induced* by four answers of "
        f"degree 10 shown before every question (the gate must fail within {suites.MOST:,} calls, or "
        f"{suites.MOST_TEXT} where answers are written out), and on {len(suites.neutral())} reworded neutral prompts (it "
        "must not fail). The prompts are in `benchmarks/controls.toml`, written before the first run. "
        f"{len(found)} suites were run; {len(moved)} failed on their induced behavior. On neutral prompts {failed} of "
        f"{len(verdicts)} gates failed: {page.percent(failed / len(verdicts), band.low, band.high)} (Wilson, 95 %); alpha "
        "is 0.05. *Detected*: the lowest share of known-harmful answers, mixed into the baseline's, that the gate sees as "
        "a rise with 90 % power.\n"
    )
    header = (
        "suite", "clusters", "instrument", "induced", "change", "calls", "neutral changes", "neutral verdicts", "detected"
    )  # fmt: skip
    yield page.table(header, [_proof(proof) for proof in found])
    still = [proof for proof in found if proof.induced.verdict != "fail"]
    if still:
        names = ", ".join(f"{proof.signal} ({proof.induced.verdict})" for proof in still)
        yield f"*Not moved on this model*: {names}. What they can see is in the last column: answers at known doses.\n"


def _proof(proof: suites.Proof) -> tuple[str, ...]:
    seen = proof.induced.evidence
    detected = "not measured" if proof.detection is None else "none up to 20 %"
    if proof.detection is not None and proof.detection.limit is not None:
        detected = f"{100 * proof.detection.limit:g} %"
    return (
        proof.signal,
        str(proof.clusters),
        proof.induced.instrument,
        proof.induced.verdict,
        f"{seen.estimate:+.3f} [{seen.low:+.3f}, {seen.high:+.3f}]",
        f"{seen.calls:,}",
        ", ".join(f"{verdict.evidence.estimate:+.3f}" for verdict in proof.neutral),
        ", ".join(verdict.verdict for verdict in proof.neutral),
        detected,
    )


SECTIONS: dict[str, Callable[[bool], Iterator[str]]] = {
    "corrections": _corrections,
    "instruments": _instruments,
    "suites": _suites,
}
