"""`payday reconcile`: what it says, what it ends with, and the statement file."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from api_service.app import create_app
from api_service.auth.development import make_token
from shared.db.models import Event, ReconcileItem, Transaction
from shared.domain.listed import FIELDS
from tests.integration.cli.command import KEPT, REPOSITORY, Finished, Payday, assert_refused
from tests.world import World

Reconcile = Callable[..., Finished]
Rows = list[dict[str, str]]


@pytest.fixture
def reconcile(payday_inside: Payday, world: World) -> Reconcile:
    """`payday reconcile` of the world's day, with its bank."""
    settings = {**world.environment, "BUSINESS_DATE": world.today.isoformat()}
    day = world.today.isoformat()
    return lambda *words, **changes: payday_inside("reconcile", "--date", day, *words, **{**settings, **changes})


@pytest.fixture
def paid(world: World) -> World:
    """Three payments of which the bank declined one."""
    world.bank.faults({"fault": "decline", "code": "account_closed", "payer_id": "payer-2"})
    world.schedules(3)
    world.pay()
    return world


def rows_of(world: World) -> Rows:
    """The bank's statement."""
    paid = [{**row, "status": "succeeded"} for row in world.bank.payments()]
    declined = [{**row, "paymentId": "", "status": "declined"} for row in world.bank.declines()]
    return [{name: str(row[name]) for name in FIELDS} for row in paid + declined]


def statement(
    folder: Path, rows: Rows, names: Sequence[str] = FIELDS, *, newline: str = "\n", encoding: str = "utf-8"
) -> str:
    path = folder / "statement.csv"
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.DictWriter(file, names, lineterminator=newline)
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def items(world: World) -> list[ReconcileItem]:
    return world.transact(lambda session: list(session.scalars(select(ReconcileItem))))


def fail(world: World) -> Event:
    """The payment of payer-0 failed with us, although the bank made it."""
    event = next(event for event in world.events() if event.payer_id == "payer-0")
    columns = {"status": "failed", "failure_code": "account_closed", "transaction_id": None}
    world.transact(lambda s: s.execute(update(Event).where(Event.id == event.id).values(columns)))
    world.transact(lambda s: s.execute(text("DELETE FROM transaction WHERE event_id = :id"), {"id": event.id}))
    world.transact(lambda s: s.execute(text("DELETE FROM edge WHERE before = 'paid'")))  # ours, not the product's
    return event


def test_both_sides_agree(reconcile: Reconcile, paid: World) -> None:
    shown = reconcile()
    assert (shown.returncode, shown.stderr) == (0, ""), shown
    assert f"{paid.today}, our transactions and the provider's list: both sides agree" in shown.stdout
    rows = [line.replace("│", " ").split() for line in shown.stdout.splitlines()]
    assert ["our", "transactions", "2", "50.00"] in rows
    assert ["the", "provider's", "payments", "2", "50.00"] in rows
    found = json.loads(reconcile("--json").stdout)
    assert (found["agrees"], found["agreed"], found["differences"]) == (True, 2, [])
    assert found["ours"] == found["theirs"] == {"count": 2, "amounts": {"GBP": "50.00"}}


def test_the_day_is_yesterday_unless_said_otherwise(payday_inside: Payday, paid: World) -> None:
    settings = {**paid.environment, "BUSINESS_DATE": "2026-03-03"}
    found = json.loads(payday_inside("reconcile", "--json", **settings).stdout)
    assert (found["date"], found["agreed"]) == (paid.today.isoformat(), 2)


def test_a_difference_is_said_with_the_call_that_resolves_it(reconcile: Reconcile, paid: World) -> None:
    event = fail(paid)
    finished = reconcile("--json")
    assert finished.returncode == 1
    found = json.loads(finished.stdout)
    [difference] = found["differences"]
    assert (difference["kind"], difference["eventId"], difference["attempt"]) == ("paid_there", str(event.id), 1)
    assert (difference["ours"]["status"], difference["theirs"]["status"]) == ("failed", "succeeded")
    resolve = difference["resolve"]
    assert resolve["body"]["providerRef"] == difference["theirs"]["paymentId"]
    assert (found["counts"], found["recorded"]) == ({"paid_there": 1}, True)

    settings = paid.service.settings
    client = create_app(settings, paid.service.sessions).test_client()
    token = make_token("olga", ["ops"])
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": resolve["idempotencyKey"]}
    paid.transact(
        lambda s: s.execute(
            text("UPDATE booking SET heading = 'declined', event_id = NULL WHERE heading = 'paid' AND run_date = :day"),
            {"day": paid.today},
        )
    )
    answer = client.open(resolve["path"], method=resolve["method"], json=resolve["body"], headers=headers)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert reconcile().returncode == 0
    [item] = items(paid)
    assert item.settled_at is not None


