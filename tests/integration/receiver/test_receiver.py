"""The sandbox's receiver keeps what is signed before it answers, and fails as told."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from deploy.local.receiver.command import DEVELOPMENT_SECRET
from shared.domain.signing import signed_headers
from shared.settings_values import signing_secrets
from tests.receiver import ReceiverProcess

OLD = "whsec_" + base64.b64encode(b"the secret from before the rotation").decode()
OTHERS = "whsec_" + base64.b64encode(b"a secret of somebody else altogether").decode()

Notice = dict[str, object]


@pytest.fixture
def receiver() -> Iterator[ReceiverProcess]:
    with ReceiverProcess() as receiver:
        yield receiver


def notice(number: int, type_: str = "paid", role: str = "payer", **more: object) -> Notice:
    return {"id": f"{number}.{type_}.1.{role}", "type": type_, "recipient": "p", "role": role, "event": more}


def body_of(*notices: Notice) -> bytes:
    return json.dumps({"notices": notices}).encode()


def send(
    receiver: ReceiverProcess, body: bytes, secrets: str | None = None, ago: float = 0, sent: bytes | None = None
) -> requests.Response:
    """`sent`: what is sent in place of the body that is signed."""
    at = int(time.time() - ago)
    headers = signed_headers(signing_secrets(secrets or receiver.secret), "msg_1", at, body)
    return requests.post(receiver.url, body if sent is None else sent, headers=headers, timeout=30)


def test_what_was_accepted_is_there_in_its_order_with_its_doubles(receiver: ReceiverProcess) -> None:
    first, second, third = notice(1), notice(1, role="payee"), notice(2, "failed", failure="é")
    assert [send(receiver, body_of(first, second)).status_code, send(receiver, body_of(third)).status_code] == [204] * 2
    assert send(receiver, body_of(first)).content == b""
    assert receiver.notices() == [first, second, third, first]
    assert receiver.ids() == ["1.paid.1.payer", "1.paid.1.payee", "2.failed.1.payer", "1.paid.1.payer"]
    assert receiver.ids("paid", "payee") == ["1.paid.1.payee"]
    summary = receiver.summary()
    assert (summary["calls"], summary["notices"], summary["distinct"]) == (3, 4, 3)
    assert summary["byType"] == {"failed": {"payer": 1}, "paid": {"payee": 1, "payer": 1}}
    assert (summary["refused"], summary["badSignatures"], summary["contradicted"]["count"]) == (0, 0, 0)


def test_only_what_is_signed_now_by_a_secret_of_ours_is_kept(receiver: ReceiverProcess) -> None:
    body = body_of(notice(1))
    refused = [
        send(receiver, body, OTHERS),
        send(receiver, body, ago=301),
        send(receiver, body, ago=-310),
        send(receiver, body, sent=body_of(notice(2))),
        requests.post(receiver.url, body, timeout=30),
        requests.post(receiver.url, body, timeout=30, headers={"webhook-id": "é", "webhook-signature": "v1,é v1"}),
    ]
    assert [response.status_code for response in refused] == [401] * 6
    assert send(receiver, body, ago=290).status_code == 204
    assert (receiver.summary()["badSignatures"], receiver.ids()) == (6, ["1.paid.1.payer"])


def test_while_secrets_rotate_one_signature_of_several_is_enough() -> None:
    with ReceiverProcess(secret=OLD) as receiver:
        assert send(receiver, body_of(notice(1)), f"{OTHERS} {OLD}").status_code == 204
    with ReceiverProcess(secret=f"{OTHERS},{OLD}") as receiver:
        assert send(receiver, body_of(notice(1)), OLD).status_code == 204


def test_an_id_that_comes_with_two_contents_is_told(receiver: ReceiverProcess) -> None:
    send(receiver, body_of(notice(1, amount="1.00"), notice(2)))
    send(receiver, body_of(notice(1, amount="2.00"), notice(2)))
    assert receiver.summary()["contradicted"] == {"count": 1, "ids": ["1.paid.1.payer"]}


def test_a_body_that_is_none_of_notices_is_kept_and_told(receiver: ReceiverProcess) -> None:
    bodies = [b"", b"\n\n", b"[1]", b'{"notices": [{"id": "x"}]}', b'{"notices": 3}', body_of(notice(1))]
    assert [send(receiver, body).status_code for body in bodies] == [204] * 6
    assert (receiver.summary()["unreadable"], receiver.summary()["calls"]) == (5, 6)
    assert receiver.ids() == ["1.paid.1.payer"]


def test_all_that_was_answered_survives_sigkill(receiver: ReceiverProcess) -> None:
    answered: list[int] = []

    def keep_sending(sender: int) -> None:
        for number in range(sender, 10_000, 2):
            try:
                send(receiver, body_of(notice(number)))
            except requests.ConnectionError:
                return
            answered.append(number)

    with ThreadPoolExecutor(2) as senders:
        for sender in range(2):
            senders.submit(keep_sending, sender)
        deadline = time.monotonic() + 60
        while len(answered) < 100 and time.monotonic() < deadline:
            time.sleep(0.01)
        receiver.kill()
    receiver.restart()
    kept = {int(id_.partition(".")[0]) for id_ in receiver.ids()}
    assert set(answered) <= kept
    assert receiver.summary()["distinct"] == len(kept) >= 100


def test_counts_are_the_same_after_a_restart_and_a_torn_call_is_dropped(receiver: ReceiverProcess) -> None:
    send(receiver, body_of(notice(1)))
    send(receiver, body_of(notice(1)), OTHERS)
    receiver.fault(status=500)
    send(receiver, body_of(notice(2)))
    before = receiver.summary()
    assert receiver.stop() == 0
    with receiver.journal.open("a") as journal:
        journal.write('kept 1.000000 500\n{"notices')
    receiver.restart()
    assert receiver.summary() == before
    assert send(receiver, body_of(notice(3))).status_code == 204
    assert receiver.ids() == ["1.paid.1.payer", "3.paid.1.payer"]


def test_faults_are_as_told_for_as_many_calls(receiver: ReceiverProcess) -> None:
    receiver.fault(status=500, times=2)
    assert [send(receiver, body_of(notice(1))).status_code for _ in range(3)] == [500, 500, 204]
    receiver.fault(status=429, retryAfter=5)
    answer = send(receiver, body_of(notice(2)))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "5")
    receiver.fault(status=410)
    assert send(receiver, body_of(notice(2))).status_code == 410
    assert send(receiver, body_of(notice(2)), OTHERS).status_code == 401
    receiver.heal()
    assert send(receiver, body_of(notice(3))).status_code == 204
    assert receiver.ids() == ["1.paid.1.payer", "3.paid.1.payer"]
    assert receiver.summary()["refused"] == 4


def test_a_dropped_call_is_kept_or_not(receiver: ReceiverProcess) -> None:
    for number, drop in enumerate(("before", "after")):
        receiver.fault(drop=drop, times=1)
        with pytest.raises(requests.ConnectionError):
            send(receiver, body_of(notice(number)))
    assert receiver.ids() == ["1.paid.1.payer"]


def test_a_slow_receiver_has_kept_what_it_has_not_answered(receiver: ReceiverProcess) -> None:
    receiver.fault(delaySeconds=1.5)
    with ThreadPoolExecutor(1) as sender:
        begun = time.monotonic()
        sending = sender.submit(send, receiver, body_of(notice(1)))
        while not receiver.ids():
            assert time.monotonic() - begun < 30
        assert not sending.done()
        assert sending.result().status_code == 204
        assert time.monotonic() - begun >= 1.5


@pytest.mark.parametrize(
    "spec", [{"status": 200}, {"times": 0}, {"drop": "late"}, {"delaySeconds": -1}, {"delaySeconds": "1"}, {"stat": 1}]
)
def test_a_fault_that_makes_no_sense_is_refused(receiver: ReceiverProcess, spec: dict[str, object]) -> None:
    with pytest.raises(RuntimeError, match="422"):
        receiver.fault(**spec)
    assert send(receiver, body_of(notice(1))).status_code == 204


def test_every_page_is_there_and_a_cursor_of_somebody_else_is_refused(receiver: ReceiverProcess) -> None:
    for number in range(45):
        send(receiver, body_of(notice(number)))
    assert receiver.ids() == [f"{number}.paid.1.payer" for number in range(45)]
    for cursor in ("7", "x", "-1", "99999999999999999999"):
        assert requests.get(f"{receiver.url}?cursor={cursor}", timeout=30).status_code == 400


def test_other_paths_and_methods_are_refused(receiver: ReceiverProcess) -> None:
    assert requests.get(f"{receiver.url}/x", timeout=30).status_code == 404
    answer = requests.put(receiver.url, timeout=30)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST, GET")


def test_the_command_says_where_it_is_and_which_secret_it_knows() -> None:
    command = [sys.executable, "-m", "deploy.cli", "sandbox-receiver", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={"PATH": ""}) as process:
        assert process.stdout is not None
        ready, secret = process.stdout.readline(), process.stdout.readline()
        process.terminate()
    assert ready.startswith("sandbox receiver ready on http://127.0.0.1:")
    assert secret == f"for development only: NOTIFY_SECRET={DEVELOPMENT_SECRET}\n"
    assert process.returncode == 0


def test_the_command_refuses_what_it_cannot_use(receiver: ReceiverProcess, tmp_path: Path) -> None:
    letter = tmp_path / "letter"
    letter.write_text("Dear Sir or Madam,\n")
    for options in (["--secret", "short"], ["--journal", str(receiver.journal)], ["--journal", str(letter)]):
        command = [sys.executable, "-m", "deploy.local.receiver", "--port", "0", *options]
        finished = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert (finished.returncode, finished.stdout) == (2, "")
        assert finished.stderr.startswith("sandbox receiver: ")
        assert finished.stderr.count("\n") == 1
    assert letter.read_text() == "Dear Sir or Madam,\n"
