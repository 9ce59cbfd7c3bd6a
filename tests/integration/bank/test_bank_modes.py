"""What the bank does with a key: by its mode, its windows and its processing time."""

from __future__ import annotations

import time

import pytest
import requests

from tests.bank import BankProcess
from tests.bank_calls import BankCalls, entry, eventually, new_key


@pytest.mark.parametrize("mode", ["enquiry", "none"])
def test_without_regard_for_keys_the_same_key_pays_twice(mode: str) -> None:
    with BankProcess("--mode", mode) as bank:
        calls, key = BankCalls(bank.url), new_key()
        assert [calls.pay(key).status_code for _ in range(2)] == [201, 201]
        calls.results([entry(key)])
        summary = bank.summary()
        assert summary["mode"] == mode
        assert (summary["sends"], summary["distinctKeys"], summary["effectivePayments"]) == (3, 1, 3)
        assert summary["sums"] == {"GBP": "75.00"}
        assert summary["doubles"] == {"count": 1, "keys": [key]}


def test_in_enquiry_mode_the_bank_can_be_asked() -> None:
    with BankProcess("--mode", "enquiry") as bank:
        calls, key = BankCalls(bank.url), new_key()
        payment_id = calls.pay(key).json()["paymentId"]
        assert calls.ask(key).json()["paymentId"] == payment_id


def test_in_mode_none_no_answer_counts_and_no_key_is_needed() -> None:
    with BankProcess("--mode", "none") as bank:
        calls, key = BankCalls(bank.url), new_key()
        calls.pay(key)
        asked = calls.ask(key)
        assert asked.status_code == 404
        assert "idempotencyKey" not in asked.json()
        assert [calls.pay("").status_code for _ in range(2)] == [201, 201]
        assert bank.summary()["doubles"]["count"] == 1


def test_after_its_window_a_key_pays_again() -> None:
    with BankProcess("--key-window-seconds", "2.5", "--record-seconds", "60") as bank:
        calls, key = BankCalls(bank.url), new_key()
        first = calls.pay(key)
        assert calls.pay(key).status_code == 200
        eventually(lambda: calls.pay(key).status_code == 201)
        assert bank.summary()["doubles"] == {"count": 1, "keys": [key]}
        assert calls.ask(key).json()["paymentId"] != first.json()["paymentId"]


def test_after_its_record_a_payment_is_denied() -> None:
    with BankProcess("--record-seconds", "2.5") as bank:
        calls, key = BankCalls(bank.url), new_key()
        calls.pay(key)
        assert calls.ask(key).status_code == 200
        eventually(lambda: calls.ask(key).status_code == 404)
        assert calls.ask(key).json() == {"code": "payment_not_found", "idempotencyKey": key}
        assert calls.pay(key).status_code == 200


def test_a_payment_that_is_being_processed_says_so_and_is_paid_without_its_client() -> None:
    with BankProcess("--processing-seconds", "3") as bank:
        calls, key = BankCalls(bank.url), new_key()
        with pytest.raises(requests.ReadTimeout):
            calls.pay(key, seconds=0.1)
        eventually(lambda: bank.summary()["underWay"] == 1)
        assert calls.ask(key).json() == {"status": "processing"}
        again = calls.pay(key)
        assert (again.status_code, again.json()) == (409, {"code": "in_progress", "idempotencyKey": key})
        assert calls.pay(key, amount="9.00").json()["code"] == "key_reused"
        (result,) = calls.results([entry(key)])
        assert result == {"idempotencyKey": key, "status": "error", "code": "in_progress"}
        assert bank.summary()["underWay"] == 1
        assert list(bank.payments()) == []
        eventually(lambda: calls.ask(key).json()["status"] == "succeeded")
        assert calls.pay(key).status_code == 200
        assert len(list(bank.payments())) == 1


def test_the_answer_comes_with_the_payment_not_before() -> None:
    with BankProcess("--processing-seconds", "0.3", "--latency-ms", "200") as bank:
        calls = BankCalls(bank.url)
        entries = [entry(new_key()) for _ in range(3)]
        start = time.monotonic()
        results = calls.results(entries)
        assert time.monotonic() - start >= 0.5
        ids = {row["paymentId"] for row in bank.payments()}
        assert {result["paymentId"] for result in results} == ids
