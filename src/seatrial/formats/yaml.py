"""Files that people edit: YAML read into a model, where a mistake names its line and what was expected there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.reader import ReaderError
from yaml.resolver import Resolver

from seatrial.formats.nearest import did_you_mean

__all__ = ["StrictModel", "checked_yaml", "keys_of"]


LONGEST = 1_000_000
"""Letters of a file that people edit."""
MOST = 20_000
"""Keys, values and list entries of such a file; what an alias stands for counts each time."""
SHOWN = 60
"""Letters of a wrong value that are shown."""
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
        raise error(f"{name}:{line}: not valid YAML: {_said(wrong)}") from wrong
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


def keys_of(text: str) -> set[str]:
    """Return the keys at the top of a file's text; none where it is no YAML, of which `checked_yaml` says why."""
    loader = _Loader(text)
    try:
        tree = loader.get_single_node()
    except (yaml.YAMLError, RecursionError):
        return set()
    finally:
        loader.dispose()
    return {key.value for key, _ in tree.value} if isinstance(tree, yaml.MappingNode) else set()


def _read(text: str) -> tuple[yaml.Node | None, Any]:
    """Return a text's nodes, each with its place, and what they stand for.

    LibYAML reads, for it is faster. What it refuses, and what the two would read differently, is left to PyYAML's own
    parser, which says why and where: so a file means the same on every machine.
    """
    if LIBYAML and not APART.search(text):
        with suppress(yaml.YAMLError, RecursionError, UnicodeError):
            return _parsed(_SwiftLoader(text))
    return _parsed(_Loader(text))


def _parsed(loader: _Loader | _SwiftLoader) -> tuple[yaml.Node | None, Any]:
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
LEADING_ZEROS = re.compile(r"[-+]?0[0-9_]*[0-9]")
"""Ids and codes, which YAML 1.1 takes for numbers of base eight."""
AS_WRITTEN = ("where", "values")
"""Keys whose mappings hold words of people's files: `true` is the word, and so are 1.50 and ~."""
UNQUOTED = tuple(f"tag:yaml.org,2002:{kind}" for kind in ("bool", "int", "float", "null"))
NO_TAG = "could not determine a constructor for the tag"
BOOLEAN, MERGE = "tag:yaml.org,2002:bool", "tag:yaml.org,2002:merge"


class _Rules(Composer, SafeConstructor, Resolver):
    """What is made of a parser's events: all that is safe, but no key written twice.

    What YAML 1.2 does not take for more than words is words, and so are numbers such as 007. Whatever stands under a
    key of `AS_WRITTEN` is words, each as it stands in the file.
    """

    peek_event: Callable[[], Any]

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        tag = super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]  # PyYAML has no types here
        a_word = tag in WORDS or (tag == BOOLEAN and value[0] not in "tTfF") or LEADING_ZEROS.fullmatch(value or "")
        return self.DEFAULT_SCALAR_TAG if kind is yaml.ScalarNode and (a_word or ":" in value) else tag

    def compose_node(self, parent: Any, index: Any) -> Any:
        self._count(1, self.peek_event().start_mark)
        return super().compose_node(parent, index)

    def _count(self, more: int, place: yaml.Mark) -> None:
        self._held = getattr(self, "_held", 0) + more
        if self._held > MOST:
            raise yaml.MarkedYAMLError(problem=TOO_MANY, problem_mark=place)

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        for key_node, value_node in node.value:
            if key_node.value in AS_WRITTEN:
                self._take_as_written(value_node)
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

    def compose_scalar_node(self, anchor: Any) -> yaml.ScalarNode:
        event = self.peek_event()
        if event.tag == "!":
            raise yaml.MarkedYAMLError(problem=NO_TAG, problem_mark=event.start_mark)
        return super().compose_scalar_node(anchor)

    def _take_as_written(self, node: yaml.Node) -> None:
        if isinstance(node, yaml.ScalarNode) and node.value and node.tag in UNQUOTED:
            node.tag = self.DEFAULT_SCALAR_TAG
            self.constructed_objects.pop(node, None)
        elif isinstance(node, yaml.CollectionNode):
            for held in node.value:
                for part in held if isinstance(held, tuple) else (held,):
                    if not isinstance(part, yaml.ScalarNode) or part.tag != MERGE:
                        self._take_as_written(part)

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


