"""The bank's answers to batches."""

from __future__ import annotations

import json

import pytest

from deploy.local.bank.reading import read_batch
from tests.bank import BankProcess
from tests.bank_calls import BankCalls, entry, new_key


def test_each_payment_of_a_batch_is_answered_once_in_another_order(bank: BankProcess, calls: BankCalls) -> None:
    entries = [entry(new_key(), amount=f"{number}.10") for number in range(1, 251)]
    results = calls.results(entries)
    assert [result["idempotencyKey"] for result in results] != [one["idempotencyKey"] for one in entries]
    amounts = {result["idempotencyKey"]: result["amount"] for result in results}
    assert amounts == {one["idempotencyKey"]: one["amount"] for one in entries}
    assert {result["status"] for result in results} == {"succeeded"}
    assert len({result["paymentId"] for result in results}) == 250
    assert set(amounts) <= {row["idempotencyKey"] for row in bank.payments()}


def test_the_rubbish_of_one_is_not_the_others_loss(calls: BankCalls) -> None:
    good, bad = new_key(), new_key()
    results = {r["idempotencyKey"]: r for r in calls.results([entry(good), entry(bad, amount="x")])}
    assert results[good]["status"] == "succeeded"
    assert results[bad] == {"idempotencyKey": bad, "status": "declined", "code": "amount_invalid"}


def test_a_batch_sent_again_pays_nothing_more(bank: BankProcess, calls: BankCalls) -> None:
    entries = [entry(new_key()) for _ in range(5)]
    first, before = calls.results(entries), bank.summary()["effectivePayments"]
    assert calls.results(entries) == first
    assert bank.summary()["effectivePayments"] == before


def test_a_payment_of_a_batch_sent_alone_is_the_same_in_bytes(bank: BankProcess, calls: BankCalls) -> None:
    key = new_key()
    calls.results([entry(key)])
    assert calls.pay(key).status_code == 200
    hashes = {send["bodyHash"] for send in bank.sends() if send["idempotencyKey"] == key}
    assert len(hashes) == 1
    assert key not in bank.summary()["notIdentical"]["keys"]


def test_a_key_twice_in_one_batch_is_paid_once(bank: BankProcess, calls: BankCalls) -> None:
    key = new_key()
    first, second = calls.results([entry(key), entry(key)])
    assert first == second
    assert len([row for row in bank.payments() if row["idempotencyKey"] == key]) == 1


def test_a_reused_key_is_an_error_not_a_decline(calls: BankCalls) -> None:
    key = new_key()
    calls.results([entry(key)])
    (result,) = calls.results([entry(key, amount="99.00")])
    assert result == {"idempotencyKey": key, "status": "error", "code": "key_reused"}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"reference": "},{"},
        {"currency": "JPY", "amount": "25"},
        {"currency": "BHD", "amount": "0.025"},
        {"amount": "0.00"},
        {"amount": "01.00"},
        {"payeeId": "payer-1", "payerId": "payer-1"},
        {"reference": "x" * 36},
        {"reference": 'a "quoted" word'},
    ],
)
def test_how_a_batch_is_written_changes_nothing_in_what_it_says(changes: dict[str, str]) -> None:
    entries = [entry(new_key()), entry(new_key()) | changes, entry(new_key())]
    compact = json.dumps({"payments": entries}, separators=(",", ":")).encode()
    wide = json.dumps({"payments": entries}, indent=1).encode()
    assert [read[:-1] for read in read_batch(compact, 3)] == [read[:-1] for read in read_batch(wide, 3)]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        '{"payments": []}',
        '{"payments": {}}',
        '{"payments": [1]}',
        '{"payments": [{"payerId": "a"}]}',
        '{"payments":[}',
        '{"payments":[]}',
        '{"payments":[COMPACT',
        '{"payments":[COMPACT}]}',
        '{"payments":[COMPACT,,COMPACT]}',
        '{"payments":[COMPACT;COMPACT]}',
        '{"payments":[COMPACT],"more":1}',
        'x{"payments":[COMPACT]}',
        '{"payments": [GOOD',
        '{"payments": [GOOD,]}',
        '{"payments": [GOOD GOOD]}',
        '{"payments": [GOOD]',
        '{"payments": [GOOD], "more": 1}',
        '{"payments": [GOOD, {"idempotencyKey": "a b"}]}',
    ],
)
def test_a_batch_that_cannot_be_read_pays_nobody(bank: BankProcess, calls: BankCalls, body: str) -> None:
    before = bank.summary()
    text = body.replace("GOOD", json.dumps(entry(new_key())))
    text = text.replace("COMPACT", json.dumps(entry(new_key()), separators=(",", ":")))
    headers = {"Content-Type": "application/json"}
    response = calls.call("POST", "/payments/batch", data=text.encode(), headers=headers)
    assert response.status_code == 400
    assert "idempotencyKey" not in response.json()
    assert bank.summary() == before


def test_a_batch_that_is_too_long_pays_nobody() -> None:
    with BankProcess("--max-batch", "3") as bank:
        calls = BankCalls(bank.url)
        assert calls.batch([entry(new_key()) for _ in range(4)]).status_code == 413
        assert bank.summary()["sends"] == 0
        assert len(calls.results([entry(new_key()) for _ in range(3)])) == 3
