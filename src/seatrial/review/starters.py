"""At the start of a review: judges that have no record yet are tried on the suites' graded answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from seatrial.collect import Progress
from seatrial.collect.judge_specs import judge_spec
from seatrial.collect.judging import Judges
from seatrial.collect.starter import MOST_CALLS, most_calls, planned_trials, try_judge
from seatrial.gates.plan import GatePlan
from seatrial.instruments.judges import Judge
from seatrial.instruments.records import Records, save_record, starter_file, version_of
from seatrial.policy import LaunchPolicy
from seatrial.suites import Suite

__all__ = ["lacking", "told_beforehand", "with_starters"]


def lacking(policy: LaunchPolicy, plans: Sequence[GatePlan], records: Records) -> dict[str, list[Suite]]:
    """Return the judges that a review is to try first, each with the suites of which it has no record.

    Only gates that are to block ask for it, and only judges that are models can be tried.
    """
    found: dict[str, list[Suite]] = {}
    for plan in plans:
        judge = plan.signal.instrument
        if not isinstance(judge, Judge) or not plan.gate.blocking:
            continue
        name = judge.name.partition("/")[2]
        known = {record.version for record in records.get(judge.name, ())}
        tried = judge.suite in found.get(name, ())
        if judge_spec(policy.judges, name).starts and version_of(judge) not in known and not tried:
            found.setdefault(name, []).append(judge.suite)
    return found


def told_beforehand(policy: LaunchPolicy, plans: Sequence[GatePlan], records: Records) -> tuple[str, ...]:
    """Return of each judge that a review is to try first how to do so now, so that a plan can count on it."""
    said = []
    for name, suites in lacking(policy, plans, records).items():
        most = min(MOST_CALLS, policy.budget.judge_calls // 2)
        trials, _ = planned_trials(suites, most, bool(judge_spec(policy.judges, name).beside))
        if trials:
            count = "1 suite" if len(suites) == 1 else f"{len(suites)} suites"
            said.append(
                f"judge/{name} has no record for {count}, so this plan lets it advise only."
                f"{_stale(name, suites, records)} A review tries it first, in at most {most_calls(trials):,} calls; "
                f"`seatrial judge setup judge/{name} --policy …` does so now, "
                "and a plan after it knows what its gates can see."
            )
    return tuple(said)


def _stale(name: str, suites: Sequence[Suite], records: Records) -> str:
    """Return how many of the suites that a judge lacks a record of have one of another version, as a sentence."""
    measured = {one.signal for record in records.get(f"judge/{name}", ()) for one in record.measurements}
    count = sum(suite.signal in measured for suite in suites)
    if not count:
        return ""
    held = "The record that there is" if count == 1 else f"The records that there are for {count} of them"
    return f" {held} came from another model, prompt, rubric or setting of the judge, and cannot count."


async def with_starters(
    policy: LaunchPolicy,
    judges: Judges,
    plans: Sequence[GatePlan],
    records: Records,
    folder: Path,
    progress: Progress,
) -> Records:
    """Return the records, with those that judges without one earn now; they are kept in the review's folder.

    What it takes is said before, counts in `judge_calls`, and leaves half of them to the review.

    Raises:
        ModelError: a judge's model cannot be used at all; what was graded is kept.
        StoreError: a reply or a record could not be written.
    """
    held = {name: list(known) for name, known in records.items()}
    for name, suites in lacking(policy, plans, records).items():
        trials, problems = planned_trials(
            suites, min(MOST_CALLS, judges.remaining // 2), bool(judge_spec(policy.judges, name).beside)
        )
        for signal, why in problems.items():
            progress.warn(f"judge/{name} is not tried for {signal}: {why}.")
        if not trials:
            continue
        count = most_calls(trials)
        progress.warn(
            f"judge/{name} has no record for {len(trials)} {'suite' if len(trials) == 1 else 'suites'}."
            f"{_stale(name, suites, records)} It is tried first, on graded answers of the suites and on answers that "
            f"tell it what to grade: at most {count:,} calls (`judge_calls`: {judges.remaining:,} left)."
        )
        await judges.try_out(judges.judge(name, suites[0]))
        with progress.counting(f"trying judge/{name}", count, "judge calls") as counted:
            tried = await try_judge(judges, name, trials, counted)
        for signal, why in tried.problems.items():
            progress.warn(f"judge/{name} has no record for {signal}, so it may only advise: {why}.")
        for record in tried.records:
            save_record(record, folder / "records" / starter_file(record))
        if tried.records:
            progress.warn(
                f"judge/{name}: its starter records lie in {folder / 'records'}; `records:` in a policy takes them."
            )
        held[f"judge/{name}"] = [*held.get(f"judge/{name}", []), *tried.records]
    return held
