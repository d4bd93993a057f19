"""Whether two runs are two of one evaluation: what is said of them before a score of theirs is read."""

from __future__ import annotations

import filecmp
import re
from collections.abc import Collection
from itertools import takewhile
from pathlib import Path

from seatrial.runs.recorded_run import Fact, RecordedRun
from seatrial.runs.wording import how_many
from seatrial.types import ROLES

__all__ = ["HOLDING", "looked_at"]

HOLDING: tuple[Fact, ...] = ("task", "task version", "dataset", "filter", "judge")
"""What makes a comparison of two runs one of two evaluations where it differs; the rest may be what was to be tried."""
PLURAL: tuple[Fact, ...] = ("shots", "epochs", "samples asked for")
NAMES = (("baseline", "candidate"), ("before", "after"), ("old", "new"))
"""Words in the names of files, folders and models that say which run is which."""


def looked_at(first: RecordedRun, second: RecordedRun, accepted: Collection[str]) -> tuple[list[str], list[str]]:
    """Return what of a baseline's and a candidate's run holds a launch, and what is only told; in sentences.

    Args:
        first: The baseline's run.
        second: The candidate's.
        accepted: Facts that may differ.
    """
    odd, told = list[str](), list[str]()
    for run, role in zip((first, second), ROLES, strict=True):
        if run.ended:
            odd.append(f"The {role}'s run is not whole: {run.ended}")
        told += run.told
        told += [f"The {role}'s run: {how_many(count, 'row')} not read: {why}." for why, count in run.unread.items()]
    for fact in dict.fromkeys((*first.facts, *second.facts)):
        one, other = first.facts.get(fact), second.facts.get(fact)
        be, differ = ("are", "differ") if fact in PLURAL else ("is", "differs")
        if one is None or other is None:
            if first.tool == second.tool:
                known, role = (one, ROLES[0]) if other is None else (other, ROLES[1])
                told.append(f"The {fact} {be} {known} in the {role}'s run, and the other run does not say it.")
            continue
        if one == other:
            continue
        said = f"The {fact} {differ}: {one} in the baseline's run, {other} in the candidate's"
        if fact in HOLDING and fact not in accepted:
            odd.append(f"{said}, so that a change may be the {fact}'s. If it is meant: --accept '{fact}'")
        else:
            told.append(f"{said}.")
    odd += [one for one in (_swapped(first, second), _copied(first, second)) if one]
    told += [one for one in (_prompts(first, second),) if one]
    if checked := _checks(first, second):
        if "checks" in accepted:
            told.append(f"{checked}.")
        else:
            odd.append(f"{checked}, so that a change may be theirs. If it is meant: --accept checks")
    return odd, told


def _prompts(first: RecordedRun, second: RecordedRun) -> str:
    """Return of how many questions that both were asked the whole prompt differs, whatever else each was asked."""
    both = first.prompts.keys() & second.prompts.keys()
    other = sum(first.prompts[one] != second.prompts[one] for one in both)
    return f"The prompt differs for {other:,} of the {len(both):,} questions that both were asked." if other else ""


def _checks(first: RecordedRun, second: RecordedRun) -> str:
    """Return of how many questions that both were asked the answers are held against something else."""
    both = first.checks.keys() & second.checks.keys()
    other = sum(first.checks[one] != second.checks[one] for one in both)
    if not other:
        return ""
    return (
        f"The targets or assertions differ for {other:,} of the {how_many(len(both), 'question')} that both were asked"
    )


def _swapped(first: RecordedRun, second: RecordedRun) -> str:
    """Return what to say where the names of two runs say that each is the other; empty where they do not."""
    for was, becomes in NAMES:
        for one, other in ((first.model, second.model), _apart(first.path, second.path)):
            said = [set(re.split(r"[^a-z]+", name.casefold())) & {was, becomes} for name in (one, other)]
            if said == [{becomes}, {was}]:
                return f"{one} was given as the baseline and {other} as the candidate: they may be swapped"
    return ""


def _apart(first: Path, second: Path) -> tuple[str, str]:
    """Return two paths without the folders that both lie in."""
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first.parts, second.parts, strict=False)))
    return str(Path(*first.parts[common:])), str(Path(*second.parts[common:]))


def _copied(first: RecordedRun, second: RecordedRun) -> str:
    """Return what to say where two files hold the same to the last byte; two models of one file are two runs."""
    one, other = first.path, second.path
    if one == other or first.model != second.model or not (one.is_file() and other.is_file()):
        return ""
    alike = one.stat().st_size == other.stat().st_size and filecmp.cmp(one, other, shallow=False)
    return f"{other} is a copy of {one}, to the last byte: one run is no pair" if alike else ""
