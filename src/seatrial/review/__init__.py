"""The main job: `run.py` tells the story; the other modules are its parts.

The package can be called: `seatrial.review(policy)` is `seatrial.review.interface.review`, for the interface's verb and
the room's name are one word.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _CallablePackage(ModuleType):
    def __call__(self, *args: Any, **options: Any) -> Any:
        from seatrial.review.interface import review

        return review(*args, **options)


sys.modules[__name__].__class__ = _CallablePackage
