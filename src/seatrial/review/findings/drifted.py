"""Whatever else changed between the two models' answers: what no gate of the review asks about."""

from __future__ import annotations

from seatrial.drift import Answered, Drift, compare_answers
from seatrial.drift.page import PAGE
from seatrial.drift.wording import levels
from seatrial.policy import LaunchPolicy
from seatrial.review.rounds import Rounds
from seatrial.stats.seeding import generator
from seatrial.types import ROLES, Item, Role

__all__ = ["FEWEST", "MOST", "drift_note", "drifted"]

FEWEST, MOST = 20, 1_000
"""Items below which a review is not searched, and of which as many as this are drawn at random."""
DRAWS = 2
"""Answers to an item of each model that are read: more of them show little that these do not, and take as long each."""
EXCHANGES = 999
NAMED = 3


def drifted(policy: LaunchPolicy, rounds: Rounds) -> Drift | None:
    """Return what changed in the answers of a review; None where it reads no text, too few items, or is told not to."""
    if not policy.drift:
        return None
    items: dict[tuple[str, str], Item] = {}
    texts: dict[Role, dict[tuple[str, str], dict[int, str]]] = {role: {} for role in ROLES}
    for run in rounds.gates:
        if run.plan.signal.instrument.needs == "logprobs":
            continue
        items |= {(item.suite, item.id): item for item in run.plan.items}
        for role in ROLES:
            for answer in run.responses[role]:
                texts[role].setdefault((answer.suite, answer.item), {})[answer.draw] = answer.text
    both = sorted(texts["baseline"].keys() & texts["candidate"].keys() & items.keys())
    if len(both) < FEWEST:
        return None
    told = []
    if len(both) > MOST:
        chosen = generator(policy.seed, "drift").choice(len(both), MOST, replace=False)
        told.append(f"Of {len(both):,} items {MOST:,} were drawn at random.")
        both = [both[place] for place in sorted(chosen)]
    if any(len(texts[role][key]) > DRAWS for role in ROLES for key in both):
        told.append(f"Of each model's answers to an item the first {DRAWS} were read.")
    pairs = [
        Answered(items[key], *(tuple(text for _, text in sorted(texts[role][key].items())[:DRAWS]) for role in ROLES))
        for key in both
    ]
    return compare_answers(pairs, policy.alpha, policy.seed, told, EXCHANGES)


def drift_note(found: Drift | None) -> tuple[str, ...]:
    """Return what a reader of the report should know of it; nothing where the answers did not change."""
    if found is None or not found.changed:
        return ()
    named = "; ".join(f"{one.words} ({levels(one)})" if levels(one) else one.words for one in found.findings[:NAMED])
    more = len(found.findings) - NAMED
    said = f" Clearest: {named}{f'; and {more} more' if more > 0 else ''}." if named else ""
    return (
        f"The answers changed by more than chance, whether or not a gate asks about it.{said} "
        f"`{PAGE}` beside this report shows them.",
    )
