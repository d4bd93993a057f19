"""`seatrial compare`: two files in, a decision out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import Command
from seatrial.policy import load_policy
from seatrial.types import ROLES


def _table(folder: Path, name: str, wrong: int, column: str = "accuracy") -> None:
    rows = [f"q{number},{int(number >= wrong)}" for number in range(300)]
    (folder / name).write_text("\n".join([f"item,{column}", *rows]) + "\n", encoding="utf-8")


@pytest.mark.slow
def test_two_tables_are_decided(seatrial: Command, tmp_path: Path) -> None:
    """Levels, change, what could be seen, how it was read; a report and a policy on demand."""
    _table(tmp_path, "now.csv", 60)
    _table(tmp_path, "next.csv", 120)
    done = seatrial("compare", "now.csv", "next.csv", "--report", "out", "--policy", "policy.yaml")
    assert done.code == 1
    assert "BLOCK" in done.out
    assert "0.800" in done.out
    assert "0.600" in done.out
    assert "by default; say with --margin" in done.out
    assert (tmp_path / "out" / "report.html").exists()
    assert load_policy(tmp_path / "policy.yaml").gates[0].signal == "eval/accuracy"
    assert seatrial("review", "policy.yaml", "--quiet").code == 1


@pytest.mark.slow
def test_margins_are_shares_of_the_scale(seatrial: Command, tmp_path: Path) -> None:
    """One for all scores, another for one of them; what is no share is refused."""
    _table(tmp_path, "now.csv", 60)
    _table(tmp_path, "next.csv", 66)
    assert seatrial("compare", "now.csv", "next.csv", "--margin", "0.1").code == 0
    assert seatrial("compare", "now.csv", "next.csv", "--margin", "accuracy=0.1").code == 0
    assert seatrial("compare", "now.csv", "next.csv", "--margin", "0.1", "--margin", "accuracy=0.005").code != 0
    for wrong in ("5", "accuracy=x", "-1", "tone=0.1"):
        failed = seatrial("compare", "now.csv", "next.csv", "--margin", wrong)
        assert (failed.code, "--margin" in failed.err) == (2, True)


@pytest.mark.slow
def test_what_is_not_said_is_asked_for(seatrial: Command, tmp_path: Path) -> None:
    """An unknown direction or scale holds and says what to say; the same name on both sides is refused."""
    _table(tmp_path, "now.csv", 60, "tone")
    _table(tmp_path, "next.csv", 61, "tone")
    held = seatrial("compare", "now.csv", "next.csv")
    assert held.code == 3
    said = "tone is not decided: say which end is harm (--higher-is-better or --lower-is-better)."
    assert said in " ".join(held.out.split())
    assert seatrial("compare", "now.csv", "next.csv", "--higher-is-better", "tone").code == 0
    both = seatrial("compare", "now.csv", "next.csv", "--higher-is-better", "tone", "--lower-is-better", "tone")
    assert (both.code, "give it to one" in both.err) == (2, True)


def test_machines_get_all_of_it(seatrial: Command, tmp_path: Path) -> None:
    """Nothing but JSON on stdout, with the exit code and what stands in the way."""
    _table(tmp_path, "now.csv", 60)
    (tmp_path / "next.csv").write_text("item,accuracy\nq1,1\nq2,0\n", encoding="utf-8")
    done = seatrial("compare", "now.csv", "next.csv", "--json")
    found = json.loads(done.out)
    assert (done.code, found["exit_code"]) == (3, 3)
    assert "share 2 items" in found["stands_in_the_way"][0]
    assert found["scores"][0]["title"] == "accuracy"


@pytest.mark.parametrize("scale", ["quality=5", "quality=5:1", "quality=a:b", "quality"])
def test_scales_are_written_in_one_way(seatrial: Command, tmp_path: Path, scale: str) -> None:
    """SCORE=SMALLEST:LARGEST."""
    _table(tmp_path, "now.csv", 60)
    failed = seatrial("compare", "now.csv", "now.csv", "--scale", scale)
    assert (failed.code, "--scale" in failed.err) == (2, True)


def test_one_file_is_no_pair(seatrial: Command, tmp_path: Path) -> None:
    """The same file twice is refused, with the models that it holds."""
    (tmp_path / "both.csv").write_text("item,model,accuracy\na,x,1\na,y,0\n", encoding="utf-8")
    failed = seatrial("compare", "both.csv")
    assert (failed.code, "it holds x, y" in failed.err) == (2, True)


@pytest.mark.slow
def test_runs_are_kept_as_observations(seatrial: Command, tmp_path: Path) -> None:
    """What is printed is a policy's part, and the policy reads it; scores that nobody explained are asked for."""
    _table(tmp_path, "now.csv", 60)
    _table(tmp_path, "next.csv", 66)
    done = seatrial("import", "now.csv", "next.csv", "--out", "runs.parquet")
    assert done.code == 0
    part = done.out.partition("In a policy:")[2].partition("Note:")[0]
    (tmp_path / "policy.yaml").write_text(f"name: kept\n{part}", encoding="utf-8")
    assert load_policy(tmp_path / "policy.yaml").signals["eval/accuracy"].harmful == "low"
    assert seatrial("review", "policy.yaml", "--quiet").code == 0
    found = json.loads(seatrial("import", "now.csv", "next.csv", "--json").out)
    assert (found["numbers"], found["scores"][0]["bounds"]) == (600, [0.0, 1.0])
    _table(tmp_path, "tone.csv", 60, "tone")
    _table(tmp_path, "tone2.csv", 60, "tone")
    failed = seatrial("import", "tone.csv", "tone2.csv")
    assert (failed.code, "tone: say which end is harm" in failed.err) == (2, True)


