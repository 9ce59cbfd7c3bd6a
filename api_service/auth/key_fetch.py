"""One fetch of the issuer's key set, with one deadline for all of it.

The library's time-out begins anew with each byte that arrives: an issuer that drips would hold a fetch for ever. So a
timer ends the connection at the deadline, whether the bytes belong to the TLS handshake, a header or the body.
"""

from __future__ import annotations

import json
import socket
import threading
from contextlib import suppress
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

MAX_BYTES: Final = 256 * 1024


def fetch(url: str, timeout_seconds: float) -> Any:
    """The JSON document at `url`, asked for once. Raises requests' RequestException, ValueError and RecursionError."""
    watch = _Watch()
    timer = threading.Timer(timeout_seconds, watch.end)
    timer.daemon = True
    timer.start()
    try:
        with requests.Session() as session:
            for scheme in ("https://", "http://"):
                session.mount(scheme, _Adapter(watch))
            with session.get(
                url, timeout=timeout_seconds, allow_redirects=False, stream=True, proxies=_unproxied(url)
            ) as response:
                if response.status_code != requests.codes.ok:
                    raise ValueError(f"the issuer answers {response.status_code}")
                return json.loads(_read(response))
    finally:
        timer.cancel()
        watch.close()


def _unproxied(url: str) -> dict[str, str]:
    """The proxies' exception for an issuer on this machine: a proxy would look for it on its own. Raises ValueError for
    what is no address."""
    host = urlsplit(url).hostname or ""
    with suppress(ValueError):
        if host == "localhost" or ip_address(host).is_loopback:
            return {"no_proxy": host}
    return {}


class _Watch:
    """The connections of one fetch, so that another thread can end them."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._ended = False

    def add(self, connected: socket.socket) -> None:
        """Keeps a second handle: TLS takes the first one over. Raises TimeoutError after the end."""
        with self._lock:
            if self._ended:
                raise TimeoutError("the fetch's deadline has passed")
            self._sockets.append(connected.dup())

    def end(self) -> None:
        """Whoever reads from or writes to them is told that they are closed."""
        with self._lock:
            self._ended = True
            for connected in self._sockets:
                with suppress(OSError):
                    connected.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with self._lock:
            self._ended = True
            for connected in self._sockets:
                connected.close()
            self._sockets.clear()


class _Adapter(HTTPAdapter):
    """requests' adapter whose connections, to the issuer or to a proxy, are watched from their first byte."""

    def __init__(self, watch: _Watch) -> None:
        super().__init__()
        self._watch = watch

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = _watched(pool.ConnectionCls, self._watch)
        return pool


def _watched(connection: type[Any], watch: _Watch) -> type[Any]:
    class Watched(connection):  # type: ignore[misc]
        def _new_conn(self) -> Any:
            connected = super()._new_conn()
            watch.add(connected)
            return connected

    return Watched


def _read(response: requests.Response) -> bytes:
    content = bytearray()
    for chunk in response.iter_content(16_384):
        content += chunk
        if len(content) > MAX_BYTES:
            raise ValueError("the key set is too large")
    return bytes(content)
