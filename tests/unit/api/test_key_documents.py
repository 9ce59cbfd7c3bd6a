"""Keys as they are written down: what is read, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

from api_service.auth.development import KEY_FILE, refused_in_production
from api_service.auth.key_documents import parse_key_set, parse_pem, read_key_file
from api_service.auth.keys import FixedKeys
from tests.unit.api.signing import EC, ED, RSA, believing, token

ALGORITHMS = {"RSA": "RS256", "EC": "ES256", "OKP": "EdDSA"}


def public(key: Key, **more: Any) -> dict[str, Any]:
    return {**key.as_dict(private=False), **more}


@pytest.mark.parametrize("key", [RSA, EC, ED])
def test_keys_are_read_from_pem_one_jwk_or_a_set(tmp_path: Path, key: Key) -> None:
    path = tmp_path / "key"
    for content in (
        key.as_pem(private=False),  # type: ignore[union-attr]
        b"\n" + json.dumps(public(key)).encode(),
        json.dumps({"keys": [public(key, kid="one"), public(ECKey.generate_key("P-384"))]}).encode(),
    ):
        path.write_bytes(content)
        text = token(key, ALGORITHMS[key.key_type], {"kid": "one"})
        assert believing(FixedKeys(read_key_file(path))).verify(text).sub == "alice"


def test_keys_of_a_set_that_do_not_sign_are_passed_over() -> None:
    odd: list[Any] = [
        {"kty": "oct", "k": "AAAA"},
        {"kty": "PQ"},
        {"kty": "EC", "crv": "P-256", "x": "!", "y": 5},
        {"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"},
        {"kty": ["EC"]},
        public(RSA, use="enc"),
        public(RSA, use=["sig"]),
        public(RSA, key_ops=["encrypt"]),
        public(RSA, key_ops="verify"),
        public(ECKey.generate_key("P-384")),
        public(OKPKey.generate_key("X25519")),
        public(OKPKey.generate_key("Ed448")),
        RSA.as_dict(private=True),
        5,
        {},
        None,
    ]
    assert len(parse_key_set({"keys": [*odd, public(EC, key_ops=["verify"], use="sig")]})) == 1
    with pytest.raises(ValueError, match="no public key"):
        parse_key_set({"keys": odd})
    documents: tuple[Any, ...] = ([], {}, {"keys": {}}, None, "x")
    for document in documents:
        with pytest.raises(ValueError, match="JWK set"):
            parse_key_set(document)


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_a_weak_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    weak = RSAKey.generate_key(1024)
    for key in (weak, ECKey.generate_key("P-384"), OKPKey.generate_key("X25519")):
        path.write_bytes(key.as_pem(private=False))
        with pytest.raises(ValueError, match="weak"):
            read_key_file(path)
        path.write_text(json.dumps(public(key)))
        with pytest.raises(ValueError, match="no public key"):
            read_key_file(path)
    assert len(parse_key_set({"keys": [public(weak), public(RSA)]})) == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "PEM"),
        (b"secret", "PEM"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "PEM"),
        (b"\xff\xfe", "PEM"),
        (json.dumps(OctKey.generate_key(256).as_dict(private=True)).encode(), "no public key"),
        (b'{"keys": []}', "no public key"),
        (b"{", "line 1"),
        (b'{"a":' * 100_000, "nested"),
        (b'{"\xff": 1}', "utf-8"),
        (EC.as_pem(private=True), "private"),
        (RSA.as_pem(private=True), "private"),
        (json.dumps(EC.as_dict(private=True)).encode(), "no public key"),
    ],
    ids=range(12),  # the keys are new in each process, which must know a test by the same name
)
def test_what_is_no_public_key_is_refused_with_a_reason(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=why):
        read_key_file(path)


def test_the_development_key_is_known_however_it_is_written(tmp_path: Path) -> None:
    path, refused = tmp_path / "key", refused_in_production()
    key = parse_pem(KEY_FILE.read_bytes())
    for content in (
        key.as_pem(private=False).decode(),
        json.dumps(public(key)),
        json.dumps(public(key, kid="ours", alg="ES256")),
        json.dumps({"keys": [public(EC, crv="P-384"), public(key)]}),
    ):
        path.write_text(content)
        assert len(read_key_file(path)) == 1
        with pytest.raises(ValueError, match="development key"):
            read_key_file(path, refused=refused)
    assert len(parse_key_set({"keys": [public(key), public(EC)]}, refused=refused)) == 1
