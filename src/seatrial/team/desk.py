"""The team's pages: HTML over what the API answers from."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from itertools import groupby
from typing import Any

from fastapi import Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool

from seatrial.ledger.releases import QUESTIONS
from seatrial.report.html import environment, package_file
from seatrial.review.launch_steps import DAYS, LAUNCHES
from seatrial.team.api import NOTHING, own_sessions
from seatrial.team.board import MOST_LISTED
from seatrial.team.lines import Home, Trend
from seatrial.team.people import COOKIE, MOST_DEEDS, People, Person
from seatrial.team.pictures import Drawn, drawn
from seatrial.team.reading import Reading
from seatrial.team.roles import WRITERS
from seatrial.web.access import csrf_token
from seatrial.web.annex import Doors
from seatrial.web.guard import SANDBOX, cookie_of
from seatrial.web.static_files import StaticFiles

__all__ = ["HOME", "Desk"]

HOME = "/team"
NAV = ((HOME, "Now"), ("/team/reviews", "Reviews"), ("/team/incidents", "Incidents"), ("/team/forecasts", "Forecasts"))
SESSIONS, PEOPLE = ("/team/sessions", "Sessions"), ("/team/people", "People")
TRENDS = 9
"""Behaviors that are shown at once; more are folded."""
REPORT_POLICY = f"{SANDBOX}; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'"
"""A report holds what models wrote: it runs nothing, sends nothing, and is of no origin, so that it reads no cookie."""


class Desk:
    """What the pages answer."""

    def __init__(self, reading: Reading, people: People, doors: Doors) -> None:
        """Answer from a ledger.

        Args:
            reading: What is known of the ledger.
            people: Who may come in.
            doors: The raters' sessions.
        """
        self._reading, self._people, self._doors = reading, people, doors
        own = resources.files("seatrial.team").joinpath("pages")
        style = "".join((*map(package_file, ("style.css", "charts.css")), own.joinpath("team.css").read_text("utf-8")))
        script = own.joinpath("team.js").read_text("utf-8")
        self.files = StaticFiles({"team.css": style, "team.js": script}, "/team-files/")
        self._pages = environment("seatrial.team", "pages")
        self._pages.globals["file"] = self.files.urls
        self._pages.filters["model"] = lambda name: name.partition("/")[2] or name  # who serves it is in the report

    # Pages

    async def log_in(self, _: Request) -> Response:
        """Ask for a token."""
        return self._shell("Log in", self._render("login.html"), None, "")

    async def home(self, request: Request) -> Response:
        """Show what a busy reader has to know."""
        if request.state.person.role == "rater":
            return RedirectResponse(SESSIONS[0], 303)
        return self._answer(request, "Now", HOME, self._home)

    async def reviews(self, request: Request) -> Response:
        """List decisions."""
        before = _before(request)

        def make() -> Markup:
            lines = self._reading.board.reviews(before)
            older = lines[-1].entry if len(lines) == MOST_LISTED else 0
            return self._render("reviews.html", lines=lines, before=before, older=older)

        return self._answer(request, "Reviews", "/team/reviews", make, before)

    async def review(self, request: Request) -> Response:
        """Show one review, and what may be entered about it."""
        folder = request.path_params["folder"]
        if not await self._known(folder):
            return self.nothing(request)
        person: Person = request.state.person

        def make() -> Markup:
            board = self._reading.board
            words = {"questions": QUESTIONS, "days": DAYS, "launches": LAUNCHES, "today": board.today.isoformat()}
            return self._render("review.html", page=board.review(folder), **words, **self._writing(person))

        return self._answer(request, folder, "/team/reviews", make, folder)

    async def report(self, request: Request) -> Response:
        """Show a review's report, or a page of all its pairs, as it lies in its folder: to be read, and no more."""
        folder, file = request.path_params["folder"], request.path_params["file"]
        place = self._reading.place(folder, file) if await self._known(folder) else None
        if place is None or not await run_in_threadpool(_lies_in, place, self._reading.folder / folder):
            return self.nothing(request)
        return FileResponse(
            place, media_type="text/html; charset=utf-8", headers={"Content-Security-Policy": REPORT_POLICY}
        )

    async def incidents(self, request: Request) -> Response:
        """Show releases and what came of them."""
        person: Person = request.state.person

        def make() -> Markup:
            board = self._reading.board
            releases, incidents = board.releases(), board.incidents()
            names = list(dict.fromkeys(one.name for one in releases))
            behaviors = sorted({one.signal for one in board.trends()})
            more = {"names": names, "behaviors": behaviors, "today": board.today.isoformat(), **self._writing(person)}
            return self._render("incidents.html", releases=releases, incidents=incidents, **more)

        return self._answer(request, "Incidents", "/team/incidents", make)

    async def forecasts(self, request: Request) -> Response:
        """Show forecasts with what came of them."""

        def make() -> Markup:
            return self._render("forecasts.html", forecasts=self._reading.board.forecasts())

        return self._answer(request, "Forecasts", "/team/forecasts", make)

    async def sessions(self, request: Request) -> Response:
        """Show how far raters are, or let a rater into a session."""
        person: Person = request.state.person
        held = own_sessions(await run_in_threadpool(self._doors.listed), person)
        here = set() if person.role == "rater" else set(self._reading.board.told.decisions)
        rows = [{"folder": one.name if one.name in here else "", **_fields(one)} for one in held]
        return self._shell(
            "Sessions", self._render("sessions.html", sessions=rows, person=person), request, SESSIONS[0]
        )

    async def people(self, request: Request) -> Response:
        """Show tokens, and what was done and tried."""
        tokens = await run_in_threadpool(self._people.tokens)
        before = _before(request)
        deeds = await run_in_threadpool(self._people.deeds, before=before)
        older = deeds[-1].number if len(deeds) == MOST_DEEDS else 0
        page = self._render("people.html", tokens=tokens, deeds=deeds, before=before, older=older)
        return self._shell("People", page, request, PEOPLE[0])

    def nothing(self, request: Request) -> Response:
        """Say that there is nothing here, whatever it was that is not here."""
        words = self._render("message.html", title="Nothing here", words=f"At this address {NOTHING}.")
        return self._shell("Nothing here", words, request, "", 404)

    # How they are made

    def _answer(self, request: Request, title: str, here: str, make: Callable[[], Markup], of: Any = "") -> Response:
        """Return a page of the board: made once for as long as the ledger stays as it is, for each who may write."""
        person: Person = request.state.person
        if self._reading.broken:
            words = self._render("message.html", title="The ledger cannot be trusted", words=self._reading.broken)
            return self._shell(title, words, request, here, 503)
        writer = person.name if person.role in WRITERS else ""
        return self._shell(title, self._reading.once((here, of, writer), make), request, here)

    async def _known(self, folder: str) -> bool:
        return not self._reading.broken and await self._reading.reviewed(folder)

    def _home(self) -> Markup:
        home: Home = self._reading.once("home", self._reading.board.home)
        return self._render("home.html", home=home, headline=headline(home), trends=_by_policy(home.trends))

    def _writing(self, person: Person) -> dict[str, Any]:
        return {"writes": person.role in WRITERS, "person": person}

    def _render(self, name: str, **content: Any) -> Markup:
        return Markup(self._pages.get_template(name).render(**content))

    def _shell(self, title: str, main: Markup, request: Request | None, here: str, status: int = 200) -> HTMLResponse:
        person = getattr(request.state, "person", None) if request is not None else None
        guard = csrf_token(cookie_of(request.headers, COOKIE)) if request is not None and person else ""
        nav = (SESSIONS,) if person and person.role == "rater" else (*NAV, SESSIONS)
        nav = (*nav, PEOPLE) if person and person.role == "admin" else nav
        words = {"title": title, "main": main, "person": person, "guard": guard, "nav": nav, "here": here}
        return HTMLResponse(self._pages.get_template("shell.html").render(**words), status)


