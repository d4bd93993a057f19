"""The pages as the raters' application takes them in: what is not there, and what a path answers to."""

from __future__ import annotations

import pytest

from team_server import Team

pytestmark = pytest.mark.slow


def test_what_is_not_there_is_said_in_the_language_of_the_asker(team: Team) -> None:
    """A page to a browser, JSON below /api, and the raters' pages as they were."""
    client = team.client("viewer")
    assert "Nothing here" in client.get("/team/x").text
    assert client.get("/api/x").json() == {"error": "there is nothing here"}
    assert client.get("/x").json() == {"detail": "Not Found"}
    assert client.get("/").headers["location"] == "/team"


@pytest.mark.parametrize(
    ("path", "methods"), [("/api/incidents", "GET, POST"), ("/api/waivers", "POST"), ("/api/home", "GET")]
)
def test_a_method_that_a_path_has_not_is_told_those_that_it_has(team: Team, path: str, methods: str) -> None:
    """All of them, of whichever route."""
    client = team.client("admin")
    for method in ("PUT", "OPTIONS", "HEAD"):
        reply = client.request(method, path, headers={"Content-Length": "0"})
        assert (reply.status_code, reply.headers["allow"]) == (405, methods)


def test_what_is_wrong_with_a_request_is_said_with_its_place(team: Team) -> None:
    """The field and what it should be, in one sentence."""
    client = team.client("admin")
    reply = client.post("/api/roll-backs", json={"release": "2026-10", "reason": "x", "incident": "many"})
    assert reply.status_code == 422 and reply.json()["error"].startswith("incident: ")
    assert client.post("/api/waivers", json={"review": "x"}).json()["error"] == "gate: Field required"
