"""What provably never left is *not sent*; from the first byte of the request on it is ambiguous."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable, Iterator

import pytest
import trustme
from gateway_scenes import MakeGateway, make_payment, make_payments, soon, tls_for
from scripted_bank import Act, Request, ScriptedBank, Step, pay

from shared.domain.payments import Outcome, OutcomeKind

TIMEOUT_SECONDS = 0.3
"""Of calls that nobody answers."""
PATIENCE_SECONDS = 30.0
"""Of all others: a slow machine must not make them time out."""
LAST_START_SECONDS = 0.15


def outcome_of_one_send(open_gateway: MakeGateway, url: str, timeout_seconds: float = PATIENCE_SECONDS) -> Outcome:
    """The outcome where there is no time for a second send."""
    gateway = open_gateway(url, timeout_seconds=timeout_seconds)
    one = make_payment()
    while one.key in (results := gateway.make_payments([one], last_start=soon(LAST_START_SECONDS))).not_begun:
        pass
    return results.outcomes[one.key]


@pytest.fixture
def unused_port() -> Iterator[int]:
    """A port that is taken but not listened on, so that nobody else opens it meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_a_refused_connection_is_not_sent(open_gateway: MakeGateway, unused_port: int) -> None:
    outcome = outcome_of_one_send(open_gateway, f"http://127.0.0.1:{unused_port}")
    assert outcome == Outcome(OutcomeKind.NOT_SENT, "ConnectionRefusedError")


