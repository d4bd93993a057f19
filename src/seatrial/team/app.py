"""The team's pages, as the raters' application takes them in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from fastapi import FastAPI, Request
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, Route

from seatrial.ledger import Ledger
from seatrial.team.api import NOTHING, Api
from seatrial.team.desk import HOME, Desk
from seatrial.team.door import LOG_IN, Door
from seatrial.team.people import COOKIE, People
from seatrial.team.reading import Reading
from seatrial.web.annex import Annex, Doors
from seatrial.web.requests import told

__all__ = ["team_annex"]

WORDS = {400: "the request could not be read", 404: NOTHING, 405: "that cannot be done here"}


def team_annex(ledger: Ledger, people: People, doors: Doors) -> Annex:
    """Return the pages over a ledger.

    Args:
        ledger: The ledger that they show, and enter into.
        people: Who may come in.
        doors: The raters' sessions.
    """
    reading = Reading(ledger)
    desk, api = Desk(reading, people, doors), Api(reading, people, doors)

    def join(app: FastAPI) -> None:
        for path, answer in (
            (LOG_IN, desk.log_in),
            (HOME, desk.home),
            (f"{HOME}/", _home),
            ("/team/reviews", desk.reviews),
            ("/team/reviews/{folder}", desk.review),
            ("/team/reviews/{folder}/files/{file:path}", desk.report),
            ("/team/incidents", desk.incidents),
            ("/team/forecasts", desk.forecasts),
            ("/team/sessions", desk.sessions),
            ("/team/people", desk.people),
            ("/team-files/{name}", desk.files.serve),
            ("/api/openapi.json", api.description),
        ):
            app.add_route(path, answer, methods=["GET"])
        app.include_router(api.router)

        async def failed(request: Request, error: Exception) -> Response:
            assert isinstance(error, HTTPException)
            if request.url.path.startswith("/team") and error.status_code == 404:
                return desk.nothing(request)
            if not request.url.path.startswith(("/api", "/team", LOG_IN)):
                return await http_exception_handler(request, error)
            allow = _allowed(api.router.routes, request) if error.status_code == 405 else ""
            reply = told(WORDS.get(error.status_code, error.detail), error.status_code)
            reply.headers.update({**(error.headers or {}), **({"Allow": allow} if allow else {})})
            return reply

        app.add_exception_handler(HTTPException, failed)
        app.add_exception_handler(RequestValidationError, _not_as_described)

    async def close() -> None:
        await api.close()
        await reading.close()

    return Annex(join, partial(Door, people=people), people.is_valid, COOKIE, HOME, reading.open, close)


def _allowed(routes: Sequence[BaseRoute], request: Request) -> str:
    """Return the methods that a path answers to, of all routes to it; empty where the API has none."""
    here = [one for one in routes if isinstance(one, Route) and one.matches(request.scope)[0] is not Match.NONE]
    return ", ".join(sorted({method for one in here for method in one.methods or ()}))


async def _home(_: Request) -> Response:
    return RedirectResponse(HOME, 303)


async def _not_as_described(_: Request, error: Exception) -> Response:
    """Say what is wrong with a request, and where."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part != "body")
    return told(f"{place or 'the request'}: {first['msg']}", 422)
