"""The web application where raters look at blinded pairs. Nothing that it sends tells which model wrote what."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections import defaultdict, deque
from importlib import resources
from typing import Annotated, Any

from fastapi import Body, Cookie, FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader, select_autoescape
from pydantic import BaseModel, ConfigDict, Field

from seatrial.errors import EvidenceError
from seatrial.vibes.safe import rendered
from seatrial.vibes.store import Conflict, SessionStore, Shown

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
Token = Annotated[str, Cookie()]
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


def make_app(store: SessionStore) -> FastAPI:
    """Return the application over a store of sessions."""
    app = FastAPI(title="seatrial vibe", docs_url=None, redoc_url=None, openapi_url=None)
    desk = _Desk(store)
    for path, method, answer in (
        ("/r/{token}", "GET", desk.enter),
        ("/", "GET", desk.start),
        ("/pair/{name}", "GET", desk.pair),
        ("/pair/{name}", "POST", desk.save),
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

    async def guarded(self, request: Request, answer: Any) -> Response:
        """Answer a request with what keeps a browser from doing more than it should, unless there are too many."""
        who = request.cookies.get("vibe") or (request.client.host if request.client else "")
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
        left = [shown for shown in self._store.shown(rater[0]) if not (shown.rating or {}).get("done")]
        return RedirectResponse(f"/pair/{left[0].id}" if left else "/done", 303)

    def pair(self, name: str, vibe: Token = "") -> Response:
        """Show one pair."""
        rater = self._store.rater(vibe)
        if rater is None:
            return self._stranger()
        all_of = self._store.shown(rater[0])
        place = next((place for place, shown in enumerate(all_of) if shown.id == name), None)
        if place is None:
            return self._page("message.html", 404, title="Not here", words="There is no such pair in your session.")
        known = dict.fromkeys([*TAGS, *self._store.tags_of(rater[0])])
        return self._page("pair.html", **_content(all_of, place, list(known)), guard=_guard(vibe))

    def save(self, name: str, request: Request, said: Annotated[Said, Body()], vibe: Token = "") -> Response:
        """Keep a rating; what this acknowledges is on disk."""
        rater = self._store.rater(vibe)
        if rater is None or not hmac.compare_digest(request.headers.get("X-Guard", ""), _guard(vibe)):
            return JSONResponse({"error": "this page is not yours any more; open your link again"}, 403)
        wrong = _wrong(said)
        if wrong:
            return JSONResponse({"error": wrong}, 422)
        try:
            version = self._store.save(rater[0], name, said.model_dump(exclude={"version"}), said.version)
        except EvidenceError as error:
            return JSONResponse({"error": str(error)}, 404)
        except Conflict as conflict:
            words = "this pair was changed in another tab; reload to see what is kept"
            return JSONResponse({"error": words, "version": conflict.version}, 409)
        return JSONResponse({"version": version})

    def done(self, vibe: Token = "") -> Response:
        """Say thank you."""
        rater = self._store.rater(vibe)
        if rater is None:
            return self._stranger()
        words = "That was all. Thank you: your ratings are kept, and you can still go back and change them."
        last = self._store.shown(rater[0])[-1].id
        return self._page("message.html", title="Done", words=words, back=last)

    def administer(self, token: str) -> Response:
        """Show how far each rater is, and nothing of what was said."""
        session = self._store.session_of(token)
        if session is None:
            return self._stranger()
        return self._page("admin.html", rows=self._store.progress(session))

    def static(self, name: str) -> Response:
        """Serve the style sheet and the script."""
        kinds = {"vibe.css": "text/css", "vibe.js": "text/javascript"}
        if name not in kinds:
            return PlainTextResponse("not here", 404)
        text = resources.files("seatrial.vibes").joinpath("pages", name).read_text(encoding="utf-8")
        return Response(text, media_type=kinds[name])

    def _page(self, name: str, status: int = 200, **content: Any) -> HTMLResponse:
        return HTMLResponse(self._pages.get_template(name).render(**content), status)

    def _stranger(self) -> HTMLResponse:
        words = "This link is not valid any more. Ask whoever invited you for a new one."
        return self._page("message.html", 403, title="No entry", words=words)


def _content(all_of: list[Shown], place: int, tags: list[str]) -> dict[str, Any]:
    shown = all_of[place]
    return {
        "trial": shown.id,
        "number": place + 1,
        "count": len(all_of),
        "turns": [(message.role, rendered(message.content)) for message in shown.trial.item.messages],
        "left": rendered(shown.trial.left),
        "right": rendered(shown.trial.right),
        "rating": shown.rating or {},
        "version": shown.version,
        "before": all_of[place - 1].id if place else "",
        "after": all_of[place + 1].id if place + 1 < len(all_of) else "",
        "tags": tags,
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


def _too_many(calls: deque[float]) -> bool:
    now = time.monotonic()
    while calls and calls[0] < now - BURST / PER_SECOND:
        calls.popleft()
    if len(calls) >= BURST:
        return True
    calls.append(now)
    return False
