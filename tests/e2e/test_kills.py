"""Work that is killed at any operation on a file leaves nothing dead, doubled, lost or asked for twice.

A few kills of each kind; `python -m benchmarks.kills review 100` kills at many more operations.
"""

from __future__ import annotations

import sys

import pytest
from benchmarks.kills import Kills, run_afresh

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")


@pytest.mark.parametrize(("job", "kills", "at_least"), [("entry", 20, 15), ("rating", 3, 15), ("review", 3, 120)])
def test_a_kill_leaves_nothing_to_mend(job: str, kills: int, at_least: int) -> None:
    """Ledger and database can be used, what was acknowledged is there once, and the decision is the same."""
    found = run_afresh(job, kills)
    assert found == Kills(found.operations, kills)
    assert found.operations >= at_least
