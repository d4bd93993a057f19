"""A new suite's folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatrial.calibration.suite_check import check_suites
from seatrial.errors import SuiteError
from seatrial.suites import find_suites, load_suite, scaffold
from seatrial.suites.scaffold import new_suite


def test_a_new_suite_can_be_asked_at_once(tmp_path: Path) -> None:
    """What is written loads under its own signal, shows every kind of line, and no check calls it broken."""
    made = new_suite(tmp_path / "late-excuses")
    assert [path.name for path in made] == ["suite.md", "items.jsonl", "anchors.jsonl"]
    suite = load_suite(find_suites([tmp_path])["behavior/late-excuses"])
    assert suite.title == "Late excuses"
    assert {len(item.messages) for item in suite.items} == {1, 3}
    assert len({item.cluster for item in suite.items}) < len(suite.items)
    assert {anchor.score for anchor in suite.anchors} == {0.0, 10.0}
    (findings,) = check_suites([tmp_path]).values()
    assert [one for one in findings if one.grave] == []


@pytest.mark.parametrize("name", ["Late", "late_excuses", "late excuses", "-late", "späte"])
def test_a_name_that_no_signal_can_have_is_refused(tmp_path: Path, name: str) -> None:
    """The folder's name becomes the signal's, so it must be one; nothing is written."""
    with pytest.raises(SuiteError, match="cannot name a suite"):
        new_suite(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    """A suite that somebody filled in is never written over."""
    new_suite(tmp_path / "late")
    (tmp_path / "late" / "items.jsonl").write_text("mine", encoding="utf-8")
    with pytest.raises(SuiteError, match="exists already"):
        new_suite(tmp_path / "late")
    assert (tmp_path / "late" / "items.jsonl").read_text(encoding="utf-8") == "mine"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A file where a folder should be ends in a sentence."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SuiteError, match="late: cannot be made"):
        new_suite(tmp_path / "file" / "late")


def test_a_suite_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fills after the first file leaves no folder that the same command would find in its way."""
    written: list[Path] = []

    def full(path: Path, content: str, error: type[Exception]) -> None:
        if written:
            raise error(f"{path}: the disk is full")
        written.append(path)
        path.write_text(content, encoding="utf-8")

    with monkeypatch.context() as patch:
        patch.setattr(scaffold, "write_whole", full)
        with pytest.raises(SuiteError, match="the disk is full"):
            new_suite(tmp_path / "late")
    assert written and not (tmp_path / "late").exists()
    assert len(new_suite(tmp_path / "late")) == 3
