"""Keys, bytes and outcomes (rules K1-K3)."""

from __future__ import annotations

import json
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.payments import Outcome, OutcomeKind, Payment, batch_body, combine, payment_key

EVENT = "0198c0de-0000-7000-8000-000000000001"
PAYMENT = Payment(EVENT, 1, payment_key(EVENT, 1), "payer", "payee", "25.00", "GBP", 'R "1" é')


@given(st.uuids(), st.integers(1, 10_000))
def test_the_key_is_uuid5_of_event_and_attempt(event: UUID, attempt: int) -> None:
    assert payment_key(str(event), attempt) == payment_key(event, attempt) == str(uuid5(event, str(attempt)))


def test_the_bytes_of_a_single_call_are_these() -> None:
    assert PAYMENT.single_body() == (
        b'{"payerId":"payer","payeeId":"payee","amount":"25.00","currency":"GBP","reference":"R \\"1\\" \\u00e9"}'
    )


def test_the_bytes_in_a_batch_are_these() -> None:
    assert batch_body([PAYMENT]) == (
        b'{"payments":[{"idempotencyKey":"' + PAYMENT.key.encode() + b'",' + PAYMENT.single_body()[1:] + b"]}"
    )


@given(st.text(max_size=35), st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=64))
def test_whatever_the_texts_the_body_is_json_that_says_them(reference: str, payer: str) -> None:
    payment = PAYMENT._replace(reference=reference, payer_id=payer)
    body = json.loads(payment.single_body())
    assert (body["reference"], body["payerId"]) == (reference, payer)
    assert json.loads(batch_body([payment, PAYMENT]))["payments"][0]["reference"] == reference


@pytest.mark.parametrize("latest", [OutcomeKind.NOT_SENT, OutcomeKind.THROTTLED, OutcomeKind.MISCONFIGURED])
def test_after_an_ambiguous_send_nothing_but_proof_counts(latest: OutcomeKind) -> None:
    assert combine(True, Outcome(latest)).kind is OutcomeKind.AMBIGUOUS
    assert combine(False, Outcome(latest)).kind is latest


@pytest.mark.parametrize("latest", [OutcomeKind.PAID, OutcomeKind.DECLINED])
def test_proof_counts_whatever_was_before(latest: OutcomeKind) -> None:
    assert combine(True, Outcome(latest)).kind is latest
