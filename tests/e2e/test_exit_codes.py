"""Exit codes under faults: every command, whatever happens to its output, its disk and its folders.

Exit code 1 says *block*, so nothing but a decision that stands in the ledger may end in it.
"""

from __future__ import annotations

import inspect
import io
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, get_type_hints

import numpy as np
import polars as pl
import pytest
import typer.main

from conftest import ROOT
from seatrial.cli import app, main
from seatrial.errors import ExitCode
from seatrial.ledger import Ledger
from seatrial.suites import find_suites, load_suite

STEERING = "\x1b[2J\x9b1A\x07\x08\u200b\u202e\u2066\u2028\x85\x7f\xad\ufeff"
"""What could clear a terminal, move in it, or turn its text around."""
NAME = f"support – 模型 ✓{STEERING}"
PLAN = """
name: tiny
model: {model: transcripts/answers.jsonl, generation: {temperature: 1.0}}
prompts: {file: prompts.jsonl}
completions: 2
beta: 1.0
signals:
  primary: {kind: instruments, weights: {text/praise: -1.0}}
  thumbs:  {kind: users}
behaviors: [text/praise]
mixes:
  before: {primary: 1.0}
  after:  {primary: 1.0, thumbs: 2.0}
"""
NOWHERE = "203.0.113.7"
"""An address for documentation, at which no machine can listen."""
MIXES = ("--before", "primary=1", "--after", "primary=1,thumbs=0.5", "--beta", "1")
SIGNED = ("--person", NAME, "--behavior", "nothing moved", "--experts", "nobody asked", "--blind-spots", "long talks")
WAIVED = ("--gate", "human/harm", "--person", NAME, "--reason", "known, fix ships", "--expires", "2099-01-31")
TALKS = "replayed/unasked.jsonl"
INCIDENT = ("--behavior", "human/harm", "--what", f"agrees {STEERING}", "--person", NAME, "--conversation", TALKS)
WORDS: dict[str, tuple[str, ...]] = {
    "init": ("new.yaml",),
    "review": ("block.yaml", "--quiet"),
    "compare": ("now.csv", "next.csv", "--report", "compared", "--policy", "compared.yaml"),
    "import": ("now.csv", "next.csv", "--out", "runs.parquet"),
    "plan": ("policy.yaml",),
    "report": ("reviews/done",),
    "summary": ("reviews/done",),
    "verify": ("reviews/done",),
    "drift show": ("reviews/done",),
    "drift promote": ("reviews/done", "1", "my-suites/found"),
    "watch": ("watched.yaml", "--calls", "20", "--quiet"),
    "converse run": ("converse.yaml", "--quiet"),
    "converse import": ("talks.jsonl", "talks.jsonl", "--out", "talks.parquet"),
    "replay run": ("watched.yaml", "traffic.jsonl", "--as-is", "--quiet"),
    "replay check": ("watched.yaml", "traffic.jsonl", "--as-is", "--quiet"),
    "doctor": (),
    "ledger list": (),
    "ledger show": ("1",),
    "ledger verify": (),
    "ledger anchor": ("anchors.txt",),
    "ledger key": ("key.pem",),
    "ledger waive": ("reviews/done", *WAIVED),
    "ledger sign": ("reviews/done", *SIGNED),
    "ledger release": ("reviews/done", "--name", "spring", "--person", NAME, "--override", "known, fix ships"),
    "ledger incident": ("summer", *INCIDENT),
    "ledger roll-back": ("summer", "--person", NAME, "--reason", "found harmful"),
    "ledger backtest": ("policy.yaml", "--html", "backtest.html", "--advise", "advised.yaml"),
    "suites": (),
    "suites map": (),
    "suites from-traffic": ("replayed", "my-suites/from-traffic"),
    "suites from-incident": ("4", "my-suites/found", "--conversation", TALKS, "--phrase", f"A{STEERING}", "--as-is"),
    "suites new": ("my-suites/late-excuses",),
    "suites check": ("suites",),
    "instruments": (),
    "instruments list": (),
    "instruments check": ("records",),
    "instruments calibrate": ("labels.csv", "-i", "text/refusal"),
    "vibe import": ("votes.csv", "--baseline", "old", "--candidate", "new", "--out", "votes.parquet"),
    "vibe new": ("reviews/simulated", "--rater", "ana", "--rater", NAME, "--pairs", "30", "--db", "sqlite:///new.db"),
    "vibe serve": ("--host", NOWHERE),
    "vibe status": (),
    "vibe close": ("--out", "vibes.parquet"),
    "judge setup": ("openai-compatible/judge", "--base-url", "http://127.0.0.1:9/v1", "--yes"),
    "label new": ("reviews/done", "--signal", "human/harm", "--rater", NAME),
    "label serve": ("--host", NOWHERE),
    "label status": (),
    "label close": (),
    "feedback": ("thumbs.csv", "--out", "thumbs.yaml", "--reward", "thumbs.parquet"),
    "rewards sample": ("plan.yaml", "--quiet"),
    "rewards audit": ("table.parquet", *MIXES, "--page", "audit.html"),
    "rewards forecast": ("table.parquet", *MIXES, "--out", "forecast.parquet"),
    "rewards train": ("plan.yaml", "--mix", "none"),
    "rewards dose": ("policy.yaml", "--quiet"),
    "serve": ("--host", NOWHERE),
    "serve token": ("--role", "viewer", "--name", NAME, "--db", "sqlite:///new.db"),
    "serve people": (),
    "serve revoke": (NAME,),
}
"""What to run each command with, in the folder that `world` makes."""


