"""Tokens: which are believed, and which are not (RFC 9068, RFC 8725)."""

import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, Key

from api_service.auth.keys import FixedKeys
from api_service.auth.tokens import LEEWAY_SECONDS, LONGEST, InvalidToken, TokenVerifier
from tests.unit.api.signing import (
    AUDIENCE,
    EC,
    ED,
    ISSUER,
    NOW,
    RSA,
    believing,
    encoded,
    part,
    signed,
    token,
    verifier,
)

CLAIMS: dict[str, Any] = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "exp": NOW + 60, "iat": NOW}


def refuse(text: str, by: TokenVerifier | None = None) -> str:
    """The token is not believed; why."""
    with pytest.raises(InvalidToken) as refused:
        (by or verifier(RSA, EC, ED)).verify(text)
    return str(refused.value)


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS256"), (EC, "ES256"), (ED, "EdDSA")])
def test_each_algorithm_of_the_list_is_believed_with_its_key(key: Key, algorithm: str) -> None:
    caller = verifier(RSA, EC, ED).verify(token(key, algorithm))
    assert caller.sub == "alice"
    assert caller.scopes == {"a:b", "c"}


@pytest.mark.parametrize(
    ("claim", "last_good", "first_bad"),
    [
        ("exp", NOW - LEEWAY_SECONDS + 1, NOW - LEEWAY_SECONDS),  # "on or after" the time it is over (RFC 7519, 4.1.4)
        ("nbf", NOW + LEEWAY_SECONDS, NOW + LEEWAY_SECONDS + 1),
        ("iat", NOW + LEEWAY_SECONDS, NOW + LEEWAY_SECONDS + 1),
    ],
)
def test_clocks_may_be_half_a_minute_apart_and_not_a_second_more(claim: str, last_good: int, first_bad: int) -> None:
    assert LEEWAY_SECONDS == 30
    assert verifier(EC).verify(token(EC, "ES256", None, **{claim: last_good})).sub == "alice"
    assert claim in refuse(token(EC, "ES256", None, **{claim: first_bad}))


def test_a_token_that_was_good_is_not_for_ever() -> None:
    text = token(EC, "ES256", exp=NOW + 60)
    for seconds, good in ((0, True), (89, True), (90, False), (10**6, False)):
        by = believing(FixedKeys([EC]), at=NOW + seconds)
        if good:
            by.verify(text)
        else:
            assert "exp" in refuse(text, by)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["other", AUDIENCE]},
        {"aud": [AUDIENCE]},
        {"iat": None},
        {"nbf": NOW},
        {"exp": NOW + 0.5},
        {"exp": 10**40},
        {"scope": None},
        {"sub": "!" * 64},
        {"unknown": {"to": ["us"]}},
        {"jti": "a", "client_id": "b", "auth_time": 5, "acr": "c"},
    ],
)
def test_what_the_standard_allows_is_believed(claims: dict[str, Any]) -> None:
    assert verifier(EC).verify(token(EC, "ES256", **claims)).sub == claims.get("sub", "alice")


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example"},
        {"iss": f"{ISSUER}/"},
        {"iss": ISSUER.upper()},
        {"iss": None},
        {"iss": [ISSUER]},
        {"iss": {"a": ISSUER}},
        {"aud": "other"},
        {"aud": ["other"]},
        {"aud": []},
        {"aud": [[AUDIENCE]]},
        {"aud": [AUDIENCE, 5]},
        {"aud": {AUDIENCE: True}},
        {"aud": f"{AUDIENCE} other"},
        {"aud": AUDIENCE.upper()},
        {"aud": None},
        {"aud": 5},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": str(NOW + 60)},
        {"exp": True},
        {"exp": [NOW + 60]},
        {"exp": {}},
        {"exp": -1},
        {"nbf": "x"},
        {"nbf": True},
        {"nbf": 10**40},
        {"iat": "x"},
        {"iat": False},
        {"sub": None},
        {"sub": ""},
        {"sub": "a b"},
        {"sub": "x" * 65},
        {"sub": "a\u0000"},
        {"sub": "alice\n"},
        {"sub": 5},
        {"sub": ["alice"]},
        {"sub": {"payer": "alice"}},
        {"scope": ["ops"]},
        {"scope": 5},
        {"scope": {"ops": True}},
    ],
)
def test_a_claim_that_is_wrong_or_missing_is_not_believed(claims: dict[str, Any]) -> None:
    refuse(token(EC, "ES256", **claims))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_time_that_is_no_number_is_not_believed(number: str) -> None:
    refuse(signed(json.dumps(CLAIMS).replace(str(NOW + 60), number)))


