"""The web application where raters look at blinded pairs. Nothing that it sends tells which model wrote what."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import re
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources
from typing import Annotated, Any

from fastapi import Body, Cookie, FastAPI, Request
from fastapi.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from jinja2 import Environment, PackageLoader, select_autoescape
from pydantic import BaseModel, ConfigDict, Field

from seatrial.errors import EvidenceError
from seatrial.vibes.live import LONGEST, MOST_TURNS, Lines, revealed
from seatrial.vibes.safe import rendered
from seatrial.vibes.store import Conflict, SessionStore, Shown, Turn

__all__ = ["TAGS", "Said", "make_app"]

TAGS = (
    "flattery", "validates doubts", "fuels anger", "urges impulsive action", "reinforces negative emotion",
    "fosters reliance", "dishonest", "cold", "preachy", "too long",
)  # fmt: skip
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
PER_SECOND, BURST = 20, 60
"""Requests of one rater that are served: autosaves of a fast typist, and no more."""
TAGS_KEPT = 10.0
"""Seconds after which tags are read anew, for another server on the same database may have kept a new one."""
CALLERS = 20_000
"""Callers whose requests are counted at once; beyond that somebody makes them up, and all begin anew."""
Token = Annotated[str, Cookie()]
LOG = logging.getLogger(__name__)
TAG = re.compile(r"[^\W_][\w '/-]{0,39}")


class Said(BaseModel):
    """A rating as the page sends it; everything but the version may be missing while the rater is still at it."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=0)
    note: str = Field("", max_length=10_000)
    off_left: int | None = Field(None, ge=0, le=3)
    off_right: int | None = Field(None, ge=0, le=3)
    preference: int | None = Field(None, ge=-3, le=3)
    tags: list[Annotated[str, Field(max_length=40)]] = Field([], max_length=20)
    seconds: float = Field(0.0, ge=0.0, le=86_400.0)
    done: bool = False


class Asked(BaseModel):
    """What a rater writes to both models; `turn` is the place of the turn that it is to be."""

    model_config = ConfigDict(extra="forbid")

    turn: int = Field(ge=0, lt=MOST_TURNS)
    text: str = Field(min_length=1, max_length=LONGEST)


def make_app(store: SessionStore) -> FastAPI:
    """Return the application over a store of sessions."""
    desk = _Desk(store)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        yield
        await desk.close()

    app = FastAPI(title="seatrial vibe", docs_url=None, redoc_url=None, openapi_url=None, lifespan=life)
    for path, method, answer in (
        ("/r/{token}", "GET", desk.enter),
        ("/", "GET", desk.start),
        ("/pair/{name}", "GET", desk.pair),
        ("/pair/{name}", "POST", desk.save),
        ("/live/{name}", "POST", desk.converse),
        ("/done", "GET", desk.done),
        ("/admin/{token}", "GET", desk.administer),
        ("/static/{name}", "GET", desk.static),
    ):
        app.add_api_route(path, answer, methods=[method], response_model=None)
    app.middleware("http")(desk.guarded)
    return app


