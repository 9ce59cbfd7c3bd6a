"""Tokens as an issuer signs them, good but for what a test asks for."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from api_service.auth.keys import FixedKeys, Keys
from api_service.auth.tokens import Algorithms, TokenVerifier

RSA = RSAKey.generate_key(2048)
EC = ECKey.generate_key("P-256")
ED = OKPKey.generate_key("Ed25519")
ISSUER, AUDIENCE = "https://issuer.example", "payday"
NOW = 1_800_000_000


class Anything(JWSRegistry):
    """Signs with algorithms that nobody should believe."""

    def get_alg(self, name: str) -> Any:
        return self.algorithms[name]


def token(key: Key, algorithm: str, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token that is good at `NOW` but for what is given; a claim or header of None is left out."""
    usual = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "exp": NOW + 60, "iat": NOW, "scope": "a:b c",
    }  # fmt: skip
    kept = {name: value for name, value in {**usual, **claims}.items() if value is not None}
    head = {name: value for name, value in {"typ": "at+jwt", **(header or {})}.items() if value is not None}
    registry = Algorithms(strict_check_header=False) if algorithm in ("RS256", "ES256", "EdDSA") else Anything()
    return jwt.encode({"alg": algorithm, **head}, kept, key, registry=registry, default_type=None)


def signed(payload: str, **header: Any) -> str:
    """A token of `EC` with just this payload and these headers, which `token` would not write."""
    signing = f"{part({'alg': 'ES256', 'typ': 'at+jwt', **header})}.{encoded(payload.encode())}"
    return f"{signing}.{encoded(Anything.algorithms['ES256'].sign(signing.encode(), EC))}"


def part(value: object) -> str:
    """A part of a token, from its JSON value."""
    return encoded(json.dumps(value).encode())


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def verifier(*keys: Key) -> TokenVerifier:
    """One whose clock stands at `NOW`."""
    return believing(FixedKeys(list(keys)))


def believing(keys: Keys, *, at: int = NOW) -> TokenVerifier:
    return TokenVerifier(keys, ISSUER, AUDIENCE, clock=lambda: datetime.fromtimestamp(at, UTC))
