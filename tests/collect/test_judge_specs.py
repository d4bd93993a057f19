"""What a policy says of a judge."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seatrial.collect.judge_specs import judge_identity, judge_spec, recorded_scores
from seatrial.errors import EvidenceError, PolicyError
from seatrial.policy import JudgeSpec


def test_an_unknown_judge_names_those_that_are_declared() -> None:
    """The message says which judges there are."""
    with pytest.raises(PolicyError, match=r"no judge is called 'x'; `judges:` in the policy declares a, b"):
        judge_spec({"b": JudgeSpec(scores=Path("b.jsonl")), "a": JudgeSpec(scores=Path("a.jsonl"))}, "x")
    with pytest.raises(PolicyError, match="declares none"):
        judge_spec({}, "x")


def test_what_decides_a_judges_scores_gives_away_no_address() -> None:
    """A judge's identity holds model, settings and form, and neither where it is nor which key it takes."""
    spec = JudgeSpec.model_validate(
        {"model": {"model": "openai-compatible/j", "base_url": "http://secret-host/v1", "api_key_env": "SECRET_KEY"}}
    )
    identity = judge_identity(spec)
    assert "secret" not in identity.lower()
    assert "openai-compatible/j" in identity
    assert identity != judge_identity(spec.model_copy(update={"structured": False}))
    assert judge_identity(JudgeSpec(members=["a", "b"])) == "members a b"
    assert judge_identity(JudgeSpec(scores=Path("/somewhere/a.jsonl"))) == "scores a.jsonl"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{broken", r"s\.jsonl:2: not JSON"),
        ("[1]", r"s\.jsonl:2: expected a JSON object"),
        ('{"item": "a", "score": 1}', r"s\.jsonl:2: a line needs `item` and `answer` as text"),
        ('{"item": 1, "answer": "x", "score": 1}', r"s\.jsonl:2: a line needs `item` and `answer` as text"),
        ('{"item": "a", "answer": "x"}', r"s\.jsonl:2: `score` is not a number"),
        ('{"item": "a", "answer": "x", "score": true}', r"s\.jsonl:2: `score` is not a number"),
        ('{"item": "a", "answer": "x", "score": "7"}', r"s\.jsonl:2: `score` is not a number"),
        ('{"item": "a", "answer": "x", "score": NaN}', r"s\.jsonl:2: `score` is not a number"),
        ('{"item": "a", "answer": "x", "score": -Infinity}', r"s\.jsonl:2: the score -inf is outside 0 to 10"),
        (
            '{"item": "a", "answer": "x", "score": 1%s}' % ("0" * 400),
            r"s\.jsonl:2: the score 10{19} is outside 0 to 10",
        ),
        ('{"item": "a", "answer": "x", "score": 10.5}', r"s\.jsonl:2: the score 10.5 is outside 0 to 10"),
        ('{"item": "a", "answer": "x", "score": -1}', r"s\.jsonl:2: the score -1 is outside 0 to 10"),
        ('{"item": "a", "answer": "fine", "score": 8}', r"s\.jsonl:2: item a: the same answer has two scores"),
    ],
)
def test_a_wrong_score_is_refused_with_its_line(tmp_path: Path, line: str, words: str) -> None:
    """A file of scores that cannot be trusted is refused whole."""
    path = tmp_path / "s.jsonl"
    path.write_text('{"item": "a", "answer": "fine", "score": 7}\n' + line, encoding="utf-8")
    with pytest.raises(EvidenceError, match=words):
        recorded_scores(path)


def test_good_scores_are_read(tmp_path: Path) -> None:
    """Whole and broken numbers from 0 to 10 are scores; the same line twice is one score."""
    path = tmp_path / "s.jsonl"
    lines = [("a", 0), ("b", 10), ("a", 0), ("c", 2.5)]
    rows = [{"item": "i", "answer": answer, "score": score} for answer, score in lines]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert recorded_scores(path) == {("i", "a"): 0.0, ("i", "b"): 10.0, ("i", "c"): 2.5}
    with pytest.raises(EvidenceError, match="cannot be read"):
        recorded_scores(tmp_path / "none.jsonl")
