"""The incident's example in its reduced form: everything runs, in the order that it must."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from seatrial.ledger import Ledger

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.embedded]

EXAMPLE = Path(__file__).parents[2] / "examples" / "april-update"


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("incident", EXAMPLE / "incident.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look their annotations up
    spec.loader.exec_module(module)
    return module


def test_the_incident_is_replayed_with_its_forecast_first(tmp_path: Path) -> None:
    """Forecast, training and reviews come to one page; the ledger has the forecast before any training, unbroken."""
    script = _script()
    page = script.replay(tmp_path / "runs", reduced=True, quiet=True)
    shown = page.read_text(encoding="utf-8")
    assert "Reduced run" in shown and "simulated" in shown and "nan" not in shown.lower().split()
    ledger = Ledger(tmp_path / "runs" / "ledger.jsonl")
    ledger.verify()
    kinds = [entry.kind for entry in ledger.entries() if entry.kind in ("forecast", "training")]
    assert kinds == ["forecast", "training", "training"]
    for mix in ("before", "after"):
        assert (tmp_path / "runs" / mix / "adapter.gguf").is_file()
        blocking = {}
        for name in ("old", "new"):
            made = json.loads(
                (tmp_path / "runs" / f"review-{mix}-{name}" / "decision.json").read_text(encoding="utf-8")
            )
            blocking[name] = {one["signal"] for one in made["verdicts"] if one["blocking"]}
        assert "vibe/off" not in blocking["old"] and blocking["old"] < blocking["new"] | {"behavior/unearned-praise"}
    before = page.stat().st_mtime_ns, len(ledger.entries())
    script.replay(tmp_path / "runs", reduced=True, quiet=True)
    assert len([one for one in ledger.entries() if one.kind == "training"]) == 2 and page.stat().st_mtime_ns > before[0]
