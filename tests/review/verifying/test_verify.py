"""A decision is derived again from a copy of its folder alone, and whatever was changed is found and named."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from conftest import PolicyWriter
from seatrial.errors import ExitCode
from seatrial.ledger import ledger_for
from seatrial.report import load_result, save_result, write_reports
from seatrial.review.apply_waivers import with_entry
from seatrial.review.verifying.verify import verify
from verified_reviews import GATE, copied, entered_anew, results, review_of, said_in


@pytest.mark.slow
def test_a_review_is_verified_elsewhere(live: Path, tmp_path: Path) -> None:
    """In a new process with another home and no key, the endpoint gone, each step is verified and the code is its."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), "PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-m", "seatrial", "verify", str(live), "--json"]
    done = subprocess.run(
        command, env=environment, cwd=tmp_path / "elsewhere", capture_output=True, text=True, check=False
    )
    found = json.loads(done.stdout)
    assert {one["result"] for one in found["steps"]} == {"verified"}, done.stdout
    assert (found["verified"], found["holds"], found["exit_code"]) == (True, True, done.returncode)
    assert found["decision"] == load_result(live).decision.outcome
    assert done.returncode == {"launch": 0, "hold": 3}[found["decision"]]
    assert any("nobody signed" in said for said in found["not_verified"])


@pytest.mark.slow
def test_what_is_not_read_is_not_touched(live: Path) -> None:
    """Verifying writes nothing in the folder nor beside it."""
    before = {path: path.stat().st_mtime_ns for path in live.parent.rglob("*")}
    verify(live)
    assert {path: path.stat().st_mtime_ns for path in live.parent.rglob("*")} == before


@pytest.mark.slow
def test_a_block_is_verified_as_a_block(write_policy: PolicyWriter, tmp_path: Path) -> None:
    """Exit code 1 is of a block that was derived again, and of nothing else."""
    review_of(write_policy(candidate="warm"), tmp_path / "reviews" / "one")
    found = verify(copied(tmp_path))
    assert (found.verified, found.exit_code) == (True, ExitCode.BLOCK)


def _edit_observation(folder: Path) -> None:
    path = folder / "observations.parquet"
    frame = pl.read_parquet(path)
    odd = pl.int_range(pl.len()) == 3
    frame.with_columns(
        pl.when(odd).then(pl.col("value") + 0.5).otherwise(pl.col("value")).alias("value")
    ).write_parquet(path)


def _edit_answer(folder: Path) -> None:
    path = folder / "responses" / "answers.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    entry = json.loads(lines[2])
    entry["response"]["first"] = [["Yes", -0.0001]]
    path.write_text("".join([*lines[:2], json.dumps(entry) + "\n", *lines[3:]]), encoding="utf-8")


def _delete_answers(folder: Path) -> None:
    (folder / "responses" / "answers.jsonl").unlink()


def _flip_verdict(folder: Path) -> None:
    kept = load_result(folder)
    (gate,) = kept.decision.verdicts
    other = replace(gate, verdict="fail" if gate.verdict == "pass" else "pass")
    save_result(replace(kept, decision=replace(kept.decision, verdicts=(other,))), folder)


def _loosen_margin(folder: Path) -> None:
    kept = load_result(folder)
    gates = [kept.policy.gates[0].model_copy(update={"margin": 0.9})]
    save_result(replace(kept, policy=kept.policy.model_copy(update={"gates": gates})), folder)


def _edit_policy(folder: Path) -> None:
    path = folder / "policy.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("margin: 0.05", "margin: 0.9"), encoding="utf-8")


def _edit_page(folder: Path) -> None:
    path = folder / "report.html"
    path.write_text(path.read_text(encoding="utf-8").replace("<h1", "<h1 class=launch"), encoding="utf-8")


def _hide_behind_what_waits(folder: Path) -> None:
    """Forge the evidence and the reports; what the entry covers lies beside, as a killed review leaves it."""
    shutil.copyfile(folder / "evidence.json", folder / "evidence.json.next")
    forged = replace(load_result(folder), notes=("All is well.",))
    save_result(forged, folder)
    write_reports(with_entry(forged, ledger_for(folder).entries()[0]), folder)


def _sell_as_recorded(folder: Path) -> None:
    kept = load_result(folder)
    save_result(replace(kept, basis=replace(kept.basis, sources=((GATE, "evidence"),))), folder)


def _rename_author(folder: Path) -> None:
    save_result(replace(load_result(folder), author="bob"), folder)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("edit", "step", "words"),
    [
        (_hide_behind_what_waits, "files", "evidence.json: was changed"),
        (_edit_observation, "files", "observations.parquet: was changed"),
        (_edit_observation, "answers → observations", f"{GATE}, "),
        (_edit_answer, "files", "answers.jsonl: was changed"),
        (_edit_answer, "answers → observations", "made again"),
        (_delete_answers, "files", "answers.jsonl: is missing"),
        (_delete_answers, "answers → observations", "The answer is not in the store: baseline, item"),
        (_flip_verdict, "files", "evidence.json: was changed"),
        (_flip_verdict, "observations → verdicts", f"Gate {GATE} verdict"),
        (_loosen_margin, "validity", f"Gate {GATE}: a margin of 0.9 in evidence.json, 0.05 in the entry"),
        (_edit_policy, "files", f"gates {GATE} margin is 0.9, and 0.05 was reviewed"),
        (_edit_page, "files", "report.html: is not what evidence.json gives"),
    ],
)
def test_what_was_changed_is_named(live: Path, edit: Callable[[Path], None], step: str, words: str) -> None:
    """One number, one answer, a verdict, a margin, a page: the step that finds it says where, and the code is 2."""
    edit(live)
    found = verify(live)
    assert results(found)[step] == "differs"
    assert words in said_in(found, step)
    assert (found.verified, found.exit_code) == (False, ExitCode.USAGE)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("edit", "step", "words"),
    [
        (_edit_observation, "answers → observations", f"{GATE}, "),
        (_edit_answer, "answers → observations", "made again"),
        (_flip_verdict, "observations → verdicts", f"Gate {GATE} verdict"),
        (_sell_as_recorded, "answers → observations", f"{GATE}: 'evidence' is said to be its source, 'live' is what"),
        (_rename_author, "decision", "author: 'ann' in the entry, 'bob' in evidence.json"),
    ],
)
def test_evidence_that_its_maker_forged_and_entered_is_found(
    live: Path, edit: Callable[[Path], None], step: str, words: str
) -> None:
    """Whoever makes files, hashes and chain anew cannot make the numbers follow from the answers."""
    edit(live)
    entered_anew(live)
    found = verify(live)
    assert (results(found)["entry"], results(found)["files"]) == ("verified", "verified")
    assert (results(found)[step], found.exit_code) == ("differs", ExitCode.USAGE)
    assert words in said_in(found, step)
