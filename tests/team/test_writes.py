"""What a form enters, without a server: by the functions of the command line, under the name on the token."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.team_history import history
from pydantic import ValidationError

from conftest import enter
from results import LAUNCH
from seatrial.cli.releases import ledger_sign
from seatrial.errors import LedgerError
from seatrial.ledger import ledger_in
from seatrial.ledger.releases import QUESTIONS
from seatrial.report import save_result
from seatrial.team.writes import Deed, IncidentForm, ReleaseForm, RollBackForm, SignOffForm, WaiverForm, perform
from team_server import WORDS, WRITES

FORMS: dict[str, type[Deed]] = {
    "/api/sign-offs": SignOffForm,
    "/api/waivers": WaiverForm,
    "/api/releases": ReleaseForm,
    "/api/incidents": IncidentForm,
    "/api/roll-backs": RollBackForm,
}


@pytest.mark.slow
def test_each_form_enters_its_record_under_the_name(tmp_path: Path) -> None:
    """One entry each, an override two; what is said names it; a waiver writes the reports again."""
    ledger = history(tmp_path / "reviews", 3)
    for path, form in FORMS.items():
        before = len(ledger.verify())
        done = perform(ledger.folder, form.model_validate_json(_json(path)), "Z. Name")
        entry = ledger.verify()[done.entry - 1]
        assert (entry.kind, entry.author, entry.body["person"]) == (done.kind, "Z. Name", "Z. Name")
        assert len(ledger.verify()) == before + 1 + (path == "/api/releases")
        assert done.said
    with pytest.raises(LedgerError, match="which nobody can approve"):
        perform(
            ledger.folder, SignOffForm(review="support-warm", behavior=WORDS, experts=WORDS, blind_spots=WORDS), "Z"
        )


def test_who_overrides_says_that_they_saw_a_breach(tmp_path: Path) -> None:
    """Against the decision it goes out only past gates that are named; what they saw stands in the override."""
    first, *others = LAUNCH.decision.verdicts
    breach = replace(first, blocking=False, advisory="watched", verdict="fail")
    folder = tmp_path / "reviews" / "coach"
    folder.mkdir(parents=True)
    save_result(replace(LAUNCH, decision=replace(LAUNCH.decision, verdicts=(breach, *others))), folder)
    enter(folder)
    form = ReleaseForm(review="coach", name="spring", override=WORDS)
    with pytest.raises(LedgerError, match=breach.signal):
        perform(folder.parent, form, "Z. Name")
    done = perform(folder.parent, form.model_copy(update={"acknowledged": [breach.signal]}), "Z. Name")
    _, override, release = ledger_in(folder.parent).verify()
    assert (override.kind, override.body["acknowledged"]) == ("override", [breach.signal])
    assert (release.kind, release.number) == ("release", done.entry)


def test_the_questions_are_those_of_the_command() -> None:
    """Word for word, in the same order."""
    asked = [SignOffForm.model_fields[name.replace("-", "_")].description for name in QUESTIONS]
    assert asked == list(QUESTIONS.values())
    assert {"behavior", "experts", "blind_spots"} <= set(ledger_sign.__annotations__)


@pytest.mark.parametrize("path", FORMS)
def test_a_form_takes_what_it_knows_and_no_more(path: str) -> None:
    """An unknown field, nothing at all, or a field of another shape is refused."""
    FORMS[path].model_validate_json(_json(path))
    for wrong in ('{"person": "somebody else", ' + _json(path)[1:], "{}", "[]", "null"):
        with pytest.raises(ValidationError):
            FORMS[path].model_validate_json(wrong)


def _json(path: str) -> str:
    return json.dumps(WRITES[path])
