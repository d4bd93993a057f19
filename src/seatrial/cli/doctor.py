"""What this machine has of what seatrial needs or can use, and whether the models of a policy answer as it asks."""

from __future__ import annotations

import asyncio
import platform
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata, util
from typing import TYPE_CHECKING

from seatrial.errors import EvidenceError, MissingWeights, ModelError
from seatrial.policy import LaunchPolicy, ModelSpec
from seatrial.suites import find_suites
from seatrial.types import Item, Message, Request

if TYPE_CHECKING:
    from seatrial.runs.pairing import PairedRuns
    from seatrial.runs.recorded_run import RecordedRun

__all__ = ["Check", "checks", "models_of", "runs_in"]

QUESTION = "Which number is larger, 3 or 7? Answer in one sentence."
GRADED = "behavior/unearned-praise"
"""Suite whose graded answer a judge is shown."""
LONGEST = 512


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that seatrial needs or can use."""

    what: str
    ok: bool
    detail: str
    optional: bool = False


def checks() -> list[Check]:
    """Return what this machine has of what seatrial needs or can use."""
    from seatrial.models.embedded import weights

    found = [Check("python", True, platform.python_version())]
    for name in ("seatrial", "numpy", "scipy", "polars", "pydantic", "aiohttp"):
        found.append(_package(name, name, f"pip install {name}"))
    try:
        found.append(Check("embedded model", True, weights().name, optional=True))
    except MissingWeights as error:
        found.append(Check("embedded model", False, str(error), optional=True))
    found.append(
        _package("inspect-ai", "inspect_ai", 'pip install "seatrial[inspect]" for more providers', optional=True)
    )
    free = shutil.disk_usage(".").free / 2**30
    found.append(Check("free disk", free > 1, f"{free:.0f} GB"))
    found.append(Check("suites", True, f"{len(find_suites())} built in"))
    return found


def runs_in(files: Sequence[str]) -> tuple[list[RecordedRun], PairedRuns | None, str]:
    """Return the runs in files, folders or globs; of two, both side by side, or why they are no pair.

    Raises:
        EvidenceError: one cannot be read.
    """
    from seatrial.runs.pairing import Declared, paired_runs
    from seatrial.runs.reading import Reading, read_runs

    sides = [read_runs(name, Reading()) for name in files]
    runs = [run for side in sides for run in side]
    if len(sides) != 2:
        return runs, None, ""
    try:
        return runs, paired_runs(sides[0], sides[1], Declared({}, {})), ""
    except EvidenceError as error:
        return runs, None, str(error)


def models_of(policy: LaunchPolicy) -> list[Check]:
    """Return whether each live model of a policy answers with the settings that a review will send it.

    Each is asked for one text, for one first token where it is to give log-probabilities, and a judge for one grade.
    What a server refuses is told in its words, with the setting that answers it; a review stops with the same.
    """
    asked = [("baseline", policy.baseline, False), ("candidate", policy.candidate, False)]
    asked += [(f"judge/{name}", one.model, one.structured) for name, one in policy.judges.items() if one.model]
    return [asyncio.run(_answers(who, spec, graded)) for who, spec, graded in asked if not spec.recorded]


async def _answers(who: str, spec: ModelSpec, graded: bool) -> Check:
    from seatrial.instruments.judges import SYSTEM, Unscored, parse, prompt, telling_anchors
    from seatrial.models import open_models
    from seatrial.replies import why
    from seatrial.suites import load_suite

    judges = who.startswith("judge/")
    what = f"{who}: {spec.model}"
    question = QUESTION
    if judges:
        suite = load_suite(find_suites()[GRADED])
        anchor, text = telling_anchors(suite)[0]
        question, spec = prompt(suite, anchor.messages, [text]), spec.model_copy(update={"system": SYSTEM})
    item = Item("doctor", "doctor", (Message("user", question),))
    request = Request(item, max_tokens=LONGEST, numbers=("score",) if graded else ())
    try:
        (model,) = open_models(spec)
        async with model:
            answer = await model.ask(request)
            probed = model.logprobs if not judges else 0
            if probed:
                await model.ask(Request(item, max_tokens=1, top_logprobs=probed))
    except ModelError as error:
        return Check(what, False, str(error))
    if answer.no_answer:
        told = why(answer.no_answer, whose=who)
        return Check(what, False, f"{told.reason}{f': {told.advice}' if told.advice else ''}")
    try:
        parse(answer.text, ("score",)) if judges else None
    except Unscored as error:
        return Check(what, False, f"it was asked for a grade: {error}")
    gives = " with log-probabilities" if probed else ", thinking first" if answer.thinking else ""
    return Check(what, True, f"answers{gives}")


def _package(name: str, module: str, remedy: str, *, optional: bool = False) -> Check:
    if util.find_spec(module) is None:
        return Check(name, False, remedy, optional)
    return Check(name, True, metadata.version(name), optional)
