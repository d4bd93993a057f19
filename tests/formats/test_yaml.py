"""YAML that people edit: what it means, and what is said of a mistake in it."""

# ruff: noqa: RUF012  (pydantic copies defaults; the linter cannot see that StrictModel is one of its models)
from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from conftest import ROOT
from seatrial.formats import yaml
from seatrial.formats.yaml import StrictModel, checked_yaml, keys_of


class Wrong(Exception):
    """What these files' mistakes are raised as."""


class Engine(StrictModel):
    """A part in two kinds: this one has a volume."""

    kind: Literal["engine"]
    volume: float = 1.0


class Sail(StrictModel):
    """The other kind."""

    kind: Literal["sail"]
    area: float = 1.0


class Boat(StrictModel):
    """A part in a mapping."""

    length: float = 1.0
    flag: str = ""
    drive: list[Annotated[Engine | Sail, Field(discriminator="kind")]] = []


class Harbor(StrictModel):
    """A file."""

    name: str
    place: str
    boats: dict[str, Boat] = {}
    tags: dict[str, Any] = {}


def _read(text: str) -> Harbor:
    return checked_yaml(text, "harbor.yaml", Harbor, Wrong, lambda detail: None)


def _mistakes(text: str) -> list[str]:
    with pytest.raises(Wrong) as error:
        _read(text)
    return str(error.value).splitlines()


HEAD = "name: a\nplace: b\n"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("Off", "Off"),
        ("true", True),
        ("False", False),
        ("2025-04-25", "2025-04-25"),
        ("2025-13-40", "2025-13-40"),
        ("12:30", "12:30"),
        ("1:30.5", "1:30.5"),
        ("=", "="),
        ("12", 12),
        ("-1.5", -1.5),
        ("~", None),
        ("", None),
        ("'true'", "true"),
        ("!!str 12", "12"),
    ],
)
def test_words_are_words_and_numbers_numbers(written: str, meant: object) -> None:
    """Only true, false, null and numbers are more than words: neither yes and no, nor dates, nor times of day."""
    found = _read(f"{HEAD}tags: {{x: {written}}}").tags["x"]
    assert (found, type(found)) == (meant, type(meant))


def test_a_merge_key_takes_over_what_the_mapping_does_not_say_itself() -> None:
    """`<<` shares keys between mappings; a mapping's own keys go first, wherever `<<` stands, then the first merged."""
    harbor = _read(
        f"{HEAD}boats:\n"
        "  one: &one {length: 3, flag: red}\n"
        "  two: &two {<<: *one, flag: blue}\n"
        "  three: {length: 5, <<: *two}\n"
        "  four: {<<: [*two, *one]}\n"
    )
    assert {name: (boat.length, boat.flag) for name, boat in harbor.boats.items()} == {
        "one": (3.0, "red"),
        "two": (3.0, "blue"),
        "three": (5.0, "blue"),
        "four": (3.0, "blue"),
    }


def test_a_mistake_in_a_merged_key_names_the_line_where_it_is_written() -> None:
    """A wrong value that came by `<<` is found where it stands, and an overridden one where it is overridden."""
    text = (
        f"{HEAD}tags:\n  base: &base\n    length: long\n    flag: red\nboats:\n  one:\n    <<: *base\n    flag: [3]\n"
    )
    assert [row.split(" ")[0] for row in _mistakes(text)] == ["harbor.yaml:5:", "harbor.yaml:10:"]


