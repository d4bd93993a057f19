"""Who is let into the team's pages: one place, before anything is looked up, so that no page can forget to ask."""

from __future__ import annotations

import logging
import time
from collections import defaultdict, deque

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from seatrial.team.people import COOKIE, People, Person
from seatrial.team.roles import READS, may
from seatrial.web.guard import CALLERS, cookie_of, place_of
from seatrial.web.requests import is_guarded, told

__all__ = ["LOG_IN", "Door", "Tries"]

LOG_IN = "/login"
LOG = logging.getLogger(__name__)
OPEN = ("/api/login",)
MOST_KEPT = 200
"""Letters of a path that was tried in vain that are kept."""


class Door:
    """Lets in whom a request is for: it answers strangers alike, whether or not there is anything at the path."""

    def __init__(self, app: ASGIApp, people: People) -> None:
        """Stand before an application."""
        self._app, self._people = app, people

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on with who sent it."""
        path = str(scope.get("path", ""))
        if scope["type"] != "http" or not _is_ours(path) or path in OPEN:
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            refused = await self._refused(request, path)
        except SQLAlchemyError as error:  # the application's own answer to it is behind this door
            LOG.error("the database of people did not answer: %s: %s", type(error).__name__, error)
            refused = told("the database of people does not answer, so nobody can be let in; try again", 503)
        await (refused or self._app)(scope, receive, send)

    async def _refused(self, request: Request, path: str) -> Response | None:
        reads = request.method in READS
        person = await self._person(request)
        if person is None:
            if path.startswith("/api") or not reads:
                return told("log in first", 401)
            return RedirectResponse(LOG_IN, 303)
        if not may(person.role, request.method, path):
            if not reads:
                what = f"{request.method} {path}"[:MOST_KEPT]
                await run_in_threadpool(self._people.note, person, what, "refused: the role may not do it")
            return told(f"as {person.role} you may not do this", 403)
        if not reads and not is_guarded(request, COOKIE):
            return told("this did not come from a page of yours; reload the page", 403)
        request.state.person = person
        return None

    async def _person(self, request: Request) -> Person | None:
        """Return who sent a request, looked up each time: a token that was revoked opens nothing from then on."""
        cookie, ask = cookie_of(request.headers, COOKIE), self._people.person
        return ask(cookie) if self._people.embedded else await run_in_threadpool(ask, cookie)


class Tries:
    """How often somebody may fail to log in: so many times in a while from one place."""

    MOST, SECONDS = 10, 300.0

    def __init__(self) -> None:
        """Begin to count."""
        self._failed: defaultdict[str, deque[float]] = defaultdict(deque)

    def too_many(self, request: Request) -> bool:
        """Return whether a place has failed too often."""
        held, now = self._failed[self._place(request)], time.monotonic()
        while held and held[0] < now - self.SECONDS:
            held.popleft()
        return len(held) >= self.MOST

    def failed(self, request: Request) -> None:
        """Count a try that failed."""
        if len(self._failed) > CALLERS:
            self._failed.clear()
        self._failed[self._place(request)].append(time.monotonic())

    @staticmethod
    def _place(request: Request) -> str:
        return place_of(request.client.host if request.client else "")


def _is_ours(path: str) -> bool:
    return any(path == one or path.startswith(f"{one}/") for one in ("/team", "/api"))
