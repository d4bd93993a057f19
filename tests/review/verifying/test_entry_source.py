"""The entry is believed for its chain or its signature, and for nothing less."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import PolicyWriter
from seatrial.errors import ExitCode
from seatrial.ledger.signing import envelope, make_key
from seatrial.review.verifying.entry_source import Source
from seatrial.review.verifying.verify import verify
from verified_reviews import results, review_of, said_in


@pytest.mark.slow
def test_an_envelope_stands_for_the_ledger(
    live: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_policy: PolicyWriter
) -> None:
    """With the key that signed it an exported entry is enough; without one, or with another key, it shows nothing."""
    key, other = tmp_path / "key.pem", tmp_path / "other.pem"
    make_key(key), make_key(other)
    monkeypatch.setenv("SEATRIAL_LEDGER_KEY", str(key))
    folder = tmp_path / "signed" / "one"
    done = review_of(write_policy(candidate="plain", extra="budget: {calls: 60}"), folder)
    assert done.entry is not None
    exported = tmp_path / "decision.json"
    exported.write_text(json.dumps(envelope(done.entry)), encoding="utf-8")
    (folder.parent / "ledger.db").unlink()
    assert results(verify(folder))["entry"] == "not verified"
    assert results(verify(folder, Source(envelopes=(exported,))))["entry"] == "not verified"
    held = verify(folder, Source(envelopes=(exported,), trust=(Path(f"{key}.pub"),)))
    assert held.verified, held.steps
    assert any("later entry" in said for said in held.unseen)
    strange = verify(folder, Source(envelopes=(exported,), trust=(Path(f"{other}.pub"),)))
    assert (results(strange)["entry"], strange.exit_code) == ("differs", ExitCode.USAGE)
    unsigned = verify(live, Source(trust=(Path(f"{key}.pub"),)))
    assert "is not signed" in said_in(unsigned, "entry")
