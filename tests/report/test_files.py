"""The files of a finished review."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from results import BLOCK, HOLD, LAUNCH, RESULTS
from seatrial.errors import StoreError
from seatrial.report import load_result, reviewed_policy, save_result, write_pairs, write_reports

FILES = {"report.html", "summary.md", "junit.xml", "decision.json"}


@pytest.mark.parametrize("name", RESULTS)
def test_the_files_are_written_together(name: str, tmp_path: Path) -> None:
    """Four files, each readable as what it is, nothing beside them, and written again alike."""
    write_reports(RESULTS[name], tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(before) == FILES
    assert json.loads(before["decision.json"])["status"] == name
    assert ElementTree.fromstring(before["junit.xml"]).tag == "testsuites"
    write_reports(RESULTS[name], tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def _same(one: Any, two: Any) -> bool:
    """Return whether two results say the same, NaN being the same as NaN."""
    return repr(one) == repr(two)


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_is_read_back_as_it_was(name: str, tmp_path: Path) -> None:
    """NaN, infinities, paths, empty tuples and hostile text survive, and the file is strict JSON."""
    save_result(RESULTS[name], tmp_path)

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    json.loads((tmp_path / "evidence.json").read_text(encoding="utf-8"), parse_constant=refuse)
    assert _same(load_result(tmp_path), RESULTS[name])
    assert reviewed_policy(tmp_path) == RESULTS[name].policy


def test_every_report_of_what_was_read_back_is_the_same(tmp_path: Path) -> None:
    """`seatrial report` on a finished review changes no byte of its files."""
    (tmp_path / "again").mkdir()
    save_result(BLOCK, tmp_path)
    write_reports(BLOCK, tmp_path)
    write_reports(load_result(tmp_path), tmp_path / "again")
    for name in FILES:
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / name).read_bytes()


def test_half_a_character_ends_no_report(tmp_path: Path) -> None:
    """A model's broken letter is replaced in the files that people read and costs nothing else."""
    broken = replace(BLOCK, examples=(replace(BLOCK.examples[0], candidate="Fine \ud83d \x00 end"),))
    write_reports(broken, tmp_path)
    assert "Fine ? " in (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert "?" in (tmp_path / "report.html").read_text(encoding="utf-8")
    save_result(broken, tmp_path)
    assert load_result(tmp_path).examples[0].candidate.startswith("Fine ")


def test_a_folder_without_a_review_says_so(tmp_path: Path) -> None:
    """There is no policy in it, and nothing to render."""
    assert reviewed_policy(tmp_path) is None
    with pytest.raises(StoreError, match="no finished review here; run `seatrial review` first"):
        load_result(tmp_path)


@pytest.mark.parametrize("text", ["", "{}", "[1]", "{broken", '{"policy": 1}'])
def test_a_file_changed_by_hand_is_refused(tmp_path: Path, text: str) -> None:
    """What no longer holds a review is named, and no report is made of it."""
    (tmp_path / "evidence.json").write_text(text, encoding="utf-8")
    with pytest.raises(StoreError, match=r"evidence\.json: cannot be read back"):
        load_result(tmp_path)


@pytest.mark.parametrize("place", [("status",), ("decision", "outcome"), ("decision", "verdicts", 0, "verdict")])
def test_a_word_that_is_no_verdict_is_refused(tmp_path: Path, place: tuple[str | int, ...]) -> None:
    """A status edited into a word of one's own does not come through."""
    save_result(LAUNCH, tmp_path)
    path = tmp_path / "evidence.json"
    whole = json.loads(path.read_text(encoding="utf-8"))
    part: Any = whole
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = "fine"
    path.write_text(json.dumps(whole), encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be read back"):
        load_result(tmp_path)


def test_a_place_that_cannot_be_written_keeps_what_was_there(tmp_path: Path) -> None:
    """Where a file cannot be replaced the message names it, and the one before it is whole."""
    write_reports(LAUNCH, tmp_path)
    (tmp_path / "summary.md").unlink()
    (tmp_path / "summary.md").mkdir()
    before = (tmp_path / "decision.json").read_bytes()
    with pytest.raises(StoreError, match=r"summary\.md: cannot be written"):
        write_reports(HOLD, tmp_path)
    assert (tmp_path / "decision.json").read_bytes() == before
    with pytest.raises(StoreError, match=r"evidence\.json: cannot be written"):
        save_result(HOLD, tmp_path / "nowhere")


def test_pages_of_pairs_take_the_place_of_earlier_ones(tmp_path: Path) -> None:
    """One a signal, whose place the report knows; what an earlier run wrote of other gates is gone."""
    first, second, _ = BLOCK.examples
    pages = write_pairs(BLOCK, [("behavior/old", [first, second]), (first.signal, [first])], tmp_path)
    assert [page.pairs for page in pages] == [2, 1]
    assert all((tmp_path / page.file).is_file() for page in pages)
    (page,) = write_pairs(BLOCK, [(first.signal, [first])], tmp_path)
    assert [path.name for path in (tmp_path / "pairs").iterdir()] == [Path(page.file).name]
    write_reports(replace(BLOCK, pages=(page,)), tmp_path)
    assert f'href="{page.file}"' in (tmp_path / "report.html").read_text("utf-8")
    (tmp_path / "pairs" / Path(page.file).name).unlink()
    (tmp_path / "pairs").rmdir()
    (tmp_path / "pairs").write_text("no folder")
    with pytest.raises(StoreError, match="pairs: cannot be written"):
        write_pairs(BLOCK, [], tmp_path)


def test_a_file_is_no_folder_of_a_review(tmp_path: Path) -> None:
    """Given the log instead of the report's folder, the next step is named and no number of an error."""
    (tmp_path / "log.json").write_text("{}", encoding="utf-8")
    with pytest.raises(StoreError, match="no finished review here"):
        load_result(tmp_path / "log.json")
