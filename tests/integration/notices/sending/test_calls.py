"""One call: where it goes, how long it takes, and what answers may do to it."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import trustme
from pytest_httpserver import HTTPServer
from standardwebhooks.webhooks import Webhook
from werkzeug import Request, Response

from shared.settings import NotifySettings
from tests.integration.notices.sending.outbox import calls, facts, notify, pass_time, rows
from tests.receiver import SECRET, ReceiverProcess
from tests.world import World
from worker_service.calling import addresses
from worker_service.calling.addresses import Address
from worker_service.receiver import Receiver, Verdict, VerdictKind
from worker_service.tell import tell_due

OLD, NEW = b"o" * 24, b"n" * 32
ONE = ['{"id":"a.paid.1.payer"}']


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer(host="127.0.0.1", port=0) as server:
        yield server


def tell(url: str, texts: Sequence[str] = ONE, **settings: object) -> Verdict:
    defaults = {"secrets": (OLD,), "allow_private": True, "timeout_seconds": 5.0}
    receiver = Receiver(NotifySettings(url=url, **(defaults | settings)))  # type: ignore[arg-type]
    try:
        return receiver.tell(texts)
    finally:
        receiver.close()


def test_a_body_goes_to_the_very_address_and_is_signed_with_each_secret(server: HTTPServer) -> None:
    seen: list[Request] = []

    def keep(request: Request) -> Response:
        request.get_data()
        seen.append(request)
        return Response(status=204)

    server.expect_request("/hooks/payday", query_string="tenant=7&a=b%20c", method="POST").respond_with_handler(keep)
    url = f"http://127.0.0.1:{server.port}/hooks/payday?tenant=7&a=b%20c"
    for _ in range(2):
        assert tell(url, ["{}", '{"reference":"März"}'], secrets=(OLD, NEW)) == Verdict(VerdictKind.ACCEPTED, "204")
    first, second = seen
    assert json.loads(first.get_data()) == {"notices": [{}, {"reference": "März"}]}
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["Content-Type"] == "application/json"
    for secret in (OLD, NEW):
        webhook = Webhook("whsec_" + base64.b64encode(secret).decode())
        assert webhook.verify(first.get_data(), dict(first.headers))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_is_not_followed(server: HTTPServer, status: int) -> None:
    with HTTPServer(host="127.0.0.1", port=0) as elsewhere:
        headers = {"Location": elsewhere.url_for("/")}
        server.expect_request("/").respond_with_data("", status=status, headers=headers)
        assert tell(server.url_for("/")) == Verdict(VerdictKind.REFUSED, str(status))
        assert elsewhere.log == []


def test_an_answer_that_is_too_large_is_not_read_to_its_end(server: HTTPServer) -> None:
    server.expect_request("/").respond_with_data(b"x" * 70_000)
    assert tell(server.url_for("/")) == Verdict(VerdictKind.TROUBLE, "oversized body")
    server.clear()
    server.expect_request("/").respond_with_data(b"x" * 60_000)
    assert tell(server.url_for("/")).kind is VerdictKind.ACCEPTED


def test_one_deadline_holds_for_an_answer_that_drips() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                try:
                    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + b"X: y\r\n" * 100:
                        connection.sendall(bytes([byte]))
                        time.sleep(0.02)
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        began = time.monotonic()
        verdict = tell(f"http://127.0.0.1:{listening.getsockname()[1]}/", timeout_seconds=0.5)
        assert verdict == Verdict(VerdictKind.TROUBLE, "time-out")
        assert time.monotonic() - began < 5
        thread.join()


def test_a_name_of_this_machine_is_not_called_unless_that_is_allowed(server: HTTPServer) -> None:
    server.expect_request("/").respond_with_data("")
    url = f"http://localhost:{server.port}/"
    assert tell(url, allow_private=False) == Verdict(VerdictKind.TROUBLE, "not reached: address not allowed")
    assert server.log == []
    assert tell(url).kind is VerdictKind.ACCEPTED


def test_a_name_is_asked_once_and_what_was_judged_is_what_is_called(
    server: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads elsewhere a moment later gains nothing; of several addresses those inside are passed over."""
    server.expect_request("/").respond_with_data("")
    monkeypatch.setattr(addresses, "is_public", lambda address: address == "127.0.0.1")
    asked = []

    def rebinding(host: str, port: int) -> Sequence[Address]:
        asked.append(host)
        found = ("10.255.255.1", "127.0.0.1") if len(asked) == 1 else ("10.255.255.1",)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    receiver = Receiver(NotifySettings(f"http://receiver.example:{server.port}/", (OLD,), timeout_seconds=5), rebinding)
    assert receiver.tell(ONE).kind is VerdictKind.ACCEPTED
    assert asked == ["receiver.example"]
    assert [request.host for request, _ in server.log] == [f"receiver.example:{server.port}"]
    receiver.close()
    assert receiver.tell(ONE).reason == "not reached: address not allowed"


