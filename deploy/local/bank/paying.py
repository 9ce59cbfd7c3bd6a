"""`POST /payments` and `POST /payments/batch`: from a body that was read to a reply."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from math import ceil

from deploy.local.bank.delivery import ON_THE_WIRE
from deploy.local.bank.fault_book import FaultBook, Subject
from deploy.local.bank.faults import Fault
from deploy.local.bank.ledger import Ledger
from deploy.local.bank.messages import Reply, Response
from deploy.local.bank.payments import Payment, Rejected
from deploy.local.bank.records import Accepted
from deploy.local.bank.results import Result, batch_response
from deploy.local.bank.spoiling import batch_entries, call_answer, single_answer
from deploy.local.bank.till import Till

Entry = Payment | Rejected
Taken = list[tuple[Result, Fault | None]]


class Counter:
    """Takes the payments of a call, has them written, and words the reply."""

    def __init__(self, ledger: Ledger, till: Till, book: FaultBook, latency_seconds: float) -> None:
        self._ledger = ledger
        self._till = till
        self._book = book
        self._latency_seconds = latency_seconds

    def single(self, entry: Entry) -> Reply:
        call = self._call_fault("single", [entry])
        taken, waiting = self._take("single", [entry], call)
        result, fault = taken[0]
        return self._reply(single_answer(result, fault), call, taken, waiting)

    def batch(self, entries: Sequence[Entry]) -> Reply:
        call = self._call_fault("batch", entries)
        taken, waiting = self._take("batch", entries, call)
        texts = [text for result, fault in taken for text in batch_entries(result, fault)]
        return self._reply(batch_response(texts), call, taken, waiting)

    def settle_later(self, accepted: Sequence[Accepted]) -> None:
        """Pays what is under way when it is due, whoever has gone meanwhile."""
        loop = asyncio.get_running_loop()
        for due_at, together in groupby(sorted(accepted, key=_due_at), key=_due_at):
            loop.call_later(max(0.0, due_at - time.time()), self._till.settle, list(together))

    def _take(self, form: str, entries: Sequence[Entry], call: Fault | None) -> tuple[Taken, list[Accepted]]:
        """Every payment of the call, journaled with one write before anything is answered.

        Returns also what the answer has to wait for.
        """
        at = time.time()
        normal = self._till.plan(None)
        plan = normal if call is None or call.kind == "half_batch" else self._till.plan(call)
        unanswered = _unanswered(call, len(entries))
        waiting: list[Accepted] = []
        later: list[Accepted] = []
        taken: Taken = []
        for place, entry in enumerate(entries):
            fault = unanswered.get(place)
            if fault is None and not self._book.empty:
                fault = self._entry_fault(form, entry)
            own = self._till.plan(fault) if fault is not None and plan == normal else plan
            result = self._till.take(at, entry, own, fault, waiting if own.answer_waits else later)
            taken.append((result, fault))
        self._ledger.journal.flush()
        if later:
            self.settle_later(later)
        return taken, waiting

    def _reply(self, response: Response, call: Fault | None, taken: Taken, waiting: list[Accepted]) -> Reply:
        reply = Reply(call_answer(response, call, taken[0][0].key))
        reply.delay_seconds = self._latency_seconds + max(
            (fault.delay_seconds for _, fault in taken if fault), default=0.0
        )
        if call is not None:
            reply.fault = call if call.kind in ON_THE_WIRE else None
            reply.delay_seconds += delay_of(call)
        if waiting:
            reply.settle_seconds = waiting[0].due_at - time.time()
            reply.settle = lambda: self._till.settle(waiting)
        return reply

    def _call_fault(self, form: str, entries: Sequence[Entry]) -> Fault | None:
        if self._book.empty:
            return None
        payer_ids = {entry.payer_id for entry in entries if isinstance(entry, Payment)}
        key = entries[0].key
        return self._book.for_call(Subject(form, payer_ids, key, self._ledger.sends_of(key) + 1))

    def _entry_fault(self, form: str, entry: Entry) -> Fault | None:
        payer_ids = (entry.payer_id,) if isinstance(entry, Payment) else ()
        return self._book.for_entry(Subject(form, payer_ids, entry.key, self._ledger.sends_of(entry.key) + 1))


def delay_of(fault: Fault) -> float:
    """How long a fault of the whole call keeps the answer back."""
    late = fault.seconds if fault.kind == "latency" and fault.when == "after" else None
    return fault.delay_seconds + (late or 0.0)


def _unanswered(call: Fault | None, count: int) -> dict[int, Fault]:
    """The payments of half a batch that its answer leaves out, by their place."""
    if call is None or call.kind != "half_batch":
        return {}
    return dict.fromkeys(range(ceil(count * call.keep), count), replace(call, kind="missing"))


def _due_at(accepted: Accepted) -> float:
    return accepted.due_at
