"""What comparing with the provider's record changes: open payments are settled, differences are kept (rule K9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from shared.db import audit, reconcile_items
from shared.db.audit import Act, Action
from shared.db.engine import Session
from shared.db.errors import perform
from shared.db.proofs import Proof, Reception
from shared.db.reconcile_items import Item
from shared.domain.listed import Listed
from shared.domain.money import format_amount
from shared.domain.payments import SOFT_DECLINES, Answer, AnswerKind
from shared.domain.reconciliation import Booked, Finding, Kind
from shared.log import get_logger
from worker_service.late_proofs import receive
from worker_service.reconcile_report import Report
from worker_service.service import Service

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Settling:
    """Writes for one comparison, which `act` asked for, or nothing if it is `dry`. `can_ask`: the provider can be asked
    about a key.
    """

    service: Service
    act: Act
    dry: bool
    can_ask: bool

    def ask(self, booked: Booked) -> Answer:
        """What the provider says of a key; no answer where it cannot be asked."""
        if not self.can_ask:
            return Answer(AnswerKind.NO_ANSWER)
        return self.service.gateway.ask(booked.key, format_amount(booked.amount, booked.currency))

    def settle(self, report: Report, finding: Finding) -> None:
        """Applies the provider's word on a key that its event waits for."""
        if self.dry:
            report.add_settled(finding)
            return
        reception = receive(self.service, self._proof(finding))
        if reception is Reception.APPLIED:
            report.add_settled(finding)
        elif reception is Reception.CONTRADICTS and finding.listed is not None and finding.listed.paid:
            report.add_difference(finding._replace(kind=Kind.PAID_THERE))

    def keep(self, report: Report, *, close_others: bool) -> None:
        """Makes an item of every difference, once, and an alert of every new one.

        `close_others`: the open items of the day that were not found again are settled.
        """
        if self.dry or not report.is_whole:
            return
        identities = [item_of(finding).identity for finding in report.differences]
        known = perform(self.service.sessions, lambda session: reconcile_items.known_open(session, identities))
        for finding in list(report.differences):
            if item_of(finding).identity not in known:
                self._announce(report, finding)
        items = {item.identity: item for item in map(item_of, report.differences)}

        def work(session: Session) -> None:
            opened = reconcile_items.record(session, report.day, list(items.values()))
            self._record(session, "reconcile_item.found", opened, is_open=True)
            if close_others:
                gone = reconcile_items.settle_others(session, report.day, items.keys())
                self._record(session, "reconcile_item.settled", gone, is_open=False)

        perform(self.service.sessions, work)

    def _record(self, session: Session, action: Action, ids: list[UUID], *, is_open: bool) -> None:
        for item in reconcile_items.read(session, ids):
            said = {"kind": item.kind, "day": item.day.isoformat(), "key": item.idempotency_key}
            audit.record(
                session,
                self.act,
                action,
                subject="reconcile_item",
                subject_id=item.id,
                payer_id=(item.ours or item.theirs or {}).get("payerId"),
                before=None if is_open else said | {"open": True},
                after=said | {"open": is_open},
            )

    def _announce(self, report: Report, finding: Finding) -> None:
        """A payment that contradicts a final state is kept as an attempt, so that it can be resolved (rule P2)."""
        booked = finding.booked
        if finding.kind is not Kind.PAID_THERE or booked is None or not booked.has_batch:
            event_id = booked and booked.event_id
            log.error("provider's record differs", alert=True, event_id=event_id, reason=str(finding.kind))
            return
        reception = receive(self.service, self._proof(finding))
        if reception is not Reception.CONTRADICTS:  # it moved since it was compared
            report.drop(finding)
        if reception is Reception.APPLIED:
            report.add_settled(finding)

    def _proof(self, finding: Finding) -> Proof:
        booked, listed = finding.booked, finding.listed
        if booked is None or listed is None:
            raise ValueError("a proof is of an event and a row")
        where = UUID(booked.event_id), date.fromisoformat(booked.event_date), booked.number
        if listed.paid:
            return Proof(*where, paid=True, provider_ref=listed.payment_id)
        code = listed.code or self.ask(booked).code or "declined"
        return Proof(*where, paid=False, code=code, soft=code in SOFT_DECLINES)


def item_of(finding: Finding) -> Item:
    """The item of a difference."""
    booked, listed = finding.booked, finding.listed
    key = booked.key if booked is not None else listed.key if listed is not None else ""
    return Item(
        str(finding.kind),
        key,
        listed.payment_id if listed is not None else "",
        booked and UUID(booked.event_id),
        booked and date.fromisoformat(booked.event_date),
        booked and what_we_say(booked),
        listed and what_they_say(listed),
    )


def what_we_say(booked: Booked) -> dict[str, Any]:
    """An event with its payment, in the words of the REST API."""
    return {
        "status": booked.status,
        "payerId": booked.payer_id,
        "payeeId": booked.payee_id,
        "amount": format_amount(booked.amount, booked.currency),
        "currency": booked.currency,
        "providerRef": booked.provider_ref,
    }


def what_they_say(listed: Listed) -> dict[str, Any]:
    """A row of the provider's record, in its own words."""
    return {
        "status": listed.status,
        "payerId": listed.payer_id,
        "payeeId": listed.payee_id,
        "amount": format_amount(listed.amount, listed.currency),
        "currency": listed.currency,
        "paymentId": listed.payment_id or None,
    }
