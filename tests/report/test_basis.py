"""What a review rests on comes back from its file as it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from results import LAUNCH
from seatrial.report import load_result, save_result
from seatrial.report.basis import AskedModel, Basis, Talks


def test_a_basis_is_read_back(tmp_path: Path) -> None:
    """Models, inputs, logs and counts; a review of an earlier version has an empty one."""
    asked = (("baseline", AskedModel("{}", True, 20, None)), ("judge/main", AskedModel("m", True, 0, 512)))
    basis = Basis(
        asked,
        (("/a.csv", "0" * 64),),
        (("tasks/a/b", "tasks/c/d"),),
        (("behavior/x", "live"),),
        3,
        ("f" * 64,),
        1,
        Talks("{}", asked, (("tram-numbers", "0" * 64),), (("user", "tram-numbers/1", 0, "HTTP 500"),)),
    )
    save_result(replace(LAUNCH, basis=basis), tmp_path)
    assert load_result(tmp_path).basis == basis
    save_result(LAUNCH, tmp_path)
    path = tmp_path / "evidence.json"
    text = path.read_text(encoding="utf-8")
    start = text.index(' "basis"')
    path.write_text(text[:start] + text[text.index(' "entry"', start) :], encoding="utf-8")
    assert load_result(tmp_path).basis == Basis()
