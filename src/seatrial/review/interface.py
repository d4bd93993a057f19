"""The main job as Python functions: plan a policy, review it, decide on evidence that is there already.

The command line is a thin layer over these.
"""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Coroutine, Sequence
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

from seatrial.collect import Progress
from seatrial.errors import Interrupted, PolicyError
from seatrial.formats.bounded import read_text
from seatrial.gates.operating_characteristic import Outlook
from seatrial.policy import Gate, LaunchPolicy, load_policy
from seatrial.review.finished import Review
from seatrial.review.run import decide_on, default_folder, plan_review, run_review

if TYPE_CHECKING:
    from seatrial.observations import Frame

__all__ = ["decide", "plan", "review", "review_async", "wait_for"]

Made = TypeVar("Made")


def plan(policy: LaunchPolicy | str | Path, *, earlier: str | Path | None = None) -> Outlook:
    """Return what a policy could see with its budget; no model is called.

    Args:
        policy: The policy, or the path of its file.
        earlier: Folder of an earlier review, from whose observations the spread of answers is taken.

    Raises:
        SeatrialError: the policy cannot be planned, or the earlier review cannot be read.

    Example:
        >>> outlook = plan("policy.yaml")  # doctest: +SKIP
        >>> [gate.signal for gate in outlook.gates if gate.blind]  # doctest: +SKIP
        ['benchmark/facts']
    """
    return plan_review(_policy(policy)[0], None if earlier is None else Path(earlier))


def review(
    policy: LaunchPolicy | str | Path,
    *,
    folder: str | Path | None = None,
    author: str | None = None,
    budget: int | None = None,
    progress: bool | Progress = True,
    spike_in: bool = False,
) -> Review:
    """Compare the candidate with the baseline and return the decision with its evidence.

    Works in a script and in a notebook. A review is a folder: killed at any moment, it loses no answered call, and the
    same call goes on where it stopped.

    Args:
        policy: The policy, or the path of its file.
        folder: The review's folder; one under `reviews/` that the two models name where it is not given.
        author: Who runs the review, for the ledger; the user of this machine where it is not given.
        budget: At most this many calls of the two models, in place of the policy's.
        progress: Whether to show on stderr how far it is, or where to show it.
        spike_in: Whether to measure each gate's limit of detection with known-harmful answers.

    Raises:
        Interrupted: the user stopped it; what was answered is kept.
        SeatrialError: the user's next step, in words; what was answered is kept.

    Example:
        >>> found = review("policy.yaml")  # doctest: +SKIP
        >>> print(found.outcome, found.exit_code)  # doctest: +SKIP
        block 1
    """
    return wait_for(
        review_async(policy, folder=folder, author=author, budget=budget, progress=progress, spike_in=spike_in)
    )


async def review_async(
    policy: LaunchPolicy | str | Path,
    *,
    folder: str | Path | None = None,
    author: str | None = None,
    budget: int | None = None,
    progress: bool | Progress = True,
    spike_in: bool = False,
) -> Review:
    """Do as `review` does, inside a running event loop.

    Raises:
        SeatrialError: as for `review`.

    Example:
        >>> found = await review_async("policy.yaml")  # doctest: +SKIP
    """
    loaded, text = _policy(policy)
    if budget is not None:
        loaded = loaded.model_copy(update={"budget": loaded.budget.model_copy(update={"calls": budget})})
    place = default_folder(loaded, Path("reviews")) if folder is None else Path(folder)
    shown = progress if isinstance(progress, Progress) else Progress(None if progress else "off")
    return await run_review(loaded, text, place, author or _user(), shown, spike_in=spike_in)


def decide(
    gates: Sequence[Gate],
    frame: Frame,
    *,
    name: str = "evidence",
    alpha: float = 0.05,
    power: float = 0.9,
    policy: LaunchPolicy | None = None,
) -> Review:
    """Return the decision that gates make on observations which are there already; no model is needed.

    Args:
        gates: What must hold.
        frame: A polars or pandas frame, one row a number about one item and one model. Columns: `signal` (may be
            left out with a single gate), `role` (`baseline` or `candidate`), `item`, `value` (or `score`); if there
            are any `cluster`, `draw`, `weight`, `use_case`, `rater`, `source`.
        name: What the decision is about, for its report.
        alpha: Chance that a candidate which breaks a blocking gate is launched.
        power: Chance with which each gate should see what it claims to see.
        policy: Takes the place of `name`, `alpha` and `power`, and may declare the signals' bounds and harmful ends.

    Raises:
        EvidenceError: a column is missing or a row is wrong; rows count from 1.
        PolicyError: a gate has no observations, or its margin does not fit its scale.

    Example:
        >>> import polars as pl
        >>> rows = [
        ...     {"role": role, "item": f"q{n}", "score": float(n % 5 > 0)}
        ...     for role in ("baseline", "candidate") for n in range(200)
        ... ]
        >>> decide([Gate(signal="benchmark/quiz", margin=0.05)], pl.DataFrame(rows)).outcome
        'launch'
    """
    if not gates:
        raise PolicyError("a decision without gates would launch anything; give at least one")
    signal = gates[0].signal if len(gates) == 1 else None
    if policy is None:
        policy = LaunchPolicy(name=name, alpha=alpha, power=power, gates=list(gates))
    else:
        policy = policy.model_copy(update={"gates": list(gates)})
    from seatrial.observations import from_frame
    from seatrial.review.brought_evidence import scales

    return Review(decide_on(policy, from_frame(frame, signal, bounds=scales(policy)), _user()))


def _policy(given: LaunchPolicy | str | Path) -> tuple[LaunchPolicy, str]:
    """Return a policy and its text as the review's folder keeps it."""
    if isinstance(given, LaunchPolicy):
        return given, given.to_yaml()
    return load_policy(given), read_text(Path(given))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def wait_for(made: Coroutine[Any, Any, Made]) -> Made:
    """Return what a review comes to; where a loop runs in this thread already, as in a notebook, beside it.

    Raises:
        Interrupted: the user stopped it; what was answered is kept.
    """
    try:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(made)
        return _beside(made)
    except KeyboardInterrupt:
        raise Interrupted("stopped. What was answered is kept; the same command goes on where it stopped.") from None


def _beside(made: Coroutine[Any, Any, Made]) -> Made:
    """Run a coroutine to its end in a loop and a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    waiting = asyncio.run_coroutine_threadsafe(made, loop)
    try:
        return waiting.result()
    finally:
        waiting.cancel()
        asyncio.run_coroutine_threadsafe(_ended(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _ended() -> None:
    """Wait for all other tasks of this loop, which were told to stop."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others, return_exceptions=True)
