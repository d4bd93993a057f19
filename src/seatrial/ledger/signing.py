"""Signatures of entries: Ed25519 over an entry's canonical JSON, as a DSSE envelope has it.

A chain shows that nothing changed since somebody kept a hash. A signature shows who made an entry: whoever rewrites
the ledger cannot sign it. DSSE: https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from seatrial.errors import LedgerError
from seatrial.formats.bounded import read_text
from seatrial.formats.whole_files import why_not, write_whole
from seatrial.ledger.entries import FIELDS, Entry, Kind, canonical

__all__ = [
    "PASSWORD_VARIABLE",
    "Signers",
    "check_signatures",
    "envelope",
    "make_key",
    "opened",
    "signed",
    "trusted",
]

PASSWORD_VARIABLE = "SEATRIAL_LEDGER_KEY_PASSWORD"
"""Environment variable that holds the key's password, where it has one."""
PAYLOAD_TYPE = "application/vnd.seatrial.ledger-entry+json"
Keys = dict[str, Ed25519PublicKey]
"""Name of a key → the key."""


@dataclass(frozen=True, slots=True)
class Signers:
    """Who signed a ledger.

    Attributes:
        entries: Name of a key → how many entries it signed.
        unsigned: Numbers of the entries that nobody signed.
        checked: Whether the signatures were held against trusted keys, or else only counted.
    """

    entries: dict[str, int]
    unsigned: tuple[int, ...]
    checked: bool


def make_key(path: Path) -> str:
    """Write a new private key, and its public half beside it as `PATH.pub`; return the key's name.

    Raises:
        LedgerError: there is a file already, or it cannot be written.
    """
    public_path = path.with_name(f"{path.name}.pub")
    for one in (path, public_path):
        if one.exists():
            raise LedgerError(f"{one}: exists already; a key is never written over")
    key, password = Ed25519PrivateKey.generate(), os.environ.get(PASSWORD_VARIABLE, "")
    lock = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(private)
    except OSError as error:
        raise LedgerError(f"{path}: cannot be written: {why_not(error)}") from error
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    write_whole(public_path, public, LedgerError)
    return _name(key.public_key())


def signed(entry: Entry, path: Path) -> Entry:
    """Return the entry signed by the private key in a file.

    Raises:
        LedgerError: the key cannot be read.
    """
    key = _private(path)
    signature = base64.b64encode(key.sign(_what_is_signed(entry))).decode()
    return replace(entry, signature=canonical({"keyid": _name(key.public_key()), "sig": signature}))


def envelope(entry: Entry) -> dict[str, Any]:
    """Return an entry as a DSSE envelope, which any tool that knows the format can check."""
    return {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(_payload(entry)).decode(),
        "signatures": [_signature(entry)] if entry.signature else [],
    }


def opened(path: Path) -> Entry:
    """Return the entry in a file that holds an envelope, as `seatrial ledger show --envelope` writes it.

    Its hash holds; its signature is not checked here.

    Raises:
        LedgerError: the file cannot be read, holds no envelope of an entry, or the entry was edited.
    """
    try:
        held = json.loads(read_text(path))
        content = json.loads(base64.b64decode(held["payload"], validate=True))
        own = str(content.pop("hash"))
        kinds = {name: type(value) for name, value in content.items()}
        if held["payloadType"] != PAYLOAD_TYPE or kinds != FIELDS or content["kind"] not in get_args(Kind):
            raise ValueError
        signatures = [canonical({"keyid": str(one["keyid"]), "sig": str(one["sig"])}) for one in held["signatures"]]
    except OSError as error:
        raise LedgerError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise LedgerError(
            f"{path}: holds no envelope of an entry; `seatrial ledger show NUMBER --envelope` writes one"
        ) from None
    entry = Entry(**content, hash=own, signature=signatures[0] if signatures else "")
    if not entry.intact:
        raise LedgerError(f"{path}: entry {entry.number} was edited: its content does not match its hash.")
    return entry


