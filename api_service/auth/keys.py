"""The public keys that tokens are checked with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from joserfc.errors import InvalidKeyIdError
from joserfc.jwk import Key

KEY_TYPES: Final[dict[str, str]] = {"RS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}


class KeysUnavailable(Exception):
    """The issuer's keys cannot be had now; nobody's token can be judged."""


class Keys(Protocol):
    """Where a token's key comes from."""

    def key(self, kid: str | None, algorithm: str) -> Key:
        """The key of that id for that algorithm. Raises InvalidKeyIdError, KeysUnavailable."""


class FixedKeys:
    """Keys that never change while the process lives."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self._keys = keys

    def key(self, kid: str | None, algorithm: str) -> Key:
        return choose(self._keys, kid, algorithm)


def choose(keys: Sequence[Key], kid: str | None, algorithm: str) -> Key:
    """The key a token names; without a name, the only one that fits its algorithm. Raises InvalidKeyIdError."""
    key_type = KEY_TYPES.get(algorithm)
    fitting = [key for key in keys if key.key_type == key_type and key.get("alg") in (None, algorithm)]
    named = [key for key in fitting if key.kid == kid] if kid is not None else []
    if len(fitting) == 1 and (kid is None or fitting[0].kid is None):
        return fitting[0]
    if not named:
        raise InvalidKeyIdError
    return named[0]
