"""A model as a file names it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from seatrial.errors import PolicyError
from seatrial.policy import Generation, ModelSpec, from_environment, resolved_model

USER, ASSISTANT = {"role": "user", "content": "1 + 1?"}, {"role": "assistant", "content": "2"}


def _spec(**settings: Any) -> ModelSpec:
    return ModelSpec.model_validate({"model": "openai-compatible/org/name-7b", **settings})


def test_provider_and_target_are_parted_at_the_first_slash() -> None:
    """A model's name may hold slashes of its own."""
    assert (_spec().provider, _spec().target) == ("openai-compatible", "org/name-7b")


@pytest.mark.parametrize(
    ("model", "recorded"),
    [("transcripts/a.csv", True), ("scores/a.csv", True), ("embedded/smollm2-135m", False), ("scores-api/x", False)],
)
def test_recorded_is_what_comes_from_a_file(model: str, recorded: bool) -> None:
    """Only transcripts and scores are files; a provider whose name begins alike is none."""
    assert ModelSpec(model=model).recorded is recorded


def test_draws_are_reproducible_unless_the_policy_says_otherwise() -> None:
    """By default a model is greedy and has a seed."""
    assert (Generation().temperature, Generation().seed) == (0.0, 20250425)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"model": "smollm"}, "String should match pattern"),
        ({"model": "a b/c"}, "String should match pattern"),
        ({"model": "/name"}, "String should match pattern"),
        ({"temperature": 1}, "Extra inputs are not permitted"),
        ({"base_url": "ftp://host"}, "is no address"),
        ({"base_url": "https://me:pw@host/v1"}, "name that with api_key_env"),
        ({"base_url": "https://host/v1?key=pw"}, "environment variable"),
        ({"api_key_env": "sk-secret"}, "String should match pattern"),
        ({"adapter_scale": 1.5}, "less than or equal to 1"),
        ({"concurrency": 0}, "greater than or equal to 1"),
        ({"price_in": -1}, "greater than or equal to 0"),
        ({"price_in": float("inf")}, "finite"),
        ({"generation": {"temperature": float("nan")}}, "finite"),
        ({"generation": {"top_p": 0}}, "greater than 0"),
        ({"extra_body": {"temperature": 1}}, "set by generation"),
        ({"extra_body": {"max_completion_tokens": 1}}, "under the name that the server takes"),
        ({"extra_body": {"stream": True}}, "shape of the reply"),
        ({"extra_body": {"api_key": "sk-1"}}, "environment variable"),
        ({"headers": {"Authorization": "Bearer sk-1"}}, "environment variable"),
        ({"headers": {"X-Api-Key": "sk-1"}}, "environment variable"),
        ({"headers": {"X Team": "a"}}, "is no header"),
        ({"headers": {"X-Team": "a\nb"}}, "is no header"),
        ({"examples": [USER]}, "by turns"),
        ({"examples": [ASSISTANT, USER]}, "by turns"),
        ({"examples": [USER, ASSISTANT, ASSISTANT, USER]}, "by turns"),
        ({"examples": [{"role": "system", "content": "x"}, ASSISTANT]}, "'user' or 'assistant'"),
        ({"opening": ""}, "an opening is words"),
        ({"opening": "Well, "}, "no space or line break after them"),
        ({"opening": {"mine": "Well\n"}}, "no space or line break after them"),
        ({"opening": {"mine": None}}, "an opening is words"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], words: str) -> None:
    """Each setting that no provider could follow is refused when the file is read, not in the middle of a review."""
    with pytest.raises(ValidationError, match=words):
        _spec(**settings)


def test_examples_are_whole_exchanges() -> None:
    """None, one exchange and two are fine."""
    for count in range(3):
        assert len(_spec(examples=[USER, ASSISTANT] * count).examples) == 2 * count


def test_an_opening_is_for_all_variants_or_for_those_that_it_names() -> None:
    """Words alone begin every answer; by variant they begin answers to that side only."""
    assert _spec(opening="Well,").opening_for("mine") == "Well,"
    by_variant = _spec(opening={"mine": "Lovely,"})
    assert (by_variant.opening_for("mine"), by_variant.opening_for("theirs")) == ("Lovely,", "")
    assert _spec().opening_for("mine") == ""


def test_paths_are_relative_to_the_file_that_names_them(tmp_path: Path) -> None:
    """Recorded answers and adapters get the folder put before them; an absolute path stays, and so does a name."""
    assert resolved_model(ModelSpec(model="transcripts/a/b.csv"), tmp_path).target == str(tmp_path / "a" / "b.csv")
    assert resolved_model(ModelSpec(model="scores//data/b.csv"), tmp_path).target == "/data/b.csv"
    assert resolved_model(_spec(adapter="warm.gguf"), tmp_path).adapter == tmp_path / "warm.gguf"
    assert resolved_model(_spec(), tmp_path) == _spec()


@pytest.mark.parametrize(
    ("system", "read"),
    [
        ("warm.md", "Be warm."),
        ("Be warm", "Be warm"),
        ("Read warm.md", "Read warm.md"),
        ("warm.md ", "warm.md "),
        ("warm.pdf", "warm.pdf"),
    ],
)
def test_a_system_prompt_is_a_file_only_where_it_is_one_word_that_ends_like_one(
    tmp_path: Path, system: str, read: str
) -> None:
    """A prompt that speaks of a file is a prompt still; a file's blank ends are taken off."""
    (tmp_path / "warm.md").write_text("\nBe warm.\n\n", encoding="utf-8")
    assert resolved_model(_spec(system=system), tmp_path).system == read


@pytest.mark.parametrize(
    ("content", "words"), [(None, "cannot be read"), (b" \n", "is empty"), (b"\xff\xfe", "UTF-16")]
)
def test_a_system_prompt_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None, words: str) -> None:
    """A missing file, an empty one and one that is no text are named."""
    if content is not None:
        (tmp_path / "warm.txt").write_bytes(content)
    with pytest.raises(PolicyError, match=rf"system prompt .*warm\.txt.* {words}"):
        resolved_model(_spec(system="warm.txt"), tmp_path)


def test_secrets_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value is put in wherever its name stands, and told to whoever keeps it out of messages."""
    monkeypatch.setenv("TEAM", "blue")
    spec = _spec(headers={"Authorization": "Bearer ${TEAM}"}, extra_body={"min_tokens": 3, "user": ["${TEAM}-1", 2]})
    found: set[str] = set()
    assert from_environment(spec.headers, "m", found) == {"Authorization": "Bearer blue"}
    assert from_environment(spec.extra_body, "m", found) == {"min_tokens": 3, "user": ["blue-1", 2]}
    assert found == {"blue"}
    assert "blue" not in spec.model_dump_json()
