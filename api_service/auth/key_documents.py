"""Keys as they are written down: PEM, a JWK, or a JWK set (RFC 7517)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

SigningKey = RSAKey | ECKey | OKPKey

ASYMMETRIC: Final[dict[str, type[RSAKey] | type[ECKey] | type[OKPKey]]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
CURVES: Final = frozenset({"P-256", "Ed25519"})
"""Of ES256 and EdDSA. Keys of other curves sign with algorithms that are not on our list, or not at all."""
RSA_BITS_MIN: Final = 2048
"""RFC 7518, 3.3."""
UNREADABLE: Final = (JoseError, ValueError, TypeError, KeyError, UnsupportedAlgorithm)

NONE_REFUSED: Final[frozenset[bytes]] = frozenset()


def read_key_file(path: Path, *, refused: frozenset[bytes] = NONE_REFUSED) -> list[SigningKey]:
    """The public keys in a file: PEM, one JWK, or a JWK set. Raises ValueError that says what is wrong, and OSError.

    `refused` holds keys that must not be believed, as `public_form` gives them.
    """
    content = path.read_bytes()
    if content.lstrip().startswith(b"{"):
        document = _load(content)
        return parse_key_set(document if "keys" in document else {"keys": [document]}, refused=refused)
    key = parse_pem(content)
    if key.is_private:
        raise ValueError("holds a private key; whoever has it can make tokens, so give the public one alone")
    if public_form(key) in refused:
        raise ValueError("holds the development key, with which anybody can make tokens")
    return [key]


def parse_pem(content: bytes) -> SigningKey:
    """A key in PEM. Raises ValueError."""
    for key_class in ASYMMETRIC.values():
        try:
            key = key_class.import_key(content)
        except UNREADABLE:
            continue
        if not _is_strong(key):
            raise ValueError("holds a key that is too weak: RSA takes 2048 bits, EC the curve P-256, else Ed25519")
        return key
    raise ValueError("holds no RSA, EC or Ed25519 key in PEM")


def parse_key_set(document: Any, *, refused: frozenset[bytes] = NONE_REFUSED) -> list[SigningKey]:
    """The public signing keys of a JWK set; any other, a weak one and one of `refused` is passed over.

    Raises ValueError for what is no JWK set, and when nothing is left.
    """
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise ValueError("is no JWK set")
    keys = [key for entry in document["keys"] if (key := _parse_jwk(entry)) is not None]
    found = [key for key in keys if public_form(key) not in refused]
    if not found:
        why = ", and the development key, with which anybody can make tokens, does not count" if keys else ""
        raise ValueError(f"holds no public key that signs with RS256, ES256 or EdDSA{why}")
    return found


def public_form(key: SigningKey) -> bytes:
    """What is the same for two keys exactly when they are the same, however they were written."""
    return bytes(key.as_der(private=False))


def _load(content: bytes) -> Any:
    try:
        return json.loads(content)
    except RecursionError:
        raise ValueError("is nested too deeply") from None


def _parse_jwk(entry: Any) -> SigningKey | None:
    key_class = ASYMMETRIC.get(str(entry.get("kty"))) if isinstance(entry, dict) else None
    if key_class is None or not _is_to_verify(entry):
        return None
    try:
        key = key_class.import_key(entry)
    except UNREADABLE:
        return None
    return None if key.is_private or not _is_strong(key) else key


def _is_to_verify(entry: dict[str, Any]) -> bool:
    operations = entry.get("key_ops", ["verify"])
    return entry.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations


def _is_strong(key: SigningKey) -> bool:
    if isinstance(key, RSAKey):
        return bool(key.raw_value.key_size >= RSA_BITS_MIN)
    return key.curve_name in CURVES
