"""One deadline for a whole call, kept on every socket operation.

The libraries' own time-outs begin anew with each byte that arrives, so a server that drips one byte a second
would hold a worker for ever. Here the socket itself knows the deadline: before each operation its time-out is set
to what is left, whether the bytes belong to the status line, a header, a chunk's size or the body.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable
from typing import Any

from shared.crash_points import reached
from worker_service.calling.addresses import Resolve


class Deadline:
    """The deadline of the call in progress on one connection, and whether a byte of it may have left."""

    __slots__ = ("_at", "sent")

    def __init__(self) -> None:
        self._at = 0.0
        self.sent = False

    def begin(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds
        self.sent = False

    def remaining(self) -> float:
        """Seconds left, more than 0. Raises TimeoutError when none are."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the call's deadline has passed")
        return left

    @property
    def passed(self) -> bool:
        return time.monotonic() >= self._at


class DeadlineSocket(socket.socket):
    """A TCP socket whose every operation ends by the deadline."""

    deadline: Deadline

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(self.deadline.remaining())
        return super().recv_into(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        self.settimeout(self.deadline.remaining())
        self.deadline.sent = True
        super().sendall(*args, **kwargs)
        reached("after_send")


class DeadlineTLSSocket(ssl.SSLSocket):
    """The same above TLS. Until it is told its deadline it does the handshake, within the time-out it inherits."""

    deadline: Deadline | None = None

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        if self.deadline is not None:
            self.settimeout(self.deadline.remaining())
        return super().recv_into(*args, **kwargs)

    def send(self, *args: Any, **kwargs: Any) -> int:
        if self.deadline is not None:
            self.settimeout(self.deadline.remaining())
            self.deadline.sent = True
        sent = super().send(*args, **kwargs)
        reached("after_send")
        return sent


def dial(
    host: str, port: int, deadline: Deadline, options: Iterable[tuple[int, int, Any]], resolve: Resolve
) -> DeadlineSocket:
    """A connected socket. Each address gets its share of the time left, so that a dead one leaves some to the next.

    Raises OSError (also for a name that is not found) and UnicodeError (for one that cannot be).
    """
    addresses = resolve(host, port)
    failure: OSError = OSError("the name has no address")
    for position, (family, kind, protocol, _, address) in enumerate(addresses):
        connection = DeadlineSocket(family, kind, protocol)
        connection.deadline = deadline
        try:
            for option in options:
                connection.setsockopt(*option)
            connection.settimeout(deadline.remaining() / (len(addresses) - position))
            connection.connect(address)
            connection.settimeout(deadline.remaining())
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    raise failure
