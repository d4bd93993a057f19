"""Sets a judge up before a policy takes it: what it costs to try it, its records, and what the policy then says."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from seatrial.collect import Progress, ResponseStore
from seatrial.collect.judging import Judges
from seatrial.collect.starter import MOST_CALLS, Trial, has_rubric, most_calls, planned_trials, try_judge
from seatrial.errors import PolicyError, StoreError
from seatrial.formats.bounded import read_text
from seatrial.formats.letters import unread
from seatrial.formats.whole_files import write_whole
from seatrial.formats.yaml import keys_of
from seatrial.instruments.may_gate import Standing, judged_by_record
from seatrial.instruments.records import Record, save_record, starter_file
from seatrial.policy import JudgeSpec, LaunchPolicy, parse_policy
from seatrial.suites import Suite, find_suites, load_suite
from seatrial.types import Spend

__all__ = ["JudgeSetup", "SetUp", "planned_setup", "policy_block", "set_up", "with_block"]


@dataclass(frozen=True, slots=True)
class JudgeSetup:
    """What setting a judge up will take.

    Attributes:
        name: The judge's, as `judges:` has it.
        judges: It, and a second model beside it where there is one.
        trials: What it is tried on.
        problems: Suite → why it is not tried for it.
    """

    name: str
    judges: dict[str, JudgeSpec]
    trials: tuple[Trial, ...]
    problems: dict[str, str]

    @property
    def calls(self) -> int:
        """The most calls that it takes."""
        return most_calls(self.trials)


@dataclass(frozen=True, slots=True)
class SetUp:
    """A judge that was set up.

    Attributes:
        records: Where each record lies.
        standings: Suite → what its record lets the judge do.
        problems: Suite → why there is no record.
        spend: What it took.
    """

    records: tuple[tuple[Path, Record], ...]
    standings: dict[str, Standing]
    problems: dict[str, str]
    spend: Spend


def planned_setup(name: str, judges: dict[str, JudgeSpec], policy: LaunchPolicy | None = None) -> JudgeSetup:
    """Return what setting a judge up will take; nothing is asked.

    Args:
        name: Its name.
        judges: Name → what it is, itself and a second model.
        policy: Whose suites it is tried on: those of its gates, families included. All suites that have a rubric else.

    Raises:
        PolicyError: none of the suites can be graded by a judge.
        SuiteError: a suite is broken.
    """
    suites = _suites(policy)
    if not any(has_rubric(suite) for suite in suites):
        raise PolicyError("none of the policy's gates is on a suite that a judge can grade, so there is nothing to try")
    trials, problems = planned_trials(suites, MOST_CALLS, bool(judges[name].beside))
    return JudgeSetup(name, judges, tuple(trials), problems)


def _suites(policy: LaunchPolicy | None) -> list[Suite]:
    held = [load_suite(folder) for folder in find_suites(policy.suites if policy is not None else []).values()]
    if policy is None:
        return held
    wanted = {signal for gate in policy.gates for signal in (gate.signal, *gate.suites)}
    families = {gate.family for gate in policy.gates if gate.family and not gate.suites}
    return [suite for suite in held if suite.signal in wanted or (suite.family and suite.family in families)]


def set_up(setup: JudgeSetup, folder: Path, progress: Progress) -> SetUp:
    """Try a judge, write its records into a folder, and return what they say.

    Killed at any moment it loses no reply: they lie in the folder, and the same call goes on where it stopped.

    Raises:
        ModelError: its model cannot be used at all; what was graded is kept.
        StoreError: a reply or a record could not be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: the records' folder cannot be made: {error.strerror}") from error

    async def tried() -> SetUp:
        with ResponseStore(folder) as store:
            async with Judges(setup.judges, {}, setup.calls, store) as judges:
                with progress.counting(f"trying judge/{setup.name}", setup.calls, "judge calls") as counted:
                    found = await try_judge(judges, setup.name, setup.trials, counted)
                spends = judges.spend.values()
        spend = Spend()
        for one in spends:
            spend = replace(
                spend, calls=spend.calls + one.calls, reused=spend.reused + one.reused, cost=spend.cost + one.cost
            )
        paths = [folder / starter_file(record) for record in found.records]
        for path, record in zip(paths, found.records, strict=True):
            save_record(record, path)
        standings = {one.measurements[0].signal: _standing(one) for one in found.records}
        return SetUp(tuple(zip(paths, found.records, strict=True)), standings, setup.problems | found.problems, spend)

    return asyncio.run(tried())


def _standing(record: Record) -> Standing:
    return judged_by_record(record, record.measurements[0].signal)


def policy_block(judges: dict[str, JudgeSpec], records: Sequence[Path]) -> str:
    """Return the lines that a policy takes: its `judges:` and `records:`."""
    plain = {
        "judges": {name: spec.model_dump(mode="json", exclude_defaults=True) for name, spec in judges.items()},
        "records": [str(path) for path in records],
    }
    written: str = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)
    return written


def with_block(path: Path, judges: dict[str, JudgeSpec], records: Sequence[Path]) -> bool:
    """Write the lines into a policy that has neither `judges:` nor `records:`; return whether it says the same now.

    Raises:
        PolicyError: the policy cannot be read, or would not be valid.
        StoreError: it cannot be written.
    """
    try:
        text = read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(unread(path, error)) from error
    if {"judges", "records"} & keys_of(text):
        said = parse_policy(text, str(path))
        return judges.items() <= said.judges.items() and set(records) <= set(said.records)
    made = f"{text.rstrip()}\n\n{policy_block(judges, records)}"
    parse_policy(made, str(path))
    write_whole(path, made, StoreError)
    return True
