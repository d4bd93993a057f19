"""Run the measurements and write docs/measurements.md: `make bench`, or `python -m benchmarks --quick`."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

from benchmarks import efficiency, throughput, validity
from benchmarks.plot import Series, line_plot
from benchmarks.validity import ALPHA, Rate

DOCS = Path(__file__).resolve().parents[1] / "docs"
LIMIT = 1.1 * ALPHA


def _machine() -> str:
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("seatrial", "numpy", "scipy", "polars"))
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {versions}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
    return "\n".join([*lines, *[f"| {' | '.join(row)} |" for row in rows]])


def _rate(rate: Rate) -> str:
    low, high = rate.band
    return f"{100 * rate.share:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def _validity(quick: bool) -> Iterator[str]:
    runs = 400 if quick else 1000
    found = []
    for number, cell in enumerate(validity.grid(not quick), 1):
        _say(f"validity, cell {number}: {cell.kind}, {cell.clusters} clusters")
        found += validity.looks(cell, runs if cell.clusters <= 200 else 300, 1)
    yield "## Validity: how often a gate at its margin passes, and how often a bound misses\n"
    yield (
        "The true change equals the margin, so every pass is false; alpha is 0.05. `betting` is looked at after every "
        "cluster, and a miss at any look counts. Items of a cluster (three each) share their shock. The worst cell of each "
        "row is shown with its Monte-Carlo band (Wilson, 95 %).\n"
    )
    rows = []
    for kind in dict.fromkeys(one.cell.kind for one in found):
        for method in ("betting", "fixed"):
            cells = [one for one in found if one.cell.kind == kind and one.method == method]
            worst = max(cells, key=lambda one: one.false_pass.share)
            above = max(cells, key=lambda one: one.missed_above.share)
            mean = sum(one.false_pass.share for one in cells) / len(cells)
            where = f"{worst.cell.clusters} clusters, base {worst.cell.base:g}, ICC {worst.cell.icc:g}"
            significant = sum(one.false_pass.band[0] > LIMIT for one in cells)
            rows.append(
                (kind, method, str(len(cells)), f"{100 * mean:.1f} %", _rate(worst.false_pass), where,
                 _rate(above.missed_above), str(significant))
            )  # fmt: skip
    yield _table(
        ("scores", "method", "cells", "false passes, mean", "worst cell", "where", "lower bound misses, worst",
         "cells surely above 1.1 alpha"), rows
    )  # fmt: skip
    yield ""
    looked = validity.every_item(400 if quick else 2000, 1500, 1)
    yield f"A look after each of 1,500 single items: {_rate(looked)} false passes.\n"


def _policies(quick: bool) -> Iterator[str]:
    yield "## Whole policies\n"
    yield (
        "One broken gate (at its margin) among unchanged ones must not launch; gates that all lie at their margin must not "
        "block; 120 clusters a gate. The last column is power: how often a harmless candidate launches.\n"
    )
    rows = []
    for gates in (1, 5, 20):
        for method in ("betting", "fixed"):
            _say(f"policies of {gates} gates, {method}")
            found = validity.policies(gates, method, (100 if quick else 600) // (1 if gates < 20 else 3), 1)
            rows.append(
                (
                    str(gates),
                    method,
                    _rate(found.false_launch),
                    _rate(found.false_block),
                    _rate(found.launch_when_harmless),
                )
            )
    yield _table(("gates", "method", "false launches", "false blocks", "launches when harmless"), rows)
    yield ""
    yield "## Data that are worse than assumed\n"
    worse = [(one.name, _rate(one.false_pass), one.expected) for one in validity.stress(200 if quick else 1000, 1)]
    yield _table(("what is wrong", "false passes at the margin", "what the design says"), worse)
    yield ""


def _efficiency(quick: bool) -> Iterator[str]:
    _say("efficiency")
    rows = efficiency.run(200 if quick else 1000, 6000, 0)
    whole = [row for row in rows if row.effect not in (0.5, 1.5)]
    yield "## Efficiency: calls to a decision\n"
    yield (
        f"Paired 0/1 answers, one in five discordant, margin {efficiency.MARGIN}, a look after every item, both models' calls "
        "counted, at most 12,000. *Oracle*: Wald's test told the true distribution. *Plans*: fixed-size tests with the same "
        f"alpha and power {efficiency.POWER:g} at no change.\n"
    )
    yield _table(
        ("true change, margins", "seatrial", "oracle", "ratio", "paired plan", "unpaired plan", "decided", "wrong"),
        [
            (f"{row.effect:g}", f"{row.seatrial:,.0f}", f"{row.oracle:,.0f}", f"{row.seatrial / row.oracle:.2f}",
             f"{row.paired_plan:,}", f"{row.unpaired_plan:,}", f"{100 * row.decided:.0f} %", f"{100 * row.wrong:.1f} %")
            for row in rows
        ],
    )  # fmt: skip
    yield ""
    for name, kept in (("whole margins (−2, −1, 0, 2, 3, 4)", whole), ("the half margins 0.5 and 1.5 included", rows)):
        found = efficiency.summary(kept)
        yield (
            f"Averaged over {name}: {found['mean calls']:,.0f} calls, {found['of the oracle']:.2f} × the oracle's, "
            f"{found['of the paired plan']:.2f} × the paired plan's, {found['of the unpaired plan']:.2f} × the unpaired plan's.\n"
        )
    series = [
        Series("seatrial", [(row.effect, row.seatrial) for row in rows]),
        Series("oracle", [(row.effect, row.oracle) for row in rows]),
        Series("paired plan", [(row.effect, row.paired_plan) for row in rows]),
        Series("unpaired plan", [(row.effect, row.unpaired_plan) for row in rows]),
    ]
    picture = DOCS / "measurements-efficiency.svg"
    picture.write_text(line_plot("Mean calls to a decision", "true change, margins", series), encoding="utf-8")
    yield f"![Mean calls to a decision by true change]({picture.name})\n"


def _throughput(quick: bool) -> Iterator[str]:
    _say("throughput")
    found = throughput.run(1_000_000 if quick else 10_000_000)
    yield "## Throughput: weighing observations\n"
    yield (
        f"{found.observations:,} observations of {throughput.SIGNALS} signals, from Parquet to judged gates: "
        f"{found.seconds:.1f} s, peak {found.megabytes:,.0f} MB.\n"
    )


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small form, printed and not written")
    quick = parser.parse_args().quick
    command = "python -m benchmarks --quick" if quick else "make bench"
    parts = [
        "# Measurements\n",
        f"Written by `{command}` on this code: {_machine()}.\n",
        *_validity(quick),
        *_policies(quick),
        *_efficiency(quick),
        *_throughput(quick),
    ]
    text = "\n".join(parts)
    if quick:
        print(text)
    else:
        (DOCS / "measurements.md").write_text(text, encoding="utf-8")
        _say(f"wrote {DOCS / 'measurements.md'}")


if __name__ == "__main__":
    main()
