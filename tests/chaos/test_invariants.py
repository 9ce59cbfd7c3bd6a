"""Each invariant can fail: a small payday that is well, and each way in which it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from shared.domain.payments import payment_key
from tests.chaos import invariants
from tests.chaos.invariants import Evidence, Paid, check
from tests.chaos.told import calls_are_signed
from tests.chaos.violations import Violated

PAID = Paid("01990000-0000-7000-8000-000000000001", "s1", "paid", 1, "25.00", True, 100.0, True)
DECLINED = Paid("01990000-0000-7000-8000-000000000002", "s2", "failed", 1, "30.00", True, 100.0, False)
KEY = payment_key(PAID.id, 1)


def notice(event: Paid, type_: str, role: str = "payer") -> dict[str, Any]:
    subject = {"id": event.id, "amount": event.amount}
    return {"id": f"{event.id}.{type_}.3.{role}", "type": type_, "role": role, "event": subject}


TOLD = [notice(PAID, "paid"), notice(PAID, "paid", "payee"), notice(DECLINED, "failed")]
PAYMENT = {"idempotencyKey": KEY, "amount": "25.00"}
SEND = {"idempotencyKey": KEY, "bodyHash": "a", "receivedAt": "2026-03-02T12:00:00.000+00:00"}
WELL = Evidence(
    payments=[PAYMENT],
    sends=[SEND],
    events=[PAID, DECLINED],
    edges={("scheduled", "processing"), ("processing", "paid")},
    runs=[{"date": "2026-03-02", "balanced": True}],
    notices=TOLD,
)
Spoil = Callable[[Evidence], Evidence]

SPOILED: dict[str, tuple[Spoil, str]] = {
    "paid twice with one key": (lambda e: replace(e, payments=[PAYMENT, PAYMENT]), "paid at most once"),
    "paid twice with two keys": (
        lambda e: replace(
            e,
            payments=[PAYMENT, {"idempotencyKey": payment_key(PAID.id, 2), "amount": "25.00"}],
            events=[PAID._replace(attempt=2), DECLINED],
        ),
        "paid at most once",
    ),
    "a stranger's key": (
        lambda e: replace(e, payments=[PAYMENT, {"idempotencyKey": "x", "amount": "1.00"}]),
        "belongs to an event",
    ),
    "other bytes": (lambda e: replace(e, sends=[SEND, {**SEND, "bodyHash": "b"}]), "byte-identical"),
    "left open": (lambda e: replace(e, events=[PAID, DECLINED._replace(status="scheduled")]), "every due event ends"),
    "unknown": (lambda e: replace(e, events=[PAID, DECLINED._replace(status="unknown")]), "every due event ends"),
    "paid and not known": (
        lambda e: replace(e, events=[PAID._replace(status="failed", is_recorded=False), DECLINED]),
        "a payment has its transaction",
    ),
    "recorded and not paid": (lambda e: replace(e, payments=[]), "a transaction has its payment"),
    "another amount": (lambda e: replace(e, payments=[{**PAYMENT, "amount": "2.50"}]), "a payment has its transaction"),
    "two transactions": (lambda e: replace(e, events=[PAID, PAID, DECLINED]), "at most one transaction"),
    "an edge that is none": (lambda e: replace(e, edges={("paid", "scheduled")}), "allowed changes of status"),
    "a cancelled event": (lambda e: replace(e, cancelled_events={PAID.id: 50.0}), "after its cancellation"),
    "a cancelled schedule": (lambda e: replace(e, cancelled_schedules={"s1": 50.0}), "after its cancellation"),
    "an old page": (lambda e: replace(e, older_pages=[PAID.id]), "knows of the changes"),
    "the payer did not hear": (lambda e: replace(e, notices=TOLD[1:]), "payer and payee hear of a payment"),
    "the payee did not hear": (lambda e: replace(e, notices=[TOLD[0], TOLD[2]]), "payer and payee hear of a payment"),
    "nobody is told": (lambda e: replace(e, notices=[]), "payer and payee hear of a payment"),
    "told under two ids": (
        lambda e: replace(e, notices=[*TOLD, {**TOLD[0], "id": "another"}]),
        "a payment is one notice to each",
    ),
    "told and not paid": (
        lambda e: replace(e, notices=[*TOLD, notice(DECLINED, "paid")]),
        "nobody hears of a payment that was none",
    ),
    "told of nobody's payment": (
        lambda e: replace(e, notices=[*TOLD, notice(PAID._replace(id="x"), "paid")]),
        "nobody hears of a payment that was none",
    ),
    "told in another amount": (
        lambda e: replace(e, notices=[notice(PAID._replace(amount="2.50"), "paid"), *TOLD[1:]]),
        "a payment is told in its amount",
    ),
    "told of nobody's failure": (
        lambda e: replace(e, notices=[*TOLD, notice(PAID._replace(id="x"), "failed")]),
        "a notice has its event",
    ),
    "one id, two contents": (
        lambda e: replace(e, notices=[*TOLD, {**TOLD[2], "event": {**TOLD[2]["event"], "amount": "1.00"}}]),
        "an id of a notice has one content",
    ),
    "a payee hears of a failure": (
        lambda e: replace(e, notices=[*TOLD, notice(DECLINED, "failed", "payee")]),
        "a payee hears of payments only",
    ),
    "a payer does not hear of a failure": (lambda e: replace(e, notices=TOLD[:2]), "a payer hears of a failure"),
    "books": (lambda e: replace(e, runs=[{"date": "2026-03-02", "balanced": False}]), "books of a run"),
}


def test_a_payday_that_went_well_holds() -> None:
    check(WELL, may_be_unknown=False, max_rps=1)
    check(replace(WELL, cancelled_schedules={"s1": 150.0}), may_be_unknown=False)
    check(replace(WELL, notices=None), may_be_unknown=False)


def test_a_notice_may_come_again() -> None:
    check(replace(WELL, notices=[*TOLD, *TOLD]), may_be_unknown=False)


@pytest.mark.parametrize("name", ["badSignatures", "unreadable"])
def test_a_call_that_is_not_ours_is_found(name: str) -> None:
    well = {"badSignatures": 0, "unreadable": 0}
    calls_are_signed(well)
    with pytest.raises(Violated, match="is signed and has notices"):
        calls_are_signed({**well, name: 1})


@pytest.mark.parametrize("name", SPOILED)
def test_what_is_wrong_is_named(name: str) -> None:
    spoil, words = SPOILED[name]
    with pytest.raises(Violated, match=words):
        check(spoil(WELL), may_be_unknown=False)


def test_what_is_unknown_may_stay_so_where_nobody_can_say() -> None:
    silent = PAID._replace(status="unknown", is_recorded=False)
    check(replace(WELL, events=[silent, DECLINED], notices=TOLD[2:]), may_be_unknown=True)


def test_a_second_with_too_many_sends_is_found() -> None:
    times = ["12:00:00.900", "12:00:01.100", "12:00:01.899"]
    sends = [{**SEND, "receivedAt": f"2026-03-02T{at}+00:00"} for at in times]
    check(replace(WELL, sends=sends), may_be_unknown=False, max_rps=3)
    with pytest.raises(Violated, match="more than 2 sends: one has 3"):
        check(replace(WELL, sends=sends), may_be_unknown=False, max_rps=2)


def test_a_name_in_a_log_is_found() -> None:
    invariants.nothing_shows(["canary"], {"a.log": "nothing"})
    with pytest.raises(Violated, match=r"'canary' in b\.log"):
        invariants.nothing_shows(["canary"], {"a.log": "nothing", "b.log": "payer canary-1"})
