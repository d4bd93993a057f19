"""Who gets into the team's page and what they may do: each role, each change, and who would be somebody else."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update

from seatrial.team import door
from seatrial.team.people import COOKIE, MOST_DEEDS
from seatrial.team.roles import ROLES, WRITERS
from seatrial.team.schema import people as tokens
from seatrial.team.schema import sessions
from seatrial.web.access import csrf_token, new_link
from team_server import NAMES, WRITES, Team, log_in, team_of

pytestmark = pytest.mark.slow

PAGES = (
    *("/team", "/team/reviews", "/team/reviews/support-next", "/team/reviews/support-next/files/report.html"),
    *("/team/incidents", "/team/forecasts", "/team/sessions", "/team/people"),
    *("/api/home", "/api/reviews", "/api/reviews/support-next", "/api/releases", "/api/incidents", "/api/forecasts"),
    *("/api/sessions", "/api/people", "/api/audit", "/api/openapi.json"),
)
ADMINS = ("/team/people", "/api/people", "/api/audit")
RATERS = ("/team", "/team/sessions", "/api/sessions", "/api/openapi.json")


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """A server over a simulated history."""
    with team_of(tmp_path_factory.mktemp("access")) as served:
        yield served


def _numbers(team: Team) -> int:
    return len(team.ledger.verify())


@pytest.mark.parametrize("role", ROLES)
def test_each_role_sees_what_it_may(team: Team, role: str) -> None:
    """A rater sees nothing of a review; only an administrator sees people and their deeds."""
    client = team.client(role)
    for page in PAGES:
        allowed = page in RATERS if role == "rater" else role == "admin" or page not in ADMINS
        code = client.get(page).status_code
        assert (code in (200, 303), code in (200, 303, 403)) == (allowed, True), (role, page, code)


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize("role", [*ROLES, ""])
def test_each_change_is_for_approvers_and_administrators(team: Team, role: str, path: str) -> None:
    """Everybody else is refused before anything is looked up, and the ledger stays as it is."""
    client, before = team.client(role), _numbers(team)
    reply = client.post(path, json=WRITES[path])
    if role in WRITERS:
        assert reply.status_code == 201, reply.text
        entry = team.ledger.verify()[reply.json()["entry"] - 1]
        assert entry.author == entry.body["person"] == NAMES[role]
        deed = next(one for one in team.people.deeds() if one.entry == entry.number)
        assert (deed.who, deed.role, deed.outcome) == (NAMES[role], role, reply.json()["said"])
    else:
        assert reply.status_code == (403 if role else 401)
        assert _numbers(team) == before


def test_a_viewer_is_shown_no_form(team: Team) -> None:
    """Who may write nothing finds nothing to write with; an approver does."""
    for page in ("/team/reviews/support-next", "/team/incidents"):
        assert "data-post" not in team.client("viewer").get(page).text
        assert "data-post" in team.client("approver").get(page).text


def test_an_approvers_token_in_a_viewers_hands(team: Team) -> None:
    """A viewer's session with the guard of an approver's page, or the other way round, is neither's."""
    viewer, approver = team.client("viewer"), team.client("approver")
    before = _numbers(team)
    stolen = viewer.post(
        "/api/roll-backs", json=WRITES["/api/roll-backs"], headers={"X-Guard": approver.headers["X-Guard"]}
    )
    assert stolen.status_code == 403
    planted = approver.post(
        "/api/roll-backs", json=WRITES["/api/roll-backs"], headers={"X-Guard": viewer.headers["X-Guard"]}
    )
    assert planted.status_code == 403
    assert _numbers(team) == before
    # The token itself in the viewer's hands is a login as the approver, which the audit shows and revocation ends.
    token = team.people.new_token("Lent Token", "approver", 5)
    log_in(viewer, token)
    assert viewer.post("/api/incidents", json=WRITES["/api/incidents"]).status_code == 201
    assert team.ledger.verify()[-1].author == "Lent Token"
    assert team.people.revoke("Lent Token") == 1
    assert viewer.post("/api/incidents", json=WRITES["/api/incidents"]).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Guard": ""},
        {"X-Guard": "0" * 64},
        {"X-Guard": "", "Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"},
        {"X-Guard": "", "Content-Type": "text/plain"},
        {"X-Guard": "", "Content-Type": "application/x-www-form-urlencoded"},
    ],
)
@pytest.mark.parametrize("path", [*WRITES, "/api/logout", "/api/people/revoke"])
def test_another_sites_page_can_change_nothing(team: Team, path: str, headers: dict[str, str]) -> None:
    """The browser sends the cookie along; what only the page knows is lacking."""
    client, before = team.client("admin"), _numbers(team)
    body = json.dumps(WRITES.get(path, {"name": NAMES["viewer"]}))
    assert client.post(path, content=body, headers=headers).status_code == 403
    assert client.get("/api/home").status_code == 200
    assert _numbers(team) == before


