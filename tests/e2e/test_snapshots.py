"""What people and machines get of three fixed results, kept whole beside this file.

After a change that was meant, look at what differs and keep it: `pytest tests/e2e/test_snapshots.py --snapshot-update`.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from results import LIKELY, OUTLOOKS, RESULTS
from seatrial.cli.options import print_json
from seatrial.cli.output.plan import outlook_summary
from seatrial.cli.output.review import summary
from seatrial.gates.plan_page import render_outlook
from seatrial.report import write_reports
from seatrial.report.machine import decision_json
from seatrial.report.plain import title_of

FOLDER = Path("reviews/support-1f2e3d4c")
ALL = {**RESULTS, "likely": LIKELY}


class _Text(SingleFileSnapshotExtension):
    """One file of text a test."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


class _Page(_Text):
    file_extension = "html"


class _Markdown(_Text):
    file_extension = "md"


class _Json(_Text):
    file_extension = "json"


def _without_style(page: str) -> str:
    """Return a page without its style sheet, which is one file for all pages and would hide what is said."""
    made, count = re.subn(r"<style>.*?</style>", "<style>…</style>", page, flags=re.DOTALL)
    assert count == 1
    return made


@pytest.mark.parametrize("name", ALL)
def test_report(name: str, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    """The page that a person signs is the page that was looked at."""
    write_reports(ALL[name], tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert _without_style(page) == snapshot(extension_class=_Page)


@pytest.mark.parametrize("name", ALL)
def test_summary(name: str, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    """The comment on a pull request is the one that was looked at."""
    write_reports(ALL[name], tmp_path)
    assert (tmp_path / "summary.md").read_text(encoding="utf-8") == snapshot(extension_class=_Markdown)


@pytest.mark.parametrize("name", ALL)
def test_terminal(name: str, snapshot: SnapshotAssertion) -> None:
    """What `seatrial review` prints is what was looked at."""
    assert summary(ALL[name], FOLDER) == snapshot(extension_class=_Text)


@pytest.mark.parametrize("name", ALL)
def test_json(name: str, snapshot: SnapshotAssertion, capsys: pytest.CaptureFixture[str]) -> None:
    """What `seatrial review --json` prints, which scripts read, is what it was: names, order and nulls."""
    print_json({**decision_json(ALL[name]), "folder": str(FOLDER)})
    assert capsys.readouterr().out == snapshot(extension_class=_Json)


@pytest.mark.parametrize("name", RESULTS)
def test_plan_page(name: str, snapshot: SnapshotAssertion) -> None:
    """The page of `seatrial plan --html` is the page that was looked at."""
    assert _without_style(render_outlook(RESULTS[name].policy, OUTLOOKS[name])) == snapshot(extension_class=_Page)


@pytest.mark.parametrize("name", RESULTS)
def test_plan_terminal(name: str, snapshot: SnapshotAssertion) -> None:
    """What `seatrial plan` prints is what was looked at."""
    assert outlook_summary(RESULTS[name].policy, OUTLOOKS[name]) == snapshot(extension_class=_Text)


@pytest.mark.parametrize("name", RESULTS)
def test_plan_json(name: str, snapshot: SnapshotAssertion, capsys: pytest.CaptureFixture[str]) -> None:
    """What `seatrial plan --json` prints is what it was."""
    print_json(asdict(OUTLOOKS[name]))
    assert capsys.readouterr().out == snapshot(extension_class=_Json)


@pytest.mark.parametrize("name", RESULTS)
def test_all_say_the_same(name: str, tmp_path: Path) -> None:
    """Page, comment, terminal and JSON of one result agree on the decision and on every gate's verdict."""
    content = RESULTS[name]
    write_reports(content, tmp_path)
    told = json.loads((tmp_path / "decision.json").read_text(encoding="utf-8"))
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    comment = (tmp_path / "summary.md").read_text(encoding="utf-8")
    lines = summary(content, FOLDER).splitlines()
    assert told["decision"] == name
    assert f"<title>{name.capitalize()}: " in page
    assert f"## seatrial: {name.capitalize()}\n" in comment
    assert any(line.startswith(f"{name.upper()}: ") for line in lines)
    for verdict in told["verdicts"]:
        word, signal = verdict["verdict"], verdict["signal"]
        said = "undecided" if word == "inconclusive" else word
        title = title_of(signal)
        assert f'<span class="badge {word}">{said}</span> <strong>{title}</strong>' in page
        assert re.search(rf"\| {signal} \| \S+ {said}\b", comment)
        assert re.search(rf"\| {title} \| \S+ {said}\b", comment)
        assert any(re.match(rf"{said}\b.* {title} ", line) for line in lines)
