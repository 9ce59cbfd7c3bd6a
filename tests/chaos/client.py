"""Calls to the API by a front end and by an operator; one client for each thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import requests

from api_service.auth.development import make_token
from tests.town import FRONT_END

PATIENCE_SECONDS = 8.0
LIFETIME_SECONDS = 7 * 24 * 3600


class Client:
    """`url` is asked at each call. Calls raise requests.RequestException when nobody answers in time."""

    def __init__(self, url: Callable[[], str]) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = False
        self._tokens = {
            False: make_token("front-end", FRONT_END.split(), LIFETIME_SECONDS),
            True: make_token("operator", ["ops"], LIFETIME_SECONDS),
        }

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        operator: bool = False,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """One call; `key`: its Idempotency-Key, where it must be that of an earlier one."""
        sent = {"Authorization": f"Bearer {self._tokens[operator]}", "Idempotency-Key": key or str(uuid4())}
        given = {**sent, **(headers or {})}
        return self._session.request(method, self._url() + path, json=body, headers=given, timeout=PATIENCE_SECONDS)

    def get(self, path: str) -> dict[str, Any]:
        """What an operator sees there. Raises RequestException, also for an answer that is no success."""
        answer = self.ask("GET", path, operator=True)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found