def test_no_other_site_can_log_somebody_in(team: Team) -> None:
    """A form of another site cannot send JSON, and nothing says that it may: no answer names another origin."""
    client = team.client()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        body = json.dumps({"token": team.tokens["viewer"]})
        reply = client.post("/api/login", content=body, headers={"Content-Type": kind})
        assert (reply.status_code, COOKIE in reply.cookies) == (422, False), kind
    ask = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    assert not [name for name in client.options("/api/login", headers=ask).headers if "access-control" in name]


def test_a_session_that_was_fixed_beforehand_is_not_taken_over(team: Team) -> None:
    """Whatever cookie a browser brings along, a login begins a session of its own and ends the one before."""
    attacker, victim = team.client("viewer"), team.client()
    planted = attacker.cookies[COOKIE]
    victim.cookies.set(COOKIE, planted)
    reply = victim.post("/api/login", json={"token": team.tokens["approver"]})
    fresh = reply.cookies[COOKIE]
    assert fresh != planted
    assert attacker.get("/api/home").status_code == 401, "the session that was planted has ended"
    again = team.client("approver")
    first = again.cookies[COOKIE]
    again.post("/api/login", json={"token": team.tokens["approver"]})
    assert again.cookies[COOKIE] not in (first, fresh)
    assert httpx.get(f"{team.url}/api/home", headers={"Cookie": f"{COOKIE}={first}"}).status_code == 401


def test_the_cookie_is_out_of_scripts_reach(team: Team) -> None:
    """HttpOnly and SameSite; Secure where the page came by HTTPS; the token itself is never sent again."""
    said = team.client().post("/api/login", json={"token": team.tokens["viewer"]}).headers["set-cookie"].lower()
    assert "httponly" in said and "samesite=lax" in said and "path=/" in said and "secure" not in said
    assert team.tokens["viewer"].lower() not in said


def test_a_forged_cookie_opens_nothing(team: Team) -> None:
    """Neither one that was made up, nor one signed elsewhere or for something else, nor a rater's link."""
    held = team.client("admin").cookies[COOKIE]
    rater, _ = team.store.new_link()
    forged = [
        *("x", "", "a.b.c", held[:-1], held + "=", held.swapcase(), held.replace(".", ".A", 1), rater),
        new_link("another key", "team")[0],
        new_link(team.people._key, "link")[0],
        new_link(team.people._key, "team")[0],  # well signed, and of no session
    ]
    for cookie in forged:
        reply = httpx.get(f"{team.url}/api/home", headers={"Cookie": f"{COOKIE}={cookie}"})
        guarded = {"Cookie": f"{COOKIE}={cookie}", "X-Guard": csrf_token(cookie)}
        change = httpx.post(f"{team.url}/api/roll-backs", json=WRITES["/api/roll-backs"], headers=guarded)
        assert (reply.status_code, change.status_code) == (401, 401), cookie


def test_a_rater_of_a_session_is_no_member_of_the_team(team: Team) -> None:
    """A private link opens no page of the team, and a team's session is no rater's link."""
    token, _ = team.store.new_link()
    assert httpx.get(f"{team.url}/team", headers={"Cookie": f"vibe={token}; {COOKIE}={token}"}).status_code == 303
    held = team.client("approver").cookies[COOKIE]
    assert httpx.get(f"{team.url}/r/{held}").status_code == 403
    assert httpx.get(f"{team.url}/admin/{held}").status_code == 403


