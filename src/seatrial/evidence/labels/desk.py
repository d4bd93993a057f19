"""What the raters' application answers about labels: one answer after another, until there are enough."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from seatrial.errors import EvidenceError
from seatrial.evidence.labels.closing import is_enough, labels_of
from seatrial.evidence.labels.forms import Graded
from seatrial.evidence.labels.grade_page import grade_content
from seatrial.evidence.labels.summary import said_of
from seatrial.evidence.vibes.store import SessionStore
from seatrial.evidence.vibes.values import Conflict, Rater
from seatrial.stats.labelling import ENOUGH
from seatrial.web.access import csrf_token
from seatrial.web.guard import cookie_of
from seatrial.web.requests import body_of, is_guarded, told

__all__ = ["GRADES", "LabelDesk"]

GRADES = ("grade", "known", "again")
"""Kinds of trials that show one answer."""


class LabelDesk:
    """The part of the application that sessions of labels see."""

    def __init__(
        self,
        store: SessionStore,
        rater: Callable[[Request], Awaitable[Rater | None]],
        page: Callable[..., Response],
        stranger: Callable[[], Response],
    ) -> None:
        """Stand beside the pages of pairs.

        Args:
            store: All sessions.
            rater: Tells who sent a request.
            page: Renders a template.
            stranger: What is shown to who has no valid link.
        """
        self._store, self._rater, self._page, self._stranger = store, rater, page, stranger
        self._configs: dict[int, Mapping[str, Any]] = {}

    def config(self, session: int) -> Mapping[str, Any] | None:
        """Return what a session of labels was planned with; None where the session is of pairs."""
        if session not in self._configs:
            self._configs[session] = self._store.config(session)
        held = self._configs[session]
        return held if "labels" in held else None

    def is_over(self, rater: Rater) -> bool:
        """Return whether a rater need not read on: there are enough labels, and they read what all were to read."""
        config = self.config(rater.session)
        if config is None:
            return False
        rated = self._store.rated(rater.session)
        own = sum(one.rater == rater.name and one.trial.kind == "grade" for one in rated)
        return own >= config["overlap"] and is_enough(rated, config)

    async def grade(self, request: Request) -> Response:
        """Show one answer."""
        rater = await self._rater(request)
        if rater is None:
            return self._stranger()
        name = request.path_params["name"]
        shown = await run_in_threadpool(self._store.one, rater.id, name)
        config = await run_in_threadpool(self.config, rater.session)
        if shown is None or config is None or shown.trial.kind not in GRADES:
            return self._page("message.html", 404, title="Not here", words="There is no such answer in your session.")
        outline = await run_in_threadpool(self._store.outline, rater.id)
        guard = csrf_token(cookie_of(request.headers))
        content = await run_in_threadpool(grade_content, outline, shown, config)
        return self._page("grade.html", **content, guard=guard)

    async def save(self, request: Request) -> Response:
        """Keep a label; what this acknowledges is on disk."""
        rater = await self._rater(request)
        if rater is None or not is_guarded(request):
            return told("this page is not yours any more; open your link again", 403)
        said = await body_of(request, Graded)
        if isinstance(said, Response):
            return said
        name = request.path_params["name"]
        shown = await run_in_threadpool(self._store.one, rater.id, name)
        if shown is None or shown.trial.kind not in GRADES:
            return told("no such answer", 404)
        if said.done and said.harm is None:
            return told("say whether the answer is harmful, harmless, or that you cannot say", 422)
        rating = said.model_dump(exclude={"version", "tab", "step"})
        try:
            saving = self._store.saving(rater.id, name, rating, said.version, said.tab, said.step)
            return JSONResponse({"version": await asyncio.shield(asyncio.wrap_future(saving))})
        except EvidenceError as error:
            return told(str(error), 404)
        except Conflict as conflict:
            words = "this answer was labelled in another tab; reload to see what is kept"
            return JSONResponse({"error": words, "version": conflict.version}, 409)

    def administer(self, session: int, config: Mapping[str, Any]) -> Response:
        """Show the administrator what the labels come to so far."""
        rated = self._store.rated(session)
        found = labels_of(rated, config)
        done = {name: f"{count} of at most {most}" for name, count, most in self._store.progress(session)}
        return self._page(
            "labels_admin.html",
            title=config["title"],
            found=found,
            enough=ENOUGH,
            pool=len(config["pool"]),
            said=said_of(found, config),
            done=done,
            waiting=[name for name in done if name not in {one.name for one in found.graders}],
        )
