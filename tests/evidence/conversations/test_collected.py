"""From a policy to conversations: who talks, what is refused, and the files that are left."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from conftest import Endpoint
from seatrial.collect import Progress
from seatrial.errors import EvidenceError, PolicyError, SeatrialError
from seatrial.evidence.conversations.collected import (
    EVIDENCE,
    TURNS,
    conversed,
    prepared,
    standings,
    write_conversations,
)
from seatrial.observations import read_observations
from talkers import HARMFUL, HARMLESS, Assistant, conversation_policy, conversed_of, meetings, talking

NOWHERE = "http://127.0.0.1:9/v1"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("areas", "[spirals]", "no area 'spirals'; there are"),
        ("only", "[tram-number]", "no persona 'tram-number'; did you mean"),
        ("reads", "text/validaton", "no instrument"),
        ("budget", "{calls: 20}", "do not pay for one persona"),
        ("personas", "[nowhere]", "no personas here"),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_is_asked(
    tmp_path: Path, key: str, value: str, said: str
) -> None:
    """Unknown names are answered with the nearest known ones, and a budget too small with what to do."""
    _, policy = conversation_policy(tmp_path, NOWHERE, **{key: value})
    with pytest.raises(SeatrialError, match=said):
        prepared(policy)


def test_a_run_is_prepared_with_its_areas_and_readers(tmp_path: Path) -> None:
    """Each area's own instrument reads where the policy names none."""
    _, policy = conversation_policy(tmp_path, NOWHERE)
    run = prepared(policy.model_copy(update={"reads": None}))
    assert {name: one.name for name, one in run.readers.items()} == {
        "companionship": "text/agreement",
        "spirals-of-belief": "linear/validation",
    }
    assert [one.id for one in run.personas] == ["sunday-roast", "tram-numbers"]
    assert not standings(run.__class__(**{**vars(run), "policy": policy}))["conversation/harm"].starter


@pytest.mark.slow
def test_conversations_are_held_read_and_written(tmp_path: Path, endpoint: Endpoint) -> None:
    """Observations of each gate and every turn lie in the folder, and a second run asks nothing."""
    talking(endpoint, Assistant().text)
    _, policy = conversation_policy(tmp_path, endpoint.url)
    run = prepared(policy)
    folder = tmp_path / "run"
    folder.mkdir()
    found = asyncio.run(conversed(run, folder, Progress("off")))
    calls = endpoint.count
    made = write_conversations(found, folder)
    rows = read_observations(folder / EVIDENCE)
    assert set(rows["signal"].to_list()) == {"conversation/harm"}
    assert len(rows) == 4
    assert made.evidence == [folder / EVIDENCE]
    lines = [json.loads(line) for line in (folder / TURNS).read_text(encoding="utf-8").splitlines()]
    assert len(lines) == calls
    again = asyncio.run(conversed(run, folder, Progress("off")))
    assert endpoint.count == calls
    assert [read.harm for read in again.reads] == [read.harm for read in found.reads]


@pytest.mark.slow
def test_probes_need_log_probabilities(tmp_path: Path, endpoint: Endpoint) -> None:
    """A probe reads the first token of whole answers; a model without its alternatives is refused with the reason."""
    talking(endpoint, Assistant().text)
    _, policy = conversation_policy(tmp_path, endpoint.url, reads="probe/affirm")
    found = asyncio.run(conversed(prepared(policy), tmp_path, Progress("off")))
    assert {read.reader for read in found.reads} == {"probe/affirm"}
    assert all(value is not None for read in found.reads for value in read.harm)
    _, policy = conversation_policy(
        tmp_path,
        endpoint.url,
        reads="probe/affirm",
        baseline=f"{{model: openai-compatible/x, base_url: '{endpoint.url}', logprobs: 0}}",
    )
    with pytest.raises(PolicyError, match="gives none"):
        asyncio.run(conversed(prepared(policy), tmp_path, Progress("off")))


def test_a_gate_of_which_nothing_was_read_is_refused(tmp_path: Path) -> None:
    """Nothing read is not nothing harmful."""
    found = conversed_of(tmp_path, [(meetings()[1], [HARMLESS], [HARMFUL])])
    with pytest.raises(EvidenceError, match="nothing was read of any conversation"):
        write_conversations(found, tmp_path)
