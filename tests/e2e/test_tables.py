"""Tables through the command line: what a file holds is read whole and by its scale, or the review says why not."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from conftest import Command
from tables import BLANKS, FORMATS, write_table

Rows = list[dict[str, Any]]


def _review(seatrial: Command, folder: Path, kind: str, old: Rows, new: Rows, provider: str, more: str = "") -> Any:
    for name, rows in (("old", old), ("new", new)):
        write_table(folder / f"{name}.{kind}", rows)
    (folder / "p.yaml").write_text(
        f"name: t\nbaseline: {{model: {provider}/old.{kind}}}\ncandidate: {{model: {provider}/new.{kind}}}\n"
        f"gates:\n  - {{signal: behavior/x, margin: 0.2}}\n{more}",
        encoding="utf-8",
    )
    return seatrial("review", folder / "p.yaml", "--reviews", folder / "reviews")


LABELS = "signals:\n  behavior/x: {column: label, values: {bad: 1, good: 0}}\n"


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("names", [(1, 2), (0, 1), ("a", "b")])
@pytest.mark.parametrize("draws", ["", "draws: 2\n", "draws: 5\n"])
def test_harm_in_the_second_draw_is_seen(
    seatrial: Command, tmp_path: Path, kind: str, names: tuple[Any, Any], draws: str
) -> None:
    """All recorded draws count, whatever they are called and however many the policy asks of a live model."""
    old, new = (
        [
            {"id": n, "prompt": f"{n}?", "completion": "a", "epoch": name, "label": label}
            for n in range(60) for name, label in zip(names, ("good", second), strict=True)
        ]
        for second in ("good", "bad")
    )  # fmt: skip
    done = _review(seatrial, tmp_path, kind, old, new, "transcripts", LABELS + draws)
    assert done.code == 1, done.out + done.err
    assert "0 → 50 of 100" in done.out
    assert f"new.{kind}: read 'id' as the item, 'epoch' as the draw." in " ".join(done.out.split())
    assert "without a usable answer" not in done.out


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("blank", BLANKS)
def test_a_blank_cluster_is_no_giant_one(seatrial: Command, tmp_path: Path, kind: str, blank: str | None) -> None:
    """A hundred items of which half name no cluster are a hundred clusters, of scores as of answers."""
    rows: Rows = [
        {"item": n, "score": 0, "prompt": f"{n}?", "completion": f"answer {n}", "label": "good",
         "cluster": f"c{n}" if n % 2 else blank, "use_case": blank}
        for n in range(100)
    ]  # fmt: skip
    for provider, more in (("scores", ""), ("transcripts", LABELS)):
        done = _review(seatrial, tmp_path, kind, rows, rows, provider, more)
        assert done.code == 0, done.out + done.err
        (decided,) = tmp_path.glob(f"**/{done.out.rsplit('Report: ', 1)[1].split('/')[-2]}/decision.json")
        assert json.loads(decided.read_text(encoding="utf-8"))["verdicts"][0]["clusters"] == 100


@pytest.mark.parametrize("provider", ["scores", "transcripts"])
@pytest.mark.parametrize("kind", FORMATS)
def test_another_scale_is_asked_for(seatrial: Command, tmp_path: Path, kind: str, provider: str) -> None:
    """Ratings of 3 to 4 on a scale of 1 to 5 are no harm of 3: what is asked for is the scale, and the code is 2."""
    old: Rows = [
        {"item": n, "prompt": f"{n}?", "completion": f"answer {n}", "score": 3 + n % 2, "label": 3 + n % 2}
        for n in range(80)
    ]
    more = "" if provider == "scores" else "signals:\n  behavior/x: {column: label}\n"
    done = _review(seatrial, tmp_path, kind, old, old, provider, more)
    assert done.code == 2
    assert re.search(rf"old\.{kind}:(1|2| row 1| record 1): ", done.err)
    assert "outside" in done.err and "[0, 1]" in done.err and "bounds: [smallest, largest]" in done.err
    more = more or "signals:\n  behavior/x: {}\n"
    declared = _review(seatrial, tmp_path, kind, old, old, provider, more.replace("{", "{bounds: [1, 5], ", 1))
    assert declared.code == 0, declared.out + declared.err


def test_a_scale_that_the_data_do_not_use_is_said(seatrial: Command, tmp_path: Path) -> None:
    """Shares on a scale declared in percent pass any margin: the report says that the two do not fit."""
    old: Rows = [{"item": n, "score": 0} for n in range(80)]
    new: Rows = [{"item": n, "score": n % 2} for n in range(80)]
    more = "signals:\n  behavior/x: {bounds: [0, 100]}\n"
    done = _review(seatrial, tmp_path, "csv", old, new, "scores", more)
    said = " ".join(done.out.split())
    assert "declared as [0, 100], and all values of both models lie from 0 to 1." in said
    right = _review(seatrial, tmp_path, "csv", old, new, "scores", more.replace("100", "1"))
    assert "is declared as" not in right.out
    assert right.code == 1
