"""A bank's client without opinions, for tests that look at what the bank itself answers."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import uuid4

import requests

TOKEN = "sandbox-token"
SECONDS = 60.0


def new_key() -> str:
    return str(uuid4())


def payment(**changes: object) -> dict[str, object]:
    """The fields of a payment; names in snake case change one."""
    fields: dict[str, object] = {
        "payerId": "payer-1",
        "payeeId": "payee-1",
        "amount": "25.00",
        "currency": "GBP",
        "reference": "Rent",
    }
    names = {"payer_id": "payerId", "payee_id": "payeeId"}
    return fields | {names.get(name, name): value for name, value in changes.items()}


def entry(key: str, **changes: object) -> dict[str, object]:
    """A payment as it stands in a batch."""
    return {"idempotencyKey": key} | payment(**changes)


class BankCalls:
    """Calls to the bank at `url`; each on a connection of its own."""

    def __init__(self, url: str, token: str = TOKEN) -> None:
        self.url = url
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def pay(self, key: str, *, seconds: float = SECONDS, **changes: Any) -> requests.Response:
        return self.call(
            "POST", "/payments", json=payment(**changes), headers={"Idempotency-Key": key}, seconds=seconds
        )

    def batch(self, entries: Sequence[Mapping[str, object]], *, seconds: float = SECONDS) -> requests.Response:
        return self.call("POST", "/payments/batch", json={"payments": list(entries)}, seconds=seconds)

    def results(self, entries: Sequence[Mapping[str, object]]) -> list[dict[str, Any]]:
        """The results of a batch that is answered."""
        response = self.batch(entries)
        assert response.status_code == 200, response.text
        results: list[dict[str, Any]] = response.json()["results"]
        return results

    def ask(self, key: str, *, seconds: float = SECONDS) -> requests.Response:
        return self.call("GET", f"/payments/{key}", seconds=seconds)

    def call(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        seconds: float = SECONDS,
        **more: Any,
    ) -> requests.Response:
        return requests.request(
            method,
            self.url + path,
            headers={**self._headers, **(headers or {})},
            timeout=seconds,
            allow_redirects=False,
            **more,
        )

    def connect(self) -> socket.socket:
        host, _, port = self.url.removeprefix("http://").partition(":")
        return socket.create_connection((host, int(port)), timeout=SECONDS)

    def exchange(self, *pieces: bytes, end: bool = False) -> bytes:
        """Sends bytes as they are, and reads until the bank closes; RST raises ConnectionResetError.

        With `end` the client says that nothing more will come.
        """
        with self.connect() as line:
            for piece in pieces:
                line.sendall(piece)
            if end:
                line.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: line.recv(65536), b""))


def raw_payment(key: str, body: bytes, *, headers: bytes = b"", token: str = TOKEN) -> bytes:
    """The bytes of a single call."""
    return (
        b"POST /payments HTTP/1.1\r\nHost: bank\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer %s\r\nIdempotency-Key: %s\r\n%sContent-Length: %d\r\n\r\n%s"
        % (token.encode(), key.encode(), headers, len(body), body)
    )


def eventually(condition: Callable[[], bool], seconds: float = SECONDS) -> None:
    """Returns once the condition holds; fails when it does not within so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)