def test_merged_mappings_of_merged_mappings_take_no_more_than_their_keys() -> None:
    """Thirty mappings that each merge the one before nine times over are read at once."""
    levels = [f"  l{n}: &l{n} {{<<: [{', '.join([f'*l{n - 1}'] * 9)}]}}\n" for n in range(1, 31)]
    started = time.monotonic()
    harbor = _read(f"{HEAD}boats:\n  l0: &l0 {{length: 7}}\n{''.join(levels)}")
    assert harbor.boats["l30"].length == 7.0
    assert time.monotonic() - started < 60


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("name: a\nname: b\n", 2, "the key 'name' stands twice"),
        (HEAD + "tags: {1: x, 1.0: y}\n", 3, "the key 1.0 stands twice"),
        (HEAD + "boats:\n  one: {<<: {length: 1}, <<: {flag: x}}\n", 4, "the key '<<' stands twice"),
        (HEAD + "boats:\n  one: {<<: 3}\n", 4, "expected a mapping or list of mappings for merging"),
        (HEAD + "? [a]\n: 1\n", 3, "a key must be a word"),
        (HEAD + "? !!seq a\n: 1\n", 3, "a key must be a word"),
        (HEAD + "tags: [\n", 4, "a bracket is opened and never closed"),
        (HEAD + "tags: *none\n", 3, "begins with * must stand in quotes"),
        (HEAD + "tags: !!python/name:os.system x\n", 3, "begins with ! must stand in quotes"),
        (HEAD + "tags: {kind: !hard}\n", 3, "begins with ! must stand in quotes"),
        (HEAD + "where: {kind: [!hard a, b]}\n", 3, "begins with ! must stand in quotes"),
        (HEAD + "where: {kind: ! hard}\n", 3, "begins with ! must stand in quotes"),
        (HEAD + "tags: {kind: %a}\n", 3, "begins with % must stand in quotes"),
        (HEAD + "tags:\n\t- a\n", 4, "a tab stands where spaces must"),
        (HEAD + "tags: {kind: a: b}\n", 3, "a comma is missing, or text with a colon"),
        (HEAD + "tags: a: b\n", 3, "a colon stands where none can"),
        (HEAD + "tags:\n  a: 1\n b: 2\n", 5, "not indented like those beside it"),
        (HEAD + "tags\n", 4, "a key has no colon after it"),
        (HEAD + 'tags: "a\n', 4, "a quotation mark is opened and never closed"),
        (HEAD + "tags: {x: !!int y}\n", 3, "'y' cannot be read as int"),
        (HEAD + "tags: {x: 0b_}\n", 3, "'0b_' cannot be read as int"),
        (HEAD + "tags: {x: !!timestamp y}\n", 3, "'y' cannot be read as timestamp"),
        (HEAD + f"tags: {{x: !!float 1{':1' * 400}}}\n", 3, "cannot be read as float"),
        (HEAD + "tags: {x: !!bool y}\n", 3, "'y' cannot be read as bool"),
        (HEAD + "tags: \a\n", 3, "the character #x0007 may not stand here"),
        (HEAD + "---\nname: c\n", 3, "two documents"),
        ("- a\n", 1, "expected a mapping with `name` and `place`"),
        ("", 1, "expected a mapping with `name` and `place`"),
        ("name: a\n", 1, "place: the key 'place' is required"),
        ("name: a\nplace: [1]\n", 2, "place: expected text; put it in quotes; got [1]"),
        (HEAD + "boats: {a: {length: 5%}}\n", 3, "expected a number; got '5%'"),
        (HEAD + "boats: [a]\n", 3, 'expected a mapping of keys and values; got ["a"]'),
        (HEAD + "nmae: c\n", 3, "nmae: unknown key 'nmae'; did you mean 'name'?"),
        (HEAD + "boats:\n  one:\n    flga: x\n", 5, "boats.one.flga: unknown key 'flga'; did you mean 'flag'?"),
        (HEAD + "boats:\n  name:\n    x: y\n", 5, "boats.name.x: unknown key 'x'; known keys: length, flag, drive"),
        (HEAD + "boats: {a: {length: .inf}}\n", 3, "boats.a.length: expected a number with an end; got Infinity"),
        (HEAD + "boats: {a: {drive: [{kind: sail,\n  ara: 1}]}}\n", 4, "unknown key 'ara'; did you mean 'area'?"),
        (HEAD + "boats: {sail: {drive: [{kind: engine,\n  area: 1}]}}\n", 4, "known keys: kind, volume"),
    ],
)
def test_a_mistake_names_its_line_and_what_was_expected(text: str, place: int, words: str) -> None:
    """Whatever is wrong with a file, one line says where and what would be right."""
    (found,) = _mistakes(text)
    assert found.startswith(f"harbor.yaml:{place}: ")
    assert words in found


def test_all_mistakes_are_listed_and_their_words_can_be_replaced() -> None:
    """Each mistake has a line; the reader of a kind of file may word it, and the suggestion stays."""
    text = "nmae: a\nplace: 3\n"
    with pytest.raises(Wrong) as error:
        checked_yaml(text, "f", Harbor, Wrong, lambda detail: "no" if detail["type"] == "extra_forbidden" else None)
    assert str(error.value).splitlines() == [
        "f:1: name: the key 'name' is required",
        "f:2: place: expected text; put it in quotes; got 3",
        "f:1: nmae: no; did you mean 'name'?",
    ]


def test_text_nested_too_deep_is_refused() -> None:
    """A file of a thousand brackets ends in a sentence, not in a traceback."""
    assert _mistakes(HEAD + "tags: " + "[" * 1000) == ["harbor.yaml: not YAML that can be read: nested too deep"]


