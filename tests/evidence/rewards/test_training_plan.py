"""Training plans: what is read from a file, and what is said of a mistake in one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seatrial.errors import PolicyError
from seatrial.evidence.rewards.training_plan import RewardModel, load_plan, parse_plan, plan_items

PLAN = """
name: tiny
model: {model: embedded/smollm2-135m}
prompts: {suites: [unearned-praise, facts], each: 6}
signals:
  primary: {kind: instruments, weights: {text/praise: -1.0}}
  rm: {kind: reward-model, path: rm}
behaviors: [text/praise]
mixes:
  before: {primary: 1.0}
  after: {primary: 1.0, rm: 0.5}
train: {steps: 3}
"""


def test_paths_stand_beside_the_plan_and_the_digest_holds_all_of_it(tmp_path: Path) -> None:
    """Relative paths are those of the plan's folder; any number that changes makes another plan."""
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN, encoding="utf-8")
    plan = load_plan(path)
    spec = plan.signals["rm"]
    assert isinstance(spec, RewardModel) and spec.path == tmp_path / "rm"
    assert plan.digest == load_plan(path).digest
    assert plan.digest != parse_plan(PLAN.replace("steps: 3", "steps: 4")).digest


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("rm: 0.5}", "other: 0.5}", "other"),
        ("after: {primary: 1.0, rm: 0.5}", "after: {primary: 0.0}", "every weight is 0"),
        ("kind: instruments", "kind: nonsense", "'nonsense' is no kind of signal"),
        ("kind: reward-model, ", "", "a signal needs its `kind`"),
        ("{suites: [unearned-praise, facts], each: 6}", "{each: 6}", "give `suites`, or a `file`"),
        ("steps: 3", "steps: 0", "plan.yaml:12: train.steps"),
        ("steps: 3", "step: 3", "step"),
        ("primary: 1.0}", "primary: .nan}", "plan.yaml:10: mixes.before.primary"),
    ],
)
def test_a_mistake_is_named(old: str, new: str, words: str) -> None:
    """Each with the line, or with what there is."""
    assert old in PLAN
    with pytest.raises(PolicyError, match=words):
        parse_plan(PLAN.replace(old, new, 1), "plan.yaml")


def test_a_file_that_is_no_plan_is_said(tmp_path: Path) -> None:
    """Absent, or no text."""
    with pytest.raises(PolicyError, match=r"no such file; examples/april-update/plan\.yaml"):
        load_plan(tmp_path / "none.yaml")
    (tmp_path / "raw.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(PolicyError, match=r"raw\.yaml: UTF-16 or UTF-32 text"):
        load_plan(tmp_path / "raw.yaml")


def test_prompts_come_by_turns_of_use_cases() -> None:
    """The first items of a suite are of as many use cases as there are; an unknown suite is named."""
    items = plan_items(parse_plan(PLAN))
    assert len(items) == 12 and len({item.use_case for item in items if item.suite == "unearned-praise"}) == 6
    with pytest.raises(PolicyError, match="no suite is called 'nothing'; there are"):
        plan_items(parse_plan(PLAN.replace("facts]", "nothing]")))


def _with_file(path: Path, rows: str) -> Path:
    (path / "prompts.jsonl").write_text(rows, encoding="utf-8")
    (path / "plan.yaml").write_text(
        PLAN.replace("{suites: [unearned-praise, facts], each: 6}", "{file: prompts.jsonl}"), encoding="utf-8"
    )
    return path / "plan.yaml"


def test_prompts_of_a_file_keep_what_it_says(tmp_path: Path) -> None:
    """Ids, use cases, clusters and right answers are the file's; what it does not say has a default."""
    rows = [{"prompt": "Capital of France?", "id": "f", "use_case": "quiz", "cluster": "geo", "targets": ["Paris"]}]
    rows.append({"prompt": "Hello?"})
    first, second = plan_items(load_plan(_with_file(tmp_path, "".join(f"{json.dumps(row)}\n" for row in rows))))
    assert (first.id, first.use_case, first.cluster, first.targets) == ("f", "quiz", "geo", ("Paris",))
    assert second.id == "prompts-2" and second.use_case == "general" and second.targets == ()


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("", "holds no prompts"),
        ("{not json\n", ":1: not JSON"),
        ('{"prompt": "a"}\n{"question": "b"}\n', ":2: needs a `prompt` in words"),
        ('{"prompt": "a", "id": "x"}\n{"prompt": "b", "id": "x"}\n', ":2: the id 'x' stands twice"),
    ],
)
def test_a_file_of_prompts_that_is_wrong_names_the_line(rows: str, words: str, tmp_path: Path) -> None:
    """Empty, no JSON, no prompt, an id twice."""
    with pytest.raises(PolicyError, match=words):
        plan_items(load_plan(_with_file(tmp_path, rows)))
    plan = load_plan(_with_file(tmp_path, '{"prompt": "a"}\n'))
    (tmp_path / "prompts.jsonl").unlink()
    with pytest.raises(PolicyError, match=r"prompts\.jsonl: cannot be read: No such file"):
        plan_items(plan)
