"""The web application where raters look at blinded pairs. Nothing that it sends tells which model wrote what."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import resources
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from seatrial.errors import EvidenceError, SeatrialError
from seatrial.evidence.labels.desk import GRADES, LabelDesk
from seatrial.evidence.vibes.forms import TAGS, Asked, Said, wrong_with
from seatrial.evidence.vibes.live import Lines, revealed
from seatrial.evidence.vibes.pair_page import pair_content
from seatrial.evidence.vibes.store import SessionStore
from seatrial.evidence.vibes.values import Conflict, Rater, Shown, Turn
from seatrial.report.html import environment
from seatrial.web.access import LINK_SECONDS, csrf_token
from seatrial.web.annex import Annex
from seatrial.web.guard import COOKIE, Guard, cookie_of
from seatrial.web.requests import body_of, is_guarded, told
from seatrial.web.static_files import StaticFiles

__all__ = ["make_app"]

RECENT = 2.0
"""Seconds for which a rater, once looked up, is not looked up again to show a page; a change always looks."""
TAGS_KEPT = 10.0
"""Seconds after which tags are read anew, for another server on the same database may have kept a new one."""
TAGS_OFFERED = 40
REMEMBERED = 20_000
"""Raters of whom something is remembered; beyond that all is looked up anew."""
PAIR = re.compile(r"\S+(?=, (?:version|turn) \d+$)")
"""The name of a pair in a change that is told; it tells a person nothing."""
FILES = ("vibe.css", "vibe.js", "live.js")
LOG = logging.getLogger(__name__)
Found = TypeVar("Found")


def make_app(store: SessionStore, annex: Annex | None = None) -> FastAPI:
    """Return the application over a store of sessions, with the pages that another room brings."""
    desk = _Desk(store, annex.home if annex else "")

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        await desk.open()
        if annex:
            await annex.open()
        yield
        if annex:
            await annex.close()
        await desk.close()

    app = FastAPI(title="seatrial vibe", docs_url=None, redoc_url=None, openapi_url=None, lifespan=life)
    app.router.redirect_slashes = False  # it would send on to whatever host the request names
    for path, method, answer in (
        ("/r/{token}", "GET", desk.enter),
        ("/", "GET", desk.start),
        ("/pair/{name}", "GET", desk.pair),
        ("/pair/{name}", "POST", desk.save),
        ("/grade/{name}", "GET", desk.labels.grade),
        ("/grade/{name}", "POST", desk.labels.save),
        ("/live/{name}", "POST", desk.converse),
        ("/done", "GET", desk.done),
        ("/admin/{token}", "GET", desk.administer),
        ("/static/{name}", "GET", desk.files.serve),
    ):
        app.add_route(path, answer, methods=[method])
    app.add_exception_handler(SQLAlchemyError, _unreachable)
    if annex is None:
        app.add_middleware(Guard, known=store.is_valid)
        return app
    annex.join(app)
    app.add_middleware(annex.door)
    known, theirs = store.is_valid, annex.known
    app.add_middleware(Guard, known=lambda token: theirs(token) or known(token), cookies=(annex.cookie, COOKIE))
    return app


class _Desk:
    """What the application answers."""

    def __init__(self, store: SessionStore, home: str) -> None:
        self._store, self._home = store, home
        pages = resources.files("seatrial.evidence.vibes").joinpath("pages")
        self.files = StaticFiles({name: pages.joinpath(name).read_text("utf-8") for name in FILES}, "/static/")
        self._pages = environment("seatrial.evidence.vibes", "pages")
        self._pages.globals["file"] = self.files.urls
        self.labels = LabelDesk(store, self._rater, self._page, self._stranger)
        self._lines = Lines()
        self._raters: dict[str, tuple[float, Rater]] = {}
        self._outlines: dict[int, list[str]] = {}
        self._tags: dict[int, tuple[float, list[str]]] = {}
        self._busy: dict[str, asyncio.Task[list[str]] | None] = {}

    async def open(self) -> None:
        """Make ready what would keep the first raters waiting: templates, and the models that they talk to."""
        for name in self._pages.list_templates(extensions=["html"]):
            self._pages.get_template(name)
        for session in await self._read(self._store.conversing):
            try:
                await self._lines.ready(session, await self._read(self._store.config, session))
            except SeatrialError as error:
                LOG.warning("conversations of session %d cannot be held: %s", session, error)

    async def close(self) -> None:
        """Stop the models that raters talked to."""
        await self._lines.close()

    # What a rater opens

    async def enter(self, request: Request) -> Response:
        """Let a rater in by the private link."""
        token = request.path_params["token"]
        rater = await self._read(self._store.rater, token)
        if rater is None:
            return self._stranger()
        self._store.came_in(rater)
        self._remember(token, rater)
        reply = RedirectResponse("/", 303)
        secure = request.url.scheme == "https"
        reply.set_cookie(COOKIE, token, httponly=True, samesite="lax", secure=secure, max_age=LINK_SECONDS)
        return reply

    async def start(self, request: Request) -> Response:
        """Go on where the rater stopped."""
        rater = await self._rater(request)
        if rater is None:
            return RedirectResponse(self._home, 303) if self._home else self._stranger()
        left = await self._read(self._store.unfinished, rater.id)
        if await self._read(self.labels.config, rater.session) is not None:
            over = left is None or await run_in_threadpool(self.labels.is_over, rater)
            return RedirectResponse("/done" if over else f"/grade/{left}", 303)
        if left is None and await run_in_threadpool(self._store.further_looks, rater) > 0:
            self._outlines.pop(rater.id, None)
            left = await self._read(self._store.unfinished, rater.id)
        return RedirectResponse(f"/pair/{left}" if left else "/done", 303)

    async def pair(self, request: Request) -> Response:
        """Show one pair."""
        rater = await self._rater(request)
        if rater is None:
            return self._stranger()
        name = request.path_params["name"]
        shown = await self._read(self._store.one, rater.id, name)
        if shown is None or shown.trial.kind in GRADES:
            return self._page("message.html", 404, title="Not here", words="There is no such pair in your session.")
        outline, tags = await self._outline(rater.id, name), await self._offered(rater.session)
        turns = await self._read(self._store.turns, name) if shown.trial.kind == "live" else ()
        guard = csrf_token(cookie_of(request.headers))
        content = await run_in_threadpool(pair_content, outline, shown, tags, turns)  # long texts hold nobody up
        return self._page("pair.html", **content, guard=guard)

    async def done(self, request: Request) -> Response:
        """Say thank you."""
        rater = await self._rater(request)
        if rater is None:
            return self._stranger()
        words = "That was all. Thank you: your ratings are kept, and you can still go back and change them."
        outline = await self._read(self._store.outline, rater.id)
        if await self._read(self.labels.config, rater.session) is not None:
            return self._page("message.html", title="Done", words="That was all. Thank you: your labels are kept.")
        return self._page("message.html", title="Done", words=words, back=outline[-1])

    async def administer(self, request: Request) -> Response:
        """Show how far each rater is and what changed when, and nothing of what was said."""
        session = await self._read(self._store.session_of, request.path_params["token"])
        if session is None:
            return self._stranger()
        config = await self._read(self.labels.config, session)
        if config is not None:
            return await run_in_threadpool(self.labels.administer, session, config)
        rows = await self._read(self._store.progress, session)
        changes = await self._read(self._store.changes, session, 20)
        seen = [
            (time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at)), who, PAIR.sub("a pair", what))
            for at, who, what in changes
        ]
        return self._page("admin.html", rows=rows, changes=seen)

    # What a rater says

    async def save(self, request: Request) -> Response:
        """Keep a rating; what this acknowledges is on disk."""
        rater = await self._rater(request)
        if rater is None or not is_guarded(request):
            return told("this page is not yours any more; open your link again", 403)
        said = await body_of(request, Said)
        if isinstance(said, Response):
            return said
        name = request.path_params["name"]
        wrong = wrong_with(said)
        if said.done and not wrong and not await self._read(self._heard, rater.id, name):
            wrong = "say something to both first"
        if wrong:
            return told(wrong, 422)
        rating = said.model_dump(exclude={"version", "tab", "step"})
        try:
            saving = self._store.saving(rater.id, name, rating, said.version, said.tab, said.step)
            version = await asyncio.shield(asyncio.wrap_future(saving))
        except EvidenceError as error:
            return told(str(error), 404)
        except Conflict as conflict:
            words = "this pair was changed in another tab; reload to see what is kept"
            return JSONResponse({"error": words, "version": conflict.version}, 409)
        if not set(said.tags) <= {*TAGS, *self._tags.get(rater.session, (0.0, []))[1]}:
            self._tags.pop(rater.session, None)
        return JSONResponse({"version": version})

    async def converse(self, request: Request) -> Response:
        """Put a rater's words to both models; a turn that got no answer can be put again."""
        rater = await self._rater(request)
        if rater is None or not is_guarded(request):
            return told("this page is not yours any more; open your link again", 403)
        asked = await body_of(request, Asked)
        if isinstance(asked, Response):
            return asked
        name = request.path_params["name"]
        shown = await self._read(self._store.one, rater.id, name)
        if shown is None or shown.trial.kind != "live":
            return told("there is no such conversation in your session", 404)
        if name in self._busy:
            return told("both are still answering; wait a moment", 409)
        self._busy[name] = None
        try:
            turns = await run_in_threadpool(self._turn_to_answer, rater, name, asked)
        except BaseException as error:
            del self._busy[name]
            if isinstance(error, Conflict):
                return told("this conversation went on in another tab; reload the page", 409)
            raise
        answers = asyncio.create_task(self._answered(rater, shown, turns))
        self._busy[name] = answers
        answers.add_done_callback(lambda _: self._busy.pop(name, None))
        return StreamingResponse(revealed(answers), media_type="application/x-ndjson")

    def _turn_to_answer(self, rater: Rater, name: str, asked: Asked) -> tuple[Turn, ...]:
        """Return the conversation up to the question to answer, which is kept first; or the one that got no answer."""
        turns = self._store.turns(name)
        if turns and turns[-1].left is None and asked.turn == len(turns) - 1:
            return turns
        if asked.turn != len(turns):
            raise Conflict(len(turns))
        self._store.ask(rater, name, asked.turn, asked.text)
        return (*turns, Turn(asked.text, None, None))

    async def _answered(self, rater: Rater, shown: Shown, turns: tuple[Turn, ...]) -> list[str]:
        """Return both answers once they are kept."""
        try:
            config = await self._read(self._store.config, rater.session)
            both = await self._lines.answers(rater.session, config, shown.trial, turns)
            await run_in_threadpool(self._store.answer, rater, shown.id, len(turns) - 1, both[0], both[1])
            return both
        except Exception as error:
            LOG.warning("a conversation got no answer: %s: %s", type(error).__name__, error)
            raise

    def _heard(self, rater: int, name: str) -> bool:
        """Return whether there is something to rate: a pair, or a conversation with at least one answer."""
        shown = self._store.one(rater, name)
        if shown is None or shown.trial.kind != "live":
            return True
        return any(turn.left is not None for turn in self._store.turns(name))

    # What is looked up

    async def _read(self, ask: Callable[..., Found], *about: Any) -> Found:
        """Return what the store holds; only a database elsewhere is waited for in a thread."""
        return ask(*about) if self._store.embedded else await run_in_threadpool(ask, *about)

    async def _rater(self, request: Request) -> Rater | None:
        token = cookie_of(request.headers)
        until, held = self._raters.get(token, (0.0, None))
        if held is not None and time.monotonic() < until:
            return held
        found = await self._read(self._store.rater, token)
        if found is None:
            self._raters.pop(token, None)
        else:
            self._remember(token, found)
        return found

    def _remember(self, token: str, rater: Rater) -> None:
        if len(self._raters) > REMEMBERED:
            self._raters.clear()
        self._raters[token] = (time.monotonic() + RECENT, rater)

    async def _outline(self, rater: int, name: str) -> list[str]:
        """Return the names of a rater's trials, read anew when a second look came in."""
        held = self._outlines.get(rater, [])
        if name not in held:
            held = await self._read(self._store.outline, rater)
            if len(self._outlines) > REMEMBERED:
                self._outlines.clear()
            self._outlines[rater] = held
        return held

    async def _offered(self, session: int) -> list[str]:
        """Return the tags to offer: ours and those of the session, read anew when one was coined or is old."""
        read, tags = self._tags.get(session, (-TAGS_KEPT, []))
        if time.monotonic() - read >= TAGS_KEPT:
            tags = [*TAGS, *(await self._read(self._store.tags_of, session))][:TAGS_OFFERED]
            self._tags[session] = (time.monotonic(), tags)
        return tags

    def _page(self, name: str, status: int = 200, **content: Any) -> HTMLResponse:
        return HTMLResponse(self._pages.get_template(name).render(**content), status)

    def _stranger(self) -> HTMLResponse:
        words = "This link is not valid any more. Ask whoever invited you for a new one."
        return self._page("message.html", 403, title="No entry", words=words)


async def _unreachable(_: Request, error: Exception) -> Response:
    LOG.error("the database did not answer: %s: %s", type(error).__name__, error)
    return told("not kept: the database does not answer; trying again", 503)
