"""Whether the day went as planned: every event, and bank's and receiver's journals row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from deploy.local.demo.creating import Created
from deploy.local.demo.records import Records, Row
from deploy.local.demo.untold import untold
from shared.domain.payments import payment_key

Line = tuple[str, str, str, str, str]


def differences(created: Sequence[Created], run: Row, records: Records, today: date) -> list[str]:
    """What is not as it should be, a sentence each; nothing when all agrees."""
    return [
        *_unplanned(created, records, today),
        *_journal_against_transactions(records),
        *_declines_against_events(records),
        *_book_errors(run, records),
        *untold(records),
    ]


def _unplanned(created: Sequence[Created], records: Records, today: date) -> Iterator[str]:
    """Events of today that did not become what they were meant to."""
    planned = {event["id"]: one.wish for one in created if (event := one.due_on(today)) is not None}
    for event_id, wish in planned.items():
        event = records.events.get(event_id)
        found = (event["status"], event["failureCode"]) if event else None
        if wish.cancel:
            meant: tuple[str, str | None] = ("cancelled", None)
        else:
            meant = ("failed", wish.decline) if wish.decline else ("paid", None)
        if found != meant:
            yield f"event {event_id} of {wish.payer_id}: meant to be {meant}, is {found}"
    yield from (
        f"event {event_id} stands under today and was not planned"
        for event_id in records.events.keys() - planned.keys()
    )


def _journal_against_transactions(records: Records) -> Iterator[str]:
    """Both ways: what the bank paid and we did not write down, and what we wrote down and it did not pay."""
    paid = Counter(_line(row, row["idempotencyKey"]) for row in records.payments)
    written = Counter(
        _line(
            {**records.events.get(row["eventId"], {}), **row}, _key(records.events.get(row["eventId"]), row["eventId"])
        )
        for row in records.transactions
    )
    yield from (f"paid by the bank, not among the transactions: {line}" for line in paid - written)
    yield from (f"among the transactions, not paid by the bank: {line}" for line in written - paid)
    for name in ("doubles", "notIdentical"):
        if records.summary[name]["count"]:
            yield f"the bank's journal shows {name}: {records.summary[name]}"


def _declines_against_events(records: Records) -> Iterator[str]:
    declined = Counter((row["idempotencyKey"], row["code"]) for row in records.declines)
    failed = Counter(
        (_key(event, event["id"]), event["failureCode"])
        for event in records.events.values()
        if event["status"] == "failed"
    )
    yield from (f"declined by the bank, not failed here: {line}" for line in declined - failed)
    yield from (f"failed here, not declined by the bank: {line}" for line in failed - declined)


def _book_errors(run: Row, records: Records) -> Iterator[str]:
    """The run's books against the rows they sum up."""
    if not run["balanced"]:
        yield "the run's books do not balance"
    for heading, rows in (("paid", len(records.transactions)), ("declined", len(records.declines)), ("unknown", 0)):
        if run[heading]["count"] != rows:
            yield f"the run's books say {heading} {run[heading]['count']}, the rows say {rows}"


def _key(event: dict[str, Any] | None, event_id: str) -> str:
    """The key that the event's last attempt was sent with."""
    return payment_key(event_id, event["attempts"] if event else 1)


def _line(row: Row, key: str) -> Line:
    return (key, row["payerId"], row["payeeId"], row["amount"], row["currency"])
