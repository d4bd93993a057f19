"""The interface: its description, what it answers, and whose sessions a rater sees."""

from __future__ import annotations

import pytest

from seatrial.team.api import own_sessions
from seatrial.team.people import Person
from seatrial.web.annex import SessionLine
from team_server import WRITES, Team


@pytest.mark.slow
def test_the_description_names_every_change_and_what_it_takes(team: Team) -> None:
    """For who is logged in; each change asks for a session and a guard, but for the login."""
    assert team.client().get("/api/openapi.json").status_code == 401
    made = team.client("rater").get("/api/openapi.json").json()
    changes = {path for path, methods in made["paths"].items() if "post" in methods}
    assert changes == {*WRITES, "/api/login", "/api/logout", "/api/people/revoke", "/api/sessions/{number}/enter"}
    for path in changes - {"/api/login"}:
        assert made["paths"][path]["post"]["security"] == [{"session": [], "guard": []}]
    assert made["paths"]["/api/login"]["post"]["security"] == []


@pytest.mark.slow
def test_what_is_read_is_what_the_pages_show(team: Team) -> None:
    """Every list as the description has it, the latest first."""
    client = team.client("admin")
    found = {
        name: client.get(f"/api/{name}").json() for name in ("reviews", "releases", "incidents", "forecasts", "audit")
    }
    assert [one["folder"] for one in found["reviews"]][:2] == ["support-next", "coding-3"]
    assert [one["name"] for one in found["releases"]][:2] == ["2026-10", "2026-09"]
    for name, key in (("reviews", "entry"), ("releases", "entry"), ("incidents", "entry"), ("forecasts", "entry")):
        numbers = [one[key] for one in found[name]]
        assert numbers == sorted(numbers, reverse=True), name
    before = found["reviews"][1]["entry"]
    assert [one["entry"] for one in client.get(f"/api/reviews?before={before}").json()] == [
        one["entry"] for one in found["reviews"][2:]
    ]
    assert len(client.get("/api/reviews/support-next").json()["gates"]) == 7
    assert {one["role"] for one in client.get("/api/people").json()} == {"viewer", "rater", "approver", "admin"}


def test_a_rater_sees_their_own_open_sessions_and_nobody_elses_progress() -> None:
    """Everybody else sees all of them."""
    held = [
        SessionLine(2, "b", "vibes", "2026", "", {"ana": (1, 9), "ben": (2, 9)}),
        SessionLine(1, "a", "labels", "2026", "2027", {"ana": (9, 9)}),
        SessionLine(0, "z", "labels", "2026", "", {"ben": (9, 9)}),
    ]
    (own,) = own_sessions(held, Person(1, "ana", "rater"))
    assert (own.number, own.raters) == (2, {"ana": (1, 9)})
    assert own_sessions(held, Person(1, "ana", "viewer")) == held
