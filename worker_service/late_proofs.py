"""Proven answers for events that their worker no longer holds (rule K9)."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from shared.crash_points import reached
from shared.db import proofs, runs
from shared.db.clock import business_now
from shared.db.engine import Session
from shared.db.parts import Claim
from shared.db.retrying import transact
from shared.db.verdicts import Verdict
from shared.domain.retries import QUARANTINED
from shared.log import get_logger
from worker_service.service import Service

log = get_logger(__name__)


def prove(service: Service, claim: Claim, verdicts: Mapping[str, Verdict]) -> None:
    """Applies proven answers one by one to events that this worker no longer holds (rule K9).

    One that cannot be written stops no other.
    """
    for proof in proofs_of(claim, verdicts):
        try:
            receive(service, proof)
        except Exception as error:  # noqa: BLE001 - the others are money, too
            name, event_id = type(error).__name__, str(proof.event_id)
            log.error("proof not kept", alert=True, event_id=event_id, paid=proof.paid, reason=name)


def proofs_of(claim: Claim, verdicts: Mapping[str, Verdict]) -> list[proofs.Proof]:
    """What the verdicts on a claim's events prove: nothing if it is unknown, or if we could not write the payment, for
    whoever took over may have sent it."""
    attempts = {event.id: event.attempt for event in [*claim.fresh, *claim.doubtful]}
    return [
        proofs.Proof(
            UUID(event_id),
            claim.span.date,
            attempts[event_id],
            paid=verdict.status == "paid",
            code=verdict.code,
            soft=verdict.soft,
            provider_ref=verdict.note,
        )
        for event_id, verdict in verdicts.items()
        if verdict.status != "unknown" and verdict.code != QUARANTINED
    ]


def receive(service: Service, proof: proofs.Proof) -> proofs.Reception:
    """Applies one proof in its own transaction; a contradiction is an alert."""

    def work(session: Session) -> proofs.Reception:
        gate = runs.enter(session, business_now(session, service.settings.business), proof.event_date)
        reception = proofs.apply(session, gate, proof, provider=service.settings.provider.name)
        reached("in_proof_commit")
        return reception

    reached("before_proof")
    reception = transact(service.sessions, work, patience_seconds=service.settings.lease_seconds)
    reached("after_proof")
    if reception is proofs.Reception.CONTRADICTS:
        log.error("proof contradicts", alert=True, event_id=str(proof.event_id), number=proof.number, paid=proof.paid)
    return reception
