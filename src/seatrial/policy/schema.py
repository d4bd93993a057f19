"""The policy's JSON Schema, from which editors complete and check a policy while it is written."""

from __future__ import annotations

import json
import re
from inspect import cleandoc
from typing import Any

from seatrial.errors import exit_with
from seatrial.policy.launch_policy import LaunchPolicy

__all__ = ["policy_schema"]

ATTRIBUTE = re.compile(r"^ {4}(\w+): ")


def policy_schema() -> str:
    """Return the schema as JSON text; each key says what its model's docstring says of it."""
    schema = LaunchPolicy.model_json_schema()
    for model in (schema, *schema["$defs"].values()):
        _describe(model)
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return json.dumps(whole, indent=2, ensure_ascii=False)


def _describe(model: dict[str, Any]) -> None:
    """Move what a docstring says of each attribute to the attribute's own description."""
    about, _, attributes = cleandoc(model.get("description", "")).partition("\n\nAttributes:\n")
    model["description"] = " ".join(about.split())
    name = ""
    for line in attributes.splitlines():
        found = ATTRIBUTE.match(line)
        if found:
            name, line = found[1], line[found.end() :]
        if name in model["properties"]:
            field = model["properties"][name]
            field["description"] = f"{field.get('description', '')} {line.strip()}".strip()


if __name__ == "__main__":
    exit_with(lambda: print(policy_schema()))
