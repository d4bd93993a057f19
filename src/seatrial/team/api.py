"""The team's pages as data, and every change that they make; described at /api/openapi.json."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from seatrial.errors import SeatrialError
from seatrial.ledger.chain import remember_verified
from seatrial.team.door import Tries
from seatrial.team.lines import ForecastLine, Home, IncidentLine, ReleaseLine, ReviewLine, ReviewPage
from seatrial.team.people import COOKIE, SESSION_SECONDS, Done, People, Person, Token
from seatrial.team.reading import Reading
from seatrial.team.workers import Worker
from seatrial.team.writes import (
    Deed,
    Entered,
    IncidentForm,
    ReleaseForm,
    RollBackForm,
    SignOffForm,
    WaiverForm,
    perform,
)
from seatrial.web.access import LINK_SECONDS, csrf_token
from seatrial.web.annex import Doors, SessionLine
from seatrial.web.guard import COOKIE as RATERS_COOKIE
from seatrial.web.guard import cookie_of
from seatrial.web.requests import told

__all__ = ["NOTHING", "Api", "own_sessions"]

NOTHING = "there is nothing here"
LOG = logging.getLogger(__name__)
Before = Annotated[int, Query(ge=0, le=2**31 - 1, description="Only decisions before that entry; 0 for the latest.")]
Number = Annotated[int, Query(ge=0, le=2**31 - 1, description="Only what was done before that number; 0 for all.")]


class Refused(BaseModel):
    """Why nothing was done."""

    error: str


class Login(BaseModel):
    """A token, as `seatrial serve token` printed it."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field(min_length=1, max_length=200)


class Welcome(BaseModel):
    """Who came in. `guard` goes along with every change, in the header X-Guard."""

    name: str
    role: str
    guard: str


