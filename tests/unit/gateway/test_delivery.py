"""The sends of one call's payments, driven by plain functions in place of the provider."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
from replies import KEY, PAYMENT, payment

from shared.domain.payments import Outcome, OutcomeKind, Payment
from worker_service.gateway.budget import Budget
from worker_service.gateway.classify_batch import BatchReading, for_all
from worker_service.gateway.delivery import Delivery

THROTTLED = Outcome(OutcomeKind.THROTTLED, retry_after_seconds=5.0)


def delivery(*payments: Payment, keyed: bool = True) -> Delivery:
    return Delivery(payments or (PAYMENT,), {}, keyed=keyed)


def test_nothing_is_sent_once_the_budget_is_over() -> None:
    def send(_: Sequence[Payment]) -> BatchReading:
        raise AssertionError("a call began")

    one = delivery()
    one.deliver(send, Budget(time.monotonic()))
    assert (one.sends, one.outcomes) == (0, {})


def test_who_waits_is_woken_when_the_budget_is_stopped_and_sends_no_more() -> None:
    budget = Budget(time.monotonic() + 60)
    waits: list[float] = []
    one = delivery()

    def wait(seconds: float) -> None:
        waits.append(seconds)
        budget.stop()

    budget.wait = wait  # type: ignore[method-assign]
    one.deliver(lambda payments: for_all(THROTTLED, payments), budget)
    assert (one.sends, one.outcomes) == (1, {KEY: THROTTLED})
    assert [5.0 <= seconds <= 5.25 for seconds in waits] == [True]


@pytest.mark.parametrize("keyed", [True, False])
def test_a_fault_of_ours_costs_its_own_call_only_and_is_never_resent(
    caplog: pytest.LogCaptureFixture, keyed: bool
) -> None:
    def fail(_: Sequence[Payment]) -> BatchReading:
        raise KeyError("personal data")

    one = delivery(payment(1), payment(2), keyed=keyed)
    one.deliver(fail, Budget(time.monotonic() + 60))
    assert {(found.kind, found.alert, found.resend) for found in one.outcomes.values()} == {
        (OutcomeKind.AMBIGUOUS, True, False)
    }
    assert (one.sends, len(one.outcomes)) == (1, 2)
    assert "personal data" not in caplog.text


def test_the_brake_hears_each_payments_latest_send_whatever_came_before() -> None:
    answers = iter([Outcome(OutcomeKind.AMBIGUOUS), Outcome(OutcomeKind.NOT_SENT), Outcome(OutcomeKind.NOT_SENT)])
    one = delivery()
    one.deliver(lambda payments: for_all(next(answers), payments), Budget(time.monotonic() + 60))
    assert one.kinds() == {OutcomeKind.NOT_SENT}
    assert one.outcomes[KEY].kind is OutcomeKind.AMBIGUOUS
