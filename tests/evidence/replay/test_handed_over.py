"""What a replay leaves for a review."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from conftest import Endpoint, PolicyWriter
from replays import GATES, JUDGE, answering, traffic
from seatrial.collect import Progress
from seatrial.evidence.replay.found import Replay, found_in
from seatrial.evidence.replay.handed_over import handed_over
from seatrial.evidence.replay.hands import Here
from seatrial.evidence.replay.run import replayed
from seatrial.evidence.replay.sampling import drawn
from seatrial.evidence.replay.traffic import Counted, conversations
from seatrial.gates.replayed import read_replay
from seatrial.gates.replayed_claims import replayed_claims
from seatrial.instruments.records import load_records
from seatrial.policy import Gate, load_policy


def _found(policy: Path, log: Path, folder: Path, *, whole: bool, before: int = 0) -> Replay:
    counted = Counted()
    taken = drawn(conversations([log], counted), 200, 1)
    read, progress = load_policy(policy), Progress("off")
    records = load_records(read.records)
    hands = Here(read, records, folder, progress)
    done = asyncio.run(replayed(read, records, taken, hands, 100, progress, folder, whole=whole, looks_before=before))
    return found_in(read, done, counted, taken, None)


@pytest.mark.slow
@pytest.mark.parametrize("whole", [True, False])
def test_a_review_decides_as_the_replay_did(
    write_policy: PolicyWriter, endpoint: Endpoint, tmp_path: Path, whole: bool
) -> None:
    """Bounds of true change, by the replay's own alpha and looks; looks of earlier runs are paid for."""
    answering(endpoint, {"plain": 0.1, "warm": 0.45})
    policy = write_policy(gates=GATES, extra=JUDGE.format(url=endpoint.url))
    log = traffic(tmp_path / "log.jsonl", 200, users=60)
    found = _found(policy, log, tmp_path / "r", whole=whole)
    (one,) = found.done.found
    read = read_replay(handed_over(found, tmp_path / "r", "as told"))
    assert read.identities == found.done.identities and all(len(word) == 64 for word in read.identities)
    gate = Gate(signal="replay/unearned-praise", margin=0.1)
    ((_, shown),) = replayed_claims(gate, read, read.behaviors[0], 0.05, 0.9)
    assert one.verdict == ("pass" if shown.high < 0.1 else "fail" if shown.low > 0.1 else "inconclusive") == "fail"
    assert read.behaviors[0].looks == (1 if whole else 4)
    assert shown.estimate == pytest.approx(one.change.value)
    if whole:
        assert (shown.low, shown.high) == pytest.approx(one.true_change)
    later = _found(policy, log, tmp_path / "r", whole=whole, before=4).done.found[0]
    assert later.pairs is not None and later.pairs.looks == read.behaviors[0].looks + 4 and later.before == 4
