"""A Ray cluster, reached or not."""

from __future__ import annotations

import socket
import sys

import pytest

from conftest import Command, Endpoint, PolicyWriter
from replays import GATES, JUDGE, traffic
from seatrial.errors import ClusterError, StoreError
from seatrial.evidence.replay import ray_cluster
from seatrial.evidence.replay.ray_cluster import connected, worded


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is named."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ClusterError, match=r'pip install "seatrial\[ray\]"'):
        connected("local")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("nonsense", "give HOST:PORT"),
        ("ray://127.0.0.1:10001", "give HOST:PORT"),
        ("127.0.0.1:1", "nothing answers there: Connection refused"),
        ("127.0.0.1:99999", "nothing answers there"),
        ("no.such.host.invalid:6379", "nothing answers there"),
    ],
)
def test_a_bad_address_is_refused_at_once(address: str, words: str) -> None:
    """Ray itself would wait for minutes."""
    pytest.importorskip("ray")
    with pytest.raises(ClusterError, match=words):
        connected(address)


@pytest.mark.slow
def test_what_is_no_cluster_is_told_from_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Something else that listens there."""
    pytest.importorskip("ray")
    monkeypatch.setattr(ray_cluster, "SECONDS_TO_ANSWER", 3.0)
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(ClusterError, match="no head of a Ray cluster"):
        connected(f"127.0.0.1:{other.getsockname()[1]}")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            "RuntimeError: Version mismatch: The cluster was started with:\n    Ray: 2.1\n    Python: 3.10.1\nThis "
            "process was started with:\n    Ray: 2.60.0\n",
            r"Version mismatch: The cluster was started with: Ray: 2\.1 .*Install the same on all nodes",
        ),
        ("RPC error: InvalidAuthToken: missing", "RAY_AUTH_MODE=token"),
        ("ConnectionError: Could not find any running Ray instance.", "Start one with `ray start --head`"),
        ("x" * 5000, r"… x{400}\. The command has to run on a node"),
    ],
)
def test_what_ray_says_is_put_in_words(said: str, words: str) -> None:
    """Other versions, a token that is missing, no cluster here, and anything else at its end."""
    with pytest.raises(ClusterError, match=words):
        raise ClusterError(ray_cluster._refused("auto", said))


def test_an_error_of_a_worker_is_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """What seatrial raised there is raised here; a worker that was lost is told of."""
    of_ray = pytest.importorskip("ray.exceptions")
    raised = of_ray.RayTaskError("collect", "traceback", StoreError("the disk is full"))
    assert str(worded(raised, "a:1")) == "the disk is full"
    assert isinstance(worded(raised, "a:1"), StoreError)
    lost = worded(of_ray.RayActorError(), "a:1")
    assert isinstance(lost, ClusterError) and "a worker was lost for good" in str(lost)


def test_the_command_ends_with_2(seatrial: Command, write_policy: PolicyWriter, endpoint: Endpoint) -> None:
    """Nothing was asked."""
    pytest.importorskip("ray")
    path = write_policy(gates=GATES, extra=JUDGE.format(url=endpoint.url))
    log = traffic(path.parent / "log.jsonl", 30)
    made = seatrial("replay", "run", path, log, "--as-is", "--quiet", "--ray", "127.0.0.1:1")
    assert made.code == 2 and "nothing answers there" in made.err and not made.out
    assert endpoint.count == 0
