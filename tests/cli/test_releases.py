"""`seatrial ledger sign`, `release`, `incident` and `roll-back`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer

from conftest import Command, enter
from results import BLOCK, LAUNCH
from seatrial.cli.releases import ledger_app
from seatrial.ledger import ledger_for
from seatrial.ledger.releases import QUESTIONS
from seatrial.report import save_result
from seatrial.review.launch_steps import DAYS

SIGN = (
    *("--person", "A. Name", "--behavior", "nothing moved"),
    *("--experts", "all liked it", "--blind-spots", "long ones"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A finished review that launches."""
    made = tmp_path / "reviews" / "coach"
    made.mkdir(parents=True)
    save_result(LAUNCH, made)
    enter(made)
    return made


def test_from_a_launch_to_a_roll_back(seatrial: Command, folder: Path) -> None:
    """Each step says what it recorded and what comes next; the ledger lists it in words."""
    signed = seatrial("ledger", "sign", folder, *SIGN)
    assert (signed.code, "It may be released until" in signed.out) == (0, True), signed.err
    out = seatrial("ledger", "release", folder, "--name", "spring", "--person", "A. Name", "--notes", "notes.md")
    assert (out.code, "released by A. Name, on entry 2 (entry 3)" in " ".join(out.out.split())) == (0, True), out.err
    notes = Path("notes.md").read_text(encoding="utf-8")
    assert notes.startswith("# spring\n\nnothing moved\n") and notes.endswith("long ones\n")
    signal = LAUNCH.decision.verdicts[0].signal
    found = seatrial("ledger", "incident", "spring", "--behavior", signal, "--what", "praises all", "--person", "B")
    assert (found.code, f"- {signal}: passed: it ruled out" in " ".join(found.out.split())) == (0, True), found.err
    unasked = seatrial("ledger", "incident", "spring", "--behavior", "x/y", "--what", "praises all", "--person", "B")
    assert "No gate of its review asked about this behavior" in " ".join(unasked.out.split())
    back = seatrial("ledger", "roll-back", "spring", "--person", "A", "--reason", "praises all", "--incident", 4)
    assert (back.code, "spring was taken back by A" in back.out) == (0, True), back.err
    rows = " ".join(seatrial("ledger", "list").out.split())
    for words in ("approved", "spring: ", "on sign-off 2", f"of spring, {signal}: praises all", "for incident 4"):
        assert words in rows, words


def test_the_questions_are_asked_in_the_words_that_are_recorded() -> None:
    """The command repeats them, for reading them from where they stand would slow every start; they are the same."""
    command = typer.main.get_command(ledger_app).commands["sign"]  # type: ignore[attr-defined]  # it is a group
    params: dict[str, Any] = {option: one for one in command.params for option in one.opts}
    for name, question in QUESTIONS.items():
        assert params[f"--{name}"].help == question
    assert params["--days"].default == DAYS


def test_a_release_against_the_decision_is_no_launch(seatrial: Command, tmp_path: Path) -> None:
    """Exit code 4, an override in the ledger, and the decision stays what it was."""
    made = tmp_path / "reviews" / "worse"
    made.mkdir(parents=True)
    save_result(BLOCK, made)
    enter(made)
    refused = seatrial("ledger", "sign", made, *SIGN)
    assert (refused.code, "which nobody can approve" in " ".join(refused.err.split())) == (2, True)
    words = ("ledger", "release", made, "--name", "spring", "--person", "A", "--override", "a customer waits")
    breaches = [one.signal for one in BLOCK.decision.verdicts if not one.blocking and one.verdict == "fail"]
    assert breaches and breaches[0] in seatrial(*words).err
    out = seatrial(*words, *[word for one in breaches for word in ("--acknowledge", one)], "--json")
    assert (out.code, json.loads(out.out)["kind"]) == (4, "release")
    assert [entry.kind for entry in ledger_for(made).verify()] == ["decision", "override", "release"]
    assert "against block: a customer waits" in " ".join(seatrial("ledger", "list").out.split())


def test_each_step_as_json(seatrial: Command, folder: Path) -> None:
    """The entry as it stands in the ledger, and what hindsight says."""
    assert json.loads(seatrial("ledger", "sign", folder, *SIGN, "--days", 5, "--json").out)["kind"] == "sign-off"
    seatrial("ledger", "release", folder, "--name", "spring", "--person", "A")
    words = ("--behavior", "x/y", "--what", "praises all", "--person", "B", "--json")
    assert json.loads(seatrial("ledger", "incident", "spring", *words).out)["hindsight"] == []
    back = seatrial("ledger", "roll-back", "spring", "--person", "A", "--reason", "praises all", "--json")
    assert json.loads(back.out)["body"]["release"] == "spring"
