"""The JSON Schema of policies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from seatrial.policy import LaunchPolicy
from seatrial.policy.schema import policy_schema

ROOT = Path(__file__).parents[2]
EXAMPLES = [
    path
    for path in sorted(ROOT.glob("examples/*/*.yaml"))
    if "\ngates:" in (text := path.read_text(encoding="utf-8")) and "conversation/" not in text
]
"""Those of conversations have a form of their own."""
POLICY = {"name": "p", "gates": [{"signal": "benchmark/facts", "margin": 0.05}]}


def test_the_published_schema_is_the_policys() -> None:
    """The file that editors read is what `make docs` would write now."""
    published = ROOT / "docs" / "reference" / "policy.schema.json"
    assert published.read_text(encoding="utf-8") == policy_schema() + "\n"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_example_policy_fits_it(path: Path) -> None:
    """Each policy among the examples is valid by the schema too."""
    jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), json.loads(policy_schema()))


@pytest.mark.parametrize(
    "wrong",
    [
        {"margin": 0.1},
        {"gates": []},
        {"gates": [{"signal": "facts", "margin": 0.05}]},
        {"gates": [{"signal": "benchmark/facts", "margin": 0}]},
        {"alpha": 0.7},
        {"draws": "often"},
    ],
    ids=str,
)
def test_it_refuses_what_a_policy_refuses(wrong: dict[str, Any]) -> None:
    """An editor that checks by the schema marks these mistakes, as `seatrial review` does."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(POLICY | wrong, json.loads(policy_schema()))
    with pytest.raises(ValueError, match="validation error"):
        LaunchPolicy.model_validate(POLICY | wrong)


def test_every_key_is_explained() -> None:
    """Every key of a policy and of a gate has a description, for an editor to show."""
    schema = json.loads(policy_schema())
    parts = (schema["$defs"][name] for name in ("Gate", "JudgeSpec", "ModelSpec", "TaskSpec"))
    for model in (schema, *parts):
        assert not [name for name, field in model["properties"].items() if not field.get("description")]
