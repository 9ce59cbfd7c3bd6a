"""What is asked before each send."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
from replies import payment

from shared.domain.payments import Outcome, OutcomeKind, Payment
from worker_service.gateway.budget import Budget
from worker_service.gateway.classify_batch import BatchReading, for_all
from worker_service.gateway.delivery import Delivery
from worker_service.gateway.gate import Gate
from worker_service.gateway.pace import Pace, Reserved

ONE, TWO, THREE = payment(1), payment(2), payment(3)


class Held:
    """Holds payments from the n-th send on."""

    def __init__(self, *held: Payment, after_sends: int = 0) -> None:
        self.sent: list[list[Payment]] = []
        self._held = held
        self._after_sends = after_sends

    def may_send(self, payment: Payment) -> bool:
        return payment not in self._held or len(self.sent) < self._after_sends

    def deliver(self, kind: OutcomeKind, pace: Pace | None = None) -> Delivery:
        def call(payments: Sequence[Payment]) -> BatchReading:
            self.sent.append(list(payments))
            return for_all(Outcome(kind), payments)

        delivery = Delivery([ONE, TWO, THREE], {}, keyed=True, gate=Gate(self.may_send, pace))
        delivery.deliver(call, Budget(time.monotonic() + 60))
        return delivery


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Budget, "wait", lambda *_: None)


def test_what_may_not_be_sent_is_left_out_of_the_call() -> None:
    held = Held(TWO)
    delivery = held.deliver(OutcomeKind.PAID)
    assert held.sent == [[ONE, THREE]]
    assert delivery.outcomes.keys() == {ONE.key, THREE.key}


def test_if_nothing_may_be_sent_there_is_no_call() -> None:
    held = Held(ONE, TWO, THREE)
    delivery = held.deliver(OutcomeKind.PAID)
    assert (held.sent, delivery.sends, delivery.outcomes) == ([], 0, {})


def test_what_was_ambiguous_when_the_hold_came_is_not_sent_again_and_stays_so() -> None:
    held = Held(TWO, after_sends=1)
    delivery = held.deliver(OutcomeKind.AMBIGUOUS)
    assert held.sent == [[ONE, TWO, THREE], [ONE, THREE], [ONE, THREE]]
    assert delivery.outcomes[TWO.key].kind is OutcomeKind.AMBIGUOUS
    assert delivery.kinds() == {OutcomeKind.AMBIGUOUS}


def test_it_is_asked_again_after_waiting_for_a_slot() -> None:
    asked: list[Payment] = []

    class Late(Held):
        def may_send(self, payment: Payment) -> bool:
            asked.append(payment)
            return asked.count(payment) < 2 or payment is not TWO

    held = Late()
    held.deliver(OutcomeKind.PAID, Pace(lambda count: Reserved(time.monotonic(), count)))
    assert held.sent == [[ONE, THREE]]


def test_what_is_held_uses_up_no_slot() -> None:
    def reserve(_: int) -> Reserved:
        raise AssertionError("a slot was reserved")

    Held(ONE, TWO, THREE).deliver(OutcomeKind.PAID, Pace(reserve))
