"""Watching while a batch is paid, so that a close (rule D5) or a shutdown (C5) acts within one call time-out."""

from __future__ import annotations

import threading
from datetime import date
from types import TracebackType

from shared.db import runs
from shared.db.retrying import DatabaseError, transact
from worker_service import shutdown
from worker_service.service import Service

LOOK_SECONDS = 1.0


class RunWatch:
    """Looks once a second from a thread of its own; `stopped` is set as soon as the run, or we, may not pay on."""

    def __init__(self, service: Service, run_date: date) -> None:
        self.stopped = threading.Event()
        self._service = service
        self._run_date = run_date
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="run-watch", daemon=True)

    def __enter__(self) -> threading.Event:
        self._thread.start()
        return self.stopped

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            if shutdown.is_asked() or not self._is_paying():
                self.stopped.set()

    def _is_paying(self) -> bool:
        try:
            return transact(self._service.sessions, lambda session: runs.is_paying(session, self._run_date))
        except DatabaseError:
            # Nobody can say. The lease bounds what is sent; the settlement waits for the database.
            return True
