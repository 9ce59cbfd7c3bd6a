"""The demo's comparison must see whatever differs; otherwise its green line says nothing."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from deploy.local.demo.comparing import differences
from deploy.local.demo.creating import Created
from deploy.local.demo.records import Records
from deploy.local.demo.wishes import Wish
from shared.domain.payments import payment_key

TODAY = date(2026, 3, 2)
PAID, DECLINED, CANCELLED = (str(uuid4()) for _ in range(3))
Change = Callable[[Records, dict[str, Any]], object]


def event(event_id: str, status: str, failure_code: str | None = None) -> dict[str, Any]:
    return {
        "id": event_id,
        "date": TODAY.isoformat(),
        "payerId": f"payer of {event_id}",
        "payeeId": "payee",
        "amount": "25.00",
        "currency": "GBP",
        "status": status,
        "failureCode": failure_code,
        "attempts": 0 if status == "cancelled" else 1,
    }


def created(row: dict[str, Any], decline: str | None = None, cancel: str | None = None) -> Created:
    return Created(Wish({"payerId": row["payerId"]}, decline, cancel), {"events": [row]})


EVENTS = {
    PAID: event(PAID, "paid"),
    DECLINED: event(DECLINED, "failed", "account_closed"),
    CANCELLED: event(CANCELLED, "cancelled"),
}
PLAN = [
    created(EVENTS[PAID]),
    created(EVENTS[DECLINED], decline="account_closed"),
    created(EVENTS[CANCELLED], cancel="event"),
]


def notice(event_id: str, type_: str, role: str = "payer") -> dict[str, Any]:
    told = {name: EVENTS[event_id][name] for name in ("id", "payerId", "payeeId", "amount", "currency")}
    id_ = f"{event_id}.{type_}.3.{role}"
    return {"id": id_, "type": type_, "role": role, "recipient": told[f"{role}Id"], "event": told}


LATER = {"id": "later", "payerId": "payer", "payeeId": "payee", "amount": "1.00", "currency": "GBP"}
UPCOMING = {"id": "later.upcoming.1.payer", "type": "upcoming", "role": "payer", "recipient": "payer", "event": LATER}
PAUSED = {"id": "s.paused.2.payer", "type": "paused", "role": "payer", "recipient": "payer", "schedule": LATER}


def day() -> tuple[Records, dict[str, Any]]:
    """A day on which all went as planned: one paid, one declined, one cancelled."""
    payment = {name: EVENTS[PAID][name] for name in ("payerId", "payeeId", "amount", "currency")}
    records = Records(
        events=EVENTS,
        transactions=[{"eventId": PAID, **payment}],
        payments=[{"idempotencyKey": payment_key(PAID, 1), **payment}],
        declines=[{"idempotencyKey": payment_key(DECLINED, 1), "code": "account_closed"}],
        summary={"doubles": {"count": 0}, "notIdentical": {"count": 0}},
        notices=[notice(PAID, "paid"), notice(PAID, "paid", "payee"), notice(DECLINED, "failed"), UPCOMING, PAUSED],
        told={"badSignatures": 0, "unreadable": 0},
    )
    counts = {"paid": 1, "declined": 1, "unknown": 0}
    run = {"balanced": True, **{name: {"count": count} for name, count in counts.items()}}
    return copy.deepcopy(records), run


def test_a_day_as_planned_shows_no_difference() -> None:
    records, run = day()
    assert differences(PLAN, run, records, TODAY) == []


def test_a_notice_that_came_again_is_no_difference() -> None:
    records, run = day()
    records.notices.append(records.notices[0])
    assert differences(PLAN, run, records, TODAY) == []


CHANGES: dict[str, Change] = {
    "the bank paid another amount": lambda records, _: records.payments[0].update(amount="25.01"),
    "the bank paid in another currency": lambda records, _: records.payments[0].update(currency="EUR"),
    "the bank paid another payee": lambda records, _: records.payments[0].update(payeeId="thief"),
    "the bank paid with another key": lambda records, _: records.payments[0].update(
        idempotencyKey=payment_key(PAID, 2)
    ),
    "the bank paid twice": lambda records, _: records.payments.append(records.payments[0]),
    "the bank did not pay": lambda records, _: records.payments.clear(),
    "the bank paid what was cancelled": lambda records, _: records.payments.append(
        {**records.payments[0], "idempotencyKey": payment_key(CANCELLED, 1)}
    ),
    "no transaction was written": lambda records, _: records.transactions.clear(),
    "a transaction was written twice": lambda records, _: records.transactions.append(records.transactions[0]),
    "an event was left unpaid": lambda records, _: records.events[PAID].update(status="scheduled"),
    "an event is unknown": lambda records, _: records.events[PAID].update(status="unknown"),
    "an event vanished": lambda records, _: records.events.pop(PAID),
    "an event appeared": lambda records, _: records.events.update(more=event("more", "cancelled")),
    "a cancelled event was taken up": lambda records, _: records.events[CANCELLED].update(status="scheduled"),
    "a decline has another code": lambda records, _: records.declines[0].update(code="blocked"),
    "a decline was not meant": lambda records, _: records.events[DECLINED].update(failureCode="blocked"),
    "a decline was not heard of": lambda records, _: records.declines.clear(),
    "a key came in other bytes": lambda records, _: records.summary["notIdentical"].update(count=1),
    "a key was paid twice": lambda records, _: records.summary["doubles"].update(count=1),
    "the payer did not hear of the payment": lambda records, _: records.notices.pop(0),
    "the payee did not hear of the payment": lambda records, _: records.notices.pop(1),
    "the payer did not hear of the decline": lambda records, _: records.notices.pop(2),
    "the payee heard of the decline": lambda records, _: records.notices.append(notice(DECLINED, "failed", "payee")),
    "the payee heard of a plan": lambda records, _: records.notices.append({**UPCOMING, "role": "payee"}),
    "a payment is told that was none": lambda records, _: records.notices.append(notice(CANCELLED, "paid")),
    "a payment of another day is told": lambda records, _: records.notices.append({**UPCOMING, "type": "paid"}),
    "a payment is told under two ids": lambda records, _: records.notices.append({**notice(PAID, "paid"), "id": "2"}),
    "another amount is told": lambda records, _: records.notices[0]["event"].update(amount="25.01"),
    "somebody else is told": lambda records, _: records.notices[0].update(recipient="neighbour"),
    "a signature was wrong": lambda records, _: records.told.update(badSignatures=1),
    "a body could not be read": lambda records, _: records.told.update(unreadable=1),
    "the books do not balance": lambda _, run: run.update(balanced=False),
    "the books count another number": lambda _, run: run.update(paid={"count": 2}),
    "the books count something unknown": lambda _, run: run.update(unknown={"count": 1}),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_differs_is_said(change: Change) -> None:
    records, run = day()
    change(records, run)
    assert differences(PLAN, run, records, TODAY) != []
