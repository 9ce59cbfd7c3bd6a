"""Scripted faults of one payment, alone and within a batch."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.bank import BankProcess
from tests.bank_calls import BankCalls, entry, eventually, new_key


def times_paid(bank: BankProcess, key: str) -> int:
    return sum(row["idempotencyKey"] == key for row in bank.payments())


class Pair:
    """A batch of a good payment and one whose payer a fault names."""

    def __init__(self, calls: BankCalls) -> None:
        self.good, self.odd = new_key(), new_key()
        results = calls.results([entry(self.good), entry(self.odd, payer_id="odd")])
        self.of_good = [r for r in results if r.get("idempotencyKey") == self.good]
        self.others = [r for r in results if r.get("idempotencyKey") != self.good]
        assert [r["status"] for r in self.of_good] == ["succeeded"]


@pytest.mark.parametrize("status", [402, 400, 404, 422])
def test_a_decline_is_remembered(bank: BankProcess, calls: BankCalls, status: int) -> None:
    bank.faults({"fault": "decline", "payerId": "odd", "code": "blocked", "status": status, "times": 1})
    key = new_key()
    first, again = calls.pay(key, payer_id="odd"), calls.pay(key, payer_id="odd")
    expected = {"code": "blocked", "idempotencyKey": key}
    assert first.json() == (expected | {"status": "declined"} if status == 402 else expected)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert first.status_code == status
    assert times_paid(bank, key) == 0


def test_a_decline_in_a_batch_is_its_own(bank: BankProcess, calls: BankCalls) -> None:
    bank.faults({"fault": "decline", "payerId": "odd", "code": "insufficient_funds"})
    pair = Pair(calls)
    assert pair.others == [{"idempotencyKey": pair.odd, "status": "declined", "code": "insufficient_funds"}]
    assert times_paid(bank, pair.odd) == 0


@pytest.mark.parametrize("commit", [False, True])
@pytest.mark.parametrize("fault", ["error", "missing"])
def test_an_error_or_no_result_proves_nothing(bank: BankProcess, calls: BankCalls, fault: str, commit: bool) -> None:
    bank.faults({"fault": fault, "payerId": "odd", "commit": commit})
    pair = Pair(calls)
    error = {"idempotencyKey": pair.odd, "status": "error", "code": "internal"}
    assert pair.others == ([error] if fault == "error" else [])
    assert times_paid(bank, pair.odd) == int(commit)


def test_one_payment_of_a_batch_is_paid_later(bank: BankProcess, calls: BankCalls) -> None:
    bank.faults({"fault": "error", "payerId": "odd", "commit": True, "commitAfterSeconds": 1})
    pair = Pair(calls)
    assert pair.others[0]["status"] == "error"
    assert times_paid(bank, pair.odd) == 0
    eventually(lambda: times_paid(bank, pair.odd) == 1)


def test_a_result_is_any_json(bank: BankProcess, calls: BankCalls) -> None:
    bank.faults({"fault": "result", "payerId": "odd", "body": {"idempotencyKey": "$key", "status": 7}})
    pair = Pair(calls)
    assert pair.others == [{"idempotencyKey": pair.odd, "status": 7}]
    assert calls.pay(pair.odd, payer_id="odd").json() == pair.others[0]


def test_another_amount_is_echoed(bank: BankProcess, calls: BankCalls) -> None:
    bank.faults({"fault": "wrong_amount", "payerId": "odd", "amount": "25.01"})
    pair = Pair(calls)
    assert pair.others[0]["amount"] == "25.01"
    assert calls.pay(pair.odd, payer_id="odd").json()["amount"] == "25.01"
    assert [row["amount"] for row in bank.payments() if row["idempotencyKey"] == pair.odd] == ["25.00"]


def test_another_key_is_echoed(bank: BankProcess, calls: BankCalls) -> None:
    bank.faults(
        {"fault": "wrong_key", "payerId": "odd", "nth": 1},
        {"fault": "wrong_key", "payerId": "odd", "echoKey": "x"},
    )
    pair = Pair(calls)
    assert pair.others[0]["idempotencyKey"] not in (pair.good, pair.odd)
    assert calls.pay(new_key(), payer_id="odd").json()["idempotencyKey"] == "x"


@pytest.mark.parametrize("contradict", [False, True])
def test_a_key_comes_twice_in_the_results(bank: BankProcess, calls: BankCalls, contradict: bool) -> None:
    bank.faults({"fault": "duplicate_result", "payerId": "odd", "contradict": contradict})
    pair = Pair(calls)
    assert {result["idempotencyKey"] for result in pair.others} == {pair.odd}
    statuses = ["declined", "succeeded"] if contradict else ["succeeded"] * 2
    assert sorted(result["status"] for result in pair.others) == statuses
    assert times_paid(bank, pair.odd) == 1


def test_an_unknown_key_comes_in_the_results(bank: BankProcess, calls: BankCalls) -> None:
    bank.faults({"fault": "unknown_result", "payerId": "odd", "echoKey": "stranger"})
    pair = Pair(calls)
    assert {result["idempotencyKey"] for result in pair.others} == {pair.odd, "stranger"}


@pytest.mark.parametrize(("commit", "paid"), [(True, 10), (False, 5)])
def test_half_a_batch_is_answered(bank: BankProcess, calls: BankCalls, commit: bool, paid: int) -> None:
    bank.faults({"fault": "half_batch", "commit": commit})
    keys = [new_key() for _ in range(10)]
    results = calls.results([entry(key) for key in keys])
    assert {result["idempotencyKey"] for result in results} == set(keys[:5])
    assert sum(times_paid(bank, key) for key in keys) == paid


@pytest.mark.parametrize("fault", ["ignore_key", "forget_key"])
def test_a_key_that_is_ignored_or_forgotten_pays_again(bank: BankProcess, calls: BankCalls, fault: str) -> None:
    bank.faults({"fault": fault, "payerId": "odd", "send": 2})
    key = new_key()
    statuses = [calls.pay(key, payer_id="odd").status_code for _ in range(3)]
    assert statuses == [201, 201, 200]
    assert times_paid(bank, key) == 2
    assert key in bank.summary()["doubles"]["keys"]


def test_a_forgotten_key_is_not_found_either(bank: BankProcess, calls: BankCalls) -> None:
    key = new_key()
    calls.pay(key)
    bank.faults({"fault": "forget_key", "on": "ask"})
    assert calls.ask(key).json() == {"code": "payment_not_found", "idempotencyKey": key}
    bank.clear_faults()
    assert calls.ask(key).status_code == 404
    assert calls.pay(key).status_code == 201
    assert times_paid(bank, key) == 2


@pytest.mark.parametrize("before", [0, 1])
def test_a_key_is_refused_as_reused_paid_or_not(bank: BankProcess, calls: BankCalls, before: int) -> None:
    bank.faults({"fault": "refuse_key", "payerId": "odd", "after": before})
    key = new_key()
    for _ in range(before):
        calls.pay(key, payer_id="odd")
    refused = calls.pay(key, payer_id="odd")
    assert (refused.status_code, refused.json()) == (422, {"code": "key_reused", "idempotencyKey": key})
    assert Pair(calls).others[0]["code"] == "key_reused"
    assert times_paid(bank, key) == before


def test_a_call_and_a_payment_in_it_can_both_go_wrong(bank: BankProcess, calls: BankCalls) -> None:
    bank.faults(
        {"fault": "decline", "payerId": "odd", "code": "blocked"},
        {"fault": "throttled", "payerId": "odd", "send": 2},
    )
    key = new_key()
    answers: list[dict[str, Any]] = [calls.pay(key, payer_id="odd").json() for _ in range(3)]
    assert [answer["code"] for answer in answers] == ["blocked", "rate_limited", "blocked"]


def test_paid_then_throttled_then_asked(bank: BankProcess, calls: BankCalls) -> None:
    bank.faults({"fault": "drop", "commit": True, "send": 1}, {"fault": "throttled", "send": 2})
    key = new_key()
    with pytest.raises(requests.ConnectionError):
        calls.pay(key)
    assert calls.pay(key).status_code == 429
    assert calls.ask(key).json()["status"] == "succeeded"
    assert times_paid(bank, key) == 1
