"""What is sent, over which connections, and what comes back."""

from __future__ import annotations

import ssl
from collections.abc import Iterable

import pytest
from gateway_scenes import MakeGateway, make_payment, make_payments, soon
from scripted_bank import Act, Request, ScriptedBank, Step, answer, pay, success, together

from shared.domain.payments import Outcome, OutcomeKind
from shared.settings import ProviderSettings
from worker_service.gateway import Gateway


def test_a_payment_is_sent_as_the_contract_says_and_is_paid(open_gateway: MakeGateway) -> None:
    one = make_payment(1, reference="Miete März \U0001f600")
    with ScriptedBank() as bank:
        results = open_gateway(bank.url).make_payments([one], last_start=soon())
    assert results.outcomes == {one.key: Outcome(OutcomeKind.PAID, provider_ref="pay_1")}
    assert results.not_begun == frozenset()
    (request,) = bank.requests
    assert (request.method, request.path, request.body) == ("POST", "/payments", one.single_body())
    expected = {"idempotency-key": one.key, "authorization": "Bearer secret", "content-type": "application/json"}
    assert (
        request.headers.items() >= {**expected, "accept-encoding": "identity", "host": f"localhost:{bank.port}"}.items()
    )


def test_the_providers_url_may_have_a_path_and_no_token(open_gateway: MakeGateway) -> None:
    with ScriptedBank() as bank:
        open_gateway(f"{bank.url}/bank/v1/", token=None).make_payments([make_payment()], last_start=soon())
    assert bank.requests[0].path == "/bank/v1/payments"
    assert "authorization" not in bank.requests[0].headers


def test_all_payments_are_paid_with_as_many_calls_in_flight_as_allowed(open_gateway: MakeGateway) -> None:
    payments = make_payments(40)
    with ScriptedBank(together(4)) as bank:
        results = open_gateway(bank.url, concurrency=4).make_payments(payments, last_start=soon())
    assert {outcome.kind for outcome in results.outcomes.values()} == {OutcomeKind.PAID}
    assert sorted(bank.keys()) == sorted(one.key for one in payments) == sorted(results.outcomes)
    assert bank.in_flight_most == 4


def test_connections_are_kept_between_calls_and_parts(open_gateway: MakeGateway) -> None:
    with ScriptedBank() as bank:
        gateway = open_gateway(bank.url, concurrency=2)
        for start in range(0, 40, 10):
            gateway.make_payments(make_payments(start + 10)[start:], last_start=soon())
    assert len(bank.requests) == 40
    assert bank.connections <= 2


def test_a_key_given_twice_is_sent_once(open_gateway: MakeGateway) -> None:
    with ScriptedBank() as bank:
        open_gateway(bank.url).make_payments([make_payment(), make_payment()], last_start=soon())
    assert len(bank.requests) == 1


def test_no_payments_are_no_call(open_gateway: MakeGateway) -> None:
    with ScriptedBank() as bank:
        results = open_gateway(bank.url).make_payments([], last_start=soon())
    assert (dict(results.outcomes), results.not_begun, bank.requests) == ({}, frozenset(), [])


def test_one_payments_rubbish_decides_nothing_for_another(open_gateway: MakeGateway) -> None:
    payments = make_payments(12)
    faults: dict[str, list[Step]] = {
        payments[0].key: [Act.RESET],
        payments[1].key: answer(201, b"\xff\x00{"),
        payments[2].key: [b"\x00" * 100, Act.CLOSE],
        payments[3].key: answer(500, b"["),
        payments[4].key: answer(401),
    }
    script = lambda request: faults.get(request.key) or pay(request)  # noqa: E731
    with ScriptedBank(script) as bank:
        results = open_gateway(bank.url, mode="none", concurrency=2).make_payments(payments, last_start=soon())
    kinds = [results.outcomes[one.key].kind for one in payments]
    assert kinds == [OutcomeKind.AMBIGUOUS] * 4 + [OutcomeKind.MISCONFIGURED] + [OutcomeKind.PAID] * 7


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_ambiguous(open_gateway: MakeGateway, status: int) -> None:
    with ScriptedBank() as elsewhere:
        script = lambda _: answer(status, Location=f"{elsewhere.url}/payments")  # noqa: E731
        with ScriptedBank(script) as bank:
            one = make_payment()
            results = open_gateway(bank.url, mode="none").make_payments([one], last_start=soon())
    assert results.outcomes[one.key] == Outcome(OutcomeKind.AMBIGUOUS, f"status {status}")
    assert (len(bank.requests), len(elsewhere.requests)) == (1, 0)


