"""gunicorn's threads, for requests that have arrived: whoever sends slowly waits without one."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future
from functools import partial
from selectors import EVENT_READ
from socket import socket
from typing import Any, Final

from gunicorn.http.errors import LimitRequestHeaders  # type: ignore[import-untyped]
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER  # type: ignore[import-untyped]

from api_service.arrival import Arrival
from api_service.connection import Connection
from api_service.leaving_worker import LeavingWorker
from api_service.server_problems import TOO_SLOW

REQUEST_SECONDS: Final = 15.0
"""From a request's first byte to its last."""
CROWDED: Final = 0.9
"""Of the connections that a process may have; above it some make room for others."""
NEW_SECONDS: Final = 1.0
"""How long an idle connection is never made to: its request may be here already, and not read yet."""


class ReceivingWorker(LeavingWorker):
    """A loop that receives requests whole.

    A connection is idle (gunicorn's `keepalived_conns`), arrives (`pending_conns`), is answered by a thread and leaves.
    """

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        """Raises RuntimeError for what it cannot do; gunicorn ends with its words."""
        if cfg.is_ssl:
            raise RuntimeError("TLS ends at the proxy: start without a certificate")
        super().check_config(cfg, log)

    def accept(self, listener: Any) -> bool:
        """Takes a connection, which is idle until its first byte; whether there was one."""
        try:
            client, address = listener.accept()
        except OSError:
            return False  # gone already, or another process was faster
        self.nr_conns += 1
        conn = Connection(self.cfg, client, address, listener.getsockname(), self.linger)
        conn.set_timeout()
        if not self.alive:
            conn.timeout = min(conn.timeout, time.monotonic() + STOP_KEEPALIVE_LINGER)
        self.keepalived_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_client_socket_readable, conn))
        return True

    def on_client_socket_readable(self, conn: Connection, client: socket) -> None:
        """A request begins on an idle connection."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._begin(conn, conn.receive())

    def on_pending_socket_readable(self, conn: Connection, client: socket) -> None:
        """More of a request arrives."""
        received = conn.receive()
        if self._is_more_to_come(conn, received):
            return
        self.poller.unregister(client)
        self.pending_conns.remove(conn)
        self._go_on(conn, received)

    def _begin(self, conn: Connection, received: bytes | None) -> None:
        conn.arrival = Arrival()
        conn.timeout = time.monotonic() + REQUEST_SECONDS
        if self._is_more_to_come(conn, received):
            self.pending_conns.append(conn)
            self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))
        else:
            self._go_on(conn, received)

    def _is_more_to_come(self, conn: Connection, received: bytes | None) -> bool:
        if received is None:
            return True
        if not received or conn.arrival.take(received):
            return False
        if conn.arrival.expects_word:
            conn.tell_to_go_on()
        return True

    def _go_on(self, conn: Connection, received: bytes | None) -> None:
        if received:
            self.enqueue_req(conn)
        else:
            self.nr_conns -= 1
            conn.close()

    def handle(self, conn: Connection) -> Any:
        """Answers one request, in a thread; whether the connection can be used again."""
        conn.data_ready = True
        conn.initialized = False  # each request has a parser of its own, which reads it and nothing else
        conn.parser = None
        if conn.arrival.head_is_too_long:
            self.handle_error(None, conn.sock, conn.client, LimitRequestHeaders("no end"))
            return False
        with conn.sock.gathering():
            reusable = super().handle(conn)
        conn.surplus = conn.parser.unreader.take_buffered() if reusable else b""
        return reusable

    def handle_request(self, req: Any, conn: Connection) -> Any:
        """Announces that a connection closes on which the next request could not be told from this one's body."""
        if conn.arrival.is_cut:
            req.force_close()
        return super().handle_request(req, conn)

    def answered(self, conn: Connection, fs: Future[Any]) -> None:
        """The next request may be here already."""
        super().answered(conn, fs)
        if conn.surplus and self.keepalived_conns and self.keepalived_conns[-1] is conn:
            self.poller.unregister(conn.sock)
            self.keepalived_conns.pop()
            received, conn.surplus = conn.surplus, b""
            self._begin(conn, received)

    def murder_keepalived(self, force: bool = False) -> None:
        """Ends what is idle too long, and in a crowd what is in the way; called at each turn of the loop."""
        super().murder_keepalived(force)
        while self.nr_conns > CROWDED * self.worker_connections:
            in_the_way = self._in_the_way()
            if not in_the_way:
                break
            self._drop(in_the_way.popleft())

    def _in_the_way(self) -> deque[Connection]:
        """Whose first is to go: who has been idle longest, else who sends slowest, else who reads slowest."""
        idle: deque[Connection] = self.keepalived_conns
        sending: deque[Connection] = self.pending_conns
        if idle and idle[0].idle_since <= time.monotonic() - NEW_SECONDS:
            return idle
        return sending or self.leaving

    def murder_pending(self) -> None:
        """Ends what arrives too long; called at each turn of the loop."""
        super().murder_pending()
        while self.pending_conns and self.pending_conns[0].timeout <= time.monotonic():
            conn = self.pending_conns.popleft()
            self.poller.unregister(conn.sock)
            self.refuse(conn, TOO_SLOW)