def test_strangers_are_answered_alike_whatever_they_ask_for(team: Team) -> None:
    """What is there and what is not: one answer, the same to the letter, for reading and for changing."""
    stranger = team.client()
    pages = ("/team", "/team/reviews/support-next", "/team/reviews/gone", "/team/never", "/team/people")
    data = ("/api/home", "/api/reviews/support-next", "/api/reviews/gone", "/api/never", "/api/people", "/api")
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        for paths in (pages, data):
            replies = [stranger.request(method, path, headers={"Content-Length": "0"}) for path in paths]
            assert len({(one.status_code, one.text, one.headers.get("location")) for one in replies}) == 1, method
            assert replies[0].status_code in (303, 401), method


def test_members_are_answered_alike_where_there_is_nothing(team: Team) -> None:
    """A review that is not there, a name that cannot be one, a page that is none: one answer, naming none of them."""
    client = team.client("viewer")
    pages = ("gone", "..%2F..%2Fetc", "%00", "support-next%2F..", "a" * 3000, "support-next/files/evidence.json")
    found = {client.get(f"/team/reviews/{one}").text for one in (*pages, "support-next/files/..%2F..%2Fledger.db")}
    found.add(client.get("/team/never").text)
    assert len(found) == 1
    data = {client.get(f"/api/{one}").text for one in ("reviews/gone", "reviews/%00", "reviews/..%2Fx", "never")}
    assert data == {'{"error":"there is nothing here"}'}
    approver = team.client("approver")
    told = {
        approver.post(path, json={**WRITES[path], field: "gone"}).text
        for path, field in (("/api/sign-offs", "review"), ("/api/waivers", "review"), ("/api/incidents", "release"))
    }
    assert told == data


def test_failed_logins_say_one_thing_and_come_to_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No such token, half of one, an ended or a revoked one: the same words; after ten, none is tried for a while."""
    with team_of(tmp_path, releases=3) as team:
        good = team.tokens["viewer"]
        public, secret = good.split(".")
        ended, revoked = (team.people.new_token(name, "admin", 1) for name in ("Late", "Gone"))
        with team.people.engine.begin() as link:
            link.execute(update(tokens).where(tokens.c.name == "Late").values(expires=time.time() - 1))
        team.people.revoke("Gone")
        client = team.client()
        bad = [f"{public}.x", f"{'0' * 16}.{secret}", secret, ended, revoked, "\0.x", "é" * 50, f"{public}."]
        said = {
            (reply.status_code, reply.text) for one in bad for reply in [client.post("/api/login", json={"token": one})]
        }
        assert len(said) == 1 and next(iter(said))[0] == 401
        assert client.post("/api/login", json={"token": good}).status_code == 200
        for _ in range(door.Tries.MOST - len(bad)):
            client.post("/api/login", json={"token": "x"})
        assert client.post("/api/login", json={"token": good}).status_code == 429
        refused = [one for one in team.people.deeds() if one.what == "log in" and "refused" in one.outcome]
        assert len(refused) == door.Tries.MOST
        monkeypatch.setattr(door.Tries, "SECONDS", 0.0)
        assert client.post("/api/login", json={"token": good}).status_code == 200


def test_a_token_that_ends_takes_its_sessions_along(team: Team) -> None:
    """Revoked by an administrator, ended by its day, or the session by its hour: the next request is a stranger's."""
    admin = team.client("admin")
    for end in ("revoked", "token", "session"):
        token = team.people.new_token(f"Short {end}", "approver", 5)
        client = log_in(team.client(), token)
        assert client.get("/api/home").status_code == 200
        if end == "revoked":
            assert admin.post("/api/people/revoke", json={"name": f"Short {end}"}).json() == {"ended": 1}
        table = {"token": tokens, "session": sessions}.get(end)
        if table is not None:
            with team.people.engine.begin() as link:
                ending = table.c.expires if end == "token" else table.c.ends
                link.execute(update(table).values({ending: time.time() - 1}))
        assert client.get("/api/home").status_code == 401, end
        assert client.post("/api/incidents", json=WRITES["/api/incidents"]).status_code == 401, end
        if table is not None:
            with team.people.engine.begin() as link:
                later = (datetime.now(UTC) + timedelta(days=1)).timestamp()
                link.execute(update(table).values({ending: later}))