@pytest.mark.slow
def test_answers_are_kept_for_instruments(seatrial: Command, tmp_path: Path) -> None:
    """Two real logs become transcripts that a policy reads with an instrument of its own."""
    logs = Path(__file__).parents[1] / "runs" / "logs" / "embedded" / "inspect"
    sides = [str(logs / f"{role}.eval") for role in ("baseline", "candidate")]
    assert seatrial("import", *sides, "--answers", "said").code == 0
    policy = "name: p\n" + "".join(f"{one}: {{model: transcripts/said/{one}.jsonl}}\n" for one in ROLES)
    policy += "signals: {behavior/hook: {instrument: text/hook}}\ngates: [{signal: behavior/hook, margin: 0.2}]\n"
    (tmp_path / "policy.yaml").write_text(policy, encoding="utf-8")
    assert seatrial("review", "policy.yaml", "--out", "r", "--quiet").code == 3
    (verdict,) = json.loads((tmp_path / "r" / "decision.json").read_text(encoding="utf-8"))["verdicts"]
    assert verdict["signal"] == "behavior/hook"
    assert verdict["items"] == 8


@pytest.mark.slow
def test_options_that_say_nothing_are_refused(seatrial: Command, tmp_path: Path) -> None:
    """A declared name of no score, two margins for all, an empty name: none is passed over in silence."""
    _table(tmp_path, "now.csv", 60)
    _table(tmp_path, "next.csv", 66)
    for option, value, said in (
        ("--lower-is-better", "Accuracy", "did you mean accuracy"),
        ("--higher-is-better", "tone", "they share accuracy"),
        ("--scale", "accuracies=0:5", "did you mean accuracy"),
        ("--accept", "jugde", "did you mean judge"),
    ):
        for command in ("compare", "import"):
            failed = seatrial(command, "now.csv", "next.csv", option, value)
            assert (failed.code, said in failed.err) == (2, True), failed
    failed = seatrial("compare", "now.csv", "next.csv", "--margin", "0.05", "--margin", "0.5")
    assert (failed.code, "--margin stands twice" in failed.err) == (2, True)
    failed = seatrial("compare", "", "next.csv")
    assert (failed.code, "the baseline is an empty name" in failed.err) == (2, True)
    failed = seatrial("import", "now.csv", "next.csv", "--out", "runs.csv")
    assert (failed.code, "name it runs.parquet" in failed.err) == (2, True)


@pytest.mark.slow
def test_a_policy_is_never_written_over_another(seatrial: Command, tmp_path: Path) -> None:
    """It may have been tightened by hand; the same one again is no other."""
    _table(tmp_path, "now.csv", 60)
    _table(tmp_path, "next.csv", 66)
    for _ in range(2):
        assert seatrial("compare", "now.csv", "next.csv", "--margin", "0.1", "--policy", "policy.yaml").code == 0
    (tmp_path / "policy.yaml").write_text("name: tightened\n", encoding="utf-8")
    failed = seatrial("compare", "now.csv", "next.csv", "--margin", "0.1", "--policy", "policy.yaml", "--report", "out")
    assert (failed.code, "policy.yaml exists and says something else" in failed.err) == (2, True)
    assert (tmp_path / "policy.yaml").read_text(encoding="utf-8") == "name: tightened\n"
    assert not (tmp_path / "out").exists()


def test_what_may_differ_is_known_to_the_import(seatrial: Command, tmp_path: Path) -> None:
    """`--accept` says the same there as to a comparison."""
    for name, task in (("now", "sums"), ("next", "choices")):
        rows = [f"q{number},{task},{number % 2}" for number in range(30)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["item,task,accuracy", *rows]), encoding="utf-8")
    assert "! The task differs" in seatrial("import", "now.csv", "next.csv").out
    assert "! The task differs" not in seatrial("import", "now.csv", "next.csv", "--accept", "task").out
