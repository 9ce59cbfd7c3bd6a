"""What is left not begun: after the last start, and where the provider refuses everybody."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterable

import pytest
from gateway_scenes import MakeGateway, make_payment, make_payments, soon
from scripted_bank import Request, ScriptedBank, Step, answer, pay

from shared.domain.payments import OutcomeKind


@pytest.mark.parametrize("batch_size", [1, 3])
def test_after_the_last_start_nothing_is_sent(open_gateway: MakeGateway, batch_size: int) -> None:
    payments = make_payments(7)
    with ScriptedBank() as bank:
        results = open_gateway(bank.url, batch_size=batch_size).make_payments(payments, last_start=time.monotonic())
    assert results.not_begun == {one.key for one in payments}
    assert (dict(results.outcomes), bank.requests) == ({}, [])


def test_what_was_begun_before_the_last_start_is_finished_and_the_rest_not_begun(open_gateway: MakeGateway) -> None:
    payments = make_payments(50)
    with ScriptedBank(lambda request: [0.15, *pay(request)]) as bank:
        results = open_gateway(bank.url, concurrency=2).make_payments(payments, last_start=soon(1.5))
    begun = set(bank.keys())
    assert 1 <= len(begun) <= 22
    assert {key for key, outcome in results.outcomes.items() if outcome.kind is OutcomeKind.PAID} == begun
    assert results.not_begun == {one.key for one in payments} - begun


def test_a_payment_ambiguous_before_and_not_begun_is_named_as_not_begun(open_gateway: MakeGateway) -> None:
    one = make_payment()
    with ScriptedBank() as bank:
        results = open_gateway(bank.url).make_payments(
            [one], last_start=time.monotonic() - 1, ambiguous_before=frozenset({one.key})
        )
    assert results.not_begun == {one.key}


def test_a_dead_provider_leaves_the_rest_not_begun(open_gateway: MakeGateway) -> None:
    with ScriptedBank() as bank:
        url = bank.url
    payments = make_payments(300)
    began = time.monotonic()
    results = open_gateway(url, concurrency=2).make_payments(payments, last_start=soon(60))
    assert time.monotonic() - began < 50  # the last start is in a minute
    assert {outcome.kind for outcome in results.outcomes.values()} == {OutcomeKind.NOT_SENT}
    assert 4 <= len(results.outcomes) <= 6
    assert len(results.not_begun) == 300 - len(results.outcomes)


@pytest.mark.parametrize("refusal", [answer(429, Retry_After="0"), answer(403)], ids=["throttled", "misconfigured"])
def test_a_provider_that_refuses_everybody_is_left_alone(open_gateway: MakeGateway, refusal: list[bytes]) -> None:
    with ScriptedBank(lambda _: refusal) as bank:
        results = open_gateway(bank.url, concurrency=2).make_payments(make_payments(300), last_start=soon(60))
    assert 4 <= len(results.outcomes) <= 6
    assert len(results.outcomes) + len(results.not_begun) == 300


def test_a_provider_that_refuses_one_payer_still_pays_the_others(open_gateway: MakeGateway) -> None:
    payments = [make_payment(number, payer_id="refused" if number <= 40 else "served") for number in range(1, 61)]
    script = lambda request: answer(403) if request.json["payerId"] == "refused" else pay(request)  # noqa: E731
    with ScriptedBank(script) as bank:
        results = open_gateway(bank.url, concurrency=2).make_payments(payments, last_start=soon())
    assert results.not_begun == frozenset()
    assert [results.outcomes[one.key].kind for one in payments] == [OutcomeKind.MISCONFIGURED] * 40 + [
        OutcomeKind.PAID
    ] * 20


class Interrupted(Exception):
    """Stands for what a task's time limit raises in the worker's main thread."""


def test_an_interrupted_worker_begins_nothing_more(open_gateway: MakeGateway) -> None:
    main = threading.main_thread().ident
    assert main is not None

    def script(request: Request) -> Iterable[Step]:
        if request.number == 3:
            signal.pthread_kill(main, signal.SIGUSR1)
        return [0.05, *pay(request)]

    def interrupt(*_: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with ScriptedBank(script) as bank:
            gateway = open_gateway(bank.url, concurrency=2)
            with pytest.raises(Interrupted):
                gateway.make_payments(make_payments(200), last_start=soon())
            gateway.close()
            assert len(bank.requests) < 50
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_the_next_part_tries_again(open_gateway: MakeGateway) -> None:
    down = [True]
    script = lambda request: answer(403) if down[0] else pay(request)  # noqa: E731
    with ScriptedBank(script) as bank:
        gateway = open_gateway(bank.url, concurrency=1)
        assert gateway.make_payments(make_payments(20), last_start=soon()).not_begun
        down[0] = False
        assert not gateway.make_payments(make_payments(20), last_start=soon()).not_begun
