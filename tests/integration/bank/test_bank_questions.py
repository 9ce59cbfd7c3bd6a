"""Asking the bank about one payment, and for the list of all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.bank import BankProcess
from tests.bank_calls import TOKEN, BankCalls, new_key


def test_a_paid_payment_is_found_as_it_was_answered(calls: BankCalls) -> None:
    key = new_key()
    paid = calls.pay(key)
    asked = calls.ask(key)
    assert asked.status_code == 200
    assert asked.json() == paid.json()


def test_a_declined_payment_is_found_declined(bank: BankProcess, calls: BankCalls) -> None:
    bank.faults({"fault": "decline", "payerId": "poor", "code": "insufficient_funds"})
    key = new_key()
    calls.pay(key, payer_id="poor")
    asked = calls.ask(key)
    assert asked.status_code == 200
    assert asked.json() == {"status": "declined", "code": "insufficient_funds", "idempotencyKey": key}


def test_an_unknown_key_is_not_found_in_a_way_that_counts(calls: BankCalls) -> None:
    key = new_key()
    asked = calls.ask(key)
    assert asked.status_code == 404
    assert asked.json() == {"code": "payment_not_found", "idempotencyKey": key}


def test_a_key_in_a_path_may_be_any_visible_text(calls: BankCalls) -> None:
    key = f"a/b?c%d+e#{new_key()}"
    calls.pay(key)
    asked = calls.ask("a%2Fb%3Fc%25d%2Be%23" + key.partition("#")[2])
    assert asked.json()["idempotencyKey"] == key


def test_the_list_has_the_days_payments_and_declines_page_by_page() -> None:
    with BankProcess("--token", TOKEN, "--decline", "poor=account_closed") as bank:
        calls = BankCalls(bank.url)
        keys = [new_key() for _ in range(7)]
        for key in keys:
            calls.pay(key, payer_id="poor" if key == keys[3] else "rich")
        today = datetime.now(UTC).date()
        rows = _listed(calls, f"from={today - timedelta(1)}&to={today}&limit=3")
        assert [row["idempotencyKey"] for row in rows] == keys
        declined = rows.pop(3)
        assert (declined["status"], declined["paymentId"]) == ("declined", None)
        assert {row["status"] for row in rows} == {"succeeded"}
        fields = {"idempotencyKey", "paymentId", "payerId", "payeeId", "amount", "currency", "status", "executedAt"}
        assert all(fields <= set(row) for row in rows)
        assert _listed(calls, f"from={today - timedelta(9)}&to={today - timedelta(2)}") == []
        assert _listed(calls, f"from={today + timedelta(2)}&to={today + timedelta(9)}") == []


def _listed(calls: BankCalls, query: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = calls.call("GET", f"/payments?{query}&cursor={cursor}").json()
        rows += page["payments"]
        cursor = page["nextCursor"]
    return rows


@pytest.mark.parametrize(
    "path",
    ["/payments?from=yesterday", "/payments?cursor=1", "/journal?limit=0", "/journal?cursor=-1", "/journal?kind=x"],
)
def test_a_question_that_makes_no_sense_is_refused(calls: BankCalls, path: str) -> None:
    calls.pay(new_key())
    assert calls.call("GET", path).status_code == 400
