"""The sections on conversations: how often gates err, what plans promise, how fast turns are, and what controls show."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from benchmarks import conversation_control, conversation_power, conversations, page
from seatrial.types import GateVerdict

__all__ = ["SECTIONS"]


def _conversations(quick: bool) -> Iterator[str]:
    yield "## Conversations: how often their gates err, and how fast they are held\n"
    yield page.source("conversations")
    yield (
        f"{conversations.PERSONAS} personas of up to {conversations.TURNS} turns; the chance of harm differs by persona and grows "
        f"with the turn; margin {conversations.MARGIN:g}, alpha 5 %. *Earlier harm*: the log-rank test's p is 5 % or less, which "
        "decides nothing. Bands are Wilson's, 95 %.\n"
    )
    yield page.table(
        ("the candidate", "runs", "launched", "blocked", "earlier harm found"),
        [
            (
                one.name,
                f"{one.runs:,}",
                page.share(one.launched, one.runs),
                page.share(one.blocked, one.runs),
                page.share(one.earlier, one.runs),
            )
            for one in conversations.rates(100 if quick else 2000)
        ],
    )
    yield from _power(quick)
    same = conversation_power.against_itself(2 if quick else 200)
    yield (
        f"One endpoint against itself, {same.runs:,} times by the whole way: all built-in personas and their twins, a script as the "
        "user, answers stored and read by `text/validation`, three gates decided together. Of "
        f"{same.turns:,} answers {100 * same.harmful / same.turns:.0f} % were harmful, more at each turn. Blocked: "
        f"{page.share(same.blocked, same.runs)}; launched: {page.share(same.launched, same.runs)}.\n"
    )
    found = conversations.speed(12 if quick else conversations.PERSONAS)
    yield (
        f"{found.turns:,} turns with two models of {1000 * conversations.SECONDS:.0f} ms, 64 calls in flight, every answer stored: "
        f"{found.seconds:.2f} s, where the turns' dependence allows {found.least:.2f} s at best: "
        f"{100 * found.least / found.seconds:.0f} % of it.\n"
    )


def _power(quick: bool) -> Iterator[str]:
    worlds = conversation_power.WORLDS[:2] if quick else conversation_power.WORLDS
    promised = list(conversation_power.promises(60, 10, worlds) if quick else conversation_power.promises(2000, 100))
    yield (
        "What `converse --plan --from` says beside what runs come to. Each plan is made of the policy and of an earlier run in which "
        "nothing had changed; of the world it knows nothing else. *Fails*: the chance that a rise of two margins fails the gate, on "
        "average over plans (nine in ten of them), and the share of runs in which it did. *Ruled out*: the plans name a change that is "
        "ruled out with 90 % where nothing changed, and so many of such runs ruled it out. One plan knows no more of the spread than its "
        "earlier run shows.\n"
    )
    yield page.table(
        (
            "personas",
            "draws",
            "earlier draws",
            "margin",
            "plans",
            "fails, by plan",
            "fails, runs",
            "apart",
            "ruled out",
        ),
        [_promise(one) for one in promised],
    )


def _promise(one: conversation_power.Promise) -> tuple[str, ...]:
    low, high = np.quantile(one.fails, [0.05, 0.95])
    return (
        f"{one.world.personas:,}",
        f"{one.world.draws:,}",
        f"{one.world.earlier_draws:,}",
        f"{one.world.margin:g}",
        f"{len(one.fails):,}",
        page.percent(one.promised, low, high),
        page.share(one.failed, one.runs),
        f"{100 * (one.promised - one.failed / one.runs):+.1f}",
        f"{100 * one.ruled_out:.1f} %",
    )


def _control(quick: bool) -> Iterator[str]:
    chosen, personas = (("rage",), 2) if quick else ((), None)
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(os.environ.get("SEATRIAL_BENCH", scratch)) / "conversation-control"
        found = list(conversation_control.controlled(place, chosen, personas))
        together = conversation_control.pooled(place, [one.area for one in found])
    yield "## Conversations: do their gates see harm that is induced, and only that\n"
    yield page.source("conversation-control", ("xllamacpp", "wordllama"))
    yield (
        "Scripted users talk to the embedded model (SmolLM2-135M) at a temperature of 0.8, "
        f"{conversation_control.TURNS} turns of up to {conversation_control.TOKENS} tokens. *Induced*: the same model with a "
        "system prompt that asks for what the area calls harm, each answer begun with the opening of the area's suite in "
        "`benchmarks/controls.toml`. *Neutral*: the same model with another seed. All prompts are in "
        "`benchmarks/conversation_controls.toml`, written before the first run and not changed since. One gate an area on "
        f"the mean harm over the turns, margin {conversation_control.MARGIN:g}, alpha 5 %, read by the area's first instrument "
        "and counted on trust: this tests the way from text to a verdict, not the instrument.\n"
    )
    yield (
        "Which areas the model can express was laid down beforehand, and is read of other conversations, the first lines of "
        "the quiet twins: the induced answers must read higher on the mean (*apart*), and the baseline's must leave room for "
        "the least change with which the gate can fail, if it is the same with every persona (*needed*).\n"
    )
    yield _counted(found)
    yield page.table(
        ("area", "read by", "personas", "turns, baseline and induced", "calls", "apart, room", "needed",
         "baseline, induced", "change", "verdict", "neutral change", "neutral verdict"),
        [_row(one) for one in found],
    )  # fmt: skip
    yield (
        f"*One gate on {conversation_control.TOGETHER}*, {together.induced.evidence.clusters} personas: induced "
        f"{_change(together.induced)}, {together.induced.verdict}; neutral {_change(together.neutral)}, "
        f"{together.neutral.verdict}.\n"
    )


def _counted(found: list[conversation_control.Controlled]) -> str:
    able = [one for one in found if one.expressible]
    failed = sum(one.induced.verdict == "fail" for one in able)
    wrong = sum(one.neutral.verdict == "fail" for one in found)
    small = [one for one in able if one.induced.evidence.reading < one.needed]
    told = ""
    if small:
        count = small[0].personas
        told = (
            f" In {len(small)} of them the change is smaller than what {count} personas can show, which is {small[0].needed:.2f} "
            f"if it is the same with each; with {2 * count} it would be {conversation_control.least_failing(2 * count):.2f}."
        )
    return (
        f"The model can express {len(able)} of {len(found)} areas. The gate fails in {failed} of them where harm is induced, "
        f"and in {wrong} of {len(found)} where nothing changed.{told}\n"
    )


def _row(one: conversation_control.Controlled) -> tuple[str, ...]:
    seen = one.induced.evidence
    return (
        one.area,
        one.reader,
        str(one.personas),
        f"{one.turns[0]}, {one.turns[1]}",
        str(one.calls),
        f"{one.apart:+.2f}, {one.room:.2f}",
        f"{one.needed:.2f}",
        f"{seen.baseline:.2f}, {seen.candidate:.2f}",
        _change(one.induced),
        one.induced.verdict,
        _change(one.neutral),
        one.neutral.verdict,
    )


def _change(verdict: GateVerdict) -> str:
    found = verdict.evidence
    return f"{found.estimate:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"


SECTIONS: dict[str, Callable[[bool], Iterator[str]]] = {
    "conversations": _conversations,
    "conversation-control": _control,
}
