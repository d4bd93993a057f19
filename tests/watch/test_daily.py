"""A day of a watch: the same questions again, of a real client and a simulated vendor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from conftest import Endpoint
from seatrial.errors import ModelError, PolicyError, StoreError
from seatrial.watch import Watch
from vendor import Daily, Vendor


def _by_name(found: Watch) -> dict[str, str]:
    return {one.name: "moved" if one.moved else "quiet" for one in found.seen}


def test_quiet_days_then_a_change_that_is_accepted(daily: Daily, vendor: Vendor) -> None:
    """The same questions each day with other seeds; what moved is named with its day; accepting it begins anew."""
    for day in range(6):
        found = daily(day)
        assert not found.changed, found.moved
    assert len(found.days) == 6
    assert found.calls == len(vendor.asked) / 6
    seeds = {body["seed"] for body in vendor.asked}
    assert len(seeds) == 6
    vendor.praise = 0.95
    found = daily(6)
    assert found.changed
    assert _by_name(found)["behavior/unearned-praise"] == "moved"
    first = found.moved[0]
    assert first.moved is not None and (first.moved.day, first.moved.window) == (6, 1)
    assert first.worse
    assert daily(7).changed
    accepted = daily(8, accept="we like it warmer")
    assert not accepted.changed
    assert (accepted.days, accepted.earlier, accepted.accepted) == (("2026-03-09",), 8, "we like it warmer")
    assert daily(8, accept="we do like it").accepted == "we do like it"
    assert not daily(9).changed


def test_a_day_is_asked_once(daily: Daily, vendor: Vendor) -> None:
    """The command again on the same day asks nothing and says the same."""
    before = daily(0)
    count = len(vendor.asked)
    assert daily(0) == before
    assert len(vendor.asked) == count
    with pytest.raises(StoreError, match="lies after today"):
        daily(-1)


def test_a_day_that_was_broken_off_goes_on(daily: Daily, vendor: Vendor, endpoint: Endpoint) -> None:
    """What was answered is kept, and nothing is asked twice; until then it is no day."""
    daily(0)
    count, whole = 0, len(vendor.asked)

    def breaks(body: dict[str, Any], number: int) -> web.Response:
        nonlocal count
        count += 1
        if count > whole // 2:
            return web.json_response({"error": {"message": "Incorrect API key provided"}}, status=401)
        return vendor(body, number)

    endpoint.fault = breaks
    with pytest.raises(ModelError):
        daily(1)
    endpoint.fault = vendor
    assert daily(1).days == ("2026-03-01", "2026-03-02")
    assert 2 * whole <= len(vendor.asked) <= 2 * whole + 16  # those in flight when it broke were answered to nobody


def test_another_model_behind_the_name_is_told_as_what_it_is(daily: Daily, vendor: Vendor) -> None:
    """Its name and how it counts tokens are no statistics: they are told, and change what the watch says at once."""
    daily(0)
    vendor.fingerprint = "fp_2"
    found = daily(1)
    assert not found.changed
    assert found.served.fingerprints == (("2026-03-01", ("fp_1",)), ("2026-03-02", ("fp_2",)))
    vendor.model = "sim-0302"
    found = daily(2)
    assert found.changed and not found.moved
    assert found.served.names == (("2026-03-01", ("sim-0301",)), ("2026-03-03", ("sim-0302",)))
    vendor.extra_tokens = 3
    (recounted,) = daily(3).served.recounted
    assert recounted[0] == "2026-03-04" and recounted[1] == recounted[2] > 20


def test_a_model_that_falls_silent_is_a_change(daily: Daily, vendor: Vendor) -> None:
    """Readings that are not there move nothing; that there are none does."""
    for day in range(4):
        daily(day)
    vendor.silent = True
    found = daily(4)
    assert [one.name for one in found.moved] == ["answers/none"]


def test_what_the_watch_was_begun_with_stays(daily: Daily, vendor: Vendor, policy_path: Path, tmp_path: Path) -> None:
    """Other settings of the model, a gate that is gone, another reader: each would compare what does not compare."""
    daily(0)
    before = policy_path.read_text(encoding="utf-8")
    for old, new, words in (
        ("system: plain", "system: other", "under other settings"),
        ("text/refusal", "linear/refusal", "has changed since the watch was begun"),
        ("behavior/over-refusal", "behavior/preaching", "does not ask any more"),
    ):
        changed = before.replace(old, new).replace(
            "behavior/preaching, margin: 0.1, instrument: text/refusal", "behavior/preaching, margin: 0.1"
        )
        policy_path.write_text(changed, encoding="utf-8")
        with pytest.raises(PolicyError, match=words):
            daily(1)
    policy_path.write_text(before.replace("margin: 0.1", "margin: 0.2"), encoding="utf-8")
    assert daily(1, calls=10).calls == daily(1).calls  # margins are none of its business, and the calls are fixed


def test_what_cannot_be_watched_is_said(daily: Daily, vendor: Vendor, policy_path: Path) -> None:
    """Too few calls for all gates are refused before anything is asked."""
    with pytest.raises(PolicyError, match="1 calls a day ask nothing for"):
        daily(0, calls=1)
    assert not vendor.asked
    assert not (policy_path.parent / "watch" / "watch.json").exists()


def test_recorded_answers_cannot_be_watched(daily: Daily, tmp_path: Path) -> None:
    """They are the same every day."""
    rows = [{"id": f"q{n}", "prompt": f"What of {n}?", "response": "Fine."} for n in range(9)]
    (tmp_path / "old.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    path = tmp_path / "recorded.yaml"
    path.write_text(
        "name: recorded\nbaseline: {model: transcripts/old.jsonl}\ncandidate: {model: transcripts/old.jsonl}\n"
        "signals:\n  behavior/praise: {instrument: text/praise}\ngates:\n  - {signal: behavior/praise, margin: 0.3}\n",
        encoding="utf-8",
    )
    with pytest.raises(PolicyError, match="no gate of the policy can be watched"):
        daily(0, policy=path)
