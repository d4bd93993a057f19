"""Pages that another room brings to the raters' application."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from seatrial.evidence.vibes.app import make_app
from seatrial.evidence.vibes.store import SessionStore
from seatrial.web.annex import Annex


def test_an_annex_shares_server_guard_and_start_with_the_raters_pages(tmp_path: Path) -> None:
    """Its pages are joined, its door stands before all, its home is where strangers of `/` go; it opens and closes."""
    seen: list[str] = []

    async def hello(_: Request) -> PlainTextResponse:
        return PlainTextResponse("hello")

    def door(app: ASGIApp) -> ASGIApp:
        async def through(scope: Scope, receive: Receive, send: Send) -> None:
            seen.append(str(scope.get("path", scope["type"])))
            await app(scope, receive, send)

        return through

    def join(app: FastAPI) -> None:
        app.add_route("/hello", hello, methods=["GET"])

    async def opened() -> None:
        seen.append("opened")

    async def closed() -> None:
        seen.append("closed")

    store = SessionStore(f"sqlite:///{tmp_path / 'vibe.db'}")
    annex = Annex(join, door, lambda token: token == "known", "mine", "/hello", opened, closed)
    with TestClient(make_app(store, annex)) as client:
        assert client.get("/hello").text == "hello"
        assert client.get("/", follow_redirects=False).headers["location"] == "/hello"
        assert "Content-Security-Policy" in client.get("/hello").headers
        assert client.get("/r/forged").status_code == 403
    assert seen == ["lifespan", "opened", "/hello", "/", "/hello", "/r/forged", "closed"]
    store.engine.dispose()
