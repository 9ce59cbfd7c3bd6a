"""An end to waiting for PostgreSQL. A server that is frozen, or behind a network that swallows everything, says
nothing: no statement_timeout ends the wait for it, and its kernel goes on acknowledging."""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from psycopg2 import OperationalError
from psycopg2.extensions import POLL_OK, POLL_READ, STATUS_SETUP, connection, set_wait_callback

from shared.db.engine import CONNECT_TIMEOUT_SECONDS

CONNECTING: Final = 20
"""psycopg2's word for a connection that is being made; it has no name for it."""


class _Shorter(threading.local):
    """What this thread waits instead."""

    seconds: float | None = None


_shorter: Final = _Shorter()


def end_waits(seconds: float) -> None:
    """From now on no answer to any connection of this process is waited for longer: then it is an OperationalError,
    and the connection is closed. Making a connection ends after CONNECT_TIMEOUT_SECONDS, which libpq would not see to
    any more."""

    def wait(connection: connection) -> None:
        wanted = seconds if _shorter.seconds is None else _shorter.seconds
        if connection.status in (STATUS_SETUP, CONNECTING):
            wanted = min(wanted, CONNECT_TIMEOUT_SECONDS)
        _wait(connection, time.monotonic() + wanted)

    set_wait_callback(wait)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Within it this thread waits no longer than so many seconds for each answer, if waits end at all."""
    before, _shorter.seconds = _shorter.seconds, seconds
    try:
        yield
    finally:
        _shorter.seconds = before


def _wait(connection: connection, give_up_at: float) -> None:
    while (state := connection.poll()) != POLL_OK:
        poller = select.poll()
        poller.register(connection.fileno(), select.POLLIN if state == POLL_READ else select.POLLOUT)
        if not poller.poll(max(0.0, give_up_at - time.monotonic()) * 1000):
            raise OperationalError("no answer in time")
