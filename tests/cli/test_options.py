"""What all commands share."""

from __future__ import annotations

import ast
import getpass
import json
import math
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from seatrial import cli
from seatrial.cli.options import named_values, or_usual, print_json, user
from seatrial.errors import EvidenceError


def _printed(value: Any, capsys: pytest.CaptureFixture[str]) -> Any:
    capsys.readouterr()
    print_json(value)

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    return json.loads(capsys.readouterr().out, parse_constant=refuse)


def test_numbers_that_json_has_no_word_for_are_null(capsys: pytest.CaptureFixture[str]) -> None:
    """NaN and the infinities become null at any depth, in lists, tuples and mappings; other values stay."""
    value = {"a": math.nan, "b": [1.5, math.inf, (-math.inf, "NaN", None, True, 0)], "c": {"d": {"e": math.nan}}}
    assert _printed(value, capsys) == {
        "a": None,
        "b": [1.5, None, [None, "NaN", None, True, 0]],
        "c": {"d": {"e": None}},
    }


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec="utf-8"))


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)))
def test_whatever_is_printed_is_strict_json(capsys: pytest.CaptureFixture[str], value: Any) -> None:
    """Any nesting of values comes out as JSON that a strict parser reads, equal but for what is no number."""

    def plain(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: plain(inner) for key, inner in part.items()}
        if isinstance(part, list):
            return [plain(inner) for inner in part]
        return None if isinstance(part, float) and not math.isfinite(part) else part

    assert _printed(value, capsys) == plain(value)


def test_letters_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    """Text stays legible: no escapes for letters beyond ASCII."""
    print_json({"why": "größer – 0"})
    assert "größer – 0" in capsys.readouterr().out


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters() | st.sampled_from("\x1b\x7f\x85\x9b\u202e\u2028\U000e0041\ud800")))
def test_no_letter_of_json_steers_a_terminal(capsys: pytest.CaptureFixture[str], text: str) -> None:
    """What cannot be seen is written as an escape, in full, and reads back as it was."""
    capsys.readouterr()
    print_json([text])
    shown = capsys.readouterr().out
    assert json.loads(shown) == [text]
    assert all(letter.isprintable() or letter == "\n" for letter in shown)


def test_all_that_commands_print_goes_through_one_door() -> None:
    """No command prints past `say`, which lets nothing through that could steer a terminal."""
    for path in sorted(Path(cli.__file__).parent.rglob("*.py")):
        calls = [
            ast.unparse(node.func)
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call)
        ]
        past = [name for name in calls if name in ("print", "typer.echo", "typer.secho", "sys.stdout.write")]
        assert len(past) == (path.name in ("options.py", "reference.py")), path


def test_named_values_are_parted_at_the_first_sign() -> None:
    """A value may hold an equals sign of its own; the last of two alike counts."""
    assert named_values(["text=a=b", "label=x", "label=y"], "--column") == {"text": "a=b", "label": "y"}
    assert named_values([], "--column") == {}


@pytest.mark.parametrize("word", ["text", "text=", "=x", "", "="])
def test_a_word_without_name_or_value_is_refused(word: str) -> None:
    """The message repeats the option and what was written."""
    with pytest.raises(EvidenceError, match=rf"--column {word!r}: write NAME=VALUE"):
        named_values([word], "--column")


def test_a_number_is_asked_for_where_one_is_wanted() -> None:
    """Words are refused where numbers are wanted, and only there."""
    assert named_values(["praise=-0.5"], "--value", number=True) == {"praise": "-0.5"}
    with pytest.raises(EvidenceError, match=r"--value 'praise=much': 'much' is not a number"):
        named_values(["praise=much"], "--value", number=True)


@pytest.mark.parametrize("value", ["nan", "inf", "-Infinity", "1e999"])
def test_a_number_without_an_end_is_refused(value: str) -> None:
    """A margin or a weight that is no finite number would be compared with nothing."""
    with pytest.raises(EvidenceError, match="not a finite number"):
        named_values([f"a={value}"], "--margin", number=True)


def test_somebody_without_a_name_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container without a user the ledger gets a word, not a traceback."""
    assert user()
    for error in (KeyError("uid"), OSError("no user")):

        def nobody(error: Exception = error) -> str:
            raise error

        monkeypatch.setattr(getpass, "getuser", nobody)
        assert user() == "unknown"


@pytest.mark.parametrize(
    ("words", "said"), [(["here"], "shown here"), (["show", "here"], "shown here"), (["hide"], "hidden")]
)
def test_a_group_has_a_usual_command(words: list[str], said: str) -> None:
    """What names no command is given to the usual one; what names one runs it."""
    app = typer.Typer(cls=or_usual("show"))
    app.command("show")(lambda what: typer.echo(f"shown {what}"))
    app.command("hide")(lambda: typer.echo("hidden"))
    assert CliRunner().invoke(app, words).output.strip() == said
