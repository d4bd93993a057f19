"""The policy file and the messages about its mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatrial.errors import PolicyError
from seatrial.policy import load_policy, margin_fits, parse_policy

GOOD = """\
name: support
baseline: {model: embedded/smollm2-135m}
candidate:
  model: embedded/smollm2-135m
  system: Be warm.
gates:
  - {signal: behavior/unearned-praise, margin: 0.05}
"""


def test_a_plain_policy_has_the_documented_defaults() -> None:
    """Alpha is 0.05, power 0.9, every gate blocks."""
    policy = parse_policy(GOOD)
    assert (policy.alpha, policy.power, policy.gates[0].blocking) == (0.05, 0.9, True)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("margin: 0.05", "margn: 0.05", 7, "did you mean 'margin'"),
        ("margin: 0.05", "margin: -0.05", 7, "a margin must be above 0, got -0.05"),
        ("margin: 0.05", "margin: .nan", 7, "finite"),
        ("behavior/unearned-praise", "praise", 7, "is not a signal; expected kind/name"),
        ("  - {signal: behavior/unearned-praise, margin: 0.05}", "  []", 6, "would launch anything"),
        ("candidate:", "candidat:", 3, "did you mean 'candidate'"),
        ("  model: embedded/smollm2-135m\n  system", "  model: smollm\n  system", 4, "is not a model"),
        ("name: support", "name: support\nname: again", 2, "stands twice"),
        ("name: support", "name: support\nalpha: 0.7", 2, "less than 0.5"),
        ("name: support", "name: [", 3, "not valid YAML"),
        ("gates:", "judges: {own: {model: {model: a/b}, drwas: 2}}\ngates:", 6, "did you mean 'draws'"),
        ("gates:", "judges: {own: {model: {model: a/b, systm: c}}}\ngates:", 6, "did you mean 'system'"),
        ("system: Be warm.", "opening: 'Sure, '", 5, "no space or line break after them"),
        ("system: Be warm.", "opening: {mine: 3}", 5, "an opening is words"),
        ("margin: 0.05}", "margin: 0.05, advisory: true}", 7, "advisory"),
        ("margin: 0.05}", "margin: 0.05, advisory: 'short'}", 7, "needs its reason in words"),
    ],
)
def test_a_mistake_names_its_line_and_what_was_expected(old: str, new: str, line: int, words: str) -> None:
    """Every mistake is reported with file, line and what was expected there."""
    with pytest.raises(PolicyError) as error:
        parse_policy(GOOD.replace(old, new), "policy.yaml")
    assert any(row.startswith(f"policy.yaml:{line}:") and words in row for row in str(error.value).splitlines()), (
        error.value
    )


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("  - {signal: behavior/unearned-praise, margin: 0.1}\n", "two gates on the signal"),
        ("signals:\n  behavior/x: {bounds: [1, 0]}\n", "bounds must be"),
        ("signals:\n  behavior/x: {column: a, instrument: text/length}\n", "either a column"),
        ("signals:\n  behavior/x: {column: a, values: {yes: 3}}\n", "outside the bounds"),
    ],
)
def test_contradictions_are_refused(extra: str, words: str) -> None:
    """Parts that contradict each other are refused."""
    with pytest.raises(PolicyError, match=words):
        parse_policy(GOOD + extra)


def test_two_models_share_their_settings_by_a_merge_key() -> None:
    """`<<: *base` gives the candidate what the baseline has, save for what it says itself."""
    policy = parse_policy(
        GOOD.replace("baseline: {", "baseline: &base {concurrency: 3, logprobs: 0, ").replace(
            "  model: embedded/smollm2-135m\n  system", "  <<: *base\n  logprobs: 5\n  system"
        )
    )
    shared = {"system": "Be warm.", "logprobs": 5}
    assert policy.candidate == policy.baseline.model_copy(update=shared)
    assert policy.baseline.concurrency == 3


def test_a_list_is_no_policy() -> None:
    """A file that is no mapping is refused in a sentence."""
    with pytest.raises(PolicyError, match="expected a mapping with `name` and `gates`"):
        parse_policy("- 1")


def test_the_digest_ignores_comments_and_sees_margins() -> None:
    """Comments and layout do not change the digest; a margin does."""
    digest = parse_policy(GOOD).digest
    assert parse_policy("# a comment\n" + GOOD).digest == digest
    assert parse_policy(GOOD.replace("0.05", "0.06")).digest != digest


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    """A system prompt named as a file is read from beside the policy; transcripts get absolute paths."""
    (tmp_path / "warm.md").write_text("Be warm.\n", encoding="utf-8")
    path = tmp_path / "policy.yaml"
    path.write_text(
        GOOD.replace("system: Be warm.", "system: warm.md").replace(
            "{model: embedded/smollm2-135m}", "{model: transcripts/a.csv}"
        ),
        encoding="utf-8",
    )
    policy = load_policy(path)
    assert policy.candidate.system == "Be warm."
    assert policy.baseline.target == str(tmp_path / "a.csv")


@pytest.mark.parametrize(("content", "words"), [(None, "cannot be read"), ("", "is empty")])
def test_a_missing_or_empty_system_prompt_is_refused(tmp_path: Path, content: str | None, words: str) -> None:
    """A system prompt's file must exist and hold something."""
    if content is not None:
        (tmp_path / "warm.md").write_text(content, encoding="utf-8")
    path = tmp_path / "policy.yaml"
    path.write_text(GOOD.replace("system: Be warm.", "system: warm.md"), encoding="utf-8")
    with pytest.raises(PolicyError, match=words):
        load_policy(path)


def test_a_missing_policy_says_how_to_get_one(tmp_path: Path) -> None:
    """The message for a missing file names the command that writes one."""
    with pytest.raises(PolicyError, match="seatrial init"):
        load_policy(tmp_path / "none.yaml")


def test_a_margin_fits_below_the_range() -> None:
    """A margin must be smaller than the largest change that the scale can show."""
    assert margin_fits(0.9, (0, 1))
    assert not margin_fits(1.0, (0, 1))


def test_scores_compare_with_scores_only() -> None:
    """A table of scores cannot be compared with a live model."""
    with pytest.raises(PolicyError, match="scores can only be compared with scores"):
        parse_policy(GOOD.replace("{model: embedded/smollm2-135m}", "{model: scores/a.csv}"))
