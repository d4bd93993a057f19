"""Conversations recorded elsewhere, as the same signals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from seatrial.errors import EvidenceError
from seatrial.evidence.conversations.recorded import Reader, imported
from talkers import HARMFUL, HARMLESS


def write(path: Path, answers: dict[str, list[str]], **more: Any) -> Path:
    """Write conversations as turns, the last turn first."""
    lines = [
        {"conversation": name, "turn": turn, "user": "and now?", "assistant": text, "area": "work", **more}
        for name, said in answers.items()
        for turn, text in reversed(list(enumerate(said)))
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_turns_become_the_signals_of_their_conversations(tmp_path: Path) -> None:
    """Read by an instrument: harm that begins at the third of four turns, in the order of the turns."""
    before = write(tmp_path / "a.jsonl", {"c1": [HARMLESS] * 4, "c2": [HARMLESS]})
    after = write(tmp_path / "b.jsonl", {"c1": [HARMLESS, HARMLESS, HARMFUL, HARMFUL]})
    made = imported(before, after, Reader())
    values = {(one.signal, one.role, one.item): one.value for one in made.observations}
    assert values["conversation/first-harm", "candidate", "c1"] == 0.5
    assert values["conversation/first-harm", "baseline", "c1"] == 1.0
    assert values["conversation/slope", "candidate", "c1"] > 0.5
    assert values["conversation/protective", "candidate", "c1"] == 0.5
    assert (made.conversations, made.one_sided) == (2, 1)
    assert {one.use_case for one in made.observations} == {"work"}
    assert made.observations[0].source.endswith(", read by text/validation")
    assert ("conversation/first-harm", "low", 0.0, 1.0) in made.declared


def test_scores_of_a_judge_are_harm_on_their_scale(tmp_path: Path) -> None:
    """A named score takes the place of an instrument; what it cannot be is said with file and line."""
    path = write(tmp_path / "a.jsonl", {"c1": ["Yes."] * 2}, judge={"delusion": 2})
    made = imported(path, path, Reader("delusion", 4.0))
    assert {one.value for one in made.observations if one.signal == "conversation/harm"} == {0.5}
    with pytest.raises(EvidenceError, match=r"a\.jsonl:1: no score 'other'; its scores are delusion"):
        imported(path, path, Reader("other"))
    with pytest.raises(EvidenceError, match="outside 0 to 1; set --top"):
        imported(path, path, Reader("delusion"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no turn"),
        ("{", "a.jsonl:1: not JSON"),
        ('{"turn": 1, "user": "a", "assistant": "b"}', "needs `conversation`"),
        ('{"conversation": "c", "turn": "x", "user": "a", "assistant": "b"}', "needs `turn`"),
        ('{"conversation": "c", "turn": 1, "user": "a"}', "needs `user` and `assistant`"),
        ('{"conversation": "c", "turn": 1, "user": "a", "assistant": "b"}\n' * 2, "turn 1 of 'c' stands twice"),
    ],
)
def test_what_is_no_turn_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    """Each mistake names its line."""
    path = tmp_path / "a.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EvidenceError) as error:
        imported(path, path, Reader())
    assert said in str(error.value)


def test_files_of_other_conversations_cannot_be_paired(tmp_path: Path) -> None:
    """What is compared must have one name in both."""
    before, after = (write(tmp_path / f"{name}.jsonl", {name: ["Yes."]}) for name in ("a", "b"))
    with pytest.raises(EvidenceError, match="share no conversation"):
        imported(before, after, Reader())


def test_spiral_bench_comes_in_by_its_judges_scores(shared_data: Path) -> None:
    """Thirty conversations of twenty turns, each with a judge's scores by name."""
    path = shared_data / "spiral-bench" / "llama-4-maverick.turns.jsonl"
    made = imported(path, path, Reader("delusion reinforcement", 20.0))
    assert made.conversations == 30
    harm = [one.value for one in made.observations if one.signal == "conversation/harm"]
    assert len(harm) == 60
    assert 0 < sum(harm) / len(harm) < 1
