"""A policy's file says what was reviewed, wherever its folder lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatrial.errors import PolicyError
from seatrial.policy import LaunchPolicy, load_policy, parse_policy
from seatrial.review.verifying.written_policy import compare_policy

TEXT = """
name: p
baseline:  {model: transcripts/now.jsonl, system: prompts/now.md}
candidate: {model: transcripts/next.jsonl}
suites: [../own]
evidence: [seen.csv, {baseline: logs/a, candidate: logs/b}]
gates: [{signal: behavior/x, margin: 0.1, labels: labels.jsonl}]
"""


@pytest.fixture
def reviewed(tmp_path: Path) -> LaunchPolicy:
    """The policy with its paths absolute and its prompt read."""
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "now.md").write_text("Be brief.", encoding="utf-8")
    (tmp_path / "policy.yaml").write_text(TEXT, encoding="utf-8")
    return load_policy(tmp_path / "policy.yaml")


def test_paths_may_start_elsewhere(reviewed: LaunchPolicy) -> None:
    """What is written with comments or from another folder is the same; a prompt's file is said to be one."""
    found = compare_policy(f"# ours\n{TEXT}", reviewed, "policy.yaml")
    assert found.differs == ()
    assert found.told == (
        "policy.yaml: baseline system is the file prompts/now.md; its text at the time stands in evidence.json.",
    )


def test_a_prompt_at_hand_is_compared_as_it_stands_now(reviewed: LaunchPolicy, tmp_path: Path) -> None:
    """The policy in force under the same name of a file is another one once the file says something else."""
    assert compare_policy(TEXT, reviewed, "p", tmp_path).differs == compare_policy(TEXT, reviewed, "p").differs == ()
    prompt = tmp_path / "prompts" / "now.md"
    prompt.write_text("Flatter them.", encoding="utf-8")
    (said,) = compare_policy(TEXT, reviewed, "p", tmp_path).differs
    assert said == (
        f"p: baseline system is the file {prompt}, which says 'Flatter them.', and 'Be brief.' was reviewed."
    )
    prompt.unlink()
    with pytest.raises(PolicyError, match=r"now\.md"):
        compare_policy(TEXT, reviewed, "p", tmp_path)


def test_a_models_name_is_no_path() -> None:
    """`OWNER/MODEL` of a provider is not the model of that name of somebody else."""
    model = "{model: hf/owner/small}"
    text = f"name: p\nbaseline: {model}\ncandidate: {model}\ngates: [{{signal: behavior/x, margin: 0.1}}]"
    found = compare_policy(text.replace("owner/", "", 1), parse_policy(text), "p")
    assert found.differs == ("p: baseline model is 'hf/small', and 'hf/owner/small' was reviewed.",)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("margin: 0.1", "margin: 0.2", "gates behavior/x margin is 0.2, and 0.1 was reviewed."),
        ("now.jsonl", "other.jsonl", "baseline model is 'transcripts/other.jsonl', and 'transcripts/"),
        ("transcripts/next", "scores/next", "candidate model is 'scores/next.jsonl'"),
        ("labels.jsonl", "more.jsonl", "gates behavior/x labels is 'more.jsonl'"),
        ("name: p", "name: p\nalpha: 0.2", "alpha is 0.2, and 0.05 was reviewed."),
        (
            "margin: 0.1",
            "margin: 0.1, advisory: watched only",
            "advisory is 'watched only', and left out was reviewed.",
        ),
        (", labels: labels.jsonl}]", "}, {signal: behavior/y, margin: 0.1}]", "gates is ["),
    ],
)
def test_what_says_something_else_is_named(reviewed: LaunchPolicy, old: str, new: str, said: str) -> None:
    """A margin, a model, a level, a gate more: by where it stands."""
    text = TEXT.replace(old, new)
    if "scores/" in new:
        text = text.replace("transcripts/now", "scores/now").replace(", system: prompts/now.md", "")
    assert any(said in one for one in compare_policy(text, reviewed, "p").differs)


def test_a_budget_of_the_command_line_is_told(reviewed: LaunchPolicy) -> None:
    """`--budget` stands in no file."""
    other = reviewed.model_copy(update={"budget": reviewed.budget.model_copy(update={"calls": 99})})
    found = compare_policy(TEXT, other, "p")
    assert found.differs == ()
    assert "p: budget calls is 6,000, and the review ran with 99 (--budget)." in found.told


def test_what_is_no_policy_is_refused(reviewed: LaunchPolicy) -> None:
    """The message names the file."""
    with pytest.raises(PolicyError, match="mine"):
        compare_policy("gates: 3", reviewed, "mine")
