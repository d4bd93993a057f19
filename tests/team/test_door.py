"""The one place that lets people in; the tries that it counts."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from seatrial.team import door
from seatrial.team.door import Door, Tries
from seatrial.team.people import COOKIE, People
from seatrial.web.access import csrf_token


async def _inside(scope: Scope, receive: Receive, send: Send) -> None:
    person = scope.get("state", {}).get("person")
    await PlainTextResponse(person.name if person else "nobody asked")(scope, receive, send)


def test_only_the_teams_paths_are_asked_for(tmp_path: Path) -> None:
    """The raters' pages and the login pass; below /team and /api all is asked for, whatever it is."""
    people = People(f"sqlite:///{tmp_path / 'team.db'}")
    client = TestClient(Door(_inside, people), follow_redirects=False)
    for path in ("/", "/r/x", "/pair/x", "/static/x", "/login", "/teams", "/apis", "/api/login", "/team-files/x"):
        assert client.get(path).text == "nobody asked", path
    for path, code in (
        ("/team", 303),
        ("/team/x", 303),
        ("/api", 401),
        ("/api/x/..%2Flogin", 401),
        ("/api/login/", 401),
    ):
        assert client.get(path).status_code == code, path
    found = people.log_in(people.new_token("ann", "approver", 5))
    assert found is not None
    client.cookies.set(COOKIE, found[0])
    assert client.get("/team").text == "ann"
    assert client.post("/api/x").status_code == 403
    assert client.post("/api/x", headers={"X-Guard": csrf_token(found[0])}).text == "ann"
    assert client.delete(f"/api/people/{'x' * 500}").status_code == 403
    tried = people.deeds()[0]
    assert (tried.who, tried.outcome) == ("ann", "refused: the role may not do it")
    assert tried.what == f"DELETE /api/people/{'x' * 500}"[: door.MOST_KEPT], "a change that the role forbids is kept"
    people.engine.dispose()


def test_a_database_that_does_not_answer_is_said_and_opens_nothing(tmp_path: Path) -> None:
    """Neither a traceback nor a page: 503, for a page and for a change, until it answers again."""
    people = People(f"sqlite:///{tmp_path / 'team.db'}")
    client = TestClient(Door(_inside, people))
    found = people.log_in(people.new_token("ann", "viewer", 5))
    assert found is not None
    client.cookies.set(COOKIE, found[0])
    for change, code in (("team_sessions RENAME TO gone", 503), ("gone RENAME TO team_sessions", 200)):
        with people.engine.begin() as link:
            link.exec_driver_sql(f"ALTER TABLE {change}")
        for path in ("/team", "/api/home"):
            reply = client.get(path)
            assert (reply.status_code, "does not answer" in reply.text) == (code, code == 503)
    people.engine.dispose()


def _from(host: str) -> Request:
    scope: dict[str, Any] = {"type": "http", "client": (host, 1), "headers": []}
    return Request(scope)


def test_tries_are_counted_by_place_and_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many from one network; another place is free, and after a while so is this one."""
    clock, tries = [0.0], Tries()
    monkeypatch.setattr(door, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    for number in range(tries.MOST):
        assert not tries.too_many(_from("2001:db8::1"))
        tries.failed(_from(f"2001:db8::{number:x}"))
    assert tries.too_many(_from("2001:db8::ffff")) and not tries.too_many(_from("2001:db8:0:1::1"))
    clock[0] = tries.SECONDS + 0.1
    assert not tries.too_many(_from("2001:db8::1"))


def test_places_are_not_remembered_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Invented addresses cannot fill the memory."""
    monkeypatch.setattr(door, "CALLERS", 20)
    tries = Tries()
    for number in range(200):
        tries.failed(_from(f"10.0.{number}.1"))
        assert len(tries._failed) <= 22
