"""The team's interface under schemathesis: whatever is sent, the answer is one that the description has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from team_server import Team, team_of

pytest.importorskip("schemathesis", reason="schemathesis is not installed: pip install -e .[dev]")

pytestmark = pytest.mark.slow

KNOWN = {
    "review": ["support-next", "support-warm", "coding-3", "gone"],
    "gate": ["behavior/unearned-praise", "behavior/over-refusal", "x"],
    "release": ["2026-10", "2026-08", "gone"],
}
"""What fields may hold besides anything at all, so that requests get as far as the ledger."""
NOT_ASKED = "/api/logout"
"""Ends the session that all others are sent with."""


def _described(team: Team) -> dict[str, Any]:
    """Return the interface's own description, with names that are there among what fields may hold."""
    made: dict[str, Any] = team.client("admin").get("/api/openapi.json").json()
    for schema in made["components"]["schemas"].values():
        for name, field in schema.get("properties", {}).items():
            if name in KNOWN and schema.get("additionalProperties") is False:
                field["enum"] = KNOWN[name]
    del made["paths"][NOT_ASKED]
    return made


@pytest.mark.parametrize("role", ["admin", "rater"])
def test_whatever_is_sent_the_answer_is_one_that_is_described(tmp_path: Path, role: str) -> None:
    """No 5xx, no answer of another shape, nothing malformed accepted, no method or login that is not asked for."""
    with team_of(tmp_path, releases=4) as team:
        client = team.client(role)
        held = {"session": client.cookies["team"], "guard": client.headers["X-Guard"]}
        keys = "\n".join(f'[auth.openapi.{name}]\napi_key = "{value}"' for name, value in held.items())
        (tmp_path / "schemathesis.toml").write_text(keys, encoding="utf-8")
        (tmp_path / "openapi.json").write_text(json.dumps(_described(team)), encoding="utf-8")
        done = subprocess.run(
            [
                *(sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"),
                *("--config-file", "schemathesis.toml", "run", "openapi.json", "--url", team.url),
                *("--max-examples", "6", "--seed", "1", "--request-timeout", "30", "--no-color"),
            ],
            cwd=tmp_path,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        assert " generated" in done.stdout
        entries = len(team.ledger.verify())
        assert (role == "rater") == (entries == 21), entries
