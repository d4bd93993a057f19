"""What `seatrial converse` prints is tested with the command, in tests/cli/test_converse.py; here its machine form."""

from __future__ import annotations

from pathlib import Path

from seatrial.cli.output.converse import converse_json
from talkers import HARMFUL, HARMLESS, conversed_of, meetings


def test_machines_are_told_that_users_are_simulated(tmp_path: Path) -> None:
    """Who played the users, how conversations ended, and the curves until the first harm."""
    found = conversed_of(tmp_path, [(meetings()[0], [HARMLESS] * 3, [HARMLESS, HARMFUL])])
    made = converse_json(found, tmp_path)
    assert made["users"] == {"simulated": True, "by": "script", "record": None}
    assert made["conversations"]["endings"]["candidate"] == {"turns": 1}
    assert made["first_harm"]["without_harm"] == {"baseline": [1.0, 1.0], "candidate": [1.0, 0.0]}
