"""The GitHub Action: its steps, run in a shell as a runner would run them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import ROOT

pytestmark = pytest.mark.slow

GH = """#!/bin/bash
# Stands for GitHub's command line: lists the comments that were made, and keeps what is written.
case "$*" in
  *POST*|*PATCH*)
    echo "$*" >> calls
    for word in "$@"; do case "$word" in body=@*) cp "${word#body=@}" posted.md;; esac; done;;
  *) cat comments 2>/dev/null || true;;
esac
"""


class Runner:
    """Runs the steps of `action.yml` that are shell, one after another, with a runner's files and variables."""

    def __init__(self, folder: Path, **inputs: str) -> None:
        """Lay out the runner's files, with the inputs that a workflow gives."""
        self.action: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
        self.folder, self.outputs = folder, dict[str, str]()
        self.inputs = {name: str(one["default"]) for name, one in self.action["inputs"].items()} | inputs
        (folder / "bin").mkdir(exist_ok=True)
        for name, text in (("gh", GH), ("seatrial", f'#!/bin/bash\nexec "{sys.executable}" -m seatrial "$@"\n')):
            (folder / "bin" / name).write_text(text, encoding="utf-8")
            (folder / "bin" / name).chmod(0o755)

    def run(self, name: str) -> subprocess.CompletedProcess[str]:
        """Run the step of this name."""
        (step,) = (one for one in self.action["runs"]["steps"] if one.get("name") == name)
        files = {key: self.folder / key.lower() for key in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        environment = os.environ | {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "GITHUB_RUN_ID": "7",
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_ACTOR": "ana",
            "GITHUB_REPOSITORY": "org/repo",
            **{key: str(path) for key, path in files.items()},
            **{key: self._filled(str(value)) for key, value in step.get("env", {}).items()},
        }
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        done = subprocess.run(shell, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=300)
        if files["GITHUB_OUTPUT"].exists():
            lines = files["GITHUB_OUTPUT"].read_text(encoding="utf-8").splitlines()
            self.outputs |= dict(line.split("=", 1) for line in lines)
        return done

    def _filled(self, value: str) -> str:
        held = {
            **{f"inputs.{name}": one for name, one in self.inputs.items()},
            **{f"steps.decide.outputs.{name}": one for name, one in self.outputs.items()},
            "github.event.number": "12",
        }
        return re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda found: held[found[1]], value)


def _tables(folder: Path, wrong: int) -> None:
    for name, count in (("now", 20), ("next", wrong)):
        rows = [f"q{number},{int(number >= count)}" for number in range(300)]
        (folder / f"{name}.csv").write_text("\n".join(["item,accuracy", *rows]), encoding="utf-8")


@pytest.mark.parametrize(("wrong", "code", "word"), [(19, 0, "Launch"), (120, 1, "Block")])
def test_two_logs_are_decided_and_said(tmp_path: Path, wrong: int, code: int, word: str) -> None:
    """The decision is an output, in the job's summary, in one comment, and in the code that the last step ends with."""
    _tables(tmp_path, wrong)
    runner = Runner(tmp_path, baseline="now.csv", candidate="next.csv", arguments="--margin\n0.1\n")
    assert runner.run("Decide").returncode == 0
    assert runner.outputs["exit-code"] == str(code)
    assert word in (tmp_path / "github_step_summary").read_text(encoding="utf-8").splitlines()[0]
    assert runner.run("Comment").returncode == 0
    posted = (tmp_path / "posted.md").read_text(encoding="utf-8")
    assert posted.startswith("<!-- seatrial: seatrial -->\n## seatrial: ")
    assert "POST repos/org/repo/issues/12/comments" in (tmp_path / "calls").read_text(encoding="utf-8")
    assert runner.run("Exit as the decision says").returncode == code
    folder = tmp_path / runner.outputs["folder"]
    assert {"report.html", "junit.xml", "decision.json", "summary.md"} <= {path.name for path in folder.iterdir()}
    assert json.loads((folder / "decision.json").read_text(encoding="utf-8"))["status"] == word.lower()


def test_a_comment_is_updated_and_not_repeated(tmp_path: Path) -> None:
    """The comment that bears the mark is written anew."""
    _tables(tmp_path, 19)
    runner = Runner(tmp_path, baseline="now.csv", candidate="next.csv", arguments="--margin\n0.1")
    runner.run("Decide")
    (tmp_path / "comments").write_text("4711\n4712\n", encoding="utf-8")
    assert runner.run("Comment").returncode == 0
    (call,) = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    assert "PATCH repos/org/repo/issues/comments/4711" in call


@pytest.mark.parametrize("refused", ["*paginate*", "*POST*"])
def test_a_comment_that_may_not_be_written_changes_no_decision(tmp_path: Path, refused: str) -> None:
    """As on a pull request from a fork: the step warns, and the last step ends with the decision's code."""
    _tables(tmp_path, 19)
    runner = Runner(tmp_path, baseline="now.csv", candidate="next.csv", arguments="--margin\n0.1")
    runner.run("Decide")
    gh = tmp_path / "bin" / "gh"
    forbidden = f'case "$*" in {refused}) echo "HTTP 403: not accessible" >&2; exit 1;; esac'
    gh.write_text(GH.replace("# Stands", f"{forbidden}\n# Stands"), encoding="utf-8")
    done = runner.run("Comment")
    assert (done.returncode, "::warning::The comment could not be written" in done.stdout) == (0, True)
    assert not (tmp_path / "posted.md").exists()
    assert runner.run("Exit as the decision says").returncode == 0


def test_no_decision_is_no_launch(tmp_path: Path) -> None:
    """A policy that cannot be read says so on the pull request and ends with 2."""
    runner = Runner(tmp_path, policy="none.yaml")
    assert runner.run("Decide").returncode == 0
    assert "no decision" in (tmp_path / "github_step_summary").read_text(encoding="utf-8")
    runner.run("Comment")
    assert "exit code 2" in (tmp_path / "posted.md").read_text(encoding="utf-8")
    assert runner.run("Exit as the decision says").returncode == 2


def test_inputs_reach_the_shell_as_variables_alone() -> None:
    """No expression stands in a script, so that no name of a file or branch can be run."""
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    assert not [step for step in action["runs"]["steps"] if "${{" in step.get("run", "")]
