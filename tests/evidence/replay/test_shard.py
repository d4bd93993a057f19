"""One shard, without a cluster around it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from conftest import Endpoint, PolicyWriter
from replays import GATES, JUDGE, PLAIN, answering
from seatrial.collect import Ask
from seatrial.collect.answer_files import Part, leave_word
from seatrial.collect.judging import Task
from seatrial.errors import ClusterError
from seatrial.evidence.replay.shard import Shard, versions
from seatrial.instruments.judges import Judge
from seatrial.policy import load_policy
from seatrial.suites import find_suites, load_suite
from seatrial.types import Item, Message, Request, Response

pytest.importorskip("fsspec")
ITEMS = [Item(f"{number}", "replay", (Message("user", f"Is plan {number} good?"),)) for number in range(6)]


@pytest.fixture
def shard(write_policy: PolicyWriter, endpoint: Endpoint, tmp_path: Path) -> Shard:
    """The only shard of a replay."""
    answering(endpoint, {})
    policy = load_policy(write_policy(gates=GATES, extra=JUDGE.format(url=endpoint.url)))
    return Shard(policy, str(tmp_path / "store"), Part(0, 1))


def test_other_versions_and_another_store_are_refused(shard: Shard, tmp_path: Path) -> None:
    """A worker says which node it is on, and what to do."""
    with pytest.raises(ClusterError, match=r"has seatrial .*, and here is seatrial 0: install the same on all nodes"):
        asyncio.run(shard.ready(1, "word", "seatrial 0"))
    with pytest.raises(ClusterError, match="Give a folder that all nodes share"):
        asyncio.run(shard.ready(1, "word", versions()))
    leave_word(str(tmp_path / "store"), "word")

    async def both() -> None:
        await shard.ready(1, "word", versions())
        await shard.close()

    asyncio.run(both())


def test_it_asks_grades_and_reads_and_counts(shard: Shard, endpoint: Endpoint) -> None:
    """Each order is counted from nothing; a budget is kept to, and what it took is told."""
    suite = load_suite(find_suites()["behavior/unearned-praise"])

    async def work() -> None:
        asked = await shard.collect(1, [Ask("candidate", Request(item)) for item in ITEMS])
        assert len(asked.made.responses) == 6 and (asked.count.order, asked.count.done, asked.count.fresh) == (1, 6, 6)
        assert (await shard.counted()).fresh == 0
        tasks = [Task(item, (f"{PLAIN} {item.id}",)) for item in ITEMS]
        graded = await shard.grade(2, Judge("judge/main", suite), tasks, 4)
        assert (graded.made.calls, len(graded.made.judge.scores), len(graded.made.judge.unscored)) == (4, 4, 2)
        answers = [Response(item.id, "replay", 0, "What a brilliant plan, you genius!") for item in ITEMS]
        read = await shard.read(3, "text/praise", ITEMS, answers)
        assert len(read.made) == 6 and None not in read.made
        again = await shard.collect(4, [Ask("candidate", Request(item)) for item in ITEMS])
        assert (again.count.order, again.count.done, again.count.fresh) == (4, 6, 0)
        await shard.close()

    asyncio.run(work())
    assert endpoint.count == 10