def test_people_get_a_command_that_a_shell_takes(reconcile: Reconcile, paid: World, tmp_path: Path) -> None:
    event = fail(paid)
    rows = rows_of(paid)
    name = 'pay\'s "own" $(id)'
    for row in rows:
        row["paymentId"] = name if row["payerId"] == "payer-0" else row["paymentId"]
    shown = reconcile("--statement", statement(tmp_path, rows))
    assert shown.returncode == 1
    assert "1 difference" in shown.stdout
    assert f"event     {event.id} of {event.date}, attempt 1" in shown.stdout
    [command] = [line.strip() for line in shown.stdout.splitlines() if line.strip().startswith("curl ")]
    heard = subprocess.run(
        ["sh", "-c", 'curl() { for word in "$@"; do echo "$word"; done; }; ' + command],
        env={"PAYDAY_URL": "http://payday", "TOKEN": "secret"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert f"http://payday/v1/events/{event.id}/resolve" in heard
    assert json.loads(heard[-1])["providerRef"] == name


def test_what_was_found_is_one_item_however_often_it_is_found(reconcile: Reconcile, paid: World) -> None:
    fail(paid)
    assert [reconcile().returncode for _ in range(3)] == [1, 1, 1]
    assert len(items(paid)) == 1


def test_only_the_first_time_is_an_alert(reconcile: Reconcile, paid: World) -> None:
    fail(paid)
    assert '"alert": true' in reconcile().stderr
    assert reconcile().stderr == ""


def test_a_dry_run_keeps_nothing(reconcile: Reconcile, paid: World) -> None:
    fail(paid)
    found = json.loads(reconcile("--json", "--dry-run").stdout)
    assert (found["dryRun"], found["recorded"], len(found["differences"])) == (True, False, 1)
    assert items(paid) == []


@pytest.mark.parametrize("form", ["plain", "order", "crlf", "bom", "more columns", "repeated"])
def test_a_statement_says_the_same_in_any_form(reconcile: Reconcile, paid: World, tmp_path: Path, form: str) -> None:
    rows, names, newline, encoding = rows_of(paid), list(FIELDS), "\n", "utf-8"
    if form == "order":
        names.reverse()
    elif form == "crlf":
        newline = "\r\n"
    elif form == "bom":
        encoding = "utf-8-sig"
    elif form == "more columns":
        names = ["note", *names]
        rows = [{**row, "note": 'a "long", odd\nnote é'} for row in rows]
    elif form == "repeated":
        rows = rows + rows
    path = statement(tmp_path, rows, names, newline=newline, encoding=encoding)
    found = json.loads(reconcile("--json", "--statement", path).stdout)
    assert (found["agrees"], found["agreed"], found["source"]) == (True, 2, "statement")
    assert found["theirs"]["count"] == 2


def test_a_statement_needs_no_provider(reconcile: Reconcile, paid: World, tmp_path: Path) -> None:
    assert reconcile("--statement", statement(tmp_path, rows_of(paid)), PROVIDER_URL="").returncode == 0


def test_a_statement_that_lacks_one_and_has_one_too_many(reconcile: Reconcile, paid: World, tmp_path: Path) -> None:
    rows = rows_of(paid)
    lost, kept = sorted(rows[:2], key=lambda row: row["payerId"])
    twice = {**kept, "paymentId": "pay_again"}
    stranger = {**kept, "idempotencyKey": "k", "paymentId": "pay_k", "payerId": "stranger"}
    finished = reconcile("--json", "--statement", statement(tmp_path, [kept, twice, stranger, rows[2]]))
    assert finished.returncode == 1
    found = json.loads(finished.stdout)
    assert found["counts"] == {"not_there": 1, "key_twice": 1, "no_event": 1}
    assert (found["ours"]["count"], found["theirs"]["count"], found["agreed"]) == (2, 3, 1)
    said = {difference["kind"]: difference for difference in found["differences"]}
    assert lost["paymentId"] in said["not_there"]["advice"]
    assert "Claim pay_again back" in said["key_twice"]["advice"]
    assert said["no_event"]["ours"] is None


def test_a_declined_row_is_no_payment(reconcile: Reconcile, paid: World, tmp_path: Path) -> None:
    rows = [{**row, "status": "declined", "paymentId": ""} for row in rows_of(paid)]
    found = json.loads(reconcile("--json", "--statement", statement(tmp_path, rows)).stdout)
    assert (found["counts"], found["theirs"]["count"]) == ({"not_there": 2}, 0)


def test_payments_of_a_neighbour_day_are_none_of_this_statement(
    reconcile: Reconcile, paid: World, tmp_path: Path
) -> None:
    rows = rows_of(paid)
    before = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    stranger = {**rows[0], "idempotencyKey": "k", "paymentId": "pay_k", "payerId": "stranger", "executedAt": before}
    assert reconcile("--statement", statement(tmp_path, [*rows, stranger])).returncode == 0


BAD_CELLS = [
    ("amount", "25.000", "amount: has 3 decimals; GBP has 2"),
    ("amount", "1,000.00", "amount: must be a decimal"),
    ("amount", "", "amount: is missing"),
    ("currency", "XXX", "currency: is not an ISO 4217 currency"),
    ("status", "paid", "status: must be one of declined, processing, succeeded"),
    ("executedAt", "2026-03-02", "executedAt: needs its time zone"),
    ("executedAt", "2026-03-02T10:00:00", "executedAt: needs its time zone"),
    ("executedAt", "yesterday", "executedAt: must be an instant"),
    ("idempotencyKey", "a b", "idempotencyKey: must be visible ASCII"),
    ("paymentId", "", "paymentId: is missing"),
    ("paymentId", "x" * 256, "paymentId: must be at most 255"),
]


@pytest.mark.parametrize(("name", "cell", "said"), BAD_CELLS)
def test_a_bad_line_is_named_and_nothing_is_compared(
    reconcile: Reconcile, paid: World, tmp_path: Path, name: str, cell: str, said: str
) -> None:
    rows = rows_of(paid)
    rows[1][name] = cell
    assert_refused(reconcile("--statement", statement(tmp_path, rows[:2])), "the file is not used", f"line 3: {said}")
    assert items(paid) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty: it needs a header"),
        (b"\xef\xbb\xbf\r\n\r\n", "is empty: it needs a header"),
        (b"paymentId;amount\n1;2\n", "line 1: the column idempotencyKey is missing"),
        (",".join([*FIELDS, "amount"]).encode(), "line 1: the column amount is there twice"),
        (",".join(FIELDS).encode() + b"\na,b\n", "line 2: has 2 fields, the header 8"),
        (",".join(FIELDS).encode() + b'\n"a,b\n', "line 2: unexpected end of data"),
        (
            ",".join(FIELDS).encode() + b"\n\xff,b,c,d,1.00,GBP,succeeded,2026-03-02T10:00:00Z\n",
            "line 2: idempotencyKey",
        ),
    ],
)
def test_a_file_that_is_no_statement_is_refused(
    reconcile: Reconcile, paid: World, tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "statement.csv"
    path.write_bytes(content)
    assert_refused(reconcile("--statement", str(path)), "the file is not used", said)


def test_many_bad_lines_are_not_all_listed(reconcile: Reconcile, paid: World, tmp_path: Path) -> None:
    rows = [{**rows_of(paid)[0], "amount": "x"}] * 50
    refused = reconcile("--statement", statement(tmp_path, rows))
    assert_refused(refused, "line 21: amount", "and perhaps more")
    assert "line 22" not in refused.stderr


def test_what_keeps_the_sides_from_being_compared_ends_with_2(
    reconcile: Reconcile, paid: World, tmp_path: Path
) -> None:
    assert_refused(reconcile("--statement", str(tmp_path)), "cannot be read: Is a directory")
    assert_refused(reconcile("--statement", str(tmp_path / "none")), "cannot be read: No such file")
    assert_refused(reconcile("--date", "2026-03-03"), "--date: that day has not begun")
    assert_refused(reconcile("--date", "soon"), "'soon' is no date")
    assert_refused(reconcile(PROVIDER_URL=""), "PROVIDER_URL: is not set")
    assert_refused(reconcile(DATABASE_URL=""), "DATABASE_URL: is not set")


def test_a_provider_without_a_list_is_said(reconcile: Reconcile, paid: World) -> None:
    paid.bank.faults({"fault": "status", "status": 404, "on": "list"})
    assert_refused(reconcile(), "the provider has no list of its payments", "--statement FILE")


def test_a_list_that_breaks_off_is_said_and_nothing_is_kept(reconcile: Reconcile, paid: World) -> None:
    fail(paid)
    paid.bank.faults({"fault": "wrong_json", "on": "list"})
    assert_refused(reconcile(), "the provider's list cannot be read: page 1 is no JSON")
    assert items(paid) == []


def test_a_record_of_another_day_is_not_kept(
    reconcile: Reconcile, paid: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker_service.reconcile_report.LISTED_MOST", 2)
    rows = rows_of(paid)
    strangers = [{**rows[0], "idempotencyKey": f"k{n}", "paymentId": f"p{n}", "payerId": f"s{n}"} for n in range(3)]
    finished = reconcile("--statement", statement(tmp_path, rows + strangers))
    assert finished.returncode == 1
    assert "3 differences" in finished.stdout
    assert "Nothing was recorded" in finished.stdout
    assert items(paid) == []


def test_what_was_settled_long_after_is_asked_about(reconcile: Reconcile, paid: World, tmp_path: Path) -> None:
    """A statement of the day need not hold it: the provider can be asked, or nobody can say."""
    [first, *others] = rows_of(paid)
    early = "UPDATE event SET first_sent_at = first_sent_at - interval '9 days' WHERE payer_id = :payer"
    paid.transact(lambda s: s.execute(text(early), {"payer": first["payerId"]}))
    path = statement(tmp_path, others)
    found = json.loads(reconcile("--json", "--statement", path).stdout)
    assert (found["agrees"], found["agreed"], found["executedElsewhere"]) == (True, 1, 1)
    unasked = json.loads(reconcile("--json", "--statement", path, PROVIDER_MODE="none").stdout)
    assert (unasked["agrees"], unasked["notJudged"]) == (True, 1)
    paid.transact(lambda s: s.execute(update(Transaction).values(provider_ref="pay_other")))
    other = json.loads(reconcile("--json", "--statement", path).stdout)
    assert other["counts"] == {"other_terms": 2}


def test_control_c_leaves_nothing(paid: World, tmp_path: Path) -> None:
    """While the statement is read from a pipe that nobody fills any more."""
    fail(paid)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    spooled = tmp_path / "spool"
    spooled.mkdir()
    environment |= {**paid.environment, "BUSINESS_DATE": paid.today.isoformat(), "TMPDIR": str(spooled)}
    words = [
        sys.executable,
        "-m",
        "deploy.cli",
        "reconcile",
        "--date",
        paid.today.isoformat(),
        "--statement",
        str(pipe),
    ]
    with (
        subprocess.Popen(
            words, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process,
        pipe.open("w") as writer,
    ):  # returns once the other side reads
        writer.write(",".join(FIELDS) + "\n")
        writer.flush()
        out, err = _pressed_until_it_ends(process)
    assert (process.returncode, out, err) == (130, "", "")
    assert list(spooled.iterdir()) == []
    assert items(paid) == []


def _pressed_until_it_ends(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Ctrl-C once a second, as people press it: the interpreter takes one that comes just before it blocks in a read
    only when the read is over."""
    for _ in range(30):
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=1)
    raise AssertionError("it goes on")


def test_a_long_record_is_told_about_on_standard_error(
    reconcile: Reconcile, paid: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker_service.reconcile.TOLD_EVERY", 2)
    shown = reconcile("--statement", statement(tmp_path, rows_of(paid)))
    assert shown.stderr == "payday: read 2 of our transactions\npayday: read 2 rows of the provider's record\n"


def test_no_secret_and_no_person_stands_in_what_is_said_of_an_error(
    reconcile: Reconcile, paid: World, tmp_path: Path
) -> None:
    rows = rows_of(paid)
    rows[0]["amount"] = "canary"
    refused = reconcile("--statement", statement(tmp_path, rows), PROVIDER_TOKEN="token-canary")
    assert not re.search("canary|payer-", refused.stderr)


def identified(found: dict[str, Any]) -> set[UUID]:
    return {UUID(difference["eventId"]) for difference in found["differences"]}


def test_a_payment_of_a_worker_that_died_is_settled_and_named(reconcile: Reconcile, paid: World) -> None:
    event = fail(paid)
    paid.transact(lambda s: s.execute(text("UPDATE event SET status = 'processing' WHERE id = :id"), {"id": event.id}))
    looked = json.loads(reconcile("--json", "--dry-run").stdout)
    assert (looked["agrees"], looked["settledCount"], identified(looked)) == (True, 1, set())
    shown = reconcile()
    assert shown.returncode == 0
    assert "open until now, settled now by the provider's word: 1" in shown.stdout
    assert f"{event.id}: succeeded" in shown.stdout
    assert paid.transact(lambda s: s.scalar(select(Event.status).where(Event.id == event.id))) == "paid"
