"""The pages: what they say first, how a report is shown, and that foreign words stay words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from results import HOSTILE
from seatrial.team.desk import headline
from seatrial.team.lines import Home, IncidentLine, ReviewLine, WaiverLine
from seatrial.team.people import COOKIE
from team_server import WRITES, Team

EMPTY = Home([], [], [], 3, [], [], [], {})
LINE = ReviewLine("f", "p", "b", "c", "launch", "launch", "r", "2026", "ana", 1, "to sign", "waits")
WAIVER = WaiverLine("f", "s", "A", "r", "2026-12-31", 3, 4)
INCIDENT = IncidentLine("r", "b", "w", "2026-12-01", "B", 3, "", "")


def test_the_first_line_says_what_a_busy_reader_has_to_know() -> None:
    """Harm first, then what waits, then what ends; nothing where there is nothing."""
    assert headline(replace(EMPTY, count=0)) == "Nothing has been reviewed yet"
    assert headline(EMPTY) == "All quiet: nothing waits, and no incident is open"
    full = replace(EMPTY, waiting=[LINE, LINE], incidents=[INCIDENT], waivers=[WAIVER, replace(WAIVER, days=-1)])
    assert (
        headline(full).replace("\N{NO-BREAK SPACE}", " ")
        == "1 open incident, 2 launches wait for a person's word, 1 waiver ends soon"
    )


@pytest.mark.slow
def test_a_report_is_of_no_origin_and_runs_nothing(team: Team) -> None:
    """Its policy is a sandbox without exceptions, in place of the application's, and so are its refusals' headers."""
    reply = team.client("viewer").get("/team/reviews/support-next/files/report.html")
    policy = dict.fromkeys(part.strip() for part in reply.headers["content-security-policy"].split(";"))
    assert list(policy)[:2] == ["sandbox", "default-src 'none'"]
    assert not any("script" in one or "allow-" in one for one in policy)
    assert reply.headers["x-content-type-options"] == "nosniff"
    other = team.client("viewer").get("/team").headers["content-security-policy"]
    assert "sandbox" not in other and "script-src 'self'" in other


@pytest.mark.slow
def test_a_link_that_leads_out_of_the_folder_is_not_followed(team: Team) -> None:
    """A report in whose place somebody put a link to another file is not there."""
    report = team.ledger.folder / "support-2026-07" / "report.html"
    report.unlink()
    report.symlink_to(team.ledger.folder / "ledger.db")
    client = team.client("viewer")
    assert client.get("/team/reviews/support-2026-07").status_code == 200
    assert client.get("/team/reviews/support-2026-07/files/report.html").status_code == 404


@pytest.mark.slow
def test_foreign_words_stay_words_on_every_page(team: Team) -> None:
    """What somebody enters is markup for nobody: escaped, without letters that turn text around."""
    client = team.client("admin")
    words = HOSTILE.strip()
    assert client.post("/api/incidents", json={**WRITES["/api/incidents"], "what": words}).status_code == 201
    refused = client.post("/api/waivers", json={**WRITES["/api/waivers"], "gate": "<script>alert(3)</script>"})
    assert refused.status_code == 409
    for page in ("/team", "/team/incidents", "/team/people", "/team/reviews/support-2026-10"):
        text = client.get(page).text
        assert text.count("<script") == 1 and "<img" not in text and "\u202e" not in text, page
    assert "&lt;script&gt;alert(1)" in client.get("/team/incidents").text
    data = client.get("/api/incidents")
    assert data.json()[0]["what"] == words and data.headers["content-type"] == "application/json"


@pytest.mark.slow
def test_pages_are_nobodys_else(team: Team) -> None:
    """What was made once for all holds no name and no guard of who asked first; a browser keeps nothing of it."""
    first, second = team.client("approver"), team.client("admin")
    one, other = first.get("/team/reviews/support-next"), second.get("/team/reviews/support-next")
    assert first.headers["X-Guard"] in one.text and first.headers["X-Guard"] not in other.text
    assert "Sign as Approver Name" in one.text and "Approver Name" not in other.text
    assert one.headers["cache-control"] == "no-store" and COOKIE not in one.headers.get("set-cookie", "")
