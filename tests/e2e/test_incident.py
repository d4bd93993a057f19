"""The incident's example in its reduced form: everything runs, in the order that it must."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from seatrial.errors import StoreError
from seatrial.evidence.rewards.observations import digest_of
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
    """Forecast, training and reviews come to one page; the ledger has the forecast before any training, unbroken.

    What was forecast is what the ledger's digest is of. A run that is finished is not done again, and one that was
    begun with other instruments is refused.
    """
    script = _script()
    page = script.replay(tmp_path / "runs", reduced=True, quiet=True)
    shown = page.read_text(encoding="utf-8")
    assert "Reduced run" in shown and "simulated" in shown and "nan" not in shown.lower().split()
    ledger = Ledger(tmp_path / "runs" / "ledger.db")
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
    forecast, *trainings = [one for one in ledger.entries() if one.kind in ("forecast", "training")]
    assert forecast.hash in shown and {one.body["plan"] for one in trainings} == {forecast.body["plan"]}
    kept = json.loads((tmp_path / "runs" / "forecast.json").read_text(encoding="utf-8"))
    said = {key: kept[key] for key in ("added", "forecasts", "table")}
    assert digest_of(said) == forecast.body["forecast"] and kept["ledger"] == forecast.hash
    came = json.loads((tmp_path / "runs" / "reached.json").read_text(encoding="utf-8"))
    assert came["plan"] == forecast.body["plan"] and {one["mix"] for one in came["added"]} == {"after less before"}

    took = json.loads((tmp_path / "runs" / "seconds.json").read_text(encoding="utf-8"))
    before = page.stat().st_mtime_ns
    script.replay(tmp_path / "runs", reduced=True, quiet=True)
    assert [one.kind for one in ledger.verify()].count("training") == 2 and page.stat().st_mtime_ns > before
    assert json.loads((tmp_path / "runs" / "seconds.json").read_text(encoding="utf-8")) == took

    made = json.loads((tmp_path / "runs" / "made.json").read_text(encoding="utf-8"))
    made["instruments"]["linear/praise"] = "another"
    (tmp_path / "runs" / "made.json").write_text(json.dumps(made), encoding="utf-8")
    with pytest.raises(StoreError, match="was begun with another plan or other instruments"):
        script.replay(tmp_path / "runs", reduced=True, quiet=True)
