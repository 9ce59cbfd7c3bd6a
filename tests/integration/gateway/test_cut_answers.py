"""Answers that end too soon, or are framed as nobody may frame them, prove nothing (provider contract)."""

from __future__ import annotations

import json
import ssl

import pytest
from gateway_scenes import MakeGateway, make_payments, soon
from scripted_bank import Act, Request, ScriptedBank, Step, pay

from shared.domain.payments import OutcomeKind


@pytest.mark.parametrize("status", [400, 401, 404, 422, 429, 503])
@pytest.mark.parametrize("cut", [b"", b"\r\n", b"\r\nContent-Ty", b"\r\nContent-Length: 0\r\n"])
def test_a_head_that_was_cut_says_nothing(open_gateway: MakeGateway, status: int, cut: bytes) -> None:
    with ScriptedBank(lambda _: [b"HTTP/1.1 %d X%s" % (status, cut), Act.CLOSE]) as bank:
        results = open_gateway(bank.url, mode="enquiry").make_payments(make_payments(1), last_start=soon())
    (outcome,) = results.outcomes.values()
    assert outcome.kind is OutcomeKind.AMBIGUOUS
    assert results.trouble is None


def _reused(request: Request) -> bytes:
    return json.dumps({"code": "key_reused", "idempotencyKey": request.key}).encode()


@pytest.mark.parametrize(
    "encoding", [b"identity, chunked", b"gzip, chunked", b"identity", b"chunked\r\nTransfer-Encoding: x"]
)
def test_an_unknown_transfer_encoding_says_nothing(open_gateway: MakeGateway, encoding: bytes) -> None:
    def script(request: Request) -> list[Step]:
        body = _reused(request)
        head = b"HTTP/1.1 422 X\r\nTransfer-Encoding: %s\r\n\r\n%x\r\n" % (encoding, len(body))
        return [head + body + b"\r\n0\r\n\r\n", Act.CLOSE]

    with ScriptedBank(script) as bank:
        results = open_gateway(bank.url, mode="enquiry").make_payments(make_payments(1), last_start=soon())
    (outcome,) = results.outcomes.values()
    assert outcome.kind is OutcomeKind.AMBIGUOUS


def test_a_chunked_answer_is_read(open_gateway: MakeGateway) -> None:
    def script(request: Request) -> list[Step]:
        (whole,) = pay(request)
        assert isinstance(whole, bytes)
        body = whole.partition(b"\r\n\r\n")[2]
        return [b"HTTP/1.1 201 X\r\nTransfer-Encoding: Chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)]

    with ScriptedBank(script) as bank:
        results = open_gateway(bank.url).make_payments(make_payments(3), last_start=soon())
    assert {outcome.kind for outcome in results.outcomes.values()} == {OutcomeKind.PAID}


def test_a_chunk_of_less_than_nothing_is_not_read_on(open_gateway: MakeGateway) -> None:
    """The bank would go on for as long as it is listened to: the call ends at once."""
    flood: list[Step] = [b"HTTP/1.1 201 X\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", b"x" * 1000, Act.HANG]
    with ScriptedBank(lambda _: flood) as bank:
        results = open_gateway(bank.url, mode="enquiry").make_payments(make_payments(1), last_start=soon())
    (outcome,) = results.outcomes.values()
    assert (outcome.kind, outcome.code) == (OutcomeKind.AMBIGUOUS, "ValueError")


@pytest.mark.usefixtures("trusted")
def test_what_is_left_of_one_answer_spoils_no_other_payment(
    open_gateway: MakeGateway, server_tls: ssl.SSLContext
) -> None:
    """Over TLS what is left was decrypted already, and no longer shows at the socket."""

    def script(request: Request) -> list[Step]:
        (whole,) = pay(request)
        assert isinstance(whole, bytes)
        return [whole + b"left over"] if request.number == 1 else [whole]

    with ScriptedBank(script, tls=server_tls) as bank:
        gateway = open_gateway(bank.url, mode="none", concurrency=1)
        results = gateway.make_payments(make_payments(3), last_start=soon())
    assert {outcome.kind for outcome in results.outcomes.values()} == {OutcomeKind.PAID}


def test_after_an_answer_that_proves_nothing_the_next_call_has_a_connection_of_its_own(
    open_gateway: MakeGateway,
) -> None:
    def script(request: Request) -> list[Step]:
        late = [b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n", 0.05, b"rest of what was meant"]
        return list(late) if request.number == 1 else list(pay(request))

    with ScriptedBank(script) as bank:
        gateway = open_gateway(bank.url, mode="none", concurrency=1)
        results = gateway.make_payments(make_payments(2), last_start=soon())
        assert bank.connections == 2
    assert [outcome.kind for outcome in results.outcomes.values()] == [OutcomeKind.AMBIGUOUS, OutcomeKind.PAID]
