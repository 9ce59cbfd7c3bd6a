"""Gateways that are closed after the test, and a certificate authority of the tests' own."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from gateway_scenes import MakeGateway, tls_for

from shared.settings import ProviderSettings
from worker_service.gateway import Gateway
from worker_service.gateway.pace import Reserve


@pytest.fixture
def open_gateway() -> Iterator[MakeGateway]:
    """Makes gateways, whose deadline a slow machine does not reach, and closes them."""
    opened: list[Gateway] = []

    defaults: dict[str, Any] = {"token": "secret", "timeout_seconds": 30.0}

    def open_one(url: str, reserve: Reserve | None = None, **settings: Any) -> Gateway:
        gateway = Gateway(ProviderSettings(url=url, **(defaults | settings)), reserve)
        opened.append(gateway)
        return gateway

    yield open_one
    for gateway in opened:
        gateway.close()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process trusts the tests' authority, the way an operator adds one: by OpenSSL's own variable."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))


@pytest.fixture(scope="session")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    return tls_for(authority, "localhost")
