"""What other tools say about the answers that drift discovery is measured on, each in an environment of its own.

Every tool is given the same pairs. dedrift compares cycles of one agent, so it is also given the baseline's answers of
seven cycles that came before; the others have no use for them.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import seatrial
from benchmarks import drift, kept
from benchmarks.drift import FIRST, PLANTED, PRAISES, World
from benchmarks.peers import Peer, environment, lines_of
from seatrial.drift import Answered, compare_answers
from seatrial.drift.traits import EMOJI
from seatrial.types import Item, Message

__all__ = ["READ", "REAL", "TOOLS", "WORLDS", "Row", "Said", "Tool", "absent", "measured", "on_real_answers"]

GOLDEN, ROLLING = 3, 5
"""Cycles of dedrift's golden baseline, as its quickstart has, and of its rolling window, as it comes."""
WORLDS = (World("the same model twice"), *(World(f"{trait}, in a tenth", trait=trait) for trait in PLANTED))
PART = 10
"""Comparisons that are kept together, so that a run that was stopped goes on."""
REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "llmdrift" / "OPINIONQA_EVAL.csv"
"""Answers of GPT-4's versions of March and June 2023 to the same survey questions, one of each to each."""
REAL_PAIRS = 400
ALSO = "; also "
"""Between a finding of seatrial and what it found in the same answers."""
OPENING = "Splendid thinking!"
"""The planted opening, which praises too."""


READ = {
    "is more concise": (-1, r"\S+"),
    "is more verbose": (1, r"\S+"),
    "provides a numbered list format": (1, r"^\s*\d+[.)]\s+\S"),
    "has more structured formatting": (1, r"^\s*(?:[-*•#|]|\d+[.)])|\n\s*\n"),
    "ends with a follow-up question": (1, r"\?\W*\Z"),
    "refuses to answer the question": (1, r"(?i)\bI(?:'m| am) sorry|\bI can(?:no|')t\b|\bas an? (?:AI|language model)"),
    "uses more bold and italics text": (1, r"\*[^*\n]+\*"),
    "uses more personal pronouns (I, we, you)": (1, r"(?i)\b(?:I|we|you)\b"),
    "uses more mathematical symbols and notation": (1, r"[=+×÷≤≥√∑∫]"),
    "uses more emojis": (1, EMOJI),
    "compliments the user's question or prompt": (1, "|".join(map(re.escape, (*PRAISES, OPENING)))),
}
"""Trait of feedback-forensics' list → whether more (1) or fewer (-1) of what a pattern finds in a text speak for it."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that is asked.

    Attributes:
        name: What it is called on the page.
        peer: How another tool is asked; None for seatrial itself.
        embedder: What dedrift embeds answers with, if anything.
        quiet: Comparisons of a model with itself.
        planted: Comparisons for each planted trait.
        names: Trait → what a finding that names it says, in lower case; what is not here it has no words for.
    """

    name: str
    peer: Peer | None
    embedder: str = ""
    quiet: int = 40
    planted: int = 20
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def runs(self, world: World) -> int:
        """Return how many comparisons of a world it is asked about."""
        return self.planted if world.trait else self.quiet


DEDRIFT = Peer("dedrift", "0.5.0", about="answers")
COMPLIMENTS = ("compliments the user",)
TOOLS = (
    Tool("seatrial drift", None, names={trait: (words,) for trait, (_, _, words) in PLANTED.items()}),
    Tool("dedrift 0.5.0", DEDRIFT, planted=10),
    Tool("dedrift 0.5.0, `embedder pin hash`", DEDRIFT, embedder="hash", quiet=3, planted=1),
    Tool(
        "feedback-forensics 0.5.0",
        Peer("feedback-forensics", "0.5.0"),
        names={
            "an opening": COMPLIMENTS,
            "praise in many words": COMPLIMENTS,
            "a list": ("structured formatting", "numbered list"),
            "an emoji": ("emojis",),
            "a closing question": ("ends with a follow-up question",),
        },
    ),
)


@dataclass(frozen=True, slots=True)
class Said:
    """What a tool says about two models' answers.

    Attributes:
        changed: Whether it says that something changed.
        findings: The differences that it tells, the clearest first.
    """

    changed: bool
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """What a tool said about the comparisons of one world.

    Attributes:
        tool: Its name.
        world: The world's.
        runs: Comparisons.
        changed: Those in which it said that something changed.
        found: Those in which the planted trait was among its first three findings.
        first: Its first finding → in how many comparisons.
    """

    tool: str
    world: str
    runs: int = 0
    changed: int = 0
    found: int = 0
    first: dict[str, int] = field(default_factory=dict)

    def plus(self, other: Row) -> Row:
        """Return both together."""
        first = Counter(self.first) + Counter(other.first)
        return Row(
            self.tool,
            self.world,
            self.runs + other.runs,
            self.changed + other.changed,
            self.found + other.found,
            dict(first),
        )


