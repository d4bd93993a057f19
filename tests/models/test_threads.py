"""How many threads a model that runs in this process computes with."""

from __future__ import annotations

import os

import pytest

from seatrial.errors import ModelError
from seatrial.models.threads import SPINS, THREADS, short_waits, threads


def test_a_core_has_one_thread_unless_the_environment_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to what more of would only be slower."""
    monkeypatch.delenv(THREADS, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 96)
    assert threads(8) == 8
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert threads(8) == 1
    monkeypatch.setenv(THREADS, " 3 ")
    assert threads(8) == 3


@pytest.mark.parametrize("said", ["0", "-1", "two", "1.5", "9", "²"])
def test_what_is_no_number_of_threads_is_refused(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    """With the variable's name and what it may be."""
    monkeypatch.setenv(THREADS, said)
    with pytest.raises(ModelError, match=f"{THREADS}={said}: give a whole number from 1 to 8"):
        threads(8)


def test_a_runtime_loaded_meanwhile_is_told_to_sleep_soon_and_nothing_else_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment is as before afterwards, also where loading fails."""
    monkeypatch.delenv(SPINS, raising=False)
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    with pytest.raises(ImportError), short_waits():
        assert os.environ[SPINS] == "1000"
        raise ImportError
    assert SPINS not in os.environ


@pytest.mark.parametrize(("name", "said"), [(SPINS, "5"), ("OMP_WAIT_POLICY", "active")])
def test_what_the_environment_says_of_waiting_holds(monkeypatch: pytest.MonkeyPatch, name: str, said: str) -> None:
    """Neither variable is touched where one of them is set."""
    monkeypatch.delenv(SPINS, raising=False)
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    monkeypatch.setenv(name, said)
    before = dict(os.environ)
    with short_waits():
        assert dict(os.environ) == before
    assert dict(os.environ) == before
