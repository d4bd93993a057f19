"""Breaks the lines that decide, one at a time, and sees whether the fast tests notice: `make mutants`.

The faults are mutmut's (a comparison turned round, a number one higher, an argument left out, a sign dropped) and every
`if` turned round. Each is put into a copy of the repository, where only the tests that benchmarks/mutants.toml names for its module are run. Two
processes keep the libraries loaded between faults. What was found is kept in the repository by the content of the module
and its tests, so that a run that was stopped goes on where it was; `--fresh` forgets it.

Left alone are docstrings, types and their aliases, imports, `__all__`, whether `zip` is strict, how dataclasses are written,
and sentences: words for people are held by snapshots.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import hashlib
import json
import multiprocessing
import os
import re
import resource
import shutil
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "benchmarks" / "measured" / "mutants.jsonl"
COPIED = ("src", "tests", "benchmarks", "examples", "pyproject.toml")
WORKERS = 2
GOAL = 0.9
MEMORY = 6 * 2**30
ASIDE = re.compile(r",?\s*\b(?:strict|init|repr|compare)=\w+|,\s*(?=\))")
"""Whether `zip` minds unequal lengths, and how a dataclass is written: no length here depends on a user."""
FRESH_AFTER = 150
"""Faults after which a process is replaced, for what a fault leaves behind."""
SECONDS_BETWEEN_LINES = 15.0
SLOWEST = 10.0
"""Seconds that the tests of a fault may take beyond five times what they take without one."""


@dataclass(frozen=True)
class Mutant:
    """One fault: the module with it, and the line as it was and as it is."""

    module: str
    number: int
    before: str
    after: str
    source: str


@dataclass(frozen=True)
class Outcome:
    """What became of a fault: `killed`, `survived` or `timeout`; its lines are kept where it survived."""

    key: str
    module: str
    number: int
    outcome: str
    before: str = ""
    after: str = ""


class _Faults(cst.CSTVisitor):
    """Collects the nodes that may be broken, with their lines."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        self.found: list[tuple[cst.CSTNode, cst.CSTNode]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if _left_alone(node):
            return False
        for kind, operator in mutation_operators:
            if isinstance(node, kind):
                self.found += [(node, broken) for broken in operator(node)]
        if isinstance(node, cst.If):
            turned = cst.UnaryOperation(
                cst.Not(), node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
            )
            self.found.append((node, node.with_changes(test=turned)))
        return True


def _left_alone(node: cst.CSTNode) -> bool:
    """Return whether nothing in a node is broken: types and their aliases, imports, documents and sentences."""
    if isinstance(node, cst.Assign):
        targets = [target.target for target in node.targets]
        if any(isinstance(one, cst.Name) and one.value in ("__all__", "Array") for one in targets):
            return True
        value = node.value.value if isinstance(node.value, cst.Subscript) else None
        return isinstance(value, cst.Name) and value.value in ("tuple", "dict", "Literal", "Callable", "Mapping")
    if isinstance(node, cst.Expr):
        return isinstance(node.value, cst.SimpleString | cst.ConcatenatedString)
    if isinstance(node, cst.SimpleString):
        return " " in node.value
    return isinstance(
        node, cst.Annotation | cst.Import | cst.ImportFrom | cst.Decorator | cst.FormattedString | cst.Raise
    )


def faults(path: Path, module: str) -> list[Mutant]:
    """Return every fault of a module that compiles and changes it."""
    source = path.read_text(encoding="utf-8")
    wrapper = MetadataWrapper(cst.parse_module(source))
    visitor = _Faults()
    wrapper.visit(visitor)
    made: dict[str, Mutant] = {}
    whole = _plain(source)
    for node, broken in visitor.found:
        text = cst.ensure_type(wrapper.module.deep_replace(node, broken), cst.Module).code
        if text in made or text == source or _plain(text) in ("", whole):
            continue
        before, after, number = _changed(source, text)
        if ASIDE.sub("", before) == ASIDE.sub("", after):
            continue
        made[text] = Mutant(module, number, before, after, text)
    return list(made.values())


def _plain(text: str) -> str:
    """Return a module without what Python does not read; empty where it does not parse, so that no such fault is kept."""
    try:
        return ast.dump(ast.parse(text))
    except SyntaxError:
        return ""


def _changed(source: str, text: str) -> tuple[str, str, int]:
    """Return the first changed line as it was and as it is, and its number."""
    old, new = source.splitlines(), text.splitlines()
    for tag, low, high, start, stop in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            return " ".join(map(str.strip, old[low:high])), " ".join(map(str.strip, new[start:stop])), low + 1
    return "", "", 0


