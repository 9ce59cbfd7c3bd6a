"""Each row of the provider's table for asking about a key."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from replies import KEY, OTHER_KEY, declined, paid, reply

from shared.domain.payments import Answer, AnswerKind
from worker_service.calling.reply import Reply
from worker_service.gateway.classify_answer import classify_answer


def answer_of(status: int, body: object = b"") -> Answer:
    return classify_answer(reply(status, body), KEY, "25.00")


def test_a_success_is_paid() -> None:
    assert answer_of(200, paid()) == Answer(AnswerKind.PAID, provider_ref="pay_1")


@pytest.mark.parametrize(("code", "soft"), [("insufficient_funds", True), ("blocked", False)])
def test_a_decline_is_declined(code: str, soft: bool) -> None:
    assert answer_of(200, declined(code)) == Answer(AnswerKind.DECLINED, code=code, soft=soft)
    assert answer_of(200, declined(code, amount="25.00")).kind is AnswerKind.DECLINED


@pytest.mark.parametrize("body", [{"status": "processing"}, {"status": "processing", "idempotencyKey": KEY}])
def test_what_is_under_way_is_processing(body: object) -> None:
    assert answer_of(200, body) == Answer(AnswerKind.PROCESSING)


@pytest.mark.parametrize("echo", [{"idempotencyKey": OTHER_KEY}, {"amount": "1.00"}, {"amount": 25.0}])
@pytest.mark.parametrize("body", [paid(), declined(), {"status": "processing"}], ids=lambda body: str(body["status"]))
def test_an_echo_of_another_payment_is_no_answer_and_alerts(body: dict[str, object], echo: dict[str, object]) -> None:
    answer = answer_of(200, {**body, **echo})
    assert (answer.kind, answer.alert) == (AnswerKind.NO_ANSWER, True)


@pytest.mark.parametrize(
    "body",
    [paid(idempotencyKey=None), paid(amount=None), paid(paymentId="\x00"), paid(status="new"),
     declined(idempotencyKey=None), declined(None), declined("key_reused"), {}],
    ids=str,
)  # fmt: skip
def test_a_200_that_does_not_echo_the_payment_is_no_answer_and_alerts(body: object) -> None:
    answer = answer_of(200, body)
    assert (answer.kind, answer.alert) == (AnswerKind.NO_ANSWER, True)


def test_only_a_404_with_its_code_and_our_key_is_not_found() -> None:
    assert answer_of(404, {"code": "payment_not_found", "idempotencyKey": KEY}) == Answer(AnswerKind.NOT_FOUND)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"Not Found", b"[]", {"code": "payment_not_found"}, {"code": "not_found", "idempotencyKey": KEY},
     {"code": "payment_not_found", "idempotencyKey": OTHER_KEY}, {"idempotencyKey": KEY}],
    ids=str,
)  # fmt: skip
def test_any_other_404_is_no_answer(body: object) -> None:
    assert answer_of(404, body).kind is AnswerKind.NO_ANSWER


@pytest.mark.parametrize("status", [201, 202, 204, 301, 400, 402, 409, 410, 429, 500, 503])
@pytest.mark.parametrize("body", [paid(), {"code": "payment_not_found", "idempotencyKey": KEY}], ids=["paid", "none"])
def test_any_other_status_is_no_answer(status: int, body: object) -> None:
    assert answer_of(status, body).kind is AnswerKind.NO_ANSWER


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_of_our_set_up_is_no_answer_and_alerts(status: int) -> None:
    assert answer_of(status, paid()) == Answer(AnswerKind.NO_ANSWER, code=f"status {status}", alert=True)


@pytest.mark.parametrize(
    "body", [b"", b"{", b'"text"', b"[]", b"\xff", b"[" * 60_000], ids=lambda body: repr(body)[:20]
)
def test_a_200_that_cannot_be_read_is_no_answer(body: bytes) -> None:
    assert answer_of(200, body).kind is AnswerKind.NO_ANSWER


FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "paymentId": st.text(max_size=3) | st.just("pay_1"),
        "status": st.sampled_from(["succeeded", "declined", "processing", None]),
        "idempotencyKey": st.sampled_from([KEY, OTHER_KEY, None]),
        "amount": st.sampled_from(["25.00", "1.00", None, 25.0]),
        "code": st.sampled_from(["payment_not_found", "blocked", "key_reused", None]),
    },
)


@given(
    st.sampled_from([200, 404]) | st.integers(100, 599),
    st.binary() | FIELDS.map(lambda fields: json.dumps(fields).encode()),
)
def test_no_answer_raises_and_whatever_decides_names_our_key(status: int, body: bytes) -> None:
    answer = classify_answer(Reply(status, {}, body), KEY, "25.00")
    if answer.kind in (AnswerKind.PAID, AnswerKind.DECLINED, AnswerKind.NOT_FOUND):
        assert json.loads(body)["idempotencyKey"] == KEY
    if answer.kind is AnswerKind.PAID:
        assert (status, json.loads(body)["amount"]) == (200, "25.00")
