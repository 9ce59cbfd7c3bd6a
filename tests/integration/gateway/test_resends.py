"""What is sent again, how often and how soon, and what all sends of a key come to."""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Iterable

import pytest
from gateway_scenes import MakeGateway, make_payment, make_payments, soon
from scripted_bank import Act, Request, ScriptedBank, Step, answer, pay, success

from shared.domain.payments import Outcome, OutcomeKind
from worker_service.gateway import Results

AMBIGUOUS, PAID, THROTTLED = OutcomeKind.AMBIGUOUS, OutcomeKind.PAID, OutcomeKind.THROTTLED


class Sequel:
    """A script that plays one answer after the other to the sends of each key, the last one for ever."""

    def __init__(self, *answers: Iterable[Step] | None) -> None:
        self._answers = answers
        self._sends: Counter[str] = Counter()

    def __call__(self, request: Request) -> Iterable[Step]:
        self._sends[request.key] += 1
        steps = self._answers[min(self._sends[request.key], len(self._answers)) - 1]
        return pay(request) if steps is None else steps


def outcome_of(results: Results) -> Outcome:
    (outcome,) = results.outcomes.values()
    return outcome


@pytest.mark.parametrize(
    "fault", [answer(500), answer(409, {"code": "in_progress"}), [Act.RESET], answer(201, b"{"), answer(302)], ids=repr
)
def test_an_ambiguous_payment_is_sent_again_with_the_same_bytes(open_gateway: MakeGateway, fault: list[Step]) -> None:
    with ScriptedBank(Sequel(fault, fault, None)) as bank:
        results = open_gateway(bank.url).make_payments([make_payment()], last_start=soon())
    assert outcome_of(results) == Outcome(PAID, provider_ref="pay_3")
    assert len(bank.requests) == 3
    assert len({(request.key, request.body) for request in bank.requests}) == 1


def test_after_three_ambiguous_sends_it_stays_ambiguous(open_gateway: MakeGateway) -> None:
    with ScriptedBank(lambda _: answer(500)) as bank:
        results = open_gateway(bank.url).make_payments(make_payments(4), last_start=soon())
    assert {outcome.kind for outcome in results.outcomes.values()} == {AMBIGUOUS}
    assert set(Counter(bank.keys()).values()) == {3}


@pytest.mark.parametrize("mode", ["enquiry", "none"])
@pytest.mark.parametrize("fault", [answer(500), [Act.RESET], answer(503, {"code": "overloaded"})], ids=repr)
def test_without_keys_an_ambiguous_payment_is_never_sent_again(
    open_gateway: MakeGateway, mode: str, fault: list[Step]
) -> None:
    with ScriptedBank(Sequel(fault, None)) as bank:
        results = open_gateway(bank.url, mode=mode).make_payments([make_payment()], last_start=soon())
    assert outcome_of(results).kind is AMBIGUOUS
    assert len(bank.requests) == 1


@pytest.mark.parametrize("mode", ["enquiry", "none"])
def test_without_keys_what_was_ambiguous_before_is_not_sent_at_all(open_gateway: MakeGateway, mode: str) -> None:
    before, fresh = make_payments(2)
    with ScriptedBank() as bank:
        results = open_gateway(bank.url, mode=mode).make_payments(
            [before, fresh], last_start=soon(), ambiguous_before=frozenset({before.key})
        )
    assert results.outcomes[before.key].kind is AMBIGUOUS
    assert results.outcomes[fresh.key].kind is PAID
    assert (bank.keys(), results.not_begun) == ([fresh.key], frozenset())


@pytest.mark.parametrize("mode", ["key", "enquiry", "none"])
@pytest.mark.parametrize("refusal", [answer(429), answer(503, {"code": "overloaded"}, Retry_After="0")], ids=repr)
def test_a_throttled_payment_is_sent_again_in_every_mode(
    open_gateway: MakeGateway, mode: str, refusal: list[Step]
) -> None:
    with ScriptedBank(Sequel(refusal, None)) as bank:
        results = open_gateway(bank.url, mode=mode).make_payments([make_payment()], last_start=soon())
    assert outcome_of(results).kind is PAID
    assert len(bank.requests) == 2


def test_a_payment_throttled_three_times_is_throttled(open_gateway: MakeGateway) -> None:
    with ScriptedBank(lambda _: answer(429, Retry_After="0")) as bank:
        results = open_gateway(bank.url).make_payments([make_payment()], last_start=soon())
    assert outcome_of(results) == Outcome(THROTTLED, "status 429", retry_after_seconds=0.0)
    assert len(bank.requests) == 3


@pytest.mark.parametrize(
    "final",
    [answer(401), answer(404), answer(400, b"<html>")],
    ids=repr,
)
def test_a_wrong_set_up_is_not_sent_again(open_gateway: MakeGateway, final: list[Step]) -> None:
    with ScriptedBank(Sequel(final, None)) as bank:
        results = open_gateway(bank.url).make_payments([make_payment()], last_start=soon())
    assert (outcome_of(results).kind, outcome_of(results).alert) == (OutcomeKind.MISCONFIGURED, True)
    assert len(bank.requests) == 1


def test_a_decline_is_not_sent_again(open_gateway: MakeGateway) -> None:
    script = lambda request: answer(  # noqa: E731
        402, {"status": "declined", "code": "insufficient_funds", "idempotencyKey": request.key}
    )
    with ScriptedBank(script) as bank:
        results = open_gateway(bank.url).make_payments([make_payment()], last_start=soon())
    assert outcome_of(results) == Outcome(OutcomeKind.DECLINED, "insufficient_funds", soft=True)
    assert len(bank.requests) == 1


