"""The journal is written before anything is answered, and the bank is what its journal says."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest
import requests

from tests.bank import BankProcess
from tests.bank_calls import BankCalls, entry, eventually, new_key


def test_everything_is_the_same_after_sigkill() -> None:
    with BankProcess("--decline", "poor=account_closed") as bank:
        calls = BankCalls(bank.url)
        keys = [new_key() for _ in range(4)]
        answers = [calls.pay(keys[0]).json(), calls.pay(keys[1], payer_id="poor").json()]
        calls.results([entry(keys[2]), entry(keys[3], currency="EUR", reference='"\\ é')])
        calls.pay(keys[0])
        calls.pay(keys[2], amount="1.00")
        bank.faults({"fault": "ignore_key", "payerId": "payer-1"})
        calls.pay(keys[3], currency="EUR", reference='"\\ é')
        assert bank.summary()["doubles"]["keys"] == [keys[3]]
        before = (bank.summary(), list(bank.payments()), list(bank.sends()), list(bank.declines()))
        bank.kill()
        bank.restart()
        assert before == (bank.summary(), list(bank.payments()), list(bank.sends()), list(bank.declines()))
        again = [calls.pay(keys[0]), calls.pay(keys[1], payer_id="poor")]
        assert [response.status_code for response in again] == [200, 402]
        assert [response.json() for response in again] == answers


def test_what_was_answered_is_in_the_journal_whenever_the_bank_is_killed() -> None:
    with BankProcess() as bank:
        answered: list[str] = []

        def send() -> None:
            calls = BankCalls(bank.url)
            try:
                while True:
                    keys = [new_key() for _ in range(20)]
                    answered.extend(r["idempotencyKey"] for r in calls.results([entry(key) for key in keys]))
            except requests.ConnectionError:
                return

        threads = [Thread(target=send) for _ in range(3)]
        for thread in threads:
            thread.start()
        eventually(lambda: len(answered) > 300)
        bank.kill()
        for thread in threads:
            thread.join()
        bank.restart()
        paid = [row["idempotencyKey"] for row in bank.payments()]
        assert set(answered) <= set(paid)
        assert len(paid) == len(set(paid))


def test_what_was_under_way_is_paid_after_a_restart() -> None:
    with BankProcess() as bank:
        bank.faults(
            {"fault": "hang", "commitAfterSeconds": 4, "seconds": 0},
            {"fault": "decline", "payerId": "poor", "code": "blocked"},
        )
        calls, keys = BankCalls(bank.url), [new_key(), new_key()]
        for key, payer_id in zip(keys, ["rich", "poor"], strict=True):
            with pytest.raises(requests.ConnectionError):
                calls.pay(key, payer_id=payer_id)
        bank.kill()
        bank.restart()
        assert bank.summary()["underWay"] == 2
        assert calls.ask(keys[0]).json() == {"status": "processing"}
        eventually(lambda: bank.summary()["underWay"] == 0)
        assert calls.ask(keys[0]).json()["status"] == "succeeded"
        assert calls.ask(keys[1]).json()["code"] == "blocked"
        bank.restart()
        assert bank.summary()["effectivePayments"] == 1


def test_a_torn_line_is_dropped(tmp_path: Path) -> None:
    with BankProcess(journal=tmp_path / "journal") as bank:
        BankCalls(bank.url).pay("k")
        bank.stop()
        with bank.journal.open("a") as journal:
            journal.write('["P",1.0,"pay_')
        bank.restart()
        BankCalls(bank.url).pay("l")
        assert [row["idempotencyKey"] for row in bank.payments()] == ["k", "l"]
        assert bank.journal.read_text().count("\n") == 2


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="prlimit is Linux's")
def test_a_bank_that_cannot_write_its_journal_answers_nothing() -> None:
    with BankProcess() as bank:
        calls = BankCalls(bank.url)
        calls.pay("k")
        size = bank.journal.stat().st_size
        resource.prlimit(bank.pid, resource.RLIMIT_FSIZE, (size + 100, size + 100))
        with pytest.raises(requests.ConnectionError):
            calls.batch([entry(new_key()) for _ in range(3)])
        bank.restart()
        assert [row["idempotencyKey"] for row in bank.payments()] == ["k"]


def test_pages_of_the_journal_are_complete_and_in_order() -> None:
    with BankProcess("--decline", "poor=blocked") as bank:
        calls = BankCalls(bank.url)
        keys = [new_key() for _ in range(25)]
        calls.results([entry(key, payer_id="poor" if key == keys[5] else "rich") for key in keys])
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = calls.call("GET", f"/journal?limit=7&cursor={cursor}").json()
            assert len(page["payments"]) <= 7
            seen += [row["idempotencyKey"] for row in page["payments"]]
            cursor = page["nextCursor"]
        assert seen == keys[:5] + keys[6:]
        assert [row["code"] for row in bank.declines()] == ["blocked"]
        assert len(list(bank.sends())) == 25


def test_two_banks_never_share_a_journal(tmp_path: Path) -> None:
    with BankProcess(journal=tmp_path / "journal"):
        second = _run("--port", "0", "--journal", str(tmp_path / "journal"))
        assert second.returncode == 2
        assert "another bank is writing it" in second.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_bank_with_status_0(number: signal.Signals) -> None:
    with BankProcess("--fsync", "--latency-ms", "60000") as bank:
        calls = BankCalls(bank.url)
        with pytest.raises(requests.ReadTimeout):
            calls.pay("k", seconds=0.2)
        assert bank.stop(number) == 0


def test_many_signals_end_the_bank_once() -> None:
    with BankProcess() as bank:
        for _ in range(5):
            os.kill(bank.pid, signal.SIGINT)
            os.kill(bank.pid, signal.SIGTERM)
        assert bank.stop() == 0


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--mode", "maybe"], "--mode"),
        (["--decline", "payer"], "PAYER=CODE"),
        (["--journal", "/nowhere/at/all"], "No such file"),
        (["--journal", "{tmp}/rubbish"], "no journal of a sandbox bank"),
        (["--faults", "{tmp}/rubbish"], "sandbox bank:"),
        (["--faults", "{tmp}/faults"], "no field 'colour'"),
    ],
)
def test_what_makes_no_sense_ends_with_status_2(tmp_path: Path, options: list[str], complaint: str) -> None:
    (tmp_path / "rubbish").write_text("hello\n")
    (tmp_path / "faults").write_text('[{"fault": "latency", "seconds": 1, "colour": 1}]')
    ended = _run("--port", "0", *(option.format(tmp=tmp_path) for option in options))
    assert ended.returncode == 2
    assert complaint in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_taken_port_ends_with_status_2() -> None:
    with BankProcess() as bank:
        ended = _run("--port", str(bank.port))
        assert ended.returncode == 2
        assert "in use" in ended.stderr


def test_help_names_the_command() -> None:
    ended = _run("--help")
    assert ended.returncode == 0
    assert "payday sandbox-bank" in ended.stdout


def _run(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.local.bank", *options],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=Path(__file__).parents[3],
    )