def trusted(paths: Sequence[Path]) -> Keys:
    """Return the public keys in these files.

    Raises:
        LedgerError: a file cannot be read, or holds no public key of Ed25519.
    """
    found = {}
    for path in paths:
        try:
            key = load_pem_public_key(path.read_bytes())
        except OSError as error:
            raise LedgerError(f"{path}: cannot be read: {error.strerror}") from error
        except (ValueError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, Ed25519PublicKey):
            raise LedgerError(f"{path}: holds no public key of Ed25519; `seatrial ledger key` writes one as FILE.pub")
        found[_name(key)] = key
    return found


def check_signatures(entries: Sequence[Entry], keys: Keys, where: str) -> Signers:
    """Return who signed, and raise where a signature does not hold; with no keys they are only counted.

    From the first entry that a trusted key signed on, every entry must be signed by one: what was added or changed
    without the key is found, whatever its hashes say. There must be such an entry, or all signatures could be taken off
    at once.

    Args:
        entries: All entries, in their order.
        keys: The keys that are trusted.
        where: What a message begins with.

    Raises:
        LedgerError: an entry is not signed by a key that is trusted, and is named, or none is.
    """
    counts: dict[str, int] = {}
    unsigned = []
    begun = False
    for entry in entries:
        if not entry.signature:
            unsigned.append(entry.number)
            if keys and begun:
                raise LedgerError(
                    f"{where}:{entry.number}: entry {entry.number} is not signed, though earlier ones are: it was "
                    "added without the key, or its signature was taken off."
                )
            continue
        name = str(_signature(entry)["keyid"])
        counts[name] = counts.get(name, 0) + 1
        if keys:
            _check(entry, keys, where)
            begun = True
    if keys and not begun:
        raise LedgerError(
            f"{where}: none of its {len(entries)} entries is signed by a key that is trusted: nobody signed one yet, "
            "or it was written anew without the key."
        )
    return Signers(counts, tuple(unsigned), bool(keys))


def _check(entry: Entry, keys: Keys, where: str) -> None:
    held = _signature(entry)
    key = keys.get(str(held["keyid"]))
    if key is None:
        raise LedgerError(
            f"{where}:{entry.number}: entry {entry.number} is signed by the key {str(held['keyid'])[:16]}, which is "
            "none of the trusted ones (--trust FILE.pub)."
        )
    try:
        key.verify(base64.b64decode(held["sig"], validate=True), _what_is_signed(entry))
    except (InvalidSignature, ValueError):
        raise LedgerError(
            f"{where}:{entry.number}: the signature of entry {entry.number} does not hold: one of them was changed."
        ) from None


def _signature(entry: Entry) -> dict[str, str]:
    """Return a signature in its parts; of what is none, parts that no key has."""
    try:
        held = json.loads(entry.signature)
        return {"keyid": str(held["keyid"]), "sig": str(held["sig"])}
    except (ValueError, KeyError, TypeError, RecursionError):
        return {"keyid": "unreadable", "sig": ""}


def _payload(entry: Entry) -> bytes:
    return canonical({**entry.content(), "hash": entry.hash}).encode()


def _what_is_signed(entry: Entry) -> bytes:
    """Return the bytes that DSSE signs: type and payload with their lengths, so that neither grows into the other."""
    kind, payload = PAYLOAD_TYPE.encode(), _payload(entry)
    return b" ".join([b"DSSEv1", str(len(kind)).encode(), kind, str(len(payload)).encode(), payload])


def _private(path: Path) -> Ed25519PrivateKey:
    password = os.environ.get(PASSWORD_VARIABLE, "")
    try:
        key = load_pem_private_key(path.read_bytes(), password.encode() if password else None)
    except OSError as error:
        raise LedgerError(f"{path}: the key that signs cannot be read: {error.strerror}") from error
    except TypeError:
        wanted = "has no password, and one is given" if password else "needs its password"
        raise LedgerError(f"{path}: the key that signs {wanted} ({PASSWORD_VARIABLE})") from None
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise LedgerError(
            f"{path}: holds no private key of Ed25519, or its password is wrong; `seatrial ledger key FILE` makes one"
        )
    return key


def _name(key: Ed25519PublicKey) -> str:
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()
