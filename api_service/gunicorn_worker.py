"""gunicorn's worker: it drains when it is told to stop, and neither a database nor a crowd holds it."""

from __future__ import annotations

import signal
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Final

from api_service.connection import Connection
from api_service.draining import draining
from api_service.lane import Lane
from api_service.receiving_worker import ReceivingWorker
from api_service.server_problems import OVERLOADED
from api_service.service import NAME
from shared.db import patience

DATABASE_SECONDS: Final = 12.0
"""For one answer of the database: above its own lock_timeout, so that it can say itself what is in the way."""
PROBES: Final = (b"GET /healthz ", b"GET /readyz ")
"""Each has a thread of its own: a database that holds all others must not look like a process that is dead, and
probes that a database holds must not refuse all others."""


class Worker(ReceivingWorker):
    """One process of the API."""

    alive: bool
    wsgi: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.drain_seconds = 0.0
        self.stops_at: float | None = None
        self.taken_for_the_masters: SimpleQueue[int] = SimpleQueue()

    def init_process(self) -> None:
        """Runs until the worker ends."""
        patience.end_waits(DATABASE_SECONDS)
        # As attributes of their own: each request asks for two dozen, and gunicorn's way is three calls for one.
        self.cfg.__dict__.update({name: setting.get() for name, setting in self.cfg.settings.items()})
        self.probe_lanes = {probe: Lane(ThreadPoolExecutor(1), threads=1) for probe in PROBES}
        super().init_process()

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """The threads of all requests that are no probes."""
        threads: ThreadPoolExecutor = super().get_thread_pool()
        self.lane = Lane(threads, self.cfg.threads)
        return threads

    def load_wsgi(self) -> None:
        """The app knows how long its process is to drain."""
        # Of gunicorn's app: SIGTERM, which may come at any moment from now on, puts another in the place of ours.
        self.drain_seconds = self.app.wsgi().extensions[NAME].settings.drain_seconds
        super().load_wsgi()
        if self.stops_at is not None:
            self.wsgi = draining(self.wsgi)
        elif self._was_told_to_stop():
            self.handle_exit(signal.SIGTERM, None)

    def _was_told_to_stop(self) -> bool:
        """Whether SIGTERM came between the fork and this worker's own handlers: until then a signal goes where the
        master's go, in this process's copy, and nobody would look. The stop would wait for the whole graceful time."""
        told = False
        with suppress(Empty):
            while True:
                told |= self.taken_for_the_masters.get_nowait() == signal.SIGTERM
        return told

    def handle_exit(self, sig: int, frame: Any) -> None:
        """SIGTERM: /readyz says no, and each connection is closed with its next answer, for the time of draining;
        then nothing new is accepted. Sent again, as to a whole group, it changes nothing."""
        if self.stops_at is None:
            self.stops_at = time.monotonic() + self.drain_seconds
            self.max_keepalived = 0
            self.wsgi = draining(self.wsgi)
            self.method_queue.defer(lambda: None)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """One turn of the loop."""
        if self.alive and self.stops_at is not None:
            timeout = min(timeout, max(0.0, self.stops_at - time.monotonic()))
        super().wait_for_and_dispatch_events(timeout)
        if self.stops_at is not None and time.monotonic() >= self.stops_at:
            self.alive = False

    def set_accept_enabled(self, enabled: bool) -> None:
        """At the end takes what the system accepted for us, so that only who comes later is refused."""
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                while self.accept(listener):
                    pass
                listener.close()

    def is_parent_alive(self) -> bool:
        """Without gunicorn's master nothing new is accepted, and each connection is closed with its next answer: who
        is started in its place needs the port."""
        is_alive: bool = super().is_parent_alive()
        self.alive = self.alive and is_alive
        return is_alive

    def enqueue_req(self, conn: Connection) -> None:
        """Gives a request that has arrived to a thread."""
        probed = (lane for probe, lane in self.probe_lanes.items() if conn.arrival.starts_with(probe))
        lane = next(probed, self.lane)
        if lane.is_full:
            self.refuse(conn, OVERLOADED)
            return
        future = lane.enter(self.handle, conn)
        future.add_done_callback(lambda done: self.method_queue.defer(self.leave_lane, lane, conn, done))

    def leave_lane(self, lane: Lane, conn: Connection, fs: Future[Any]) -> None:
        """Back in the loop."""
        lane.leave()
        self.finish_request(conn, fs)