def test_over_tls_the_certificate_must_be_the_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with HTTPServer(host="127.0.0.1", port=0, ssl_context=context) as server:
        server.expect_request("/").respond_with_data("")
        url = f"https://localhost:{server.port}/"
        assert tell(url).reason == "not reached: SSLCertVerificationError"
        path = tmp_path / "authority.pem"
        authority.cert_pem.write_to_path(str(path))
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        assert tell(url).kind is VerdictKind.ACCEPTED
        assert tell(f"https://127.0.0.1:{server.port}/").reason == "not reached: SSLCertVerificationError"


@pytest.mark.parametrize("kept", ["before", "after"])
def test_a_connection_that_is_cut_is_called_again_with_the_same_ids(
    world: World, receiver: ReceiverProcess, kept: str
) -> None:
    ids = facts(world, 4)
    receiver.fault(drop=kept, times=1)
    assert tell_due(world.service) == 0
    pass_time(world)
    assert tell_due(world.service) == 4
    assert receiver.ids() == (ids if kept == "before" else ids * 2)
    assert receiver.summary()["distinct"] == 4
    assert rows(world) == []


def test_a_receiver_that_takes_too_long_is_given_up_and_called_again(world: World, receiver: ReceiverProcess) -> None:
    facts(world, 4)
    receiver.fault(delaySeconds=2, times=1)
    notify(world, timeout_seconds=0.5)
    assert tell_due(world.service) == 0
    (row,) = rows(world)
    assert (row.tries, row.last_error) == (1, "time-out")
    pass_time(world)
    notify(world, timeout_seconds=15)
    assert tell_due(world.service) == 4
    assert receiver.summary()["distinct"] == 4


def test_two_senders_at_once_tell_each_notice_once(world: World, receiver: ReceiverProcess) -> None:
    ids = facts(world, *[200] * 30)
    world.schedules(50)
    world.pay()
    told: list[int] = []
    services = [world.worker() for _ in range(3)]
    threads = [threading.Thread(target=lambda one=one: told.append(tell_due(one))) for one in services]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = receiver.ids()
    assert len(found) == len(set(found)) == len(ids) + 100 == sum(told)
    assert rows(world) == []


def test_the_connection_is_kept_between_bodies(world: World, receiver: ReceiverProcess) -> None:
    facts(world, *[500] * 5)
    assert world.service.receiver is not None
    tell_due(world.service, most=1)
    kept = world.service.receiver._transport._connection.sock
    assert kept is not None
    assert tell_due(world.service) == 2000
    assert world.service.receiver._transport._connection.sock is kept
    assert calls(receiver) == 5


def test_a_receiver_with_another_secret_refuses_and_nothing_is_lost(world: World, receiver: ReceiverProcess) -> None:
    facts(world, 1)
    notify(world, secrets=(NEW,))
    assert tell_due(world.service) == 0
    assert receiver.summary()["badSignatures"] == 1
    notify(world, secrets=(NEW, base64.b64decode(SECRET.removeprefix("whsec_"))))
    pass_time(world)
    assert tell_due(world.service) == 1
