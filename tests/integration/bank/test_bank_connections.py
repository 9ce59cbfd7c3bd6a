"""HTTP as it comes: in pieces, several at once, in chunks, or not HTTP at all."""

from __future__ import annotations

import json

import pytest

from tests.bank import BankProcess
from tests.bank_calls import TOKEN, BankCalls, new_key, payment, raw_payment

BODY = json.dumps(payment()).encode()
CLOSE = b"Connection: close\r\n"


def test_pipelined_requests_are_answered_in_order(bank: BankProcess, calls: BankCalls) -> None:
    bank.faults({"fault": "latency", "seconds": 0.2, "nth": 2})
    keys = [new_key() for _ in range(150)]
    answer = calls.exchange(
        b"".join(raw_payment(key, BODY) for key in keys[:-1]), raw_payment(keys[-1], BODY, headers=CLOSE)
    )
    assert answer.count(b"HTTP/1.1 201 Created\r\n") == 150
    positions = [answer.index(key.encode()) for key in keys]
    assert positions == sorted(positions)


def test_a_request_may_come_byte_by_byte(calls: BankCalls) -> None:
    request = raw_payment(new_key(), BODY, headers=CLOSE)
    answer = calls.exchange(*(request[place : place + 1] for place in range(len(request))))
    assert answer.startswith(b"HTTP/1.1 201 Created\r\n")


def test_a_body_may_come_in_chunks(calls: BankCalls) -> None:
    request = raw_payment(new_key(), b"", headers=CLOSE + b"Transfer-Encoding: chunked\r\n")
    request = request.replace(b"Content-Length: 0\r\n", b"")
    chunks = [b"%x\r\n%b\r\n" % (len(part), part) for part in (BODY[:7], BODY[7:])]
    answer = calls.exchange(request, *chunks, b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 201 Created\r\n")


def test_a_connection_is_kept_until_the_client_wants_it_closed(calls: BankCalls) -> None:
    with calls.connect() as line:
        for _ in range(3):
            line.sendall(raw_payment(new_key(), BODY))
            assert line.recv(65536).startswith(b"HTTP/1.1 201")
        line.sendall(raw_payment(new_key(), BODY, headers=CLOSE))
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    assert b"Connection: close\r\n" in answer


def test_a_client_that_waits_for_leave_to_send_gets_it(calls: BankCalls) -> None:
    head, _, body = raw_payment(new_key(), BODY, headers=b"Expect: 100-continue\r\n").partition(b"\r\n\r\n")
    with calls.connect() as line:
        line.sendall(head + b"\r\n\r\n")
        assert line.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.sendall(body)
        assert line.recv(65536).startswith(b"HTTP/1.1 201")


@pytest.mark.parametrize(
    "rubbish", [b"hello\r\n\r\n", b"\x16\x03\x01\x02\x00", b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n"]
)
def test_what_is_not_http_is_answered_400_and_closed(calls: BankCalls, rubbish: bytes) -> None:
    assert calls.exchange(rubbish).startswith(b"HTTP/1.1 400 Bad Request\r\n")


def test_endless_headers_are_refused(calls: BankCalls) -> None:
    request = raw_payment(new_key(), BODY, headers=b"X: %s\r\n" % (b"x" * 70_000))
    with calls.connect() as line:
        line.sendall(request)
        assert line.recv(65536).startswith(b"HTTP/1.1 431")


def test_half_a_request_pays_nothing(bank: BankProcess, calls: BankCalls) -> None:
    before = bank.summary()
    assert calls.exchange(raw_payment(new_key(), BODY)[:-1], end=True) == b""
    assert bank.summary() == before


def test_head_is_answered_without_a_body(calls: BankCalls) -> None:
    request = b"HEAD /payments HTTP/1.1\r\nHost: bank\r\nAuthorization: Bearer %s\r\n%s\r\n"
    answer = calls.exchange(request % (TOKEN.encode(), CLOSE))
    assert answer.startswith(b"HTTP/1.1 405")
    assert answer.endswith(b"\r\n\r\n")
