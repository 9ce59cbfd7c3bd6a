"""Sealing the audit on a tick, and saying in the log, which is outside the database, how far the chain reaches."""

from __future__ import annotations

import time
from functools import partial
from typing import Final

from shared.crash_points import reached
from shared.db import audit_chain
from shared.db.audit_chain import Sealed
from shared.db.engine import Session
from shared.db.retrying import transact
from shared.domain.sealing import Seal
from shared.log import get_logger
from worker_service.service import Service

log = get_logger(__name__)

TICK_SECONDS: Final = 5.0
BATCH: Final = 1_000
"""Rows sealed in one transaction."""
SECONDS: Final = 20.0
"""A tick begins no transaction after so long; the next one goes on."""


class Sealer:
    """Seals for one process, and remembers which end of the chain that process logged last.

    A process that dies between its commit and its line leaves the line to the next tick of any other.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._logged = 0

    def seal_due(self) -> int:
        """Seals until nothing waits, or until its time is over; answers how many rows it sealed.

        Ids rise from step to step, and the next tick begins anew with the rows that committed late.
        """
        until = time.monotonic() + SECONDS
        added, after, behind = 0, None, 0.0
        while (step := transact(self._service.sessions, partial(_step, after=after))) is not None:
            added, after, behind = added + step.added, step.last_id, max(behind, step.behind_seconds)
            if step.added:
                reached("after_seal")
            if step.whole or time.monotonic() > until:
                self._log(step.head, added, behind)
                break
        return added

    def _log(self, head: Seal | None, added: int, behind_seconds: float) -> None:
        """`payday audit verify --heads` reads these lines."""
        if head is None or head.position == self._logged:
            return
        log.info(
            "audit sealed",
            position=head.position,
            hash=head.hash.hex(),
            sealed_at=head.sealed_at,
            rows=added,
            behind_seconds=round(behind_seconds, 1),
        )
        self._logged = head.position


def _step(session: Session, after: int | None) -> Sealed | None:
    step = audit_chain.seal_some(session, after=after, most=BATCH)
    if step is not None and step.added:
        reached("before_seal_commit")
        reached("in_seal_commit")
    return step