@pytest.mark.parametrize("echo", [{"amount": "1.00"}, {"idempotencyKey": "another"}])
def test_an_echo_of_another_payment_is_not_sent_again(open_gateway: MakeGateway, echo: dict[str, str]) -> None:
    with ScriptedBank(lambda request: answer(201, success(request, **echo))) as bank:
        results = open_gateway(bank.url).make_payments([make_payment()], last_start=soon())
    outcome = outcome_of(results)
    assert (outcome.kind, outcome.alert, outcome.resend) == (AMBIGUOUS, True, False)
    assert len(bank.requests) == 1


@pytest.mark.parametrize("later", [answer(429), answer(401), answer(503, {"code": "overloaded"}, Retry_After="0")])
def test_what_refuses_the_resend_says_nothing_of_a_send_that_may_have_paid(
    open_gateway: MakeGateway, later: list[Step]
) -> None:
    with ScriptedBank(Sequel([Act.CLOSE], later)) as bank:
        results = open_gateway(bank.url).make_payments([make_payment()], last_start=soon())
    assert outcome_of(results).kind is AMBIGUOUS
    assert len(bank.requests) >= 2


@pytest.mark.parametrize("only", [answer(429), answer(403)], ids=repr)
def test_what_refuses_a_send_says_nothing_of_another_workers(open_gateway: MakeGateway, only: list[Step]) -> None:
    before, fresh = make_payments(2)
    with ScriptedBank(lambda _: only) as bank:
        results = open_gateway(bank.url).make_payments(
            [before, fresh], last_start=soon(), ambiguous_before=frozenset({before.key})
        )
    assert results.outcomes[before.key].kind is AMBIGUOUS
    assert results.outcomes[fresh.key].kind is not AMBIGUOUS


def test_not_sent_says_nothing_of_another_workers_send(open_gateway: MakeGateway) -> None:
    before, fresh = make_payments(2)
    with ScriptedBank() as bank:
        url = bank.url
    results = open_gateway(url).make_payments(
        [before, fresh], last_start=soon(), ambiguous_before=frozenset({before.key})
    )
    assert results.outcomes[before.key].kind is AMBIGUOUS
    assert results.outcomes[fresh.key].kind is OutcomeKind.NOT_SENT


def test_a_proven_answer_settles_what_was_ambiguous_before(open_gateway: MakeGateway) -> None:
    one = make_payment()
    with ScriptedBank(Sequel([Act.CLOSE], None)) as bank:
        results = open_gateway(bank.url).make_payments([one], last_start=soon(), ambiguous_before=frozenset({one.key}))
    assert outcome_of(results).kind is PAID


def test_a_refused_connection_is_tried_again(open_gateway: MakeGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedBank() as gone:
        dead = gone.port
    with ScriptedBank() as bank:
        resolve, asked = socket.getaddrinfo, []

        def first_the_dead_one(host: str, port: int, *args: object, **kwargs: object) -> object:
            asked.append(port)
            return resolve(host, dead if len(asked) == 1 else port, *args, **kwargs)  # type: ignore[arg-type]

        monkeypatch.setattr(socket, "getaddrinfo", first_the_dead_one)
        results = open_gateway(bank.url, mode="none").make_payments([make_payment()], last_start=soon())
    assert outcome_of(results).kind is PAID
    assert len(asked) == 2


def test_not_sent_after_throttled_does_not_make_the_key_unused(open_gateway: MakeGateway) -> None:
    """A key that the provider has seen is not given back as one it never saw (rule K5)."""
    with ScriptedBank(lambda _: [*answer(429, Connection="close"), Act.CLOSE], accepts=1) as bank:
        results = open_gateway(bank.url, mode="none").make_payments([make_payment()], last_start=soon())
    assert outcome_of(results).kind is THROTTLED
    assert len(bank.requests) == 1


def test_retry_after_is_waited_for(open_gateway: MakeGateway) -> None:
    with ScriptedBank(Sequel(answer(429, Retry_After="1"), None)) as bank:
        began = time.monotonic()
        results = open_gateway(bank.url).make_payments([make_payment()], last_start=soon())
        assert 1.0 <= time.monotonic() - began < 20.0
    assert outcome_of(results).kind is PAID


@pytest.mark.parametrize("retry_after", ["20", "86400", "Fri, 31 Dec 2999 23:59:59 GMT"])
def test_a_wait_that_is_too_long_is_not_waited(open_gateway: MakeGateway, retry_after: str) -> None:
    with ScriptedBank(lambda _: answer(429, Retry_After=retry_after)) as bank:
        began = time.monotonic()
        results = open_gateway(bank.url).make_payments([make_payment()], last_start=soon(120))
        assert time.monotonic() - began < 20.0
    assert outcome_of(results).kind is THROTTLED
    assert outcome_of(results).retry_after_seconds in (20.0, 300.0)
    assert len(bank.requests) == 1


@pytest.mark.parametrize("retry_after", ["-1", "soon", "Fri, 01 Jan 1999 00:00:00 GMT"])
def test_a_retry_after_without_sense_does_not_keep_a_payment_from_being_made(
    open_gateway: MakeGateway, retry_after: str
) -> None:
    with ScriptedBank(Sequel(answer(429, Retry_After=retry_after), None)) as bank:
        results = open_gateway(bank.url).make_payments([make_payment()], last_start=soon())
    assert outcome_of(results).kind is PAID


def test_a_wait_that_would_pass_the_last_start_is_not_begun(open_gateway: MakeGateway) -> None:
    with ScriptedBank(lambda _: answer(429, Retry_After="10")) as bank:
        began = time.monotonic()
        results = open_gateway(bank.url).make_payments([make_payment()], last_start=soon(9))
        assert time.monotonic() - began < 9.0
    assert outcome_of(results) == Outcome(THROTTLED, "status 429", retry_after_seconds=10.0)
