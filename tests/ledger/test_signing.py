"""Who signed an entry, and what is found where nobody did or somebody else."""

from __future__ import annotations

import base64
import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from ledger.test_entries import chain
from seatrial.errors import LedgerError
from seatrial.ledger.entries import Entry
from seatrial.ledger.signing import PASSWORD_VARIABLE, check_signatures, envelope, make_key, opened, signed, trusted


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """The file of a private key."""
    make_key(tmp_path / "ann.pem")
    return tmp_path / "ann.pem"


def _public(key: Path) -> Path:
    return key.with_name(f"{key.name}.pub")


@pytest.fixture
def entries(key: Path) -> list[Entry]:
    """Five entries; all but the first two are signed."""
    made = chain(5)
    return [*made[:2], *(signed(one, key) for one in made[2:])]


def test_a_key_is_made_once_and_for_its_owner_alone(key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its private half is readable by nobody else, is never written over, and may have a password."""
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    with pytest.raises(LedgerError, match="exists already; a key is never written over"):
        make_key(key)
    monkeypatch.setenv(PASSWORD_VARIABLE, "open sesame")
    locked = key.with_name("bo.pem")
    make_key(locked)
    (entry,) = chain(1)
    assert signed(entry, locked).signature
    with pytest.raises(LedgerError, match="has no password, and one is given"):
        signed(entry, key)
    monkeypatch.setenv(PASSWORD_VARIABLE, "wrong")
    with pytest.raises(LedgerError, match="holds no private key of Ed25519, or its password is wrong"):
        signed(entry, locked)
    monkeypatch.delenv(PASSWORD_VARIABLE)
    with pytest.raises(LedgerError, match="needs its password"):
        signed(entry, locked)


def test_what_is_no_key_is_refused(tmp_path: Path) -> None:
    """Another kind of key, no key, or no file: each ends in a message that names it."""
    (entry,) = chain(1)
    other = generate_private_key(65537, 2048)
    (tmp_path / "rsa").write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "rsa.pub").write_bytes(other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (tmp_path / "text").write_text("no key")
    for name in ("rsa", "text"):
        with pytest.raises(LedgerError, match=f"{name}: holds no private key of Ed25519"):
            signed(entry, tmp_path / name)
    for name in ("rsa.pub", "text"):
        with pytest.raises(LedgerError, match=f"{name}: holds no public key of Ed25519"):
            trusted([tmp_path / name])
    for use in (lambda: signed(entry, tmp_path / "none"), lambda: trusted([tmp_path / "none"])):
        with pytest.raises(LedgerError, match=r"none: .*cannot be read: No such file"):
            use()
    with pytest.raises(LedgerError, match=r"cannot be written: .*Make the folder first"):
        make_key(tmp_path / "deep" / "key.pem")


def test_signatures_are_held_against_the_keys_that_are_trusted(entries: list[Entry], key: Path) -> None:
    """They hold; without keys they are counted, and that nothing was checked is said."""
    found = check_signatures(entries, trusted([_public(key)]), "ledger")
    assert (list(found.entries.values()), found.unsigned, found.checked) == ([3], (1, 2), True)
    counted = check_signatures(entries, {}, "ledger")
    assert (counted.entries, counted.unsigned, counted.checked) == (found.entries, (1, 2), False)


def test_what_was_added_or_changed_without_the_key_is_found(entries: list[Entry], key: Path, tmp_path: Path) -> None:
    """Whatever the hashes say: a rewritten entry, a signature taken off or moved, somebody else's key."""
    keys = trusted([_public(key)])
    make_key(tmp_path / "eve.pem")
    rewritten = replace(entries[3], author="eve")
    rewritten = replace(rewritten, hash=rewritten.recomputed())
    for forged, message in (
        (rewritten, "the signature of entry 4 does not hold"),
        (replace(entries[3], signature=entries[4].signature), "the signature of entry 4 does not hold"),
        (replace(entries[3], signature=""), "entry 4 is not signed, though earlier ones are"),
        (signed(replace(rewritten, signature=""), tmp_path / "eve.pem"), "entry 4 is signed by the key .* none of"),
        (replace(entries[3], signature="garbage"), "signed by the key unreadable"),
        (replace(entries[3], signature="[" * 100_000), "signed by the key unreadable"),
        (replace(entries[3], signature=json.dumps({"keyid": next(iter(keys)), "sig": "*"})), "does not hold"),
    ):
        with pytest.raises(LedgerError, match=rf"ledger:4: .*{message}"):
            check_signatures([*entries[:3], forged, *entries[4:]], keys, "ledger")


def test_an_envelope_is_what_dsse_says(entries: list[Entry], key: Path) -> None:
    """Type and payload with their lengths are signed; whoever knows the format can check it without this program."""
    made = envelope(entries[3])
    payload = base64.b64decode(made["payload"])
    kind = made["payloadType"].encode()
    told = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    (signature,) = made["signatures"]
    (public,) = trusted([_public(key)]).values()
    public.verify(base64.b64decode(signature["sig"]), told)
    content = json.loads(payload)
    assert (content["number"], content["hash"]) == (4, entries[3].hash)
    assert envelope(entries[0])["signatures"] == []


def test_the_same_key_signs_alike(entries: list[Entry], key: Path) -> None:
    """Ed25519 draws nothing: a signature can be made again and compared."""
    assert signed(entries[4], key) == entries[4]


def test_an_envelope_is_opened_as_it_was_closed(entries: list[Entry], tmp_path: Path) -> None:
    """Signed or not, the entry comes back; what was edited or is no envelope is refused with the next step."""
    path = tmp_path / "entry.json"
    for entry in (entries[0], entries[-1]):
        path.write_text(json.dumps(envelope(entry)), encoding="utf-8")
        assert opened(path) == entry
    held = envelope(replace(entries[-1], body={"note": "another"}))
    path.write_text(json.dumps(held), encoding="utf-8")
    with pytest.raises(LedgerError, match="entry 5 was edited"):
        opened(path)
    others: list[object] = [{**held, "payloadType": "text"}, {**held, "payload": "AAAA"}, {"payload": 3}, [], "x"]
    for other in others:
        path.write_text(json.dumps(other), encoding="utf-8")
        with pytest.raises(
            LedgerError, match="holds no envelope of an entry; `seatrial ledger show NUMBER --envelope`"
        ):
            opened(path)
    with pytest.raises(LedgerError, match="cannot be read"):
        opened(tmp_path / "nothing.json")
