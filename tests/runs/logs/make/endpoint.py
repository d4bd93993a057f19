"""An OpenAI-compatible endpoint on this machine that answers with the embedded model, for tools that log real answers.

`python endpoint.py 8765 --model smollm2 --model smollm2-warm="Be warm."` serves two models: the second is the same one
with a system prompt. Temperature, top_p, seed, stop and the longest answer hold as they are sent; a request without a
temperature is answered greedily. What would change the shape of an answer is refused. Calls are answered one after
another, so that the same request always gets the same answer.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from contextlib import AsyncExitStack
from itertools import count
from typing import Any

from aiohttp import web

from seatrial.errors import SeatrialError
from seatrial.models import Model, open_models
from seatrial.policy import ModelSpec
from seatrial.types import Item, Message, Request

LONGEST = 256
"""The longest answer where a request sets none."""
SAMPLER = ("temperature", "top_p", "seed")
SENT_ON = ("stop", "frequency_penalty", "presence_penalty")
LEFT_OUT = ("stream", "tools", "functions", "logprobs", "response_format")
"""What a request may ask for and this endpoint does not do."""


class Endpoint:
    """Answers requests in the shape of OpenAI's chat completions."""

    def __init__(self, systems: dict[str, str]) -> None:
        """Take the names of the models with the system prompt of each; an empty one is the embedded model's own."""
        self._systems = systems
        self._opened: dict[str, Model] = {}
        self._stack = AsyncExitStack()
        self._one_at_a_time = asyncio.Lock()
        self._numbers = count(1)

    def app(self) -> web.Application:
        """Return what serves it."""
        app = web.Application()
        app.router.add_get("/v1/models", self.models)
        app.router.add_post("/v1/chat/completions", self.complete)
        app.on_cleanup.append(self.close)
        return app

    async def close(self, _: web.Application) -> None:
        """Close the models."""
        await self._stack.aclose()

    async def models(self, _: web.Request) -> web.Response:
        """List the models."""
        listed = [{"id": name, "object": "model", "created": 0, "owned_by": "seatrial"} for name in self._systems]
        return web.json_response({"object": "list", "data": listed})

    async def complete(self, request: web.Request) -> web.Response:
        """Answer one call, or say what cannot be answered."""
        try:
            body = dict(await request.json())
            name, asked = body["model"], [Message(one["role"], one["content"]) for one in body["messages"]]
        except (ValueError, KeyError, TypeError) as error:
            return refused(400, f"no request for a chat completion: {error!r}")
        if name not in self._systems:
            return refused(404, f"there is no model {name!r} but {', '.join(self._systems)}")
        unknown = [one for one in LEFT_OUT if body.get(one)] + (["n"] if body.get("n") not in (None, 1) else [])
        if unknown or not all(isinstance(one.content, str) for one in asked):
            return refused(400, f"not served: {', '.join(unknown) or 'messages that are no text'}")
        longest = body.get("max_completion_tokens") or body.get("max_tokens") or LONGEST
        systems = [self._systems[name], *(one.content for one in asked if one.role == "system")]
        turns = tuple(one for one in asked if one.role != "system")
        try:
            async with self._one_at_a_time:
                model = await self._model("\n\n".join(filter(None, systems)), body)
                said = await model.ask(Request(Item("asked", "endpoint", turns), max_tokens=longest))
        except (SeatrialError, ValueError) as error:
            return refused(400, str(error))
        usage = said.usage
        return web.json_response(
            {
                "id": f"chatcmpl-{next(self._numbers)}",
                "object": "chat.completion",
                "created": int(time.time()),
                "model": name,
                "choices": [
                    {
                        "index": 0,
                        "message": {"role": "assistant", "content": said.text},
                        "finish_reason": said.stop,
                        "logprobs": None,
                    }
                ],
                "usage": {
                    "prompt_tokens": usage.tokens_in,
                    "completion_tokens": usage.tokens_out,
                    "total_tokens": usage.tokens_in + usage.tokens_out,
                },
            }
        )

    async def _model(self, system: str, body: dict[str, Any]) -> Model:
        """Return the embedded model with a system prompt and a request's settings; all of them share one server."""
        settings: dict[str, Any] = {"model": "embedded/smollm2-135m", "concurrency": 1}
        settings["generation"] = {one: body[one] for one in SAMPLER if body.get(one) is not None}
        settings["extra_body"] = {one: body[one] for one in SENT_ON if body.get(one)}
        if system:
            settings["system"] = system
        key = json.dumps(settings, sort_keys=True)
        if key not in self._opened:
            (model,) = open_models(ModelSpec.model_validate(settings))
            self._opened[key] = await self._stack.enter_async_context(model)
        return self._opened[key]


def refused(status: int, why: str) -> web.Response:
    """Return an error as OpenAI words it."""
    return web.json_response({"error": {"message": why, "type": "invalid_request_error"}}, status=status)


def main() -> None:
    """Serve until it is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--model", action="append", metavar="NAME[=SYSTEM PROMPT]", help="A model to serve.")
    given = parser.parse_args()
    systems = {name: system for name, _, system in (one.partition("=") for one in given.model or ["smollm2"])}
    web.run_app(Endpoint(systems).app(), host="127.0.0.1", port=given.port, print=None)


if __name__ == "__main__":
    main()
