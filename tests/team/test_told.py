"""What a ledger's entries tell, sorted by what they are about."""

from __future__ import annotations

from pathlib import Path

from benchmarks.team_history import history

from seatrial.ledger import Entry
from seatrial.team.told import Told


def test_reading_on_is_as_good_as_reading_all(tmp_path: Path) -> None:
    """Entry by entry or all at once: the same is told."""
    entries = history(tmp_path / "reviews", 4).verify()
    whole, grown = Told(), Told()
    whole.add(entries)
    for entry in entries:
        grown.add([entry])
    assert whole == grown
    assert [one.name for _, one in whole.releases] == ["2026-07", "2026-08", "2026-09", "2026-10"]
    assert list(whole.decisions)[-1] == "support-next"
    assert set(whole.incidents) == {"2026-08", "2026-10"} and set(whole.roll_backs) == {"2026-08"}


def test_what_this_program_would_not_write_tells_nothing() -> None:
    """Bodies of other shapes, from another program or a hand: no line, and no traceback."""
    told, odd = Told(), [{}, {"folder": 3}, {"release": ["x"]}, {"of": {}}, {"review": "r", "expires": "never"}]
    kinds = (
        "decision",
        "sign-off",
        "waiver",
        "override",
        "release",
        "incident",
        "roll-back",
        "forecast",
        "training",
        "check",
    )
    entries = [Entry(1, "now", kind, "ann", body, "", "") for kind in kinds for body in odd]  # type: ignore[arg-type]
    told.add(entries)
    assert not any((told.decisions, told.sign_offs, told.releases, told.incidents, told.roll_backs, told.waivers))
    assert len(told.entries) == len(entries)
