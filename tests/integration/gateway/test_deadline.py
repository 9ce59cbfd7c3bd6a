"""One deadline for the whole call, connect to last byte, however slowly the bytes come."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable, Iterator

import pytest
from gateway_scenes import MakeGateway, make_payment, soon
from scripted_bank import Act, Request, ScriptedBank, Step, success

from shared.domain.payments import Outcome, OutcomeKind

TIMEOUT_SECONDS = 1.5
"""Enough for a dozen handshakes at once on a busy machine: a drip must have begun before it is given up."""
FOR_EVER_SECONDS = 30.0
"""What drips without end ends long before, or never."""
HEAD = b"HTTP/1.1 201 Created\r\nContent-Length: 5000\r\n\r\n"
CHUNKED = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"


def trickle(head: list[Step], part: bytes) -> Iterator[Step]:
    """A part at a time after the head, for ever."""
    yield from head
    while True:
        yield part
        yield 0.02


DRIPS: dict[str, Callable[[], Iterator[Step]]] = {
    "status line": lambda: trickle([b"HTTP/1.1 201 C"], b"c"),
    "header": lambda: trickle([b"HTTP/1.1 201 Created\r\nX-Slow: "], b"a"),
    "headers without end": lambda: trickle([HEAD[:22]], b"X: 1\r\n"),
    "interim answers": lambda: trickle([], b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": lambda: trickle([HEAD], b" "),
    "body until the end": lambda: trickle([b"HTTP/1.1 201 Created\r\n\r\n"], b" "),
    "chunk size": lambda: trickle([CHUNKED], b"0"),
    "chunks": lambda: trickle([CHUNKED], b"1\r\n \r\n"),
    "within a chunk": lambda: trickle([CHUNKED, b"1000\r\n"], b" "),
    "trailers": lambda: trickle([CHUNKED, b"2\r\n{}\r\n0\r\n"], b"X: 1\r\n"),
    "nothing at all": lambda: iter([Act.HANG]),
    "nothing after the head": lambda: iter([HEAD, Act.HANG]),
}


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_every_drip_ends_with_the_deadline_and_is_ambiguous(
    open_gateway: MakeGateway, server_tls: ssl.SSLContext, scheme: str
) -> None:
    payments = {make_payment(number).key: make_payment(number) for number in range(len(DRIPS))}
    drips = dict(zip(payments, DRIPS, strict=True))
    tls = server_tls if scheme == "https" else None
    with ScriptedBank(lambda request: DRIPS[drips[request.key]](), tls=tls) as bank:
        gateway = open_gateway(bank.url, mode="none", timeout_seconds=TIMEOUT_SECONDS, concurrency=len(DRIPS))
        began = time.monotonic()
        results = gateway.make_payments(list(payments.values()), last_start=soon())
        took = time.monotonic() - began
    found = {drips[key]: outcome for key, outcome in results.outcomes.items()}
    assert found == dict.fromkeys(DRIPS, Outcome(OutcomeKind.AMBIGUOUS, "time-out"))
    assert TIMEOUT_SECONDS <= took < FOR_EVER_SECONDS
    assert sorted(bank.keys()) == sorted(payments)


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_provider_that_does_not_read_ends_with_the_deadline(
    open_gateway: MakeGateway, server_tls: ssl.SSLContext, scheme: str
) -> None:
    """More is sent than the sockets' buffers hold, to a provider that took the connection and stopped."""
    with ScriptedBank(tls=server_tls if scheme == "https" else None, reads=False) as bank:
        gateway = open_gateway(bank.url, mode="none", timeout_seconds=TIMEOUT_SECONDS)
        one = make_payment(reference="x" * 20_000_000)
        began = time.monotonic()
        results = gateway.make_payments([one], last_start=soon())
        took = time.monotonic() - began
    assert results.outcomes[one.key] == Outcome(OutcomeKind.AMBIGUOUS, "time-out")
    assert took < FOR_EVER_SECONDS


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_slow_answer_within_the_deadline_is_taken_and_each_call_has_its_own(
    open_gateway: MakeGateway, server_tls: ssl.SSLContext, scheme: str
) -> None:
    def script(request: Request) -> Iterable[Step]:
        body = str(success(request)).replace("'", '"').encode()
        yield b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n" % len(body)
        for start in range(0, len(body), 40):
            yield body[start : start + 40]
            yield 0.06

    with ScriptedBank(script, tls=server_tls if scheme == "https" else None) as bank:
        gateway = open_gateway(bank.url, concurrency=1, timeout_seconds=2.5)
        payments = [make_payment(number) for number in range(1, 13)]
        began = time.monotonic()
        results = gateway.make_payments(payments, last_start=soon())
        took = time.monotonic() - began
    assert {outcome.kind for outcome in results.outcomes.values()} == {OutcomeKind.PAID}
    assert bank.connections == 1
    assert took > 2.5
