"""The main job as Python functions, in a script and in a notebook."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import seatrial.review
from seatrial.errors import EvidenceError, Interrupted, PolicyError
from seatrial.policy import Gate, LaunchPolicy, SignalSpec, load_policy
from seatrial.review.interface import decide, plan, review, review_async, wait_for

Recorded = Callable[..., Path]
QUIZ = Gate(signal="benchmark/quiz", margin=0.1)


def _frame(change: float = 0.0, column: str = "value") -> pl.DataFrame:
    rows = [
        {"role": role, "item": f"q{n}", column: 0.5 + (change if role == "candidate" else 0.0) + 0.1 * (n % 3)}
        for role in ("baseline", "candidate")
        for n in range(60)
    ]
    return pl.DataFrame(rows)


@pytest.mark.slow
def test_a_script_and_a_notebook_come_to_the_same(recorded: Recorded, tmp_path: Path) -> None:
    """`review` waits for the result where no loop runs and inside a running one; `review_async` is awaited there."""
    path = recorded(after=(0.8, 0.9) * 30)

    async def notebook() -> tuple[object, object]:
        waited = review(path, folder=tmp_path / "r" / "two", author="ann", progress=False)
        awaited = await review_async(path, folder=tmp_path / "r" / "three", author="ann", progress=False)
        return waited.verdicts, awaited.verdicts

    script = review(path, folder=str(tmp_path / "r" / "one"), author="ann", progress=False)
    assert script.outcome == "block"
    assert [repr(found) for found in asyncio.run(notebook())] == [repr(script.verdicts)] * 2
    assert script.entry is not None
    assert script.entry.author == "ann"


def test_the_package_is_its_verb(recorded: Recorded, tmp_path: Path) -> None:
    """`seatrial.review(policy)` reviews, although `seatrial.review` is a package too."""
    made = seatrial.review(recorded(), folder=tmp_path / "one", progress=False)
    assert made.outcome == "launch"


@pytest.mark.slow
def test_a_policy_may_be_a_path_or_a_value(recorded: Recorded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From either the decision is the same; a value is kept in the folder as YAML that gives it back."""
    monkeypatch.chdir(tmp_path)
    path = recorded()
    policy = load_policy(path)
    by_path, by_value = (review(one, progress=False) for one in (str(path), policy))
    assert by_path.result.hashes == by_value.result.hashes
    assert by_path.folder == by_value.folder
    assert by_value.folder is not None
    assert by_value.folder.parent == Path("reviews")
    assert load_policy(by_value.folder / "policy.yaml") == policy


def test_a_budget_takes_the_place_of_the_policy_s(recorded: Recorded, tmp_path: Path) -> None:
    """The number of calls given is what the review had; what the policy says of its judges' calls stays."""
    policy = recorded(extra="budget: {calls: 9, judge_calls: 10}\n")
    made = review(policy, folder=tmp_path / "one", budget=17, progress=False)
    assert made.result.policy.budget == load_policy(policy).budget.model_copy(update={"calls": 17})
    assert made.result.policy.budget.judge_calls == 10


@pytest.mark.slow
def test_planning_takes_a_path_or_a_value(recorded: Recorded, tmp_path: Path) -> None:
    """A plan has the gates with what they could see; an earlier review's folder may be given as text."""
    path = recorded()
    assert plan(path) == plan(load_policy(path))
    done = review(path, folder=tmp_path / "one", progress=False)
    assert plan(path, earlier=str(done.folder)).gates[0].basis != plan(path).gates[0].basis


@pytest.mark.parametrize(("change", "outcome"), [(0.0, "launch"), (-0.3, "block"), (0.2, "launch")])
def test_deciding_on_a_frame(change: float, outcome: str) -> None:
    """A frame of polars is decided on by itself; of a benchmark a fall is harm, and `score` stands for `value`."""
    for column in ("value", "score"):
        made = decide([QUIZ], _frame(change, column), name="quiz")
        assert (made.outcome, made.folder, made.entry) == (outcome, None, None)
        assert (made.result.policy.name, made.result.policy.alpha) == ("quiz", 0.05)


