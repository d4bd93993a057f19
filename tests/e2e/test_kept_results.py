"""What took hours to simulate is read again only while the code behind it computes the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from benchmarks import kept, page

CODE = '"""One."""\n\n\ndef twice(x: int) -> int:\n    """Return it."""\n    return 2 * x  # twice\n'


@dataclass(frozen=True)
class Found:
    """A number."""

    number: int


def test_only_what_computes_counts(tmp_path: Path) -> None:
    """Comments, docstrings and layout may change; a number, a file's name or an item may not."""
    path = tmp_path / "code.py"

    def of(text: str) -> str:
        kept._computed.cache_clear()
        path.write_text(text, encoding="utf-8")
        return kept.digest([tmp_path])

    first = of(CODE)
    assert of(CODE.replace("One.", "Two.").replace("  # twice", "").replace("2 * x", "2*x")) == first
    assert of(CODE.replace("2 * x", "3 * x")) != first
    (tmp_path / "items.jsonl").write_text("{}\n", encoding="utf-8")
    with_items = of(CODE)
    assert with_items != first
    (tmp_path / "items.jsonl").write_text("{} \n", encoding="utf-8")
    assert of(CODE) != with_items


def test_what_is_known_is_not_simulated_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A result is kept as soon as it is known; other code begins anew, and small forms keep nothing."""
    monkeypatch.setattr(kept, "KEPT", tmp_path)
    monkeypatch.setattr(page, "pool", ThreadPoolExecutor)
    asked: list[int] = []

    def work(job: int) -> Found:
        asked.append(job)
        return Found(10 * job)

    def run(code: str, numbers: Sequence[int] = (1, 2, 3), keep: bool = True) -> Iterator[tuple[str, Found]]:
        jobs = {f"job {number}": number for number in numbers}
        return kept.measured("some", jobs, work, lambda row: Found(**row), lambda _: code, keep)

    path = tmp_path / "some.jsonl"
    stopped = run("as it is", (1, 2))
    next(stopped)
    assert len(path.read_text(encoding="utf-8").splitlines()) == 1
    list(stopped)
    whole = {"job 1": Found(10), "job 2": Found(20), "job 3": Found(30)}
    assert dict(run("as it is")) == whole
    assert sorted(asked) == [1, 2, 3]
    before = path.read_text(encoding="utf-8")
    assert dict(run("as it is")) == dict(run("changed", keep=False)) == whole
    assert (len(asked), path.read_text(encoding="utf-8")) == (6, before)
    assert dict(run("changed")) == whole
    assert len(asked) == 9
    assert len(path.read_text(encoding="utf-8").splitlines()) == 3


def test_what_is_missing_is_counted_and_not_simulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where only what is kept is asked for, nothing is run, and a sentence says how much is not there."""
    monkeypatch.setattr(kept, "KEPT", tmp_path)
    monkeypatch.setattr(page, "pool", ThreadPoolExecutor)
    monkeypatch.setattr(kept, "asked", kept.Asked())

    def run(numbers: Sequence[int]) -> dict[str, Found]:
        jobs = {f"job {number}": number for number in numbers}
        return dict(kept.measured("some", jobs, Found, lambda row: Found(**row), lambda _: "code"))

    run([1])
    kept.asked.nothing_new = True
    assert run([1, 2, 3]) == {"job 1": Found(1)}
    assert "Of 3 cells 2 have not been measured on this code" in str(kept.asked)
    run([1])
    assert str(kept.asked) == ""
    assert len((tmp_path / "some.jsonl").read_text(encoding="utf-8").splitlines()) == 1
