"""Whether the files of a review are those that its entry covers, and its reports what follows from them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from seatrial.errors import SeatrialError
from seatrial.formats.bounded import read_bytes, read_text
from seatrial.ledger import changes, covers
from seatrial.ledger.reviews import id_of, ids_of
from seatrial.report import ReviewResult
from seatrial.report.html import render_html
from seatrial.report.machine import decision_json, junit_xml
from seatrial.report.markdown import render_markdown
from seatrial.review.apply_waivers import with_entry, with_waivers
from seatrial.review.findings.provenance import versions
from seatrial.review.validity import day_of
from seatrial.review.verifying.entry_source import FoundEntry
from seatrial.review.verifying.steps import Step, step
from seatrial.review.verifying.written_policy import compare_policy

__all__ = ["files_step"]

NAME = "files"
REPORTS = ("report.html", "summary.md", "decision.json", "junit.xml")
"""What people and programs read of a review."""


def files_step(folder: Path, kept: ReviewResult, found: FoundEntry, day: date) -> tuple[Step, tuple[str, ...]]:
    """Return whether the files are those of the entry, and what could not be compared.

    Args:
        folder: The review's folder.
        kept: The review as `evidence.json` holds it.
        found: Its entry, which is there.
        day: On which reports may have been written again.
    """
    entry = found.entry
    assert entry is not None
    if not covers(entry):
        return Step(NAME, "not verified", ("The entry holds no hashes of files: an earlier version made it.",)), ()
    differs = changes(folder, entry)
    odd, told = _policy(folder / "policy.yaml", kept)
    differs += odd
    lacks: list[str] = []
    there = [name for name in REPORTS if (folder / name).exists()]
    others = _others(folder, there, kept, found, day)
    same = dict(kept.versions).get("seatrial") == dict(versions()).get("seatrial")
    if others and found.whole and same:
        differs += [f"{folder / name}: is not what evidence.json gives." for name in others]
    elif others and same:
        lacks.append(
            f"{', '.join(others)}: not what evidence.json gives, unless under a waiver: give its envelope (--envelope)."
        )
    elif others:
        told.append(f"Whether {', '.join(others)} follow from evidence.json: another version made them.")
    if lacking := [name for name in REPORTS if name not in there]:
        told.append(f"What {', '.join(lacking)} said: not in the folder.")
    names, agreeing = ", ".join(entry.body["files"]), [name for name in there if name not in others]
    held = f"{names} are what the entry covers; {', '.join(['policy.yaml', *agreeing])} agree with them."
    return step(NAME, differs, lacks, held), tuple(told)


def _policy(path: Path, kept: ReviewResult) -> tuple[list[str], list[str]]:
    """Return where the folder's policy differs from the reviewed one, and what it does not say by itself."""
    try:
        compared = compare_policy(read_text(path), kept.policy, str(path))
    except (OSError, UnicodeDecodeError) as error:
        return [f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}."], []
    except SeatrialError as error:
        return [str(error)], []
    return list(compared.differs), list(compared.told)


def _others(folder: Path, there: Sequence[str], kept: ReviewResult, found: FoundEntry, day: date) -> list[str]:
    """Return which of these reports are not what the review gives, under the waivers of its day or of this."""
    entry = found.entry
    assert entry is not None
    before, then = [one for one in found.entries if one.number < entry.number], day_of(entry) or date.min
    contents = [
        with_entry(with_waivers(kept, entries, ids_of(id_of(entry), found.entries), on), entry)
        for entries, on in ((before, then), (found.entries, day), (found.entries, then))
    ]
    made = {
        "report.html": [render_html(content) for content in contents],
        "summary.md": [render_markdown(content) for content in contents],
        "decision.json": [_as_json(content) for content in contents],
        "junit.xml": [junit_xml(content) for content in contents],
    }
    return [name for name in there if not _is_one_of(folder / name, made[name])]


def _as_json(content: ReviewResult) -> str:
    return json.dumps(decision_json(content), indent=2, ensure_ascii=False) + "\n"


def _is_one_of(path: Path, texts: Sequence[str]) -> bool:
    try:
        return read_bytes(path) in [text.encode("utf-8", "surrogatepass") for text in texts]
    except OSError:
        return False
