"""Each row of the provider's table for one payment, and that everything in no row is ambiguous."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from replies import KEY, OTHER_KEY, PAYMENT, declined, paid, refused, reply

from shared.domain.payments import Outcome, OutcomeKind
from worker_service.calling.reply import Failure, Reply
from worker_service.gateway.classify import classify_failure, classify_single

NOT_ABOUT_THE_PAYMENT = [b"", b"<html>Not Found</html>", b"caf\xe9", b'"text"', b"[]", b"{}", b"null"]
NO_JSON = [b"{", b'{"paymentId": "pay_1"', b"\xff\xfe", b"{'a': 1}", b'{"a": \xff}', b"[" * 60_000, b"{}{}"]


def outcome_of(status: int, body: object = b"", **headers: str) -> Outcome:
    return classify_single(reply(status, body, **headers), PAYMENT)


def is_ambiguous(outcome: Outcome, *, alert: bool = False) -> bool:
    return (outcome.kind, outcome.alert, outcome.resend) == (OutcomeKind.AMBIGUOUS, alert, not alert)


@pytest.mark.parametrize("status", [200, 201])
def test_a_success_that_echoes_key_and_amount_is_paid(status: int) -> None:
    assert outcome_of(status, paid()) == Outcome(OutcomeKind.PAID, provider_ref="pay_1")


def test_a_success_may_say_more_than_the_contract() -> None:
    assert outcome_of(201, paid(fee=1.5, links=[{"self": "/"}])).kind is OutcomeKind.PAID


@pytest.mark.parametrize("status", [100, 103, 202, 204, 206, 299, 301, 302, 307, 308, 304])
def test_a_success_body_under_any_other_2xx_or_3xx_is_ambiguous(status: int) -> None:
    assert is_ambiguous(outcome_of(status, paid()))


@pytest.mark.parametrize("status", [409, 411, 413, 418, 451, 500, 501, 502, 504, 505, 599, 999])
@pytest.mark.parametrize("body", [paid(), declined(), refused("in_progress"), b"", b"{"])
def test_a_status_in_no_row_is_ambiguous_whatever_the_body(status: int, body: object) -> None:
    assert is_ambiguous(outcome_of(status, body))


@pytest.mark.parametrize("missing", ["paymentId", "status", "idempotencyKey", "amount"])
def test_a_success_without_one_of_its_members_is_ambiguous(missing: str) -> None:
    assert is_ambiguous(outcome_of(201, paid(**{missing: None})))


@pytest.mark.parametrize("status", ["declined", "processing", "pending", "SUCCEEDED", "succeeded ", 1, True, []])
def test_a_success_with_another_status_is_ambiguous(status: object) -> None:
    assert is_ambiguous(outcome_of(201, paid(status=status)))


@pytest.mark.parametrize("amount", ["25", "25.0", "25.000", "2500", "52.00", " 25.00", 25.0, 25, [], {}])
def test_an_echo_of_another_amount_is_ambiguous_and_alerts(amount: object) -> None:
    assert is_ambiguous(outcome_of(201, paid(amount=amount)), alert=True)


@pytest.mark.parametrize("key", [OTHER_KEY, KEY.upper(), KEY + " ", "", 1, ["x"], {"a": 1}])
@pytest.mark.parametrize(
    ("status", "body"), [(201, paid()), (402, declined()), (422, refused()), (405, refused())], ids=str
)
def test_an_echo_of_another_key_is_ambiguous_and_alerts(status: int, body: dict[str, object], key: object) -> None:
    assert is_ambiguous(outcome_of(status, {**body, "idempotencyKey": key}), alert=True)


@pytest.mark.parametrize("reference", ["", "a\x00b", "a\nb", "\ud800", "x" * 256, 7, 7.5, True, [], {}])
def test_a_payment_id_that_cannot_be_kept_is_ambiguous(reference: object) -> None:
    assert is_ambiguous(outcome_of(201, paid(paymentId=reference)))


@pytest.mark.parametrize("reference", ["x" * 255, "päy-ü", "支払"])
def test_a_payment_id_is_kept_as_it_is(reference: str) -> None:
    assert outcome_of(201, paid(paymentId=reference)).provider_ref == reference


@pytest.mark.parametrize("code", ["insufficient_funds", "limit_exceeded"])
def test_402_with_a_soft_code_is_a_soft_decline(code: str) -> None:
    assert outcome_of(402, declined(code)) == Outcome(OutcomeKind.DECLINED, code, soft=True)


@pytest.mark.parametrize("code", ["account_closed", "payee_invalid", "blocked", "never_heard_of", "x" * 64])
def test_402_with_any_other_code_is_a_hard_decline(code: str) -> None:
    assert outcome_of(402, declined(code)) == Outcome(OutcomeKind.DECLINED, code, soft=False)


@pytest.mark.parametrize("code", ["quarantined", "not_executed", "resolved_not_paid"])
def test_a_word_of_ours_in_the_providers_mouth_is_still_a_decline(code: str) -> None:
    """With ours the key would count as never sent, or as proven never paid."""
    expected = Outcome(OutcomeKind.DECLINED, f"provider_{code}", soft=False)
    assert outcome_of(402, declined(code)) == outcome_of(422, refused(code)) == expected


@pytest.mark.parametrize(
    "body",
    [
        declined(idempotencyKey=None),
        declined(None),
        declined(""),
        declined("a\x00b"),
        declined("x" * 65),
        declined(status="succeeded"),
        declined(status=None),
        declined(code=5),
        paid(),
        *NOT_ABOUT_THE_PAYMENT,
        *NO_JSON,
    ],
    ids=lambda body: repr(body)[:40],
)
def test_402_with_any_other_body_is_ambiguous(body: object) -> None:
    assert is_ambiguous(outcome_of(402, body))


def test_402_that_echoes_another_amount_is_ambiguous_and_alerts() -> None:
    assert is_ambiguous(outcome_of(402, declined(amount="1.00")), alert=True)


@pytest.mark.parametrize("status", [400, 404, 422])
@pytest.mark.parametrize("code", ["payee_invalid", "insufficient_funds", "limit_exceeded"])
def test_a_refusal_that_names_our_key_and_a_code_is_a_hard_decline(status: int, code: str) -> None:
    assert outcome_of(status, refused(code)) == Outcome(OutcomeKind.DECLINED, code, soft=False)


@pytest.mark.parametrize("status", [400, 404, 422])
@pytest.mark.parametrize("code", ["", "a\x00b", "x" * 65, "\ud800"])
def test_a_refusal_with_a_code_that_cannot_be_kept_is_ambiguous(status: int, code: str) -> None:
    assert is_ambiguous(outcome_of(status, refused(code)))


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, refused("key_reused")),
        (404, refused("key_reused")),
        (422, refused("key_reused")),
        (402, declined("key_reused")),
    ],
)
def test_a_key_reused_is_ambiguous_and_alerts(status: int, body: object) -> None:
    assert is_ambiguous(outcome_of(status, body), alert=True)


@pytest.mark.parametrize("status", [400, 404, 405, 410, 415, 422])
@pytest.mark.parametrize(
    "body",
    [*NOT_ABOUT_THE_PAYMENT, {"code": "not_found"}, {"idempotencyKey": KEY}, refused(code=7), {"message": "?"}],
    ids=repr,
)
def test_a_4xx_that_is_not_about_the_payment_is_our_set_up(status: int, body: object) -> None:
    assert outcome_of(status, body) == Outcome(OutcomeKind.MISCONFIGURED, f"status {status}", alert=True)


@pytest.mark.parametrize("status", [405, 410, 415])
def test_a_4xx_about_the_payment_under_a_status_without_such_a_row_is_ambiguous(status: int) -> None:
    assert is_ambiguous(outcome_of(status, refused()))


@pytest.mark.parametrize("status", [400, 404, 405, 410, 415, 422])
@pytest.mark.parametrize("body", [body for body in NO_JSON if body[:1] in b"{["], ids=lambda body: repr(body)[:40])
def test_a_4xx_that_begins_as_json_and_is_none_is_ambiguous(status: int, body: bytes) -> None:
    assert is_ambiguous(outcome_of(status, body))


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("body", [b"", b"{", {"code": "forbidden"}, paid()], ids=repr)
def test_401_and_403_are_our_set_up_whatever_the_body(status: int, body: object) -> None:
    assert outcome_of(status, body) == Outcome(OutcomeKind.MISCONFIGURED, f"status {status}", alert=True)


@pytest.mark.parametrize("body", [b"", b"{", {"code": "slow_down"}, paid()], ids=repr)
@pytest.mark.parametrize(
    ("headers", "seconds"), [({}, None), ({"Retry_After": "7"}, 7.0), ({"Retry_After": "x"}, None)]
)
def test_429_is_throttled_whatever_the_body(body: object, headers: dict[str, str], seconds: float | None) -> None:
    outcome = outcome_of(429, body, **headers)
    assert (outcome.kind, outcome.retry_after_seconds) == (OutcomeKind.THROTTLED, seconds)


@pytest.mark.parametrize(("retry_after", "seconds"), [("3", 3.0), ("-3", None), ("soon", None), ("9" * 500, 300.0)])
def test_503_overloaded_with_retry_after_is_throttled(retry_after: str, seconds: float | None) -> None:
    outcome = outcome_of(503, {"code": "overloaded"}, Retry_After=retry_after)
    assert (outcome.kind, outcome.retry_after_seconds) == (OutcomeKind.THROTTLED, seconds)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ({"code": "overloaded"}, {}),
        ({"code": "overloaded"}, {"Retry_After": ""}),
        ({"code": "Overloaded"}, {"Retry_After": "3"}),
        ({"code": ["overloaded"]}, {"Retry_After": "3"}),
        (b"overloaded", {"Retry_After": "3"}),
        (b'{"code": "overloaded"', {"Retry_After": "3"}),
        (b'{"code": "overloaded", "code": "overloaded"}', {"Retry_After": "3"}),
        (b"", {"Retry_After": "3"}),
    ],
)
def test_503_without_both_marks_is_ambiguous(body: object, headers: dict[str, str]) -> None:
    assert is_ambiguous(outcome_of(503, body, **headers))


def test_503_overloaded_for_another_key_is_ambiguous_and_alerts() -> None:
    body = {"code": "overloaded", "idempotencyKey": OTHER_KEY}
    assert is_ambiguous(outcome_of(503, body, Retry_After="3"), alert=True)


@pytest.mark.parametrize("body", NO_JSON, ids=lambda body: repr(body)[:40])
def test_a_success_that_cannot_be_read_is_ambiguous(body: bytes) -> None:
    assert is_ambiguous(outcome_of(201, body))


@pytest.mark.parametrize(
    "addition",
    [
        b', "amount": "25.00"',
        b', "am\\u006funt": "1.00"',
        b', "fee": NaN',
        b', "fee": -Infinity',
        b', "more": {"a": 1, "a": 2}',
        b', "more": {"a": NaN}',
    ],
)
def test_a_body_that_names_a_member_twice_or_holds_no_number_is_ambiguous(addition: bytes) -> None:
    whole = json.dumps(paid()).encode()
    assert outcome_of(201, whole).kind is OutcomeKind.PAID
    assert is_ambiguous(outcome_of(201, whole[:-1] + addition + b"}"))


@pytest.mark.parametrize("number", [b"1" * 60_000, b"1e999999", b"-0.0"])
def test_a_number_without_end_changes_nothing(number: bytes) -> None:
    body = json.dumps(paid()).encode()[:-1] + b', "balance": ' + number + b"}"
    assert outcome_of(201, body).kind is OutcomeKind.PAID


def test_what_was_provably_not_sent_says_so_and_anything_else_is_ambiguous() -> None:
    assert classify_failure(Failure(sent=False, reason="gaierror")) == Outcome(OutcomeKind.NOT_SENT, "gaierror")
    assert classify_failure(Failure(sent=True, reason="time-out")) == Outcome(OutcomeKind.AMBIGUOUS, "time-out")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.sampled_from([KEY, "25.00", "succeeded"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "paymentId": JSON | st.just("pay_1"),
        "status": JSON | st.sampled_from(["succeeded", "declined", "processing"]),
        "idempotencyKey": JSON | st.sampled_from([KEY, OTHER_KEY]),
        "amount": JSON | st.sampled_from(["25.00", "1.00"]),
        "code": JSON | st.sampled_from(["overloaded", "key_reused", "blocked"]),
    },
)
BODIES = (
    st.binary()
    | FIELDS.map(lambda fields: json.dumps(fields).encode())
    | JSON.map(lambda value: json.dumps(value).encode())
)
STATUSES = st.integers(100, 999) | st.sampled_from([200, 201, 400, 401, 402, 403, 404, 422, 429, 503])
HEADERS = st.dictionaries(st.sampled_from(["Retry-After", "Date"]), st.text())


@given(STATUSES, BODIES, HEADERS)
def test_no_answer_raises_and_none_pays_unless_it_echoes_key_and_amount(
    status: int, body: bytes, headers: dict[str, str]
) -> None:
    outcome = classify_single(Reply(status, headers, body), PAYMENT)
    if outcome.kind is OutcomeKind.PAID:
        found = json.loads(body)
        assert status in (200, 201)
        assert (found["status"], found["idempotencyKey"], found["amount"]) == ("succeeded", KEY, "25.00")
        assert found["paymentId"] == outcome.provider_ref
    if outcome.kind is OutcomeKind.DECLINED:
        assert status in (400, 402, 404, 422)
        assert json.loads(body)["idempotencyKey"] == KEY
    for kept in (outcome.code or "", outcome.provider_ref or ""):
        assert len(kept) <= 255
        assert "\x00" not in kept.encode().decode()
