"""The readme and the pages: what they tell people to run runs, what they show as a policy is one, links lead somewhere.

How a page is written for this test stands in CONTRIBUTING.md under “Write a page”.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

import seatrial
from conftest import ROOT
from seatrial.evidence.rewards.training_plan import TrainingPlan, parse_plan
from seatrial.policy import LaunchPolicy, ModelSpec, parse_policy

DOCS = ROOT / "docs"
GENERATED = (DOCS / "reference" / "commands.md", DOCS / "measurements.md")
PAGES = sorted({ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *DOCS.rglob("*.md")})
WRITTEN = [page for page in PAGES if page not in GENERATED]
SHELL = ("sh", "bash", "shell", "console")
RUN = (*SHELL, "python")
MOST_WORDS = 700
SECONDS = 120

FENCE = re.compile(r"^```(?P<language>[\w-]*)(?P<rest>[^\n]*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
MARK = re.compile(r"<!-- *(?P<words>.*?) *-->\Z")
FILES = re.compile(r"<!-- files: (?P<paths>[^>]+?) -->")
TITLE = re.compile(r'title="(?P<title>[^"]+)"')
EXITS = re.compile(r"# .*?\bexits with (?P<code>\d+)")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
PICTURE = re.compile(r"!\[[^\]]*\]\((?P<target>[^)\s]+)\)")
FRAGMENT, PLAN, NO_POLICY = "fragment of a policy", "training plan", "not a policy: "
SMALLEST = """
name: smallest
baseline: {model: embedded/smollm2-135m}
candidate: {model: embedded/smollm2-135m}
gates: [{signal: behavior/pushback, margin: 0.05}]
"""


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the title of the file that it shows, and the mark on the line before."""

    place: str
    language: str
    text: str
    title: str
    mark: str


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def _blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        before = text[: found.start()].rstrip("\n").rpartition("\n")[2] if text[: found.start()].endswith("\n") else ""
        directly = not text[: found.start()].endswith("\n\n")
        mark = MARK.search(before) if directly else None
        title = TITLE.search(found["rest"])
        place = f"{_name(page)}:{text[: found.start()].count(chr(10)) + 1}"
        yield Block(
            place, found["language"], found["text"], title["title"] if title else "", mark["words"] if mark else ""
        )


def _to_run(page: Path) -> list[Block]:
    return [block for block in _blocks(page) if block.language in RUN]


def _left_out(block: Block) -> bool:
    return block.mark.startswith(("not run: ", "run in CI: "))


def _commands(block: Block) -> Iterator[str]:
    """Yield the commands of a block, each with the lines that belong to it; a block of Python is one command."""
    if block.language == "python":
        yield f"python -c {shlex.quote(block.text)}"
        return
    lines = iter(block.text.splitlines())
    for line in lines:
        command = line
        while command.endswith("\\"):
            command += f"\n{next(lines)}"
        until = re.search(r"<<-?'?(\w+)'?", command)
        if until:
            for more in lines:
                command += f"\n{more}"
                if more == until[1]:
                    break
        if command.strip() and not command.lstrip().startswith("#"):
            yield command


def _prepared(page: Path, folder: Path) -> None:
    """Copy what a page says that it needs: a file to the folder itself, a folder (`…/`) with its path."""
    for listed in FILES.findall(page.read_text(encoding="utf-8")):
        for path in listed.split(", "):
            if path.endswith("/"):
                shutil.copytree(ROOT / path, folder / path)
            else:
                shutil.copy(ROOT / path, folder)


EXPORT = re.compile(r"export (?P<name>\w+)=(?P<value>\S+)")


def _run(command: str, folder: Path, exported: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    env = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "src"),
        **exported,
    }
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=SECONDS
    )


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in WRITTEN if any(not _left_out(b) for b in _to_run(page))], ids=_name)
def test_the_commands_of_a_page_run(page: Path, tmp_path: Path) -> None:
    """Every command that a page shows and does not mark as left out runs, in order, and exits as the page says."""
    _prepared(page, tmp_path)
    exported: dict[str, str] = {}
    for block in _blocks(page):
        if block.language == "yaml" and block.title and not block.mark.startswith((FRAGMENT, NO_POLICY)):
            file = tmp_path / block.title
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
        if block.language not in RUN or _left_out(block):
            continue
        for command in _commands(block):
            if export := EXPORT.match(command):
                exported[export["name"]] = export["value"]
            says = EXITS.search(command)
            done = _run(command, tmp_path, exported)
            assert "Traceback" not in done.stderr, f"{block.place}: {command}\n{done.stderr}"
            assert done.returncode == int(says["code"] if says else 0), f"{block.place}: {command}\n{done.stderr}"


def test_a_block_that_is_left_out_says_why() -> None:
    """A mark on a command block either gives a reason, or names commands that the CI runs."""
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    for page in WRITTEN:
        for block in _to_run(page):
            kind, _, words = block.mark.partition(": ")
            assert kind in ("", "not run", "run in CI", "files"), f"{block.place}: unknown mark {block.mark!r}"
            assert kind != "not run" or len(words.split()) > 2, f"{block.place}: give the reason in words"
            for command in words.split(", ") if kind == "run in CI" else ():
                assert command in ci, f"{block.place}: .ci/run does not run {command!r}"
                assert command in block.text, f"{block.place}: does not hold {command!r}"


