"""The house: which room may know which, where each module's tests lie, and what the public face is."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import seatrial

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "seatrial"
TESTS = ROOT / "tests"

FLOORS = (
    ("replies",),
    ("types", "errors", "stats", "formats"),
    ("observations", "policy", "suites", "personas", "web"),
    ("models", "instruments", "report", "runs", "ledger"),
    ("gates", "collect", "drift"),
    ("review", "calibration", "evidence", "watch"),
    ("backtest", "team"),
    ("cli",),
    ("__main__", "__init__"),
)
"""Rooms from the ground up: a room imports only from floors below its own."""
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
OBSERVATIONS_MAY_IMPORT = {"types", "errors", "formats", "stats"}

MODULES = sorted(path for path in SOURCE.rglob("*.py") if "__pycache__" not in path.parts)
SUPPORT = {
    "accessible.py",
    "conftest.py",
    "results.py",
    "reward_world.py",
    "simulated_answers.py",
    "tables.py",
    "tiny_model.py",
    "replays.py",
    "ray_clusters.py",
    "vendor.py",
    "vibe_sessions.py",
    "label_sessions.py",
    "hard_items.py",
    "histories.py",
    "ledgers.py",
    "team_server.py",
    "talkers.py",
    "servers.py",
    "verified_reviews.py",
}
"""Files under tests/ that hold no tests; nor do the scripts in `make/` that wrote other tools' files."""


def _room(module: str) -> str:
    """Return the room of a dotted module inside the package: its first part, or the package's own face."""
    return module.split(".")[0] if module else "__init__"


def _name(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


@cache
def _imports(path: Path) -> set[str]:
    """Return the modules of the project that a file imports, at its top or in a function, for types or to run."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "seatrial":
            base = node.module.removeprefix("seatrial").removeprefix(".")
            for name in node.names:
                deeper = f"{base}.{name.name}" if base else name.name
                place = SOURCE.joinpath(*deeper.split("."))
                found.add(deeper if place.with_suffix(".py").exists() or place.is_dir() else base)
        elif isinstance(node, ast.Import):
            names = [name.name for name in node.names if name.name.split(".")[0] == "seatrial"]
            found |= {name.removeprefix("seatrial").removeprefix(".") for name in names}
    return found


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_no_import_runs_up_or_sideways(path: Path) -> None:
    """A module imports its own room and the floors below it; only the commands know the package's public face."""
    own = _room(_name(path))
    for module in _imports(path):
        room = _room(module)
        if room == own or own == "__init__":
            continue
        if room == "__init__":
            assert own in ("cli", "__main__"), f"{own} imports the public face"
            continue
        assert FLOOR[room] < FLOOR[own], f"{_name(path)} (floor {FLOOR[own]}) imports {module} ({FLOOR[room]})"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_the_ground_floor_knows_nothing_of_the_house(path: Path) -> None:
    """Nouns, errors, statistics and readers of files import nothing of the project but their own room.

    One noun, the answer, knows what of a reply it is.
    """
    own = _room(_name(path))
    if FLOOR[own] <= FLOOR["types"]:
        assert {_room(module) for module in _imports(path)} <= {own, *(["replies"] if own == "types" else [])}
    if own == "observations":
        assert {_room(module) for module in _imports(path)} <= OBSERVATIONS_MAY_IMPORT


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_evidence_and_calibration_are_known_to_the_commands_alone(path: Path) -> None:
    """What brings evidence hands over a file; nothing but the commands and the public face imports it."""
    own = _room(_name(path))
    for room in ("evidence", "calibration"):
        if own not in (room, "cli", "__init__"):
            assert room not in {_room(module) for module in _imports(path)}


def test_every_room_has_a_floor() -> None:
    """A new room is given a floor before anything moves in."""
    assert {_room(_name(path)) for path in MODULES} <= set(FLOOR)


def test_no_two_modules_import_each_other() -> None:
    """Modules can be read in an order in which each stands on those before it; imports inside functions count too."""
    graph = {_name(path): {one for one in _imports(path) if one != _name(path)} for path in MODULES}
    face = {"", "__init__"}  # the public face loads its names when they are asked for
    TopologicalSorter({name: held - face for name, held in graph.items() if name not in face}).prepare()


@pytest.mark.parametrize(
    "path", [path for path in MODULES if path.name not in ("__init__.py", "__main__.py")], ids=_name
)
def test_every_module_has_its_tests_at_the_same_path(path: Path) -> None:
    """The tests of src/seatrial/a/b.py lie in tests/a/test_b.py."""
    place = path.relative_to(SOURCE)
    assert (TESTS / place.parent / f"test_{place.name}").exists()


def test_every_test_module_mirrors_a_module() -> None:
    """Under tests/, only tests/e2e/ holds tests of more than one module."""
    stray = []
    for path in TESTS.rglob("*.py"):
        place = path.relative_to(TESTS)
        if place.parts[0] == "e2e" or path.name in SUPPORT or "make" in place.parts or place == Path("test_layout.py"):
            continue
        if not (SOURCE / place.parent / place.name.removeprefix("test_")).exists():
            stray.append(str(place))
    assert not stray


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_files_fit_in_a_head(path: Path) -> None:
    """No file is longer than 400 lines."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_the_public_names_are_just_these() -> None:
    """What `import seatrial` offers is a dozen names, each documented with an example or a list of its attributes."""
    assert seatrial.__all__ == [
        "Gate",
        "Model",
        "Policy",
        "Review",
        "SeatrialError",
        "calibrate",
        "decide",
        "load_policy",
        "load_review",
        "plan",
        "review",
        "review_async",
    ]
    for name in seatrial.__all__:
        assert (getattr(seatrial, name).__doc__ or "").strip(), name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = seatrial.nothing


def test_importing_the_package_loads_nothing_heavy() -> None:
    """`import seatrial` reads no library that a name of its interface would need."""
    heavy = "{'numpy', 'polars', 'pydantic', 'scipy', 'aiohttp', 'yaml', 'typer', 'rich', 'jinja2'}"
    code = (
        f"import sys; before = set(sys.modules); import seatrial; print(*sorted({heavy} & (set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
