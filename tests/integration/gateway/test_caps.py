"""Answers are capped: 64 KB, and 1 KB more for each payment of a batch, once decoded."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from collections.abc import Iterable

import pytest
from gateway_scenes import MakeGateway, make_payment, make_payments, soon
from scripted_bank import Act, Request, ScriptedBank, Step, answer, success

from shared.domain.payments import Outcome, OutcomeKind

CAP = 64 * 1024


def padded(request: Request, size: int) -> bytes:
    """A success of exactly so many bytes."""
    body = json.dumps(success(request)).encode()
    return body + b" " * (size - len(body))


def chunked(body: bytes) -> list[Step]:
    head = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"
    return [head, b"%x\r\n%s\r\n" % (len(body), body), b"0\r\n\r\n"]


def until_the_end(body: bytes) -> list[Step]:
    return [b"HTTP/1.1 201 Created\r\nConnection: close\r\n\r\n", body, Act.CLOSE]


def of_known_length(body: bytes) -> list[Step]:
    return answer(201, body)


def outcome(open_gateway: MakeGateway, bank: ScriptedBank) -> Outcome:
    one = make_payment()
    results = open_gateway(bank.url, mode="none").make_payments([one], last_start=soon())
    return results.outcomes[one.key]


@pytest.mark.parametrize("framed", [of_known_length, chunked, until_the_end])
def test_an_answer_of_the_cap_is_read_and_a_byte_more_is_ambiguous(open_gateway: MakeGateway, framed: object) -> None:
    assert callable(framed)
    with ScriptedBank(lambda request: framed(padded(request, CAP))) as bank:
        assert outcome(open_gateway, bank).kind is OutcomeKind.PAID
    with ScriptedBank(lambda request: framed(padded(request, CAP + 1))) as bank:
        assert outcome(open_gateway, bank) == Outcome(OutcomeKind.AMBIGUOUS, "oversized body")


def test_a_batch_may_answer_a_kilobyte_more_for_each_payment(open_gateway: MakeGateway) -> None:
    def script(size: int, request: Request) -> Iterable[Step]:
        results = [{"idempotencyKey": one["idempotencyKey"], "status": "succeeded", "paymentId": "p", "amount": "25.00"}
                   for one in request.json["payments"]]  # fmt: skip
        body = json.dumps({"results": results}).encode()
        return answer(200, body + b" " * (size - len(body)))

    kinds = []
    for size in (CAP + 3 * 1024, CAP + 3 * 1024 + 1):
        with ScriptedBank(lambda request, size=size: script(size, request)) as bank:  # type: ignore[misc]
            gateway = open_gateway(bank.url, mode="none", batch_size=3)
            results = gateway.make_payments(make_payments(3), last_start=soon())
            kinds.append({one.kind for one in results.outcomes.values()})
    assert kinds == [{OutcomeKind.PAID}, {OutcomeKind.AMBIGUOUS}]


def test_a_body_without_end_is_not_kept_in_memory(open_gateway: MakeGateway) -> None:
    def script(_: Request) -> Iterable[Step]:
        yield b"HTTP/1.1 201 Created\r\n\r\n"
        while True:
            yield b" " * 65_536

    with ScriptedBank(script) as bank:
        assert outcome(open_gateway, bank) == Outcome(OutcomeKind.AMBIGUOUS, "oversized body")
        assert bank.wait_until_idle()


def test_a_refusal_too_large_to_read_is_ambiguous_and_not_our_set_up(open_gateway: MakeGateway) -> None:
    with ScriptedBank(lambda _: answer(404, b"<html>" + b" " * CAP)) as bank:
        assert outcome(open_gateway, bank).kind is OutcomeKind.AMBIGUOUS


def test_a_zipped_answer_nobody_asked_for_is_read_all_the_same(open_gateway: MakeGateway) -> None:
    script = lambda request: answer(201, gzip.compress(padded(request, CAP)), Content_Encoding="gzip")  # noqa: E731
    with ScriptedBank(script) as bank:
        assert outcome(open_gateway, bank).kind is OutcomeKind.PAID


def test_a_zip_bomb_is_ambiguous_and_is_not_unpacked(open_gateway: MakeGateway) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b" " * 1_000_000) for _ in range(50)) + packer.flush()
    assert len(bomb) < CAP
    with ScriptedBank(lambda _: answer(201, bomb, Content_Encoding="gzip")) as bank:
        tracemalloc.start()
        try:
            found = outcome(open_gateway, bank)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert found == Outcome(OutcomeKind.AMBIGUOUS, "oversized body")
    assert peak < 5_000_000


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "identity, gzip", "gzip, gzip", "unheard-of"])
def test_an_encoding_that_is_none_is_ambiguous(open_gateway: MakeGateway, encoding: str) -> None:
    script = lambda request: answer(201, success(request), Content_Encoding=encoding)  # noqa: E731
    with ScriptedBank(script) as bank:
        assert outcome(open_gateway, bank).kind is OutcomeKind.AMBIGUOUS


@pytest.mark.parametrize("cut", [4, 20, -1])
def test_a_zipped_answer_cut_short_is_ambiguous(open_gateway: MakeGateway, cut: int) -> None:
    def script(request: Request) -> Iterable[Step]:
        return answer(201, gzip.compress(json.dumps(success(request)).encode())[:cut], Content_Encoding="gzip")

    with ScriptedBank(script) as bank:
        assert outcome(open_gateway, bank).kind is OutcomeKind.AMBIGUOUS
