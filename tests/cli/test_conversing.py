"""A decision on conversations is derived again from its store: they are held again, and nobody is asked."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from typer.testing import CliRunner

from conftest import Endpoint
from seatrial.cli import app
from talkers import HARMFUL, Assistant, conversation_policy, judging, talking
from verified_reviews import entered_anew

pytestmark = pytest.mark.slow
Say = Callable[[dict[str, Any]], str]
SCORE = '{"score": 1}'
UNSEEN = "what nobody sees"
LINES = ("a red tram", "my brother knocked", "nothing today", "snow outside")


def both(body: dict[str, Any]) -> str:
    """Answer as an assistant, or as the model that plays the users, which falls out of its role for one of them."""
    if body["model"] != "someone":
        return Assistant().text(body)
    number = len(body["messages"])
    out = number == 5 and "Marta" in body["messages"][0]["content"]
    return "As an AI, I have no trams." if out else LINES[number // 2 % 4]


def held(
    tmp_path: Path, endpoint: Endpoint, say: Callable[[dict[str, Any]], str] | None = both, **changes: str
) -> Path:
    """Hold conversations and return a copy of the review that lies where nothing else does."""
    if say is not None:
        talking(endpoint, say)
    path, _ = conversation_policy(tmp_path, endpoint.url, **{"turns": "4", **changes})
    folder = tmp_path / "reviews" / "one"
    done = CliRunner().invoke(app, ["converse", str(path), "--out", str(folder), "--quiet", "--json"])
    assert done.stdout, done.exception
    shutil.copytree(tmp_path / "reviews", tmp_path / "elsewhere" / "reviews")
    shutil.rmtree(tmp_path / "reviews")
    return tmp_path / "elsewhere" / "reviews" / "one"


def verified(folder: Path) -> dict[str, tuple[str, str]]:
    """Return what each step of verifying came to, and what it says; and what cannot be seen."""
    done = CliRunner().invoke(app, ["verify", str(folder), "--json"])
    assert done.stdout, done.exception
    told = json.loads(done.stdout)
    steps = {one["step"]: (one["result"], " ".join(one["said"])) for one in told["steps"]}
    return steps | {UNSEEN: ("verified", " ".join(told["not_verified"]))}


@pytest.mark.parametrize("kind", ["script", "configurations", "second user", "failed calls", "judges"])
def test_conversations_are_held_again(tmp_path: Path, endpoint: Endpoint, kind: str) -> None:
    """With a script, in two products, with a second user, where calls failed or no longer fitted, and with judges."""
    someone = f"{{model: openai-compatible/someone, base_url: '{endpoint.url}'}}"
    say: Say | None = both
    changes: dict[str, str] = {}
    if kind == "configurations":
        changes = {"configurations": "{plain: {}, app: {system: You are the app.}}"}
    elif kind == "second user":
        changes = {"second_user": someone}
    elif kind == "judges":
        # Where a reply is no score, its conversation is unread by the judge, again as it was.
        say = judging(both, lambda text: ("no" if "(2)" in text else '{"score": 9}') if HARMFUL in text else SCORE)
        changes = {
            "judges": f"{{main: {{model: {{model: openai-compatible/judge, base_url: '{endpoint.url}'}}}}}}",
            "gates": "[{signal: conversation/harm, margin: 0.1, trust: simulated assistants}, "
            "{signal: conversation/harm.main, margin: 0.1}]",
            "second_user": someone,
        }
    elif kind == "failed calls":
        say = None

        def answer(body: dict[str, Any], number: int) -> web.Response:
            if len(body["messages"]) > 5:
                words = "this exceeds the maximum context length" if "Be warm." in str(body) else "no"
                return web.json_response({"error": {"message": words}}, status=400)
            made = endpoint.body(body)
            made["choices"][0]["message"]["content"] = both(body)
            return web.json_response(made)

        endpoint.fault = answer
    found = verified(held(tmp_path, endpoint, say, **changes))
    assert {result for result, _ in found.values()} == {"verified"}, found
    assert "conversations were held again" in found["answers → observations"][1]
    assert ("judge:main" in found[UNSEEN][1]) == (kind == "judges")


def test_grades_that_are_gone_or_forged_are_found(tmp_path: Path, endpoint: Endpoint) -> None:
    """A judge's reply that was rewritten in the store, with the ledger forged too, leads to other numbers."""
    judge = f"{{main: {{starter: false, model: {{model: openai-compatible/judge, base_url: '{endpoint.url}'}}}}}}"
    gates = "[{signal: conversation/harm.main, margin: 0.1, trust: simulated assistants}]"
    folder = held(tmp_path, endpoint, judging(both), judges=judge, gates=gates)
    answers = folder / "responses" / "answers.jsonl"
    answers.write_bytes(answers.read_bytes().replace(b'score\\": 1}', b'score\\": 8}'))
    entered_anew(folder)
    result, said = verified(folder)["answers → observations"]
    assert result == "differs"
    assert "judge/main" in said


def test_turns_that_were_rewritten_are_found(tmp_path: Path, endpoint: Endpoint) -> None:
    """No entry covers `turns.jsonl`, but what it says is held against what was said."""
    folder = held(tmp_path, endpoint)
    turns = folder / "turns.jsonl"
    first, *others = turns.read_text(encoding="utf-8").splitlines()
    changed = json.loads(first) | {"harm": 0.875}
    turns.write_text("\n".join([json.dumps(changed, ensure_ascii=False), *others, ""]), encoding="utf-8")
    result, said = verified(folder)["answers → observations"]
    assert result == "differs"
    assert "turns.jsonl: line 1 harm" in said


def test_an_answer_that_is_gone_is_missed(tmp_path: Path, endpoint: Endpoint) -> None:
    """Where the ledger was forged too, the conversations come to another end than the review says."""
    folder = held(tmp_path, endpoint)
    answers = folder / "responses" / "answers.jsonl"
    answers.write_bytes(b"".join(answers.read_bytes().splitlines(keepends=True)[:-1]))
    entered_anew(folder)
    result, said = verified(folder)["answers → observations"]
    assert result == "differs"
    assert "not in the store" in said


def test_a_review_of_an_earlier_version_is_not_verified(tmp_path: Path, endpoint: Endpoint) -> None:
    """It kept nothing of its conversations: that is said, and no difference."""
    folder = held(tmp_path, endpoint)
    path = folder / "evidence.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["basis"]["talks"] = None
    path.write_text(json.dumps(content), encoding="utf-8")
    entered_anew(folder)
    result, said = verified(folder)["answers → observations"]
    assert result == "not verified"
    assert "earlier version" in said


def test_other_personas_are_said(tmp_path: Path, endpoint: Endpoint) -> None:
    """Where the personas have changed since, nothing can be held again, which is no difference either."""
    folder = held(tmp_path, endpoint)
    path = folder / "evidence.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["basis"]["talks"]["personas"][0][1] = "0" * 64
    path.write_text(json.dumps(content), encoding="utf-8")
    entered_anew(folder)
    result, said = verified(folder)["answers → observations"]
    assert result == "not verified"
    assert "The personas here are others" in said
