"""The team's page, served once for all tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from team_server import Team, team_of


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """A server over a simulated history of four releases."""
    with team_of(tmp_path_factory.mktemp("team"), releases=4) as served:
        yield served
