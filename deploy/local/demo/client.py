"""A small JSON client: one kept connection, and one more try when the server had closed it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any

TIMEOUT_SECONDS = 15.0


class NoAnswerError(Exception):
    """The server did not answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said."""

    status: int
    body: bytes

    def json(self) -> Any:
        """The body as JSON; None when it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class HttpClient:
    """Calls one server; for one thread. Every call here may be repeated: POSTs carry an Idempotency-Key."""

    def __init__(self, url: str, authorization: str | None = None) -> None:
        self._connection = HTTPConnection(url.removeprefix("http://"), timeout=TIMEOUT_SECONDS)
        self._headers = {"Authorization": authorization} if authorization else {}

    def call(self, method: str, path: str, content: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        """One call. Raises NoAnswerError."""
        body = None if content is None else json.dumps(content).encode()
        sent = self._headers | dict(headers or {}) | ({"Content-Type": "application/json"} if body else {})
        try:
            return self._try(method, path, body, sent)
        except (OSError, HTTPException):
            self._connection.close()
        try:
            return self._try(method, path, body, sent)
        except (OSError, HTTPException) as problem:
            self._connection.close()
            raise NoAnswerError(f"{method} {path}: {problem}") from problem

    def rows(self, path: str, cursor_name: str = "nextCursor", rows_name: str = "data") -> Iterator[dict[str, Any]]:
        """All rows of a list, page by page. Raises NoAnswerError, also for an answer that is no page."""
        cursor: str | None = ""
        while cursor is not None:
            separator = "&" if "?" in path else "?"
            answer = self.call("GET", f"{path}{separator}cursor={cursor}" if cursor else path)
            if answer.status != 200:
                raise NoAnswerError(f"GET {path}: {answer.status} {answer.body.decode(errors='replace')[:300]}")
            page = answer.json()
            yield from page[rows_name]
            cursor = page[cursor_name]

    def _try(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        return Answer(response.status, response.read())


def bearer(token: str) -> str:
    """The Authorization header of a token."""
    return f"Bearer {token}"


def basic(user: str, password: str) -> str:
    """The Authorization header of a user."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
