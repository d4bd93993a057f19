"""Sections on people who look: the vibe application under load, and raters as instruments."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence

from benchmarks import label_intervals, labelling, page, raters, team, vibes
from seatrial.stats.intervals import wilson
from seatrial.stats.labelling import ENOUGH

__all__ = ["SECTIONS"]


def _vibes(quick: bool) -> Iterator[str]:
    yield "## Vibe checks under load\n"
    yield page.source("vibes", ("fastapi", "uvicorn", "uvloop", "httptools", "sqlalchemy"))
    size, paces = (200, 50), [(vibes.PEOPLE, 180.0), (vibes.BRISK, 60.0)]
    if quick:  # people take minutes over a pair, so that a shorter run would end before anybody is done
        size, paces = (20, 5), [(vibes.BRISK, 12.0)]
    loads = [vibes.run(*size, seconds, pace) for pace, seconds in paces]
    yield (
        f"{size[0]} *simulated* raters on pairs and {size[1]} in conversations with two simulated models at once, against "
        f"`seatrial vibe serve` on SQLite, rate limits on; server, models and raters share {os.cpu_count()} cores. At the pace "
        "of people a rater reads a pair for 15 to 30 s, types a note while the page saves, chooses, and goes on: about a "
        "request in 3 s each, and people take longer. The brisk pace is a request a second from everybody, which nobody "
        "keeps up. Style and scripts are not asked for: a browser keeps them. Times are what a rater waits, from the request "
        "to its last byte, without the models' own; *late* is how late the simulated raters themselves woke up, which is "
        "inside every figure.\n"
    )
    kinds = {"pages": ("page",), "saves": ("save",), "conversations, to the first piece": ("talk",)}
    for load in loads:
        wrong = ", ".join(f"{many} × {what}" for what, many in load.errors.items()) or "none"
        yield (
            f"**{load.pace.name.capitalize()}**: {load.seconds:.0f} s, {load.count:,} requests, {load.count / load.seconds:.0f} a "
            f"second; the server used {1000 * load.busy / load.count:.1f} ms of a core a request, "
            f"{100 * load.busy / load.seconds:.0f} % of one in all. Errors: {wrong}.\n"
        )
        rows = [
            (what, str(sum(len(load.taken[name]) for name in names)), load.quantiles(*names))
            for what, names in kinds.items()
        ]
        rows.append(("late", str(len(load.late)), load.lateness()))
        yield page.table(
            ("requests", "count", "p50", "p95", "p99"),
            [(what, count, *[f"{one:.0f} ms" for one in found]) for what, count, found in rows],
        )


def _team(quick: bool) -> Iterator[str]:
    yield "## The team's page under load\n"
    yield page.source("team", ("fastapi", "uvicorn", "uvloop", "httptools", "sqlalchemy"))
    load = team.run(50, 5, 10_000, 75.0) if not quick else team.run(10, 2, 400, 6.0)
    wrong = ", ".join(f"{many} × {what}" for what, many in load.errors.items()) or "none"
    yield (
        f"{load.readers} *simulated* readers, a page a second each, and {load.writers} writers, who enter an incident, wait "
        f"until it is acknowledged and 2 to 4 s more, against `seatrial serve` on SQLite with a ledger of {load.entries:,} "
        f"entries and more; rate limits on; server, its two processes beside it, readers and writers share {os.cpu_count()} cores. "
        "The whole chain is verified at the start, by the process that writes before its first entry, and every minute; "
        "between, what is new. "
        f"The server answered {load.opened:.1f} s after its start, in which it verified the chain and read the reviews of "
        f"twelve releases. Over {load.seconds:.0f} s it used {100 * load.busy / load.seconds:.0f} % of one core. "
        f"Errors: {wrong}.\n"
    )
    yield page.table(
        ("requests", "count", "p50", "p95", "p99"),
        [(what, str(count), *[f"{one:.0f} ms" for one in found]) for what, count, found in load.rows()],
    )


def _raters(quick: bool) -> Iterator[str]:
    yield "## Raters as instruments\n"
    yield page.source("raters")
    yield (
        "Bounds of d′ over raters of d′ 0 to 3 and criteria −0.5 to 1, by summing over all counts that can come: how often the "
        "two-sided 90 % interval holds the truth, how often somebody who hears nothing counts nevertheless, and how often a "
        "rater of d′ 1.5 counts. *Controls* is pairs of the same model, and as many of known harm.\n"
    )
    found = [raters.covers(count) for count in raters.CONTROLS[: 2 if quick else None]]
    yield page.table(
        ("controls", "covered, mean", "covered, least", "d′ 0 counts, at most", "d′ 1.5 counts"),
        [
            (str(one.controls), *[f"{100 * share:.1f} %" for share in (one.mean, one.least, one.deaf, one.heard)])
            for one in found
        ],
    )
    sessions = 20 if quick else 1000
    jobs = [(bench, count, sessions) for bench in raters.BENCHES for count in ((10,) if quick else (5, 10, 20))]
    rates = [raters.gate_rates(*job) for job in jobs]
    yield (
        f"The gate on `vibe/off` at alpha {raters.ALPHA:g}, {sessions:,} *simulated* sessions a row and a case: 60 pairs, each "
        "seen by all raters, from ratings to verdict by the code that closes a session. At the margin, the candidate's true "
        "change is exactly the margin: each pass is a false launch, each fail a false alarm. With nothing changed, passes are "
        "the power and fails false alarms. Raters' weights are estimated from their controls in each session anew. *Overrated*: "
        "measured hits minus false alarms of those who count, less their true ones: who is let in by a lucky count looks "
        "better than they are, the more so the fewer the controls.\n"
    )
    yield page.table(
        (
            "raters",
            "controls",
            "false launch",
            "false alarm",
            "null passes",
            "null fails",
            "nobody counts",
            "overrated",
        ),
        [
            (
                one.bench.name,
                str(one.controls),
                *[_banded(count, one.sessions) for count in (one.launched, one.broken)],
                f"{100 * one.null_passed / one.sessions:.0f} %",
                _banded(one.null_failed, one.sessions),
                f"{100 * one.silent / one.sessions:.0f} %",
                f"{one.inflated:+.3f}",
            )
            for one in rates
        ],
    )


def _banded(count: int, trials: int) -> str:
    band = wilson(count, trials, 0.025)
    return page.percent(count / trials, band.low, band.high)


def _labels(quick: bool) -> Iterator[str]:
    yield "## Labels: how much people must read, and how often the change misses\n"
    yield page.source("labels", ("numpy", "scipy"))
    count = 30 if quick else 2000
    yield (
        f"{count:,} *simulated* sessions of `seatrial label` in each world: people read until they have {ENOUGH} harmful "
        f"and as many harmless answers of both models, {labelling.LEAST} in any case. The shares of the bands were chosen for the "
        "first world, the others were not looked at for it; the last four were not looked at for the interval either. *By lot* "
        "is the same without the judge's readings. The interval is to hold the true change in 95 %; where two raters err, the "
        "change of what they say.\n"
    )
    rows = []
    for world in (*labelling.WORLDS, *labelling.FRESH):
        found = labelling.sessions(world, count)
        held = found.count - found.unsaid
        cover = wilson(held - found.low - found.high, held, 0.025)
        rows.append(
            (
                world.name,
                f"{found.needed:.0f}",
                f"{labelling.by_lot(world, min(count, 100)):.0f}",
                page.percent(cover.estimate, cover.low, cover.high),
                f"{found.low} / {found.high}",
                f"{found.spread:.3f}",
                f"{found.width:.3f}",
            )
        )
    header = ("world", "readings", "by lot", "covers", "misses below / above", "spread of the change", "mean width")
    yield page.table(header, rows)
    yield from _other_intervals(count)
    yield (
        "Records made of such sessions (TPR − FPR at the cut that they choose; each lower bound is to lie above the truth in 5 % "
        "at most):\n"
    )
    made_of = []
    for world in (labelling.WORLDS[0], labelling.WORLDS[3]):
        for weighted in (True, False):
            mean, truth, above, made = labelling.records(world, 10 if quick else 40, weighted)
            how = "each label by its chance" if weighted else "all labels alike"
            made_of.append((world.name, how, f"{mean:.2f}", f"{truth:.2f}", f"{round(above * made)} of {made}"))
    yield page.table(("world", "counted", "record", "truth", "lower bounds above the truth"), made_of)


def _other_intervals(count: int) -> Iterator[str]:
    worlds = (*labelling.WORLDS, *labelling.FRESH)
    yield (
        f"Other intervals on {count:,} sessions of the same worlds, drawn anew: how often each covers, and its mean width. *In use*: one more label in "
        "each stratum, as harmful as all labels lead one to expect there, in the bounds' middle and in their spread. *Before*: "
        "one as harmful as all answers on average, in the spread alone; *half* of it; *none*. *Collapsed*: one variance of both "
        "models in a band. *Satterthwaite*: his degrees of freedom. *Wilson*: his bounds in each stratum, their distances squared "
        "and added. *Score*: a stratified score test, inverted. *Beta*: rates drawn from betas around what is expected. "
        "*Bootstrap-t*: from the same rates.\n"
    )
    found = label_intervals.compare(worlds, label_intervals.OTHERS, count, 2)
    rows = [
        (world.name, *(f"{100 * held[place].covered:.1f} % {held[place].width:.3f}" for held in found.values()))
        for place, world in enumerate(worlds)
    ]
    rows.append(("**worlds within 94 to 96 %**", *(str(_within(held)) for held in found.values())))
    rows.append(("**worlds below 94 %**", *(str(_below(held)) for held in found.values())))
    rows.append(("**width against before**", *(f"{_narrowed(held, found['before']):.2f}" for held in found.values())))
    yield page.table(("world", *found), rows)
    yield (
        f"The constants were chosen on {len(labelling.CHOOSING)} other worlds, "
        f"{min(count, 1000):,} sessions each, in six of which the judge sees less of the candidate's harm than of the baseline's. "
        "*More*: labels that are counted; *alike*: 1 / variance of what a band, or the model, adds to the log odds of harm.\n"
    )
    tuned = label_intervals.compare(labelling.CHOOSING, label_intervals.TUNED, min(count, 1000), 3)
    header = (
        "interval",
        "least covered",
        "within 94 to 96 %",
        "below 94 %",
        "most upper bounds below the truth",
        "width",
    )
    yield page.table(header, [(name, *_summary(held, tuned["before"])) for name, held in tuned.items()])
    yield (
        "What few labels allow: harmful answers that a session finds in the two bands that read less harmful, and how often the "
        "interval in use covers then. *Known*: the width of a fixed reach around the estimate, and around the middle of the "
        "interval, that would hold the truth in 95 %, which only who knows the truth can tell.\n"
    )
    few = [(world.name, label_intervals.few(world, count, 2)) for world in worlds]
    yield page.table(
        (
            "world",
            "none found",
            "covers",
            "one",
            "covers",
            "more",
            "covers",
            "mean width",
            "known",
            "around the middle",
        ),
        [
            (
                name,
                *(
                    "–" if math.isnan(part) else f"{100 * part:.1f} %"
                    for pair in zip(one.found, one.covered, strict=True)
                    for part in pair
                ),
                *(f"{width:.3f}" for width in (one.width, one.known, one.moved)),
            )
            for name, one in few
        ],
    )


def _within(held: Sequence[label_intervals.Held]) -> int:
    return sum(0.94 <= one.covered <= 0.96 for one in held)


def _below(held: Sequence[label_intervals.Held]) -> int:
    return sum(one.covered < 0.94 for one in held)


def _narrowed(held: Sequence[label_intervals.Held], before: Sequence[label_intervals.Held]) -> float:
    """Return the geometric mean over the worlds of the width against that of another interval."""
    return math.exp(math.fsum(math.log(a.width / b.width) for a, b in zip(held, before, strict=True)) / len(held))


def _summary(held: Sequence[label_intervals.Held], before: Sequence[label_intervals.Held]) -> tuple[str, ...]:
    return (
        f"{100 * min(one.covered for one in held):.1f} %",
        f"{_within(held)} of {len(held)}",
        str(_below(held)),
        f"{100 * max(one.beyond for one in held):.1f} %",
        f"{_narrowed(held, before):.2f}",
    )


SECTIONS: dict[str, Callable[[bool], Iterator[str]]] = {
    "vibes": _vibes,
    "team": _team,
    "raters": _raters,
    "labels": _labels,
}
