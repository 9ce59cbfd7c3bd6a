"""Questions: one payment by its key, and the pages of the record and of the journal."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime

from deploy.local.bank import results
from deploy.local.bank.faults import Fault
from deploy.local.bank.journal import Journal
from deploy.local.bank.ledger import Ledger
from deploy.local.bank.records import DECLINED, EFFECTS, PAID, SENDS, Record, read_record
from deploy.local.bank.results import Result

Page = tuple[list[dict[str, object]], str | None]


class CursorRefused(Exception):
    """No page begins there."""


def payment_by_key(ledger: Ledger, key: str, record_seconds: float) -> Result | None:
    """What the bank says of a key: succeeded, declined, processing, or None when it knows nothing."""
    record = ledger.last_word(key)
    if record is not None and record.payment is not None and time.time() - record.at <= record_seconds:
        if record.kind in DECLINED:
            return results.declined(key, record.word, 200)
        return results.paid(key, record.word, record.payment.amount, replayed=True)
    under_way = ledger.under_way_for(key)
    if under_way is not None and not under_way.hidden:
        return Result(results.PROCESSING, key, "", "", 200)
    return None


def forget_when_asked(ledger: Ledger, key: str, fault: Fault | None) -> None:
    """The fault `forget_key` on a question: the bank denies what it paid, from now on."""
    if fault is not None and fault.kind == "forget_key":
        ledger.forget(time.time(), key)
        ledger.journal.flush()


def statement_page(journal: Journal, first: date, last: date, cursor: str, limit: int) -> Page:
    """Payments and declines executed from `first` through `last` (UTC dates)."""

    def within(record: Record) -> bool:
        return first <= datetime.fromtimestamp(record.at, UTC).date() <= last

    return _page(journal, cursor, limit, EFFECTS, within, _statement_row)


def journal_page(journal: Journal, kind: str, cursor: str, limit: int) -> Page:
    """`payments`, `sends` or `declines`, oldest first."""
    kinds, row = {"payments": (PAID, _payment_row), "declines": (DECLINED, _decline_row)}.get(kind, (SENDS, _send_row))
    return _page(journal, cursor, limit, kinds, lambda _: True, row)


def _page(
    journal: Journal,
    cursor: str,
    limit: int,
    kinds: frozenset[str],
    wanted: Callable[[Record], bool],
    row: Callable[[Record], dict[str, object]],
) -> Page:
    start = int(cursor) if cursor.isascii() and cursor.isdigit() else -1
    if cursor and not journal.is_start_of_line(start):
        raise CursorRefused(cursor)
    rows: list[dict[str, object]] = []
    for behind, line in journal.lines(max(start, 0)):
        if chr(line[2]) not in kinds:
            continue
        record = read_record(line)
        if wanted(record):
            rows.append(row(record))
            if len(rows) == limit:
                return rows, str(behind) if behind < journal.end else None
    return rows, None


def _payment_row(record: Record) -> dict[str, object]:
    assert record.payment is not None  # noqa: S101 - by the form of its line
    key, payer_id, payee_id, amount, currency, reference, _ = record.payment
    return {
        "idempotencyKey": key,
        "paymentId": record.word,
        "payerId": payer_id,
        "payeeId": payee_id,
        "amount": amount,
        "currency": currency,
        "reference": reference,
        "executedAt": _instant(record.at),
    }


def _decline_row(record: Record) -> dict[str, object]:
    return _payment_row(record) | {"paymentId": None, "code": record.word}


def _statement_row(record: Record) -> dict[str, object]:
    declined = record.kind in DECLINED
    row = _decline_row(record) if declined else _payment_row(record)
    return row | {"status": results.DECLINED if declined else results.SUCCEEDED}


def _send_row(record: Record) -> dict[str, object]:
    effect = {"P": "paid", "D": "declined", "A": "under way"}.get(record.kind, record.word)
    return {
        "idempotencyKey": record.key,
        "bodyHash": record.digest,
        "receivedAt": _instant(record.at),
        "effect": effect,
    }


def _instant(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