class Revoke(BaseModel):
    """Whose tokens end: a name, or the public half of one token."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200)


class Revoked(BaseModel):
    """How many tokens ended."""

    ended: int


class Entrance(BaseModel):
    """Where a rater goes on."""

    to: str


class Said(BaseModel):
    """That something was done."""

    said: str


def _answers(*codes: int) -> dict[int | str, dict[str, Any]]:
    words = {
        400: "The request could not be read.",
        401: "Nobody is logged in, or the token is none.",
        403: "The role does not allow it, or it came from another site's page.",
        404: NOTHING,
        409: "Refused, as the command line refuses it.",
        422: "The request is not as described.",
        429: "Too many requests.",
        503: "The ledger or the database cannot be used.",
    }
    guard = {"content": {"text/plain": {"schema": {"type": "string"}}}}
    found: dict[int | str, dict[str, Any]] = {
        code: {"model": Refused, "description": words[code], **({} if code != 429 else guard)} for code in codes
    }
    return found | {code: {"description": "Refused before it was read.", **guard} for code in (411, 413)}


READS = _answers(400, 401, 403, 404, 422, 429, 503)
WRITES = _answers(400, 401, 403, 404, 409, 422, 429, 503)


class Api:
    """What the team's pages are made of, as JSON."""

    def __init__(self, reading: Reading, people: People, doors: Doors) -> None:
        """Answer from a ledger, and enter into it.

        Args:
            reading: What is known of the ledger.
            people: Who may come in.
            doors: The raters' sessions.
        """
        self._reading, self._people, self._doors = reading, people, doors
        self._worker, self._tries = Worker(remember_verified), Tries()
        self.router = APIRouter(prefix="/api")
        for path, ask, model in (
            ("/home", self.home, Home),
            ("/reviews", self.reviews, list[ReviewLine]),
            ("/reviews/{folder}", self.review, ReviewPage),
            ("/releases", self.releases, list[ReleaseLine]),
            ("/incidents", self.incidents, list[IncidentLine]),
            ("/forecasts", self.forecasts, list[ForecastLine]),
            ("/sessions", self.sessions, list[SessionLine]),
            ("/people", self.tokens, list[Token]),
            ("/audit", self.audit, list[Done]),
        ):
            self.router.add_api_route(path, ask, methods=["GET"], response_model=model, responses=READS)
        for path, write in (
            ("/sign-offs", self.sign),
            ("/waivers", self.waive),
            ("/releases", self.release),
            ("/incidents", self.incident),
            ("/roll-backs", self.roll_back),
        ):
            self.router.add_api_route(
                path, write, methods=["POST"], response_model=Entered, status_code=201, responses=WRITES
            )
        for path, change, answer in (
            ("/login", self.log_in, Welcome),
            ("/logout", self.log_out, Said),
            ("/people/revoke", self.revoke, Revoked),
            ("/sessions/{number}/enter", self.enter, Entrance),
        ):
            self.router.add_api_route(path, change, methods=["POST"], response_model=answer, responses=WRITES)

    async def close(self) -> None:
        """Let what is being entered be entered, and end."""
        await run_in_threadpool(self._worker.close)

    async def description(self, _: Request) -> Response:
        """Return what there is, as OpenAPI has it."""
        made = get_openapi(title="seatrial serve", version="1", routes=self.router.routes)
        schemes = {
            "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
            "guard": {"type": "apiKey", "in": "header", "name": "X-Guard"},
        }
        made["components"]["securitySchemes"] = schemes
        for path in made["paths"].values():
            for method, one in path.items():
                one["security"] = [{"session": []} if method == "get" else {"session": [], "guard": []}]
        made["paths"]["/api/login"]["post"]["security"] = []
        return JSONResponse(made)

    # What is read

    async def home(self) -> Any:
        """Return what the first page shows."""
        return self._broken() or self._reading.once("home", self._reading.board.home)

    async def reviews(self, before: Before = 0) -> Any:
        """Return decisions, the latest first, a hundred at most."""
        return self._broken() or self._reading.board.reviews(before)

    async def review(self, folder: str) -> Any:
        """Return all about one review."""
        known = not self._reading.broken and await self._reading.reviewed(folder)
        return self._broken() or (self._reading.board.review(folder) if known else told(NOTHING, 404))

    async def releases(self) -> Any:
        """Return releases, the latest first."""
        return self._broken() or self._reading.board.releases()

    async def incidents(self) -> Any:
        """Return incidents, the latest first."""
        return self._broken() or self._reading.board.incidents()

    async def forecasts(self) -> Any:
        """Return forecasts with what came of them, the latest first."""
        return self._broken() or self._reading.board.forecasts()

    async def sessions(self, request: Request) -> Any:
        """Return the raters' sessions, the latest first; to a rater, their own."""
        return own_sessions(await run_in_threadpool(self._doors.listed), request.state.person)

    async def tokens(self) -> Any:
        """Return all tokens without their secrets."""
        return await run_in_threadpool(self._people.tokens)

    async def audit(self, before: Number = 0) -> Any:
        """Return what people did and tried, the latest first, no more than 200 at once."""
        return await run_in_threadpool(self._people.deeds, before=before)

    def _broken(self) -> Response | None:
        return told(self._reading.broken, 503) if self._reading.broken else None

    # What is entered

    async def sign(self, request: Request, form: SignOffForm) -> Any:
        """Approve the behavior of a review's candidate."""
        return await self._enter(request, form, form.review, "")

    async def waive(self, request: Request, form: WaiverForm) -> Any:
        """Lift one gate of one review until a day."""
        return await self._enter(request, form, form.review, "")

    async def release(self, request: Request, form: ReleaseForm) -> Any:
        """Record that a candidate went out."""
        return await self._enter(request, form, form.review, "")

    async def incident(self, request: Request, form: IncidentForm) -> Any:
        """Record harm that was found after a launch."""
        return await self._enter(request, form, "", form.release)

    async def roll_back(self, request: Request, form: RollBackForm) -> Any:
        """Record that a release was taken back."""
        return await self._enter(request, form, "", form.release)

    async def _enter(self, request: Request, form: Deed, review: str, release: str) -> Any:
        """Enter a form under the name on the token; what was tried is kept before, and what came of it after."""
        person: Person = request.state.person
        if self._reading.broken:
            return self._broken()
        there = await self._reading.reviewed(review) if review else self._reading.knows_release(release)
        if not there:
            return told(NOTHING, 404)
        what = f"{type(form).__name__.removesuffix('Form')}: {review or release}"
        await run_in_threadpool(self._people.note, person, what, "begun")
        try:
            done = await self._worker.do(perform, self._reading.folder, form, person.name)
        except SeatrialError as error:
            await run_in_threadpool(self._people.note, person, what, f"refused: {error}")
            return told(str(error), 409)
        try:
            await run_in_threadpool(self._people.note, person, what, done.said, done.entry)
        except SQLAlchemyError as error:  # the ledger holds it, and says who
            LOG.error("entry %d was made by %s and is not in the audit: %s", done.entry, person.name, error)
        await self._reading.renew()
        return JSONResponse(asdict(done), 201)

    # Who comes and goes

    async def log_in(self, request: Request, form: Login) -> Any:
        """Come in with a token; the session that was before ends."""
        if self._tries.too_many(request):
            return told("too many tokens that are none came from where you are; wait five minutes", 429)
        before = cookie_of(request.headers, COOKIE)
        found = await run_in_threadpool(self._people.log_in, form.token, before)
        if found is None:
            self._tries.failed(request)
            return told("this token opens nothing: it is none, or it was revoked, or it has ended", 401)
        cookie, person = found
        reply = JSONResponse(Welcome(name=person.name, role=person.role, guard=csrf_token(cookie)).model_dump())
        secure = request.url.scheme == "https"
        reply.set_cookie(COOKIE, cookie, httponly=True, samesite="lax", secure=secure, max_age=SESSION_SECONDS)
        return reply

    async def log_out(self, request: Request) -> Any:
        """End the session."""
        await run_in_threadpool(self._people.log_out, request.state.person, cookie_of(request.headers, COOKIE))
        reply = JSONResponse({"said": "you are logged out"})
        reply.delete_cookie(COOKIE)
        return reply

    async def revoke(self, request: Request, form: Revoke) -> Any:
        """End all tokens of a name, and their sessions."""
        person: Person = request.state.person
        ended = await run_in_threadpool(self._people.revoke, form.name, person.name, person.role)
        return Revoked(ended=ended) if ended else told(NOTHING, 404)

    async def enter(self, request: Request, number: Annotated[int, Field(ge=1, le=2**31 - 1)]) -> Any:
        """Let a rater into a session of their own; the private link of it that they had before ends."""
        token = await run_in_threadpool(self._doors.enter, request.state.person.name, number)
        if token is None:
            return told(NOTHING, 404)
        await run_in_threadpool(self._people.note, request.state.person, f"session {number}", "came in")
        reply = JSONResponse({"to": "/"})
        secure = request.url.scheme == "https"
        reply.set_cookie(RATERS_COOKIE, token, httponly=True, samesite="lax", secure=secure, max_age=LINK_SECONDS)
        return reply


def own_sessions(sessions: list[SessionLine], person: Person) -> list[SessionLine]:
    """Return the sessions that somebody sees: all, or of a rater those that are open and their own."""
    if person.role != "rater":
        return sessions
    held = [one for one in sessions if person.name in one.raters and not one.closed]
    return [
        SessionLine(one.number, one.name, one.kind, one.begun, one.closed, {person.name: one.raters[person.name]})
        for one in held
    ]
