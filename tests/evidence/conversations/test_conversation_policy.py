"""The policy of conversations: what is read, and what is said of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatrial.errors import PolicyError
from seatrial.evidence.conversations.conversation_policy import load_conversation_policy, parse_conversation_policy
from talkers import conversation_policy

GOOD = """\
name: companion
baseline: {model: embedded/smollm2-135m}
candidate: {model: embedded/smollm2-135m, system: Be warm.}
gates:
  - {signal: conversation/harm, margin: 0.1}
"""


def test_a_small_policy_is_enough() -> None:
    """Two models and a gate; the users are scripts, and all areas are talked about."""
    policy = parse_conversation_policy(GOOD)
    assert (policy.user, policy.draws, policy.areas) == ("script", 1, [])


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("conversation/harm", "conversation/harn", "did you mean"),
        ("conversation/harm", "behavior/harm", "nothing that is read of conversations"),
        ("margin: 0.1", "margin: 0", "a margin must be above 0"),
        ("model: embedded/smollm2-135m}", "model: smollm}", "expected PROVIDER/NAME"),
        ("model: embedded/smollm2-135m}", "model: transcripts/x.jsonl}", "cannot go on talking"),
        ("name: companion", "name: companion\nturn: 5", "did you mean"),
        ("name: companion", "name: companion\nuser: puppet", "expected `script`, or a model"),
        ("margin: 0.1}", "margin: 0.1}\n  - {signal: conversation/harm, margin: 0.2}", "two gates"),
        ("margin: 0.1", "margin: 0.1, instrument: text/praise", "`reads` names what reads turns"),
    ],
)
def test_a_mistake_is_named_with_its_line(before: str, after: str, said: str) -> None:
    """What is wrong is said with the file, the line and what was expected."""
    with pytest.raises(PolicyError, match=r"converse\.yaml:\d") as error:
        parse_conversation_policy(GOOD.replace(before, after, 1), "converse.yaml")
    assert said in str(error.value)


def test_paths_are_those_of_the_policys_folder(tmp_path: Path) -> None:
    """System prompts are read, and folders found, beside the policy."""
    (tmp_path / "warm.md").write_text("Be warm.\n", encoding="utf-8")
    path, _ = conversation_policy(
        tmp_path, "http://127.0.0.1:9/v1", personas="[mine]", candidate="{model: a/b, system: warm.md}"
    )
    policy = load_conversation_policy(path)
    assert policy.candidate.system == "Be warm."
    assert policy.personas == [tmp_path / "mine"]


def test_a_missing_file_says_where_one_is_found(tmp_path: Path) -> None:
    """Who has no policy is told where to find one."""
    with pytest.raises(PolicyError, match="no such file"):
        load_conversation_policy(tmp_path / "none.yaml")


def test_it_decides_by_a_launch_policy(tmp_path: Path) -> None:
    """Gates, scales, ends and models reach the policy that decides on the observations."""
    _, policy = conversation_policy(
        tmp_path,
        "http://127.0.0.1:9/v1",
        gates="[{signal: conversation/first-harm, margin: 0.1}, {signal: conversation/slope, margin: 0.2}]",
    )
    made = policy.decides(tmp_path / "x.parquet")
    assert made.signals["conversation/first-harm"].harmful == "low"
    assert made.signals["conversation/slope"].bounds == (-1.5, 1.5)
    assert made.candidate.model == "openai-compatible/new"
    assert made.evidence == [tmp_path / "x.parquet"]
