"""Taking payments: what a send does, by the mode, the key's past and the faults."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

from deploy.local.bank import results
from deploy.local.bank.faults import Fault
from deploy.local.bank.ledger import Ledger
from deploy.local.bank.options import BankOptions, Mode
from deploy.local.bank.payments import Payment, Rejected
from deploy.local.bank.records import DECLINED, Accepted, Record
from deploy.local.bank.results import Result


class Plan(NamedTuple):
    """When a payment of this call is made: now, after so many seconds, or never.

    `answer_waits`: the client hears of it only then.
    """

    commit: bool = True
    after_seconds: float = 0.0
    hidden: bool = False
    answer_waits: bool = False


class Till:
    """Decides about each send. `accepted` is given what is to be settled later."""

    def __init__(self, options: BankOptions, ledger: Ledger) -> None:
        self._honours_keys = options.mode is Mode.KEY
        self._window_seconds = options.key_window_seconds
        self._processing_seconds = options.processing_seconds
        self._ledger = ledger
        self._prefix = f"pay_{time.time_ns():x}_"
        self._numbers = 0

    def plan(self, fault: Fault | None) -> Plan:
        """What a fault (of the call, or of the payment) means for the payment itself."""
        if fault is not None:
            if not fault.commit:
                return Plan(commit=False)
            if fault.commit_after_seconds is not None:
                return Plan(after_seconds=fault.commit_after_seconds, hidden=fault.hidden)
            if fault.kind == "latency" and fault.when == "before":
                return Plan(after_seconds=fault.seconds or 0, hidden=fault.hidden, answer_waits=True)
        return Plan(after_seconds=self._processing_seconds, answer_waits=True)

    def take(
        self, at: float, entry: Payment | Rejected, plan: Plan, fault: Fault | None, accepted: list[Accepted]
    ) -> Result:
        """One send, in the journal and done (or planned), and what is to be said about it."""
        kind = fault.kind if fault else None
        if kind == "refuse_key":
            self._ledger.note_send(at, entry.key, entry.digest, results.KEY_REUSED)
            return results.refused(entry.key, results.KEY_REUSED, 422)
        if kind == "forget_key":
            self._ledger.forget(at, entry.key)
        elif self._honours_keys and kind != "ignore_key" and not self._ledger.is_new(entry.key):
            known = self._again(at, entry)
            if known is not None:
                return known
        if isinstance(entry, Rejected):
            self._ledger.note_send(at, entry.key, entry.digest, f"rejected {entry.code}")
            return results.declined(entry.key, entry.code, 422)
        decline = fault if fault is not None and kind == "decline" else None
        return self._new(at, entry, plan, decline, accepted)

    def settle(self, accepted: Sequence[Accepted]) -> None:
        """What was under way is paid or declined, in one write."""
        at = time.time()
        for one in accepted:
            self._ledger.settle(at, one)
        self._ledger.journal.flush()

    def remembers(self, record: Record, at: float) -> bool:
        return at - record.at <= self._window_seconds

    def _new(self, at: float, payment: Payment, plan: Plan, decline: Fault | None, accepted: list[Accepted]) -> Result:
        self._numbers += 1
        payment_id = f"{self._prefix}{self._numbers:x}"
        code = decline.code if decline else None
        status = (decline.status if decline else None) or 402
        if not plan.commit:
            self._ledger.note_send(at, payment.key, payment.digest, "not executed")
        elif plan.after_seconds:
            one = Accepted(payment, payment_id, at + plan.after_seconds, code, status, plan.hidden)
            self._ledger.accept(at, one)
            accepted.append(one)
        elif code is not None:
            self._ledger.decline(at, payment, code, status)
        else:
            self._ledger.pay(at, payment, payment_id)
        if code is not None:
            return results.declined(payment.key, code, status)
        return results.paid(payment.key, payment_id, payment.amount)

    def _again(self, at: float, entry: Payment | Rejected) -> Result | None:
        """What a key that is known answers; None when it may be paid."""
        record = self._ledger.last_word(entry.key)
        if record is not None and record.payment is not None and self.remembers(record, at):
            return self._replay(at, entry, record, record.payment)
        under_way = self._ledger.under_way_for(entry.key)
        if under_way is None:
            return None
        code = results.IN_PROGRESS
        if isinstance(entry, Rejected) or entry.content != under_way.payment.content:
            code = results.KEY_REUSED
        self._ledger.note_send(at, entry.key, entry.digest, code)
        return results.refused(entry.key, code, 409 if code == results.IN_PROGRESS else 422)

    def _replay(self, at: float, entry: Payment | Rejected, record: Record, first: Payment) -> Result:
        if isinstance(entry, Rejected) or entry.content != first.content:
            self._ledger.note_send(at, entry.key, entry.digest, results.KEY_REUSED)
            return results.refused(entry.key, results.KEY_REUSED, 422)
        self._ledger.note_send(at, entry.key, entry.digest, "replayed")
        if record.kind in DECLINED:
            return results.declined(entry.key, record.word, record.http_status)
        return results.paid(entry.key, record.word, entry.amount, replayed=True)
