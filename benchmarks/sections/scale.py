"""The section on what a replay takes past one machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import median

from benchmarks import calls, page, scale

__all__ = ["SECTIONS"]


def _scale(quick: bool) -> Iterator[str]:
    count, turns = (1024, 2) if quick else (10_000, 10)
    made = scale.turns(count, turns)
    ratios = sorted(one.shards / one.one for one in made)
    alone = median(one.one for one in made)
    yield "## Scale: two workers beside one process, a million answers, and a replay of a million conversations\n"
    yield page.source("scale", ("ray", "aiohttp"))
    yield (
        f"{count:,} calls, {calls.IN_FLIGHT} in flight, of a server that takes {1000 * calls.SECONDS:.0f} ms and runs on the same "
        "cores: the workers of a Ray cluster on this machine, one for each core, in turns with one process; all store every answer. "
        f"In {turns} turns the workers made {ratios[0]:.2f} to {ratios[-1]:.2f} of its calls a second, in the median "
        f"{median(ratios):.2f} ({median(one.shards for one in made):,.0f} beside {alone:,.0f}). More machines could not be measured.\n"
    )
    plain = sorted(one.one / one.bare for one in made)
    yield (
        f"In the same turns one process, which stores every answer of a replay before it is used, made {plain[0]:.2f} to "
        f"{plain[-1]:.2f} of the calls a second of a bare loop around aiohttp that stores nothing, in the median "
        f"{median(plain):.2f} ({alone:,.0f} beside {median(one.bare for one in made):,.0f}).\n"
    )
    memory = [scale.memory(many) for many in ((1000, 5000) if quick else (1000, 10_000, 100_000))]
    yield (
        f"Two models' answers of {calls.LONG:,} letters to so many conversations of a few words, as a replay asks for them: "
        "its process took, at most, "
        + "; ".join(
            f"{one.largest:,.0f} MB for {one.conversations:,} ({one.before:,.0f} MB before it asked)" for one in memory
        )
        + ". What it holds is the conversations and where each answer is; the answers, "
        f"{2 * memory[-1].conversations * calls.LONG / 1e6:,.0f} MB of letters at last, are in files.\n"
    )
    answers = 20_000 if quick else 1_000_000
    store = scale.reopened(answers)
    yield (
        f"A store of {answers:,} answers of {store.letters:,} letters, {store.bytes_each:,.0f} bytes each on disk, is opened again "
        f"in {store.seconds:.1f} s, and takes {store.megabytes:,.0f} MB.\n"
    )
    given = scale.Setting()
    work = scale.worked_out(scale.CONVERSATIONS, given, store, memory, alone)
    yield (
        f"What a replay of {scale.CONVERSATIONS:,} conversations takes, by the formulas in [Past one machine](scale.md). Supposed: "
        f"{given.tokens_in:,} tokens in and {given.tokens_out:,} out a conversation, answers of {given.letters:,} letters, "
        f"{given.behaviors} behaviors for each of which {given.graded:,} conversations are graded, {given.judge_in:,} tokens in and "
        f"{given.judge_out:,} out a grade, {given.a_second:,} tokens out a second of one replica of a model's server.\n"
    )
    rows = [
        ("calls of both models", f"{work.answers:,}"),
        ("calls of judges", f"{work.grades:,}"),
        ("tokens in", f"{work.tokens_in / 1e6:,.0f} million"),
        ("tokens out", f"{work.tokens_out / 1e6:,.0f} million"),
        ("store", f"{work.gigabytes:,.1f} GB"),
        ("memory of the process that plans and weighs, at least", f"{work.driver_gigabytes:,.1f} GB"),
        ("opening the store again", f"{work.reopening:,.0f} s"),
        ("asking and storing, by one process", f"{work.process_hours:,.2f} hours"),
        *(
            (f"answering, {n} {'replica' if n == 1 else 'replicas'}", f"{h:,.1f} hours")
            for n, h in work.model_hours.items()
        ),
    ]
    yield page.table(("what", "how much"), rows)


SECTIONS: dict[str, Callable[[bool], Iterator[str]]] = {"scale": _scale}
"""The sections of docs/measurements.md, in their order: each measures, and yields its Markdown."""
