"""Other people's packages: the example is installed as it is, and each of its four extension points is used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "plugin"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the example as pip installs it; nothing is fetched."""
    place = tmp_path_factory.mktemp("plugins")
    flags = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", *flags, "--target", place, EXAMPLE], check=True, timeout=300
    )
    return place


def _run(installed: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(installed), str(ROOT / "src")])
    return subprocess.run(
        [sys.executable, "-m", "seatrial", *words],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        timeout=300,
        check=False,
    )


def test_its_provider_answers_and_its_instrument_reads(installed: Path, tmp_path: Path) -> None:
    """A review of two plugged models: answers come from the provider; a suite's gate on them is decided or held."""
    (tmp_path / "policy.yaml").write_text(
        "name: plugged\nbaseline: {model: echo/calm}\ncandidate: {model: echo/loud}\nbudget: {calls: 400}\n"
        "gates:\n  - {signal: benchmark/facts, margin: 0.2}\n",
        encoding="utf-8",
    )
    done = _run(installed, tmp_path, "review", "policy.yaml", "--json", "--quiet")
    assert done.returncode in (0, 3), done.stderr
    (verdict,) = json.loads(done.stdout)["verdicts"]
    assert verdict["calls"] > 0
    assert verdict["estimate"] == 0.0  # a louder echo knows no more facts
    listed = json.loads(_run(installed, tmp_path, "instruments", "list", "--json").stdout)
    assert "text/exclamations" in [row["name"] for row in listed]


def test_its_instrument_reads_what_its_reader_read(installed: Path, tmp_path: Path) -> None:
    """Transcripts in a format that only the plugin knows, read by an instrument that only it has."""
    for name, end in (("old", "."), ("new", "!")):
        lines = [f"q{number}\tquestion {number}\tfine{end}" for number in range(60)]
        (tmp_path / f"{name}.tsv").write_text("\n".join(["id\tprompt\tcompletion", *lines]) + "\n", encoding="utf-8")
    (tmp_path / "policy.yaml").write_text(
        "name: plugged\nbaseline: {model: transcripts/old.tsv}\ncandidate: {model: transcripts/new.tsv}\n"
        "signals:\n  behavior/exclaiming: {instrument: text/exclamations}\n"
        "gates:\n  - {signal: behavior/exclaiming, margin: 0.1, advisory: 'it has no record yet, so it advises'}\n",
        encoding="utf-8",
    )
    done = _run(installed, tmp_path, "review", "policy.yaml", "--json", "--quiet")
    assert done.returncode == 3, done.stderr
    (verdict,) = json.loads(done.stdout)["verdicts"]
    assert (verdict["baseline"], verdict["candidate"], verdict["verdict"]) == (0.0, 1.0, "inconclusive")


def test_a_reader_that_fails_is_named(installed: Path, tmp_path: Path) -> None:
    """What a plugin's reader cannot read ends in a line that names the file, with the code of a usage error."""
    for name in ("old", "new"):
        (tmp_path / f"{name}.tsv").write_bytes(b"id\tprompt\tcompletion\n\xff\xfe\tb\tc\n")
    (tmp_path / "policy.yaml").write_text(
        "name: plugged\nbaseline: {model: transcripts/old.tsv}\ncandidate: {model: transcripts/new.tsv}\n"
        "signals:\n  behavior/exclaiming: {instrument: text/exclamations}\n"
        "gates:\n  - {signal: behavior/exclaiming, margin: 0.1}\n",
        encoding="utf-8",
    )
    done = _run(installed, tmp_path, "review", "policy.yaml", "--quiet")
    assert done.returncode == 2
    assert "old.tsv" in done.stderr
    assert "Traceback" not in done.stderr


def test_its_reward_signal_scores(installed: Path) -> None:
    """A training plan's plugin is found by its name, and its rewards are those of the package."""
    code = (
        "from seatrial.evidence.rewards.reward_signals import open_signal\n"
        "from seatrial.evidence.rewards.training_plan import Plugin\n"
        "from seatrial.types import Item, Message\n"
        "signal = open_signal('short', Plugin(kind='plugin', name='brevity'), 1)\n"
        "item = Item('a', 's', (Message('user', 'hello'),))\n"
        "print(signal.score([item, item], ['one two', 'word ' * 200]))\n"
    )
    path = os.pathsep.join([str(installed), str(ROOT / "src")])
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        timeout=300,
        check=False,
    )
    assert done.stdout.strip() == "[0.98, 0.0]", done.stderr
