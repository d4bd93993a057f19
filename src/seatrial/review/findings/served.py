"""Which models the endpoints say that they served: a name may stand for another one, or for two in turn."""

from __future__ import annotations

from collections import Counter

from seatrial.policy import LaunchPolicy, ModelSpec
from seatrial.review.rounds import Rounds
from seatrial.types import ROLES, Role

__all__ = ["answered_by", "served"]

Served = dict[Role, Counter[tuple[str, str]]]
MOST_NAMED = 4


def answered_by(policy: LaunchPolicy, rounds: Rounds) -> tuple[list[str], list[str]]:
    """Return what puts in question what was compared, and what is good to know, a sentence each."""
    held = served(policy, rounds)
    specs: dict[Role, ModelSpec] = {"baseline": policy.baseline, "candidate": policy.candidate}
    names, prints = ({role: _counted(held[role], part) for role in ROLES} for part in (0, 1))
    doubts = [
        f"The {role} was served by {_listed(names[role])}: what stands behind {specs[role].model} changed while it was "
        "asked, or is more than one model."
        for role in ROLES
        if len(names[role]) > 1
    ]
    alike = bool(names["baseline"]) and names["baseline"].keys() == names["candidate"].keys() and _differ(specs)
    if alike:
        doubts.insert(
            0,
            f"Asked for as {specs['baseline'].target} and {specs['candidate'].target}, both models were served by "
            f"{_listed(names['baseline'] + names['candidate'])}, as their endpoints say: the review may have compared "
            "a model with itself.",
        )
    known = [
        f"The {role} was asked for as {specs[role].target} and served by {name}, as its endpoint says."
        for role in ROLES
        for name in names[role]
        if not alike and len(names[role]) == 1 and name.lower() != specs[role].target.lower()
    ]
    known += [
        f"The {role}'s system fingerprint was not always the same: {_listed(prints[role])}."
        for role in ROLES
        if len(prints[role]) > 1
    ]
    return doubts, known


def served(policy: LaunchPolicy, rounds: Rounds) -> Served:
    """Return by which model, under which system fingerprint, each side's answers were served, and how many.

    The embedded model runs in this process, where a name says nothing new.
    """
    embedded = {role for role in ROLES if getattr(policy, role).provider == "embedded"}
    seen: dict[Role, dict[tuple[str, str, int], tuple[str, str]]] = {role: {} for role in ROLES}
    for run in rounds.gates:
        if run.plan.source == "live":
            for role in set(ROLES) - embedded:
                seen[role] |= {(one.suite, one.item, one.draw): one.served for one in run.responses[role]}
    return {role: Counter(held.values()) for role, held in seen.items()}


def _counted(held: Counter[tuple[str, str]], part: int) -> Counter[str]:
    """Return how many answers name each model, or each fingerprint; those that name none are not counted."""
    counts = Counter[str]()
    for said, count in held.items():
        counts[said[part]] += count
    del counts[""]
    return counts


def _differ(specs: dict[Role, ModelSpec]) -> bool:
    """Return whether two names were asked for; the same one with other settings is meant to be the same model."""
    return specs["baseline"].target.lower() != specs["candidate"].target.lower()


def _listed(counts: Counter[str]) -> str:
    named = [f"{name} ({count:,} answer{'s' if count != 1 else ''})" for name, count in counts.most_common()]
    rest = len(named) - MOST_NAMED
    return ", ".join([*named[:MOST_NAMED], *([f"{rest} more"] if rest > 0 else [])])