def test_neither_proxies_nor_netrc_of_the_environment_are_used(
    open_gateway: MakeGateway, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine localhost login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with ScriptedBank() as bank:
        results = open_gateway(bank.url, token=None).make_payments([make_payment()], last_start=soon())
    assert [outcome.kind for outcome in results.outcomes.values()] == [OutcomeKind.PAID]
    assert "authorization" not in bank.requests[0].headers


def test_a_cookie_is_not_sent_back(open_gateway: MakeGateway) -> None:
    script = lambda request: answer(201, success(request), Set_Cookie="session=1")  # noqa: E731
    with ScriptedBank(script) as bank:
        open_gateway(bank.url, concurrency=1).make_payments(make_payments(2), last_start=soon())
    assert ["cookie" in request.headers for request in bank.requests] == [False, False]


@pytest.mark.usefixtures("trusted")
def test_payments_are_paid_over_tls(open_gateway: MakeGateway, server_tls: ssl.SSLContext) -> None:
    with ScriptedBank(tls=server_tls) as bank:
        gateway = open_gateway(bank.url, concurrency=1)
        results = gateway.make_payments(make_payments(5), last_start=soon())
    assert {outcome.kind for outcome in results.outcomes.values()} == {OutcomeKind.PAID}
    assert bank.connections == 1


def test_an_answer_left_over_on_a_connection_is_never_taken_for_the_next_ones(open_gateway: MakeGateway) -> None:
    """An interim answer that the library takes for final leaves the true one unread."""

    def script(request: Request) -> Iterable[Step]:
        early = [b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"] if request.number == 1 else []
        return [*early, 0.1, *pay(request)]

    first, second = make_payments(2)
    with ScriptedBank(script) as bank:
        gateway = open_gateway(bank.url, mode="none", concurrency=1)
        results = gateway.make_payments([first, second], last_start=soon())
    assert results.outcomes[first.key].kind is OutcomeKind.AMBIGUOUS
    assert results.outcomes[second.key] == Outcome(OutcomeKind.PAID, provider_ref="pay_2")
    assert bank.connections == 2


def test_after_another_payments_answer_the_connection_is_given_up(open_gateway: MakeGateway) -> None:
    script = lambda request: answer(201, success(request, idempotencyKey="another"))  # noqa: E731
    with ScriptedBank(script) as bank:
        results = open_gateway(bank.url, concurrency=1).make_payments(make_payments(3), last_start=soon())
    assert {(one.kind, one.alert, one.resend) for one in results.outcomes.values()} == {
        (OutcomeKind.AMBIGUOUS, True, False)
    }
    assert (len(bank.requests), bank.connections) == (3, 3)


def test_a_gateway_refuses_to_work_in_another_process_than_its_own(
    open_gateway: MakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedBank() as bank:
        gateway = open_gateway(bank.url)
        with monkeypatch.context() as forked:
            forked.setattr("os.getpid", lambda: -1)
            with pytest.raises(RuntimeError, match="another process"):
                gateway.make_payments([make_payment()], last_start=soon())
            with pytest.raises(RuntimeError, match="another process"):
                gateway.ask("key", "1.00")
    assert bank.requests == []


def test_closing_ends_the_connections_and_whoever_reuses_it_is_told(open_gateway: MakeGateway) -> None:
    with ScriptedBank() as bank:
        gateway = open_gateway(bank.url)
        gateway.make_payments([make_payment()], last_start=soon())
        gateway.close()
        assert bank.wait_until_idle()
        with pytest.raises(RuntimeError):
            gateway.make_payments([make_payment()], last_start=soon())
    assert len(bank.requests) == 1


@pytest.mark.parametrize(
    ("url", "token"), [("ftp://bank", None), ("", None), ("http://bank", "a\nb"), ("http://bank", "ü")]
)
def test_what_cannot_be_sent_is_refused_at_start_without_naming_the_token(url: str, token: str | None) -> None:
    with pytest.raises(ValueError, match="must b") as refused:
        Gateway(ProviderSettings(url=url, token=token))
    assert token is None or token not in str(refused.value)
