"""Each row of the provider's table for a batch; one result decides nothing for another payment."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from replies import OTHER_KEY, payment, reply

from shared.domain.payments import Outcome, OutcomeKind
from worker_service.calling.reply import Reply
from worker_service.gateway.classify_batch import BatchReading, classify_batch

PAYMENTS = [payment(number) for number in range(4)]
A, B, C, D = (one.key for one in PAYMENTS)
AMBIGUOUS, PAID, DECLINED = OutcomeKind.AMBIGUOUS, OutcomeKind.PAID, OutcomeKind.DECLINED


def result(key: str, **changes: Any) -> dict[str, Any]:
    body = {"idempotencyKey": key, "status": "succeeded", "paymentId": "pay", "amount": "25.00", **changes}
    return {name: value for name, value in body.items() if value is not None}


def reading_of(*results: object, status: int = 200) -> BatchReading:
    return classify_batch(reply(status, {"results": list(results)}), PAYMENTS)


def kinds(reading: BatchReading) -> list[OutcomeKind]:
    assert reading.outcomes.keys() == {A, B, C, D}
    return [reading.outcomes[one.key].kind for one in PAYMENTS]


def test_each_payment_gets_its_own_result_in_any_order() -> None:
    reading = reading_of(
        result(D, paymentId="pay_d"),
        result(B, status="declined", paymentId=None, amount=None, code="blocked"),
        result(A, paymentId="pay_a"),
        result(C, status="declined", code="limit_exceeded"),
    )
    assert reading.outcomes == {
        A: Outcome(PAID, provider_ref="pay_a"),
        B: Outcome(DECLINED, "blocked"),
        C: Outcome(DECLINED, "limit_exceeded", soft=True),
        D: Outcome(PAID, provider_ref="pay_d"),
    }
    assert (reading.refused, reading.strays) == (False, 0)


def test_missing_and_error_are_ambiguous_and_may_be_sent_again() -> None:
    reading = reading_of(result(A), result(B, status="error", code="internal"), result(C))
    assert kinds(reading) == [PAID, AMBIGUOUS, PAID, AMBIGUOUS]
    assert all(outcome.resend and not outcome.alert for outcome in reading.outcomes.values())


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "pending"},
        {"status": None},
        {"status": ["succeeded"]},
        {"paymentId": None},
        {"paymentId": "a\x00b"},
        {"paymentId": "\ud800"},
        {"paymentId": 5},
        {"amount": None},
        {"status": "declined"},
        {"status": "declined", "code": "a\x00b"},
        {"status": "declined", "code": 5},
    ],
    ids=str,
)
def test_rubbish_for_one_payment_is_ambiguous_for_it_alone(changes: dict[str, Any]) -> None:
    reading = reading_of(result(A), result(B, **changes), result(C), result(D))
    assert kinds(reading) == [PAID, AMBIGUOUS, PAID, PAID]
    assert reading.outcomes[B].resend


@pytest.mark.parametrize(
    "spoiled",
    [
        b'{"idempotencyKey": "%s", "status": "succeeded", "paymentId": "p", "amount": "25.00", "amount": "25.00"}',
        b'{"idempotencyKey": "%s","status":"succeeded","paymentId":"p","amount" :"1.00","amount":"25.00"}',
        b'{"idempotencyKey":"%s","status":"succeeded","paymentId":"p","\\u0061mount":"1.00","amount":"25.00"}',
        b'{"idempotencyKey": "%s", "status": "succeeded", "paymentId": "p", "amount": "25.00", "fee": NaN}'
        b', {"a": 1, "a": 1}',
        b'{"idempotencyKey": "%s", "status": "succeeded", "paymentId": "\xff", "amount": "25.00"}',
        b'{"idempotencyKey": "%s", "status": "succeeded", "paymentId": "p", "amount": NaN}',
        b'{"idempotencyKey":"%s","status":"succeeded","paymentId":"p","amount":"1.00","amount":"25.00"},["x"]',
        b"null, 7, [], [[]], NaN, {}, %%",
    ],
)
def test_a_spoiled_result_spoils_no_other(spoiled: bytes) -> None:
    results = [json.dumps(result(key)).encode() for key in (A, C, D)]
    mine = spoiled % B.encode() if b"%s" in spoiled else spoiled.replace(b"%%", b'"x"')
    body = b'{"results": [%s]}' % b", ".join([results[0], mine, *results[1:]])
    assert kinds(classify_batch(reply(200, body), PAYMENTS)) == [PAID, AMBIGUOUS, PAID, PAID]


@pytest.mark.parametrize("amount", ["1.00", 25.0, "25", ["25.00"]])
@pytest.mark.parametrize("status", ["succeeded", "declined", "error"])
def test_another_amount_is_not_resent_and_alerts(status: str, amount: object) -> None:
    reading = reading_of(result(A), result(B, status=status, code="blocked", amount=amount), result(C), result(D))
    assert reading.outcomes[B] == Outcome(AMBIGUOUS, "another amount echoed", alert=True, resend=False)
    assert kinds(reading) == [PAID, AMBIGUOUS, PAID, PAID]


@pytest.mark.parametrize("second", [result(B), result(B, status="declined", code="blocked"), result(B, amount="1.00")])
def test_a_key_twice_is_not_resent_and_alerts(second: dict[str, Any]) -> None:
    reading = reading_of(result(A), result(B), second, result(C), result(D), result(B))
    assert reading.outcomes[B] == Outcome(AMBIGUOUS, "key twice in one answer", alert=True, resend=False)
    assert kinds(reading) == [PAID, AMBIGUOUS, PAID, PAID]


def test_an_unknown_key_makes_what_is_missing_an_alert_and_leaves_the_rest() -> None:
    reading = reading_of(result(A), result(OTHER_KEY), result(C))
    assert kinds(reading) == [PAID, AMBIGUOUS, PAID, AMBIGUOUS]
    assert reading.strays == 1
    assert [reading.outcomes[key].resend for key in (B, D)] == [False, False]
    assert [reading.outcomes[key].alert for key in (B, D)] == [True, True]


def test_an_unknown_key_besides_all_of_ours_is_counted() -> None:
    reading = reading_of(result(A), result(B), result(C), result(D), result(OTHER_KEY))
    assert kinds(reading) == [PAID] * 4
    assert reading.strays == 1


def test_a_key_refused_as_reused_is_no_decline() -> None:
    reading = reading_of(result(A, status="declined", code="key_reused", amount=None))
    assert reading.outcomes[A] == Outcome(AMBIGUOUS, "key_reused", alert=True, resend=False)


@pytest.mark.parametrize(
    ("whole", "kind"),
    [
        (reply(429, b"x", Retry_After="7"), OutcomeKind.THROTTLED),
        (reply(503, {"code": "overloaded"}, Retry_After="7"), OutcomeKind.THROTTLED),
        (reply(401), OutcomeKind.MISCONFIGURED),
        (reply(403), OutcomeKind.MISCONFIGURED),
    ],
)
def test_what_refuses_the_whole_call_holds_for_every_payment(whole: Reply, kind: OutcomeKind) -> None:
    reading = classify_batch(whole, PAYMENTS)
    assert kinds(reading) == [kind] * 4
    assert not reading.refused
    assert {one.retry_after_seconds for one in reading.outcomes.values()} == {7.0 if whole.status > 403 else None}


@pytest.mark.parametrize("status", [400, 402, 404, 405, 413, 415, 422])
def test_a_refused_batch_declines_nobody(status: int) -> None:
    reading = reading_of(*(result(key) for key in (A, B, C, D)), status=status)
    assert kinds(reading) == [AMBIGUOUS] * 4
    assert reading.refused


@pytest.mark.parametrize("status", [100, 201, 202, 204, 301, 307, 409, 410, 418, 500, 502, 503, 504])
def test_any_other_status_is_ambiguous_for_all(status: int) -> None:
    reading = reading_of(*(result(key) for key in (A, B, C, D)), status=status)
    assert kinds(reading) == [AMBIGUOUS] * 4
    assert not reading.refused


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"{}", b"null", b'{"results": {}}', b'{"results": "x"}', b'{"results": [], "results": []}',
     b'{"results": NaN}', b"[" * 60_000, b'{"results": []} x'],
    ids=lambda body: repr(body)[:30],
)  # fmt: skip
def test_a_body_without_results_is_ambiguous_for_all(body: bytes) -> None:
    reading = classify_batch(reply(200, body), PAYMENTS)
    assert kinds(reading) == [AMBIGUOUS] * 4
    assert all(outcome.resend for outcome in reading.outcomes.values())


RESULTS: st.SearchStrategy[dict[str, object]] = st.fixed_dictionaries(
    {},
    optional={
        "idempotencyKey": st.sampled_from([A, B, C, D, OTHER_KEY, None, 1]),
        "status": st.sampled_from(["succeeded", "declined", "error", None, []]),
        "paymentId": st.text(max_size=3) | st.none(),
        "code": st.text(max_size=3) | st.none(),
        "amount": st.sampled_from(["25.00", "1.00", 25.0, None]),
    },
)
BODIES = st.binary() | st.lists(RESULTS | st.none() | st.text(), max_size=8).map(
    lambda results: json.dumps({"results": results}).encode()
)


@given(st.integers(100, 599) | st.just(200), BODIES)
def test_no_answer_raises_and_none_pays_unless_one_result_echoes_key_and_amount(status: int, body: bytes) -> None:
    reading = classify_batch(Reply(status, {}, body), PAYMENTS)
    assert reading.outcomes.keys() == {A, B, C, D}
    for key, outcome in reading.outcomes.items():
        if outcome.kind is PAID:
            mine = [one for one in json.loads(body)["results"] if one and "idempotencyKey" in one
                    and one["idempotencyKey"] == key]  # fmt: skip
            assert [(one["status"], one["amount"]) for one in mine] == [("succeeded", "25.00")]
