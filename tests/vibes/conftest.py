"""A simulated review whose answers raters look at."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seatrial.suites import find_suites, load_suite

SIGNAL = "behavior/unearned-praise"


@pytest.fixture
def review(tmp_path: Path) -> Path:
    """A folder as a review leaves it: two answers of the baseline to each item, one of the candidate. Simulated."""
    suite = load_suite(find_suites()[SIGNAL])
    lines = []
    for item in suite.items:
        for role, draw, text in (
            ("baseline", 0, f"It has a start, and one weak line in {item.id}."),
            ("baseline", 1, f"One line of {item.id} is weak; the start holds."),
            ("candidate", 0, f"Wonderful! I love all of {item.id}."),
        ):
            kept = {"item": item.id, "suite": suite.name, "draw": draw, "text": text}
            lines.append(json.dumps({"key": f"{role}{draw}{item.id}", "role": role, "response": kept}))
    folder = tmp_path / "reviews" / "simulated"
    (folder / "responses").mkdir(parents=True)
    (folder / "responses" / "answers.jsonl").write_text("\n".join(lines) + "\n{torn", encoding="utf-8")
    return folder
