"""One HTTP call at a time: all of the answer by the deadline and within the cap, or why not. It never raises."""

from __future__ import annotations

import ssl
import zlib
from http.client import HTTPResponse, IncompleteRead

from shared.crash_points import reached
from worker_service.calling import addresses
from worker_service.calling.addresses import AddressNotAllowed, Resolve
from worker_service.calling.connection import Connection
from worker_service.calling.deadline import Deadline
from worker_service.calling.reply import Failure, Reply

GZIP_WINDOW_BITS = 31


class _Unusable(Exception):
    """The answer is no answer: too large, or encoded in a way nobody asked for."""


class Transport:
    """A connection to one server for one thread at a time. `timeout_seconds` is for a whole call; `resolve` says where
    the server's name leads."""

    def __init__(
        self,
        url: str,
        timeout_seconds: float,
        tls: ssl.SSLContext | None,
        resolve: Resolve = addresses.resolve,
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._deadline = Deadline()
        self._connection = Connection(url, self._deadline, tls, resolve)

    def exchange(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None, cap: int
    ) -> Reply | Failure:
        """The answer to one request, with a body of at most `cap` bytes once decoded."""
        connection = self._connection
        self._deadline.begin(self._timeout_seconds)
        try:
            reached("before_send")
            if connection.is_stale:
                connection.close()
            connection.request(method, connection.base_path + path, body, headers)
            response = connection.getresponse()
            reply = Reply(response.status, response.headers, _body(response, cap))
            reached("after_answer")
            return reply
        except Exception as error:  # noqa: BLE001 - whatever it is, what may have left decides, not its class
            self.drop()
            return Failure(self._deadline.sent, self._reason(error))
        except BaseException:
            self.drop()
            raise

    def drop(self) -> None:
        """Closes the connection: bytes of one answer must never be read as the next one's."""
        self._connection.close()

    def close(self) -> None:
        self._connection.close()

    def _reason(self, error: BaseException) -> str:
        """The name of what went wrong at the bottom; messages may carry addresses and are left out."""
        if self._deadline.passed:
            return "time-out" if self._deadline.sent else "connect time-out"
        if isinstance(error, _Unusable | AddressNotAllowed):
            return str(error)
        while error.__cause__ or error.__context__:
            error = error.__cause__ or error.__context__  # type: ignore[assignment]
        return type(error).__name__


def _body(response: HTTPResponse, cap: int) -> bytes:
    if response.status < 200:
        raise _Unusable("an interim status")
    body = response.read(cap + 1)
    if response.length and len(body) <= cap:  # asked for so many bytes, the library keeps still about a cut
        raise IncompleteRead(body, response.length)
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
