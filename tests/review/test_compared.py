"""Two recorded runs, compared without a policy."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seatrial.errors import EvidenceError, ExitCode
from seatrial.policy import RunsSpec, load_policy
from seatrial.review.compared import compare
from seatrial.review.interface import review
from seatrial.runs.pairing import Declared

GPQA = Path(__file__).parents[3] / "shared" / "data" / "gpqa-scores" / "gpqa_diamond_scores.csv"


def _run(folder: Path, name: str, right: float, items: int = 300) -> str:
    """Write a run in which so many of the items are right; the seed is the same, so that runs are paired."""
    drawn = random.Random(7)
    path = folder / f"{name}.csv"
    rows = [f"q{number},{int(drawn.random() < right)}" for number in range(items)]
    path.write_text("\n".join(["item,accuracy", *rows]) + "\n", encoding="utf-8")
    return str(path)


def test_a_worse_run_blocks_and_an_unchanged_one_launches(tmp_path: Path) -> None:
    """What hardly changed launches, what is a tenth worse blocks, and the exit codes are those of every review."""
    runs = {name: _run(tmp_path, name, right) for name, right in (("now", 0.8), ("same", 0.805), ("worse", 0.6))}
    found = {name: compare(RunsSpec(baseline=runs["now"], candidate=runs[name])).review for name in ("same", "worse")}
    assert found["same"] is not None
    assert found["worse"] is not None
    assert (found["same"].exit_code, found["worse"].exit_code) == (ExitCode.LAUNCH, ExitCode.BLOCK)
    assert found["worse"].verdicts[0].evidence.estimate == pytest.approx(0.2, abs=0.06)


def test_the_policy_that_is_written_decides_the_same(tmp_path: Path) -> None:
    """It can be reviewed as it stands, and tightened."""
    done = compare(RunsSpec(baseline=_run(tmp_path, "now", 0.8), candidate=_run(tmp_path, "next", 0.75)), margin=0.1)
    (tmp_path / "kept").mkdir()
    path = tmp_path / "kept" / "policy.yaml"
    done.write_policy(path)
    assert load_policy(path).gates[0].margin == pytest.approx(0.1)
    again = review(path, folder=tmp_path / "review", progress=False)
    assert done.review is not None
    assert again.outcome == done.review.outcome
    assert again.verdicts[0].evidence.estimate == pytest.approx(done.review.verdicts[0].evidence.estimate)


def test_answers_travel_with_their_scores(tmp_path: Path) -> None:
    """The pairs that show the harm best are shown; a candidate that says one thing throughout holds at a glance."""

    def log(name: str, answer: str, right: bool) -> str:
        lines: list[dict[str, Any]] = [{"spec": {"base_eval": "quiz", "completion_fns": [name]}}]
        for number in range(30):
            said = answer or f"The answer to the question of number {number} is a word."
            question = [{"role": "user", "content": f"What is number {number}?"}]
            data = {"prompt": question, "sampled": [said]}
            lines.append({"sample_id": f"q{number}", "type": "sampling", "data": data})
            lines.append({"sample_id": f"q{number}", "type": "match", "data": {"correct": right or number % 3 > 0}})
        lines.append({"final_report": {"accuracy": 0.5}})
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        return str(path)

    found = compare(RunsSpec(baseline=log("now", "", True), candidate=log("next", "I cannot say.", False)))
    assert found.review is not None
    assert [(pair.item, pair.harm) for pair in found.review.pairs] == [("q0", 1.0), ("q3", 1.0), ("q6", 1.0)]
    assert found.review.pairs[0].candidate == "I cannot say."
    assert any("candidate" in odd for odd in found.review.result.decision.at_a_glance)
    assert found.review.outcome != "launch"


def test_what_makes_runs_no_pair_holds(tmp_path: Path) -> None:
    """One file on both sides is refused; runs that are not two of one evaluation hold whatever their scores say."""
    now = _run(tmp_path, "now", 0.8)
    with pytest.raises(EvidenceError, match="given as the baseline and as the candidate"):
        compare(RunsSpec(baseline=now))
    few = RunsSpec(baseline=now, candidate=_run(tmp_path, "next", 0.8, items=100))
    found = compare(few)
    assert found.review is not None
    assert found.review.outcome == "hold"
    assert "share 100 items, of 300 and 100" in found.review.reason
    found.write_policy(tmp_path / "policy.yaml")
    again = review(tmp_path / "policy.yaml", folder=tmp_path / "review", progress=False)
    assert (again.outcome, "share 100 items" in again.reason) == ("hold", True)
    copied = compare(RunsSpec(baseline=now, candidate=_run(tmp_path, "copied", 0.8))).review
    assert copied is not None
    assert (copied.outcome, "is a copy of" in copied.reason) == ("hold", True)
    with pytest.raises(EvidenceError, match="--margin tone: no such score; there are accuracy"):
        compare(few, margins={"tone": 0.1})


def test_what_is_not_known_is_not_decided(tmp_path: Path) -> None:
    """Without a score that can be decided there is no review, and no policy."""
    path = tmp_path / "t.csv"
    path.write_text("item,model,tone\na,x,1\na,y,0\n", encoding="utf-8")
    found = compare(RunsSpec(baseline=str(path), baseline_model="x", candidate_model="y"))
    assert (found.review, found.policy, len(found.open)) == (None, None, 1)
    with pytest.raises(EvidenceError, match="no policy that repeats it"):
        found.write_policy(tmp_path / "policy.yaml")


@pytest.mark.skipif(not GPQA.exists(), reason=f"{GPQA} is not here")
def test_the_known_difference_on_gpqa_comes_out() -> None:
    """Paired by item with five epochs each, 5.9 points, and an interval that pairing makes narrow."""
    found = compare(
        RunsSpec(baseline=str(GPQA), baseline_model="gpt-5.4-mini", candidate_model="gpt-5-nano"),
        declared=Declared({"score": "low"}, {}),
        alpha=0.025,
    ).review
    assert found is not None
    seen = found.verdicts[0].evidence
    assert -seen.estimate == pytest.approx(0.059, abs=0.0005)
    assert (-seen.high, -seen.low) == pytest.approx((0.004, 0.113), abs=0.001)
    assert seen.unpaired_high - seen.unpaired_low > 1.3 * (seen.high - seen.low)


def _log(folder: Path, name: str, numbers: list[int], wrong: Callable[[int], bool], task: str = "quiz") -> str:
    """Write a log of questions in an order, each under the id of its place; some are answered wrongly."""
    lines: list[dict[str, Any]] = [{"spec": {"base_eval": task, "completion_fns": [name]}}]
    for place, number in enumerate(numbers):
        data = {"prompt": f"{task}: what is number {number}?", "sampled": [f"It is number {number}, says {name}."]}
        lines.append({"sample_id": f"q{place}", "type": "sampling", "data": data})
        lines.append({"sample_id": f"q{place}", "type": "match", "data": {"correct": not wrong(number)}})
    lines.append({"final_report": {"accuracy": 0.5}})
    path = folder / name / f"{task}.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return str(path.parent)


def test_pairs_that_are_shown_are_those_that_were_paired(tmp_path: Path) -> None:
    """Where items were paired by their questions, an answer stands beside the answer to the same question."""
    now = _log(tmp_path, "now", list(range(30)), lambda number: False)
    later = _log(tmp_path, "next", list(range(29, -1, -1)), lambda number: number % 10 == 3)
    found = compare(RunsSpec(baseline=now, candidate=later)).review
    assert found is not None
    assert [pair.item for pair in found.pairs] == ["q3", "q13", "q23"]
    for pair in found.pairs:
        assert pair.baseline.partition(", ")[0] == pair.candidate.partition(", ")[0]


def test_pairs_that_are_shown_are_of_their_own_task(tmp_path: Path) -> None:
    """Two tasks whose score has one name are not mixed."""
    for task, rest in (("quiz", 3), ("sums", 4)):
        now = _log(tmp_path, "now", list(range(30)), lambda number: False, task)
        later = _log(tmp_path, "next", list(range(30)), lambda number, rest=rest: number % 10 == rest, task)  # type: ignore[misc]
    found = compare(RunsSpec(baseline=now, candidate=later)).review
    assert found is not None
    shown = [(pair.signal, pair.messages[0].content.partition(":")[0]) for pair in found.pairs]
    assert shown == 3 * [("eval/quiz.accuracy", "quiz")] + 3 * [("eval/sums.accuracy", "sums")]


def test_a_score_that_is_not_decided_holds_the_report_too(tmp_path: Path) -> None:
    """What the command ends with, its report, its summary and its JSON say."""
    for name in ("now", "next"):
        rows = [f"q{number},{int(number > 60 - len(name))},{number % 2}" for number in range(300)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["item,accuracy,tone", *rows]), encoding="utf-8")
    runs = RunsSpec(
        baseline=str(tmp_path / "now.csv"), candidate=str(tmp_path / "next.csv"), scores=["accuracy", "tone"]
    )
    found = compare(runs).review
    assert found is not None
    assert (found.status, found.verdicts[0].verdict) == ("hold", "pass")
    assert "the score tone is not decided: say which end is harm" in found.reason
