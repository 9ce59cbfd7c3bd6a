"""What calls over real connections tell of the provider as a whole."""

from __future__ import annotations

import time

import pytest
from gateway_scenes import MakeGateway, make_payment, make_payments, soon
from scripted_bank import Request, ScriptedBank, Step, answer, pay

from shared.domain.payments import OutcomeKind
from worker_service.gateway import Trouble, TroubleKind


def test_a_provider_that_times_everybody_out_holds_no_worker_for_long(open_gateway: MakeGateway) -> None:
    with ScriptedBank(lambda _: [30.0]) as bank:
        gateway = open_gateway(bank.url, concurrency=8, timeout_seconds=0.5)
        began = time.monotonic()
        results = gateway.make_payments(make_payments(200), last_start=soon(60))
        assert time.monotonic() - began < 12  # eight at once would take twelve and a half seconds for all
    assert results.trouble is not None
    assert results.trouble.kind is TroubleKind.DOWN
    assert len(results.not_begun) > 170


def test_one_payers_time_outs_hold_up_nobody_else_and_his_own_wait(open_gateway: MakeGateway) -> None:
    payments = [make_payment(number, payer_id="slow" if number % 4 else f"payer-{number}") for number in range(1, 81)]

    def script(request: Request) -> list[Step]:
        return [30.0] if request.json["payerId"] == "slow" else list(pay(request))

    with ScriptedBank(script) as bank:
        gateway = open_gateway(bank.url, concurrency=4, timeout_seconds=1.0)
        results = gateway.make_payments(payments, last_start=soon(60))
        left_out = [payment for payment in payments if payment.key in results.not_begun]
        again = gateway.make_payments(left_out[:8], last_start=soon(0.5))
    assert results.trouble is None
    paid = {key for key, outcome in results.outcomes.items() if outcome.kind is OutcomeKind.PAID}
    assert paid == {payment.key for payment in payments if payment.payer_id != "slow"}
    assert {payment.payer_id for payment in left_out} == {"slow"}
    assert len(left_out) >= 50  # two lanes' time-outs at least were heard before the third call of most began
    assert results.slow == results.not_begun
    assert (len(again.outcomes), again.slow) == (4, frozenset())  # alone they are sent, as many as there are lanes


def test_what_everybody_is_asked_to_wait_is_told(open_gateway: MakeGateway) -> None:
    with ScriptedBank(lambda _: answer(429, Retry_After="40")) as bank:
        results = open_gateway(bank.url, concurrency=2).make_payments(make_payments(100), last_start=soon(60))
    assert results.trouble == Trouble(TroubleKind.DOWN, "calls in a row came to: throttled", 40.0)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_wrong_set_up_is_told(open_gateway: MakeGateway, status: int) -> None:
    with ScriptedBank(lambda _: answer(status)) as bank:
        results = open_gateway(bank.url, concurrency=2).make_payments(make_payments(100), last_start=soon(60))
    assert results.trouble == Trouble(TroubleKind.SETUP, f"status {status}")
    assert len(results.not_begun) >= 90


@pytest.mark.parametrize("status", [400, 404, 422])
def test_fifty_refusals_in_a_row_with_one_code_end_the_part(open_gateway: MakeGateway, status: int) -> None:
    script = lambda request: answer(status, {"code": "payee_invalid", "idempotencyKey": request.key})  # noqa: E731
    with ScriptedBank(script) as bank:
        gateway = open_gateway(bank.url, concurrency=2)
        assert gateway.make_payments(make_payments(40), last_start=soon(60)).trouble is None
        results = gateway.make_payments(make_payments(200)[40:], last_start=soon(60))
    assert results.trouble is not None
    assert results.trouble.kind is TroubleKind.REFUSALS
    assert 50 <= len(bank.requests) <= 51


def test_declines_in_a_row_are_no_trouble(open_gateway: MakeGateway) -> None:
    script = lambda request: answer(  # noqa: E731
        402, {"status": "declined", "code": "account_closed", "idempotencyKey": request.key}
    )
    with ScriptedBank(script) as bank:
        results = open_gateway(bank.url).make_payments(make_payments(80), last_start=soon(60))
    assert (results.trouble, results.not_begun) == (None, frozenset())
