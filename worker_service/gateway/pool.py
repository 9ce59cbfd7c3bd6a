"""Keep-alive connections to the provider that know the deadline of the call they carry."""

from __future__ import annotations

import socket
import ssl
from typing import Any
from urllib.parse import urlsplit

import certifi
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from worker_service.gateway.deadline import Deadline, DeadlineTLSSocket, dial


class _PlainConnection(HTTPConnection):
    def __init__(self, *args: Any, deadline: Deadline, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline = deadline

    def _new_conn(self) -> socket.socket:
        return dial(self._dns_host, self.port, self._deadline, self.socket_options or ())


class _TLSConnection(HTTPSConnection):
    def __init__(self, *args: Any, deadline: Deadline, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline = deadline

    def _new_conn(self) -> socket.socket:
        return dial(self._dns_host, self.port, self._deadline, self.socket_options or ())

    def connect(self) -> None:
        super().connect()
        assert isinstance(self.sock, DeadlineTLSSocket)  # noqa: S101 - without it a drip would hold us for ever
        self.sock.deadline = self._deadline


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


def open_pool(url: str, deadline: Deadline, tls: ssl.SSLContext | None) -> HTTPConnectionPool:
    """A pool of one connection to the host of `url`; `tls` for https. No proxy, whatever the environment says."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https":
        return _TLSPool(host, parts.port or 443, maxsize=1, ssl_context=tls, deadline=deadline)
    return _PlainPool(host, parts.port or 80, maxsize=1, deadline=deadline)


def tls_context() -> ssl.SSLContext:
    """Verifies certificates and names, by the machine's authorities and by certifi's where it has none."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    context.sslsocket_class = DeadlineTLSSocket
    return context
