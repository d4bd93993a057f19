"""Who may do what."""

from __future__ import annotations

import pytest

from seatrial.team.roles import ROLES, WRITERS, Role, may


@pytest.mark.parametrize("role", ROLES)
def test_nobody_but_writers_enters_anything(role: Role) -> None:
    """Whatever the path and the method: what is not a read is a change."""
    for path in ("/api/sign-offs", "/api/never", "/team", "/api/people2", "/team/reviews/x"):
        for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE", "brew", ""):
            assert may(role, method, path) == (role in WRITERS)


@pytest.mark.parametrize("role", ROLES)
def test_people_are_the_administrators(role: Role) -> None:
    """Their list, their deeds and their tokens, and nothing whose name only begins alike."""
    for method in ("GET", "POST", "HEAD"):
        for path in ("/team/people", "/api/people", "/api/people/revoke", "/api/audit"):
            assert may(role, method, path) == (role == "admin")
    assert may(role, "GET", "/api/peoples") == (role != "rater")


def test_a_rater_sees_sessions_alone() -> None:
    """And may enter them, and leave; nobody else enters a rater's session, for they may have read a report."""
    seen = {
        path
        for path in ("/team", "/team/sessions", "/api/sessions", "/team/reviews", "/api/home")
        if may("rater", "GET", path)
    }
    assert seen == {"/team", "/team/sessions", "/api/sessions"}
    assert {role for role in ROLES if may(role, "POST", "/api/sessions/3/enter")} == {"rater"}
    assert all(may(role, "POST", "/api/logout") for role in ROLES)
