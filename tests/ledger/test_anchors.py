"""A hash kept elsewhere shows an older copy of the ledger, or one that was written anew."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.test_entries import chain
from seatrial.errors import LedgerError
from seatrial.ledger.anchors import Anchor, anchors_in, check_anchors, write_anchor


def test_anchors_are_added_to_a_file(tmp_path: Path) -> None:
    """Each is a line after what the file holds, and each holds what stood in the ledger then."""
    place = tmp_path / "anchors.txt"
    place.write_text("kept by the auditors")
    entries = chain(4)
    assert write_anchor(entries[:2], str(place)) == Anchor(2, entries[1].hash, str(place))
    write_anchor(entries, str(place))
    assert place.read_text() == (
        f"kept by the auditors\nseatrial-ledger 2 {entries[1].hash}\nseatrial-ledger 4 {entries[3].hash}\n"
    )
    found = anchors_in(str(place))
    assert [one.number for one in found] == [2, 4]
    check_anchors(entries, found, "ledger")
    check_anchors(chain(6), found, "ledger")


def test_an_older_copy_and_a_new_history_are_found(tmp_path: Path) -> None:
    """Both verify by themselves; the anchor says that they are not what stood there."""
    entries = chain(4)
    anchors = [write_anchor(entries, str(tmp_path / "a"))]
    with pytest.raises(LedgerError, match=r"ledger: ends at entry 3, and .* holds that there were 4: it is an older"):
        check_anchors(entries[:3], anchors, "ledger")
    forged = replace(entries[3], author="eve")
    anew = [*entries[:3], replace(forged, hash=forged.recomputed())]
    with pytest.raises(
        LedgerError, match=r"ledger:4: entry 4 is not the one that .* holds: the ledger was written anew"
    ):
        check_anchors(anew, anchors, "ledger")


def test_a_git_tag_holds_an_anchor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new tag a time; one that is there already, or no repository, is git's own words."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LedgerError, match="git tag: fatal: not a git repository"):
        write_anchor(chain(2), "git-tag:one")
    for name in ("NAME", "EMAIL"):
        monkeypatch.setenv(f"GIT_AUTHOR_{name}", "ann@example.org")
        monkeypatch.setenv(f"GIT_COMMITTER_{name}", "ann@example.org")
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "first"]):
        subprocess.run(["git", *words], check=True)
    write_anchor(chain(2), "git-tag:one")
    assert anchors_in("git-tag:one") == [Anchor(2, chain(2)[1].hash, "git-tag:one")]
    with pytest.raises(LedgerError, match="git tag: fatal: tag 'one' already exists"):
        write_anchor(chain(3), "git-tag:one")
    with pytest.raises(LedgerError, match="git-tag:two: holds no anchor"):
        anchors_in("git-tag:two")


def test_what_holds_no_anchor_is_no_proof(tmp_path: Path) -> None:
    """Nothing to anchor, nothing to read, or another text: each is said."""
    with pytest.raises(LedgerError, match="holds no entry yet"):
        write_anchor([], str(tmp_path / "a"))
    with pytest.raises(LedgerError, match="cannot be read"):
        anchors_in(str(tmp_path / "none"))
    (tmp_path / "a").write_text(f"seatrial-ledger 0 {'0' * 64}\nseatrial-ledger 3 abc\n")
    with pytest.raises(LedgerError, match="holds no anchor; `seatrial ledger anchor"):
        anchors_in(str(tmp_path / "a"))
    with pytest.raises(LedgerError, match="cannot be written"):
        write_anchor(chain(1), str(tmp_path / "deep" / "a"))
