"""A Ray cluster of two processors on this machine, started as `ray start --head` does, and its worker processes."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from conftest import ROOT

__all__ = ["Cluster", "cluster"]

OPEN = {"RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}


class Cluster:
    """A cluster that runs.

    Attributes:
        address: HOST:PORT of its head.
        env: Environment of a command that may connect to it.
    """

    def __init__(self, address: str, head: subprocess.Popen[bytes], env: Mapping[str, str]) -> None:
        """Know a cluster by the process that started it."""
        self.address, self._head, self.env = address, head, env

    def processes(self, title: str = "") -> list[int]:
        """Return the processes of the cluster whose command line begins like that."""
        above: dict[int, int] = {}
        titles: dict[int, bytes] = {}
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                above[int(place.name)] = int((place / "stat").read_text().rpartition(")")[2].split()[1])
                titles[int(place.name)] = (place / "cmdline").read_bytes()
        ours = {self._head.pid}
        while more := {one for one, parent in above.items() if parent in ours} - ours:
            ours |= more
        return [one for one in ours if titles.get(one, b"").startswith(title.encode())]

    def workers(self) -> list[int]:
        """Return the processes of shards."""
        return self.processes("ray::Shard")

    def end(self) -> None:
        """End all of its processes, and no others."""
        for number in self.processes():
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        self._head.wait(30)


@contextmanager
def cluster(processors: int = 2) -> Iterator[Cluster]:
    """Start a cluster; it ends with the context."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tempfile.mkdtemp(prefix="ray", dir="/tmp")
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", "--include-dashboard=false"]
    command += [f"--port={port}", f"--num-cpus={processors}", f"--temp-dir={folder}", "--node-ip-address=127.0.0.1"]
    command += ["--object-store-memory=200000000"]
    paths = [str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]
    env = os.environ | OPEN | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    head = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    made = Cluster(f"127.0.0.1:{port}", head, env)
    try:
        _await(port)
        yield made
    finally:
        made.end()
        shutil.rmtree(folder, ignore_errors=True)


def _await(port: int) -> None:
    for _ in range(600):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise RuntimeError("no cluster came up")
