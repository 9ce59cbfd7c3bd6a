"""Every scripted fault of a call, as a client sees it and as the journal has it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from statistics import median
from typing import Any

import pytest
import requests

from tests.bank import BankProcess
from tests.bank_calls import BankCalls, entry, eventually, new_key, payment, raw_payment

BODY = b'{"payerId":"p","payeeId":"q","amount":"1.00","currency":"GBP","reference":""}'


def times_paid(bank: BankProcess, key: str) -> int:
    return sum(row["idempotencyKey"] == key for row in bank.payments())


def effects(bank: BankProcess, key: str) -> list[str]:
    return [send["effect"] for send in bank.sends() if send["idempotencyKey"] == key]


@pytest.mark.parametrize(("commit", "effect"), [(False, "not executed"), (True, "paid")])
def test_500_before_and_after_the_commit(bank: BankProcess, calls: BankCalls, commit: bool, effect: str) -> None:
    bank.faults({"fault": "server_error", "commit": commit, "times": 1})
    key = new_key()
    response = calls.pay(key)
    assert (response.status_code, response.content) == (500, b"")
    assert effects(bank, key) == [effect]
    assert calls.ask(key).status_code == (200 if commit else 404)
    assert calls.pay(key).status_code == (200 if commit else 201)
    assert times_paid(bank, key) == 1


@pytest.mark.parametrize("commit", [False, True])
def test_the_connection_is_closed_before_and_after_the_commit(
    bank: BankProcess, calls: BankCalls, commit: bool
) -> None:
    bank.faults({"fault": "drop", "commit": commit})
    key = new_key()
    assert calls.exchange(raw_payment(key, BODY)) == b""
    assert times_paid(bank, key) == int(commit)


@pytest.mark.parametrize("commit", [False, True])
def test_the_connection_is_reset_before_and_after_the_commit(bank: BankProcess, calls: BankCalls, commit: bool) -> None:
    bank.faults({"fault": "drop", "how": "rst", "commit": commit})
    key = new_key()
    with pytest.raises(ConnectionResetError):
        calls.exchange(raw_payment(key, BODY))
    assert times_paid(bank, key) == int(commit)


def test_the_connection_is_closed_within_the_answer(bank: BankProcess, calls: BankCalls) -> None:
    bank.faults({"fault": "drop", "commit": True, "afterBytes": 20})
    assert calls.exchange(raw_payment(new_key(), BODY)) == b"HTTP/1.1 201 Created"


@pytest.mark.parametrize(
    ("fields", "header"),
    [
        ({}, None),
        ({"retryAfter": 2}, "2"),
        ({"retryAfter": 99999999999}, "99999999999"),
        ({"retryAfter": -5}, "-5"),
        ({"retryAfter": "soon"}, "soon"),
        ({"retryAfter": "Wed, 21 Oct 2015 07:28:00 GMT"}, "Wed, 21 Oct 2015 07:28:00 GMT"),
    ],
)
@pytest.mark.parametrize(("status", "code"), [(429, "rate_limited"), (503, "overloaded")])
def test_throttled_with_every_kind_of_retry_after(
    bank: BankProcess, calls: BankCalls, fields: dict[str, Any], header: str | None, status: int, code: str
) -> None:
    bank.faults({"fault": "throttled", "status": status, **fields})
    key = new_key()
    for response in (calls.pay(key), calls.batch([entry(key)])):
        assert (response.status_code, response.json()) == (status, {"code": code})
        assert response.headers.get("Retry-After") == header
    assert effects(bank, key) == ["not executed"] * 2


def test_retry_after_may_be_a_date_to_come(bank: BankProcess, calls: BankCalls) -> None:
    bank.faults({"fault": "throttled", "retryAfterDateSeconds": 3600})
    wait = parsedate_to_datetime(calls.pay(new_key()).headers["Retry-After"]) - datetime.now(UTC)
    assert timedelta(minutes=59) < wait <= timedelta(minutes=60)


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 405, 410, 415, 422, 599])
def test_any_status_without_a_body(bank: BankProcess, calls: BankCalls, status: int) -> None:
    bank.faults({"fault": "status", "status": status})
    key = new_key()
    response = calls.pay(key)
    assert (response.status_code, response.content) == (status, b"")
    assert times_paid(bank, key) == 0


def test_any_status_with_a_code_or_json_or_text_and_headers(bank: BankProcess, calls: BankCalls) -> None:
    bank.faults(
        {"fault": "status", "status": 422, "code": "payee_unknown", "nth": 1},
        {"fault": "status", "status": 202, "body": {"id": "$key", "n": [1]}, "headers": {"X-A": "b"}, "nth": 1},
        {"fault": "status", "status": 200, "text": "<html>", "nth": 1},
    )
    key = new_key()
    assert calls.pay(key).json() == {"code": "payee_unknown", "idempotencyKey": key}
    second = calls.pay(key)
    assert (second.status_code, second.json(), second.headers["X-A"]) == (202, {"id": key, "n": [1]}, "b")
    assert calls.pay(key).text == "<html>"


def test_a_redirect_goes_where_it_would_pay(bank: BankProcess, calls: BankCalls) -> None:
    bank.faults({"fault": "redirect", "status": 307}, {"fault": "redirect", "on": "ask"})
    response = calls.pay(new_key())
    assert (response.status_code, response.headers["Location"]) == (307, "/payments")
    assert calls.ask("k").status_code == 302


@pytest.mark.parametrize("commit", [True, False])
def test_a_call_hangs_after_and_before_the_commit(bank: BankProcess, calls: BankCalls, commit: bool) -> None:
    bank.faults({"fault": "hang", "commit": commit, "send": 1})
    key = new_key()
    with pytest.raises(requests.ReadTimeout):
        calls.pay(key, seconds=0.2)
    eventually(lambda: effects(bank, key) != [])  # a slow bank has read it later than its client gave up
    assert times_paid(bank, key) == int(commit)
    assert calls.pay(key).status_code == (200 if commit else 201)


@pytest.mark.parametrize("hidden", [True, False])
def test_paid_a_while_after_the_time_out(bank: BankProcess, calls: BankCalls, hidden: bool) -> None:
    bank.faults({"fault": "hang", "commitAfterSeconds": 2.5, "hidden": hidden})
    key, entries = new_key(), [entry(new_key()) for _ in range(2)]
    with pytest.raises(requests.ReadTimeout):
        calls.pay(key, seconds=0.1)
    with pytest.raises(requests.ReadTimeout):
        calls.batch(entries, seconds=0.1)
    eventually(lambda: bank.summary()["underWay"] == 3)
    assert times_paid(bank, key) == 0
    assert calls.ask(key).json().get("status") == (None if hidden else "processing")
    assert calls.ask(key).status_code == (404 if hidden else 200)
    eventually(lambda: bank.summary()["underWay"] == 0)
    assert times_paid(bank, key) == 1
    assert all(times_paid(bank, str(one["idempotencyKey"])) == 1 for one in entries)


@pytest.mark.parametrize("when", ["before", "after"])
def test_latency_before_and_after_the_commit(bank: BankProcess, calls: BankCalls, when: str) -> None:
    bank.faults({"fault": "latency", "seconds": 2.0, "when": when})
    key, start = new_key(), time.monotonic()
    with pytest.raises(requests.ReadTimeout):
        calls.pay(key, seconds=0.1)
    eventually(lambda: effects(bank, key) != [] or when == "before")
    assert times_paid(bank, key) == (0 if when == "before" else 1)
    assert calls.pay(new_key()).status_code == 201
    assert time.monotonic() - start >= 2.1
    assert times_paid(bank, key) == 1


@pytest.mark.parametrize("part", ["headers", "body"])
def test_an_answer_drips(bank: BankProcess, calls: BankCalls, part: str) -> None:
    bank.faults({"fault": "drip", "part": part, "intervalSeconds": 0.005})
    key = new_key()
    with calls.connect() as line:
        line.sendall(raw_payment(key, BODY))
        pieces = [line.recv(65536)]
        assert (b"\r\n\r\n" in pieces[0]) is (part == "body")
        while not pieces[-1].endswith(b"}"):
            pieces.append(line.recv(65536))
    assert len(pieces) > 50
    assert median(map(len, pieces[1:])) < 30  # whoever reads late finds several
    assert times_paid(bank, key) == 1


def test_an_answer_is_cut_off(bank: BankProcess, calls: BankCalls) -> None:
    bank.faults({"fault": "truncated", "keep": 0.5})
    key = new_key()
    head, _, body = calls.exchange(raw_payment(key, BODY)).partition(b"\r\n\r\n")
    assert b"Content-Length: %d" % (2 * len(body)) in head or b"Content-Length: %d" % (2 * len(body) + 1) in head
    assert times_paid(bank, key) == 1


def test_an_answer_is_no_json(bank: BankProcess, calls: BankCalls) -> None:
    bank.faults({"fault": "wrong_json", "nth": 1}, {"fault": "wrong_json", "text": "[]"})
    key = new_key()
    response = calls.pay(key)
    assert response.status_code == 201
    with pytest.raises(requests.JSONDecodeError):
        response.json()
    assert calls.batch([entry(key)]).json() == []
    assert times_paid(bank, key) == 1


@pytest.mark.parametrize("chunked", [True, False])
def test_an_answer_is_far_too_large(bank: BankProcess, calls: BankCalls, chunked: bool) -> None:
    bank.faults({"fault": "oversized", "bytes": 300_000, "chunked": chunked})
    key = new_key()
    response = calls.pay(key)
    assert len(response.content) > 300_000
    assert response.json()["idempotencyKey"] == key
    assert ("Content-Length" in response.headers) is not chunked


def test_an_answer_is_no_http(bank: BankProcess, calls: BankCalls) -> None:
    bank.faults({"fault": "raw", "nth": 1}, {"fault": "raw", "text": "\x00\x01"})
    with pytest.raises(requests.ConnectionError):
        calls.pay(new_key())
    assert calls.exchange(raw_payment(new_key(), BODY)) == b"\x00\x01"


def test_questions_and_lists_fail_too(bank: BankProcess, calls: BankCalls) -> None:
    key = new_key()
    calls.pay(key)
    bank.faults(
        {"fault": "status", "status": 404, "on": "ask", "payerId": "payer-1", "nth": 1},
        {"fault": "status", "status": 404, "on": "ask", "nth": 1, "body": {"code": "payment_not_found"}},
        {"fault": "hang", "on": "ask", "nth": 1},
        {"fault": "wrong_amount", "on": "ask", "nth": 4},
        {"fault": "server_error", "on": "list"},
    )
    assert calls.ask(key).content == b""
    assert calls.ask(key).json() == {"code": "payment_not_found"}
    with pytest.raises(requests.ReadTimeout):
        calls.ask(key, seconds=1.0)
    assert calls.ask(key).json()["amount"] == "999999.99"
    assert calls.call("GET", "/payments").status_code == 500
    assert calls.ask(key).json()["amount"] == payment()["amount"]