@pytest.mark.parametrize("lost", ["draws", "ratings"])
def test_harm_whose_answers_are_lost_is_never_launched(lost: str) -> None:
    """Of four draws (or raters) most that show harm of the candidate are lost: a rise of two margins is held."""
    gate, policy = Gate(signal="x/a", margin=0.05), LaunchPolicy(name="p", gates=[Gate(signal="x/a", margin=0.05)])
    policy = policy.model_copy(update={"signals": {"x/a": SignalSpec()}})
    for seed in range(5):
        rng = np.random.default_rng(seed)
        rows = []
        for item in range(300):
            for draw in range(4):
                for role, rate in (("baseline", 0.1), ("candidate", 0.2)):
                    value = float(rng.random() < rate)
                    if role == "candidate" and value and rng.random() < 0.8:
                        continue
                    place = {"draw": draw} if lost == "draws" else {"rater": f"r{draw}"}
                    rows.append({"role": role, "item": f"q{item}", "value": value, **place})
        made = decide([gate], pl.DataFrame(rows), policy=policy)
        assert made.outcome == "hold"
        assert made.verdicts[0].evidence.missing > 100
        assert "lack an answer, and each counts as harm until it is answered" in made.verdicts[0].reason


def test_several_gates_need_their_signals() -> None:
    """With two gates a column says which one a row is of; without gates nothing is decided."""
    other = Gate(signal="benchmark/facts", margin=0.1)
    both = pl.concat([_frame().with_columns(signal=pl.lit(one.signal)) for one in (QUIZ, other)])
    assert [verdict.signal for verdict in decide([QUIZ, other], both).verdicts] == ["benchmark/quiz", "benchmark/facts"]
    with pytest.raises(EvidenceError, match="signal"):
        decide([QUIZ, other], _frame())
    with pytest.raises(PolicyError, match="without gates"):
        decide([], _frame())


def test_a_policy_declares_what_a_frame_measures() -> None:
    """Its alpha, power and signals hold; its own gates give way to those that are given."""
    policy = LaunchPolicy(
        name="mine",
        alpha=0.1,
        power=0.8,
        gates=[Gate(signal="benchmark/other", margin=0.1)],
        signals={"benchmark/quiz": SignalSpec(harmful="high", bounds=(0.0, 2.0))},
    )
    made = decide([QUIZ], _frame(0.6), policy=policy)
    assert (made.outcome, made.result.policy.alpha, made.result.policy.name) == ("block", 0.1, "mine")
    assert [verdict.signal for verdict in made.verdicts] == ["benchmark/quiz"]
    strict = decide([QUIZ], _frame(), alpha=0.01, power=0.7)
    assert (strict.result.policy.alpha, strict.result.policy.power) == (0.01, 0.7)


def test_a_frame_is_held_to_its_scale() -> None:
    """Values outside the bounds of what is gated are refused with their rows, as those of a file are."""
    with pytest.raises(EvidenceError, match=r"the frame: value 1\.1 of benchmark/quiz is outside \[0, 1\].*first item"):
        decide([QUIZ], _frame(0.6))


async def _seven() -> int:
    await asyncio.sleep(0)
    return 7


def test_waiting_beside_a_running_loop_leaves_nothing_behind() -> None:
    """The loop of its own ends with its thread; what the work raised is raised."""

    async def broken() -> int:
        raise PolicyError("wrong")

    async def notebook() -> int:
        with pytest.raises(PolicyError, match="wrong"):
            wait_for(broken())
        return wait_for(_seven())

    before = threading.active_count()
    assert asyncio.run(notebook()) == wait_for(_seven()) == 7
    assert threading.active_count() == before


def test_stopping_says_that_nothing_is_lost() -> None:
    """Ctrl-C becomes an error of ours with the next step, outside a loop."""

    async def stopped() -> int:
        raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="What was answered is kept"):
        wait_for(stopped())


def test_stopping_in_a_notebook_ends_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the cell is interrupted while it waits, the task is cancelled and had time to clean up."""
    ended: list[str] = []
    patched: list[Future[None]] = []
    begun = threading.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.sleep(600)
        finally:
            ended.append("cleaned up")

    def interrupted(made: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop) -> Future[None]:
        future: Future[None] = run(made, loop)
        assert begun.wait(60)
        if not patched:
            patched.append(future)
            monkeypatch.setattr(future, "result", _ctrl_c)
        return future

    def _ctrl_c() -> None:
        raise KeyboardInterrupt

    run = asyncio.run_coroutine_threadsafe
    monkeypatch.setattr(asyncio, "run_coroutine_threadsafe", interrupted)

    async def notebook() -> None:
        wait_for(work())

    with pytest.raises(Interrupted):
        asyncio.run(notebook())
    assert ended == ["cleaned up"]
