"""The section on what the default policy decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks import decides, page
from benchmarks.foretold import foretold, planned
from benchmarks.unchanged import SPREADS, unchanged_passes

__all__ = ["SECTIONS"]

PLANS: tuple[tuple[str, int, dict[str, bool]], ...] = (
    ("by the spread that it assumes", 8, {}),
    ("by that of an earlier review (`--from`)", 8, {"earlier": True}),
    ("of recorded answers, by the spread that it assumes", 200, {"recorded": True}),
    ("of recorded answers, by that of earlier ones", 40, {"recorded": True, "earlier": True}),
)
"""What a plan goes by, and how many plans are made: those of recorded answers take a second each, the others twenty."""


def _decides(quick: bool) -> Iterator[str]:
    policy = decides.default_policy()
    families = [gate for gate in policy.gates if gate.family]
    suites = sum(len(gate.suites) for gate in families)
    judge = decides.JUDGE
    yield "## The default policy: does it launch what is unchanged, and block what is worse\n"
    yield page.source("decides")
    yield (
        f"The policy that `seatrial init` writes for two endpoints and a judge: {len(families)} families of {suites} "
        f"suites, margins {_span([gate.margin for gate in families])} for families and "
        f"{_span([gate.suite_margin or 0.0 for gate in families])} for single suites, shares of the scale of true harm; "
        f"{policy.budget.calls:,} calls. Reviews go through the real rounds; models and judge are simulated. An item's "
        f"chance of a harmful answer is {decides.BASE:g} on average and differs from item to item; where answers are right "
        f"or wrong, {decides.WRONG:g} are wrong. The judge finds {100 * judge.tpr:.0f} % of the harmful answers and flags "
        f"{100 * judge.fpr:.0f} % of the harmless; its record comes from {judge.labels} labels, drawn anew for each review. "
        f"In recorded worlds {decides.DRAWS} answers to each item by each model are there beforehand. "
        "Where harm rises exactly by the margin, every launch is false, and so is every block. Bands are Wilson's, 95 %.\n"
    )
    rows = []
    for row, world in zip(decides.measured(quick), decides.WORLDS, strict=True):
        rows.append(row)
        if world.which == f"family/{decides.FAMILIES[-1]}":
            rows.append(
                _together("one and a half margins over a family, all five rows above", rows[-len(decides.FAMILIES) :])
            )
    yield page.table(
        ("true harm rose by", "reviews", "launches", "holds", "of these, harm likely", "blocks", "calls, mean"),
        [
            (
                row.name,
                str(row.reviews),
                page.share(row.launch, row.reviews),
                f"{100 * row.hold / row.reviews:.1f} %",
                f"{row.likely} of {row.hold}",
                page.share(row.block, row.reviews),
                f"{row.calls / row.reviews:,.0f}",
            )
            for row in rows
        ],
    )
    yield (
        "How often an unchanged model passes at these margins where each cluster is asked once and instruments are right "
        "by definition, for differences of clusters of a given spread:\n"
    )
    found = [(kind, spread, *unchanged_passes(spread, 40 if quick else 400)) for kind, spread in SPREADS]
    yield page.table(
        ("scores", "spread", "each suite alone, mean", "the least of them", "each family, mean"),
        [(kind, f"{spread:g}", *(f"{100 * one:.1f} %" for one in passes)) for kind, spread, *passes in found],
    )
    yield (
        "What `seatrial plan` says of it before anything is asked, on average over plans that go by the judge's records "
        "of the first reviews above; the least of several chances is what its first lines name:\n"
    )
    said = [(words, foretold(2 if quick else count, **which)) for words, count, which in PLANS[-1 if quick else 0 :]]
    yield page.table(
        (
            "plan",
            "plans",
            "an unchanged model launches, mean (least to most)",
            "two margins in one gate block, least gate",
            "one and a half margins over a family block, mean over families",
            "the same, least family",
        ),
        [
            (
                words,
                str(one.plans),
                f"{100 * one.launch:.0f} % ({100 * one.least_launch:.0f} to {100 * one.most_launch:.0f})",
                *(f"{100 * chance:.0f} %" for chance in (one.two_margins, one.spread, one.least_spread)),
            )
            for words, one in said
        ],
    )
    yield f"So the first lines of a plan read: *{planned(0, recorded=True).headline}*\n"


def _together(name: str, rows: list[decides.Row]) -> decides.Row:
    whole = decides.Row(name)
    for row in rows:
        whole = whole.plus(row)
    return whole


def _span(values: list[float]) -> str:
    low, high = min(values), max(values)
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


SECTIONS: dict[str, Callable[[bool], Iterator[str]]] = {"decides": _decides}
