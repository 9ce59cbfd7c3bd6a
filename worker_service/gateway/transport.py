"""One HTTP call at a time: all of the answer by the deadline and within the cap, or why not. It never raises."""

from __future__ import annotations

import ssl
import zlib
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool

from shared.crash_points import reached
from worker_service.gateway.deadline import Deadline
from worker_service.gateway.pool import open_pool
from worker_service.gateway.reply import Failure, Reply

GZIP_WINDOW_BITS = 31


class _Unusable(Exception):
    """The answer is no answer: too large, or encoded in a way nobody asked for."""


class _Adapter(HTTPAdapter):
    """requests' adapter on our own pool.

    Used without a Session, which would add redirects, cookies, .netrc and the environment's proxies: none of them
    may touch a payment. Its `max_retries` stays 0: the one layer that resends is above.
    """

    def __init__(self, pool: HTTPConnectionPool) -> None:
        self._pool = pool
        super().__init__()

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> HTTPConnectionPool:
        return self._pool

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """The pool's own TLS context verifies; requests would load its authorities anew for every connection."""

    def build_response(self, req: PreparedRequest, resp: Any) -> Response:
        response = Response()
        response.status_code, response.headers, response.raw = resp.status, resp.headers, resp
        return response

    def close(self) -> None:
        self._pool.close()


class Transport:
    """A connection to the provider for one thread at a time. `timeout_seconds` is for a whole call."""

    def __init__(self, url: str, timeout_seconds: float, tls: ssl.SSLContext | None) -> None:
        self._url = url
        self._timeout_seconds = timeout_seconds
        self._tls = tls
        self._deadline = Deadline()
        self._adapter = self._connect()

    def exchange(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None, cap: int
    ) -> Reply | Failure:
        """The answer to one request, with a body of at most `cap` bytes once decoded."""
        self._deadline.begin(self._timeout_seconds)
        request = PreparedRequest()
        request.method, request.url, request.body = method, self._url + path, body
        request.headers = headers  # type: ignore[assignment] # a plain dict: nothing here looks them up
        try:
            reached("before_send")
            response = self._adapter.send(request, stream=True, timeout=self._timeout_seconds)
            try:
                reply = Reply(response.status_code, response.headers, _body(response, cap))
                reached("after_answer")
                return reply
            except BaseException:
                response.raw.close()
                raise
        except Exception as error:  # noqa: BLE001 - whatever it is, what may have left decides, not its class
            self.drop()
            return Failure(self._deadline.sent, self._reason(error))

    def drop(self) -> None:
        """Closes the connection: bytes of one answer must never be read as the next one's."""
        self._adapter.close()
        self._adapter = self._connect()

    def close(self) -> None:
        self._adapter.close()

    def _connect(self) -> _Adapter:
        return _Adapter(open_pool(self._url, self._deadline, self._tls))

    def _reason(self, error: BaseException) -> str:
        """The name of what went wrong at the bottom; messages may carry addresses and are left out."""
        if self._deadline.passed:
            return "time-out" if self._deadline.sent else "connect time-out"
        if isinstance(error, _Unusable):
            return str(error)
        while error.__cause__ or error.__context__:
            error = error.__cause__ or error.__context__  # type: ignore[assignment]
        return type(error).__name__


def _body(response: Response, cap: int) -> bytes:
    if response.status_code < 200:
        raise _Unusable("an interim status")
    body: bytes = response.raw.read(cap + 1)
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding == "gzip":
        body = _unzipped(body, cap)
    elif encoding not in ("identity", ""):
        raise _Unusable("unknown content encoding")
    if len(body) > cap:
        raise _Unusable("oversized body")
    return body


def _unzipped(body: bytes, cap: int) -> bytes:
    """At most one byte more than `cap`, however large it would become. Raises zlib.error, _Unusable."""
    decoder = zlib.decompressobj(GZIP_WINDOW_BITS)
    found = decoder.decompress(body, cap + 1)
    if not decoder.eof and len(found) <= cap:
        raise _Unusable("truncated body")
    return found
