"""When a worker stops asking a provider that serves nobody."""

from __future__ import annotations

import pytest
from replies import PAYMENT

from shared.domain.payments import OutcomeKind
from worker_service.gateway.brake import Brake

NOT_SENT, THROTTLED, MISCONFIGURED = OutcomeKind.NOT_SENT, OutcomeKind.THROTTLED, OutcomeKind.MISCONFIGURED
AMBIGUOUS = OutcomeKind.AMBIGUOUS


def hear(brake: Brake, kind: OutcomeKind, count: int, *, payers: int = 100, payees: int = 100) -> list[bool]:
    heard = []
    for number in range(count):
        one = PAYMENT._replace(payer_id=f"payer {number % payers}", payee_id=f"payee {number % payees}")
        heard.append(brake.heard([one], {kind}))
    return heard


@pytest.mark.parametrize("kind", [NOT_SENT, THROTTLED, MISCONFIGURED, AMBIGUOUS])
def test_it_is_pulled_when_that_many_in_a_row_were_not_served(kind: OutcomeKind) -> None:
    assert hear(Brake(16), kind, 16) == [False] * 15 + [True]


@pytest.mark.parametrize("kind", [NOT_SENT, AMBIGUOUS])
def test_once_pulled_it_needs_less_until_somebody_is_served(kind: OutcomeKind) -> None:
    brake = Brake(16)
    hear(brake, kind, 16)
    assert hear(brake, kind, 6) == [False, False, True, False, False, True]
    brake.heard([PAYMENT], {OutcomeKind.PAID})
    assert hear(brake, kind, 16) == [False] * 15 + [True]


def test_once_pulled_one_payer_alone_decides_nothing_either() -> None:
    brake = Brake(16)
    hear(brake, THROTTLED, 16)
    assert not any(hear(brake, THROTTLED, 100, payers=1))


@pytest.mark.parametrize("other", [OutcomeKind.PAID, OutcomeKind.DECLINED])
def test_any_answer_between_starts_the_count_again(other: OutcomeKind) -> None:
    brake = Brake(16)
    hear(brake, NOT_SENT, 15)
    assert not brake.heard([PAYMENT], {other})
    assert not any(hear(brake, AMBIGUOUS, 15))


def test_a_call_in_which_one_payment_was_served_starts_it_again_too() -> None:
    brake = Brake(2)
    hear(brake, THROTTLED, 1)
    brake.heard([PAYMENT], {THROTTLED, OutcomeKind.PAID})
    assert not any(hear(brake, THROTTLED, 1))


@pytest.mark.parametrize("kind", [THROTTLED, MISCONFIGURED, AMBIGUOUS])
@pytest.mark.parametrize(("payers", "payees"), [(1, 100), (2, 100), (100, 1), (1, 1)])
def test_a_few_payers_or_payees_decide_nothing_for_others(kind: OutcomeKind, payers: int, payees: int) -> None:
    assert not any(hear(Brake(16), kind, 500, payers=payers, payees=payees))


def test_a_few_ambiguous_calls_in_a_row_are_rubbish_however_few_go_at_a_time() -> None:
    assert hear(Brake(2), AMBIGUOUS, 8) == [False] * 7 + [True]


def test_who_cannot_be_reached_at_all_is_the_provider() -> None:
    assert hear(Brake(16), NOT_SENT, 16, payers=1, payees=1)[-1]


def test_it_keeps_the_longest_time_that_the_provider_asked_for_in_this_row() -> None:
    brake = Brake(3)
    brake.heard([PAYMENT], {THROTTLED}, 90.0)
    brake.heard([PAYMENT], {OutcomeKind.PAID})
    for number, asked in enumerate([None, 7.0, 3.0]):
        one = PAYMENT._replace(payer_id=f"payer {number}", payee_id=f"payee {number}")
        pulled = brake.heard([one], {THROTTLED}, asked)
    assert (pulled, brake.asked_seconds) == (True, 7.0)
