"""Watching while a batch is paid, so that a close (rule D5), a pause, a hold (P3), a provider that another worker
found down, or a shutdown (C5) acts within one call time-out."""

from __future__ import annotations

import threading
from datetime import date
from types import TracebackType
from typing import Self

from shared.db import holds, providers, runs
from shared.db.engine import Session
from shared.db.holds import Holds
from shared.db.retrying import DatabaseError, transact
from shared.domain.payments import Payment
from worker_service import shutdown
from worker_service.service import Service

LOOK_SECONDS = 1.0


class RunWatch:
    """Looks once a second from a thread of its own.

    `stopped` is set as soon as the run, or we, may not pay on, or the provider is shut. What was held before the
    first look is for the claim to leave out.
    """

    def __init__(self, service: Service, run_date: date) -> None:
        self.stopped = threading.Event()
        self._service = service
        self._run_date = run_date
        self._holds = Holds()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="run-watch", daemon=True)

    def may_send(self, payment: Payment) -> bool:
        """Whether no hold covers the payment, by the latest look; asked by all threads that send."""
        return not self._holds.covers(payment.payer_id, payment.payee_id)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            if shutdown.is_asked() or not self._may_go_on():
                self.stopped.set()

    def _may_go_on(self) -> bool:
        try:
            return transact(self._service.sessions, self._look)
        except DatabaseError:
            # Nobody can say. The lease bounds what is sent; the settlement waits for the database.
            return True

    def _look(self, session: Session) -> bool:
        self._holds = holds.active(session)
        return runs.is_paying(session, self._run_date) and not providers.is_shut(
            session, self._service.settings.provider.name
        )