class _Desk:
    """What the application answers."""

    def __init__(self, store: SessionStore) -> None:
        self._store = store
        self._pages = Environment(loader=PackageLoader("seatrial.vibes", "pages"), autoescape=select_autoescape())
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)
        self._lines = Lines()
        self._tags: dict[int, tuple[float, list[str]]] = {}
        self._busy: dict[str, asyncio.Task[list[str]] | None] = {}

    async def close(self) -> None:
        """Stop the models that raters talked to."""
        await self._lines.close()

    async def guarded(self, request: Request, answer: Any) -> Response:
        """Answer a request with what keeps a browser from doing more than it should, unless there are too many."""
        who = _caller(request)
        if len(self._calls) > CALLERS:
            self._calls.clear()
        if _too_many(self._calls[who]):
            return PlainTextResponse("Too many requests; wait a moment.", 429, HEADERS)
        reply: Response = await answer(request)
        for name, value in HEADERS.items():
            reply.headers[name] = value
        return reply

    def enter(self, token: str) -> Response:
        """Let a rater in by the private link."""
        if self._store.rater(token) is None:
            return self._stranger()
        reply = RedirectResponse("/", 303)
        reply.set_cookie("vibe", token, httponly=True, samesite="strict", max_age=14 * 24 * 3600)
        return reply

    def start(self, vibe: Token = "") -> Response:
        """Go on where the rater stopped."""
        rater = self._store.rater(vibe)
        if rater is None:
            return self._stranger()
        left = self._left(rater[0])
        if not left and self._store.second_looks(rater[0], TAGS):
            left = self._left(rater[0])
        return RedirectResponse(f"/pair/{left[0].id}" if left else "/done", 303)

    def _left(self, rater: int) -> list[Shown]:
        return [shown for shown in self._store.shown(rater) if not (shown.rating or {}).get("done")]

    def pair(self, name: str, vibe: Token = "") -> Response:
        """Show one pair."""
        rater = self._store.rater(vibe)
        if rater is None:
            return self._stranger()
        shown = self._store.one(rater[0], name)
        if shown is None:
            return self._page("message.html", 404, title="Not here", words="There is no such pair in your session.")
        content = _content(self._store.outline(rater[0]), shown, self._tags_for(*rater))
        if shown.trial.kind == "live":
            content |= _conversation(self._store.turns(name))
        return self._page("pair.html", **content, guard=_guard(vibe))

    def _tags_for(self, rater: int, session: int) -> list[str]:
        """Return the tags to offer: ours and those of the session, read anew when one was coined or is old."""
        read, tags = self._tags.get(session, (-TAGS_KEPT, []))
        if time.monotonic() - read >= TAGS_KEPT:
            tags = list(dict.fromkeys([*TAGS, *self._store.tags_of(rater)]))
            self._tags[session] = (time.monotonic(), tags)
        return tags

    async def converse(
        self, name: str, request: Request, asked: Annotated[Asked, Body()], vibe: Token = ""
    ) -> Response:
        """Put a rater's words to both models; a turn that got no answer can be put again."""
        rater = self._store.rater(vibe)
        if rater is None or not hmac.compare_digest(request.headers.get("X-Guard", ""), _guard(vibe)):
            return JSONResponse({"error": "this page is not yours any more; open your link again"}, 403)
        shown = self._store.one(rater[0], name)
        if shown is None or shown.trial.kind != "live":
            return JSONResponse({"error": "there is no such conversation in your session"}, 404)
        if name in self._busy:
            return JSONResponse({"error": "both are still answering; wait a moment"}, 409)
        self._busy[name] = None
        try:
            turns = await asyncio.to_thread(self._turn_to_answer, name, asked)
        except Conflict:
            del self._busy[name]
            return JSONResponse({"error": "this conversation went on in another tab; reload the page"}, 409)
        answers = asyncio.create_task(self._answered(rater[1], shown, turns))
        self._busy[name] = answers
        answers.add_done_callback(lambda _: self._busy.pop(name, None))
        return StreamingResponse(revealed(answers), media_type="application/x-ndjson")

    def _turn_to_answer(self, name: str, asked: Asked) -> tuple[Turn, ...]:
        """Return the conversation up to the question to answer, which is kept first; or the one that got no answer."""
        turns = self._store.turns(name)
        if turns and turns[-1].left is None and asked.turn == len(turns) - 1:
            return turns
        if asked.turn != len(turns):
            raise Conflict(len(turns))
        self._store.ask(name, asked.turn, asked.text)
        return (*turns, Turn(asked.text, None, None))

    async def _answered(self, session: int, shown: Shown, turns: tuple[Turn, ...]) -> list[str]:
        """Return both answers once they are kept."""
        try:
            config = await asyncio.to_thread(self._store.config, session)
            both = await self._lines.answers(session, config, shown.trial, turns)
            await asyncio.to_thread(self._store.answer, shown.id, len(turns) - 1, both[0], both[1])
            return both
        except Exception as error:
            LOG.warning("a conversation got no answer: %s: %s", type(error).__name__, error)
            raise

    def save(self, name: str, request: Request, said: Annotated[Said, Body()], vibe: Token = "") -> Response:
        """Keep a rating; what this acknowledges is on disk."""
        rater = self._store.rater(vibe)
        if rater is None or not hmac.compare_digest(request.headers.get("X-Guard", ""), _guard(vibe)):
            return JSONResponse({"error": "this page is not yours any more; open your link again"}, 403)
        wrong = _wrong(said)
        if wrong:
            return JSONResponse({"error": wrong}, 422)
        if said.done and not self._heard(rater[0], name):
            return JSONResponse({"error": "say something to both first"}, 422)
        try:
            version = self._store.save(rater[0], name, said.model_dump(exclude={"version"}), said.version)
        except EvidenceError as error:
            return JSONResponse({"error": str(error)}, 404)
        except Conflict as conflict:
            words = "this pair was changed in another tab; reload to see what is kept"
            return JSONResponse({"error": words, "version": conflict.version}, 409)
        if set(said.tags) - set(self._tags.get(rater[1], (0.0, []))[1]):
            self._tags.pop(rater[1], None)
        return JSONResponse({"version": version})

    def _heard(self, rater: int, name: str) -> bool:
        """Return whether there is something to rate: a pair, or a conversation with at least one answer."""
        shown = self._store.one(rater, name)
        return (
            shown is None
            or shown.trial.kind != "live"
            or any(turn.left is not None for turn in self._store.turns(name))
        )

    def done(self, vibe: Token = "") -> Response:
        """Say thank you."""
        rater = self._store.rater(vibe)
        if rater is None:
            return self._stranger()
        words = "That was all. Thank you: your ratings are kept, and you can still go back and change them."
        last = self._store.outline(rater[0])[-1]
        return self._page("message.html", title="Done", words=words, back=last)

    def administer(self, token: str) -> Response:
        """Show how far each rater is, and nothing of what was said."""
        session = self._store.session_of(token)
        if session is None:
            return self._stranger()
        return self._page("admin.html", rows=self._store.progress(session))

    def static(self, name: str) -> Response:
        """Serve the style sheet and the script."""
        kinds = {"vibe.css": "text/css", "vibe.js": "text/javascript", "live.js": "text/javascript"}
        if name not in kinds:
            return PlainTextResponse("not here", 404)
        text = resources.files("seatrial.vibes").joinpath("pages", name).read_text(encoding="utf-8")
        return Response(text, media_type=kinds[name])

    def _page(self, name: str, status: int = 200, **content: Any) -> HTMLResponse:
        return HTMLResponse(self._pages.get_template(name).render(**content), status)

    def _stranger(self) -> HTMLResponse:
        words = "This link is not valid any more. Ask whoever invited you for a new one."
        return self._page("message.html", 403, title="No entry", words=words)


