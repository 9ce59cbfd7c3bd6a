"""What can be asked: one payment, the record, the journal and what it adds up to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from deploy.local.bank import asking
from deploy.local.bank.asking import CursorRefused, Page
from deploy.local.bank.delivery import ON_THE_WIRE
from deploy.local.bank.fault_book import FaultBook, Subject
from deploy.local.bank.ledger import Ledger
from deploy.local.bank.messages import Reply, Request, Response, json_response
from deploy.local.bank.options import BankOptions, Mode
from deploy.local.bank.paying import delay_of
from deploy.local.bank.results import PROCESSING
from deploy.local.bank.routes import Refused
from deploy.local.bank.spoiling import call_answer, single_answer

_MOST_ROWS = 10_000
_ROWS = "1000"
_KINDS = ("payments", "sends", "declines")


class QuestionRoutes:
    """Answers from the ledger and the journal; changes nothing but by the fault `forget_key`."""

    def __init__(self, options: BankOptions, ledger: Ledger, book: FaultBook) -> None:
        self._mode = options.mode
        kept = options.record_seconds
        self._record_seconds = options.key_window_seconds if kept is None else kept
        self._latency_seconds = options.latency_ms / 1000
        self._ledger = ledger
        self._book = book

    def ask(self, request: Request) -> Reply:
        key = request.path.removeprefix("/payments/")
        known = self._ledger.last_word(key)
        payer_ids = (known.payment.payer_id,) if known is not None and known.payment is not None else ()
        subject = Subject("ask", payer_ids, key, self._ledger.sends_of(key))
        return self._reply(subject, self._answer(subject))

    def statement(self, request: Request) -> Reply:
        first, last = _date(request, "from", date.min), _date(request, "to", date.max)
        rows, cursor = _page(
            request, lambda at, limit: asking.statement_page(self._ledger.journal, first, last, at, limit)
        )
        response = json_response(200, {"payments": rows, "nextCursor": cursor})
        return self._reply(Subject("list", (), "", 0), response)

    def journal(self, request: Request) -> Response:
        kind = request.query.get("kind", "payments")
        if kind not in _KINDS:
            raise Refused(400, code="kind_invalid")
        rows, cursor = _page(request, lambda at, limit: asking.journal_page(self._ledger.journal, kind, at, limit))
        return json_response(200, {kind: rows, "nextCursor": cursor})

    def summary(self, request: Request) -> Response:
        counts = {
            "distinctKeys": self._ledger.distinct_keys(),
            "underWay": len(self._ledger.under_way),
        }
        return json_response(200, {"mode": self._mode} | counts | self._ledger.totals.summary())

    def _answer(self, subject: Subject) -> Response:
        if self._mode is Mode.NONE:
            return json_response(404, {"code": "not_supported"})
        fault = self._book.for_entry(subject)
        asking.forget_when_asked(self._ledger, subject.key, fault)
        result = asking.payment_by_key(self._ledger, subject.key, self._record_seconds)
        if result is None:
            return json_response(404, {"code": "payment_not_found", "idempotencyKey": subject.key})
        if result.status == PROCESSING:
            return json_response(200, {"status": PROCESSING})
        return single_answer(result, fault)

    def _reply(self, subject: Subject, response: Response) -> Reply:
        fault = self._book.for_call(subject)
        reply = Reply(call_answer(response, fault, subject.key), delay_seconds=self._latency_seconds)
        if fault is not None:
            reply.fault = fault if fault.kind in ON_THE_WIRE else None
            reply.delay_seconds += delay_of(fault)
        return reply


def _page(request: Request, page: Callable[[str, int], Page]) -> Page:
    limit = request.query.get("limit", _ROWS)
    if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit) <= _MOST_ROWS:
        raise Refused(400, code="limit_invalid")
    try:
        return page(request.query.get("cursor", ""), int(limit))
    except CursorRefused as refused:
        raise Refused(400, code="cursor_invalid") from refused


def _date(request: Request, name: str, default: date) -> date:
    text = request.query.get(name)
    try:
        return default if text is None else date.fromisoformat(text)
    except ValueError as problem:
        raise Refused(400, code=f"{name}_invalid") from problem
