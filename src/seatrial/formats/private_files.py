"""Files that hold what people wrote and what models answered: not for everybody who has an account on the machine."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

__all__ = ["keep_private"]


def keep_private(path: Path) -> None:
    """Take the rights to a file from everybody else: of an empty one from the group too, before anything is in it.

    What a group was given on a file in use stays. Where rights cannot be changed, nothing happens.
    """
    with suppress(OSError):
        held = path.stat()
        mode = 0o600 if held.st_size == 0 else stat.S_IMODE(held.st_mode) & ~0o007
        if mode != stat.S_IMODE(held.st_mode):
            os.chmod(path, mode)
