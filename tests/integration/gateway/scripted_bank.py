"""A provider on a real socket that answers byte by byte as a test's script says."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from types import TracebackType
from typing import Any, Self, TypeAlias


class Act(Enum):
    """CLOSE ends the connection in order, RESET with an RST, HANG says nothing more until the bank stops."""

    CLOSE = auto()
    RESET = auto()
    HANG = auto()


Step: TypeAlias = bytes | float | Act
"""Bytes to send, seconds to pause, or how to end the connection."""


@dataclass(frozen=True)
class Request:
    """A request as it came in; `number` counts all requests from 1, `connection` the connections."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    number: int
    connection: int

    @property
    def key(self) -> str:
        return self.headers["idempotency-key"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Script: TypeAlias = Callable[[Request], Iterable[Step]]


def answer(status: int, body: object = b"", **headers: str) -> list[Step]:
    """A whole answer; a body that is no bytes is sent as JSON. Header names with `_` for `-`."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ["\r\n".join([*lines, "", ""]).encode() + content]


def success(request: Request, **changes: Any) -> dict[str, Any]:
    """The body that says a single call's payment is paid."""
    return {
        "paymentId": f"pay_{request.number}",
        "status": "succeeded",
        "idempotencyKey": request.key,
        "amount": request.json["amount"],
        **changes,
    }


def pay(request: Request) -> list[Step]:
    """The script of a provider without faults."""
    if request.path.endswith("/batch"):
        results = [
            {"idempotencyKey": one["idempotencyKey"], "status": "succeeded", "paymentId": "p", "amount": one["amount"]}
            for one in request.json["payments"]
        ]
        return answer(200, {"results": results})
    return answer(201, success(request))


def together(count: int, script: Script = pay) -> Script:
    """A script that answers only when `count` requests are in flight at once."""
    meeting = threading.Barrier(count, timeout=60)

    def answer_together(request: Request) -> Iterable[Step]:
        meeting.wait()
        return script(request)

    return answer_together


@dataclass
class ScriptedBank:
    """Serves `script` on a port of its own, in one thread a connection, and keeps every request.

    `greeting` is played to whoever connects, before anything else; without `reads` nothing is ever read;
    after `accepts` connections the port is closed.
    """

    script: Script = pay
    tls: ssl.SSLContext | None = None
    reads: bool = True
    greeting: Iterable[Step] = ()
    accepts: int | None = None
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    in_flight_most: int = 0

    def __post_init__(self) -> None:
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._changed = threading.Condition()
        self._in_flight = 0
        self._connected = 0
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://localhost:{self.port}"

    def keys(self) -> list[str]:
        return [request.key for request in self.requests]

    def keys_of_singles(self) -> list[str]:
        return [request.key for request in self.requests if request.path == "/payments"]

    def wait_until_idle(self, seconds: float = 60.0) -> bool:
        """Whether all clients have closed their connections, waiting for it so long."""
        with self._changed:
            return self._changed.wait_for(lambda: self._connected == 0, seconds)

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        with self._lock:
            for connection in [self._listener, *self._open]:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
                connection.close()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()

    def _start(self, target: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=target, args=args)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self.accepts is not None and self._connected + 1 >= self.accepts:
                self._listener.close()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._changed:
                self._connected += 1
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        try:
            if not all(self._play(connection, step) for step in self.greeting):
                return
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with self._lock:
                if self._stopped.is_set():
                    return
                self._open.append(connection)
                self.connections += 1
                number = self.connections
            if not self.reads:
                self._stopped.wait()
            while self._exchange(connection, number):
                pass
        except (OSError, ValueError):
            pass
        finally:
            connection.close()
            with self._changed:
                self._connected -= 1
                self._changed.notify_all()

    def _exchange(self, connection: socket.socket, number: int) -> bool:
        head = b""
        while b"\r\n\r\n" not in head:
            received = connection.recv(65_536)
            if not received:
                return False
            head += received
        head, _, body = head.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        while len(body) < int(headers.get("content-length", 0)):
            body += connection.recv(65_536)
        method, path, _ = first.split(" ")
        with self._lock:
            request = Request(method, path, headers, body, len(self.requests) + 1, number)
            self.requests.append(request)
            self._in_flight += 1
            self.in_flight_most = max(self.in_flight_most, self._in_flight)
        try:
            return all(self._play(connection, step) for step in self.script(request))
        finally:
            with self._lock:
                self._in_flight -= 1

    def _play(self, connection: socket.socket, step: Step) -> bool:
        if isinstance(step, bytes):
            connection.sendall(step)
        elif isinstance(step, float):
            return not self._stopped.wait(step)
        elif step is Act.HANG:
            self._stopped.wait()
        elif step is Act.RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return isinstance(step, bytes)
