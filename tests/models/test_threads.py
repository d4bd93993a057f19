"""How many threads a model that runs in this process computes with."""

from __future__ import annotations

import os

import pytest

from seatrial.errors import ModelError
from seatrial.models.threads import THREADS, threads


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
