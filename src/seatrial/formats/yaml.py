"""Files that people edit: YAML read into a model, where a mistake names its line and what was expected there."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from yaml.reader import ReaderError

__all__ = ["StrictModel", "checked_yaml"]


LONGEST = 1_000_000
"""Letters of a file that people edit."""
MOST = 20_000
"""Keys, values and list entries of such a file; what an alias stands for counts each time."""
LISTED = 50
"""Mistakes that are explained; the others are counted."""


class StrictModel(BaseModel):
    """A part of a file that people edit: unknown keys and numbers without end are refused, and it never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Model = TypeVar("Model", bound=BaseModel)
Expected = Callable[[dict[str, Any]], "str | None"]


def checked_yaml(text: str, name: str, model: type[Model], error: type[Exception], expected: Expected) -> Model:
    """Return the model written in `text` as YAML.

    A key stands once in its mapping; `<<` takes over the keys of another mapping, which keys of its own go before.
    `yes`, `no`, `on`, `off`, dates and times are words, as in YAML 1.2.

    Args:
        text: The file's text.
        name: Stands for the file in messages.
        model: What the file holds.
        error: The exception to raise.
        expected: Returns what was expected for one of pydantic's errors, or None for the usual message.

    Raises:
        Exception: `error`, where the text is not YAML, is too long, or is not a valid model; one line a mistake.
    """
    if len(text) > LONGEST:
        raise error(f"{name}: has {len(text):,} letters, and {LONGEST:,} are read at most; put data into a table")
    try:
        tree, data = _read(text)
    except yaml.MarkedYAMLError as wrong:
        line = wrong.problem_mark.line + 1 if wrong.problem_mark else 1
        raise error(f"{name}:{line}: not valid YAML: {wrong.problem or wrong}") from wrong
    except ReaderError as wrong:
        line, character = text.count("\n", 0, wrong.position) + 1, f"#x{wrong.character:04x}"
        raise error(f"{name}:{line}: not valid YAML: the character {character} may not stand here") from wrong
    except RecursionError as wrong:
        raise error(f"{name}: not YAML that can be read: nested too deep") from wrong
    if not isinstance(data, dict):
        required = [f"`{key}`" for key, field in model.model_fields.items() if field.is_required()]
        raise error(f"{name}:1: expected a mapping with {', '.join(required[:-1])} and {required[-1]}")
    try:
        return model.model_validate(data)
    except ValidationError as wrong:
        found = wrong.errors()
        lines = [_explain(name, tree, dict(detail), model, expected) for detail in found[:LISTED]]
        lines += [f"{name}: and {len(found) - LISTED:,} more mistakes"] * (len(found) > LISTED)
        raise error("\n".join(lines)) from wrong


def _read(text: str) -> tuple[yaml.Node | None, Any]:
    """Return a text's nodes, each with its place, and what they stand for."""
    loader = _Loader(text)
    try:
        tree = loader.get_single_node()
        if tree is None:
            return None, None
        data = loader.construct_document(tree)
        _check_size(tree, {})
        return tree, data
    finally:
        loader.dispose()


def _check_size(node: yaml.Node, known: dict[int, int]) -> int:
    """Return how many nodes a tree has, those that an alias stands for each time.

    Args:
        node: Its root.
        known: Identity of a node → how many are in it; 0 while they are counted.
    """
    if id(node) not in known:
        known[id(node)] = 0
        inner = node.value if isinstance(node, yaml.CollectionNode) else []
        parts = [part for held in inner for part in (held if isinstance(held, tuple) else (held,))]
        known[id(node)] = 1 + sum(_check_size(part, known) for part in parts)
    if not known[id(node)]:
        raise yaml.MarkedYAMLError(problem="an alias stands in what it stands for", problem_mark=node.start_mark)
    if known[id(node)] > MOST:
        raise yaml.MarkedYAMLError(problem=TOO_MANY, problem_mark=node.start_mark)
    return known[id(node)]


TOO_MANY = f"more than {MOST:,} keys, values and entries, aliases counted each time; put data into a table"
WORDS = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value")
BOOLEAN, MERGE = "tag:yaml.org,2002:bool", "tag:yaml.org,2002:merge"


