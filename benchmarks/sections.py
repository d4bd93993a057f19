"""The sections of docs/measurements.md: each measures, and yields its Markdown."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks import corrections, efficiency, page, peers, rewards, suites, throughput, validity, vibes
from benchmarks.plot import Series, line_plot
from benchmarks.validity import ALPHA, LIMIT, Cell, Looks, Rate
from seatrial.rewards.audit import Estimate
from seatrial.signals.records import LEAST_YOUDEN, built_in_records
from seatrial.stats.intervals import wilson
from seatrial.weigh import Method

__all__ = ["ALL"]

FEW = 100
STAGES = (300, 1000, 4000, 10_000)
POLICIES = ((1, 16_000), (5, 4000), (20, 1000))
METHODS: tuple[Method, ...] = ("betting", "fixed")


def _rate(rate: Rate) -> str:
    return page.percent(rate.share, *rate.band)


def _settled(job: tuple[Cell, Method, tuple[int, ...]]) -> Looks:
    return validity.settled(*job)


def _measured(quick: bool) -> list[Looks]:
    stages = (400,) if quick else STAGES
    # The longest first, so that no core waits for the last one.
    cells = sorted(validity.grid(not quick), key=lambda cell: -cell.clusters)
    jobs = [(cell, method, stages) for cell in cells for method in METHODS]
    found = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for number, one in enumerate(pool.map(_settled, jobs), 1):
            found.append(one)
            page.say(f"validity, {number} of {len(jobs)}: {one.cell.kind}, {one.cell.clusters} clusters, {one.method}")
    return found


def _validity(quick: bool) -> Iterator[str]:
    found = _measured(quick)
    yield "## Validity: how often a gate at its margin passes, and how often a bound misses\n"
    yield page.source("validity")
    yield (
        "The true change equals the margin, so every pass is false; alpha is 0.05. `betting` is looked at after every "
        "cluster, and a miss at any look counts. Items of a cluster (three each) share their shock. The worst cell of each "
        "row is shown with its Monte-Carlo band (Wilson, 95 %). A cell whose band does not end below 1.1 alpha is simulated "
        f"anew with more runs ({', '.join(f'{runs:,}' for runs in STAGES)}); the last simulation is what is shown.\n"
    )
    rows = []
    for kind in dict.fromkeys(one.cell.kind for one in found):
        for method in METHODS:
            cells = [one for one in found if one.cell.kind == kind and one.method == method]
            worst = max(cells, key=lambda one: one.false_pass.share)
            above = max(cells, key=lambda one: one.missed_above.share)
            mean = sum(one.false_pass.share for one in cells) / len(cells)
            where = f"{worst.cell.clusters} clusters, base {worst.cell.base:g}, ICC {worst.cell.icc:g}"
            rows.append(
                (kind, method, str(len(cells)), f"{100 * mean:.1f} %", _rate(worst.false_pass), where,
                 _rate(above.missed_above), str(sum(one.within for one in cells)), str(sum(one.above for one in cells)))
            )  # fmt: skip
    yield page.table(
        ("scores", "method", "cells", "false passes, mean", "worst cell", "where", "lower bound misses, worst",
         "bands wholly below 1.1 alpha", "bands wholly above"), rows
    )  # fmt: skip
    if not quick:
        yield page.picture("validity", "False passes by number of clusters", _validity_picture(found))
        yield from _beyond([one for one in found if not one.within])
    looked = validity.every_item(400 if quick else 2000, 1500, 1)
    yield f"A look after each of 1,500 single items: {_rate(looked)} false passes.\n"


def _validity_picture(found: list[Looks]) -> str:
    sizes = sorted({one.cell.clusters for one in found})

    def worst(method: str, size: int) -> float:
        return max(100 * one.false_pass.share for one in found if one.method == method and one.cell.clusters == size)

    series = [Series(f"{method}, worst cell", [(size, worst(method, size)) for size in sizes]) for method in METHODS]
    level = Series("alpha", [(size, 100 * ALPHA) for size in sizes])
    return line_plot("False passes at the margin, %", "clusters", [*series, level], log_x=True, log_y=False)


def _beyond(cells: list[Looks]) -> Iterator[str]:
    """Yield every cell whose rate is not surely within 1.1 alpha."""
    if not cells:
        return
    yield f"Cells whose band is not wholly below {100 * LIMIT:.1f} %:\n"
    rows = [
        (one.cell.kind, one.method, f"{one.cell.clusters}", f"{one.cell.base:g}", f"{one.cell.icc:g}",
         f"{one.cell.draws}", _rate(one.false_pass), _rate(one.missed_above), "above" if one.above else "either side")
        for one in sorted(cells, key=lambda one: -max(one.false_pass.share, one.missed_above.share))
    ]  # fmt: skip
    yield page.table(
        ("scores", "method", "clusters", "base rate", "ICC", "draws", "false passes", "lower bound misses", "band"),
        rows,
    )


def _policy(job: tuple[int, Method, int]) -> validity.PolicyRates:
    return validity.policies(*job, seed=1)


def _policies(quick: bool) -> Iterator[str]:
    yield "## Whole policies\n"
    yield page.source("policies")
    yield (
        "One broken gate (at its margin) among unchanged ones must not launch; gates that all lie at their margin must not "
        "block; 120 clusters a gate. The last column is power: how often a harmless candidate launches.\n"
    )
    jobs = [(gates, method, runs // 10 if quick else runs) for gates, runs in POLICIES for method in METHODS]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = {(one.gates, one.method): one for one in pool.map(_policy, jobs)}
    rows = [
        (f"{gates}", method, _rate(one.false_launch), _rate(one.false_block), _rate(one.launch_when_harmless))
        for (gates, method), one in found.items()
    ]
    yield page.table(("gates", "method", "false launches", "false blocks", "launches when harmless"), rows)
    if not quick:
        series = [
            Series(
                f"{method}: launches when harmless",
                [(gates, 100 * found[gates, method].launch_when_harmless.share) for gates, _ in POLICIES],
            )
            for method in METHODS
        ]
        title = "How often a harmless candidate launches, %"
        yield page.picture("policies", title, line_plot(title, "gates", series, log_y=False))
    yield "### Data that are worse than assumed\n"
    worse = [(one.name, _rate(one.false_pass), one.expected) for one in validity.stress(200 if quick else 1000, 1)]
    yield page.table(("what is wrong", "false passes at the margin", "what the design says"), worse)


def _efficiency(quick: bool) -> Iterator[str]:
    rows = efficiency.run(200 if quick else 1000, 6000, 0)
    whole = [row for row in rows if row.effect not in (0.5, 1.5)]
    yield "## Efficiency: calls to a decision\n"
    yield page.source("efficiency")
    yield (
        f"Paired 0/1 answers, one in five discordant, margin {efficiency.MARGIN}, a look after every item, both models' calls "
        "counted, at most 12,000. *Oracle*: Wald's test told the true distribution. *Plans*: fixed-size tests with the same "
        f"alpha and power {efficiency.POWER:g} at no change: they decide as often as seatrial where the change is that far "
        "from the margin and seldom at half of it. *Paired plan told the change*: as many as such a test needs to decide "
        "with that power at this very change.\n"
    )
    yield page.table(
        ("true change, margins", "seatrial", "oracle", "ratio", "paired plan", "unpaired plan",
         "paired plan told the change", "decided", "wrong"),
        [
            (f"{row.effect:g}", f"{row.seatrial:,.0f}", f"{row.oracle:,.0f}", f"{row.seatrial / row.oracle:.2f}",
             f"{row.paired_plan:,}", f"{row.unpaired_plan:,}", f"{efficiency.told_plan(row.effect):,}",
             f"{100 * row.decided:.0f} %", f"{100 * row.wrong:.1f} %")
            for row in rows
        ],
    )  # fmt: skip
    for name, kept in (("whole margins (−2, −1, 0, 2, 3, 4)", whole), ("the half margins 0.5 and 1.5 included", rows)):
        found = efficiency.summary(kept)
        yield (
            f"Averaged over {name}: {found['mean calls']:,.0f} calls, {found['of the oracle']:.2f} × the oracle's, "
            f"{found['of the paired plan']:.2f} × the paired plan's, {found['of the unpaired plan']:.2f} × the unpaired "
            f"plan's, {found['of the plan that decides everywhere']:.2f} × those of a paired plan large enough to decide "
            "with its power at every change of that list.\n"
        )
    series = [
        Series("seatrial", [(row.effect, row.seatrial) for row in rows]),
        Series("oracle", [(row.effect, row.oracle) for row in rows]),
        Series("paired plan", [(row.effect, row.paired_plan) for row in rows]),
        Series("unpaired plan", [(row.effect, row.unpaired_plan) for row in rows]),
    ]
    if not quick:
        title = "Mean calls to a decision"
        yield page.picture("efficiency", title, line_plot(title, "true change, margins", series))


def _peers(quick: bool) -> Iterator[str]:
    planned = efficiency.plans()[0] // 2
    yield "## What other gates say about the same answers\n"
    yield page.source("peers")
    yield (
        f"Simulated releases, answered by both models, one answer in five discordant, margin {efficiency.MARGIN}: once "
        f"with {FEW} items, once with the {planned} of the paired plan above. Each tool runs in an environment of its own "
        "and is told the margin, alpha and power wherever it takes them. `pass` means that the release goes out: a gate "
        "that keeps its word passes at most 5 % of those whose true change is 1 margin or more. Twice the margin is a drop "
        "of 10 points. seatrial stops when it is decided; the others need all items.\n"
    )
    rows: list[tuple[str, ...]] = []
    for items in (FEW, planned):
        for said, calls in peers.seatrial_says(100, items):
            rows.append(("seatrial", f"{items}", f"{calls:,.0f}", f"{said.effect:g}", *_answers(said), "100"))
        for peer in () if quick else peers.PEERS:
            page.say(f"peers: {peer.package}, {items} items")
            name = f"{peer.package} {peer.version}"
            try:
                for said in peers.ask(peer, items):
                    rows.append(
                        (name, f"{items}", f"{2 * items:,}", f"{said.effect:g}", *_answers(said), str(peer.runs))
                    )
            except RuntimeError as error:
                rows.append((name, f"{items}", "", "", f"not measured: {error}", "", "", ""))
    yield page.table(("tool", "items", "calls", "true change, margins", "pass", "fail", "undecided", "releases"), rows)
    yield (
        "evalsig tests for superiority, so an equally good release seldom passes; evalproof and llm-evalgate fail a release "
        "only when a drop is shown, so what they cannot see passes; dedrift alerts on any change in either direction.\n"
    )


def _answers(said: peers.Said) -> list[str]:
    return [f"{100 * said.share(word):.0f} %" for word in ("pass", "fail", "undecided")]


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
        [(name, _rate(plain), _rate(fixed)) for name, plain, fixed in corrections.judged(200 if quick else 2000, 3)],
    )


def _gain(one: corrections.Gain) -> tuple[str, ...]:
    return one.what, _rate(one.missed), f"{one.width:.2f}", f"{one.labels_saved:.2f}"


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
                page.write("suites", list(ALL), "\n".join(_proofs(found)))
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


def _throughput(quick: bool) -> Iterator[str]:
    found = throughput.run(1_000_000 if quick else 10_000_000)
    yield "## Throughput: weighing observations\n"
    yield page.source("throughput")
    yield (
        f"{found.observations:,} observations of {throughput.SIGNALS} signals, from Parquet to judged gates: "
        f"{found.seconds:.1f} s, peak {found.megabytes:,.0f} MB.\n"
    )


def _rewards(quick: bool) -> Iterator[str]:
    yield "## Reward mixes: audit and forecast\n"
    yield page.source("rewards", ("xllamacpp", "polars", "numpy"))
    size = 100_000 if quick else 1_000_000
    read, audited = rewards.speed(size)
    yield (
        f"Audit of {size:,} completions × {rewards.SIGNALS} signals × {rewards.BEHAVIORS} behaviors: {read:.1f} s to read "
        f"and check the file, {audited:.1f} s for shares, flips, correlations and influences with their intervals. The "
        f"influence formula differs from finite differences by at most {rewards.digits(5 if quick else 50):.1g} of the "
        "largest influence.\n"
    )
    runs = 20 if quick else 200
    yield (
        f"Best-of-n forecast from 16 draws of 60 prompts against really taking the best of n, {runs:,} simulated tables a "
        "row, intervals of 95 %.\n"
    )
    jobs = [(world, n, runs) for world in rewards.WORLDS for n in ((4,) if quick else (2, 4, 8))]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        best = list(pool.map(rewards.best_of_cover, *zip(*jobs, strict=True)))
    yield page.table(("world", "covered"), [(one.world, _covered(one)) for one in best])
    yield (
        "Forecast of the optimum, where it was not refused. The rule that refuses was set before these "
        "worlds were written. Refused: the share of tables in which the "
        "samples did not bear the mix. *Unbounded tail* is where it fails: no draw shows a tail that no draw has reached, so a "
        "reward without bounds must be clipped before it is forecast.\n"
    )
    settings = [(16, 1.0)] if quick else [(8, 2.0), (8, 1.0), (16, 0.7), (64, 0.5)]
    bearing = [(world, draws, beta, runs) for world in rewards.WORLDS for draws, beta in settings]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        borne = list(pool.map(rewards.support_cover, *zip(*bearing, strict=True)))
    yield page.table(
        ("world", "covered where said", "refused"),
        [(one.world, _covered(one), f"{one.refused / runs:.0%}") for one in borne],
    )
    with tempfile.TemporaryDirectory() as folder:
        exact, optimum = rewards.resampled(3 if quick else 16, 8 if quick else 16, 1.0, Path(folder))
    yield (
        f"{len(rewards.MIXES)} mixes on the embedded model's own completions, written down before the first run: each "
        "behavior's forecast from half of the draws beside the best of four of the other half, by the mix. Users are "
        "simulated.\n"
    )
    rows = []
    for what, found in (("best of four", exact), ("the optimum at beta 1", optimum)):
        counted, right, rank = rewards.agreement(found)
        band = wilson(right, counted, 0.025)
        rows.append(
            (what, f"{len(found)}", f"{counted}", page.percent(right / counted, band.low, band.high), f"{rank:.2f}")
        )
    yield page.table(
        ("forecast of", "shifts", "larger than their noise", "right sign of those", "rank correlation"), rows
    )
    missed = [
        (what, one)
        for what, found in (("best of four", exact), ("optimum", optimum))
        for one in found
        if one.counts and not one.agrees
    ]
    if missed:
        yield "Misses: shifts larger than their noise whose sign was forecast wrong.\n"
        yield page.table(
            ("forecast of", "mix", "behavior", "forecast", "reached"),
            [(what, one.mix, one.behavior, _shift(one.forecast), _shift(one.reached)) for what, one in missed],
        )
    else:
        yield "No shift larger than its noise was forecast with the wrong sign.\n"


def _covered(one: rewards.Cover) -> str:
    if not one.said:
        return "–"
    band = wilson(one.held, one.said, 0.025)
    return page.percent(one.held / one.said, band.low, band.high)


def _shift(made: Estimate) -> str:
    return f"{made.value:+.3f} [{made.low:.3f}, {made.high:.3f}]"


def _vibes(quick: bool) -> Iterator[str]:
    yield "## Vibe checks under load\n"
    yield page.source("vibes", ("fastapi", "uvicorn", "sqlalchemy"))
    found = vibes.run(20, 5, 10.0) if quick else vibes.run(200, 50, 60.0)
    count = sum(map(len, found.taken.values()))
    yield (
        f"{found.raters} *simulated* raters on pairs and {found.talkers} in conversations with two simulated models, for "
        f"{found.seconds:.0f} s against `seatrial vibe serve` on SQLite, one request each in {vibes.PACE:g} s on average (a page, "
        f"two autosaves, a rating; people take minutes), server, models and raters on {os.cpu_count()} cores, rate limits on. "
        f"{count:,} requests, {count / found.seconds:.0f} a second; errors: "
        f"{', '.join(f'{many} × {what}' for what, many in found.errors.items()) or 'none'}.\n"
    )
    kinds = {
        "pages": ("page",),
        "saves": ("save",),
        "conversations, to the first piece": ("talk",),
        "all": ("page", "save", "talk"),
    }
    yield page.table(
        ("requests", "p50", "p95", "p99"),
        [(what, *[f"{one:.0f} ms" for one in found.quantiles(*names)]) for what, names in kinds.items()],
    )


ALL: dict[str, Callable[[bool], Iterator[str]]] = {
    "validity": _validity,
    "policies": _policies,
    "efficiency": _efficiency,
    "peers": _peers,
    "corrections": _corrections,
    "instruments": _instruments,
    "suites": _suites,
    "throughput": _throughput,
    "rewards": _rewards,
    "vibes": _vibes,
}
