"""Observations that a policy brings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seatrial.errors import EvidenceError, PolicyError
from seatrial.policy import RunsSpec, load_policy
from seatrial.review.brought_evidence import brought_evidence

LOGS = Path(__file__).parents[1] / "runs" / "logs" / "inspect"
BOTH = "baseline: {model: scores/a.csv}\ncandidate: {model: scores/b.csv}\n"


def _evidence(path: Path, *signals: str, value: float = 0.5) -> None:
    rows = [
        {"signal": signal, "role": role, "item": f"q{n}", "value": value}
        for signal in signals
        for role in ("baseline", "candidate")
        for n in range(3)
    ]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")


def _scores(folder: Path) -> None:
    for name in ("a", "b"):
        lines = ["item,score", *(f"q{n},{0.1 * n}" for n in range(4))]
        (folder / f"{name}.csv").write_text("\n".join(lines), encoding="utf-8")


def _policy(folder: Path, text: str, *signals: str) -> Path:
    gates = ", ".join(f"{{signal: {signal}, margin: 0.1}}" for signal in signals)
    (folder / "p.yaml").write_text(f"name: p\n{text}gates: [{gates}]\n", encoding="utf-8")
    return folder / "p.yaml"


def _counts(path: Path) -> dict[str, int]:
    frame = brought_evidence(load_policy(path)).observations
    assert frame is not None
    return {str(name): count for name, count in frame["signal"].value_counts().iter_rows()}


def test_a_policy_that_brings_nothing_has_none(tmp_path: Path) -> None:
    """Without files and scores there is no table, not an empty one."""
    assert brought_evidence(load_policy(_policy(tmp_path, "", "behavior/x"))).observations is None


def test_files_are_read_together(tmp_path: Path) -> None:
    """Two files of different signals are one table."""
    _evidence(tmp_path / "one.jsonl", "vibe/off")
    _evidence(tmp_path / "two.jsonl", "vibe/preference", "vibe/else")
    path = _policy(tmp_path, "evidence: [one.jsonl, two.jsonl]\n", "vibe/off")
    assert _counts(path) == {"vibe/off": 6, "vibe/preference": 6, "vibe/else": 6}


def test_the_same_observation_in_two_files_is_refused(tmp_path: Path) -> None:
    """Listed twice, an observation would count twice, even where the numbers differ."""
    _evidence(tmp_path / "one.jsonl", "vibe/off")
    _evidence(tmp_path / "two.jsonl", "vibe/off", value=0.25)
    with pytest.raises(EvidenceError, match="two evidence files hold the same observation"):
        brought_evidence(load_policy(_policy(tmp_path, "evidence: [one.jsonl, two.jsonl]\n", "vibe/off")))


def test_scores_are_of_the_only_gate_that_no_file_serves(tmp_path: Path) -> None:
    """With a single gate left, a table of scores needs no column that names its signal; with two it does."""
    _scores(tmp_path)
    assert _counts(_policy(tmp_path, BOTH, "benchmark/quiz")) == {"benchmark/quiz": 8}
    _evidence(tmp_path / "one.jsonl", "vibe/off")
    path = _policy(tmp_path, f"{BOTH}evidence: [one.jsonl]\n", "vibe/off", "benchmark/quiz")
    assert _counts(path) == {"vibe/off": 6, "benchmark/quiz": 8}
    with pytest.raises(EvidenceError):
        brought_evidence(load_policy(_policy(tmp_path, BOTH, "benchmark/facts", "benchmark/quiz")))


def test_the_scale_of_what_is_gated_is_held(tmp_path: Path) -> None:
    """Values outside [0, 1], or outside what the policy declares, are refused; those of no gate are not."""
    _evidence(tmp_path / "one.jsonl", "behavior/x", "behavior/y", value=3.5)
    path = _policy(tmp_path, "evidence: [one.jsonl]\n", "behavior/x")
    with pytest.raises(EvidenceError, match=r"one\.jsonl: value 3\.5 of behavior/x is outside \[0, 1\]"):
        brought_evidence(load_policy(path))
    declared = "evidence: [one.jsonl]\nsignals: {behavior/x: {bounds: [1, 5]}}\n"
    assert _counts(_policy(tmp_path, declared, "behavior/x")) == {"behavior/x": 6, "behavior/y": 6}


def test_what_decides_nothing_is_said(tmp_path: Path) -> None:
    """Observations of a signal that no gate asks for are counted; ratings count without one."""
    _evidence(tmp_path / "one.jsonl", "behavior/x", "behavior/y", "vibe/off")
    path = _policy(tmp_path, "evidence: [one.jsonl]\n", "behavior/x")
    assert brought_evidence(load_policy(path)).told == (
        "behavior/y: 6 brought observations decide nothing, for no gate asks for them.",
    )


def test_a_gate_on_summary_figures_needs_no_scores(tmp_path: Path) -> None:
    """Beside it a single gate is left, whose scores need no column that names it."""
    _scores(tmp_path)
    figures = "{mean: 0.5, se: 0.02, n: 400}"
    summary = f"{{baseline: {figures}, candidate: {figures}, source: a model card}}"
    declared = f"{BOTH}signals: {{benchmark/facts: {{summary: {summary}}}}}\n"
    assert _counts(_policy(tmp_path, declared, "benchmark/facts", "benchmark/quiz")) == {"benchmark/quiz": 8}


@pytest.mark.parametrize(
    ("scores", "signals", "told"),
    [
        ((0.2, 0.4), "", "does not say which end of it is harm"),
        ((2.0, 4.0), "signals: {eval/mood: {harmful: high}}\n", "lie outside the scale"),
    ],
)
def test_a_gate_on_a_score_of_which_more_must_be_said(
    tmp_path: Path, scores: tuple[float, float], signals: str, told: str
) -> None:
    """It is named with what to write under `signals`, and is no gate that nothing provides."""
    for name, score in zip(("now", "next"), scores, strict=True):
        lines = "".join(f"q{n},{score}\n" for n in range(30))
        (tmp_path / f"{name}.csv").write_text(f"item,mood\n{lines}", encoding="utf-8")
    runs = "evidence:\n  - {baseline: now.csv, candidate: next.csv, scores: [mood]}\n"
    policy = load_policy(_policy(tmp_path, runs + signals, "eval/mood"))
    with pytest.raises((PolicyError, EvidenceError), match=told):
        brought_evidence(policy)


def test_logs_of_tasks_are_read_as_two_logs_are(tmp_path: Path) -> None:
    """A task brings nothing before it has run, and its logs' scores after."""
    model = 'model: openai-compatible/a, base_url: "http://localhost:1/v1"'
    head = f"baseline: {{{model}}}\ncandidate: {{{model}, system: warm}}\nevidence: [{{task: pack/harbor_sums}}]\n"
    policy = load_policy(_policy(tmp_path, head, "eval/harbor-sums.match"))
    assert brought_evidence(policy).observations is None
    runs = RunsSpec(baseline=str(LOGS / "baseline.eval"), candidate=str(LOGS / "candidate.eval"))
    with pytest.raises(PolicyError, match=r"signals: {eval/harbor-sums.match: {harmful: low}}"):
        brought_evidence(policy, [runs])  # without its harmful end it would count the wrong way
    head += "signals: {eval/harbor-sums.match: {harmful: low}}\n"
    policy = load_policy(_policy(tmp_path, head, "eval/harbor-sums.match"))
    frame = brought_evidence(policy, [runs]).observations
    assert frame is not None
    assert "eval/harbor-sums.match" in frame["signal"].cast(str).unique().to_list()
