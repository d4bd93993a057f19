"""What a page sends: read, checked, and turned away in words that the page can show."""

from __future__ import annotations

import hmac
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from seatrial.web.access import csrf_token
from seatrial.web.guard import COOKIE, cookie_of

__all__ = ["body_of", "is_guarded", "told"]

Body = TypeVar("Body", bound=BaseModel)


async def body_of(request: Request, kind: type[Body]) -> Body | Response:
    """Return what a page sent, or the answer that says what is wrong with it."""
    try:
        return kind.model_validate_json(await request.body())
    except ClientDisconnect:  # nobody is there to read this
        return told("the request was not sent to its end", 400)
    except ValidationError as error:
        first = error.errors()[0]
        return told(f"{'.'.join(map(str, first['loc'])) or 'the request'}: {first['msg']}", 422)


def is_guarded(request: Request, cookie: str = COOKIE) -> bool:
    """Return whether a change came from a page of the sender's own: no other site knows what it must bring along.

    Args:
        request: The change.
        cookie: Name of the cookie by which the sender is known.
    """
    given = request.headers.get("X-Guard", "")
    return hmac.compare_digest(given.encode(), csrf_token(cookie_of(request.headers, cookie)).encode())


def told(words: str, status: int) -> JSONResponse:
    """Return an answer that says why nothing was done."""
    return JSONResponse({"error": words}, status)
