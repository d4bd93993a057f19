"""Finished reviews to verify."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import Endpoint, PolicyWriter
from verified_reviews import WORSE, Recorded, copied, review_of


@pytest.fixture
def live(write_policy: PolicyWriter, endpoint: Endpoint, tmp_path: Path) -> Path:
    """The folder of a finished live review, with its ledger, copied to where nothing else is."""
    review_of(write_policy(candidate="plain", extra="budget: {calls: 60}"), tmp_path / "reviews" / "one")
    return copied(tmp_path)


@pytest.fixture
def blocked(recorded: Recorded, tmp_path: Path) -> Path:
    """The folder of a block on recorded answers."""
    review_of(recorded(after=WORSE), tmp_path / "reviews" / "one")
    return tmp_path / "reviews" / "one"
