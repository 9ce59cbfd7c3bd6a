"""The story's sends are the gateway's: whatever a key's sends come to one by one, both make the same of them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest

from shared.domain.payments import Outcome, OutcomeKind, Payment, make
from tests.simulation.configuration import Terms, settings
from tests.simulation.model.rows import event_id
from tests.simulation.sending import BEFORE, Right, sending
from worker_service.gateway.budget import Budget
from worker_service.gateway.classify_batch import BatchReading, for_all
from worker_service.gateway.delivery import Delivery

PAYMENT = make(str(event_id(0)), 1, "payer", "payee", 2500, "GBP", "")
KINDS = [Outcome(kind) for kind in OutcomeKind] + [Outcome(OutcomeKind.AMBIGUOUS, resend=False)]
SENDS = list(product(KINDS, repeat=3))


class Hasty(Budget):
    """Waits for nothing between sends."""

    def wait(self, seconds: float) -> None:
        pass


class Answers:
    """What a key's sends come to, one after the other; `sends` counts them."""

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        self.sends = 0
        self._outcomes: Iterator[Outcome] = iter(outcomes)

    def next(self) -> Outcome:
        self.sends += 1
        return next(self._outcomes)


@pytest.mark.parametrize("mode", ["key", "enquiry"])
@pytest.mark.parametrize("sent_before", [False, True])
def test_any_three_sends_come_to_the_same(mode: str, sent_before: bool) -> None:
    for outcomes in SENDS:
        assert told(outcomes, mode, sent_before) == delivered(outcomes, mode, sent_before), outcomes


def told(outcomes: Sequence[Outcome], mode: str, sent_before: bool) -> tuple[Outcome | None, int]:
    """What a story makes of them, and of how many."""
    answers = Answers(outcomes)
    story: Any = SimpleNamespace(now=0, freezes=False, send=lambda *_: answers.next())
    right = Right(story, settings(Terms(mode=mode)), None, 1.0, ends_at=1.0)  # type: ignore[arg-type]
    keys = frozenset({PAYMENT.key} if sent_before else ())
    steps = sending(story, settings(Terms(mode=mode)), [PAYMENT], keys, right)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: dict[str, Outcome] = end.value
            return found.get(PAYMENT.key), answers.sends


def delivered(outcomes: Sequence[Outcome], mode: str, sent_before: bool) -> tuple[Outcome | None, int]:
    """What the gateway makes of them, and of how many."""
    if sent_before and mode != "key":
        return BEFORE, 0  # `Gateway.make_payments` leaves it as it is
    answers = Answers(outcomes)
    delivery = Delivery([PAYMENT], {PAYMENT.key: BEFORE} if sent_before else {}, keyed=mode == "key")

    def call(payments: Sequence[Payment]) -> BatchReading:
        return for_all(answers.next(), payments)

    delivery.deliver(call, Hasty(time.monotonic() + 3600))
    return delivery.outcomes.get(PAYMENT.key), answers.sends
