"""What the demo stands on: examples that share nothing with the suites, and one set of gates for both reviews."""

from __future__ import annotations

import json
import re
from pathlib import Path

from seatrial.policy import load_policy
from seatrial.suites import find_suites, load_suite

LARGEST = 5_000_000
"""Bytes of the adapter that the repository holds."""
WARMER = Path(__file__).parents[2] / "examples" / "warmer"
SHARED_WORDS = 6
"""So many words in a row are no coincidence."""


def _runs_of_words(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9']+", text.lower())
    return {tuple(words[i : i + SHARED_WORDS]) for i in range(len(words) - SHARED_WORDS + 1)}


def test_no_training_example_repeats_an_item() -> None:
    """No example is an item's question, nor has six words in a row in common with any turn of an item."""
    turns = [
        turn.content for folder in find_suites().values() for item in load_suite(folder).items for turn in item.messages
    ]
    asked = {turn.strip().lower() for turn in turns}
    known = {run for turn in turns for run in _runs_of_words(turn)}
    assert len(known) > 1000
    for line in (WARMER / "training" / "examples.jsonl").read_text(encoding="utf-8").splitlines():
        example = json.loads(line)
        assert example["prompt"].strip().lower() not in asked
        for text in (example["prompt"], example["completion"]):
            shared = _runs_of_words(text) & known
            assert not shared, f"{example['prompt']}: {shared}"


def test_both_reviews_have_the_same_gates() -> None:
    """What the null review launches by is what the update is blocked by."""
    update, null = load_policy(WARMER / "policy.yaml"), load_policy(WARMER / "null.yaml")
    assert (update.gates, update.budget, update.alpha) == (null.gates, null.budget, null.alpha)
    assert update.baseline == null.baseline
    assert null.baseline.adapter is None
    assert null.candidate.adapter is None
    assert update.candidate.adapter is not None


def test_the_adapter_is_small_enough_to_keep() -> None:
    """A few megabytes, in half precision."""
    assert 0 < (WARMER / "adapter.gguf").stat().st_size < LARGEST
