"""Files that people edit: YAML read into a model, where a mistake names its line and what was expected there."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from seatrial.errors import SeatrialError

__all__ = ["checked_yaml"]

Model = TypeVar("Model", bound=BaseModel)


def checked_yaml(
    text: str,
    name: str,
    model: type[Model],
    keys: Mapping[str, type[BaseModel]],
    expected: Callable[[dict[str, Any]], str | None],
    error: type[SeatrialError],
) -> Model:
    """Return the model written in `text` as YAML.

    Args:
        text: The file's text.
        name: Stands for the file in messages.
        model: What the file holds.
        keys: Models that stand under a key, so that a misspelt key in them is met with the right suggestion.
        expected: Returns what was expected for one of pydantic's errors, or None for the message it has.
        error: The exception to raise.

    Raises:
        SeatrialError: `error`, where the text is not YAML or not a valid model; one line a mistake.
    """
    try:
        tree = yaml.compose(text, Loader=_UniqueKeys)
        data = yaml.load(text, Loader=_UniqueKeys)  # a SafeLoader that refuses doubled keys
    except yaml.MarkedYAMLError as wrong:
        line = wrong.problem_mark.line + 1 if wrong.problem_mark else 1
        raise error(f"{name}:{line}: not valid YAML: {wrong.problem or wrong}") from wrong
    except yaml.YAMLError as wrong:
        raise error(f"{name}: not valid YAML: {wrong}") from wrong
    if not isinstance(data, dict):
        required = [f"`{key}`" for key, field in model.model_fields.items() if field.is_required()]
        raise error(f"{name}:1: expected a mapping with {', '.join(required[:-1])} and {required[-1]}")
    try:
        return model.model_validate(data)
    except ValidationError as wrong:
        lines = [_explain(name, tree, dict(detail), model, keys, expected) for detail in wrong.errors()]
        raise error("\n".join(lines)) from wrong


class _UniqueKeys(yaml.SafeLoader):
    """A safe loader that refuses a key written twice, and takes `yes`, `no`, `on`, `off` as words, not as booleans."""

    yaml_implicit_resolvers = {  # noqa: RUF012  (declared so in the library)
        first: [
            (tag, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$") if tag.endswith(":bool") else pattern)
            for tag, pattern in resolvers
            if not tag.endswith(":bool") or first in "tTfF"
        ]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, (list, dict)):
                raise yaml.MarkedYAMLError(problem="a key must be a word", problem_mark=key_node.start_mark)
            if key in seen:
                raise yaml.MarkedYAMLError(problem=f"the key {key!r} stands twice", problem_mark=key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def _explain(
    name: str,
    tree: yaml.Node | None,
    detail: dict[str, Any],
    model: type[BaseModel],
    keys: Mapping[str, type[BaseModel]],
    expected: Callable[[dict[str, Any]], str | None],
) -> str:
    """Return one line of an error: file, line, place, what was expected."""
    location: tuple[str | int, ...] = detail["loc"]
    line = _line(tree, location)
    place = ".".join(str(part) for part in location) or "the file"
    match detail["type"]:
        case "extra_forbidden":
            parents = [keys[part] for part in location[:-1] if isinstance(part, str) and part in keys]
            known = list((parents[-1] if parents else model).model_fields)
            message = f"unknown key {location[-1]!r}{_suggestion(str(location[-1]), known)}"
        case "missing":
            message = f"the key {location[-1]!r} is required"
        case _:
            message = expected(detail) or str(detail["msg"]).removeprefix("Value error, ")
    return f"{name}:{line}: {place}: {message}"


def _suggestion(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, 1)
    return f"; did you mean {close[0]!r}?" if close else f"; known keys: {', '.join(known)}"


def _line(tree: yaml.Node | None, location: Sequence[str | int]) -> int:
    """Return the line of the deepest node on the path `location`."""
    node, line = tree, 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return line