def test_every_block_names_its_language() -> None:
    """No command hides in a block without a language, where it would be run by nobody."""
    bare = [block.place for page in WRITTEN for block in _blocks(page) if not block.language]
    assert bare == []


@pytest.mark.parametrize("page", [page for page in WRITTEN if "```yaml" in page.read_text(encoding="utf-8")], ids=_name)
def test_policies_on_a_page_are_valid(page: Path) -> None:
    """Every YAML block is a whole policy, a part of one, or a training plan, and is accepted as such."""
    for block in _blocks(page):
        if block.language != "yaml" or block.mark.startswith(NO_POLICY):
            continue
        if block.mark == PLAN:
            parse_plan(block.text, block.place)
        elif block.mark == FRAGMENT:
            whole = yaml.safe_load(SMALLEST) | (yaml.safe_load(block.text) or {})
            parse_policy(yaml.safe_dump(whole), block.place)
        else:
            shown = parse_policy(block.text, block.place)
            kept = ROOT / block.title
            if block.title and kept.is_file():
                assert shown == parse_policy(kept.read_text(encoding="utf-8")), f"{block.place}: {kept} says otherwise"


def _fields(model: type[BaseModel], elsewhere: type[BaseModel] | None = None) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield name
        for part in _models(field.annotation):
            if part is not elsewhere:
                yield from _fields(part, elsewhere)


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from _models(part)


@pytest.mark.parametrize(
    ("model", "elsewhere", "page"),
    [(LaunchPolicy, None, "policy.md"), (TrainingPlan, ModelSpec, "training-plan.md")],
    ids=["policy", "training plan"],
)
def test_every_field_is_on_its_page(model: type[BaseModel], elsewhere: type[BaseModel] | None, page: str) -> None:
    """A field that a policy or a training plan may have is on the page that lists them."""
    text = (DOCS / "reference" / page).read_text(encoding="utf-8")
    assert sorted(name for name in set(_fields(model, elsewhere)) if f"`{name}`" not in text) == []


def test_every_public_name_is_on_the_page_of_python() -> None:
    """What `seatrial` offers in Python is what its page shows."""
    text = (DOCS / "reference" / "python.md").read_text(encoding="utf-8")
    shown = {
        *re.findall(r"^        - (\w+)$", text, re.MULTILINE),
        *re.findall(r"^::: seatrial\..*\.(review)$", text, re.M),
    }
    assert shown == set(seatrial.__all__)


def test_the_readme_is_short() -> None:
    """The readme has at most 700 words, all but the code counted."""
    text = FENCE.sub("", (ROOT / "README.md").read_text(encoding="utf-8"))
    words = [word for word in text.split() if any(letter.isalnum() for letter in word)]
    assert len(words) <= MOST_WORDS


def _anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings; those of Python names are checked when the site is built."""
    heads = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    plain = [re.sub(r"[^\w\s-]", "", head).strip().lower() for head in heads]
    return {re.sub(r"[\s-]+", "-", head) for head in plain}


@pytest.mark.parametrize("page", WRITTEN, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    """A link or a picture of a page leads to a file that is there, and to a heading that is on it."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for found in (*LINK.finditer(text), *PICTURE.finditer(text)):
        target, _, anchor = found["target"].partition("#")
        if target.startswith(("https://", "mailto:")):
            continue
        file = page.parent / target if target else page
        assert file.is_file(), f"{_name(page)}: {found['target']}"
        assert not anchor or anchor.startswith("seatrial.") or anchor in _anchors(file), (
            f"{_name(page)}: no heading {found['target']}"
        )


def test_what_a_page_names_in_the_repository_is_there() -> None:
    """A path below `examples/`, `src/`, `tests/`, `benchmarks/` or `docs/` that a page names exists."""
    named = re.compile(r"`((?:examples|src|tests|benchmarks|docs)/[\w./-]+)`")
    for page in WRITTEN:
        for path in named.findall(page.read_text(encoding="utf-8")):
            assert (ROOT / path).exists(), f"{_name(page)}: {path}"


def test_a_command_that_a_page_names_exists() -> None:
    """Each `seatrial …` in a page's text is a command of the reference, or a group of them."""
    reference = (DOCS / "reference" / "commands.md").read_text(encoding="utf-8")
    known = set(re.findall(r"^## seatrial (.+)$", reference, re.MULTILINE))
    groups = {name.split()[0] for name in known if " " in name}
    for page in WRITTEN:
        for said in re.findall(r"`seatrial ([^`]+)`", page.read_text(encoding="utf-8")):
            if said.startswith("--"):
                continue
            words = re.match(r"[a-z]+(?: [a-z]+(?![\w./]))?", said)
            assert words, f"{_name(page)}: seatrial {said}"
            first, _, second = words[0].partition(" ")
            named = words[0] if first in groups and second else first
            assert named in known | groups, f"{_name(page)}: seatrial {said}"
