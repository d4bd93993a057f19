"""What a page sends, read and turned away."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from seatrial.web.access import csrf_token
from seatrial.web.guard import COOKIE
from seatrial.web.requests import body_of, is_guarded, told


class _Form(BaseModel):
    count: int


def _request(body: bytes = b"", **headers: str) -> Request:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": given}, receive)


def test_a_body_is_the_form_or_what_is_wrong_with_it() -> None:
    """The field is named."""
    assert asyncio.run(body_of(_request(b'{"count": 2}'), _Form)) == _Form(count=2)
    wrong = asyncio.run(body_of(_request(b'{"count": "x"}'), _Form))
    assert isinstance(wrong, Response)
    assert wrong.status_code == 422
    assert json.loads(bytes(wrong.body))["error"].startswith("count: ")


def test_a_body_that_ends_early_is_turned_away() -> None:
    """Who goes away while sending leaves no traceback behind."""

    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    request = Request({"type": "http", "method": "POST", "path": "/", "headers": []}, gone)
    wrong = asyncio.run(body_of(request, _Form))
    assert isinstance(wrong, Response)
    assert wrong.status_code == 400


def test_only_a_page_of_the_raters_own_may_change_anything() -> None:
    """What another rater's page would send does not do."""
    assert is_guarded(_request(cookie=f"{COOKIE}=a", x_guard=csrf_token("a")))
    assert not is_guarded(_request(cookie=f"{COOKIE}=a", x_guard=csrf_token("b")))
    assert not is_guarded(_request(cookie=f"{COOKIE}=a"))
    assert is_guarded(_request(cookie=f"{COOKIE}=a; team=b", x_guard=csrf_token("b")), "team")
    assert not is_guarded(_request(cookie=f"{COOKIE}=a; team=b", x_guard=csrf_token("a")), "team")


def test_what_is_told_has_its_status() -> None:
    """As JSON, for the page to show."""
    assert told("no", 404).status_code == 404
