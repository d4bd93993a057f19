"""Starts the simulated models and the simulated judge, and leaves them running.

python start.py
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
import time
from pathlib import Path

import simulation


def started(port: int) -> subprocess.Popen[bytes]:
    """Start the server, wait until it listens, and return its process.

    Raises:
        SystemExit: it does not come up; something else may use the port.
    """
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise SystemExit(f"port {port} is in use; stop what listens there, or give another --port")
    command = [sys.executable, str(Path(simulation.__file__).resolve()), "--port", str(port)]
    server = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL)
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return server
        if server.poll() is not None:
            break
        time.sleep(0.1)
    server.terminate()
    raise SystemExit("the server did not start")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="Start the simulated models and the simulated judge.")
    options.add_argument("--port", type=int, default=8765)
    given = options.parse_args()
    process = started(given.port)
    print(
        f"Simulated models `prod`, `same`, `worse` and `judge` answer at http://127.0.0.1:{given.port}/v1; stop them "
        f"with: kill {process.pid}"
    )
