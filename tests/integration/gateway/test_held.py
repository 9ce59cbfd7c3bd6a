"""Payments that may not be sent, in all that a call can become."""

from __future__ import annotations

from gateway_scenes import MakeGateway, make_payments, soon
from scripted_bank import ScriptedBank, answer, pay

from shared.domain.payments import OutcomeKind


def test_what_may_not_be_sent_is_not_begun(open_gateway: MakeGateway) -> None:
    held, free = make_payments(2)
    with ScriptedBank() as bank:
        results = open_gateway(bank.url).make_payments(
            [held, free], last_start=soon(), may_send=lambda one: one != held
        )
    assert (bank.keys(), results.not_begun) == ([free.key], {held.key})


def test_of_a_batch_only_the_others_are_sent(open_gateway: MakeGateway) -> None:
    payments = make_payments(4)
    with ScriptedBank() as bank:
        results = open_gateway(bank.url, batch_size=4).make_payments(
            payments, last_start=soon(), may_send=lambda one: one.payer_id != "payer-2"
        )
    assert len(bank.requests) == 1
    assert results.not_begun == {payments[1].key}
    assert {results.outcomes[one.key].kind for one in payments if one != payments[1]} == {OutcomeKind.PAID}


def test_singles_after_a_refused_batch_are_asked_for_again(open_gateway: MakeGateway) -> None:
    payments = make_payments(3)
    refused: list[bool] = []

    def script(request: object) -> object:
        if request.path.endswith("/batch"):  # type: ignore[attr-defined]
            refused.append(True)
            return answer(413)
        return pay(request)  # type: ignore[arg-type]

    with ScriptedBank(script) as bank:  # type: ignore[arg-type]
        results = open_gateway(bank.url, batch_size=3).make_payments(
            payments, last_start=soon(), may_send=lambda one: not refused or one != payments[0]
        )
    assert sorted(bank.keys_of_singles()) == sorted(one.key for one in payments[1:])
    assert [results.outcomes[one.key].kind for one in payments] == [OutcomeKind.AMBIGUOUS] + [OutcomeKind.PAID] * 2


def test_what_another_worker_may_have_paid_is_not_sent_again_while_it_is_held(open_gateway: MakeGateway) -> None:
    before, fresh = make_payments(2)
    with ScriptedBank() as bank:
        results = open_gateway(bank.url).make_payments(
            [before, fresh],
            last_start=soon(),
            ambiguous_before=frozenset({before.key}),
            may_send=lambda one: one != before,
        )
    assert (bank.keys(), results.not_begun) == ([fresh.key], {before.key})
