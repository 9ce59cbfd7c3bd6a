"""A request that was read, and a response to be written."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from deploy.local.bank.faults import Fault

Headers = tuple[tuple[str, str], ...]

_REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(slots=True)
class Request:
    """One whole HTTP request; header names are in lower case, `body` is None when it was too large to keep."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[bytes, bytes]
    body: bytes | None
    keep_alive: bool

    def header(self, name: bytes) -> str:
        return self.headers.get(name, b"").decode("latin-1")


@dataclass(slots=True)
class Response:
    """Status, body and headers; the length and the connection's fate are added when it is written."""

    status: int
    body: bytes = b""
    headers: Headers = ()
    content_type: str = "application/json"
    chunked: bool = False

    def head(self, *, keep_alive: bool) -> bytes:
        lines = [f"HTTP/1.1 {self.status} {_REASONS.get(self.status, 'Unknown')}"]
        if self.body:
            lines.append(f"Content-Type: {self.content_type}")
        if self.chunked:
            lines.append("Transfer-Encoding: chunked")
        elif self.status != HTTPStatus.NO_CONTENT:
            lines.append(f"Content-Length: {len(self.body)}")
        lines += [f"{name}: {value}" for name, value in self.headers]
        if not keep_alive:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def framed_body(self) -> bytes:
        if not self.chunked:
            return self.body
        return b"%x\r\n%b\r\n0\r\n\r\n" % (len(self.body), self.body)


@dataclass(slots=True)
class Reply:
    """A response and how it is delivered.

    First `settle` is called after `settle_seconds`, whoever is still listening; then, after
    `delay_seconds`, the response goes out as the fault has it.
    """

    response: Response
    fault: Fault | None = None
    delay_seconds: float = 0.0
    settle_seconds: float = 0.0
    settle: Callable[[], None] | None = None

    @property
    def at_once(self) -> bool:
        return self.fault is None and not self.delay_seconds and self.settle is None


def json_response(status: int, content: object, headers: Headers = ()) -> Response:
    return Response(status, json.dumps(content, separators=(",", ":")).encode(), headers)
