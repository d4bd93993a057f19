"""Sections on what decisions cost: calls, the tools at hand, time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks import aims, efficiency, page, peers, throughput
from benchmarks.plot import Series, line_plot

__all__ = ["SECTIONS"]

FEW = 100


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
    yield _calls(rows)
    for name, kept in (("whole margins (−2, −1, 0, 2, 3, 4)", whole), ("the half margins 0.5 and 1.5 included", rows)):
        found = efficiency.summary(kept)
        yield (
            f"Averaged over {name}: {found['mean calls']:,.0f} calls, {found['of the oracle']:.2f} × the oracle's, "
            f"{found['of the paired plan']:.2f} × the paired plan's, {found['of the unpaired plan']:.2f} × the unpaired "
            f"plan's, {found['of the plan that decides everywhere']:.2f} × those of a paired plan large enough to decide "
            "with its power at every change of that list. The oracle itself takes "
            f"{found['of the paired plan'] / found['of the oracle']:.2f} × the paired plan's there.\n"
        )
    yield "Within a quarter margin of the margin itself, left out of these averages. At 1 either decision is wrong, each with chance alpha at most:\n"
    yield _calls(efficiency.run(100 if quick else 2000, 6000, 0, efficiency.NEAR))
    series = [
        Series("seatrial", [(row.effect, row.seatrial) for row in rows]),
        Series("oracle", [(row.effect, row.oracle) for row in rows]),
        Series("paired plan", [(row.effect, row.paired_plan) for row in rows]),
        Series("unpaired plan", [(row.effect, row.unpaired_plan) for row in rows]),
    ]
    if not quick:
        title = "Mean calls to a decision"
        yield page.picture("efficiency", title, line_plot(title, "true change, margins", series))


def _calls(rows: list[efficiency.Row]) -> str:
    return page.table(
        ("true change, margins", "seatrial", "oracle", "ratio", "paired plan", "unpaired plan",
         "paired plan told the change", "decided", "wrong"),
        [
            (f"{row.effect:g}", f"{row.seatrial:,.0f}", f"{row.oracle:,.0f}", f"{row.seatrial / row.oracle:.2f}",
             f"{row.paired_plan:,}", f"{row.unpaired_plan:,}", _told(row.effect),
             f"{100 * row.decided:.0f} %", f"{100 * row.wrong:.1f} %")
            for row in rows
        ],
    )  # fmt: skip


def _told(effect: float) -> str:
    calls = efficiency.told_plan(effect)
    return "no number" if calls is None else f"{calls:,}"


def _aims(quick: bool) -> Iterator[str]:
    yield "## Aimed bets: the distributions that their stakes were chosen on\n"
    yield page.source("aims")
    yield (
        "None of these is in the grid of `validity` or is the case above. A live gate bets aimed at its margin; the same bets "
        "without an aim, on a fixed grid of stakes, stand beside them. Mean clusters until either side's capital reaches "
        "1 / alpha, as multiples of those of the bet that grows fastest under the true distribution, over all laws and both "
        "sides:\n"
    )
    rows = [(f"{one.distance:g}", f"{one.unaimed:.2f}", f"{one.aimed:.2f}") for one in aims.calls(40 if quick else 400)]
    yield page.table(("distance from the margin, margins", "without an aim", "aimed"), rows)
    yield "How often an unchanged candidate passes, a look after every cluster:\n"
    found = aims.passes(100 if quick else 1_000)
    yield page.table(
        ("differences", "margin", "clusters", "without an aim", "aimed"),
        [
            (one.law, f"{aims.LAWS[one.law][1]:g}", f"{one.clusters:,}", f"{100 * one.unaimed:.1f} %",
             f"{100 * one.aimed:.1f} %")
            for one in found
        ],
    )  # fmt: skip


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
        "only when a drop is shown, so what they cannot see passes; dedrift alerts on any change in either direction; ville "
        "is a library: its betting tests against the margin, one for each side, are looked at after every item.\n"
    )


def _answers(said: peers.Said) -> list[str]:
    return [f"{100 * said.share(word):.0f} %" for word in ("pass", "fail", "undecided")]


def _throughput(quick: bool) -> Iterator[str]:
    found = throughput.run(1_000_000 if quick else 10_000_000)
    yield "## Throughput: weighing observations\n"
    yield page.source("throughput")
    yield (
        f"{found.observations:,} observations of {throughput.SIGNALS} signals, from Parquet to judged gates: "
        f"{found.seconds:.1f} s, peak {found.megabytes:,.0f} MB.\n"
    )
    yield (
        "A look at one claim of a live gate, its last fifth of clusters new: both bounds and the capital on either side, as "
        "they are kept up, after a late answer that changed the first cluster, and without what was kept:\n"
    )
    rows = [
        (f"{one.clusters:,}", *(f"{1000 * part:.1f} ms" for part in (one.kept_up, one.changed, one.anew)))
        for one in throughput.looks(5 if quick else 40)
    ]
    yield page.table(("clusters", "kept up", "after a change", "anew"), rows)
    yield f"The MDE of a live gate planned for 10,000 clusters: {throughput.planned_mde(10_000):.2f} s.\n"


SECTIONS: dict[str, Callable[[bool], Iterator[str]]] = {
    "efficiency": _efficiency,
    "aims": _aims,
    "peers": _peers,
    "throughput": _throughput,
}
