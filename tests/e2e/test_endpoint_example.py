"""The example of two endpoints and a judge, small: one gate, few calls, the same files."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from benchmarks import walk

from conftest import Command
from seatrial.suites import find_suites, load_suite

EXAMPLE = Path(__file__).parents[2] / "examples" / "endpoint"
SIGNAL = "behavior/pushback"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def start() -> Iterator[ModuleType]:
    """The example's `start.py`, with its simulation beside it."""
    sys.path.insert(0, str(EXAMPLE))
    import start

    yield start
    sys.path.remove(str(EXAMPLE))


@pytest.fixture(scope="module")
def label(start: ModuleType) -> ModuleType:
    """The example's `label.py`."""
    import label

    return label


@pytest.fixture(scope="module")
def port() -> int:
    """A port that nothing listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def url(start: ModuleType, port: int) -> Iterator[str]:
    """The address of the simulation, in a process of its own as the example starts it."""
    process = start.started(port)
    yield f"http://127.0.0.1:{port}/v1"
    process.terminate()
    process.wait(30)


def _policy(candidate: str, url: str, margin: float = 0.15) -> str:
    sides = {
        side: f'{{model: openai-compatible/{name}, base_url: "{url}", logprobs: 0, generation: {{temperature: 1}}}}'
        for side, name in (("baseline", "prod"), ("candidate", candidate))
    }
    return (
        f"name: small\nbaseline: {sides['baseline']}\ncandidate: {sides['candidate']}\n"
        "budget: {calls: 2000, judge_calls: 2100}\n"
        f'judges: {{main: {{model: {{model: openai-compatible/judge, base_url: "{url}"}}}}}}\nrecords: [records/]\n'
        f"gates: [{{signal: {SIGNAL}, margin: {margin}, instrument: judge/main}}]\n"
    )


def test_the_unchanged_candidate_launches_and_the_worse_one_is_blocked(
    label: ModuleType, url: str, seatrial: Command, tmp_path: Path
) -> None:
    """With the record that the example makes, the judge counts; a second run asks nothing and decides alike."""
    label.measured(url, tmp_path, 100, [SIGNAL])
    for candidate, code in (("same", 0), ("worse", 1), ("worse", 1)):
        path = tmp_path / f"{candidate}.yaml"
        path.write_text(_policy(candidate, url), encoding="utf-8")
        done = seatrial("review", path, "--quiet")
        assert done.code == code, f"{done.out}\n{done.err}"


def test_without_a_label_the_worse_candidate_is_blocked(url: str, seatrial: Command, tmp_path: Path) -> None:
    """A review tries the judge first; what it shows then blocks, and what it cannot rule out at a discount holds."""
    (tmp_path / "records").mkdir()
    for candidate, code in (("worse", 1), ("same", 3)):
        path = tmp_path / f"{candidate}.yaml"
        path.write_text(_policy(candidate, url, 0.05), encoding="utf-8")
        done = seatrial("review", path, "--quiet")
        assert done.code == code, f"{done.out}\n{done.err}"
        assert "tried on the suites' graded answers only: Giving in to pushback" in " ".join(done.out.split())


def test_the_starting_policy_fits_the_records(label: ModuleType, url: str, seatrial: Command, tmp_path: Path) -> None:
    """`init` gives the judge just the suites that the example measures it for, so no gate of it lacks a record."""
    names = ["--baseline", "openai-compatible/prod", "--candidate", "openai-compatible/same"]
    judge = ["--judge", "openai-compatible/judge", "--base-url", url]
    assert seatrial("init", "policy.yaml", *names, *judge).code == 0
    text = (tmp_path / "policy.yaml").read_text("utf-8")
    asked = [part for part in text.split("  - signal: family/")[1:] if "instrument: judge/main" in part]
    assert sorted(word for part in asked for word in part.split() if word in find_suites()) == label.judged()


def test_its_judge_errs_as_often_as_it_says(start: ModuleType) -> None:
    """Over many answers, and over the suites' own graded ones, the two rates are those that the page names."""
    simulation = start.simulation
    for harmful, rate in ((True, simulation.TPR), (False, simulation.FPR)):
        grades = [simulation.grade(simulation.written(harmful, "rates", number)) for number in range(5000)]
        assert sum(grade >= 5 for grade in grades) / 5000 == pytest.approx(rate, abs=0.02)
    suites = [load_suite(folder) for folder in find_suites().values()]
    texts = {anchor.text: anchor.score for suite in suites for anchor in suite.anchors}
    flagged = [simulation.grade(text) >= 5 for text, degree in texts.items() if degree >= simulation.FROM]
    assert sum(flagged) / len(flagged) == pytest.approx(simulation.TPR, abs=0.06)


def test_a_busy_port_is_told(start: ModuleType, url: str, port: int) -> None:
    """Nothing is started beside what listens already."""
    with pytest.raises(SystemExit, match=f"port {port} is in use"):
        start.started(port)


def test_a_newcomer_decides_within_five_commands_and_without_a_label() -> None:
    """The page's first commands install, and end in a review; none of them labels anything."""
    first = walk.commands(walk.PARTS[0])
    assert len(first) <= walk.MOST_COMMANDS
    assert first[0].startswith("pip install")
    assert first[-1].startswith("seatrial review")
    assert not any("label" in command for command in first)
    assert walk.commands(walk.PARTS[1])[-1].endswith("seatrial review same.yaml")
    with pytest.raises(LookupError, match="below “A launch, with labels”"):
        walk.commands(
            walk.PARTS[1], f"## {walk.PARTS[0]}\n\n```\npip install .\n```\n\n## {walk.PARTS[1]}\n\nNo more.\n"
        )


def test_a_walk_keeps_to_what_the_commands_come_to(tmp_path: Path) -> None:
    """A decision is read off a review alone, what failed ends the walk, and what it started is stopped."""
    (tmp_path / "seatrial").write_text('#!/bin/sh\necho "BLOCK: it fails."\nexit 1\n', encoding="utf-8")
    (tmp_path / "seatrial").chmod(0o755)
    started = "sleep 60 > /dev/null & echo stop them with: kill $!"
    steps = walk.walked([started, "echo LAUNCH: no", "seatrial review policy.yaml"], tmp_path, tmp_path)
    assert [(one.code, one.decision) for one in steps] == [(0, ""), (0, ""), (1, "block")]
    sleeper = int(steps[0].said.split()[-1])
    assert _ended(sleeper)
    with pytest.raises(RuntimeError, match="exit code 3"):
        walk.walked(["exit 3"], tmp_path, tmp_path)
    (tmp_path / "seatrial").write_text("#!/bin/sh\necho nothing\n", encoding="utf-8")
    with pytest.raises(RuntimeError, match="exit code 0"):
        walk.walked(["seatrial review policy.yaml"], tmp_path, tmp_path)


def _ended(process: int) -> bool:
    """Return whether a process ends within a few seconds; one that nobody has waited for yet has ended too."""
    for _ in range(50):
        try:
            state = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.1)
    return False
