"""The files of a finished review: written together, read back to render again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from seatrial.errors import StoreError
from seatrial.formats.bounded import read_bytes
from seatrial.formats.json_values import with_words
from seatrial.formats.whole_files import why_not, write_whole
from seatrial.policy import LaunchPolicy
from seatrial.report.html import render_html
from seatrial.report.machine import decision_json, junit_xml
from seatrial.report.markdown import render_markdown
from seatrial.report.pairs import render_pairs
from seatrial.report.result import AnswerPair, PairsPage, ReviewResult

__all__ = ["load_result", "reviewed_policy", "save_result", "write_pairs", "write_reports"]

EVIDENCE = "evidence.json"
PAIRS = "pairs"
"""Folder of the pages that hold all pairs of answers."""


def write_reports(content: ReviewResult, folder: Path) -> None:
    """Write `report.html`, `summary.md`, `junit.xml` and `decision.json` into the review's folder.

    Raises:
        StoreError: a file cannot be written.
    """
    write_whole(folder / "report.html", render_html(content), StoreError)
    write_whole(folder / "summary.md", render_markdown(content), StoreError)
    write_whole(folder / "junit.xml", junit_xml(content), StoreError)
    machine = json.dumps(decision_json(content), indent=2, ensure_ascii=False)
    write_whole(folder / "decision.json", machine + "\n", StoreError)


def write_pairs(
    content: ReviewResult, pairs: Iterable[tuple[str, list[AnswerPair]]], folder: Path
) -> tuple[PairsPage, ...]:
    """Write a page of all pairs of answers for each signal in place of earlier ones, and return which there are.

    Args:
        content: The review, for its name and its titles.
        pairs: Signals, each with its pairs.
        folder: The review's folder.

    Raises:
        StoreError: a page cannot be written.
    """
    pages = []
    try:
        (folder / PAIRS).mkdir(exist_ok=True)
        for earlier in (folder / PAIRS).glob("[0-9][0-9]*-*.html"):
            earlier.unlink()
    except OSError as error:
        raise StoreError(f"{folder / PAIRS}: cannot be written: {why_not(error)}") from error
    for number, (signal, found) in enumerate(pairs, 1):
        file = f"{PAIRS}/{number:02}-{signal.replace('/', '-')}.html"
        write_whole(folder / file, render_pairs(content, signal, found), StoreError)
        pages.append(PairsPage(signal, len(found), file))
    return tuple(pages)


def save_result(content: ReviewResult, folder: Path, ends: str = "") -> None:
    """Write everything that the report shows as `evidence.json`, but for its entry in the ledger, which covers it.

    Args:
        content: The review.
        folder: Its folder.
        ends: What the file's name ends in beside.

    Raises:
        StoreError: the file cannot be written.
    """
    raw = _adapter().dump_python(replace(content, entry=None), mode="python")
    write_whole(
        folder / f"{EVIDENCE}{ends}", json.dumps(with_words(raw), indent=1, ensure_ascii=False) + "\n", StoreError
    )


def load_result(folder: Path) -> ReviewResult:
    """Return what `save_result` wrote.

    Raises:
        StoreError: there is no finished review in the folder, or its file was changed by hand.
    """
    path = folder / EVIDENCE
    try:
        return _adapter().validate_json(read_bytes(path))
    except (FileNotFoundError, NotADirectoryError):
        raise StoreError(f"{folder}: no finished review here; run `seatrial review` first") from None
    except (OSError, ValidationError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise StoreError(f"{path}: cannot be read back: {why}") from error


def reviewed_policy(folder: Path) -> LaunchPolicy | None:
    """Return the policy of the finished review in a folder; None where there is none."""
    return load_result(folder).policy if (folder / EVIDENCE).exists() else None


@cache
def _adapter() -> TypeAdapter[ReviewResult]:
    """Return what reads and writes a result; it takes longer to make than a result takes to read."""
    return TypeAdapter(ReviewResult)
