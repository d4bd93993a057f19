"""Setting a judge up before a policy takes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import Endpoint, by_rates, grading
from seatrial.calibration.judge_setup import planned_setup, policy_block, set_up, with_block
from seatrial.collect import Progress
from seatrial.errors import PolicyError, StoreError
from seatrial.instruments.records import load_record, load_records
from seatrial.policy import Gate, JudgeSpec, LaunchPolicy, ModelSpec, parse_policy

PUSHBACK = "behavior/pushback"


def _judges(url: str) -> dict[str, JudgeSpec]:
    return {"main": JudgeSpec(model=ModelSpec(model="openai-compatible/judge", base_url=url))}


def _policy(*gates: Gate) -> LaunchPolicy:
    return LaunchPolicy(name="p", gates=list(gates))


def test_a_policys_suites_are_those_of_its_gates() -> None:
    """Its families' suites, all of them or those that it names, and no suite that needs no judge."""
    judges = _judges("http://localhost:1/v1")

    def signals(*gates: Gate) -> set[str]:
        return {trial.suite.signal for trial in planned_setup("main", judges, _policy(*gates)).trials}

    facts, family = Gate(signal="benchmark/facts", margin=0.1), {"margin": 0.05, "suite_margin": 0.2}
    assert signals(Gate(signal=PUSHBACK, margin=0.1), facts) == {PUSHBACK}
    whole = signals(Gate(signal="family/sycophancy", **family))
    assert PUSHBACK in whole and len(whole) > 3
    named = Gate(signal="family/sycophancy", suites=[PUSHBACK, "behavior/unearned-praise"], **family)
    assert signals(named) == {PUSHBACK, "behavior/unearned-praise"}
    with pytest.raises(PolicyError, match="nothing to try"):
        signals(facts)
    assert planned_setup("main", judges).calls <= 2500


@pytest.mark.slow
def test_records_are_written_and_go_on_where_they_stopped(endpoint: Endpoint, tmp_path: Path) -> None:
    """A file a suite, which a policy takes as its records; a second time takes no call."""
    grading(endpoint, by_rates(0.95, 0.05))
    setup = planned_setup("main", _judges(endpoint.url), _policy(Gate(signal=PUSHBACK, margin=0.1)))
    done = set_up(setup, tmp_path / "r", Progress("off"))
    assert 0 < done.spend.calls <= setup.calls
    ((path, record),) = done.records
    assert load_record(path).digest == record.digest
    assert done.standings[PUSHBACK].may_gate and done.problems == {}
    assert load_records([tmp_path / "r"])["judge/main"][0].version == record.version
    again = set_up(setup, tmp_path / "r", Progress("off"))
    assert again.spend.calls == 0 and again.spend.reused >= done.spend.calls


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """Before anything is asked."""
    (tmp_path / "r").write_text("", encoding="utf-8")
    setup = planned_setup("main", _judges("http://localhost:1/v1"), _policy(Gate(signal=PUSHBACK, margin=0.1)))
    with pytest.raises(StoreError, match="records' folder"):
        set_up(setup, tmp_path / "r", Progress("off"))


def test_the_block_is_what_a_policy_takes(tmp_path: Path) -> None:
    """It makes a valid policy of one without judges; one that has judges is left alone, and may say the same."""
    judges = _judges("http://localhost:1/v1")
    block = policy_block(judges, [Path("records")])
    path = tmp_path / "policy.yaml"
    text = "name: p  # ours\ngates:\n- {signal: behavior/pushback, margin: 0.1, instrument: judge/main}\n"
    path.write_text(text, encoding="utf-8")
    assert with_block(path, judges, [Path("records")])
    made = path.read_text(encoding="utf-8")
    assert made.startswith(text)
    held = parse_policy(made)
    assert held.judges == judges and held.records == [Path("records")]
    assert with_block(path, judges, [Path("records/")])
    assert not with_block(path, judges, [Path("others")])
    assert not with_block(path, _judges("http://localhost:2/v1"), [Path("records")])
    assert path.read_text(encoding="utf-8") == made == f"{text}\n{block}"
    with pytest.raises(PolicyError, match="cannot be read"):
        with_block(tmp_path / "none.yaml", judges, [])
