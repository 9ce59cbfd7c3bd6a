"""A worker, step by step: take a batch, send what was claimed, settle it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from shared.db import claims
from shared.db.parts import Claim
from shared.db.retrying import transact
from worker_service import pay
from worker_service.decisions import Decisions, decide
from worker_service.orders import orders
from worker_service.service import Service


def taking(service: Service, batch_id: int) -> Callable[[Session], Claim | None]:
    """What takes a batch, for a transaction of the test's own."""
    settings = service.settings
    given: dict[str, Any] = {"clock": settings.business, "provider": settings.provider}
    return lambda session: claims.take(session, batch_id, worker="test", lease_seconds=120, **given)


def take(service: Service, batch_id: int) -> Claim | None:
    """Takes a batch and commits."""
    return transact(service.sessions, taking(service, batch_id))


def send(service: Service, claim: Claim) -> Decisions:
    """Sends what was claimed; what that means for its events."""
    written = orders(service.settings, claim)
    results = service.gateway.make_payments(
        written.payments, last_start=time.monotonic() + 5, ambiguous_before=written.sent_before
    )
    return decide(claim, written, results)


def send_and_settle(service: Service, claim: Claim) -> int:
    """What a worker does with its claim."""
    return pay.settle_claim(service, claim, send(service, claim))
