"""Bearer tokens: signed JWTs of the issuer (RFC 9068), checked on every request.

A signature is verified once for each key: it stays what it is. Everything that time or the issuer can change, the
claims and which keys are believed, is looked at each time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NoReturn

from joserfc import jwt
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import GuestProtocol, Key
from joserfc.jws import JWSRegistry

from api_service.auth.caller import Caller
from api_service.auth.keys import Keys
from api_service.auth.verified_tokens import Verified, VerifiedTokens
from shared.clock import utc_now
from shared.domain.identifiers import is_party_id

ALGORITHMS: Final = ("RS256", "ES256", "EdDSA")
LEEWAY_SECONDS: Final = 30
LONGEST: Final = 8000
"""Characters; the server in front takes no longer header."""
COMPACT: Final = re.compile(r"\A[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\Z")
TYPES: Final = frozenset({"at+jwt", "application/at+jwt"})
"""RFC 9068, 4: any other is refused. An ID token, which is shown to browsers and says nothing of what its bearer may
do, is signed by the same issuer with the same key and says JWT or nothing; an issuer that marks access tokens the same
way must be told to follow the standard."""


MALFORMED: Final = "the token is malformed or not signed by the issuer"


class InvalidToken(Exception):
    """The token proves nothing; says why, without any part of it."""


class Algorithms(JWSRegistry):
    """The fixed list of algorithms: `none` and the symmetric ones are never looked up at all."""

    def get_alg(self, name: str) -> Any:
        # The library's own look-up warns on each EdDSA token that RFC 9864 renames the algorithm.
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError
        return self.algorithms[name]


class StrictClaims(json.JSONDecoder):
    """Claims that two readers could understand in two ways are refused (RFC 7519, 4; RFC 8259, 4)."""

    def __init__(self) -> None:
        super().__init__(object_pairs_hook=_object, parse_constant=_refuse)


class TokenVerifier:
    """Turns a bearer token into a caller: it must be the issuer's, for us, in time, and name its payer in `sub`."""

    def __init__(self, keys: Keys, issuer: str, audience: str, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._keys = keys
        self._claims = jwt.JWTClaimsRegistry(
            now=lambda: int(clock().timestamp()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        self._verified = VerifiedTokens()
        # Issuers may put headers of their own into a token; critical ones (`crit`) are still refused.
        self._registry = Algorithms(strict_check_header=False)

    def verify(self, token: str) -> Caller:
        """The caller. Raises InvalidToken, and KeysUnavailable while the issuer's keys cannot be had."""
        if len(token) > LONGEST or not COMPACT.match(token):
            raise InvalidToken(MALFORMED)
        try:
            known = self._known(token)
            verified = known or self._signed(token)
            decoded = verified.token
            self._claims.validate(decoded.claims)
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            raise InvalidToken(_reason(error)) from None
        if str(decoded.header.get("typ")).lower() not in TYPES:
            raise InvalidToken("the token is no access token: its header typ must be at+jwt")
        caller = Caller(_subject(decoded.claims), _scopes(decoded.claims))
        if known is None:  # an ID token of the same issuer, or one for another audience, is none of ours to keep
            self._verified.keep(token, verified)
        return caller

    def _known(self, text: str) -> Verified | None:
        """What was kept of the token, if its key is still the issuer's."""
        verified = self._verified.find(text)
        return verified if verified is not None and self._key(verified.token.header) is verified.key else None

    def _signed(self, text: str) -> Verified:
        """What the token says, if one of the issuer's keys of this moment signed it."""
        used: list[Key] = []

        def key(token: GuestProtocol) -> Key:
            used.append(self._key(token.headers()))
            return used[-1]

        return Verified(jwt.decode(text, key, registry=self._registry, decoder_cls=StrictClaims), used[-1])

    def _key(self, header: Mapping[str, Any]) -> Key:
        return self._keys.key(header.get("kid"), header["alg"])


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a claim stands twice")
    return value


def _refuse(_constant: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _reason(error: Exception) -> str:
    claim = getattr(error, "claim", None)
    if isinstance(claim, str):
        return f"the token's claim {claim} is missing, wrong or out of date"
    return MALFORMED


def _subject(claims: Mapping[str, Any]) -> str:
    sub = claims["sub"]
    if not is_party_id(sub):
        raise InvalidToken("the token's claim sub is no payer id")
    return str(sub)


def _scopes(claims: Mapping[str, Any]) -> frozenset[str]:
    scope = claims.get("scope", "")
    if not isinstance(scope, str):
        raise InvalidToken("the token's claim scope is not a text")
    return frozenset(scope.split())
