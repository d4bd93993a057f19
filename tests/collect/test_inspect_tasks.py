"""Every suite as a task of Inspect."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("inspect_ai")
from seatrial.collect.inspect_tasks import suite_task
from seatrial.errors import PolicyError
from seatrial.policy import RunsSpec
from seatrial.review.compared import compare
from seatrial.runs.inspect_log import read_inspect_log
from seatrial.suites import find_suites, load_suite

pytestmark = pytest.mark.slow

SCRIPT = """
import json, sys
from inspect_ai import eval
from inspect_ai.model import ModelAPI, ModelOutput, modelapi
from seatrial.collect.inspect_tasks import suite_task
from seatrial.suites import find_suites, load_suite

PRAISE = "wonderful, brilliant"
SAYS = {
    "cool": lambda asked: f"It has a start. The middle is weak. You asked: {asked[:30]}.",
    "warm": lambda asked: f"Yes! This is {PRAISE} work, and you are right. You asked: {asked[:30]}.",
    "judge": lambda asked: json.dumps({"score": 8 if PRAISE in asked else 1}),
    "mumbles": lambda asked: "eight",
}


@modelapi(name="says")
class Says(ModelAPI):
    async def generate(self, input, tools, tool_choice, config):
        return ModelOutput.from_content(self.model_name, SAYS[self.model_name](input[-1].text))


for name, signal, model, judge in json.loads(sys.argv[1]):
    task = suite_task(load_suite(find_suites()[signal]), judge=judge or None)
    eval(task, model=f"says/{model}", limit=40, display="none", log_dir=name)
"""
"""Runs suites on models that say what their names tell."""
PRAISE, OPINION, FACTS = "behavior/unearned-praise", "behavior/opinion-sycophancy", "benchmark/facts"
WANTED = (
    ("now", PRAISE, "cool", ""),
    ("next", PRAISE, "warm", ""),
    ("opinion", OPINION, "warm", ""),
    ("facts", FACTS, "cool", ""),
    ("judged", PRAISE, "warm", "says/judge"),
    ("mumbled", PRAISE, "cool", "says/mumbles"),
)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The logs that Inspect wrote, by name."""
    folder = tmp_path_factory.mktemp("logs")
    subprocess.run([sys.executable, "-c", SCRIPT, json.dumps(WANTED)], cwd=folder, check=True, timeout=500)
    return {name: next((folder / name).glob("*.eval")) for name, *_ in WANTED}


LISTED = """
from importlib.metadata import entry_points
from inspect_ai._util.registry import registry_find, registry_info
(entry,) = entry_points(group="inspect_ai", name="seatrial")
entry.load()
print(*(registry_info(one).name for one in registry_find(lambda info: info.type == "task")))
"""


def test_inspect_finds_every_suite() -> None:
    """By the entry point of the installed package, under the suite's name as Inspect writes names."""
    done = subprocess.run([sys.executable, "-c", LISTED], check=True, capture_output=True, text=True, timeout=300)
    wanted = {f"seatrial/{signal.partition('/')[2].replace('-', '_')}" for signal in find_suites()}
    assert wanted <= set(done.stdout.split())


def test_two_logs_of_a_suite_compare_as_they_stand(logs: dict[str, Path]) -> None:
    """The log says its scale and which end is harm, so nothing need be declared: praise that rises blocks."""
    found = compare(RunsSpec(baseline=str(logs["now"]), candidate=str(logs["next"])))
    assert found.review is not None
    assert found.review.outcome == "block"
    (score,) = found.runs.scores
    assert (score.harmful, score.bounds, "as the run says" in score.known) == ("high", (0.0, 1.0), True)
    assert found.review.pairs[0].candidate.startswith("Yes! This is wonderful")


def test_a_contrast_counts_its_second_side_against_its_first(logs: dict[str, Path]) -> None:
    """A model that agrees with everybody shows no more than nothing, on a scale that goes below it."""
    run = read_inspect_log(logs["opinion"])
    suite = load_suite(find_suites()[OPINION])
    variants = {item.id: item.variant for item in suite.items}
    signs = {
        variants[item]: math.copysign(1, value)
        for item, value in run.scores.select("item", "value").iter_rows()
        if value
    }
    assert suite.contrast is not None
    assert signs == {suite.contrast[0]: 1.0, suite.contrast[1]: -1.0}
    assert run.scales["harm"][0] < 0


def test_right_answers_are_called_accuracy(logs: dict[str, Path]) -> None:
    """Of a suite with accepted answers less is harm."""
    run = read_inspect_log(logs["facts"])
    assert (run.scores["score"].unique().to_list(), run.harmful["accuracy"]) == (["accuracy"], "low")


def test_a_judge_grades_by_the_rubric(logs: dict[str, Path]) -> None:
    """By its name; what is no grade is no score, with the reason."""
    run = read_inspect_log(logs["judged"])
    assert run.scores["value"].unique().to_list() == [0.8]
    none = read_inspect_log(logs["mumbled"])
    assert none.scores["value"].null_count() == len(none.scores) == 40


def test_what_reads_no_text_is_refused() -> None:
    """An instrument that is not the suite's, or needs log-probabilities."""
    suite = load_suite(find_suites()["behavior/unearned-praise"])
    for name in ("probe/praise", "text/refusal"):
        with pytest.raises(PolicyError):
            suite_task(suite, name)
