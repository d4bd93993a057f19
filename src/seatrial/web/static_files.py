"""Style sheets and scripts, served under names that their contents give them, so that a browser asks for each once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

__all__ = ["StaticFiles"]

KINDS = {"css": "text/css", "js": "text/javascript"}


class StaticFiles:
    """Files of an application.

    Attributes:
        urls: Name → where it is served.
    """

    def __init__(self, texts: Mapping[str, str], prefix: str) -> None:
        """Serve these texts, by their names, below a prefix: `/static/`."""
        marked = {name: (hashlib.sha256(text.encode()).hexdigest()[:12], text) for name, text in texts.items()}
        self._files = marked
        self.urls = {name: f"{prefix}{mark}-{name}" for name, (mark, _) in marked.items()}

    async def serve(self, request: Request) -> Response:
        """Serve one under the name that its contents give it."""
        mark, _, name = request.path_params["name"].partition("-")
        held, text = self._files.get(name, ("", ""))
        if not held or mark != held:
            return Response("not here", 404, media_type="text/plain")
        kind = KINDS[name.rpartition(".")[2]]
        return Response(text, 200, {"Cache-Control": "public, max-age=31536000, immutable"}, kind)