class _Loader(_Rules, yaml.SafeLoader):
    """These rules on what PyYAML's own parser reads."""


LIBYAML = bool(yaml.__with_libyaml__)
APART = re.compile("[\t\r\ufeff]")
"""Letters at which the two parsers part."""
if LIBYAML:
    from yaml._yaml import CParser

    class _SwiftLoader(_Rules, CParser):
        """These rules on what LibYAML reads."""

        def __init__(self, text: str) -> None:
            CParser.__init__(self, text)
            Composer.__init__(self)
            SafeConstructor.__init__(self)
            Resolver.__init__(self)

        def compose_node(self, parent: Any, index: Any) -> Any:
            node = super().compose_node(parent, index)
            in_brackets = isinstance(parent, yaml.CollectionNode) and parent.flow_style
            if in_brackets and isinstance(node, yaml.ScalarNode) and not node.style and "?" in node.value:
                raise yaml.YAMLError("a question mark without quotes between brackets is refused by the other parser")
            return node


def _said(wrong: yaml.MarkedYAMLError) -> str:
    """Return what is wrong with a text as YAML, and what to write, where it is a mistake that people make."""
    problem = str(wrong.problem or wrong)
    mark = wrong.problem_mark
    sign = mark.buffer[mark.pointer : mark.pointer + 1] if mark is not None and mark.buffer else ""
    if sign == "\t" and problem.startswith("found character"):
        return "a tab stands where spaces must; indent with spaces"
    if "scanning a tag" in str(wrong.context) or problem.startswith(NO_TAG):
        return 'a word that begins with ! must stand in quotes, as in "!word"; else YAML takes it for a tag'
    if problem.startswith("found undefined alias") or "scanning an alias" in str(wrong.context):
        return 'a word that begins with * must stand in quotes, as in "*word"; else YAML takes it for an alias'
    if problem.startswith("found character") and sign:
        return f'a word that begins with {sign} must stand in quotes, as in "{sign}word"'
    return next((meant for start, meant in MEANT.items() if problem.startswith(start)), problem)


MEANT = {
    "mapping values are not allowed here": "a colon stands where none can; put text that holds one in quotes, and "
    "check that this line is indented like those beside it",
    "expected ',' or": "between { } or [ ] a comma is missing, or text with a colon or a comma stands without quotes",
    "found unexpected end of stream": "a quotation mark is opened and never closed",
    "could not find expected ':'": "a key has no colon after it",
    "expected <block end>": "this line is not indented like those beside it",
    "expected the node content, but found '<stream end>'": "a bracket is opened and never closed",
    "but found another document": "the file holds two documents; leave one, without a line of ---",
}
TYPES = {
    "dict_type": "a mapping of keys and values",
    "model_type": "a mapping of keys and values",
    "model_attributes_type": "a mapping of keys and values",
    "list_type": "a list",
    "string_type": "text; put it in quotes",
    "float_type": "a number",
    "float_parsing": "a number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "finite_number": "a number with an end",
}
"""What pydantic's errors of type expected."""


def _met(value: object) -> str:
    words = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return repr(words) if isinstance(value, str) and len(words) <= SHOWN else words[:SHOWN] + "…" * (len(words) > SHOWN)


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
    elif message is None and detail["type"] in TYPES:
        message = f"expected {TYPES[detail['type']]}; got {_met(detail['input'])}"
    elif message is None:
        message = str(detail["msg"]).removeprefix("Value error, ")
    return f"{name}:{_line(tree, location)}: {place}: {message}"


def _suggestion(word: str, known: Sequence[str]) -> str:
    return "; " + did_you_mean(word, known, f"known keys: {', '.join(known)}", "'")


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
