"""A keep-alive connection to a server that knows the deadline of the call it carries.

The standard library's client under a socket of our own: a call costs it half of what urllib3's pool takes and a fifth
of what a requests session does, and there is nothing in it that follows, retries, decodes or remembers.
"""

from __future__ import annotations

import select
import socket
import ssl
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead
from typing import IO
from urllib.parse import quote, urlsplit

import certifi

from worker_service.calling.addresses import Resolve
from worker_service.calling.deadline import Deadline, DeadlineTLSSocket, dial

OPTIONS = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)
UNQUOTED = "/%:@!$&'()*+,;=~-._"


class _Head:
    """The lines of an answer's head; `last` was the last of them."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self.last = b""

    def readline(self, limit: int = -1) -> bytes:
        self.last = self._source.readline(limit)
        return self.last


class Response(HTTPResponse):
    """An answer that is whole: the library takes the connection's end for that of the head, passes over a transfer
    encoding that it does not know, and reads on without end after a chunk of less than nothing.

    Each would make of an answer that was cut, or cannot be read, one that says something (provider contract).
    """

    def begin(self) -> None:
        """Raises IncompleteRead and HTTPException where there is no whole head that can be understood."""
        source, head = self.fp, _Head(self.fp)
        self.fp = head  # type: ignore[assignment]
        try:
            super().begin()
        finally:
            self.fp = source
        if head.last not in (b"\r\n", b"\n"):
            raise IncompleteRead(head.last)
        if [value.lower() for value in self.headers.get_all("Transfer-Encoding", ["chunked"])] != ["chunked"]:
            raise HTTPException("unknown transfer encoding")

    def _read_next_chunk_size(self) -> int:
        size: int = super()._read_next_chunk_size()  # type: ignore[misc]
        if size < 0:
            raise ValueError("a chunk of less than nothing")
        return size


class Connection(HTTPConnection):
    """One connection to the host of `url`, opened by the call that needs it; `tls` for https, `resolve` for its name.

    No proxy, whatever the environment says.
    """

    response_class = Response

    def __init__(self, url: str, deadline: Deadline, tls: ssl.SSLContext | None, resolve: Resolve) -> None:
        parts = urlsplit(url)
        self.default_port = 443 if parts.scheme == "https" else 80  # left out of the header Host
        super().__init__(parts.hostname or "", parts.port or self.default_port)
        self.base_path = quote(parts.path, safe=UNQUOTED)
        self._deadline = deadline
        self._resolve = resolve
        self._tls = tls if parts.scheme == "https" else None

    def connect(self) -> None:
        """Raises OSError and UnicodeError; no byte of a request has left then."""
        connected = dial(self.host, self.port, self._deadline, OPTIONS, self._resolve)
        self.sock = connected
        if self._tls is not None:
            encrypted = self._tls.wrap_socket(connected, server_hostname=self.host)
            assert isinstance(encrypted, DeadlineTLSSocket)  # noqa: S101 - else a drip would hold us for ever
            encrypted.deadline = self._deadline
            self.sock = encrypted

    @property
    def is_stale(self) -> bool:
        """Whether an idle connection can be read: the server closed it, or says what nobody asked for.

        A request on it might leave and never be answered, and would be ambiguous for nothing.
        """
        if self.sock is None:
            return False
        if isinstance(self.sock, ssl.SSLSocket) and self.sock.pending():
            return True
        waiting = select.poll()
        waiting.register(self.sock, select.POLLIN)
        return bool(waiting.poll(0))


def tls_context() -> ssl.SSLContext:
    """Verifies certificates and names, by the machine's authorities and by certifi's where it has none."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    context.sslsocket_class = DeadlineTLSSocket
    return context
