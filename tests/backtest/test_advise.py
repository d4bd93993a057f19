"""A new gate advises until its backtest has a track record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from histories import GATE, backtested, judged
from seatrial.backtest.advise import LEAST_WEIGHED, MARK, advised, lacking, told, write_advised
from seatrial.policy import Gate, LaunchPolicy, load_policy

CLEAN = [judged(number, "clean") for number in range(30)]
FEW = CLEAN[: LEAST_WEIGHED - 1]
OFTEN = [judged(number, "clean", "block" if number % 2 else "launch") for number in range(30)]


def _policy(**gate: object) -> LaunchPolicy:
    return LaunchPolicy(name="stricter", gates=[Gate(signal=GATE, margin=0.1, **gate)])


def test_a_track_record_takes_releases_and_few_delays() -> None:
    """Too few of them, or too many good launches in its way, are no record, and it says which."""
    assert lacking(backtested(CLEAN).gates[0]) == ""
    assert lacking(backtested(FEW).gates[0]) == "weighed on 9 of the 10 releases of known outcome that it takes"
    assert "might delay up to" in lacking(backtested(OFTEN).gates[0])
    unseen = [judged(number, "clean", "unknown") for number in range(30)]
    assert lacking(backtested(unseen).gates[0]).startswith("weighed on 0 of")


def test_only_what_is_new_and_without_a_record_advises() -> None:
    """A gate that blocked already goes on; one with a record blocks; one that advises by its own word stays."""
    made = advised(_policy(), backtested(FEW))
    assert (made.advises, made.policy.gates[0].blocking) == ((GATE,), False)
    assert (made.policy.gates[0].advisory or "").startswith(MARK)
    for found in (backtested(CLEAN), backtested(FEW, blocked=(GATE,))):
        assert advised(_policy(), found).policy == _policy()
    heard = _policy(advisory="watched this quarter")
    assert advised(heard, backtested(CLEAN)).policy == advised(heard, backtested(FEW)).policy == heard


@pytest.mark.parametrize("trust", [None, "read two hundred of its grades"])
def test_a_record_lifts_what_the_lack_of_one_imposed(trust: str | None) -> None:
    """Advised for want of a record, and later with one, the policy is what it was; without one it stays advised."""
    first = advised(_policy(trust=trust), backtested(FEW))
    still = advised(first.policy, backtested(OFTEN))
    assert (still.advises, still.blocks) == ((GATE,), ())
    assert "might delay" in (still.policy.gates[0].advisory or "")
    later = advised(still.policy, backtested(CLEAN))
    assert (later.policy, later.advises, later.blocks) == (_policy(trust=trust), (), (GATE,))


def test_the_policy_is_written_and_reads_back(tmp_path: Path) -> None:
    """With the paths of its file as they stand there, and what was changed is said."""
    path, target = tmp_path / "policy.yaml", tmp_path / "advised.yaml"
    policy = _policy().model_copy(update={"records": [Path("records")]})
    path.write_text(policy.to_yaml(), encoding="utf-8")
    made = write_advised(path, backtested(FEW), target)
    assert "records:\n- records\n" in target.read_text(encoding="utf-8")
    assert load_policy(target).gates == made.policy.gates
    assert told(made, target)[0].startswith(f"{GATE} only advises: {MARK}weighed on 9")
    assert told(replace(made, advises=(), blocks=(GATE,)), target)[0].endswith("and blocks.")
    assert told(replace(made, advises=()), target)[0] == "No gate is new and without a track record."
