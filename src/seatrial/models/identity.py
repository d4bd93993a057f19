"""What decides a model's answers, and the digest of a file that does."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

from seatrial.policy import ModelSpec

__all__ = ["content_hash", "identity_hash", "identity_of"]


def identity_of(spec: ModelSpec, **more: Any) -> str:
    """Return what decides a model's answers as canonical JSON, without anything secret.

    The longest answer is left out: it is asked for call by call, and what was answered at the same length still holds.
    """
    parts = {
        "model": spec.model,
        "system": spec.system,
        "adapter_scale": spec.adapter_scale if spec.adapter else None,
        "generation": {**spec.generation.model_dump(), "max_tokens": None},
        **({"extra_body": spec.extra_body} if spec.extra_body else {}),
        **({"headers": spec.headers} if spec.headers else {}),
        **({"examples": [[turn.role, turn.content] for turn in spec.examples]} if spec.examples else {}),
        **({"opening": spec.opening} if spec.opening else {}),
        **more,
    }
    return json.dumps(parts, sort_keys=True, ensure_ascii=False)


def identity_hash(identity: str) -> str:
    """Return the SHA-256 of a model's identity, which may hold a system prompt that is nobody else's to read."""
    return hashlib.sha256(identity.encode()).hexdigest()


def content_hash(path: os.PathLike[str]) -> str:
    """Return the SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
