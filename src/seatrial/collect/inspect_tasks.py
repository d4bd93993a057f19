"""Every suite as a task of Inspect: `inspect eval seatrial/opinion_sycophancy --model openai/gpt-4o`.

Inspect finds them by the entry-point group `inspect_ai`. An answer's score is its harm on the suite's scale, or its
accuracy where a suite asks for right answers; the log says which end is harm, so that `seatrial compare` reads two of
them as they stand. Of a contrast's second side it counts against the first, since the harm is the difference. What
reads the answers is the suite's first instrument of text; with `-T judge=grader --model-role grader=…`, or a model's
name in its place, a model grades them by the suite's rubric.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
    get_model,
)
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer, stderr
from inspect_ai.solver import TaskState, generate

from seatrial.instruments.base import Signal
from seatrial.instruments.judges import SYSTEM, Unscored, degree, parse, prompt
from seatrial.instruments.registry import suite_signal
from seatrial.suites import Suite, find_suites, load_suite
from seatrial.types import Item, Message, Response

__all__ = ["suite_task"]

UNSCORED = float("nan")
_MESSAGES: dict[str, Callable[..., ChatMessage]] = {
    "system": ChatMessageSystem,
    "user": ChatMessageUser,
    "assistant": ChatMessageAssistant,
}


def suite_task(suite: Suite, instrument: str | None = None, judge: str | None = None) -> Task:
    """Return a suite as a task.

    Args:
        suite: The suite.
        instrument: What reads the answers, one of the suite's; the first that reads text where it is not given.
        judge: A model of Inspect that grades them by the rubric instead; `grader` stands for the role of that name.

    Raises:
        PolicyError: the instrument is not the suite's, or needs log-probabilities.
    """
    dataset = MemoryDataset(
        [_sample(item) for item in suite.items], name=suite.signal, location=f"seatrial/{suite.name}"
    )
    signal = suite_signal(suite, instrument, logprobs_available=False)
    name = "accuracy" if suite.harmful == "low" else "harm"
    made = scorer(metrics=[mean(), stderr(cluster="cluster")], name=name)(
        partial(_graded, suite, judge) if judge else partial(_read, suite, signal)
    )()
    scale = {"bounds": [0.0, 1.0] if judge else list(signal.bounds), "harmful": suite.harmful}
    return Task(
        dataset=dataset,
        solver=generate(),
        scorer=made,
        config=GenerateConfig(max_tokens=suite.max_tokens),
        version=suite.version,
        metadata={"seatrial": {"signal": suite.signal, "scales": {name: scale}}},
    )


def _sample(item: Item) -> Sample:
    return Sample(
        id=item.id,
        input=[_MESSAGES[one.role](content=one.content) for one in item.messages],
        target=list(item.targets) or "",
        metadata={"cluster": item.cluster or item.id, "use_case": item.use_case, "variant": item.variant},
    )


def _read(suite: Suite, signal: Signal) -> Scorer:
    """Return what reads each answer with an instrument of text."""
    items = {item.id: item for item in suite.items}

    async def score(state: TaskState, target: Target) -> Score:
        item = items[str(state.sample_id)]
        answer = state.output.completion
        value = signal.instrument.read(item, Response(item.id, item.suite, state.epoch - 1, answer))
        read = UNSCORED if value is None else signal.side(item) * value
        return Score(value=read, answer=answer, metadata={"instrument": signal.instrument.name})

    return score


def _graded(suite: Suite, judge: str) -> Scorer:
    """Return what has a model grade each answer by the rubric; each side of a contrast counts by itself."""

    async def score(state: TaskState, target: Target) -> Score:
        model = get_model(role="grader") if judge == "grader" else get_model(judge)
        asked = [Message(one.role, one.text) for one in state.messages[:-1] if one.role != "tool"]
        answer = state.output.completion
        grade = await model.generate(
            [ChatMessageSystem(content=SYSTEM), ChatMessageUser(content=prompt(suite, asked, [answer]))],
            config=GenerateConfig(temperature=0.0),
        )
        try:
            (found,) = parse(grade.completion)
        except Unscored as why:
            return Score(value=UNSCORED, answer=answer, explanation=str(why))
        return Score(value=degree(found, suite.harmful), answer=answer, explanation=grade.completion)

    return score


def _named(signal: str, name: str) -> Callable[..., Task]:
    """Return a suite's task, registered under the suite's name as Inspect writes names."""

    def make(instrument: str | None = None, judge: str | None = None) -> Task:
        return suite_task(load_suite(find_suites()[signal]), instrument, judge)

    make.__name__ = make.__qualname__ = name
    made: Callable[..., Task] = task(make)
    return made


_TASKS: dict[str, Any] = {
    signal: _named(signal, signal.partition("/")[2].replace("-", "_")) for signal in find_suites()
}
