"""The bank is down, and comes back."""

from __future__ import annotations

import json
import time

import pytest
import requests

from tests.bank import BankProcess
from tests.bank_calls import BankCalls, eventually, new_key, payment, raw_payment


def refuses(calls: BankCalls) -> bool:
    """Whether nothing listens: a reset of a connection that was made would be something else."""
    try:
        with calls.connect():
            return False
    except ConnectionRefusedError:
        return True


def test_connections_are_refused_and_then_a_tenth_is_served() -> None:
    with BankProcess() as bank:
        calls = BankCalls(bank.url)
        calls.pay("k")
        with calls.connect() as kept:
            start = time.monotonic()
            bank.faults({"fault": "down", "seconds": 2.5, "recoverSeconds": 4})
            assert kept.recv(1) == b""
        eventually(lambda: refuses(calls))
        with pytest.raises(requests.ConnectionError):
            calls.pay(new_key())
        eventually(lambda: not refuses(calls))
        assert time.monotonic() - start >= 2.5
        answers = [calls.ask("k") for _ in range(40)]
        assert [answer.status_code for answer in answers].count(200) == 4
        away = next(answer for answer in answers if answer.status_code != 200)
        assert (away.status_code, away.json(), away.headers["Retry-After"]) == (503, {"code": "overloaded"}, "1")
        eventually(lambda: all(calls.ask("k").status_code == 200 for _ in range(10)))


def test_everything_is_overloaded_and_then_well() -> None:
    with BankProcess() as bank:
        calls = BankCalls(bank.url)
        bank.faults({"fault": "down", "seconds": 2.5, "how": "overloaded"})
        eventually(lambda: calls.pay(new_key()).status_code == 503)
        assert calls.pay(new_key()).json() == {"code": "overloaded"}
        assert bank.summary()["mode"] == "key"
        eventually(lambda: calls.pay(new_key()).status_code == 201)


def test_an_overload_can_be_called_off() -> None:
    with BankProcess() as bank:
        calls = BankCalls(bank.url)
        bank.faults({"fault": "down", "seconds": 60, "how": "overloaded"})
        eventually(lambda: calls.ask("k").status_code == 503)
        bank.clear_faults()
        assert calls.pay(new_key()).status_code == 201


def test_a_bank_that_is_down_still_stops_cleanly() -> None:
    with BankProcess(faults=[{"fault": "down", "seconds": 60}]) as bank:
        eventually(lambda: refuses(BankCalls(bank.url)))
        assert bank.stop() == 0


def test_what_is_under_way_is_paid_while_the_bank_is_down() -> None:
    with BankProcess("--processing-seconds", "2.5") as bank:
        calls = BankCalls(bank.url)
        with calls.connect() as line:
            line.sendall(raw_payment("k", json.dumps(payment()).encode()))
            eventually(lambda: bank.summary()["underWay"] == 1)
            bank.faults({"fault": "down", "seconds": 2.7})
            assert line.recv(1) == b""
        eventually(lambda: refuses(calls))
        eventually(lambda: not refuses(calls))
        assert [row["idempotencyKey"] for row in bank.payments()] == ["k"]