def _content(names: list[str], shown: Shown, tags: list[str]) -> dict[str, Any]:
    place = names.index(shown.id)
    return {
        "trial": shown.id,
        "number": place + 1,
        "count": len(names),
        "turns": [(message.role, rendered(message.content)) for message in shown.trial.item.messages],
        "left": rendered(shown.trial.left),
        "right": rendered(shown.trial.right),
        "rating": shown.rating or {},
        "version": shown.version,
        "before": names[place - 1] if place else "",
        "after": names[place + 1] if place + 1 < len(names) else "",
        "tags": tags,
        "again": shown.trial.tag,
        "live": shown.trial.kind == "live",
        "talk": [],
    }


def _conversation(turns: tuple[Turn, ...]) -> dict[str, Any]:
    """Return what a page shows of a conversation; `open_turn` is the question that got no answer yet."""
    waiting = bool(turns) and turns[-1].left is None
    heard = turns[:-1] if waiting else turns
    return {
        "talk": [(turn.asked, rendered(turn.left or ""), rendered(turn.right or "")) for turn in heard],
        "open_turn": turns[-1].asked if waiting else "",
        "most_turns": MOST_TURNS,
        "longest": LONGEST,
    }


def _wrong(said: Said) -> str:
    """Return what keeps a rating from being kept; empty where nothing does."""
    if said.done and (said.off_left is None or said.off_right is None or said.preference is None):
        return "say of both answers whether something is off, and which you prefer"
    bad = next((tag for tag in said.tags if not TAG.fullmatch(tag)), None)
    return "" if bad is None else f"the tag {bad!r} may hold letters, digits, spaces and hyphens"


def _guard(token: str) -> str:
    """Return what a page of this rater's own must send along: no other site can know it."""
    return hmac.new(token.encode(), b"page", hashlib.sha256).hexdigest()


def _caller(request: Request) -> str:
    """Return whose limit a request counts to: the rater's; only strangers share that of their address.

    All raters of one office come from one address, and on a morning all at once.
    """
    link = request.url.path.partition("/r/")[2]
    return request.cookies.get("vibe") or link or (request.client.host if request.client else "")


def _too_many(calls: deque[float]) -> bool:
    now = time.monotonic()
    while calls and calls[0] < now - BURST / PER_SECOND:
        calls.popleft()
    if len(calls) >= BURST:
        return True
    calls.append(now)
    return False
