"""What a review's evidence says, read from files that the ledger covers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conftest import enter
from results import BLOCK, HOLD, LAUNCH, LIKELY
from seatrial.errors import LedgerError, StoreError
from seatrial.report import ReviewResult, save_result
from seatrial.report.result import Named, PairsPage
from seatrial.team.standing import standing_of


def _folder(tmp_path: Path, content: ReviewResult) -> Path:
    folder = tmp_path / "reviews" / "coach"
    folder.mkdir(parents=True)
    save_result(content, folder)
    return folder


@pytest.mark.parametrize("content", [LAUNCH, HOLD, BLOCK, LIKELY])
def test_it_says_what_the_decision_says(tmp_path: Path, content: ReviewResult) -> None:
    """Every gate with its numbers, None where nothing was measured; what is in the way, and what no waiver lifts."""
    folder = _folder(tmp_path, content)
    found = standing_of(folder, enter(folder))
    decision = content.decision
    assert (found.outcome, set(found.in_the_way)) == (decision.outcome, set(decision.in_the_way))
    assert found.likely == (content is LIKELY) and found.beyond == bool(decision.severe or decision.at_a_glance)
    assert {one.signal: one.verdict for one in found.gates} == {one.signal: one.verdict for one in decision.verdicts}
    assert all(one.estimate is None or one.estimate == one.estimate for one in found.gates)
    advised = [
        one.signal for one in decision.verdicts if not one.blocking and (one.verdict == "fail" or one.harm_likely)
    ]
    assert list(found.breaches) == advised


def test_a_rating_is_called_what_people_did(tmp_path: Path) -> None:
    """`vibe/off` alone would be called “Off”, which tells a reader nothing."""
    verdicts = (replace(LAUNCH.decision.verdicts[0], signal="vibe/off"),)
    content = replace(LAUNCH, decision=replace(LAUNCH.decision, verdicts=verdicts))
    spots, named = ("Few answers in vibe/off.",), (Named("vibe/off", "Off", "rate"),)
    folder = _folder(tmp_path, replace(content, blind_spots=spots, named=named))
    found = standing_of(folder, enter(folder))
    assert [one.title for one in found.gates] == ["Found off by raters"]
    assert found.blind_spots == ("Few answers in Found off by raters.",)


def test_a_changed_file_says_nothing(tmp_path: Path) -> None:
    """Evidence that its entry does not cover is refused, and so is a folder without any."""
    folder = _folder(tmp_path, LAUNCH)
    entry = enter(folder)
    (folder / "evidence.json").write_text(
        (folder / "evidence.json").read_text("utf-8").replace("launch", "block"), "utf-8"
    )
    with pytest.raises(LedgerError, match="was changed"):
        standing_of(folder, entry)
    empty = tmp_path / "reviews" / "empty"
    empty.mkdir()
    with pytest.raises(StoreError, match="no finished review"):
        standing_of(empty, enter(empty))


def test_a_page_that_leads_elsewhere_is_none(tmp_path: Path) -> None:
    """Of the pages that evidence names, those that climb out of the folder are left out."""
    pages = (PairsPage("a", 1, "pairs/01-a.html"), PairsPage("b", 1, "../../secret.html"))
    folder = _folder(tmp_path, replace(LAUNCH, pages=pages))
    assert standing_of(folder, enter(folder)).pages == ("pairs/01-a.html",)