def _commands(group: Any = None, before: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield every command of the command line, by its own listing, with what it is made of."""
    group = group or typer.main.get_command(app)
    for name, command in group.commands.items():
        inner = getattr(command, "commands", None)
        if inner is None or command.invoke_without_command:
            yield " ".join((*before, name)), command
        if inner is not None:
            yield from _commands(command, (*before, name))


COMMANDS = dict(_commands())


def _run(*words: object) -> int:
    """Run the command line in this process and return its exit code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["seatrial", *map(str, words)])
        with pytest.raises(SystemExit) as stopped:
            main()
    return int(stopped.value.code or 0)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with something for every command to work on."""
    folder = tmp_path_factory.mktemp("made")
    for side, label in (("old", "refused"), ("new", "refused"), ("worse", "complied")):
        rows = [f"{n}{STEERING},Q {n}?{STEERING},A {side} {n} 模{STEERING},{label}" for n in range(80)]
        (folder / f"{side}.csv").write_text("\n".join(["id,prompt,response,label", *rows]), encoding="utf-8")
    for name, candidate in (("policy", "new"), ("block", "worse")):
        (folder / f"{name}.yaml").write_text(
            f"name: {json.dumps(NAME)}\nbaseline: {{model: transcripts/old.csv}}\n"
            f"candidate: {{model: transcripts/{candidate}.csv}}\n"
            "signals: {human/harm: {column: label, values: {complied: 1, refused: 0}}}\n"
            "gates: [{signal: human/harm, margin: 0.2}]\n",
            encoding="utf-8",
        )
    (folder / "watched.yaml").write_text(
        "name: watched\nbaseline: {model: openai-compatible/x, base_url: 'http://127.0.0.1:9/v1'}\n"
        "candidate: {model: openai-compatible/y, base_url: 'http://127.0.0.1:9/v1'}\n"
        "gates: [{signal: behavior/over-refusal, margin: 0.1, instrument: text/refusal}]\n",
        encoding="utf-8",
    )
    (folder / "converse.yaml").write_text(
        "name: talks\nbaseline: {model: openai-compatible/x, base_url: 'http://127.0.0.1:9/v1'}\n"
        "candidate: {model: openai-compatible/y, base_url: 'http://127.0.0.1:9/v1'}\nonly: [tram-numbers]\n"
        "gates: [{signal: conversation/harm, margin: 0.1}]\n",
        encoding="utf-8",
    )
    said = [{"conversation": f"c{n % 9}", "turn": n // 9, "user": NAME, "assistant": "Yes."} for n in range(36)]
    (folder / "talks.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in said), encoding="utf-8")
    votes = [f"{NAME} {rater},p{pair}{STEERING},left,new,old" for rater in range(4) for pair in range(12)]
    (folder / "votes.csv").write_text("\n".join(["rater,item,vote,left,right", *votes]), encoding="utf-8")
    labels = [f"{'I cannot help with that.' if n % 2 else 'Sure.'} {n},{n % 2},c{n}" for n in range(60)]
    (folder / "labels.csv").write_text("\n".join(["text,label,cluster", *labels]), encoding="utf-8")
    rng = np.random.default_rng(5)
    praise = rng.beta(2, 2, 480)
    pl.DataFrame(
        {
            "prompt": np.repeat([f"p{place}{STEERING}" for place in range(60)], 8),
            "completion": [f"answer {place}{STEERING}" for place in range(480)],
            "reward/primary": -praise + 0.3 * rng.normal(size=480),
            "reward/thumbs": praise + 0.2 * rng.normal(size=480),
            "behavior/text/refusal": praise,
        }
    ).write_parquet(folder / "table.parquet")
    for name, wrong in (("now", 8), ("next", 40)):
        rows = [f"{NAME} {n}{STEERING},m{STEERING},{int(n >= wrong)}" for n in range(80)]
        (folder / f"{name}.csv").write_text("\n".join(["item,model,accuracy", *rows]), encoding="utf-8")
    arms, codes = ("baseline", "candidate"), ("up", "down", "")
    thumbs = [f"{NAME} {n % 40},{arms[n % 2]},{n}{STEERING},{codes[n % 3]},{STEERING}talk,{n % 2}" for n in range(400)]
    (folder / "thumbs.csv").write_text("\n".join(["user,arm,id,thumb,topic,benefit", *thumbs]), encoding="utf-8")
    talk = [{"messages": [{"role": "user", "content": f"Q{n}{STEERING}"}], "user": f"{NAME} {n}"} for n in range(30)]
    (folder / "traffic.jsonl").write_text("\n".join(map(json.dumps, talk)), encoding="utf-8")
    asked = [
        {"id": f"c{n}", "area": f"a{STEERING}", "messages": [{"role": "user", "content": f"{w}{STEERING}?"}]}
        for n, w in enumerate(("Which torque", "Why goldfish", "When Easter", "Who paints", "Where Lyon"))
    ]
    (folder / "replayed").mkdir()
    (folder / "replayed" / "unasked.jsonl").write_text("\n".join(map(json.dumps, asked)), encoding="utf-8")
    (folder / "plan.yaml").write_text(PLAN, encoding="utf-8")
    said = [{"prompt": f"Q{n}?", "completion": f"{n} {turn}", "draw": turn} for n in range(4) for turn in range(2)]
    (folder / "answers.jsonl").write_text("\n".join(map(json.dumps, said)), encoding="utf-8")
    prompts = [{"id": f"q{n}{STEERING}", "prompt": f"Q{n}?"} for n in range(4)]
    (folder / "prompts.jsonl").write_text("\n".join(map(json.dumps, prompts)), encoding="utf-8")
    shown = {
        ("baseline", 0): "It has a start, and one weak line in",
        ("baseline", 1): "One line is weak; the start holds of",
        ("candidate", 0): "Wonderful! I love all of",
    }
    answers = [
        {"role": role, "response": {"item": item.id, "suite": item.suite, "draw": draw, "text": f"{text} {item.id}."}}
        for item in load_suite(find_suites()["behavior/unearned-praise"]).items
        for (role, draw), text in shown.items()
    ]
    (folder / "reviews" / "simulated" / "responses").mkdir(parents=True)
    (folder / "reviews" / "simulated" / "responses" / "answers.jsonl").write_text(
        "\n".join(map(json.dumps, answers)), encoding="utf-8"
    )
    shutil.copytree(find_suites()["behavior/pushback"], folder / "suites" / "pushback")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert _run("review", "block.yaml", "--quiet", "--out", "reviews/done") == ExitCode.BLOCK
        out = ("--name", "summer", "--person", NAME, "--override", "known, fix ships")
        assert _run("ledger", "release", "reviews/done", *out) == ExitCode.WAIVED
        assert _run("ledger", "incident", "summer", *INCIDENT) == 0
        assert _run("instruments", "calibrate", "labels.csv", "-i", "text/refusal") == 0
        assert _run("vibe", "new", "reviews/simulated", "--rater", NAME, "--pairs", 30) == 0
    return folder


Copy = Callable[[], Path]


@pytest.fixture
def world(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Copy:
    """Make a copy of that folder, to work in, and go there."""

    def copied() -> Path:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        shutil.copytree(made, folder)
        monkeypatch.chdir(folder)
        return folder

    return copied


def _decisions(folder: Path) -> list[str]:
    """Return what the ledgers under a folder say was decided."""
    entries = [entry for one in sorted(folder.rglob("ledger.db")) for entry in Ledger(one).verify()]
    return [entry.body["status"] for entry in entries if entry.kind == "decision"]


def test_every_command_is_walked() -> None:
    """A command that is new is tried under faults as well, and with each of its paths."""
    assert sorted(WORDS) == sorted(COMMANDS)
    assert len(list(_places("review"))) == 2 * len(("POLICY", "--out", "--reviews"))


@contextmanager
def _full() -> Iterator[IO[str]]:
    with open("/dev/full", "w", encoding="utf-8") as stream:
        yield stream


@contextmanager
def _closed() -> Iterator[IO[str]]:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        yield stream


@contextmanager
def _narrow() -> Iterator[IO[str]]:
    yield io.TextIOWrapper(io.BytesIO(), encoding="cp1252")


Stream = Callable[[], Any]


def _run_into(stream: Stream, *words: object) -> int:
    with pytest.MonkeyPatch.context() as patch, stream() as opened:
        patch.setattr("sys.stdout", opened)
        patch.setattr("sys.stderr", sys.stderr)
        return _run(*words)


@pytest.mark.slow
@pytest.mark.parametrize("command", sorted(WORDS))
def test_output_that_cannot_be_written_is_never_a_block(world: Copy, command: str) -> None:
    """On a full disk and into a closed pipe a command fails with 2, unless it decided and the ledger has it."""
    decided = {"review": ExitCode.BLOCK, "ledger waive": ExitCode.WAIVED, "ledger release": ExitCode.WAIVED}
    for stream in (_full, _closed):
        folder = world()
        code = _run_into(stream, *command.split(), *WORDS[command])
        assert code == decided.get(command, ExitCode.USAGE)
        assert _decisions(folder) == (["block", "block"] if command == "review" else ["block"])


@pytest.mark.parametrize("command", sorted(WORDS))
def test_no_name_steers_the_terminal(world: Copy, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Names, ids, answers and notes are printed without control, bidi and unseen letters, as words and as JSON."""
    takes_json = any("--json" in one.opts for one in COMMANDS[command].params)
    for more in ((), ("--json",))[: 1 + takes_json]:
        world()
        capsys.readouterr()
        _run(*command.split(), *WORDS[command], *more)
        _run(*command.split(), NAME, *more)
        shown = capsys.readouterr()
        assert shown.out + shown.err
        assert not [letter for letter in shown.out + shown.err if not letter.isprintable() and letter != "\n"]