def headline(home: Home) -> str:
    """Return in a sentence what a busy reader has to know."""
    waits, harm = len(home.waiting), len(home.incidents)
    ending = sum(one.days >= 0 for one in home.waivers)
    found = [
        f"{harm} open {'incident' if harm == 1 else 'incidents'}" if harm else "",
        f"{waits} {'launch waits' if waits == 1 else 'launches wait'} for a person's word" if waits else "",
        f"{ending} {'waiver ends' if ending == 1 else 'waivers end'} soon" if ending else "",
    ]
    said = [one.replace(" ", "\N{NO-BREAK SPACE}", 1) for one in found if one]  # a number stays with what it counts
    if not home.count:
        return "Nothing has been reviewed yet"
    return ", ".join(said) if said else "All quiet: nothing waits, and no incident is open"


def _by_policy(trends: list[Trend]) -> list[tuple[str, list[Drawn], list[Drawn]]]:
    """Return pictures by policy: those that are shown, and those that are folded."""
    found = []
    for policy, held in groupby(trends, lambda one: one.policy):
        pictures = [drawn(one) for one in held]
        found.append((policy, pictures[:TRENDS], pictures[TRENDS:]))
    return found


def _fields(line: Any) -> dict[str, Any]:
    return {name: getattr(line, name) for name in ("number", "name", "kind", "begun", "closed", "raters")}


def _lies_in(place: Any, folder: Any) -> bool:
    """Return whether a file is there, and in the folder: not a link that leads out of it."""
    return bool(place.is_file() and place.resolve().is_relative_to(folder.resolve()))


def _before(request: Request) -> int:
    """Return before which number somebody asks to see what is listed; 0 for the latest."""
    given = request.query_params.get("before", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0
