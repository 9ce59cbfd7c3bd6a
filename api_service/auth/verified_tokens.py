"""Tokens whose signature was verified: to verify it again with the same key would say the same."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple

from joserfc.jwk import Key
from joserfc.jwt import Token

MOST: Final = 10_000
"""Tokens that one process remembers; the one that has been known longest makes room."""


JUDGED: Final = frozenset({"alg", "kid", "typ", "iss", "aud", "sub", "scope", "exp", "nbf", "iat"})
"""Headers and claims that are looked at when the token comes again; a name, an address or a group is not."""


class Verified(NamedTuple):
    """What a token says, and the key that its signature was verified with."""

    token: Token
    key: Key


class VerifiedTokens:
    """By the digest of the whole token, so that no token lies in memory, and none is taken for another.

    Of what it says only what is judged again is kept: whether the key is still one of the issuer's, and the claims, its
    time among them, are for the caller to judge at every use.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._found: dict[bytes, Verified] = {}
        self._lock = threading.Lock()

    def find(self, text: str) -> Verified | None:
        """What was kept of this token."""
        return self._found.get(_digest(text))

    def keep(self, text: str, verified: Verified) -> None:
        """Remembers it."""
        token = Token(_judged(verified.token.header), _judged(verified.token.claims))
        with self._lock:
            if len(self._found) >= self._most:
                del self._found[next(iter(self._found))]
            self._found[_digest(text)] = Verified(token, verified.key)


def _judged(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name in JUDGED}


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()