@pytest.mark.parametrize(
    "again", ['"sub": "bob"', '"sub": "alice"', '"scope": "", "scope": "ops"', '"x": {"a": 1, "a": 2}']
)
def test_a_claim_that_stands_twice_is_not_believed(again: str) -> None:
    assert verifier(EC).verify(signed(json.dumps(CLAIMS))).sub == "alice"
    refuse(signed(f"{json.dumps(CLAIMS)[:-1]}, {again}}}"))


@pytest.mark.parametrize(
    "payload", ["", "[]", "null", '"alice"', "5", "{", "[" * 3000, f'{{"sub": {"[" * 3000}', "9" * 5000]
)
def test_claims_that_are_no_object_are_not_believed(payload: str) -> None:
    refuse(signed(payload))


@pytest.mark.parametrize("kind", ["at+jwt", "application/at+jwt", "AT+JWT", "Application/AT+jwt"])
def test_an_access_token_says_so(kind: str) -> None:
    assert verifier(EC).verify(token(EC, "ES256", {"typ": kind})).sub == "alice"


@pytest.mark.parametrize(
    "kind", [None, "JWT", "jwt", "id+jwt", "", "at+jwt ", "logout+jwt", "secevent+jwt", "dpop+jwt", "text/at+jwt"]
)
def test_any_other_kind_of_token_is_no_access_token(kind: str | None) -> None:
    """An ID token of the same issuer for the same audience says JWT, or nothing (RFC 9068, 4 and 5)."""
    assert "access token" in refuse(token(EC, "ES256", {"typ": kind}, nonce="n", at_hash="h"))


@pytest.mark.parametrize("kind", [5, ["at+jwt"], True, {"at+jwt": 1}])
def test_a_kind_that_is_no_text_is_no_access_token(kind: object) -> None:
    refuse(signed(json.dumps(CLAIMS), typ=kind))


def test_another_key_is_not_believed() -> None:
    refuse(token(EC, "ES256"), verifier(ECKey.generate_key("P-256")))
    refuse(token(EC, "ES256"), verifier(RSA, ED))


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_public_key_used_as_a_shared_secret_is_not_believed(algorithm: str) -> None:
    signing = f"{part({'alg': algorithm, 'typ': 'at+jwt'})}.{part(CLAIMS)}"
    for key in (RSA, EC):
        secrets = (
            key.as_pem(private=False),
            key.as_der(private=False),
            json.dumps(key.as_dict(private=False)).encode(),
        )
        for secret in secrets:
            mac = hmac.digest(secret, signing.encode(), f"sha{algorithm[2:]}")
            refuse(f"{signing}.{encoded(mac)}")


@pytest.mark.parametrize("algorithm", ["PS256", "RS384", "RS512"])
def test_an_algorithm_that_is_not_on_the_list_is_not_believed(algorithm: str) -> None:
    refuse(token(RSA, algorithm), verifier(RSA))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", "HS256", "alg", None, 5, ["ES256"], {"a": 1}])
def test_a_token_without_a_signature_is_not_believed(algorithm: object) -> None:
    header = part({"alg": algorithm, "typ": "at+jwt"})
    for signature in ("", "AA"):
        refuse(f"{header}.{part(CLAIMS)}.{signature}")


def test_the_algorithm_must_be_that_of_the_key() -> None:
    """A header that says RS256 over an ECDSA signature, and the other way round."""
    for key, mine, other in ((RSA, "RS256", "ES256"), (EC, "ES256", "RS256"), (ED, "EdDSA", "ES256")):
        _, claims, signature = token(key, mine).split(".")
        refuse(f"{part({'alg': other, 'typ': 'at+jwt'})}.{claims}.{signature}")