class _Loader(yaml.SafeLoader):
    """A safe loader that refuses a key written twice, and takes for words what YAML 1.2 does."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        tag = super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]
        a_word = tag in WORDS or (tag == BOOLEAN and value[0] not in "tTfF")
        return self.DEFAULT_SCALAR_TAG if kind is yaml.ScalarNode and (a_word or ":" in value) else tag

    def compose_node(self, parent: Any, index: Any) -> Any:
        self._count(1, self.get_mark())
        return super().compose_node(parent, index)

    def _count(self, more: int, place: yaml.Mark) -> None:
        self._held = getattr(self, "_held", 0) + more
        if self._held > MOST:
            raise yaml.MarkedYAMLError(problem=TOO_MANY, problem_mark=place)

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen: set[Any] = set()
        for key_node, _ in node.value:
            plain = isinstance(key_node, yaml.ScalarNode) and key_node.tag != MERGE
            key = self.construct_object(key_node) if plain else key_node.value
            if not isinstance(key, Hashable):
                raise yaml.MarkedYAMLError(problem="a key must be a word", problem_mark=key_node.start_mark)
            if key in seen:
                raise yaml.MarkedYAMLError(problem=f"the key {key!r} stands twice", problem_mark=key_node.start_mark)
            seen.add(key)
        return node

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Write out what `<<` stands for, each key once: merged mappings of merged mappings cannot grow beyond them."""
        merged = [value for key, value in node.value if key.tag == MERGE]
        for one in (one for held in merged for one in (held.value if isinstance(held, yaml.SequenceNode) else [held])):
            if isinstance(one, yaml.MappingNode):
                self.flatten_mapping(one)
                self._count(len(one.value), one.start_mark)
        super().flatten_mapping(node)
        node.value = list({(key.tag, key.value): (key, value) for key, value in node.value}.values())

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ArithmeticError, AttributeError, LookupError, ValueError) as wrong:  # `!!int x`, `!!timestamp x`, 0b_
            problem = f"{node.value!r} cannot be read as {node.tag.rpartition(':')[2]}"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark) from wrong


def _explain(
    name: str, tree: yaml.Node | None, detail: dict[str, Any], model: type[BaseModel], expected: Expected
) -> str:
    """Return one line of an error: file, line, place, what was expected."""
    location: tuple[str | int, ...] = detail["loc"]
    place = ".".join(str(part) for part in location) or "the file"
    message = expected(detail)
    if detail["type"] == "extra_forbidden":
        word = str(location[-1])
        message = f"{message or f'unknown key {word!r}'}{_suggestion(word, _known(model, location[:-1]))}"
    elif message is None and detail["type"] == "missing":
        message = f"the key {location[-1]!r} is required"
    elif message is None:
        message = str(detail["msg"]).removeprefix("Value error, ")
    return f"{name}:{_line(tree, location)}: {place}: {message}"


def _suggestion(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, 1)
    return f"; did you mean {close[0]!r}?" if close else f"; known keys: {', '.join(known)}"


def _known(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    """Return the keys of the deepest model on the path `location`; of the alternatives there, of the one it names."""
    held = alternatives = [model]
    for part in location:
        fields = [field for one in held for key, field in one.model_fields.items() if key == part]
        if under := [one for field in fields for one in _models(field.annotation)]:
            held = alternatives = under
        else:
            held = [one for one in alternatives if _is_kind(one, part)] or held
    return list(dict.fromkeys(key for one in held for key in one.model_fields))


def _is_kind(model: type[BaseModel], word: str | int) -> bool:
    """Return whether a word is what tells a model from its alternatives: a value of one of its literals."""
    return any(word in get_args(field.annotation) for field in model.model_fields.values())


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models in an annotation such as `list[Gate]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def _line(tree: yaml.Node | None, location: Sequence[str | int]) -> int:
    """Return the line of the deepest node on the path `location`, which may name alternatives of a model too."""
    node, line = tree, 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if found is not None:
                line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line
