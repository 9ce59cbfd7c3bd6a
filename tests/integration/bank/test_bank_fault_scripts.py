"""Whom a fault meets: by payer, by key, by number, by share; and how faults are set, seen and cleared."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bank import BankProcess, Spec
from tests.bank_calls import BankCalls, entry, eventually, new_key


def statuses(calls: BankCalls, count: int, **changes: Any) -> list[int]:
    return [calls.pay(new_key(), **changes).status_code for _ in range(count)]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ({"nth": 3}, [201, 201, 500, 201, 201]),
        ({"times": 2}, [500, 500, 201, 201, 201]),
        ({"after": 2, "times": 2}, [201, 201, 500, 500, 201]),
        ({"after": 3}, [201, 201, 201, 500, 500]),
    ],
)
def test_faults_by_number(bank: BankProcess, calls: BankCalls, script: Spec, expected: list[int]) -> None:
    bank.faults({"fault": "server_error", **script})
    assert statuses(calls, 5) == expected


def test_the_first_fault_that_meets_counts(bank: BankProcess, calls: BankCalls) -> None:
    bank.faults(
        {"fault": "status", "status": 500, "times": 1},
        {"fault": "status", "status": 502, "times": 1},
        {"fault": "status", "status": 504, "times": 1},
    )
    assert statuses(calls, 4) == [500, 502, 504, 201]


def test_faults_by_payer_and_by_key(bank: BankProcess, calls: BankCalls) -> None:
    bank.faults(
        {"fault": "status", "status": 500, "payerId": ["a", "b"]},
        {"fault": "status", "status": 502, "idempotencyKey": "the-key"},
    )
    assert [calls.pay(new_key(), payer_id=payer).status_code for payer in "abc"] == [500, 500, 201]
    assert calls.pay("the-key").status_code == 502
    assert calls.batch([entry(new_key(), payer_id="c"), entry(new_key(), payer_id="b")]).status_code == 500


def test_faults_by_form(bank: BankProcess, calls: BankCalls) -> None:
    bank.faults({"fault": "status", "status": 400, "on": "batch"})
    assert calls.pay(new_key()).status_code == 201
    assert calls.batch([entry(new_key())]).status_code == 400
    bank.clear_faults()
    bank.faults({"fault": "status", "status": 500, "on": "any"})
    assert {calls.pay("k").status_code, calls.ask("k").status_code} == {500}


def test_faults_by_share_depend_on_seed_and_key_alone() -> None:
    keys = [f"key-{number}" for number in range(300)]

    def declined(seed: str, order: list[str]) -> set[str]:
        fault = {"fault": "decline", "code": "limit_exceeded", "share": 0.2}
        with BankProcess("--seed", seed, faults=[fault]) as bank:
            results = BankCalls(bank.url).results([entry(key) for key in order])
        return {result["idempotencyKey"] for result in results if result["status"] == "declined"}

    first = declined("1", keys)
    assert 30 < len(first) < 90
    assert declined("1", keys[::-1]) == first
    assert declined("2", keys) != first


def test_a_share_of_payers_is_always_met(bank: BankProcess, calls: BankCalls) -> None:
    bank.faults({"fault": "decline", "code": "blocked", "share": 0.5, "shareBy": "payer"})
    by_payer = {f"payer-{n}": set(statuses(calls, 3, payer_id=f"payer-{n}")) for n in range(10, 30)}
    assert set(map(frozenset, by_payer.values())) == {frozenset({201}), frozenset({402})}


def test_a_share_of_keys_is_met_at_every_send(bank: BankProcess, calls: BankCalls) -> None:
    bank.faults({"fault": "server_error", "share": 0.5, "shareBy": "key"})
    ends = set()
    for _ in range(20):
        key = new_key()
        ends.add(tuple(calls.pay(key).status_code for _ in range(2)))
    assert ends == {(500, 500), (201, 200)}


def test_a_fault_lasts_so_long(bank: BankProcess, calls: BankCalls) -> None:
    bank.faults({"fault": "server_error", "forSeconds": 2.5})
    assert statuses(calls, 1) == [500]
    eventually(lambda: statuses(calls, 1) == [201])


def test_faults_are_seen_with_their_counts_and_cleared(bank: BankProcess, calls: BankCalls) -> None:
    bank.faults({"fault": "server_error", "after": 1, "times": 1})
    bank.faults({"fault": "latency", "seconds": 0, "payerId": "nobody"})
    statuses(calls, 4)
    first, second = bank.shown_faults()
    assert first | {"id": 0} == {"id": 0, "fault": "server_error", "after": 1, "times": 1, "suited": 4, "met": 1}
    assert (second["suited"], second["met"]) == (0, 0)
    bank.clear_faults()
    assert bank.shown_faults() == []
    assert statuses(calls, 2) == [201, 201]


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ("x", "fault 1"),
        ({}, "`fault` must be one of"),
        ({"fault": "nonsense"}, "`fault` must be one of"),
        ({"fault": "latency"}, "`seconds` is missing"),
        ({"fault": "decline"}, "`code` is missing"),
        ({"fault": "status"}, "`status` is missing"),
        ({"fault": "drop", "amount": "1.00"}, "no field 'amount'"),
        ({"fault": "drop", "how": "gently"}, "how"),
        ({"fault": "drop", "how": "refuse"}, "`how` is one of fin, rst"),
        ({"fault": "drop", "share": 2}, "from 0 to 1"),
        ({"fault": "drop", "nth": 0}, "nth: 1 or more"),
        ({"fault": "drop", "times": -1}, "a whole number"),
        ({"fault": "drop", "commit": 1}, "true or false"),
        ({"fault": "drop", "commitAfterSeconds": 1}, "without `commit`"),
        ({"fault": "drop", "on": "moon"}, "any of single"),
        ({"fault": "missing", "on": "single"}, "this fault is for batch"),
        ({"fault": "latency", "seconds": "1"}, "a number"),
        ({"fault": "latency", "seconds": -1}, "not below zero"),
        ({"fault": "status", "status": 500, "headers": []}, "an object of strings"),
        ({"fault": "drop", "payerId": 7}, "a string"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_with_all_that_came(
    bank: BankProcess, calls: BankCalls, spec: object, complaint: str
) -> None:
    response = calls.call("POST", "/admin/faults", json=[spec, {"fault": "server_error"}])
    assert response.status_code == 422
    assert complaint in response.json()["detail"]
    assert bank.shown_faults() == []


@pytest.mark.parametrize("body", [b"", b"{"])
def test_faults_that_are_no_json_are_refused(calls: BankCalls, body: bytes) -> None:
    assert calls.call("POST", "/admin/faults", data=body).status_code == 400
