"""Tokens: which are believed, and which are not."""

import base64
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from pytest_httpserver import HTTPServer

from api_service.auth.keys import FixedKeys, IssuerKeys, Keys, KeysUnavailable, parse_key_set, read_key_file
from api_service.auth.tokens import Algorithms, InvalidToken, TokenVerifier
from shared.clock import utc_now

RSA = RSAKey.generate_key(2048)
EC = ECKey.generate_key("P-256")
ED = OKPKey.generate_key("Ed25519")
ISSUER, AUDIENCE = "https://issuer.example", "payday"


def now() -> int:
    return int(utc_now().timestamp())


@dataclass(frozen=True)
class FromNow:
    """So many seconds from the test's own time: a list of cases is made long before the last of them runs."""

    seconds: int


def token(key: Key, algorithm: str, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A good token but for what is given; a claim of None is left out."""
    usual = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "exp": now() + 60, "iat": now(), "scope": "a:b c",
    }  # fmt: skip
    kept = {
        name: now() + value.seconds if isinstance(value, FromNow) else value
        for name, value in {**usual, **claims}.items()
        if value is not None
    }
    registry = Algorithms(strict_check_header=False) if algorithm in ("RS256", "ES256", "EdDSA") else Anything()
    return jwt.encode({"alg": algorithm, "typ": "at+jwt", **(header or {})}, kept, key, registry=registry)


class Anything(JWSRegistry):
    """Signs with algorithms that nobody should believe."""

    def get_alg(self, name: str) -> Any:
        return self.algorithms[name]


def verifier(*keys: Key) -> TokenVerifier:
    return TokenVerifier(FixedKeys(list(keys)), ISSUER, AUDIENCE)


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS256"), (EC, "ES256"), (ED, "EdDSA")])
def test_each_algorithm_of_the_list_is_believed_with_its_key(key: Key, algorithm: str) -> None:
    caller = verifier(RSA, EC, ED).verify(token(key, algorithm))
    assert caller.sub == "alice"
    assert caller.scopes == {"a:b", "c"}


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["other", AUDIENCE]},
        {"exp": FromNow(-20)},
        {"nbf": FromNow(20)},
        {"iat": FromNow(20)},
        {"iat": None},
        {"scope": None},
        {"sub": "!" * 64},
    ],
)
def test_a_clock_may_be_half_a_minute_off(claims: dict[str, Any]) -> None:
    verifier(EC).verify(token(EC, "ES256", **claims))


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example"},
        {"iss": None},
        {"iss": [ISSUER]},
        {"aud": "other"},
        {"aud": ["other"]},
        {"aud": None},
        {"aud": 5},
        {"exp": FromNow(-40)},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": True},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"nbf": FromNow(120)},
        {"nbf": "x"},
        {"iat": FromNow(120)},
        {"sub": None},
        {"sub": ""},
        {"sub": "a b"},
        {"sub": "x" * 65},
        {"sub": "a\u0000"},
        {"sub": 5},
        {"sub": ["alice"]},
        {"scope": ["ops"]},
        {"scope": 5},
    ],
)
def test_a_claim_that_is_wrong_or_missing_is_not_believed(claims: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        verifier(EC).verify(token(EC, "ES256", **claims))


def test_an_id_token_is_no_access_token() -> None:
    verifier(EC).verify(token(EC, "ES256", {"typ": "JWT"}))
    with pytest.raises(InvalidToken):
        verifier(EC).verify(token(EC, "ES256", {"typ": "id+jwt"}))


def test_another_key_is_not_believed() -> None:
    with pytest.raises(InvalidToken):
        verifier(ECKey.generate_key("P-256")).verify(token(EC, "ES256"))
    with pytest.raises(InvalidToken):
        verifier(RSA, ED).verify(token(EC, "ES256"))


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_public_key_used_as_a_shared_secret_is_not_believed(algorithm: str) -> None:
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "exp": now() + 60}
    signed = f"{part({'alg': algorithm})}.{part(claims)}"
    for key in (RSA, EC):
        mac = hmac.digest(key.as_pem(private=False), signed.encode(), f"sha{algorithm[2:]}")
        with pytest.raises(InvalidToken):
            verifier(RSA, EC).verify(f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}")


@pytest.mark.parametrize("algorithm", ["PS256", "RS384", "RS512"])
def test_an_algorithm_that_is_not_on_the_list_is_not_believed(algorithm: str) -> None:
    with pytest.raises(InvalidToken):
        verifier(RSA).verify(token(RSA, algorithm))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", "HS256", None, 5, ["ES256"], {"a": 1}])
def test_a_token_without_a_signature_is_not_believed(algorithm: object) -> None:
    header, claims = (part(value) for value in ({"alg": algorithm}, {"sub": "alice", "exp": now() + 60}))
    for signature in ("", "AA"):
        with pytest.raises(InvalidToken):
            verifier(EC).verify(f"{header}.{claims}.{signature}")


@pytest.mark.parametrize(
    "text", ["", ".", "..", "a.b.c", "....", "é.é.é", "\ud800.a.b", "=.=.=", "W10.e30.AA", "bnVsbA.e30.AA", "a" * 9000]
)
def test_what_is_no_token_is_not_believed(text: str) -> None:
    with pytest.raises(InvalidToken):
        verifier(EC).verify(text)


@pytest.mark.parametrize(
    "header",
    [{"crit": ["b64"], "b64": False}, {"crit": 5}, {"crit": ["x"], "x": 1}, {"kid": 5}, {"kid": ["x"]}],
)
def test_a_header_that_must_be_understood_and_is_not_is_not_believed(header: dict[str, Any]) -> None:
    signed = token(EC, "ES256").split(".")
    with pytest.raises(InvalidToken):
        verifier(EC).verify(".".join([part({"alg": "ES256", **header}), *signed[1:]]))


def test_a_changed_claim_breaks_the_signature() -> None:
    header, _, signature = token(EC, "ES256").split(".")
    claims = part({"iss": ISSUER, "aud": AUDIENCE, "sub": "bob", "exp": now() + 60})
    with pytest.raises(InvalidToken):
        verifier(EC).verify(f"{header}.{claims}.{signature}")


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_keys_are_read_from_pem_one_jwk_or_a_set(tmp_path: Any) -> None:
    path = tmp_path / "key"
    named = ECKey.import_key({**EC.as_dict(private=False), "kid": "one"})
    for content in (
        EC.as_pem(private=False),
        json.dumps(EC.as_dict(private=False)).encode(),
        json.dumps({"keys": [named.as_dict(private=False), RSA.as_dict(private=False)]}).encode(),
    ):
        path.write_bytes(content)
        believing = TokenVerifier(read_key_file(path), ISSUER, AUDIENCE)
        assert believing.verify(token(EC, "ES256")).sub == "alice"


def test_keys_of_a_set_that_do_not_sign_are_passed_over() -> None:
    odd: list[Any] = [
        {"kty": "oct", "k": "AAAA"},
        {"kty": "PQ"},
        {"kty": "EC", "crv": "P-256", "x": "!", "y": 5},
        {**RSA.as_dict(private=False), "use": "enc"},
        5,
        {},
    ]
    assert len(parse_key_set({"keys": [*odd, EC.as_dict(private=False)]})) == 1
    with pytest.raises(ValueError, match="no key"):
        parse_key_set({"keys": odd})
    for document in ([], {}, {"keys": {}}, None, "x"):
        with pytest.raises(ValueError, match="JWK set"):
            parse_key_set(document)


@pytest.fixture
def issuer() -> Iterator[HTTPServer]:
    with HTTPServer() as server:
        yield server


def named(kid: str) -> ECKey:
    return ECKey.import_key({**ECKey.generate_key("P-256").as_dict(private=True), "kid": kid})


def publish(issuer: HTTPServer, *keys: ECKey) -> None:
    issuer.clear()
    issuer.expect_request("/jwks").respond_with_json({"keys": [key.as_dict(private=False) for key in keys]})


def believing(keys: Keys) -> TokenVerifier:
    return TokenVerifier(keys, ISSUER, AUDIENCE)


def signed(key: ECKey) -> str:
    return token(key, "ES256", {"kid": key.kid})


def test_the_issuers_keys_are_fetched_once(issuer: HTTPServer) -> None:
    old = named("old")
    publish(issuer, old)
    verifying = believing(IssuerKeys(issuer.url_for("/jwks")))
    for _ in range(5):
        verifying.verify(signed(old))
    assert len(issuer.log) == 1


def test_an_unknown_key_id_makes_us_fetch_again_and_only_once(issuer: HTTPServer) -> None:
    old, new = named("old"), named("new")
    publish(issuer, old)
    verifying = believing(IssuerKeys(issuer.url_for("/jwks"), refetch_seconds=0))
    verifying.verify(signed(old))
    publish(issuer, old, new)
    verifying.verify(signed(new))
    assert len(issuer.log) == 1
    with pytest.raises(InvalidToken):
        verifying.verify(signed(named("nobodys")))
    assert len(issuer.log) == 2


def test_unknown_key_ids_do_not_make_us_hammer_the_issuer(issuer: HTTPServer) -> None:
    old = named("old")
    publish(issuer, old)
    verifying = believing(IssuerKeys(issuer.url_for("/jwks")))
    verifying.verify(signed(old))
    for number in range(20):
        with pytest.raises(InvalidToken):
            verifying.verify(signed(named(f"unknown-{number}")))
    assert len(issuer.log) == 1


def test_while_the_issuer_is_down_its_keys_are_used_on(issuer: HTTPServer) -> None:
    old = named("old")
    publish(issuer, old)
    verifying = believing(IssuerKeys(issuer.url_for("/jwks"), refetch_seconds=0))
    verifying.verify(signed(old))
    issuer.clear()
    issuer.expect_request("/jwks").respond_with_data("down", status=500)
    with pytest.raises(InvalidToken):
        verifying.verify(signed(named("new")))
    verifying.verify(signed(old))


@pytest.mark.parametrize("answer", ["", "x", "[]", "{}", '{"keys": []}', "[" * 100_000, " " * 300_000])
def test_without_keys_nobody_can_be_judged(issuer: HTTPServer, answer: str) -> None:
    issuer.expect_request("/jwks").respond_with_data(answer)
    with pytest.raises(KeysUnavailable):
        believing(IssuerKeys(issuer.url_for("/jwks"))).verify(signed(named("old")))


def test_an_issuer_that_cannot_be_reached_leaves_nobody_judged() -> None:
    with pytest.raises(KeysUnavailable):
        believing(IssuerKeys("http://127.0.0.1:1/jwks")).verify(signed(named("old")))