def _work(pipe: Connection, place: Path) -> None:
    """Run tests in a copy of the repository in `place` for as long as there are faults."""
    import pytest

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.dont_write_bytecode = True
    home = place / "main"
    home.mkdir()
    for name in COPIED:
        source = ROOT / name
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, home / name, ignore=ignored) if source.is_dir() else shutil.copy(source, home / name)
    shared = ROOT.parent / "shared"
    if shared.is_dir():
        (place / "shared").symlink_to(shared)
    os.chdir(home)
    sys.path[:] = [str(home / "src"), *(one for one in sys.path if not one.startswith(str(ROOT / "src")))]
    ours = {"seatrial", "tests", *(path.stem for path in (home / "tests").glob("*.py"))}
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    while True:
        module, source_text, tests = pipe.recv()
        path = home / "src" / "seatrial" / f"{module}.py"
        whole = path.read_text(encoding="utf-8")
        for name in [name for name in sys.modules if name.split(".")[0] in ours]:
            del sys.modules[name]
        path.write_text(source_text or whole, encoding="utf-8")
        options = [
            "-x",
            "-q",
            "--no-header",
            "-p",
            "no:cacheprovider",
            "-m",
            "not slow and not embedded and not browser",
        ]
        try:
            code = int(pytest.main([*options, *tests]))
        except BaseException:
            code = 3
        path.write_text(whole, encoding="utf-8")
        os.chdir(home)
        pipe.send(code)


class _Worker:
    """A process that runs tests, replaced when it hangs or has run many."""

    def __init__(self) -> None:
        self.busy: tuple[Mutant, str] | None = None
        self.deadline = 0.0
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        self._place = Path(tempfile.mkdtemp(prefix="mutants-"))
        self._process = context.Process(target=_work, args=(other, self._place), daemon=True)
        self._process.start()
        self._runs = 0

    def give(self, module: str, source: str, tests: Sequence[str]) -> None:
        if self._runs >= FRESH_AFTER:
            self.renew()
        self._runs += 1
        self.pipe.send((module, source, list(tests)))

    def answer(self) -> str:
        """Return what became of the fault; a process that died noticed it too."""
        try:
            return "survived" if self.pipe.recv() == 0 else "killed"
        except (EOFError, OSError):
            self.renew()
            return "killed"

    def renew(self) -> None:
        self.end()
        self._start()

    def end(self) -> None:
        self._process.kill()
        self._process.join()
        shutil.rmtree(self._place, ignore_errors=True)


def _key(mutant: Mutant, tests: Sequence[str]) -> str:
    total = hashlib.sha256(mutant.source.encode())
    for name in tests:
        for path in sorted((ROOT / name).rglob("*.py")) if (ROOT / name).is_dir() else [ROOT / name]:
            total.update(path.read_bytes())
    return total.hexdigest()[:24]


def run(modules: dict[str, list[str]], workers: int = WORKERS, most: int | None = None) -> list[Outcome]:
    """Return what became of every fault of the modules; those known from an earlier run are not run again.

    Args:
        modules: Module, as a path below src/seatrial without its ending → test files that must notice.
        workers: Processes that run tests.
        most: So many faults of each module at most: a draw by a hash of the lines, which nobody chooses, which a later,
            longer run contains, and which stays the same where only tests or other lines change.
    """
    KEPT.parent.mkdir(exist_ok=True)
    kept = {}
    if KEPT.exists():
        kept = {row["key"]: Outcome(**row) for row in map(json.loads, KEPT.read_text(encoding="utf-8").splitlines())}
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        keyed = list(pool.map(_keyed, modules.items()))
    drawn = [pair for own in keyed for pair in own[:most]]
    waiting = [(mutant, key) for mutant, key in drawn if key not in kept]
    kept |= {one.key: one for one in (_Campaign(modules, waiting).run(workers) if waiting else [])}
    possible = {key for own in keyed for _, key in own}
    known = [one for one in kept.values() if one.key in possible or one.module not in modules]
    KEPT.write_text("".join(map(_line, sorted(known, key=lambda one: (one.module, one.key)))), encoding="utf-8")
    return [kept[key] for _, key in drawn]


def _keyed(named: tuple[str, list[str]]) -> list[tuple[Mutant, str]]:
    """Return the faults of one module with their keys, in the order of the draw."""
    module, tests = named
    own = [(one, _key(one, tests)) for one in faults(ROOT / "src" / "seatrial" / f"{module}.py", module)]
    return sorted(own, key=lambda pair: (_lot(pair[0]), pair[0].number))


def _lot(mutant: Mutant) -> str:
    return hashlib.sha256(f"{mutant.module}\0{mutant.before}\0{mutant.after}".encode()).hexdigest()


def _line(one: Outcome) -> str:
    return json.dumps({name: value for name, value in asdict(one).items() if value != ""}, ensure_ascii=False) + "\n"