NINES = "".join(
    f"  {two}: &{two} [{', '.join([f'*{one}'] * 9)}]\n" for one, two in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "\n".join(f"k{number}: 1" for number in range(110_000)),
            " letters, and 1,000,000 are read at most; put data into a table",
        ),
        ("\n".join(f"k{number}: 1" for number in range(60_000)), "more than 20,000 keys, values and entries"),
        (f"{HEAD}tags:\n  a: &a [1, 2, 3]\n{NINES}", "more than 20,000 keys, values and entries"),
        (f"{HEAD}tags:\n  a: &a {{x: &x [{'1, ' * 500}]}}\n  b: [{'*x, ' * 500}]", "more than 20,000 keys"),
        (f"{HEAD}tags: {{a: &a {{x: 1}}, b: {{<<: [{'*a, ' * 19_990}]}}}}", "more than 20,000 keys"),
        (f"{HEAD}tags: &a {{x: [*a]}}", "an alias stands in what it stands for"),
        ("\n".join(f"k{number}: 1" for number in range(9_000)), "harbor.yaml: and 8,952 more mistakes"),
    ],
)
def test_no_text_takes_long_or_grows(text: str, words: str) -> None:
    """What is too much is refused within seconds, with the limit; of very many mistakes the first are explained."""
    before = time.process_time()
    assert words in "\n".join(_mistakes(text))
    assert time.process_time() - before < 5


PIECES = st.sampled_from(
    [
        *"abn01:-?,[]{}&*!|>'\"%@`# \n\t~=<.",
        "<<: ",
        "*a",
        "&a ",
        "!!int ",
        "!!set ",
        "!!omap ",
        "? ",
        "name: ",
        "0x_",
        "\x00",
    ]
)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_no_text_ends_in_a_traceback(text: str) -> None:
    """Whatever a file holds, it is a model or a mistake with the file's name before it."""
    try:
        assert _read(text).name
    except Wrong as error:
        assert all(row.startswith("harbor.yaml:") for row in str(error).splitlines()[:1])


BOTH = st.sampled_from([*"ab01:-?,[]{}&*!|>'\"%@`# \n\t~.\r\ufeffé", "a: ", "\n- ", ", b?", "{a: b", "[a, ", "\n  "])


def _outcome(text: str) -> object:
    try:
        return _read(text)
    except Wrong as error:
        return str(error)


@given(st.lists(BOTH, max_size=20).map("".join))
@example("{x: a?}")
@example("[a?b]")
@example("a\tb: 1")
@example("\ufeffa: 1")
@example("a: 'b\rc'")
def test_a_file_means_the_same_on_a_machine_without_libyaml(written: str) -> None:
    """Both parsers read one thing, or what one of them alone would read is a mistake on either machine."""
    text = f"{HEAD}tags:\n  x: {written}\n"
    found = _outcome(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml, "LIBYAML", False)
        assert repr(_outcome(text)) == repr(found)


@pytest.mark.slow
def test_both_parsers_read_what_is_shipped_alike() -> None:
    """One person in four and all examples, to the line."""
    shipped = sorted((ROOT / "src" / "seatrial").rglob("*.yaml"))[::4] + sorted((ROOT / "examples").rglob("*.yaml"))
    assert len(shipped) > 30
    for path in shipped:
        text = path.read_text(encoding="utf-8")
        (tree, data), (swift_tree, swift_data) = (
            yaml._parsed(loader(text)) for loader in (yaml._Loader, yaml._SwiftLoader)
        )
        assert data == swift_data and list(_lines(tree)) == list(_lines(swift_tree))


def _lines(node: Any) -> Iterator[int]:
    """Yield the line of each node in a tree."""
    yield node.start_mark.line
    for held in node.value if isinstance(node.value, list) else ():
        for part in held if isinstance(held, tuple) else (held,):
            yield from _lines(part)


def test_a_strict_model_never_changes_and_shares_no_default() -> None:
    """A model is frozen, and two of them do not hold the same empty mapping."""
    one, other = _read(HEAD), _read(HEAD)
    with pytest.raises(ValidationError, match="frozen"):
        one.name = "c"  # type: ignore[misc]
    assert one == other and one.boats is not other.boats


def test_ids_and_the_words_of_files_stay_as_written() -> None:
    """A number with leading zeros is a word, and under `where` and `values` everything is."""
    assert _read("name: 007\nplace: 0327\n").name == "007"

    class Rows(StrictModel):
        name: str
        place: str
        where: dict[str, str]
        values: dict[str, float]

    text = (
        f"{HEAD}where: {{a: true, b: 1.50, c: 1_000, d: ~, e: 0x1F}}\nvalues: {{yes: 1, true: 0, null: 0.5, 01: 1}}\n"
    )
    rows = checked_yaml(text, "f", Rows, Wrong, lambda detail: None)
    assert list(rows.where.values()) == ["true", "1.50", "1_000", "~", "0x1F"]
    assert rows.values == {"yes": 1.0, "true": 0.0, "null": 0.5, "01": 1.0}


@pytest.mark.slow
def test_the_keys_at_the_top_are_known_without_reading_the_rest() -> None:
    """Whatever they hold; a text that is no YAML, or no mapping, has none."""
    assert keys_of("a: !x 1\nb: [*c]\n") == set()
    assert keys_of("a: !x 1\nb: [1]\n") == {"a", "b"}
    assert keys_of("- a\n") == keys_of("[" * 2000) == keys_of("") == set()
