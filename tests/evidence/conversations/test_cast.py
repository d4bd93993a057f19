"""What stands for the models of conversations that were held before."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from seatrial.collect import ResponseStore, call_key
from seatrial.errors import CallFailed
from seatrial.evidence.conversations.cast import StoredTalkers, failures
from seatrial.models.base import as_asked
from seatrial.policy import ModelSpec
from seatrial.report.basis import AskedModel, Talks
from seatrial.types import Item, Message, Request, Response
from talkers import meetings, talk_of

SPECS = {"app/baseline": ModelSpec(model="embedded/smollm2-135m")}
ASKED = AskedModel('{"model": "old"}', True, 0, 7)


def test_what_is_stored_is_said_again_and_what_failed_fails_alike(tmp_path: Path) -> None:
    """An answer comes back under its key; a call that failed says why it did; any other is missing."""
    asked, gone, failed = (
        Request(Item(name, "conversations", (Message("user", name),)), 0, 160) for name in ("one", "two", "three")
    )
    talks = Talks("{}", (("app/baseline", ASKED),), (), (("baseline", "three", 0, "HTTP 400"),))
    cast = StoredTalkers(talks)
    with ResponseStore(tmp_path) as store:
        (model,) = cast(SPECS, store)
        key = call_key(ASKED.identity, "baseline", as_asked(model, asked))
        store.put(key, "baseline", Response("one", "conversations", 0, "hello"))
        assert asyncio.run(model.ask(asked)).text == "hello"
        with pytest.raises(CallFailed, match="HTTP 400"):
            asyncio.run(model.ask(failed))
        assert cast.missing == []
        with pytest.raises(CallFailed, match="not in the store"):
            asyncio.run(model.ask(gone))
    assert cast.missing == ["baseline, item two, draw 0"]


def test_failures_are_named_by_who_failed() -> None:
    """The call after the last turn; of a user that broke off it is the user's."""
    (first, *_) = meetings("tram-numbers")
    talks = [
        talk_of(first, "baseline", ["a"], "turns"),
        talk_of(first, "candidate", ["a", "b"], "context"),
        talk_of(first, "baseline", [], "user"),
    ]
    assert failures(talks, "second-user-") == [
        ("second-user-candidate", "tram-numbers/3", 0, ""),
        ("second-user-user", "tram-numbers/1", 0, ""),
    ]
