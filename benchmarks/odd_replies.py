"""What servers send that is no chat completion, or hardly one: shapes, types, sizes, encodings, statuses.

Each is sent to what asks a model and to what asks a judge, and it is counted what becomes of the call.
"""

from __future__ import annotations

import gzip
import itertools
import json
import tempfile
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import stamina
from aiohttp import web

from seatrial.collect import Ask, Collector, Progress, ResponseStore
from seatrial.collect.judging import Judges, Task
from seatrial.errors import ModelError
from seatrial.instruments import find_instrument
from seatrial.instruments.records import load_records
from seatrial.models import open_models
from seatrial.policy import JudgeSpec, ModelSpec
from seatrial.suites import find_suites, load_suite
from seatrial.types import Item, Message, Request

__all__ = ["FEWEST_LETTERS", "ODD_REPLIES", "Tried", "of_judges", "of_models"]

FEWEST_LETTERS = 20
"""A reason of no more letters than this tells nobody what happened."""

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


@dataclass(slots=True)
class Tried:
    """What became of calls that were answered by odd replies.

    Attributes:
        answers: How many were taken for answers.
        failed: How many count as missing, with their reason.
        ended: How many ended the run, with what to do.
        unsaid: Those whose reason says nothing.
        broken: Those that raised what nobody words, or came out twice or not at all.
    """

    answers: int = 0
    failed: int = 0
    ended: int = 0
    unsaid: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def said(self, name: str, reason: str) -> None:
        """Note a reason."""
        if len(reason) <= FEWEST_LETTERS:
            self.unsaid.append(name)


@asynccontextmanager
async def _served(now: Mapping[str, str]) -> AsyncIterator[str]:
    """Serve the reply whose name `now` holds to whatever is asked; the value is the address."""

    async def reply(_: web.Request) -> web.Response:
        return ODD_REPLIES[now["name"]]()

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", reply)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


async def of_models(probed: bool) -> Tried:
    """Return what becomes of each odd reply of a model; what is kept of it is read by an instrument and from its file.

    Args:
        probed: Whether log-probabilities were asked for.
    """
    made, now = Tried(), {"name": ""}
    reader = find_instrument("probe/affirm" if probed else "text/praise")
    with tempfile.TemporaryDirectory() as folder, stamina.set_testing(True, attempts=1):
        async with _served(now) as url:
            spec = ModelSpec(model="openai-compatible/sim", base_url=url, logprobs=3)
            for number, name in enumerate(ODD_REPLIES):
                now["name"] = name
                item = Item(f"i{number}", "s", (Message("user", f"Question {number}?"),))
                ask = Ask("candidate", Request(item, 0, 8, 3 if probed else 0))
                try:
                    (model,) = open_models(spec)
                    async with model:
                        with ResponseStore(Path(folder)) as store:
                            batch = await Collector({"candidate": model}, store, 9, Progress("off")).collect([ask])
                    for _, answer in batch.responses:
                        reader.read(item, answer)
                except ModelError as error:
                    made.ended += 1
                    made.said(name, str(error))
                except Exception:
                    made.broken.append(name)
                else:
                    made.answers += len(batch.responses)
                    made.failed += len(batch.failures)
                    for failure in batch.failures:
                        made.said(name, failure.reason)
                    if len(batch.responses) + len(batch.failures) != 1:
                        made.broken.append(name)
        with ResponseStore(Path(folder)) as store:
            if len(store) != made.answers:
                made.broken.append("the file")
    return made


async def of_judges() -> Tried:
    """Return what becomes of each odd reply of a judge: none of them holds a score, so none may be an answer."""
    suite, made, now = load_suite(find_suites()["behavior/unearned-praise"]), Tried(), {"name": ""}
    with stamina.set_testing(True, attempts=1):
        async with _served(now) as url:
            spec = JudgeSpec(model=ModelSpec(model="openai-compatible/judge", base_url=url))
            for now["name"] in ODD_REPLIES:
                try:
                    async with Judges({"main": spec}, load_records([]), 9) as judges:
                        judge = judges.judge("main", suite)
                        await judges.grade(judge, [Task(suite.items[0], ("Wonderful!",))])
                except ModelError as error:
                    made.ended += 1
                    made.said(now["name"], str(error))
                except Exception:
                    made.broken.append(now["name"])
                else:
                    made.answers += len(judge.scores)
                    made.failed += len(judge.unscored)
                    for reason in judge.unscored.values():
                        made.said(now["name"], reason)
    return made
