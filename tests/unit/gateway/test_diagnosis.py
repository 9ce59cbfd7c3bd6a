"""What is concluded from a part's calls, driven by plain functions in place of the provider."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
from replies import payment

from shared.domain.payments import Outcome, OutcomeKind, Payment
from worker_service.gateway.brake import Brake
from worker_service.gateway.budget import Budget
from worker_service.gateway.classify_batch import BatchReading, for_all
from worker_service.gateway.delivery import Delivery
from worker_service.gateway.diagnosis import Diagnosis
from worker_service.gateway.refusals import Refusals
from worker_service.gateway.slow_parties import SlowParties
from worker_service.gateway.trouble import Trouble, TroubleKind

AMBIGUOUS = Outcome(OutcomeKind.AMBIGUOUS)


class Part:
    """A part whose payments, each of other parties, are sent one after the other."""

    def __init__(self, brake: Brake | None = None, refusals: Refusals | None = None, *, timeout: float = 10.0) -> None:
        self.budget = Budget(time.monotonic() + 60)
        self.diagnosis = Diagnosis(
            brake or Brake(8), refusals or Refusals(), SlowParties(), self.budget, timeout_seconds=timeout
        )
        self.sends = 0

    def send(self, outcome: Outcome, count: int, *, refusal: str | None = None, seconds: float = 0.0) -> int:
        """Delivers payments until the budget ends; how many were begun."""

        def call(payments: Sequence[Payment]) -> BatchReading:
            self.sends += 1
            time.sleep(seconds)
            return for_all(outcome, payments)._replace(refusal=refusal)

        for number in range(count):
            if not self.budget.open():
                return number
            self.diagnosis.deliver(Delivery([_of_other_parties(number)], {}, keyed=True, sends_max=3), call)
        return count


def _of_other_parties(number: int) -> Payment:
    return payment(number)._replace(payer_id=f"payer {number}", payee_id=f"payee {number}")


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Budget, "wait", lambda *_: None)


def test_quick_failures_count_when_their_resends_are_over() -> None:
    part = Part()
    assert part.send(AMBIGUOUS, 20) == 8
    assert part.sends == 24
    assert part.diagnosis.trouble == Trouble(TroubleKind.DOWN, "calls in a row came to: ambiguous")


def test_slow_ones_count_one_by_one_so_that_nobody_is_parked() -> None:
    part = Part(timeout=0.02)
    assert part.send(AMBIGUOUS, 20, seconds=0.011) == 3
    assert part.sends == 8


def test_so_do_those_after_which_the_provider_asks_for_a_long_wait() -> None:
    part = Part()
    part.send(Outcome(OutcomeKind.THROTTLED, retry_after_seconds=14.0), 20)
    assert part.sends == 8
    assert part.diagnosis.trouble is not None
    assert part.diagnosis.trouble.retry_after_seconds == 14.0


def test_calls_are_counted_over_the_parts_of_a_process() -> None:
    brake = Brake(8)
    parts = [Part(brake) for _ in range(2)]
    for part in parts:
        part.send(AMBIGUOUS, 4)
    assert [part.diagnosis.trouble is None for part in parts] == [True, False]


def test_one_refused_set_up_is_told_and_the_others_are_still_paid() -> None:
    part = Part()
    part.send(Outcome(OutcomeKind.MISCONFIGURED, "status 403", alert=True), 1)
    assert part.send(Outcome(OutcomeKind.PAID), 20) == 20
    assert part.diagnosis.trouble == Trouble(TroubleKind.SETUP, "status 403")


def test_a_set_up_that_is_refused_for_everybody_is_told_as_such() -> None:
    part = Part()
    assert part.send(Outcome(OutcomeKind.MISCONFIGURED, "status 401", alert=True), 20) == 8
    assert part.diagnosis.trouble is not None
    assert part.diagnosis.trouble.kind is TroubleKind.SETUP


def test_refusals_in_a_row_end_the_part() -> None:
    refusals = Refusals()
    assert Part(refusals=refusals).send(Outcome(OutcomeKind.DECLINED, "amount_invalid"), 30, refusal="amount_invalid")
    part = Part(refusals=refusals)
    assert part.send(Outcome(OutcomeKind.DECLINED, "amount_invalid"), 100, refusal="amount_invalid") == 20
    assert part.diagnosis.trouble == Trouble(TroubleKind.REFUSALS, "payment after payment is refused: amount_invalid")


def test_declines_do_not() -> None:
    part = Part()
    assert part.send(Outcome(OutcomeKind.DECLINED, "account_closed"), 120) == 120
    assert part.diagnosis.trouble is None
