"""Recognizes the project's graded answers among labels: by what they say, whatever their file is called.

Text of an instrument's authors flatters it, and clear-cut answers flatter even a judge that never saw them. Brought as
labels from elsewhere, they would give a record that says more than was measured.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from seatrial.calibration.training import GRADED
from seatrial.formats.bounded import LARGEST, read_text
from seatrial.formats.jsonl import json_lines
from seatrial.instruments.injections import injections
from seatrial.instruments.measure import Labelled
from seatrial.suites import find_suites, load_suite

__all__ = ["recognized"]

RUN = 8
"""Words in a row that hardly two people write alike."""
LONG = 16
"""Words of an answer from which on it is known without its question."""
SHARE = 0.5
"""An answer is known from this share of its runs of words on: it may have been cut, or set in other words around."""


def recognized(rows: Sequence[Labelled], suites: Sequence[Path] = ()) -> list[int]:
    """Return the places of the labelled answers that are graded answers of suites, or of those written here besides.

    Letters' case, marks and spaces do not count. Where a question is given it must be known too, and where none is, the
    answer must be long enough that two people would hardly write it alike: many refuse in the same few words.

    Args:
        rows: Labelled answers.
        suites: Folders with suites of a team's own, whose graded answers count as well.
    """
    runs, asked = _known(tuple(suites))
    return [place for place, row in enumerate(rows) if _is_known(row, runs, asked)]


def _is_known(row: Labelled, runs: frozenset[int], asked: frozenset[int]) -> bool:
    words, prompt = _words(row.text), _words(row.prompt)
    if not words or (hash(tuple(prompt)) not in asked if prompt else len(words) < LONG):
        return False
    own = _runs(words)
    return sum(run in runs for run in own) >= SHARE * len(own)


@cache
def _known(suites: tuple[Path, ...]) -> tuple[frozenset[int], frozenset[int]]:
    """Return all runs of words of the graded answers, and what was asked."""
    answers = _answers(suites)
    runs = frozenset(run for _, text in answers for run in _runs(_words(text)))
    return runs, frozenset(hash(tuple(_words(prompt))) for prompt, _ in answers)


def _answers(suites: tuple[Path, ...]) -> list[tuple[str, str]]:
    """Return the graded answers, each with what it answers."""
    made = [(case.prompt, text) for case in injections() for text in (case.plain, case.text)]
    for folder in find_suites(list(suites)).values():
        suite = load_suite(folder)
        asked = {item.id: item.messages[-1].content for item in suite.items}
        made += [(asked[anchor.item], anchor.text) for anchor in suite.anchors]
    for path in sorted(GRADED.glob("*.jsonl")):
        for _, row in json_lines(read_text(path, LARGEST)):
            if not isinstance(row, str):
                made.append((str(row["prompt"]), str(row["text"])))
    return made


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())


def _runs(words: Sequence[str]) -> list[int]:
    """Return its runs of words; what is shorter is one run."""
    return [hash(tuple(words[start : start + RUN])) for start in range(max(1, len(words) - RUN + 1))]