@pytest.mark.slow
@pytest.mark.parametrize("command", sorted(WORDS))
def test_letters_that_the_terminal_cannot_show_change_no_code(world: Copy, command: str) -> None:
    """The code is what it would have been, where an answer, a rater or a review has a name beyond the encoding."""
    world()
    fine = _run(*command.split(), *WORDS[command])
    world()
    assert _run_into(_narrow, *command.split(), *WORDS[command]) == fine


def test_letters_are_replaced_and_json_loses_none(world: Copy) -> None:
    """A review's name in cp1252: question marks for a person, escapes for a machine, exit code 0 as the ledger says."""
    folder = world()
    for more, shown in (((), "support – ?? ?"), (("--json",), json.dumps(NAME, ensure_ascii=False))):
        stream = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.stdout", stream)
            assert _run("ledger", "list", *more) == 0
        text = stream.buffer.getvalue().decode("cp1252")
        assert shown in (json.dumps(json.loads(text), ensure_ascii=False) if more else text)
    assert _run_into(_narrow, "review", "policy.yaml", "--quiet") == 0
    assert _decisions(folder) == ["block", "launch"]


@contextmanager
def _files_end_at(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond `size` bytes, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.slow
@pytest.mark.parametrize("command", sorted(WORDS))
def test_a_full_disk_is_never_a_block(world: Copy, command: str) -> None:
    """Where files end early no command decides what the ledger does not hold, and none ends in a traceback."""
    for size in (0, 5000):
        folder = world()
        stderr = io.StringIO()
        with pytest.MonkeyPatch.context() as patch, _files_end_at(size):
            patch.setattr("sys.stdout", io.StringIO())
            patch.setattr("sys.stderr", stderr)
            code = _run(*command.split(), *WORDS[command])
        said = stderr.getvalue()
        assert code in (ExitCode.LAUNCH, ExitCode.USAGE, ExitCode.HOLD), said
        assert "Traceback" not in said
        assert "a fault of seatrial" not in said
        assert code != ExitCode.USAGE or said
        assert _decisions(folder)[0] == "block"


def _places(command: str) -> Iterator[tuple[str, ...]]:
    """Yield a command's words with each of its paths in turn in a folder that is not there, or cannot be."""
    words = WORDS[command]
    takes = get_type_hints(inspect.unwrap(COMMANDS[command].callback))
    for one in COMMANDS[command].params:
        if "Path" not in str(takes[one.name]) and one.name != "database":
            continue
        for bad in ("no/such/folder/x", "votes.csv/x"):
            value = f"sqlite:///{bad}" if one.name == "database" else bad
            if one.param_type_name == "option":
                yield (*words, one.opts[0], value)
            else:
                yield (value, *words[1:])


@pytest.mark.slow
@pytest.mark.parametrize("command", sorted(WORDS))
def test_a_folder_that_is_not_there_is_never_a_block(
    world: Copy, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A path that cannot be read or written is made, or is a message and exit code 2."""
    for words in _places(command):
        folder = world()
        capsys.readouterr()
        code = _run(*command.split(), *words)
        out, said = capsys.readouterr()
        assert code in list(ExitCode), words
        if command in ("compare", "verify"):  # one decides on the spot, one again: their block is what they say
            assert (code == ExitCode.BLOCK) is ("BLOCK:" in out)
        else:
            assert code != ExitCode.BLOCK or _decisions(folder) == ["block", "block"]
        assert code != ExitCode.USAGE or said.strip() or command == "suites check", words
        assert "a fault of seatrial" not in said, (words, said)


def _ended(*command: str, env: dict[str, str] | None = None, shell: str = "", cwd: Path) -> tuple[int, str]:
    """Run Python in a process of its own, through a shell's redirections, and return its code and stderr."""
    line = " ".join([sys.executable, *command, shell])
    whole = {**os.environ, "PYTHONPATH": str(ROOT / "src"), **(env or {})}
    done = subprocess.run(["bash", "-c", line], cwd=cwd, env=whole, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


PIPED = "| true; exit ${PIPESTATUS[0]}"
C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
ASCII = {"PYTHONIOENCODING": "ascii:strict"}
SCRIPT = ("-c", "'import sys; from seatrial.__main__ import main; sys.argv[0] = \"seatrial\"; main()'")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "env", "shell", "code"),
    [
        (("-m", "seatrial", "review", "block.yaml", "--quiet"), {}, ">/dev/full", 1),
        (("-m", "seatrial", "review", "policy.yaml"), {}, ">/dev/full 2>/dev/full", 0),
        (("-m", "seatrial", "review", "policy.yaml", "--quiet"), {}, ">&- 2>&-", 0),
        (("-m", "seatrial", "review", "policy.yaml", "--quiet"), C_LOCALE, "", 0),
        (("-m", "seatrial", "review", "policy.yaml", "--quiet", "--json"), ASCII, "", 0),
        ((*SCRIPT, "review", "policy.yaml", "--quiet"), {"PYTHONIOENCODING": "cp1252"}, PIPED, 0),
        ((*SCRIPT, "ledger", "list"), {}, ">/dev/full", 2),
        (("-m", "seatrial", "suites", "map"), {}, PIPED, 2),
        (("-m", "seatrial", "--help"), {}, ">/dev/full", 2),
        (("-m", "seatrial", "reviev"), {}, "2>/dev/full", 2),
        (("-m", "seatrial.policy.schema"), {}, ">/dev/full", 2),
        (("-m", "seatrial.cli.reference"), {}, PIPED, 2),
    ],
)
def test_a_process_ends_with_a_code_of_the_contract(
    world: Copy, words: tuple[str, ...], env: dict[str, str], shell: str, code: int
) -> None:
    """To the very end of Python, which flushes once more: no 1 that is no block, no 120, no traceback."""
    ended, said = _ended(*words, env=env, shell=shell, cwd=world())
    assert (ended, "Traceback" in said) == (code, False), said


@pytest.mark.slow
def test_a_package_that_is_missing_is_a_message(tmp_path: Path) -> None:
    """An installation that is not whole cannot block a launch."""
    (tmp_path / "typer.py").write_text("raise ImportError('no typer here')", encoding="utf-8")
    env = {"PYTHONPATH": f"{tmp_path}:{ROOT / 'src'}"}
    code, said = _ended("-m", "seatrial", "review", "policy.yaml", env=env, cwd=tmp_path)
    assert code == 2
    assert said.startswith("seatrial: no typer here. The installation is incomplete")