@pytest.mark.parametrize("host", ["no-such-bank.invalid", "a" * 64 + ".example", "bank..example"])
def test_a_name_that_is_not_found_is_not_sent(
    open_gateway: MakeGateway, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    resolve = socket.getaddrinfo

    def without_a_resolver(name: str, *args: object, **kwargs: object) -> object:
        if name == "no-such-bank.invalid":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(name, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", without_a_resolver)
    outcome = outcome_of_one_send(open_gateway, f"http://{host}")
    assert outcome.kind is OutcomeKind.NOT_SENT


def test_a_name_that_is_found_too_late_is_not_sent(open_gateway: MakeGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve = socket.getaddrinfo

    def slow(*args: object, **kwargs: object) -> object:
        time.sleep(TIMEOUT_SECONDS + 0.05)
        return resolve(*args, **kwargs)  # type: ignore[arg-type]

    with ScriptedBank() as bank:
        monkeypatch.setattr(socket, "getaddrinfo", slow)
        outcome = outcome_of_one_send(open_gateway, bank.url, TIMEOUT_SECONDS)
    assert outcome == Outcome(OutcomeKind.NOT_SENT, "connect time-out")
    assert bank.requests == []


def test_a_connection_that_is_not_accepted_in_time_is_not_sent(open_gateway: MakeGateway) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        began = time.monotonic()
        outcome = outcome_of_one_send(open_gateway, f"http://127.0.0.1:{port}", TIMEOUT_SECONDS)
        assert time.monotonic() - began < PATIENCE_SECONDS
        for filler in fillers:
            filler.close()
    assert outcome == Outcome(OutcomeKind.NOT_SENT, "connect time-out")


def test_an_address_that_does_not_answer_leaves_time_for_the_next(
    open_gateway: MakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedBank() as bank, socket.socket() as full:
        full.bind(("127.0.0.2", 0))
        full.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        both = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", one) for one in (full.getsockname(), ("127.0.0.1", bank.port))
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
        outcome = outcome_of_one_send(open_gateway, bank.url, timeout_seconds=2.0)
        for filler in fillers:
            filler.close()
    assert outcome.kind is OutcomeKind.PAID


@pytest.mark.usefixtures("trusted")
class TestTLS:
    """Failures of the handshake, before the first byte of the request."""

    def test_a_certificate_of_an_unknown_authority_is_not_sent(self, open_gateway: MakeGateway) -> None:
        with ScriptedBank(tls=tls_for(trustme.CA(), "localhost")) as bank:
            outcome = outcome_of_one_send(open_gateway, bank.url)
        assert outcome == Outcome(OutcomeKind.NOT_SENT, "SSLCertVerificationError")
        assert bank.requests == []

    def test_a_certificate_for_another_name_is_not_sent(self, open_gateway: MakeGateway, authority: trustme.CA) -> None:
        with ScriptedBank(tls=tls_for(authority, "another-bank.example")) as bank:
            outcome = outcome_of_one_send(open_gateway, bank.url)
        assert outcome == Outcome(OutcomeKind.NOT_SENT, "SSLCertVerificationError")
        assert bank.requests == []

    def test_a_provider_that_speaks_no_tls_is_not_sent(self, open_gateway: MakeGateway) -> None:
        with ScriptedBank(greeting=[b"HTTP/1.1 200 OK\r\n\r\n", Act.HANG]) as bank:
            outcome = outcome_of_one_send(open_gateway, f"https://localhost:{bank.port}")
        assert (outcome.kind, outcome.code) == (OutcomeKind.NOT_SENT, "SSLError")

    @pytest.mark.parametrize("steps", [[Act.HANG], [b"\x16\x03\x03\x40\x00", *[b"\x02", 0.02] * 2000], [Act.CLOSE]])
    def test_a_handshake_that_does_not_end_is_not_sent(self, open_gateway: MakeGateway, steps: list[Step]) -> None:
        with ScriptedBank(greeting=steps) as bank:
            began = time.monotonic()
            outcome = outcome_of_one_send(open_gateway, f"https://localhost:{bank.port}", TIMEOUT_SECONDS)
        assert outcome.kind is OutcomeKind.NOT_SENT
        assert time.monotonic() - began < PATIENCE_SECONDS


ENDINGS: list[list[Step]] = [
    [Act.CLOSE],
    [Act.RESET],
    [b"HTTP/1.1 20", Act.CLOSE],
    [b"HTTP/1.1 201 Created\r\nContent-Le", Act.RESET],
    [b"HTTP/1.1 201 Created\r\nContent-Length: 50\r\n\r\n{", Act.CLOSE],
    [b"HTTP/1.1 201 Created\r\nContent-Length: 50\r\n\r\n{", Act.RESET],
    [b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{", Act.CLOSE],
    [b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n", Act.CLOSE],
    [b"HTTP/1.1 twohundred Created\r\n\r\n", Act.CLOSE],
    [b"220 mail.example ESMTP\r\n", Act.CLOSE],
    [b"\x15\x03\x01\x00\x02\x02\x28", Act.CLOSE],
    [b"HTTP/1.1 201 Created\r\n" + b"X: y\r\n" * 200 + b"\r\n", Act.CLOSE],
    [b"HTTP/1.1 201 Created\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", Act.CLOSE],
]


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("steps", ENDINGS, ids=lambda steps: repr(steps)[:60])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_whatever_breaks_after_the_first_byte_is_ambiguous_and_sent_once(
    open_gateway: MakeGateway, server_tls: ssl.SSLContext, scheme: str, steps: list[Step]
) -> None:
    with ScriptedBank(lambda _: steps, tls=server_tls if scheme == "https" else None) as bank:
        one = make_payment()
        results = open_gateway(bank.url, mode="none").make_payments([one], last_start=soon())
    outcome = results.outcomes[one.key]
    assert (outcome.kind, outcome.alert) == (OutcomeKind.AMBIGUOUS, False)
    assert len(bank.requests) == 1


@pytest.mark.parametrize("act", [Act.RESET, Act.CLOSE])
def test_a_kept_connection_that_breaks_when_it_is_used_again_is_ambiguous(open_gateway: MakeGateway, act: Act) -> None:
    first, second = make_payments(2)
    script = lambda request: pay(request) if request.number == 1 else [act]  # noqa: E731
    with ScriptedBank(script) as bank:
        gateway = open_gateway(bank.url, mode="none", concurrency=1)
        results = gateway.make_payments([first, second], last_start=soon())
    assert results.outcomes[first.key].kind is OutcomeKind.PAID
    assert results.outcomes[second.key].kind is OutcomeKind.AMBIGUOUS
    assert (bank.keys(), bank.connections) == ([first.key, second.key], 1)


@pytest.mark.parametrize("act", [Act.RESET, Act.CLOSE])
def test_a_connection_that_the_provider_ended_while_idle_is_replaced(open_gateway: MakeGateway, act: Act) -> None:
    def script(request: Request) -> Iterable[Step]:
        return [*pay(request), act] if request.number == 1 else pay(request)

    first, second = make_payments(2)
    with ScriptedBank(script) as bank:
        gateway = open_gateway(bank.url, mode="none", concurrency=1)
        gateway.make_payments([first], last_start=soon())
        assert bank.wait_until_idle()
        results = gateway.make_payments([second], last_start=soon())
    assert results.outcomes[second.key].kind is OutcomeKind.PAID
    assert bank.connections == 2
