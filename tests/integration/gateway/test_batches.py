"""Provider batches: what is sent, what is sent again, and when single calls take over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from gateway_scenes import MakeGateway, make_payments, soon
from scripted_bank import Act, Request, ScriptedBank, Step, answer, together

from shared.domain.payments import Outcome, OutcomeKind, batch_body

AMBIGUOUS, PAID = OutcomeKind.AMBIGUOUS, OutcomeKind.PAID


def results_of(request: Request) -> list[dict[str, Any]]:
    return [
        {"idempotencyKey": one["idempotencyKey"], "status": "succeeded", "paymentId": "p", "amount": one["amount"]}
        for one in request.json["payments"]
    ]


def keys_of(request: Request) -> list[str]:
    return [one["idempotencyKey"] for one in request.json["payments"]]


def test_payments_are_sent_in_batches_of_the_set_size(open_gateway: MakeGateway) -> None:
    payments = make_payments(14)
    with ScriptedBank(together(2)) as bank:
        results = open_gateway(bank.url, batch_size=4, concurrency=2).make_payments(payments, last_start=soon())
    assert {outcome.kind for outcome in results.outcomes.values()} == {PAID}
    assert len(results.outcomes) == 14
    expected = {
        batch_body(payments[:4]),
        batch_body(payments[4:8]),
        batch_body(payments[8:12]),
        batch_body(payments[12:]),
    }
    assert {request.body for request in bank.requests} == expected
    assert {(request.method, request.path) for request in bank.requests} == {("POST", "/payments/batch")}
    assert "idempotency-key" not in bank.requests[0].headers
    assert bank.in_flight_most == 2


def test_only_what_is_undecided_is_sent_again(open_gateway: MakeGateway) -> None:
    payments = make_payments(4)

    def script(request: Request) -> Iterable[Step]:
        found = results_of(request)
        if request.number == 1:
            found[0] |= {"status": "declined", "code": "blocked"}
            found[1] |= {"status": "error"}
            del found[2]
        return answer(200, {"results": found[::-1]})

    with ScriptedBank(script) as bank:
        results = open_gateway(bank.url, batch_size=4).make_payments(payments, last_start=soon())
    assert [results.outcomes[one.key].kind for one in payments] == [OutcomeKind.DECLINED, PAID, PAID, PAID]
    assert [request.body for request in bank.requests] == [batch_body(payments), batch_body(payments[1:3])]


@pytest.mark.parametrize("fault", [answer(500), [Act.RESET], answer(200, b"{"), answer(201, {"results": []})], ids=repr)
def test_a_whole_ambiguous_batch_is_sent_again_up_to_three_times(open_gateway: MakeGateway, fault: list[Step]) -> None:
    payments = make_payments(3)
    with ScriptedBank(lambda _: fault) as bank:
        results = open_gateway(bank.url, batch_size=3).make_payments(payments, last_start=soon())
    assert {outcome.kind for outcome in results.outcomes.values()} == {AMBIGUOUS}
    assert [request.body for request in bank.requests] == [batch_body(payments)] * 3


@pytest.mark.parametrize("mode", ["enquiry", "none"])
def test_without_keys_an_ambiguous_batch_is_never_sent_again(open_gateway: MakeGateway, mode: str) -> None:
    with ScriptedBank(lambda _: answer(500)) as bank:
        results = open_gateway(bank.url, batch_size=3, mode=mode).make_payments(make_payments(3), last_start=soon())
    assert {outcome.kind for outcome in results.outcomes.values()} == {AMBIGUOUS}
    assert len(bank.requests) == 1


@pytest.mark.parametrize("status", [400, 402, 404, 405, 413, 415, 422])
def test_a_refused_batch_is_sent_as_single_calls_with_the_same_keys(open_gateway: MakeGateway, status: int) -> None:
    payments = make_payments(8)
    one_by_one = together(4)
    script = lambda request: answer(status) if request.path.endswith("/batch") else one_by_one(request)  # noqa: E731
    with ScriptedBank(script) as bank:
        gateway = open_gateway(bank.url, batch_size=8, concurrency=4)
        results = gateway.make_payments(payments, last_start=soon())
    assert {outcome.kind for outcome in results.outcomes.values()} == {PAID}
    assert sorted(request.body for request in bank.requests[1:]) == sorted(one.single_body() for one in payments)
    assert sorted(bank.keys_of_singles()) == sorted(one.key for one in payments)
    assert bank.in_flight_most == 4


@pytest.mark.parametrize("mode", ["enquiry", "none"])
def test_without_keys_a_refused_batch_is_ambiguous(open_gateway: MakeGateway, mode: str) -> None:
    with ScriptedBank(lambda _: answer(413)) as bank:
        results = open_gateway(bank.url, batch_size=3, mode=mode).make_payments(make_payments(3), last_start=soon())
    assert {outcome.kind for outcome in results.outcomes.values()} == {AMBIGUOUS}
    assert len(bank.requests) == 1


def test_a_refused_batch_proves_nothing_so_a_refused_single_call_is_ambiguous(open_gateway: MakeGateway) -> None:
    script = lambda request: answer(400 if request.path.endswith("/batch") else 403)  # noqa: E731
    with ScriptedBank(script) as bank:
        results = open_gateway(bank.url, batch_size=3).make_payments(make_payments(3), last_start=soon())
    assert {(outcome.kind, outcome.alert) for outcome in results.outcomes.values()} == {(AMBIGUOUS, True)}


def test_single_calls_after_a_refused_batch_keep_to_three_sends_in_all(open_gateway: MakeGateway) -> None:
    script = lambda request: answer(400 if request.path.endswith("/batch") else 500)  # noqa: E731
    with ScriptedBank(script) as bank:
        results = open_gateway(bank.url, batch_size=2).make_payments(make_payments(2), last_start=soon())
    assert {outcome.kind for outcome in results.outcomes.values()} == {AMBIGUOUS}
    assert set(Counter(bank.keys_of_singles()).values()) == {2}


def test_single_calls_after_a_refused_batch_do_not_begin_after_the_last_start(open_gateway: MakeGateway) -> None:
    with ScriptedBank(lambda _: [0.3, *answer(400)]) as bank:
        results = open_gateway(bank.url, batch_size=2).make_payments(make_payments(2), last_start=soon(0.2))
    assert {outcome.kind for outcome in results.outcomes.values()} == {AMBIGUOUS}
    assert (len(bank.requests), results.not_begun) == (1, frozenset())


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (answer(429, Retry_After="0"), OutcomeKind.THROTTLED),
        (answer(503, {"code": "overloaded"}, Retry_After="0"), OutcomeKind.THROTTLED),
        (answer(401), OutcomeKind.MISCONFIGURED),
        (answer(403), OutcomeKind.MISCONFIGURED),
    ],
)
def test_what_refuses_the_whole_call_holds_for_every_payment(
    open_gateway: MakeGateway, refusal: list[Step], kind: OutcomeKind
) -> None:
    with ScriptedBank(lambda _: refusal) as bank:
        results = open_gateway(bank.url, batch_size=3, mode="none").make_payments(make_payments(3), last_start=soon())
    assert {outcome.kind for outcome in results.outcomes.values()} == {kind}
    assert len(bank.requests) == (3 if kind is OutcomeKind.THROTTLED else 1)


def test_a_batch_that_could_not_be_sent_is_not_sent(open_gateway: MakeGateway) -> None:
    with ScriptedBank() as bank:
        url = bank.url
    results = open_gateway(url, batch_size=3).make_payments(make_payments(3), last_start=soon())
    assert {outcome.kind for outcome in results.outcomes.values()} == {OutcomeKind.NOT_SENT}


def test_contradictions_are_not_sent_again_and_alert(open_gateway: MakeGateway) -> None:
    payments = make_payments(6)

    def script(request: Request) -> Iterable[Step]:
        found = results_of(request)
        found[0] |= {"amount": "1.00"}
        found[1] |= {"idempotencyKey": "of somebody else"}
        return answer(200, {"results": [*found, found[2]]})

    with ScriptedBank(script) as bank:
        results = open_gateway(bank.url, batch_size=6).make_payments(payments, last_start=soon())
    contradicted = [results.outcomes[one.key] for one in payments[:3]]
    assert [(one.kind, one.alert, one.resend) for one in contradicted] == [(AMBIGUOUS, True, False)] * 3
    assert {results.outcomes[one.key].kind for one in payments[3:]} == {PAID}
    assert results.alerts == ("1 results for keys that were not in the call",)
    assert len(bank.requests) == 1


def test_one_payments_rubbish_in_a_batch_of_a_thousand_leaves_the_other_999_paid(open_gateway: MakeGateway) -> None:
    payments = make_payments(1000)

    def script(request: Request) -> Iterable[Step]:
        found = [one | ({"paymentId": "\x00"} if one["idempotencyKey"] == payments[500].key else {})
                 for one in results_of(request)]  # fmt: skip
        return answer(200, {"results": found})

    with ScriptedBank(script) as bank:
        results = open_gateway(bank.url, batch_size=250).make_payments(payments, last_start=soon())
    kinds = Counter(outcome.kind for outcome in results.outcomes.values())
    assert kinds == {PAID: 999, AMBIGUOUS: 1}
    assert results.outcomes[payments[500].key] == Outcome(AMBIGUOUS, "result not understood")
    assert sum(payments[500].key in keys_of(request) for request in bank.requests) == 3
