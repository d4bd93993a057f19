"""What decides a model's answers: its identity, and the digest of a file."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from seatrial.models.identity import content_hash, identity_of
from seatrial.policy import Generation, ModelSpec


def test_the_identity_holds_what_decides_the_answers() -> None:
    """And nothing of speed, price, keys or the longest answer."""
    plain = ModelSpec(model="openai-compatible/x")
    same = ModelSpec(
        model="openai-compatible/x", concurrency=2, price_in=3, api_key_env="KEY", generation=Generation(max_tokens=9)
    )
    others = [
        ModelSpec(model="openai-compatible/y"),
        ModelSpec(model="openai-compatible/x", system="other"),
        ModelSpec(model="openai-compatible/x", generation=Generation(temperature=1.0)),
        ModelSpec(model="openai-compatible/x", extra_body={"reasoning_effort": "low"}),
    ]
    assert identity_of(plain) == identity_of(same)
    assert len({identity_of(plain), *map(identity_of, others), identity_of(plain, base_url="http://h/v1")}) == 6
    assert json.loads(identity_of(plain))["model"] == "openai-compatible/x"
    assert "KEY" not in identity_of(same)


def test_the_digest_of_a_file_is_of_its_bytes(tmp_path: Path) -> None:
    """As sha256sum writes it."""
    (tmp_path / "a").write_bytes(b"abc")
    assert content_hash(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()