class _Campaign:
    """All faults of a run, each given to the next process that is free."""

    def __init__(self, modules: dict[str, list[str]], waiting: Sequence[tuple[Mutant, str]]) -> None:
        self._tests = {mutant.module: modules[mutant.module] for mutant, _ in waiting}
        self._total = len(waiting)
        self._queue = iter(waiting)
        self._found: list[Outcome] = []

    def run(self, count: int) -> list[Outcome]:
        """Return what became of them, each written down as soon as it is known."""
        workers = [_Worker() for _ in range(count)]
        self._limits = _unbroken(workers[0], self._tests)
        self._began = spoken = time.monotonic()
        for worker in workers:
            self._feed(worker)
        while active := [worker for worker in workers if worker.busy is not None]:
            ready = wait([worker.pipe for worker in active], timeout=1.0)
            for worker in active:
                if worker.pipe in ready:
                    self._note(worker, worker.answer())
                    self._feed(worker)
                elif time.monotonic() > worker.deadline:
                    self._note(worker, "timeout")
                    worker.renew()
                    self._feed(worker)
            if time.monotonic() - spoken > SECONDS_BETWEEN_LINES:
                spoken = time.monotonic()
                self._say()
        for worker in workers:
            worker.end()
        return self._found

    def _feed(self, worker: _Worker) -> None:
        worker.busy = next(self._queue, None)
        if worker.busy is not None:
            mutant, _ = worker.busy
            worker.deadline = time.monotonic() + self._limits[mutant.module]
            worker.give(mutant.module, mutant.source, self._tests[mutant.module])

    def _note(self, worker: _Worker, outcome: str) -> None:
        assert worker.busy is not None
        mutant, key = worker.busy
        lines = (mutant.before, mutant.after) if outcome == "survived" else ()
        done = Outcome(key, mutant.module, mutant.number, outcome, *lines)
        self._found.append(done)
        with KEPT.open("a", encoding="utf-8") as file:
            file.write(_line(done))

    def _say(self) -> None:
        counts = Counter(one.outcome for one in self._found)
        print(
            f"{len(self._found)} of {self._total} faults: {counts['killed']} killed, {counts['survived']} survived, "
            f"{counts['timeout']} timed out, {(time.monotonic() - self._began) / 60:.1f} min",
            file=sys.stderr,
            flush=True,
        )


def _unbroken(worker: _Worker, modules: dict[str, list[str]]) -> dict[str, float]:
    """Return how long each module's tests may take, from how long they take without a fault.

    Raises:
        SystemExit: they do not pass.
    """
    limits = {}
    for module, tests in modules.items():
        began = time.monotonic()
        worker.give(module, "", tests)
        code = worker.pipe.recv()
        if code != 0:
            raise SystemExit(
                f"the tests of {module} fail without any fault (pytest's exit code {code}): {' '.join(tests)}"
            )
        limits[module] = 5 * (time.monotonic() - began) + SLOWEST
    return limits


def table(found: Sequence[Outcome]) -> Iterator[str]:
    """Yield the summary, a line a module."""
    yield f"{'module':<36}{'faults':>8}{'killed':>8}{'timeout':>9}{'survived':>10}{'share':>8}"
    by_module: dict[str, Counter[str]] = {}
    for one in found:
        by_module.setdefault(one.module, Counter())[one.outcome] += 1
    for module, counts in [*sorted(by_module.items()), ("all", Counter(one.outcome for one in found))]:
        total = counts.total()
        share = (counts["killed"] + counts["timeout"]) / total if total else 1.0
        yield (
            f"{module:<36}{total:>8}{counts['killed']:>8}{counts['timeout']:>9}{counts['survived']:>10}{share:>8.1%}"
        )


def main() -> int:
    """Run the faults, print what survived, and return 0 where enough were noticed and every survivor has its reason."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--module", action="append", help="only this one, e.g. gates/verdicts")
    options.add_argument("--workers", type=int, default=WORKERS, help="processes that run tests")
    options.add_argument("--most", type=int, help="so many faults of each module, drawn by hash; all where not given")
    options.add_argument("--fresh", action="store_true", help="forget what earlier runs found")
    chosen = options.parse_args()
    if chosen.fresh:
        KEPT.unlink(missing_ok=True)
    held = tomllib.loads((ROOT / "benchmarks" / "mutants.toml").read_text(encoding="utf-8"))
    modules = {name: tests for name, tests in held["modules"].items() if not chosen.module or name in chosen.module}
    found = run(modules, chosen.workers, chosen.most)
    reasons = {(one["module"], one["before"], one["after"]): one["reason"] for one in held.get("survivors", [])}
    survivors = [one for one in found if one.outcome == "survived"]
    seen = {(one.module, one.before, one.after) for one in survivors}
    unexplained = 0
    for one in sorted(survivors, key=lambda one: (one.module, one.number)):
        reason = reasons.get((one.module, one.before, one.after), "")
        unexplained += not reason
        print(f"{one.module}.py:{one.number}: {reason or 'NO REASON GIVEN'}\n  - {one.before}\n  + {one.after}")
    for module, before, after in sorted(reasons.keys() - seen):
        if module in modules and chosen.most is None:
            print(f"{module}.py: listed as a survivor, and is none any more:\n  - {before}\n  + {after}")
    print("\n".join(table(found)))
    noticed = 1 - len(survivors) / max(len(found), 1)
    print(f"{noticed:.1%} noticed (wanted {GOAL:.0%}); {unexplained} survivors without a reason.")
    return 0 if noticed >= GOAL and not unexplained else 2


if __name__ == "__main__":
    raise SystemExit(main())
