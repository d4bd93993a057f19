"""What a person enters from a page: by the same functions that the command line calls, so with the same refusals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from seatrial.errors import StoreError
from seatrial.ledger import Entry, ledger_in
from seatrial.report import write_reports
from seatrial.review.apply_waivers import waive
from seatrial.review.launch_steps import DAYS, released, report_incident, roll_back, signed_off

__all__ = ["Deed", "Entered", "IncidentForm", "ReleaseForm", "RollBackForm", "SignOffForm", "WaiverForm", "perform"]

LONGEST = 8_000
Name = Annotated[str, Field(min_length=1, max_length=200)]
Words = Annotated[str, Field(max_length=LONGEST)]
Seen = list[Name]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=False)


class SignOffForm(_Form):
    """Approve the behavior of a review's candidate. The three questions are those of `ledger sign`."""

    review: Name = Field(description="The review's folder.")
    behavior: Words = Field(description="What changed in how the model behaves, and why may it?")
    experts: Words = Field(description="What did people say who talked to the candidate?")
    blind_spots: Words = Field(description="Which blind spot would hurt most, and who watches it after the launch?")
    acknowledged: Seen = Field(default=[], max_length=200, description="Gates that only advise, seen by who signs.")
    days: int = Field(default=DAYS, ge=1, le=366, description="Days for which it may be released on this.")


class WaiverForm(_Form):
    """Lift one gate of one review until a day."""

    review: Name = Field(description="The review's folder.")
    gate: Name = Field(description="The gate.")
    reason: Words = Field(description="Why.")
    expires: date = Field(description="Last day on which it holds.")


class ReleaseForm(_Form):
    """Record that a review's candidate went out."""

    review: Name = Field(description="The review's folder.")
    name: Name = Field(description="What the team calls the release.")
    override: Words = Field(default="", description="The reason to release it against the decision, or unsigned.")
    acknowledged: Seen = Field(
        default=[], max_length=200, description="With an override, gates that only advise, seen by who releases."
    )


class IncidentForm(_Form):
    """Record harm that was found after a launch."""

    release: Name = Field(description="The release's name.")
    behavior: Name = Field(description="The behavior, as a signal is called.")
    what: Words = Field(description="What was found.")
    found: date | None = Field(default=None, description="The day; today where it is left out.")


class RollBackForm(_Form):
    """Record that a release was taken back."""

    release: Name = Field(description="The release's name.")
    reason: Words = Field(description="Why.")
    incident: int = Field(default=0, ge=0, le=2**31 - 1, description="Number of the incident's entry; 0 for none.")


Deed = SignOffForm | WaiverForm | ReleaseForm | IncidentForm | RollBackForm


@dataclass(frozen=True, slots=True)
class Entered:
    """What the ledger holds now.

    Attributes:
        entry: Number of the entry.
        kind: What it records.
        said: What was done, in a sentence.
        told: What else there is to say, in sentences.
    """

    entry: int
    kind: Literal["sign-off", "waiver", "release", "incident", "roll-back"]
    said: str
    told: list[str]


def perform(reviews: Path, form: Deed, person: str) -> Entered:
    """Enter what a form says, under a person's name.

    Args:
        reviews: Folder of all reviews.
        form: The form; what it names is known to exist.
        person: The name on the token.

    Raises:
        LedgerError: it is refused, in the words of the command line; or the ledger cannot be written.
        StoreError: a review's files cannot be read.
    """
    if isinstance(form, IncidentForm):
        day = form.found.isoformat() if form.found else ""
        entry, said = report_incident(ledger_in(reviews), form.release, form.behavior, form.what, person, (), day)
        told = [f"{one.signal}: {one.word}: {one.why}." for one in said]
        none = ["No gate of its review asked about this behavior, or the review's folder is not here."]
        return Entered(entry.number, "incident", f"Incident of {form.release} entered.", told or none)
    if isinstance(form, RollBackForm):
        entry = roll_back(ledger_in(reviews), form.release, person, form.reason, form.incident)
        return Entered(entry.number, "roll-back", f"{form.release} was taken back.", [])
    folder = reviews / form.review
    if isinstance(form, WaiverForm):
        return _waived(reviews, folder, form, person)
    if isinstance(form, ReleaseForm):
        _, entry = released(folder, form.name, person, form.override, acknowledged=form.acknowledged)
        how = "against the decision, which stays what it was" if form.override else f"on entry {entry.body['entry']}"
        return Entered(entry.number, "release", f"{form.name} went out, {how}.", [])
    answers = {"behavior": form.behavior, "experts": form.experts, "blind-spots": form.blind_spots}
    _, entry = signed_off(folder, person, answers, form.acknowledged, form.days)
    until = f"It may be released until {entry.body['until']}."
    return Entered(entry.number, "sign-off", f"You approved the behavior of {entry.body['candidate']}.", [until])


def _waived(reviews: Path, folder: Path, form: WaiverForm, person: str) -> Entered:
    content = waive(folder, form.gate, person, form.reason, form.expires.isoformat())
    told = [f"The review stands at: {content.status}."]
    try:
        write_reports(content, folder)
    except StoreError as error:
        told.append(f"{error} The waiver is in the ledger all the same.")
    entry: Entry = [one for one in ledger_in(reviews).entries() if one.kind == "waiver"][-1]
    return Entered(entry.number, "waiver", f"{form.gate} is waived until {form.expires}.", told)
