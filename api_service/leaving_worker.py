"""gunicorn's threads, without those that an answer would keep: whoever takes it slowly waits without one."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE
from socket import SHUT_WR, socket
from typing import Any, Final

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from api_service.connection import Connection
from api_service.problems import Problem
from api_service.server_problems import problem_of, refuse

UNTAKEN_SECONDS: Final = 20.0
"""How long an answer that its client does not take is kept."""
LINGER_SECONDS: Final = 2.0
"""How long a client may take to close a connection on which nothing more is answered."""


class LeavingWorker(ThreadWorker):  # type: ignore[misc]
    """After its answer a connection leaves until the client has taken it; then it can be used again, or lingers until
    the client closes it. What leaves or lingers too long is ended by the loop."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.leaving: deque[Connection] = deque()
        self.lingering: deque[Connection] = deque()

    def finish_request(self, conn: Connection, fs: Future[Any]) -> None:
        """Back in the loop: the answer may not have left yet."""
        conn.timeout = time.monotonic() + UNTAKEN_SECONDS
        if self._has_left(conn):
            self.answered(conn, fs)
        else:
            self.leaving.append(conn)
            self.poller.register(conn.sock, EVENT_WRITE, partial(self.on_leaving_socket_writable, conn, fs))

    def on_leaving_socket_writable(self, conn: Connection, fs: Future[Any], client: socket) -> None:
        """The client takes more of its answer."""
        if self._has_left(conn):
            self.poller.unregister(client)
            self.leaving.remove(conn)
            self.answered(conn, fs)

    def _has_left(self, conn: Connection) -> bool:
        """Whether there is no more of the answer, or nobody to take it; the rest is found out by who reads next."""
        try:
            return bool(conn.sock.send_kept())
        except OSError:
            return True

    def answered(self, conn: Connection, fs: Future[Any]) -> None:
        """The client has its answer, or has gone."""
        super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """Called at each turn of the loop."""
        now = time.monotonic()
        while self.leaving and self.leaving[0].timeout <= now:
            self._drop(self.leaving.popleft())
        while self.lingering and self.lingering[0].timeout <= now:
            self._let_go(self.lingering[0])

    def linger(self, conn: Connection) -> None:
        """Closes our side, and drops what the client still sends: closing at once could cost it the answer."""
        try:
            conn.sock.shutdown(SHUT_WR)
            conn.sock.setblocking(False)
        except OSError:  # it is closed already
            conn.close()
            return
        conn.timeout = time.monotonic() + LINGER_SECONDS
        self.nr_conns += 1
        self.lingering.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_lingering_socket_readable, conn))

    def on_lingering_socket_readable(self, conn: Connection, _client: socket) -> None:
        """The client closes its side, or sends what nobody reads."""
        if conn.receive() == b"":
            self._let_go(conn)

    def _let_go(self, conn: Connection) -> None:
        self.lingering.remove(conn)
        self._drop(conn)

    def _drop(self, conn: Connection) -> None:
        self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()

    def refuse(self, conn: Connection, problem: Problem) -> None:
        """Answers what no thread answers, and closes."""
        refuse(conn.sock, problem)
        self.nr_conns -= 1
        conn.close(graceful=True)

    def handle_error(self, req: Any, client: socket, addr: Any, exc: Exception) -> None:
        """Answers and logs without gunicorn's words: they repeat the address, which can name a payer."""
        refuse(client, problem_of(exc), type(exc).__name__)
