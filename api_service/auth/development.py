"""Tokens for trying things out. Their private key is public, so no process accepts it in production."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from joserfc import jwt

from api_service.auth.key_documents import parse_pem, public_form
from api_service.auth.keys import FixedKeys
from shared.clock import utc_now
from shared.domain.identifiers import is_party_id

ISSUER: Final = "https://payday.invalid/development"
AUDIENCE: Final = "payday"
KEY_FILE: Final = Path(__file__).with_name("development_key.pem")


def make_token(
    sub: str,
    scopes: Sequence[str],
    lifetime_seconds: int = 8 * 3600,
    *,
    issuer: str = ISSUER,
    audience: str = AUDIENCE,
) -> str:
    """A token of the development key for payer `sub`. Raises ValueError if that is no payer id."""
    if not is_party_id(sub):
        raise ValueError("a payer id is 1 to 64 visible ASCII characters")
    now = int(utc_now().timestamp())
    claims = {
        "iss": issuer,
        "aud": audience,
        "sub": sub,
        "scope": " ".join(scopes),
        "iat": now,
        "exp": now + lifetime_seconds,
    }
    return jwt.encode({"alg": "ES256", "typ": "at+jwt"}, claims, parse_pem(KEY_FILE.read_bytes()))


def development_keys() -> FixedKeys:
    """What the tokens of `make_token` are checked with."""
    return FixedKeys([parse_pem(KEY_FILE.read_bytes())])


def refused_in_production() -> frozenset[bytes]:
    """The keys that no process believes in production, wherever it finds them, as `public_form` gives them."""
    return frozenset({public_form(parse_pem(KEY_FILE.read_bytes()))})
