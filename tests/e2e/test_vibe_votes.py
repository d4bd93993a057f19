"""Votes brought from elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import DATA, Command
from seatrial.errors import EvidenceError
from seatrial.evidence.vibes import Vote, read_votes

LLMFAO = DATA / "llmfao" / "crowd-comparisons.csv"


@pytest.mark.skipif(not LLMFAO.exists(), reason="third-party data not present")
def test_votes_between_two_models_decide_a_gate(seatrial: Command, tmp_path: Path) -> None:
    """The votes on two models become evidence of `vibe/preference`, and a review of that evidence alone decides."""
    votes = read_votes(LLMFAO)
    pairs: dict[tuple[str, str], int] = {}
    for vote in votes:
        key = (min(vote.left, vote.right), max(vote.left, vote.right))
        pairs[key] = pairs.get(key, 0) + 1
    first, second = max(pairs, key=pairs.__getitem__)
    out = tmp_path / "votes.parquet"
    done = seatrial("vibe", "import", LLMFAO, "--baseline", first, "--candidate", second, "--out", out)
    assert done.code == 0, done.err
    assert out.exists()
    assert f"{2 * pairs[first, second]:,} observations" in done.out


def _votes(choose: dict[str, str], items: int = 30) -> list[Vote]:
    return [
        Vote(rater, f"i{number}", side if side != "good" else ("left" if number % 2 else "right"))  # type: ignore[arg-type]
        for rater, side in choose.items()
        for number in range(items)
    ]


def test_a_column_is_found_in_whatever_row_it_first_stands(tmp_path: Path) -> None:
    """Sides that only a later line names are read; a mapping for what no vote has is refused, not passed over."""
    path = tmp_path / "votes.jsonl"
    rows = [{"rater": "r", "item": 1, "vote": "a"}, {"rater": "r", "item": 2, "vote": "b", "left": "x", "right": "y"}]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert [(vote.item, vote.vote, vote.left) for vote in read_votes(path)] == [("1", "left", ""), ("2", "right", "x")]
    with pytest.raises(EvidenceError, match="not for 'raters'"):
        read_votes(path, {"raters": "rater"})
