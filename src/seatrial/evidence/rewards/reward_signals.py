"""Reward signals: what a completion earns, by rules, instruments, simulated users, models, or anybody's function.

A package adds a kind of its own by an entry point in the group `seatrial.rewards`: a callable that takes the seed and
returns a `RewardSignal`.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol, assert_never, runtime_checkable

from seatrial.collect.judging import Judges, Task
from seatrial.errors import PolicyError, RewardError
from seatrial.evidence.rewards.simulated_users import SimulatedUsers
from seatrial.evidence.rewards.training_plan import (
    Correctness,
    Instruments,
    JudgeReward,
    Plugin,
    PythonFunction,
    RewardModel,
    RewardSpec,
    Rule,
    Users,
)
from seatrial.instruments import find_instrument
from seatrial.instruments.base import Instrument, read_many
from seatrial.instruments.judges import WORST, Judge
from seatrial.policy import JudgeSpec
from seatrial.suites import Suite, find_suites, load_suite
from seatrial.types import Item, Response

__all__ = ["GROUP", "RewardSignal", "open_signal"]

GROUP = "seatrial.reward_signals"
"""Entry points of other people's signals: name → function of a seed that gives a `RewardSignal`."""


@runtime_checkable
class RewardSignal(Protocol):
    """Turns completions into rewards."""

    def score(self, items: Sequence[Item], texts: Sequence[str]) -> list[float | None]:
        """Return a reward each completion; None where the signal has nothing to say of it.

        Args:
            items: What was asked, one a completion.
            texts: The completions.
        """
        ...


def open_signal(name: str, spec: RewardSpec, seed: int) -> RewardSignal:
    """Return the reward signal that a plan describes.

    Args:
        name: What the plan calls it, for messages.
        spec: Its kind and settings.
        seed: Seed of simulated users, and of plugins.

    Raises:
        PolicyError: it names an instrument or a suite that there is not, or one that cannot be a reward.
        RewardError: a function or a plugin cannot be loaded.
    """
    match spec:
        case Instruments():
            return _Rubric({_reading_text(name, one): weight for one, weight in spec.weights.items()})
        case Correctness():
            return _Correct()
        case Users():
            return SimulatedUsers(spec, seed)
        case RewardModel():
            from seatrial.evidence.rewards.reward_model import RewardModelSignal

            model: RewardSignal = RewardModelSignal(spec.path)
            return model
        case JudgeReward():
            return _Judged(name, spec, _suite(name, spec.suite))
        case Rule():
            return _Short(spec.words) if spec.kind == "length" else _Plain()
        case PythonFunction():
            return _Function(name, _loaded(name, spec.function), spec.seconds)
        case Plugin():
            return _plugged(name, spec.name, seed)
    assert_never(spec)


@dataclass(frozen=True)
class _Rubric:
    weights: dict[Instrument, float]

    def score(self, items: Sequence[Item], texts: Sequence[str]) -> list[float | None]:
        """Return the weighted sum of readings; None where any of them cannot be read."""
        total: list[float | None] = [0.0] * len(texts)
        for instrument, weight in self.weights.items():
            read = read_many(instrument, items, _responses(items, texts))
            total = [None if a is None or b is None else a + weight * b for a, b in zip(total, read, strict=True)]
        return total


class _Correct:
    def score(self, items: Sequence[Item], texts: Sequence[str]) -> list[float | None]:
        """Return 1 where an accepted answer stands in the completion; None where the item has no right answer."""
        read = read_many(find_instrument("match/contains"), items, _responses(items, texts))
        return [
            (0.0 if value is None else value) if item.targets else None for item, value in zip(items, read, strict=True)
        ]


@dataclass(frozen=True)
class _Short:
    words: int

    def score(self, items: Sequence[Item], texts: Sequence[str]) -> list[float | None]:
        """Return 0 up to the wanted number of words, −1 at twice as many and beyond."""
        return [-min(1.0, max(0, len(text.split()) - self.words) / self.words) for text in texts]


class _Plain:
    def score(self, items: Sequence[Item], texts: Sequence[str]) -> list[float | None]:
        """Return the share of lines without markup."""
        read = read_many(find_instrument("text/format"), items, _responses(items, texts))
        return [None if value is None else 1.0 - value for value in read]


@dataclass(frozen=True)
class _Function:
    name: str
    function: Callable[[list[str], list[str]], Any]
    seconds: float

    def score(self, items: Sequence[Item], texts: Sequence[str]) -> list[float | None]:
        """Return what the function says, checked.

        Raises:
            RewardError: it raises, takes too long, or returns anything but a number or None each completion.
        """
        outcome: list[Any] = []

        def call() -> None:
            try:
                outcome.append(self.function([item.messages[-1].content for item in items], list(texts)))
            except BaseException as error:
                outcome.append(error)

        # A thread that hangs cannot be ended; as a daemon it does not keep the process from ending.
        thread = threading.Thread(target=call, daemon=True)
        thread.start()
        thread.join(self.seconds)
        if not outcome:
            raise RewardError(
                f"signal {self.name}: no answer within {self.seconds:g} s for {len(texts)} completions; "
                "make the function faster, or raise its `seconds`"
            )
        (said,) = outcome
        if isinstance(said, BaseException):
            raise RewardError(f"signal {self.name}: the function raised {type(said).__name__}: {said}") from said
        return _checked(self.name, said, len(texts))


