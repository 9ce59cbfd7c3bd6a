"""The API beside a real issuer: its keys change, it goes down, and it is asked no more than it must be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from joserfc.jwk import ECKey, Key

from api_service.auth.development import make_token
from shared.clock import utc_now
from tests.integration.api.client import Api, assert_problem
from tests.integration.api.served import Served
from tests.unit.api.issuer import Issuer, closing
from tests.unit.api.signing import token

ISSUER = "https://issuer.example"


def named(kid: str) -> ECKey:
    return ECKey.import_key({**ECKey.generate_key("P-256").as_dict(private=True), "kid": kid})


OLD, NEW = named("old"), named("new")


def bearer(key: Key, **claims: Any) -> dict[str, str]:
    now = int(utc_now().timestamp())
    usual = {"iss": ISSUER, "iat": now, "exp": now + 600, "scope": "schedules:read"}
    text = token(key, "ES256", {"kid": key.kid} if key.kid else None, **{**usual, **claims})
    return {"Authorization": f"Bearer {text}"}


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with Issuer() as issuer:
        issuer.publish(OLD)
        yield issuer


def test_two_processes_of_eight_threads_follow_the_issuer(database_url: str, tmp_path: Path, issuer: Issuer) -> None:
    with Served(database_url, tmp_path, OIDC_ISSUER=ISSUER, OIDC_JWKS_URL=issuer.url) as served:

        def ask(headers: dict[str, str]) -> int:
            return requests.get(f"{served.url}/v1/events", headers=headers, timeout=30).status_code

        def statuses(headers: dict[str, str], count: int = 24) -> set[int]:
            with ThreadPoolExecutor(12) as pool:
                return set(pool.map(ask, [headers] * count))

        assert statuses(bearer(OLD)) == {200}
        assert issuer.fetches <= 2  # one for each process
        issuer.publish(OLD, NEW)
        assert statuses(bearer(NEW)) == {200}
        assert issuer.fetches <= 4
        assert statuses({"Authorization": f"Bearer {make_token('alice', ['schedules:read'])}"}) == {401}
        issuer.reply = closing
        assert statuses(bearer(OLD)) | statuses(bearer(NEW)) == {200}
        assert statuses(bearer(named("made-up"))) == {401}
        assert issuer.fetches <= 6


def test_while_the_issuer_never_answered_callers_are_told_to_come_back(database_url: str, issuer: Issuer) -> None:
    issuer.reply = closing
    api = Api(database_url, OIDC_ISSUER=ISSUER, OIDC_JWKS_URL=issuer.url)
    response = api.call("GET", "/v1/events", sub=None, headers=bearer(OLD))
    assert_problem(response, 503, "keys_unavailable")
    assert response.headers["Retry-After"] == "5"
    assert_problem(api.call("GET", "/v1/events", sub=None), 401, "token_missing")
    api.close()


def test_an_api_in_production_takes_its_issuers_tokens_and_no_others(database_url: str, tmp_path: Path) -> None:
    key_file = tmp_path / "key.json"
    key_file.write_text(json.dumps(OLD.as_dict(private=False)))
    production = {
        "APP_ENV": "production",
        "BUSINESS_DATE": "",
        "SECRET_KEY": "0123456789abcdef0123456789abcdef",
        "OIDC_ISSUER": ISSUER,
        "OIDC_PUBLIC_KEY_FILE": str(key_file),
    }
    api = Api(database_url, **production)

    def status(headers: dict[str, str]) -> int:
        return api.call("GET", "/v1/events", sub=None, headers=headers).status_code

    assert status(bearer(OLD)) == 200
    assert status(bearer(OLD, aud=["other", "payday"])) == 200
    for refused in (bearer(NEW), bearer(OLD, aud="other"), bearer(OLD, iss="https://payday.invalid/development")):
        assert status(refused) == 401
    for claims in ({}, {"issuer": ISSUER}, {"issuer": ISSUER, "lifetime_seconds": 10**6}):
        assert status({"Authorization": f"Bearer {make_token('alice', ['ops'], **claims)}"}) == 401
    api.close()
