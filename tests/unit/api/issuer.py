"""An issuer that publishes its keys on a real socket, and misbehaves as it is told."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from joserfc.jwk import Key

Reply = Callable[[socket.socket], None]
ALIVE_SECONDS = 60.0
"""After that even a reply that never ends does, so that no test hangs."""


class Issuer:
    """Serves one `reply` for every request, and counts them."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._tls = tls
        self.port = self._listener.getsockname()[1]
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}/jwks"
        self.fetches = 0
        self.reply: Reply = closing

    def publish(self, *keys: Key) -> None:
        self.reply = sending(key_set(*keys))

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), self._wrapped(connection) as opened:
            opened.settimeout(ALIVE_SECONDS)
            opened.recv(65_536)
            self.fetches += 1
            self.reply(opened)

    def _wrapped(self, connection: socket.socket) -> socket.socket:
        return connection if self._tls is None else self._tls.wrap_socket(connection, server_side=True)


def key_set(*keys: Key) -> bytes:
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]}).encode()


def sending(body: bytes, status: str = "200 OK", headers: str = "") -> Reply:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n"
    return lambda connection: connection.sendall(head.encode() + body)


def waiting(until: threading.Event, then: Reply) -> Reply:
    """Answers when it is told to."""

    def reply(connection: socket.socket) -> None:
        until.wait(ALIVE_SECONDS)
        then(connection)

    return reply


def dripping(head: bytes, drop: bytes) -> Reply:
    """A byte every few milliseconds, without an end."""

    def reply(connection: socket.socket) -> None:
        connection.sendall(head)
        for _ in range(int(ALIVE_SECONDS / 0.02)):
            connection.sendall(drop)
            time.sleep(0.02)

    return reply


def silent(connection: socket.socket) -> None:
    """Says nothing until the other side gives up."""
    connection.recv(1)


def closing(_: socket.socket) -> None:
    """Hangs up."""
