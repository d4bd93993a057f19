"""The sections on what drift discovery finds, how often it cries wolf, and what other tools say of the same answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from benchmarks import drift, drift_oracle, drift_peers, page

__all__ = ["SECTIONS"]

TRAITS = {world.name: world.trait for world in drift_peers.WORLDS}
FEW = 5
"""Comparisons of a trait below which its row would say nothing by itself."""
TOGETHER = "each of the six, in a tenth"


def _drift(quick: bool) -> Iterator[str]:
    yield "## Drift: does it cry wolf, and does it find what was planted\n"
    yield page.source("drift", ("numpy", "scipy", "wordllama"))
    yield (
        "Answers are put together at random from sentences of the graded answers that come with the package, each model and "
        "each draw anew. A planted trait is in a tenth of the candidate's answers (20 of 200) and, but for praise where nothing else is said, in none of "
        "the baseline's; null traits are 20 sentences that both models add as often as each other. *Alarms*: the answers are "
        "called changed, at a level of 5 %. *Found*: the trait is among the first three differences. *False*: differences "
        "listed that are none. Bands are Wilson's, 95 %.\n"
    )
    yield page.table(
        ("world", "comparisons", "alarms", "found", "differences listed", "false"),
        [
            (
                row.name,
                f"{row.reviews:,}",
                page.share(row.alarms, row.reviews),
                page.share(row.found, row.reviews) if world.trait else "",
                f"{row.listed:,}",
                f"{row.false:,}",
            )
            for row, world in zip(drift.measured(quick), drift.WORLDS, strict=True)
        ],
    )
    praised = next(world for world in drift.WORLDS if world.trait == drift.PRAISE and not world.nulls)
    told = drift_oracle.oracle(praised, 5 if quick else praised.reviews)
    yield (
        "Where a tenth of the answers is praised beside the praise that is there already, the rows stay below the others, and "
        "no reader of praise can lift them far: the sentences that answers are put together from praise, too. The table is of "
        "tests that overlook no planted sentence and look for nothing but praise, in the same answers; in the last "
        f"column at the level that one of the {drift_oracle.TESTS} tests of an open search has. In the rows *and nowhere else* "
        "the sentences in which the list of phrases knows praise are left out, as those with lists, emoji and closing "
        "questions are left out of all worlds; the list knows "
        f"{sum(map(drift.praises, drift.PRAISES))} of the {len(drift.PRAISES)} sentences that are planted, so these rows "
        "measure the search and not the list.\n"
    )
    yield page.table(
        (
            "told to look for praise",
            "the baseline's answers that have it",
            *(f"finds it, at {100 * level:.1f} %" for level in drift_oracle.LEVELS),
        ),
        [
            (one.where, f"{100 * one.before:.1f} %", *(page.share(count, one.comparisons) for count in one.found))
            for one in told
        ],
    )
    sets = 20 if quick else 2_000
    yield (
        "A judge proposes five differences on one half of the items and grades the other half for them. It flags 85 % of what is "
        "there and a tenth of what is not. *Any shown*: of five proposals at least one; *the planted one shown*: the only one "
        "that is there.\n"
    )
    yield page.table(
        ("proposals", "sets of five", "any shown", "the planted one shown"),
        [
            (
                one.name,
                f"{one.sets:,}",
                page.share(one.shown, one.sets),
                page.share(one.planted, one.sets) if share else "",
            )
            for share, items in ((0.0, 30), (0.0, 60), (0.2, 60), (0.4, 60))
            for one in (drift.proposed(share, items, sets),)
        ],
    )
    sizes = (200,) if quick else (200, 2_000)
    took = "; ".join(f"{size:,} pairs {drift.seconds(size):.1f} s" for size in sizes)
    yield f"A comparison, embeddings included, in one process: {took}.\n"


def _peers(quick: bool) -> Iterator[str]:
    yield "## Drift: what other tools say about the same answers\n"
    yield page.source("drift-peers", ("numpy", "scipy", "wordllama"))
    earlier = drift_peers.GOLDEN + drift_peers.ROLLING - 1
    yield (
        f"The simulation of `python -m benchmarks drift`: {drift_peers.WORLDS[0].pairs} pairs of answers, put together at random "
        "from the same sentences, and where something is planted it is in a tenth of the candidate's. Every tool runs in an environment of its own, as it comes, and says of the "
        "same pairs what it says. *Says changed*: in how many comparisons it says that something changed. *Found*: the "
        "planted trait is among its first three findings; a dash where it has no words for that trait. Bands are Wilson's, "
        "95 %.\n"
    )
    yield (
        "- **dedrift** was made to watch an agent over time: the length of its answers, refusals, formats, tool calls, "
        "latency. It says that one of these moved, and which config change came before; what answers say is not among "
        f"them. It is given the baseline's answers of {earlier} more cycles ({drift_peers.GOLDEN} golden, the others its "
        "rolling window), and an alert needs both a p-value and an effect above its floor, on purpose. It tests answers of "
        "all items together, not item by item. With an embedder pinned it also compares embeddings; that takes it much "
        "longer, so there are few comparisons. Its findings are ordered by its adjusted p-value.\n"
        "- **feedback-forensics** was made to describe which traits, of a list that it brings or that one gives it, one "
        "model's answers have more of. Of each pair a model says which answer has more of each trait. **No such model could "
        f"be asked here**, so patterns stand in for it on the {len(drift_peers.READ)} traits of its list that "
        "can be read off a text; for praise they know which sentences were planted, and all other praise they overlook. So "
        "*found* is about the best that it could do, and of its other traits nothing is known. What it does not show in gray, "
        "p-values below 0.05, counts as said; each trait has a test of its own, in the direction that the answers show, so "
        "the more traits are asked about, the more are said by luck. Its findings are ordered by strength.\n"
        "- **seatrial drift** was made for these questions, and the simulation is its own. Over many more comparisons it is "
        "measured by `python -m benchmarks drift`.\n"
    )
    without = {} if quick else drift_peers.absent()
    yield from (f"{name} is not measured: {reason}\n" for name, reason in without.items())
    tools = {tool.name: tool for tool in drift_peers.TOOLS}
    yield page.table(
        ("tool", "world", "comparisons", "says changed", "found", "its first finding, most often"),
        [
            (
                row.tool,
                row.world,
                f"{row.runs:,}",
                page.share(row.changed, row.runs),
                _found(row, tools[row.tool]),
                _most_often(row),
            )
            for row in _few_together(drift_peers.measured(quick, without), tools)
        ],
    )
    real = [] if quick else list(drift_peers.on_real_answers(without))
    if real:
        yield (
            f"Of two versions of a real model, gpt-4-0314 and gpt-4-0613, each answering {drift_peers.REAL_PAIRS} survey "
            "questions with options once; of the first, one cycle is all that dedrift has to compare with:\n"
        )
        yield page.table(
            ("tool", "says changed", "findings", f"the first {drift.FIRST}"),
            [
                (
                    tool.name,
                    "yes" if said.changed else "no",
                    f"{len(said.findings)}",
                    "; ".join(one.split(drift_peers.ALSO)[0] for one in said.findings[: drift.FIRST]),
                )
                for tool, said in real
            ],
        )


def _few_together(rows: Iterable[drift_peers.Row], tools: Mapping[str, drift_peers.Tool]) -> list[drift_peers.Row]:
    """Return the rows, those of all traits as one where a tool was asked about too few of each to tell them apart."""
    found: dict[tuple[str, str], drift_peers.Row] = {}
    for row in rows:
        few = TRAITS[row.world] and tools[row.tool].planted < FEW
        held = replace(row, world=TOGETHER) if few else row
        key = (held.tool, held.world)
        found[key] = found[key].plus(held) if key in found else held
    return list(found.values())


def _found(row: drift_peers.Row, tool: drift_peers.Tool) -> str:
    trait = TRAITS.get(row.world, row.world)
    if not trait:
        return ""
    return page.share(row.found, row.runs) if trait in tool.names else "—"


def _most_often(row: drift_peers.Row) -> str:
    if not row.first:
        return "none"
    words, count = max(row.first.items(), key=lambda one: one[1])
    return f"{words} ({count} of {row.runs:,})"


SECTIONS: dict[str, Callable[[bool], Iterator[str]]] = {"drift": _drift, "drift-peers": _peers}
