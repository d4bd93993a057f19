"""Tasks of Inspect under `evidence`."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatrial.errors import PolicyError
from seatrial.policy import LaunchPolicy, ModelSpec, TaskSpec, load_policy
from seatrial.policy.task_spec import why_no_task

MODEL = '{model: openai-compatible/a, base_url: "http://localhost:1/v1"}'
POLICY = "name: p\n{models}evidence:\n  - {entry}\ngates: [{{signal: eval/x.match, margin: 0.1}}]\n"
BOTH = f"baseline: {MODEL}\ncandidate: {MODEL}\n"


def _load(folder: Path, entry: str, models: str = BOTH) -> LaunchPolicy:
    path = folder / "policy.yaml"
    path.write_text(POLICY.format(models=models, entry=entry), encoding="utf-8")
    return load_policy(path)


def test_a_file_is_found_from_the_policys_folder(tmp_path: Path) -> None:
    """Its function stays with it, and so does what it is given."""
    (tmp_path / "sums.py").write_text("", encoding="utf-8")
    (task,) = _load(tmp_path, "{task: sums.py@sums, args: {count: 3}, limit: 2, epochs: 4}").tasks
    assert (task.task, task.file) == (f"{tmp_path}/sums.py@sums", f"{tmp_path}/sums.py")
    assert (task.title, task.args, task.limit, task.epochs) == ("sums", {"count": 3}, 2, 4)


def test_a_packages_task_keeps_its_name(tmp_path: Path) -> None:
    """A name in a package is no path; a grader's system prompt is read from its file."""
    (tmp_path / "strict.md").write_text("Be strict.\n", encoding="utf-8")
    grader = "{model: openai/gpt-4o, system: strict.md}"
    (task,) = _load(tmp_path, f"{{task: inspect_evals/gsm8k, roles: {{grader: {grader}}}}}").tasks
    assert (task.task, task.file, task.title) == ("inspect_evals/gsm8k", "", "gsm8k")
    assert task.roles["grader"].system == "Be strict."
    assert TaskSpec(task="a/b.py").title == "b"


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("{task: gsm8k}", "'gsm8k' is no task; expected PACKAGE/NAME"),
        ("{task: a/b, limitt: 3}", "limitt"),
        ("{task: a/b, limit: 0}", "limit"),
        ("{task: a/b, baseline: now.eval}", "baseline"),
        ("{task: nowhere.py@sums}", "nowhere.py: no such file"),
        (
            "{task: a/b, roles: {grader: {model: embedded/smollm2-135m}}}",
            "grader: embedded/smollm2-135m can run no task",
        ),
    ],
)
def test_what_is_wrong_in_one_is_named(tmp_path: Path, entry: str, told: str) -> None:
    """A key that is unknown, a name that is none, a file that is not there."""
    with pytest.raises(PolicyError, match=told):
        _load(tmp_path, entry)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"model": "embedded/smollm2-135m"}, "answers here and not through Inspect"),
        ({"model": "transcripts/a.jsonl"}, "its answers are recorded"),
        ({"model": "evidence/baseline"}, "give two logs instead"),
        ({"model": "openai-compatible/a"}, "give its address"),
        ({"model": "openai/a", "requests_per_minute": 3}, "set `concurrency`"),
        ({"model": "openai/a", "opening": "Yes"}, "`opening` does not reach a task"),
        ({"model": "openai/a", "headers": {"x-key": "${KEY}"}}, "writes `headers` and `extra_body` into its logs"),
        ({"model": "openai/a", "extra_body": {"user": {"id": "${KEY}"}}}, "api_key_env"),
    ],
)
def test_models_that_can_run_no_task(settings: dict[str, object], told: str) -> None:
    """Each with why, and with what to do."""
    assert told in why_no_task(ModelSpec.model_validate(settings))


def test_models_that_can() -> None:
    """Endpoints and every provider of Inspect, with what is not secret."""
    for settings in (
        {"model": "anthropic/a", "headers": {"x-team": "blue"}, "system": "Be kind."},
        {"model": "openai-compatible/a", "base_url": "http://localhost:1/v1", "extra_body": {"top_k": 3}},
    ):
        assert why_no_task(ModelSpec.model_validate(settings)) == ""


def test_a_policy_says_so_before_anything_is_asked(tmp_path: Path) -> None:
    """A policy whose models can run no task is refused when it is read."""
    with pytest.raises(PolicyError, match="inspect_evals/gsm8k: embedded/smollm2-135m can run no task"):
        _load(tmp_path, "{task: inspect_evals/gsm8k}", BOTH.replace(MODEL, "{model: embedded/smollm2-135m}"))
    with pytest.raises(PolicyError, match="nothing is known of it but evidence"):
        _load(tmp_path, "{task: inspect_evals/gsm8k}", "")
