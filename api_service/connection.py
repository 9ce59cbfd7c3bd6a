"""One client's connection, as the worker keeps it."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from gunicorn.http.unreader import Unreader  # type: ignore[import-untyped]
from gunicorn.workers.gthread import TConn  # type: ignore[import-untyped]

from api_service.arrival import Arrival

CHUNK_BYTES: Final = 64 * 1024


class Received(Unreader):  # type: ignore[misc]
    """What gunicorn's parser reads: a request that is here, and then nothing. It never waits for the client."""

    def __init__(self, received: bytes) -> None:
        super().__init__()
        self.unread(received)

    def chunk(self, size_hint: int | None = None) -> bytes:
        """The end."""
        return b""


class ClientSocket(socket.socket):
    """A socket on which to send never waits for the client: what it does not take is kept for the worker's loop.

    An answer is in memory as a whole anyway, and nothing more is sent before it is taken.
    """

    def __init__(self, accepted: socket.socket) -> None:
        super().__init__(fileno=accepted.detach())
        self._kept = bytearray()
        self._gathers = False

    def sendall(self, sent: Any, flags: int = 0, /) -> None:
        """Sends what the client takes at once. Raises OSError when it has gone."""
        self._kept += sent
        if not self._gathers:
            self.send_kept()

    @contextmanager
    def gathering(self) -> Iterator[None]:
        """Sends what is sent within it together at its end: gunicorn gives an answer's head and body apart."""
        self._gathers = True
        try:
            yield
        finally:
            self._gathers = False
            with suppress(OSError):  # the client has gone, which the loop finds out
                self.send_kept()

    def send_kept(self) -> bool:
        """Sends more of what was kept; whether that is all. Raises OSError when the client has gone."""
        while self._kept:
            try:
                del self._kept[: self.send(self._kept, socket.MSG_DONTWAIT)]
            except (BlockingIOError, InterruptedError):
                return False
        return True


class Connection(TConn):  # type: ignore[misc]
    """`arrival` is the request that comes in, `surplus` what came behind the one that is answered; `idle_since` is
    monotonic."""

    def __init__(self, cfg: Any, client: socket.socket, address: Any, server: Any, linger: Callable[[Any], None]):
        super().__init__(cfg, ClientSocket(client), address, server)
        self.arrival = Arrival()
        self.surplus = b""
        self.idle_since = time.monotonic()
        self._linger = linger

    def set_timeout(self) -> None:
        """It is idle from now on."""
        super().set_timeout()
        self.idle_since = time.monotonic()

    def receive(self) -> bytes | None:
        """What has come; nothing of it when the client has gone, None when there is none yet."""
        try:
            received: bytes = self.sock.recv(CHUNK_BYTES)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError:
            return b""
        return received

    def tell_to_go_on(self) -> None:
        """Answers `Expect: 100-continue`."""
        self.arrival.expects_word = False
        with suppress(OSError):
            self.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def init(self) -> None:
        """Makes the parser read what has arrived."""
        super().init()
        self.parser.unreader = Received(bytes(self.arrival.received))

    def close(self, graceful: bool = False) -> None:
        """At once; or gracefully, when the client has read its answer: gunicorn's own way stops its loop for that."""
        if graceful:
            self._linger(self)
        else:
            super().close()
