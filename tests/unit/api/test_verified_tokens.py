"""A signature is verified once; everything that time or the issuer can change is judged at every use."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key

from api_service.auth.keys import FixedKeys, KeysUnavailable, choose
from api_service.auth.tokens import LEEWAY_SECONDS, InvalidToken, TokenVerifier
from api_service.auth.verified_tokens import Verified, VerifiedTokens
from tests.unit.api.signing import AUDIENCE, EC, ISSUER, NOW, RSA, token


class ChangingKeys:
    """An issuer's keys, which a test takes away and brings back."""

    def __init__(self, *keys: Key) -> None:
        self.keys: list[Key] | None = list(keys)

    def key(self, kid: str | None, algorithm: str) -> Key:
        if self.keys is None:
            raise KeysUnavailable
        return choose(self.keys, kid, algorithm)


@pytest.fixture
def verifications(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by each token whose signature is looked at."""
    seen: list[str] = []
    decode: Callable[..., Any] = jwt.decode

    def count(text: str, *args: Any, **kwargs: Any) -> Any:
        seen.append(text)
        return decode(text, *args, **kwargs)

    monkeypatch.setattr(jwt, "decode", count)
    return seen


def at(keys: Any, clock: Callable[[], int]) -> TokenVerifier:
    return TokenVerifier(keys, ISSUER, AUDIENCE, clock=lambda: datetime.fromtimestamp(clock(), UTC))


def test_a_signature_is_verified_once(verifications: list[str]) -> None:
    verifier, text = at(FixedKeys([EC]), lambda: NOW), token(EC, "ES256")
    callers = [verifier.verify(text) for _ in range(3)]
    assert callers[0] == callers[1] == callers[2]
    assert verifications == [text]


def test_a_token_that_is_known_ends_at_its_time() -> None:
    now = NOW
    verifier, text = at(FixedKeys([EC]), lambda: now), token(EC, "ES256", exp=NOW + 60)
    verifier.verify(text)
    now = NOW + 60 + LEEWAY_SECONDS - 1
    verifier.verify(text)
    now += 1
    with pytest.raises(InvalidToken, match="exp"):
        verifier.verify(text)


def test_a_token_that_is_known_is_not_good_before_its_time() -> None:
    now = NOW
    verifier, text = at(FixedKeys([EC]), lambda: now), token(EC, "ES256", nbf=NOW, iat=None)
    verifier.verify(text)
    now = NOW - LEEWAY_SECONDS - 1
    with pytest.raises(InvalidToken, match="nbf"):
        verifier.verify(text)


def test_a_key_that_the_issuer_takes_back_makes_its_tokens_worthless() -> None:
    keys = ChangingKeys(EC)
    verifier, text = at(keys, lambda: NOW), token(EC, "ES256")
    verifier.verify(text)
    keys.keys = [RSA]
    with pytest.raises(InvalidToken):
        verifier.verify(text)
    keys.keys = None
    with pytest.raises(KeysUnavailable):
        verifier.verify(text)
    keys.keys = [EC]
    verifier.verify(text)


def test_another_key_in_its_place_makes_its_tokens_worthless() -> None:
    keys = ChangingKeys(EC)
    verifier, text = at(keys, lambda: NOW), token(EC, "ES256")
    verifier.verify(text)
    keys.keys = [ECKey.generate_key("P-256")]
    with pytest.raises(InvalidToken):
        verifier.verify(text)


def test_the_same_key_fetched_anew_verifies_anew(verifications: list[str]) -> None:
    keys = ChangingKeys(EC)
    verifier, text = at(keys, lambda: NOW), token(EC, "ES256")
    verifier.verify(text)
    keys.keys = [ECKey.import_key(EC.as_dict(private=False))]
    verifier.verify(text)
    verifier.verify(text)
    assert verifications == [text, text]


def test_a_known_token_lends_its_word_to_no_other() -> None:
    verifier, text = at(FixedKeys([EC]), lambda: NOW), token(EC, "ES256")
    verifier.verify(text)
    head, payload, signature = text.split(".")
    for other in (f"{head}.{payload}.{signature[::-1]}", f"{head}.{payload}.AAAA", text[:-1]):
        with pytest.raises(InvalidToken):
            verifier.verify(other)


def test_what_is_refused_is_not_known_afterwards(verifications: list[str]) -> None:
    verifier, text = at(FixedKeys([RSA]), lambda: NOW), token(EC, "ES256")
    for _ in range(2):
        with pytest.raises(InvalidToken):
            verifier.verify(text)
    assert verifications == [text, text]


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another"},
        {"exp": NOW - 100},
        {"sub": "no payer id"},
        {"scope": ["a"]},
        {"header": {"typ": "JWT"}},
        {"header": {"typ": None}},
    ],
)
def test_a_token_that_is_refused_is_not_kept_although_its_signature_is_good(
    verifications: list[str], changes: dict[str, Any]
) -> None:
    verifier, text = at(FixedKeys([EC]), lambda: NOW), token(EC, "ES256", **changes)
    for _ in range(2):
        with pytest.raises(InvalidToken):
            verifier.verify(text)
    assert verifications == [text, text]


def test_nothing_of_a_token_is_kept_that_is_not_judged_again() -> None:
    known, text = (
        VerifiedTokens(),
        token(EC, "ES256", {"kid": "k", "x5t": "print"}, email="a@b.example", groups=["vip"]),
    )
    known.keep(text, Verified(jwt.decode(text, EC, algorithms=["ES256"]), EC))
    kept = known.find(text)
    assert kept is not None
    assert set(kept.token.claims) == {"iss", "aud", "sub", "exp", "iat", "scope"}
    assert set(kept.token.header) == {"alg", "kid", "typ"}


def test_the_one_known_longest_makes_room() -> None:
    known, verified = VerifiedTokens(most=2), Verified(jwt.Token({}, {}), EC)
    for text in ("first", "second", "second", "third"):
        known.keep(text, verified)
    assert [known.find(text) is not None for text in ("first", "second", "third")] == [False, True, True]
