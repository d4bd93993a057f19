"""The other commands, bad input, and how fast the command line starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import ROOT, Command, Endpoint, PolicyWriter
from seatrial.suites import find_suites

COMMANDS = [
    *(["init"], ["plan"], ["review"], ["report"], ["suites"], ["instruments"], ["doctor"]),
    *(["ledger", "list"], ["ledger", "show"], ["ledger", "verify"], ["ledger", "waive"]),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(seatrial: Command, words: list[str]) -> None:
    """Each command explains itself and shows an example."""
    done = seatrial(*words, "--help")
    assert done.code == 0
    assert f"Example: seatrial {words[0]}" in " ".join(done.out.split())


def test_help_names_the_exit_codes(seatrial: Command) -> None:
    """The contract of exit codes stands in the help."""
    assert "0 launch, 1 block, 2 usage or configuration error, 3 hold, 4 launch" in " ".join(
        seatrial("--help").out.split()
    )
    assert seatrial("--version").out.startswith("seatrial 0.")
    assert seatrial("reviev").code == 2


def test_help_is_fast() -> None:
    """The command line starts without the heavy imports."""
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    subprocess.run([sys.executable, "-m", "seatrial", "--help"], env=env, check=True, capture_output=True)
    began = time.monotonic()
    subprocess.run([sys.executable, "-m", "seatrial", "--help"], env=env, check=True, capture_output=True)
    assert time.monotonic() - began < 3.0
    modules = "('numpy', 'polars', 'scipy', 'pydantic')"
    heavy = f"import sys, seatrial.cli; sys.exit(any(name in sys.modules for name in {modules}))"
    assert subprocess.run([sys.executable, "-c", heavy], env=env, check=False).returncode == 0


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("behavior/impulsive-actions", "behavior/impulsive-action", "did you mean behavior/impulsive-actions?"),
        ("margin: 0.05", "margin: 1.5", "a margin of 1.5 is outside what this signal can show"),
        ("margin: 0.05", "margin: 0.05, limit: 2", "the limit 2 is outside the signal's scale"),
        ("margin: 0.05", "margin: 0.05, instrument: text/none", "no instrument is called 'text/none'"),
        ("margin: 0.05", "marign: 0.05", "policy.yaml:7: gates.0.marign: unknown key 'marign'; did you mean 'margin'?"),
        ("gates:", "suites: [nowhere]\ngates:", "no suite here"),
        ("gates:", "evidence: [nowhere.csv]\ngates:", "nowhere.csv: no such file"),
        ("gates:", "signals: {behavior/x: {column: c}}\ngates:\n  - {signal: behavior/x, margin: 0.1}", "must both be"),
    ],
)
def test_bad_policies(seatrial: Command, write_policy: PolicyWriter, old: str, new: str, words: str) -> None:
    """A policy that cannot be used ends with one message, exit code 2, and not a single call."""
    policy = write_policy()
    policy.write_text(policy.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    done = seatrial("review", policy)
    assert done.code == 2
    assert words in done.err
    assert "Traceback" not in done.err


def test_transcripts_without_a_shared_item(seatrial: Command, tmp_path: Path) -> None:
    """Transcripts that answer different questions cannot be compared."""
    for name, prompt in (("a", "Hi?"), ("b", "Ho?")):
        (tmp_path / f"{name}.csv").write_text(f"prompt,completion,bad\n{prompt},Yes,1\n", encoding="utf-8")
    (tmp_path / "p.yaml").write_text(
        "name: t\nbaseline: {model: transcripts/a.csv}\ncandidate: {model: transcripts/b.csv}\n"
        "signals: {human/bad: {column: bad}}\ngates: [{signal: human/bad, margin: 0.1}]\n",
        encoding="utf-8",
    )
    done = seatrial("review", "p.yaml")
    assert (done.code, "share no item" in done.err) == (2, True)
    (tmp_path / "b.csv").write_text("prompt,completion,bad\nHi?,Yes,0\n", encoding="utf-8")
    assert seatrial("review", "p.yaml").code == 3
    text = (tmp_path / "p.yaml").read_text(encoding="utf-8")
    (tmp_path / "p.yaml").write_text(text.replace("{column: bad}", "{column: bad, where: {bad: 7}}"), encoding="utf-8")
    assert "`where` selects none" in seatrial("review", "p.yaml").err
    for name, prompt in (("a", "Hi?"), ("b", "Ho?")):
        (tmp_path / f"{name}.csv").write_text(f"id,prompt,completion,bad\nq,{prompt},Yes,1\n", encoding="utf-8")
    (tmp_path / "p.yaml").write_text(text, encoding="utf-8")
    assert "Answers to different questions" in seatrial("review", "p.yaml").err


def test_transcripts_answer_a_suite(seatrial: Command, tmp_path: Path) -> None:
    """Recorded answers to a suite's questions are read by its text instrument; what they lack is listed."""
    from seatrial.suites import load_suite

    items = load_suite(find_suites()["behavior/impulsive-actions"]).items
    for name, text, count in (
        ("a", "No, wait until tomorrow.", len(items)),
        ("b", "Do it, right now!", len(items) - 3),
    ):
        rows = [{"prompt": item.messages[-1].content, "completion": text} for item in items[:count]]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (tmp_path / "p.yaml").write_text(
        "name: t\nbaseline: {model: transcripts/a.jsonl}\ncandidate: {model: transcripts/b.jsonl}\n"
        "gates: [{signal: behavior/impulsive-actions, margin: 0.1}]\n",
        encoding="utf-8",
    )
    done = seatrial("review", "p.yaml", "--json")
    decision = json.loads(done.out)
    assert done.code == 3, "what reads it has no record, so it advises"
    assert (decision["verdicts"][0]["verdict"], decision["verdicts"][0]["demoted"]) == ("inconclusive", True)
    assert decision["verdicts"][0]["instrument"] == "linear/urging"
    assert decision["verdicts"][0]["missing"] == 3


def test_models_that_cannot_be_reached(seatrial: Command, write_policy: PolicyWriter, endpoint: Endpoint) -> None:
    """A refused connection ends with one message and exit code 2."""
    policy = write_policy()
    text = policy.read_text(encoding="utf-8").replace(endpoint.url, "http://127.0.0.1:9/v1")
    policy.write_text(text, encoding="utf-8")
    done = seatrial("review", policy)
    assert done.code == 2
    assert "no connection to http://127.0.0.1:9/v1" in done.err


def test_reports_of_what_is_not_there(seatrial: Command, tmp_path: Path) -> None:
    """Reporting on an empty or damaged folder, or reading no ledger, says so."""
    assert "no finished review here" in seatrial("report", tmp_path).err
    (tmp_path / "evidence.json").write_text("{}", encoding="utf-8")
    assert "cannot be read back" in seatrial("report", tmp_path).err
    assert "no ledger here" in seatrial("ledger", "list").err
