"""A Ray cluster: reached, left, and what it says of a failure in words."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from seatrial.errors import ClusterError, SeatrialError

__all__ = ["LOCAL", "connected", "disconnected", "worded"]

LOCAL = "local"
"""Address of a cluster that is started on this machine, and ends with the work."""
RUNNING = "auto"
"""Address of the cluster that runs on this machine."""
SECONDS_TO_CONNECT = 5.0
SECONDS_TO_ANSWER = 30.0
LONGEST = 400
"""Letters of what Ray says that are shown."""
SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",  # its makers are told nothing of the work
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # else it prints a warning
    # Without its head it would end the process after a minute, with the code of a block; the driver notices sooner.
    "RAY_gcs_rpc_server_reconnect_timeout_s": "86400",
}
"""Of Ray, where they are not set."""


def connected(address: str) -> int:
    """Connect to a cluster, or start one, and return how many processors it has.

    Raises:
        ClusterError: Ray is not installed, nothing answers there, or it is of another version.
    """
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError as error:
        raise ClusterError(f'--ray needs Ray ({error}): pip install "seatrial[ray]"') from None
    if address not in (LOCAL, RUNNING):
        _seen(address)
    try:
        ray.init(
            address=address,
            log_to_driver=False,
            logging_level="ERROR",
            **({"include_dashboard": False} if address == LOCAL else {}),
        )
    except Exception as error:  # Ray raises errors of many kinds
        raise ClusterError(_refused(address, f"{type(error).__name__}: {error}")) from error
    return int(ray.cluster_resources().get("CPU", 0))


def disconnected(actors: Sequence[Any]) -> None:
    """End actors, and leave the cluster; one that was started here ends."""
    import ray

    for actor in actors:
        ray.kill(actor)
    ray.shutdown()


def worded(error: Exception, address: str) -> SeatrialError:
    """Return what went wrong on a worker: the error of seatrial's that it raised, or what became of it, in words."""
    import ray.exceptions as of_ray

    cause = getattr(error, "cause", None)
    if isinstance(error, of_ray.RayTaskError) and isinstance(cause, SeatrialError):
        return cause
    kept = "What was answered is kept: run the same command again."
    if isinstance(error, of_ray.RayActorError):
        return ClusterError(f"--ray {address}: a worker was lost for good: {_line(str(error))}. {kept}")
    return ClusterError(f"--ray {address}: {type(error).__name__}: {_line(str(error))}. {kept}")


def _seen(address: str) -> None:
    """See that a cluster answers at an address: Ray itself waits for minutes, and then ends the process.

    Raises:
        ClusterError: none does.
    """
    host, _, port = address.rpartition(":")
    if "/" in address or not host or not port.isdigit():
        raise ClusterError(
            f"--ray {address}: give HOST:PORT of the cluster's head, `{RUNNING}` on one of its nodes, or `{LOCAL}`"
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), SECONDS_TO_CONNECT).close()
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise ClusterError(
            f"--ray {address}: nothing answers there: {why}. Is the cluster up? Its head is started "
            "with: ray start --head"
        ) from None
    asked = [sys.executable, "-m", "ray.scripts.scripts", "health-check", "--address", address]
    try:
        told = subprocess.run(asked, capture_output=True, text=True, timeout=SECONDS_TO_ANSWER, check=False)
    except subprocess.TimeoutExpired:
        raise ClusterError(f"--ray {address}: what answers there is no head of a Ray cluster") from None
    if told.returncode:
        raise ClusterError(_refused(address, told.stderr))


def _refused(address: str, said: str) -> str:
    """Return why a cluster could not be used, by what Ray says of it."""
    if "ersion mismatch" in said:
        return f"--ray {address}: {_line(said[said.index('ersion mismatch') - 1 :])}. Install the same on all nodes"
    if "AuthToken" in said or "AuthenticationError" in said:
        return (
            f"--ray {address}: the cluster wants a token. Set RAY_AUTH_MODE=token, and give the token as Ray's "
            "documentation says"
        )
    if address == RUNNING and "Could not find any running Ray" in said:
        return f"--ray {address}: no cluster runs on this machine. Start one with `ray start --head`, or give `{LOCAL}`"
    return f"--ray {address}: {_line(said)}. The command has to run on a node of the cluster"


def _line(said: str) -> str:
    """Return what was said on one line, without colors; of much the end."""
    plain = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", said).split()).rstrip(" .")
    return plain if len(plain) <= LONGEST else f"… {plain[-LONGEST:]}"
