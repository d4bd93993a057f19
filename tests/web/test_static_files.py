"""Files under names that their contents give them."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from seatrial.web.static_files import StaticFiles


def test_a_file_is_kept_by_browsers_and_a_changed_one_has_another_name() -> None:
    """Served under its mark for as long as it stays; under any other mark or name there is nothing."""
    one, other = (StaticFiles({"a.css": text, "b.js": "1"}, "/f/") for text in ("x {}", "y {}"))
    assert one.urls["a.css"] != other.urls["a.css"] and one.urls["b.js"] == other.urls["b.js"]
    client = TestClient(Starlette(routes=[Route("/f/{name}", one.serve)]))
    reply = client.get(one.urls["a.css"])
    assert (reply.status_code, reply.text, reply.headers["content-type"]) == (200, "x {}", "text/css; charset=utf-8")
    assert "immutable" in reply.headers["cache-control"]
    assert client.get(one.urls["b.js"]).headers["content-type"].startswith("text/javascript")
    for gone in (other.urls["a.css"], "/f/a.css", "/f/-a.css", "/f/x-c.css"):
        assert client.get(gone).status_code == 404
