"""Votes brought from elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from conftest import DATA, Command
from seatrial.errors import EvidenceError
from seatrial.evidence.vibes import Vote, crowd_of, read_votes, to_observations

LLMFAO = DATA / "llmfao" / "crowd-comparisons.csv"


@pytest.mark.skipif(not LLMFAO.exists(), reason="third-party data not present")
def test_the_public_crowd_is_what_it_is_known_to_be(seatrial: Command) -> None:
    """8,931 votes by 124 workers: kappa about .29, 39 % ties, the left side favored, and each worker's reliability."""
    done = seatrial("vibe", "import", LLMFAO, "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert (found["votes"], found["raters"], found["items"]) == (8931, 124, 2139)
    assert found["kappa"] == pytest.approx(0.29, abs=0.005)
    assert found["ties"] == pytest.approx(0.389, abs=0.001)
    assert found["left"]["low"] > 0.5
    assert len(found["workers"]) == 124
    assert sum(worker["doubtful"] for worker in found["workers"]) > 5
    assert "the left side wins more often" in seatrial("vibe", "import", LLMFAO).out


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


def test_who_votes_without_looking_is_doubtful() -> None:
    """Four raters see which side is better, one always says left: that one agrees by chance only."""
    found = crowd_of(_votes({"a": "good", "b": "good", "c": "good", "d": "good", "lazy": "left"}))
    doubtful = [worker.rater for worker in found.workers if worker.doubtful]
    assert doubtful == ["lazy"]
    assert next(worker for worker in found.workers if worker.rater == "lazy").left == 1.0


def test_raters_who_guess_show_no_agreement() -> None:
    """Simulated guessing gives a kappa of nothing, no side bias, and hardly anyone above chance."""
    rng = np.random.default_rng(4)
    sides = ("left", "right", "tie")
    votes = [
        Vote(f"r{rater}", f"i{item}", sides[rng.integers(3)])  # type: ignore[arg-type]
        for rater in range(12)
        for item in range(60)
    ]
    found = crowd_of(votes)
    assert abs(found.kappa) < 0.05
    assert not found.side_bias
    assert sum(not worker.doubtful for worker in found.workers) <= 3


def test_observations_name_the_preferred() -> None:
    """1 for the preferred model, ½ each for a tie, pairs of a prompt in one cluster; other models are left out."""
    votes = [
        Vote("r", "p1", "left", "new", "old", "prompt 1"),
        Vote("s", "p1", "tie", "old", "new", "prompt 1"),
        Vote("r", "p2", "right", "old", "third", "prompt 2"),
    ]
    made = to_observations(votes, "old", "new")
    assert [(one.role, one.value) for one in made] == [
        ("baseline", 0.0), ("candidate", 1.0), ("baseline", 0.5), ("candidate", 0.5)
    ]  # fmt: skip
    assert {one.cluster for one in made} == {"prompt 1"}
    with pytest.raises(EvidenceError, match="there are new, old, third"):
        to_observations(votes, "old", "nobody")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no votes"),
        ("rater,item\nr,1\n", "no column for the vote"),
        ("rater,item,vote\nr,1,up\n", "the vote 'up' is no side"),
        ("rater,item,vote\nr,1,left\nr,1,right\n", "voted on the pair 1 in row 2 already"),
        ("rater,item,vote\n,1,left\n", "the rater or the pair is missing"),
        ("rater,item,vote\nr,1\n", "not as many fields"),
    ],
)
def test_wrong_votes_are_refused_with_their_place(tmp_path: Path, text: str, words: str) -> None:
    """A missing column, a word that is no side, a doubled vote: the row and the mend."""
    path = tmp_path / "votes.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EvidenceError, match=words):
        read_votes(path)


def test_evidence_needs_both_models(seatrial: Command, tmp_path: Path) -> None:
    """Where the evidence should go without saying whose, is refused; JSON Lines and other column names are read."""
    path = tmp_path / "votes.jsonl"
    rows = [{"who": f"r{n}", "pair": str(m), "pick": "a"} for n in range(2) for m in range(3)]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    named = ("--column", "rater=who", "--column", "item=pair", "--column", "vote=pick")
    assert seatrial("vibe", "import", path, *named).code == 0
    lost = seatrial("vibe", "import", path, *named, "--out", tmp_path / "x.parquet")
    assert lost.code == 2
    assert "go together" in lost.err


def test_a_column_is_found_in_whatever_row_it_first_stands(tmp_path: Path) -> None:
    """Sides that only a later line names are read; a mapping for what no vote has is refused, not passed over."""
    path = tmp_path / "votes.jsonl"
    rows = [{"rater": "r", "item": 1, "vote": "a"}, {"rater": "r", "item": 2, "vote": "b", "left": "x", "right": "y"}]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert [(vote.item, vote.vote, vote.left) for vote in read_votes(path)] == [("1", "left", ""), ("2", "right", "x")]
    with pytest.raises(EvidenceError, match="not for 'raters'"):
        read_votes(path, {"raters": "rater"})
