"""The bank's answers to single calls."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from tests.bank import BankProcess
from tests.bank_calls import BankCalls, new_key, payment, raw_payment


def paid(bank: BankProcess, key: str) -> list[dict[str, Any]]:
    return [row for row in bank.payments() if row["idempotencyKey"] == key]


def test_a_payment_is_made_and_echoed(bank: BankProcess, calls: BankCalls) -> None:
    key = new_key()
    response = calls.pay(key, amount="1234.50", reference='Zoë\'s "rent" \\ 3')
    assert response.status_code == 201
    assert response.headers["Content-Type"] == "application/json"
    answer = response.json()
    assert answer.pop("paymentId")
    assert answer == {"status": "succeeded", "idempotencyKey": key, "amount": "1234.50"}
    (row,) = paid(bank, key)
    assert (row["amount"], row["reference"]) == ("1234.50", 'Zoë\'s "rent" \\ 3')


def test_the_same_key_pays_once_and_answers_the_same(bank: BankProcess, calls: BankCalls) -> None:
    key = new_key()
    first, second = calls.pay(key), calls.pay(key)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.content == second.content
    assert len(paid(bank, key)) == 1
    assert [send["effect"] for send in bank.sends() if send["idempotencyKey"] == key] == ["paid", "replayed"]


@pytest.mark.parametrize(
    "change",
    [{"amount": "25.01"}, {"payee_id": "other"}, {"payer_id": "other"}, {"currency": "EUR"}, {"reference": ""}],
)
def test_a_key_with_other_content_is_refused(bank: BankProcess, calls: BankCalls, change: dict[str, Any]) -> None:
    key = new_key()
    calls.pay(key)
    response = calls.pay(key, **change)
    assert response.status_code == 422
    assert response.json() == {"code": "key_reused", "idempotencyKey": key}
    assert len(paid(bank, key)) == 1
    assert key in bank.summary()["notIdentical"]["keys"]


def test_a_paid_key_with_rubbish_is_refused_not_declined(calls: BankCalls) -> None:
    key = new_key()
    calls.pay(key)
    assert calls.pay(key, amount="0.00").json() == {"code": "key_reused", "idempotencyKey": key}


def test_other_bytes_with_the_same_content_pay_once_and_are_told(bank: BankProcess, calls: BankCalls) -> None:
    key = new_key()
    close = b"Connection: close\r\n"
    calls.exchange(raw_payment(key, json.dumps(payment()).encode(), headers=close))
    assert key not in bank.summary()["notIdentical"]["keys"]
    answer = calls.exchange(raw_payment(key, json.dumps(payment(), separators=(",", ":")).encode(), headers=close))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert key in bank.summary()["notIdentical"]["keys"]


def test_twenty_at_once_with_one_key_pay_once(bank: BankProcess, calls: BankCalls) -> None:
    bank.faults({"fault": "latency", "seconds": 0.3, "when": "before", "times": 1})
    key, together = new_key(), Barrier(20)

    def send() -> int:
        together.wait()
        return calls.pay(key).status_code

    with ThreadPoolExecutor(20) as threads:
        statuses = sorted(future.result() for future in [threads.submit(send) for _ in range(20)])
    assert statuses.count(201) == 1
    assert set(statuses) <= {200, 201, 409}
    assert len(paid(bank, key)) == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount": "0.00"}, "amount_invalid"),
        ({"amount": "25"}, "amount_invalid"),
        ({"amount": "025.00"}, "amount_invalid"),
        ({"amount": "25.000"}, "amount_invalid"),
        ({"amount": "-25.00"}, "amount_invalid"),
        ({"amount": "25.00\n"}, "amount_invalid"),
        ({"amount": "25.00", "currency": "JPY"}, "amount_invalid"),
        ({"amount": "25.00", "currency": "BHD"}, "amount_invalid"),
        ({"amount": 25.0}, "field_invalid"),
        ({"currency": "gbp"}, "currency_invalid"),
        ({"payer_id": ""}, "payer_invalid"),
        ({"payer_id": "x" * 65}, "payer_invalid"),
        ({"payee_id": "a b"}, "payee_invalid"),
        ({"payee_id": "payer-1"}, "payee_invalid"),
        ({"reference": "x" * 36}, "reference_invalid"),
        ({"colour": "red"}, "field_unknown"),
    ],
)
def test_an_impossible_payment_is_declined_hard(
    bank: BankProcess, calls: BankCalls, change: dict[str, Any], code: str
) -> None:
    key = new_key()
    response = calls.pay(key, **change)
    assert response.status_code == 422
    assert response.json() == {"code": code, "idempotencyKey": key}
    assert paid(bank, key) == []
    assert calls.ask(key).status_code == 404


@pytest.mark.parametrize(("amount", "currency"), [("25", "JPY"), ("25.125", "BHD"), ("0.01", "USD")])
def test_amounts_have_exactly_the_decimals_of_their_currency(calls: BankCalls, amount: str, currency: str) -> None:
    assert calls.pay(new_key(), amount=amount, currency=currency).json()["amount"] == amount


def test_a_missing_field_is_named_as_such(calls: BankCalls) -> None:
    fields = payment()
    del fields["currency"]
    response = calls.call("POST", "/payments", json=fields, headers={"Idempotency-Key": new_key()})
    assert (response.status_code, response.json()["code"]) == (422, "field_missing")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_object_is_malformed(calls: BankCalls, body: bytes) -> None:
    headers = {"Idempotency-Key": new_key(), "Content-Type": "application/json"}
    response = calls.call("POST", "/payments", data=body, headers=headers)
    assert (response.status_code, response.json()["code"]) == (400, "malformed")


@pytest.mark.parametrize("key", ["", "a b", "x" * 256])
def test_a_call_without_a_proper_key_is_refused(calls: BankCalls, key: str) -> None:
    response = calls.pay(key)
    assert (response.status_code, response.json()) == (400, {"code": "key_missing"})


def test_a_wrong_set_up_never_shows_a_key(bank: BankProcess, calls: BankCalls) -> None:
    key = {"Idempotency-Key": new_key()}
    answers = {
        401: BankCalls(bank.url, token="").call("POST", "/payments", json=payment(), headers=key),
        403: BankCalls(bank.url, token="wrong").call("POST", "/payments", json=payment(), headers=key),
        404: calls.call("POST", "/payment", json=payment(), headers=key),
        405: calls.call("PUT", "/payments", json=payment(), headers=key),
        413: calls.call("POST", "/payments", json=payment(reference="x" * (17 << 20)), headers=key),
        415: calls.call("POST", "/payments", data=payment(), headers=key),
    }
    assert {status: response.status_code for status, response in answers.items()} == {s: s for s in answers}
    assert all("idempotencyKey" not in response.json() for response in answers.values())
    assert answers[405].headers["Allow"] == "GET, POST"
    assert paid(bank, key["Idempotency-Key"]) == []


def test_questions_want_the_token_too(bank: BankProcess) -> None:
    assert BankCalls(bank.url, token="wrong").ask("k").status_code == 403
    assert BankCalls(bank.url, token="").call("GET", "/payments").status_code == 401