def test_logging_out_ends_the_session_and_not_only_the_cookie(team: Team) -> None:
    """What was copied from the browser before opens nothing after."""
    client = team.client("viewer")
    kept = client.cookies[COOKIE]
    assert client.post("/api/logout").status_code == 200
    assert COOKIE not in client.cookies
    assert httpx.get(f"{team.url}/api/home", headers={"Cookie": f"{COOKIE}={kept}"}).status_code == 401


def test_all_that_was_done_can_be_leafed_through(team: Team) -> None:
    """Two hundred at once, by page and by API, to the very first."""
    for number in range(MOST_DEEDS + 5):
        team.people.note(None, "log in", f"refused: {number}")
    client, before, seen = team.client("admin"), 0, []
    while deeds := client.get("/api/audit", params={"before": before}).json():
        assert len(deeds) <= MOST_DEEDS
        seen += [one["number"] for one in deeds]
        before = seen[-1]
    assert seen == list(range(len(seen), 0, -1)) and len(seen) > MOST_DEEDS + 5
    first = client.get("/team/people").text
    assert f"/team/people?before={seen[MOST_DEEDS - 1]}#deeds" in first
    later = client.get("/team/people", params={"before": seen[MOST_DEEDS - 1]})
    assert "Earlier ones" in first and later.status_code == 200 and "refused: 204" not in later.text
    assert "Nothing before that" in client.get("/team/people", params={"before": 1}).text


@pytest.mark.parametrize("path", ["/team/", "/team/reviews/", "/login/", "/api/audit/", "/r/x/"])
def test_nobody_is_sent_on_to_a_host_that_a_request_names(team: Team, path: str) -> None:
    """A slash too many leads to the page here or to none, and never to another's server."""
    for role in ("", "admin"):
        answer = team.client(role).get(path, headers={"Host": "elsewhere.example"}, follow_redirects=False)
        assert "elsewhere" not in answer.headers.get("location", ""), (role, answer.headers)


def test_requests_that_are_none_are_refused_in_words(team: Team) -> None:
    """Too long, without a length, no JSON, odd encodings, other methods: a worded 4xx each, and never a 5xx."""
    client = team.client("approver")
    bodies = [
        b"{",
        b"[" * 50_000,
        b"\xff\xfe{\x00}\x00",
        b'{"release": "\xed\xa0\x80"}',
        b'{"release": "\\ud800"}',
        b"",
        b"null",
    ]
    bodies += [b'{"release": NaN}', b"{}", b'{"release": {"a": 1}}']
    for body in bodies:
        reply = client.post("/api/roll-backs", content=body, headers={"Content-Type": "application/json"})
        assert (reply.status_code in (400, 422), "error" in reply.json()) == (True, True), body[:20]
    assert client.post("/api/roll-backs", content=b"x" * 200_000).status_code == 413
    assert client.post("/api/roll-backs", content=iter([b"{}"])).status_code == 411
    for method in ("HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE"):
        reply = client.request(method, "/api/roll-backs", headers={"Content-Length": "0"})
        assert reply.status_code == 405 and reply.headers["allow"] == "POST", method
    for header in ({"Cookie": "team=\xff"}, {"X-Guard": "\xe9"}, {"Accept-Encoding": "\xff"}):
        sent = [(name.encode(), value.encode("latin-1")) for name, value in header.items()]
        reply = httpx.post(f"{team.url}/api/roll-backs", headers=sent)
        assert reply.status_code == 401
    assert client.get("/team/reviews?before=9999999999999999999999").status_code == 200
    assert client.get("/api/reviews?before=-1").status_code == 422