@dataclass(frozen=True)
class _Judged:
    name: str
    spec: JudgeReward
    suite: Suite

    def score(self, items: Sequence[Item], texts: Sequence[str]) -> list[float | None]:
        """Return 1 − grade / 10; None where the judge gives no grade.

        Raises:
            RewardError: not one completion gets a grade.
            ModelError: the judge's model cannot be used.
        """
        tasks = [
            Task(Item(str(place), self.suite.name, item.messages), (text,))
            for place, (item, text) in enumerate(zip(items, texts, strict=True))
        ]
        judge = asyncio.run(self._graded(tasks))
        grades = [judge.scores.get(task.keys[0]) for task in tasks]
        if tasks and all(grade is None for grade in grades):
            why = judge.unscored[tasks[0].keys[0]]
            raise RewardError(f"signal {self.name}: the judge graded none of {len(texts)} completions: {why}")
        return [None if grade is None else 1.0 - grade / WORST for grade in grades]

    async def _graded(self, tasks: Sequence[Task]) -> Judge:
        async with Judges({self.name: JudgeSpec(model=self.spec.model)}, {}, len(tasks)) as judges:
            judge = judges.judge(self.name, self.suite)
            await judges.grade(judge, tasks)
            return judge


@dataclass(frozen=True)
class _Plugged:
    name: str
    inner: RewardSignal

    def score(self, items: Sequence[Item], texts: Sequence[str]) -> list[float | None]:
        """Return what the plugin says, checked."""
        try:
            said = self.inner.score(items, texts)
        except Exception as error:
            raise RewardError(f"signal {self.name}: the plugin raised {type(error).__name__}: {error}") from error
        return _checked(self.name, said, len(texts))


def _responses(items: Sequence[Item], texts: Sequence[str]) -> list[Response]:
    return [Response(item.id, item.suite, 0, text) for item, text in zip(items, texts, strict=True)]


def _reading_text(name: str, instrument: str) -> Instrument:
    found = find_instrument(instrument)
    if found.needs != "text":
        raise PolicyError(f"signal {name}: {instrument} reads the first token's distribution; a reward reads text")
    return found


def _suite(name: str, suite: str) -> Suite:
    for path in find_suites().values():
        if path.name == suite:
            return load_suite(path)
    known = ", ".join(sorted(path.name for path in find_suites().values()))
    raise PolicyError(f"signal {name}: no suite is called {suite!r}; there are {known}")


def _checked(name: str, said: object, count: int) -> list[float | None]:
    """Return rewards as numbers; anything else is refused, for a number made of it would train the model."""
    try:
        values = list(said)  # type: ignore[call-overload]  # what is no list is refused below
    except TypeError:
        raise RewardError(
            f"signal {name}: returned {type(said).__name__}; return a list with a number each completion"
        ) from None
    if len(values) != count:
        raise RewardError(f"signal {name}: returned {len(values)} rewards for {count} completions")
    rewards: list[float | None] = []
    for place, value in enumerate(values):
        try:
            reward = None if value is None else float(value)
        except (TypeError, ValueError):
            raise RewardError(f"signal {name}: reward {place} is {value!r:.40}, which is no number") from None
        if reward is not None and not math.isfinite(reward):
            raise RewardError(
                f"signal {name}: reward {place} is {reward}; return None where there is nothing to say of a completion"
            )
        rewards.append(reward)
    return rewards


def _loaded(name: str, reference: str) -> Callable[[list[str], list[str]], Any]:
    place, _, attribute = reference.rpartition(":")
    try:
        if place.endswith(".py"):
            spec = importlib.util.spec_from_file_location(f"seatrial_reward_{Path(place).stem}", place)
            if spec is None or spec.loader is None:
                raise ImportError(f"{place} is no Python file")
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
        else:
            module = importlib.import_module(place)
    except Exception as error:
        raise RewardError(f"signal {name}: {reference} cannot be loaded: {type(error).__name__}: {error}") from error
    found = getattr(module, attribute, None)
    if not callable(found):
        raise RewardError(f"signal {name}: {place} has no function {attribute}")
    made: Callable[[list[str], list[str]], Any] = found
    return made


def _plugged(name: str, wanted: str, seed: int) -> RewardSignal:
    registered = {entry.name: entry for entry in metadata.entry_points(group=GROUP)}
    if wanted not in registered:
        known = ", ".join(sorted(registered)) or "none"
        raise PolicyError(f"signal {name}: no installed package registers {wanted!r} under {GROUP}; there are {known}")
    try:
        made = registered[wanted].load()(seed)
    except Exception as error:
        raise RewardError(f"signal {name}: the plugin {wanted} cannot be opened: {error}") from error
    if not isinstance(made, RewardSignal):
        raise RewardError(f"signal {name}: the plugin {wanted} gives no object with `score(items, texts)`")
    return _Plugged(name, made)
