"""Asking about a key."""

from __future__ import annotations

import ssl
import time

import pytest
from gateway_scenes import MakeGateway, make_payment
from scripted_bank import Act, ScriptedBank, Step, answer

from shared.domain.payments import Answer, AnswerKind

KEY = make_payment().key
FOUND = {"paymentId": "pay_1", "status": "succeeded", "idempotencyKey": KEY, "amount": "25.00"}


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (answer(200, FOUND), Answer(AnswerKind.PAID, provider_ref="pay_1")),
        (
            answer(200, {"status": "declined", "code": "blocked", "idempotencyKey": KEY}),
            Answer(AnswerKind.DECLINED, code="blocked"),
        ),
        (answer(200, {"status": "processing"}), Answer(AnswerKind.PROCESSING)),
        (answer(404, {"code": "payment_not_found", "idempotencyKey": KEY}), Answer(AnswerKind.NOT_FOUND)),
        (answer(404), Answer(AnswerKind.NO_ANSWER, code="unreadable body")),
        (answer(500), Answer(AnswerKind.NO_ANSWER, code="status 500")),
        (answer(302, Location="/"), Answer(AnswerKind.NO_ANSWER, code="status 302")),
        ([Act.RESET], Answer(AnswerKind.NO_ANSWER, code="ConnectionResetError")),
        ([Act.HANG], Answer(AnswerKind.NO_ANSWER, code="time-out")),
    ],
)
def test_an_answer_is_one_of_five(open_gateway: MakeGateway, steps: list[Step], expected: Answer) -> None:
    with ScriptedBank(lambda _: steps) as bank:
        # No answer within a second is one that is not given at all, however slow the machine.
        patience = 1.0 if steps == [Act.HANG] else 30.0
        assert open_gateway(bank.url, timeout_seconds=patience).ask(KEY, "25.00") == expected
    (request,) = bank.requests
    assert (request.method, request.path, request.body) == ("GET", f"/payments/{KEY}", b"")
    assert request.headers["authorization"] == "Bearer secret"
    assert "idempotency-key" not in request.headers


def test_a_dead_provider_is_no_answer(open_gateway: MakeGateway) -> None:
    with ScriptedBank() as bank:
        url = bank.url
    assert open_gateway(url).ask(KEY, "25.00") == Answer(AnswerKind.NO_ANSWER, code="ConnectionRefusedError")


def test_a_key_cannot_leave_its_place_in_the_path(open_gateway: MakeGateway) -> None:
    with ScriptedBank(lambda _: answer(500)) as bank:
        open_gateway(bank.url).ask("../admin?x=1#y", "25.00")
    assert bank.requests[0].path == "/payments/..%2Fadmin%3Fx%3D1%23y"


@pytest.mark.usefixtures("trusted")
def test_a_drip_ends_with_the_deadline(open_gateway: MakeGateway, server_tls: ssl.SSLContext) -> None:
    drip: list[Step] = [b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"]
    for _ in range(500):
        drip += [b" ", 0.02]
    with ScriptedBank(lambda _: drip, tls=server_tls) as bank:
        began = time.monotonic()
        answered = open_gateway(bank.url, timeout_seconds=1.0).ask(KEY, "25.00")
        assert time.monotonic() - began < 9  # the drip alone would take ten
    assert answered == Answer(AnswerKind.NO_ANSWER, code="time-out")
