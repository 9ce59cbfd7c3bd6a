"""One bank from its first line to its last: parts put together, signals, and the line that says ready."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import uvloop

from deploy.local.bank.fault_book import FaultBook
from deploy.local.bank.fault_routes import FaultRoutes
from deploy.local.bank.journal import Journal
from deploy.local.bank.ledger import Ledger
from deploy.local.bank.listening import Door
from deploy.local.bank.messages import Request, Response, json_response
from deploy.local.bank.options import BankOptions
from deploy.local.bank.outage import Outage
from deploy.local.bank.paying import Counter
from deploy.local.bank.payment_routes import PaymentRoutes
from deploy.local.bank.question_routes import QuestionRoutes
from deploy.local.bank.routes import Methods, Routes
from deploy.local.bank.till import Till
from deploy.local.stopping import ignore_signals, stop_signalled


def run_bank(options: BankOptions, ready: Callable[[str], None]) -> None:
    """Serves until SIGTERM or SIGINT, which it takes for itself.

    `ready` is called with the URL once clients are let in. Raises JournalRefused, SpecRefused (a fault that
    makes no sense) and OSError (the port is taken).
    """
    journal = Journal(options.journal, fsync=options.fsync)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(options, journal, ready))
    finally:
        journal.close()


async def _serve(options: BankOptions, journal: Journal, ready: Callable[[str], None]) -> None:
    stop = stop_signalled()
    door = Door(options.host, options.port)
    ledger = Ledger(journal)
    book = FaultBook(options.seed)
    outage = Outage(door.close, door.open)
    counter = Counter(ledger, Till(options, ledger), book, options.latency_ms / 1000)
    faults = FaultRoutes(book, outage)
    door.answer = Routes(
        _actions(PaymentRoutes(options, counter), QuestionRoutes(options, ledger, book), faults),
        options.token,
        outage,
    )
    await door.open()
    faults.add([*_declines(options), *options.faults])
    counter.settle_later(list(ledger.under_way.values()))
    ready(door.url)
    await stop.wait()
    await door.close()
    ignore_signals()


def _actions(payments: PaymentRoutes, questions: QuestionRoutes, faults: FaultRoutes) -> dict[str, Methods]:
    return {
        "/payments": {"GET": questions.statement, "POST": payments.pay},
        "/payments/batch": {"POST": payments.pay_batch},
        "/payments/*": {"GET": questions.ask},
        "/journal": {"GET": questions.journal},
        "/journal/summary": {"GET": questions.summary},
        "/admin/faults": {"GET": faults.show, "POST": faults.post, "DELETE": faults.clear},
        "/healthz": {"GET": _healthy},
    }


def _healthy(_: Request) -> Response:
    return json_response(200, {"status": "ok"})


def _declines(options: BankOptions) -> list[dict[str, str]]:
    return [{"fault": "decline", "payerId": payer_id, "code": code} for payer_id, code in options.declines.items()]