def test_a_key_that_names_its_algorithm_is_used_for_no_other() -> None:
    for alg in ("RS512", "PS256", "ES256"):
        narrow = type(RSA).import_key({**RSA.as_dict(private=False), "alg": alg})
        refuse(token(RSA, "RS256"), verifier(narrow))
    assert verifier(type(RSA).import_key({**RSA.as_dict(private=False), "alg": "RS256"})).verify(token(RSA, "RS256"))


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "a.b.c", "....", "é.é.é", "\ud800.a.b", "=.=.=", "W10.e30.AA", "bnVsbA.e30.AA", "ImFsZyI.e30.AA"],
)
def test_what_is_no_token_is_not_believed(text: str) -> None:
    refuse(text)


@pytest.mark.parametrize("space", [" ", "\n", "\t", "\r\n", "\x00", "\u00a0", "=", "+", "/", "%20"])
def test_a_token_is_one_word(space: str) -> None:
    """A reader of base64 may pass over what is not in its alphabet, and one token would have many faces."""
    good = token(EC, "ES256")
    middle = len(good) - 20
    for text in (f"{space}{good}", f"{good}{space}", f"{good[:middle]}{space}{good[middle:]}"):
        refuse(text)
    refuse(f"{good},{good}")


def test_a_token_that_no_header_holds_is_not_read() -> None:
    fitting = token(EC, "ES256", padding="x" * 5000)
    assert len(fitting) <= LONGEST
    assert verifier(EC).verify(fitting).sub == "alice"
    refuse(token(EC, "ES256", padding="x" * LONGEST))
    refuse("a" * 10_000_000)
    refuse(f"{part({'alg': 'ES256', 'typ': 'at+jwt', 'x': 'y' * 3000})}.e30.AA")


@pytest.mark.parametrize(
    "header",
    [{"crit": ["b64"], "b64": False}, {"crit": 5}, {"crit": ["x"], "x": 1}, {"kid": 5}, {"kid": ["x"]}],
)
def test_a_header_that_must_be_understood_and_is_not_is_not_believed(header: dict[str, Any]) -> None:
    refuse(signed(json.dumps(CLAIMS), **header), verifier(EC))


def test_a_key_that_the_token_brings_along_is_not_used() -> None:
    mine = ECKey.generate_key("P-256")
    where = "https://attacker.example/keys"
    for header in (
        {"jwk": mine.as_dict(private=False)},
        {"jku": where},
        {"x5u": where},
        {"x5c": ["MIIB"]},
        {"jku": where, "kid": "mine"},
    ):
        refuse(token(mine, "ES256", header), verifier(EC))
        believed = token(EC, "ES256", {name: value for name, value in header.items() if name != "kid"})
        assert verifier(EC).verify(believed).sub == "alice"


@pytest.mark.parametrize(
    "kid", ["../../etc/passwd", "/dev/null", "' OR 1=1 --", "", " ", "\x00", "a" * 300, "é", "one\n"]
)
def test_a_key_id_is_only_compared(kid: str) -> None:
    one, two = (
        ECKey.import_key({**ECKey.generate_key("P-256").as_dict(private=True), "kid": name}) for name in ("one", "two")
    )
    refuse(token(one, "ES256", {"kid": kid}), verifier(one, two))
    assert verifier(one, two).verify(token(one, "ES256", {"kid": "one"})).sub == "alice"
    refuse(token(one, "ES256", {"kid": "two"}), verifier(one, two))


def test_a_changed_claim_breaks_the_signature() -> None:
    header, _, signature = token(EC, "ES256").split(".")
    refuse(f"{header}.{part({**CLAIMS, 'sub': 'bob'})}.{signature}")


def test_why_a_token_is_refused_repeats_none_of_it() -> None:
    for text in (token(EC, "ES256", sub="canary me"), token(EC, "ES256", iss="canary"), "canary.e30.AA"):
        assert "canary" not in refuse(text)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
NAMES = st.sampled_from(["alg", "kid", "crit", "b64", "jwk", "jku", "x5u", "x5c", "typ", "cty", "zip", "enc"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=3), inner, max_size=4)
)


@given(header=VALUES | st.dictionaries(NAMES, VALUES, max_size=5).map(lambda made: {"alg": "ES256", **made}))
def test_no_header_brings_the_reader_down(header: object) -> None:
    refuse(f"{part(header)}.{part(CLAIMS)}.AA")


@given(text=st.text() | st.text("ABab01_-.=").map(lambda tail: f"eyJhbGciOiJFUzI1NiJ9.{tail}"))
def test_no_text_brings_the_reader_down(text: str) -> None:
    refuse(text)
