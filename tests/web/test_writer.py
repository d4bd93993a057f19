"""The one thread that writes: changes that wait share a flush, and each gets its own answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import IntegrityError, OperationalError

from seatrial.web import writer
from seatrial.web.writer import AT_ONCE, Writer


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A database with one table of numbers, each of which can stand once."""
    made = create_engine(f"sqlite:///{tmp_path / 'numbers.db'}")
    with made.begin() as link:
        link.execute(text("CREATE TABLE numbers (number INTEGER UNIQUE NOT NULL)"))
    yield made
    made.dispose()


@pytest.fixture
def commits(engine: Engine) -> list[int]:
    """The commits so far: one is added with each."""
    seen: list[int] = []
    event.listen(engine, "commit", lambda _: seen.append(1))
    return seen


class _Held:
    """A change that holds the writer until it is let go, so that others come to wait behind it."""

    def __init__(self, held: Writer) -> None:
        self._begun, self._go = threading.Event(), threading.Event()
        self._done = held.put(self._wait)
        assert self._begun.wait(30)

    def _wait(self, _: Connection) -> None:
        self._begun.set()
        assert self._go.wait(30)

    def let_go(self) -> None:
        """Let the writer go on, and wait until it has."""
        self._go.set()
        self._done.result(30)


def _insert(number: int) -> Any:
    def work(link: Connection) -> int:
        link.execute(text("INSERT INTO numbers VALUES (:number)"), {"number": number})
        return number

    return work


def _numbers(engine: Engine) -> list[int]:
    with engine.connect() as link:
        return list(link.execute(text("SELECT number FROM numbers ORDER BY rowid")).scalars())


def test_changes_that_wait_share_one_flush(engine: Engine, commits: list[int]) -> None:
    """Fifty changes that came in during a flush are kept with the next one, in their order."""
    made = Writer(engine)
    held = _Held(made)
    waiting = [made.put(_insert(number)) for number in range(50)]
    assert commits == []
    held.let_go()
    assert [one.result(30) for one in waiting] == list(range(50))
    assert len(commits) == 2
    assert _numbers(engine) == list(range(50))


def test_a_flush_holds_no_more_than_it_may(engine: Engine, commits: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where very many wait, they are kept in several flushes, and the first need not wait for the last."""
    monkeypatch.setattr(writer, "AT_ONCE", 10)
    made = Writer(engine)
    held = _Held(made)
    waiting = [made.put(_insert(number)) for number in range(25)]
    held.let_go()
    assert [one.result(30) for one in waiting] == list(range(25))
    assert len(commits) == 4
    assert AT_ONCE > 10


def test_what_is_acknowledged_is_on_disk(engine: Engine) -> None:
    """When a change's result is there, another connection already sees it."""
    made = Writer(engine)
    for number in range(20):
        assert made.put(_insert(number)).result(30) == number
        assert _numbers(engine)[-1] == number


def test_an_answer_comes_only_after_the_flush(engine: Engine) -> None:
    """Nothing is acknowledged before the transaction that holds it is committed."""
    waiting: list[Future[Any]] = []
    told: list[bool] = []
    event.listen(engine, "commit", lambda _: told.extend(one.done() for one in waiting))
    made = Writer(engine)
    held = _Held(made)
    waiting += [made.put(_insert(number)) for number in range(5)]
    held.let_go()
    for one in waiting:
        one.result(30)
    assert told == [False] * 10


def test_a_change_that_refuses_itself_loses_no_other(engine: Engine, commits: list[int]) -> None:
    """One that raises before it writes gets its own error, and those around it are kept in the same flush."""

    def refuse(_: Connection) -> None:
        raise ValueError("not mine")

    made = Writer(engine)
    held = _Held(made)
    before, refused, after = made.put(_insert(1)), made.put(refuse), made.put(_insert(2))
    held.let_go()
    assert (before.result(30), after.result(30)) == (1, 2)
    with pytest.raises(ValueError, match="not mine"):
        refused.result(30)
    assert len(commits) == 2
    assert _numbers(engine) == [1, 2]


def test_a_change_that_the_database_refuses_loses_no_other(engine: Engine) -> None:
    """Of a flush in which one collides, all others are kept once, each on its own, and the one is told."""
    made = Writer(engine)
    held = _Held(made)
    numbers = [1, 2, 2, 3, 1, 4]
    waiting = [made.put(_insert(number)) for number in numbers]
    held.let_go()
    errors = [one.exception(30) for one in waiting]
    assert [type(error) for error in errors] == [
        type(None), type(None), IntegrityError, type(None), IntegrityError, type(None)
    ]  # fmt: skip
    assert _numbers(engine) == [1, 2, 3, 4]
    assert made.put(_insert(5)).result(30) == 5


def test_a_commit_that_fails_acknowledges_nothing(engine: Engine) -> None:
    """The disk is full twice while it flushes: both tries of the change are told of it, and the next one is kept."""
    faults = [1, 1]

    def fail(_: Connection) -> None:
        if faults:
            faults.pop()
            raise OperationalError("COMMIT", {}, Exception("disk full"))

    event.listen(engine, "commit", fail)
    made = Writer(engine)
    with pytest.raises(OperationalError, match="disk full"):
        made.put(_insert(1)).result(30)
    assert _numbers(engine) == []
    assert made.put(_insert(2)).result(30) == 2


def test_a_change_cannot_be_taken_back(engine: Engine) -> None:
    """Whoever asked may be gone and cancel: the change is kept like all others, and the writer goes on."""

    def refuse(_: Connection) -> None:
        raise ValueError("not mine")

    made = Writer(engine)
    held = _Held(made)
    gone, refused, other = made.put(_insert(1)), made.put(refuse), made.put(_insert(2))
    assert not gone.cancel()
    assert not refused.cancel()
    held.let_go()
    assert other.result(30) == 2
    assert made.put(_insert(3)).result(30) == 3
    assert _numbers(engine) == [1, 2, 3]


def test_many_threads_may_put_changes_at_once(engine: Engine) -> None:
    """A hundred changes from eight threads are each kept once, by one thread that writes."""
    made = Writer(engine)
    names = set()

    def work(number: int) -> Any:
        def keep(link: Connection) -> int:
            names.add(threading.current_thread().name)
            found: int = _insert(number)(link)
            return found

        return made.put(keep).result(30)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(100))) == list(range(100))
    assert sorted(_numbers(engine)) == list(range(100))
    assert len(names) == 1


def test_no_thread_begins_before_the_first_change(engine: Engine) -> None:
    """A store that is only read needs no writer."""
    before = threading.active_count()
    made = Writer(engine)
    assert threading.active_count() == before
    made.put(lambda link: None).result(30)
    assert threading.active_count() == before + 1