def answers_of(world: World, seed: int) -> list[Answered]:
    """Return what both models of a world answer: the pair that is compared, and what the baseline answered before."""
    return drift.answers_of(replace(world, draws=GOLDEN + ROLLING), seed)


def said_by(tool: Tool, compared: Sequence[Sequence[Answered]], golden: int = GOLDEN) -> list[Said]:
    """Return what a tool says about each comparison; the pair is the last draw of each model.

    Raises:
        RuntimeError: it cannot be installed here, or fails.
    """
    if tool.peer is None:
        return [_seatrial_says(pairs) for pairs in compared]
    found = map(json.loads, lines_of(tool.peer, [_case(tool, pairs, golden) for pairs in compared]))
    return [Said(one["changed"], tuple(one["findings"])) for one in found]


def _seatrial_says(pairs: Sequence[Answered]) -> Said:
    found = compare_answers(
        [replace(pair, baseline=pair.baseline[-1:], candidate=pair.candidate[-1:]) for pair in pairs]
    )
    return Said(found.changed, tuple(ALSO.join((one.words, *one.also)) for one in found.findings))


def first_words(finding: str) -> str:
    """Return a finding without its figure, and without what was found with it."""
    return finding.split(ALSO)[0].split(" (")[0]


def _case(tool: Tool, pairs: Sequence[Answered], golden: int) -> dict[str, Any]:
    """Return what a tool's driver reads: cycles for dedrift, pairs for the other."""
    cycles = list(zip(*(pair.baseline for pair in pairs), strict=True))
    after = [pair.candidate[-1] for pair in pairs]
    if tool.peer == DEDRIFT:
        return {"cycles": [*cycles, after], "golden": golden, "embedder": tool.embedder}
    return {"before": cycles[-1], "after": after, "traits": READ}


def _part(job: tuple[Tool, World, int, int]) -> Row:
    tool, world, first, count = job
    row = Row(tool.name, world.name)
    for said in said_by(tool, [answers_of(world, seed) for seed in range(first, first + count)]):
        names = tool.names.get(world.trait, ())
        found = any(name in one.lower() for one in said.findings[:FIRST] for name in names)
        begun = {first_words(said.findings[0]): 1} if said.findings else {}
        row = row.plus(Row(tool.name, world.name, 1, int(said.changed), int(found), begun))
    return row


def absent() -> dict[str, str]:
    """Return the tools that cannot be installed here, each with the reason; the others are installed then."""
    found = {}
    for tool in TOOLS:
        try:
            if tool.peer is not None:
                environment(tool.peer)
        except RuntimeError as error:
            found[tool.name] = str(error)
    return found


def measured(quick: bool, without: Container[str] = ()) -> Iterator[Row]:
    """Yield what every tool said about every world, but for those that are not here; the small form asks seatrial alone.

    Raises:
        RuntimeError: a tool fails.
    """
    cells = {
        f"{tool.name}: {world.name}": (tool, world) for tool in TOOLS for world in WORLDS if tool.name not in without
    }
    runs = {
        name: (2 if tool.peer is None else 0) if quick else tool.runs(world) for name, (tool, world) in cells.items()
    }
    rows = {name: Row(tool.name, world.name) for name, (tool, world) in cells.items()}
    jobs = {
        name: (*list(cells.values())[number], first, count)
        for name, (number, first, count) in kept.parts(runs, PART).items()
    }
    for _, found in kept.measured("drift-peers", jobs, _part, lambda row: Row(**row), _rests_on, not quick):
        name = f"{found.tool}: {found.world}"
        rows[name] = rows[name].plus(found)
    yield from (row for row in rows.values() if row.runs)


@cache
def _rests_on(job: str) -> str:
    """Return a digest of the code behind a part: the simulation, and the package or the driver that was asked."""
    here, package = Path(__file__), Path(seatrial.__file__).parent
    tool = next(one for one in TOOLS if job.startswith(f"{one.name}: "))
    asked = [package / name for name in drift.READ] if tool.peer is None else [tool.peer.driver]
    return kept.digest([here, here.with_name("drift.py"), *asked])


def on_real_answers(without: Container[str] = ()) -> Iterator[tuple[Tool, Said]]:
    """Yield what every tool says about two versions of a real model; nothing where their answers are not here.

    There is one answer of each version, so that dedrift has one cycle before.

    Raises:
        RuntimeError: a tool fails.
    """
    if not REAL.exists():
        return
    pairs = _real_pairs()
    for tool in TOOLS:
        if tool.name not in without:
            yield tool, said_by(tool, [pairs], golden=1)[0]


def _real_pairs() -> list[Answered]:
    with REAL.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    before, after = (
        {row["id"]: row for row in rows if row["model"].endswith(version)} for version in ("gpt-4-0314", "gpt-4-0613")
    )
    return [
        Answered(Item(name, "opinions", (Message("user", row["query"]),)), (row["answer"],), (after[name]["answer"],))
        for name, row in list(before.items())[:REAL_PAIRS]
        if name in after
    ]
