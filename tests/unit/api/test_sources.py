"""Whom a deployment believes, by its settings."""

import json
from pathlib import Path

import pytest
from joserfc.jwk import ECKey, Key

from api_service.auth.development import AUDIENCE, ISSUER, KEY_FILE, make_token
from api_service.auth.key_documents import parse_pem
from api_service.auth.keys import KeysUnavailable
from api_service.auth.sources import token_verifier
from api_service.auth.tokens import InvalidToken
from shared.clock import utc_now
from shared.settings import SettingsError, read_settings
from tests.unit.api.issuer import Issuer
from tests.unit.api.signing import EC, token

REAL = "https://issuer.example"
DEVELOPMENT = parse_pem(KEY_FILE.read_bytes())
PRODUCTION = {"APP_ENV": "production", "SECRET_KEY": "0123456789abcdef0123456789abcdef", "OIDC_ISSUER": REAL}


def believes(text: str, **environment: str) -> bool:
    """Whether an API with these settings takes the token. Raises SettingsError, KeysUnavailable."""
    try:
        return token_verifier(read_settings(environment)).verify(text).sub == "alice"
    except InvalidToken:
        return False


def fresh(key: Key, issuer: str = REAL, audience: str = AUDIENCE) -> str:
    now = int(utc_now().timestamp())
    return token(key, "ES256", None, iss=issuer, aud=audience, iat=now, exp=now + 60)


def key_file(folder: Path, *keys: Key) -> str:
    path = folder / "keys.json"
    path.write_text(json.dumps({"keys": [key.as_dict(private=False) for key in keys]}))
    return str(path)


def test_a_development_machine_believes_development_tokens() -> None:
    text = make_token("alice", ["schedules:read"])
    assert believes(text)
    assert believes(text, APP_ENV="test")
    assert not believes(text, OIDC_AUDIENCE="other")
    assert not believes(text, OIDC_ISSUER=REAL)
    assert believes(make_token("alice", [], issuer=REAL, audience="other"), OIDC_ISSUER=REAL, OIDC_AUDIENCE="other")
    assert not believes(make_token("alice", [], lifetime_seconds=-31))


def test_production_believes_its_issuer(tmp_path: Path) -> None:
    environment = {**PRODUCTION, "OIDC_PUBLIC_KEY_FILE": key_file(tmp_path, EC)}
    assert believes(fresh(EC), **environment)
    assert not believes(fresh(EC, audience="other"), **environment)
    assert not believes(fresh(EC, issuer=ISSUER), **environment)
    assert not believes(fresh(ECKey.generate_key("P-256")), **environment)
    assert believes(fresh(EC, audience="other"), **environment, OIDC_AUDIENCE="other")
    assert not believes(fresh(EC), **environment, OIDC_AUDIENCE="other")


@pytest.mark.parametrize("issuer", [REAL, ISSUER])
@pytest.mark.parametrize("audience", [None, AUDIENCE, "other"])
@pytest.mark.parametrize(
    "source", ["none", "its file", "its PEM", "a file of both", "an issuer of it", "an issuer of both"]
)
def test_no_setting_makes_production_believe_a_development_token(
    tmp_path: Path, issuer: str, audience: str | None, source: str
) -> None:
    pem = tmp_path / "key.pem"
    pem.write_bytes(DEVELOPMENT.as_pem(private=False))
    with Issuer() as server:
        server.publish(*([DEVELOPMENT] if source == "an issuer of it" else [DEVELOPMENT, EC]))
        sources = {
            "none": {},
            "its file": {"OIDC_PUBLIC_KEY_FILE": str(KEY_FILE)},
            "its PEM": {"OIDC_PUBLIC_KEY_FILE": str(pem)},
            "a file of both": {"OIDC_PUBLIC_KEY_FILE": key_file(tmp_path, DEVELOPMENT, EC)},
            "an issuer of it": {"OIDC_JWKS_URL": server.url},
            "an issuer of both": {"OIDC_JWKS_URL": server.url},
        }
        environment = {**PRODUCTION, "OIDC_ISSUER": issuer, **sources[source]}
        if audience is not None:
            environment["OIDC_AUDIENCE"] = audience
        text = make_token("alice", ["ops"], issuer=issuer, audience=audience or AUDIENCE)
        try:
            believed = believes(text, **environment)
        except (SettingsError, KeysUnavailable):
            believed = False
        assert not believed
        if issuer == REAL and "both" in source:
            assert believes(fresh(EC, audience=audience or AUDIENCE), **environment)


def test_the_development_issuer_is_not_a_real_one(tmp_path: Path) -> None:
    environment = {**PRODUCTION, "OIDC_ISSUER": ISSUER, "OIDC_PUBLIC_KEY_FILE": key_file(tmp_path, EC)}
    with pytest.raises(SettingsError, match="development issuer"):
        believes(fresh(EC, issuer=ISSUER), **environment)


def test_a_key_file_that_cannot_be_used_is_named_with_its_reason(tmp_path: Path) -> None:
    for path, why in ((tmp_path / "missing", "No such file"), (tmp_path, "directory"), (KEY_FILE, "private key")):
        with pytest.raises(SettingsError, match=f"OIDC_PUBLIC_KEY_FILE: .*{why}"):
            token_verifier(read_settings({"OIDC_PUBLIC_KEY_FILE": str(path)}))
