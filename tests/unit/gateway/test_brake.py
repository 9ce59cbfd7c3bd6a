"""When a worker stops asking a provider that refuses everybody."""

from __future__ import annotations

import pytest
from replies import PAYMENT

from shared.domain.payments import OutcomeKind
from worker_service.gateway.brake import Brake

NOT_SENT, THROTTLED, MISCONFIGURED = OutcomeKind.NOT_SENT, OutcomeKind.THROTTLED, OutcomeKind.MISCONFIGURED


def refuse(brake: Brake, kind: OutcomeKind, count: int, *, payers: int = 100, payees: int = 100) -> None:
    for number in range(count):
        one = PAYMENT._replace(payer_id=f"payer {number % payers}", payee_id=f"payee {number % payees}")
        brake.heard([one], {kind})


@pytest.mark.parametrize("kind", [NOT_SENT, THROTTLED, MISCONFIGURED])
def test_it_goes_on_when_that_many_in_a_row_were_refused(kind: OutcomeKind) -> None:
    brake = Brake(16)
    refuse(brake, kind, 15)
    assert not brake.on
    refuse(brake, kind, 1)
    assert brake.on


@pytest.mark.parametrize("other", [OutcomeKind.PAID, OutcomeKind.DECLINED, OutcomeKind.AMBIGUOUS])
def test_any_other_outcome_between_starts_the_count_again(other: OutcomeKind) -> None:
    brake = Brake(16)
    refuse(brake, NOT_SENT, 15)
    brake.heard([PAYMENT], {other})
    refuse(brake, NOT_SENT, 15)
    assert not brake.on


def test_a_call_in_which_one_payment_was_not_refused_starts_it_again_too() -> None:
    brake = Brake(2)
    refuse(brake, THROTTLED, 1)
    brake.heard([PAYMENT], {THROTTLED, OutcomeKind.PAID})
    refuse(brake, THROTTLED, 1)
    assert not brake.on


@pytest.mark.parametrize("kind", [THROTTLED, MISCONFIGURED])
@pytest.mark.parametrize(("payers", "payees"), [(1, 100), (2, 100), (100, 1), (1, 1)])
def test_a_few_payers_or_payees_that_are_refused_decide_nothing_for_others(
    kind: OutcomeKind, payers: int, payees: int
) -> None:
    brake = Brake(16)
    refuse(brake, kind, 500, payers=payers, payees=payees)
    assert not brake.on


def test_who_cannot_be_reached_at_all_is_the_provider() -> None:
    brake = Brake(16)
    refuse(brake, NOT_SENT, 16, payers=1, payees=1)
    assert brake.on
