"""What servers send that is no chat completion, or hardly one: shapes, types, sizes, encodings, statuses."""

from __future__ import annotations

import gzip
import itertools
import json
import zlib
from collections.abc import Callable
from typing import Any

from aiohttp import web

__all__ = ["ODD_REPLIES"]

DEEP = 50_000
VALUES = {
    "null": "null",
    "true": "true",
    "42": "42",
    "-1": "-1",
    "1e308": "1e308",
    "400 digits": "9" * 400,
    "5,000 digits": "9" * 5_000,
    "NaN": "NaN",
    "-Infinity": "-Infinity",
    "empty text": '""',
    "text": '"x"',
    "half a letter": r'"\ud800"',
    "zeros": r'"\u0000"',
    "long text": json.dumps("wonderful " * 20_000),
    "list": "[]",
    "list of lists": "[[1, [null]], []]",
    "object": "{}",
    "object of objects": '{"type": {"a": [1]}, "text": {"b": null}}',
    "deep": "[" * DEEP + "]" * DEEP,
}
"""Name → a JSON value of a kind that hardly any field should hold."""
PLACES: dict[str, str] = {
    "body": "%s",
    "choices": '{"choices": %s}',
    "choice": '{"choices": [%s]}',
    "message": '{"choices": [{"message": %s}]}',
    "content": '{"choices": [{"message": {"content": %s}}]}',
    "part": '{"choices": [{"message": {"content": [%s]}}]}',
    "text of a part": '{"choices": [{"message": {"content": [{"type": "text", "text": %s}]}}]}',
    "reasoning": '{"choices": [{"message": {"content": "Yes.", "reasoning_content": %s}}]}',
    "refusal": '{"choices": [{"message": {"content": null, "refusal": %s}}]}',
    "tool calls": '{"choices": [{"message": {"content": null, "tool_calls": %s}}]}',
    "finish reason": '{"choices": [{"message": {"content": "Yes."}, "finish_reason": %s}]}',
    "logprobs": '{"choices": [{"message": {"content": "Yes."}, "logprobs": %s}]}',
    "alternatives": '{"choices": [{"message": {"content": "Yes."}, "logprobs": {"content": [{"top_logprobs": %s}]}}]}',
    "logprob": '{"choices": [{"message": {"content": "Yes."}, "logprobs": {"content": [{"top_logprobs": '
    '[{"token": "Yes", "logprob": %s}]}]}}]}',
    "usage": '{"choices": [{"message": {"content": "Yes."}}], "usage": %s}',
    "tokens": '{"choices": [{"message": {"content": "Yes."}}], "usage": {"prompt_tokens": %s}}',
    "error": '{"error": %s}',
    "error beside": '{"choices": [{"message": {"content": "Yes."}}], "error": %s}',
    "code": '{"error": {"message": "no", "code": %s}}',
}
"""Name → a body with room for one value."""
GOOD = b'{"choices": [{"message": {"content": "Yes, of course."}, "finish_reason": "stop"}]}'
ACCENTS = '{"choices": [{"message": {"content": "Oui, bien s\u00fbr."}}]}'
ENCODINGS: dict[str, tuple[bytes, dict[str, str]]] = {
    "nothing": (b"", {}),
    "blank": (b" \n\n", {}),
    "mark": (b"\xef\xbb\xbf" + GOOD, {}),
    "utf-16": (GOOD.decode().encode("utf-16"), {}),
    "utf-32": (GOOD.decode().encode("utf-32"), {}),
    "latin-1": (ACCENTS.encode("latin-1"), {}),
    "no utf-8": (GOOD.replace(b"course", b"\xff\xfe\x80"), {}),
    "a charset of its own": (GOOD, {"Content-Type": "application/json; charset=nonsense-8"}),
    "gzip": (gzip.compress(GOOD), {"Content-Encoding": "gzip"}),
    "gzip that is none": (GOOD, {"Content-Encoding": "gzip"}),
    "gzip cut off": (gzip.compress(GOOD * 50)[:40], {"Content-Encoding": "gzip"}),
    "deflate": (zlib.compress(GOOD), {"Content-Encoding": "deflate"}),
    "brotli that is none": (GOOD, {"Content-Encoding": "br"}),
    "gzip not said": (gzip.compress(GOOD), {}),
    "stream": (b"data: " + GOOD + b"\n\ndata: [DONE]\n\n", {"Content-Type": "text/event-stream"}),
    "lines": (GOOD + b"\n" + GOOD, {}),
    "cut off": (GOOD[:40], {}),
    "single quotes": (GOOD.replace(b'"', b"'"), {}),
    "doubled keys": (b'{"choices": [], "choices": [{"message": {"content": "No", "content": "Yes"}}]}', {}),
    "web page": (b"<!doctype html><title>Log in</title>", {"Content-Type": "text/html"}),
    "words": (b"upstream connect error", {"Content-Type": "text/plain"}),
    "zeros": (b"\x00" * 1_000, {}),
    "escapes": (b'{"choices": [{"message": {"content": "\\u001b[2J\\u202e\\u200b"}}]}', {}),
}
STATUSES = (
    201,
    204,
    206,
    301,
    304,
    307,
    400,
    402,
    403,
    404,
    405,
    410,
    413,
    415,
    418,
    422,
    429,
    451,
    500,
    502,
    529,
    599,
)


def _reply(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Callable[[], web.Response]:
    held: dict[str, Any] = {"Content-Type": "application/json", **(headers or {})}
    return lambda: web.Response(body=body, status=status, headers=held)


ODD_REPLIES: dict[str, Callable[[], web.Response]] = {
    **{
        f"{place}: {value}": _reply((PLACES[place] % VALUES[value]).encode())
        for place, value in itertools.product(PLACES, VALUES)
    },
    **{f"encoded: {name}": _reply(body, 200, headers) for name, (body, headers) in ENCODINGS.items()},
    **{f"status {status}": _reply(GOOD, status) for status in STATUSES},
    **{f"status {status}, odd": _reply(b'{"error": [{"loc": 4}, null]}', status) for status in STATUSES},
}
"""Name → what makes the reply."""
