"""Comparing a day with the real bank's list, both ways (rules K9, P2)."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text, update

from api_service.commands.resolve_event import resolve_event
from shared.db.audit import OPERATOR
from shared.db.models import Attempt, Event, ReconcileItem, Transaction
from shared.domain.payments import payment_key
from shared.domain.reconciliation import Kind
from tests.bank import BankProcess
from tests.world import World
from worker_service.gateway.listing import Listing, ListingFailed, NoList
from worker_service.gateway.pace import Reserved
from worker_service.reconcile import reconcile
from worker_service.reconcile_report import Report
from worker_service.reconcile_span import DayToCome, span_of

SILENT: dict[str, Any] = {"fault": "hang", "seconds": 5, "on": "single"}
GIVE_UP_SECONDS = 60.0
LATER: dict[str, Any] = {**SILENT, "commit_after_seconds": 0.7, "hidden": True}


def compared(world: World, *, dry: bool = False, day: str | None = None) -> Report:
    """`payday reconcile` against the bank's own list, of the world's day."""
    service = world.service
    span = span_of(service, datetime.fromisoformat(day).date() if day else world.today)
    with Listing(service.settings.provider) as listing:
        record = listing.payments(span.first, span.last)
        return reconcile(service, span, record, act=OPERATOR, neighbours=True, dry=dry, progress=lambda _: None)


def items(world: World, *, still_open: bool = True) -> list[ReconcileItem]:
    query = select(ReconcileItem).order_by(ReconcileItem.id)
    if still_open:
        query = query.where(ReconcileItem.settled_at.is_(None))
    return world.transact(lambda session: list(session.scalars(query)))


def kinds(report: Report) -> list[str]:
    return sorted(str(finding.kind) for finding in report.differences)


def direct(world: World, key: str, **changes: str) -> None:
    """A payment that somebody else sends to the bank."""
    body = {"payerId": "payer", "payeeId": "payee", "amount": "25.00", "currency": "GBP", "reference": ""}
    response = world.bank._session.post(
        f"{world.bank.url}/payments", json={**body, **changes}, headers={"Idempotency-Key": key}, timeout=5
    )
    assert response.status_code == 201, response.text


def set_status(world: World, event: Event, status: str, **columns: Any) -> None:
    """As if the event had come to something else, by an operator's mistake or a restored database."""
    columns = {"status": status, "transaction_id": None, **columns}
    world.transact(lambda s: s.execute(update(Event).where(Event.id == event.id).values(columns)))
    world.transact(lambda s: s.execute(text("DELETE FROM transaction WHERE event_id = :id"), {"id": event.id}))
    world.transact(lambda s: s.execute(text("DELETE FROM edge WHERE before = 'paid'")))  # ours, not the product's


@contextmanager
def world_with(database_url: str, *faults: dict[str, Any], mode: str = "key", **settings: str) -> Iterator[World]:
    with BankProcess("--mode", mode, faults=list(faults)) as bank:
        world = World(database_url, bank, PROVIDER_MODE=mode, **settings)
        yield world
        world.close()


def test_a_day_on_which_all_was_paid_or_declined_agrees(world: World) -> None:
    world.bank.faults({"fault": "decline", "code": "account_closed", "payer_id": "payer-1"})
    world.schedules(5)
    world.schedule("yen", amount=700, currency="JPY")
    world.pay()
    report = compared(world)
    assert (report.agrees, report.agreed, kinds(report)) == (True, 5, [])
    assert (report.ours.count, dict(report.ours.amounts)) == (5, {"GBP": 10000, "JPY": 700})
    assert report.theirs == report.ours
    assert items(world) == []


def test_a_day_of_nothing_agrees(world: World) -> None:
    report = compared(world)
    assert (report.agrees, report.ours.count, report.theirs.count) == (True, 0, 0)


def test_what_was_paid_after_its_call_timed_out_is_settled_at_once(database_url: str) -> None:
    """Mode `none`: nobody but the record says what became of it."""
    with world_with(database_url, SILENT, mode="none") as world:
        schedule = world.schedule()
        with world.impatient():
            world.pay()
        assert world.statuses() == ["unknown"]
        looked = compared(world, dry=True)
        assert (looked.settled_count, world.statuses()) == (1, ["unknown"])
        report = compared(world)
        assert (report.agrees, report.settled_count) == (True, 1)
        assert world.event(schedule).status == "paid"
        world.assert_paid_once()
        world.assert_books_agree()
        again = compared(world)
        assert (again.agrees, again.settled_count, again.agreed) == (True, 0, 1)


def test_what_is_not_paid_yet_stays_open_until_a_later_comparison(database_url: str) -> None:
    with world_with(database_url, LATER, mode="none") as world:
        schedule = world.schedule()
        with world.impatient():
            world.pay()
        first = compared(world)
        assert (first.agrees, world.event(schedule).status) == (True, "unknown" if not first.settled_count else "paid")
        give_up_at = time.monotonic() + GIVE_UP_SECONDS
        while not list(world.bank.payments()) and time.monotonic() < give_up_at:
            continue
        second = compared(world)
        assert (second.agrees, first.settled_count + second.settled_count) == (True, 1)
        world.assert_paid_once()


def test_an_unknown_that_the_bank_declined_is_settled_with_its_code(database_url: str) -> None:
    declines = {"fault": "decline", "code": "insufficient_funds", "times": 1}
    with world_with(database_url, mode="enquiry") as world:
        schedule = world.schedule(retry_days=[1])
        world.bank.faults(declines)
        world.pay()
        event = world.event(schedule)
        world.transact(lambda s: s.execute(text("UPDATE event SET status = 'unknown', retry_on = NULL")))
        world.transact(lambda s: s.add(_open_attempt(event)))
        report = compared(world)
        assert (report.agrees, report.settled_count) == (True, 1)
        settled = world.event(schedule)
        assert (settled.status, settled.failure_code) == ("failed", "insufficient_funds")
        assert settled.retry_on is not None


def _open_attempt(event: Event) -> Attempt:
    now = datetime.now(UTC)
    return Attempt(
        event_id=event.id,
        number=event.attempt,
        event_date=event.date,
        provider="default",
        run_date=event.date,
        batch_id=event.batch_id,
        first_sent_at=now,
        last_sent_at=now,
        next_at=now,
    )


def test_a_claim_whose_worker_died_is_settled_by_the_record(world: World) -> None:
    """Still `processing`: paid there, and nobody lived to write it down."""
    schedule = world.schedule()
    batches = world.tick()
    world.pay(batches)
    event = world.event(schedule)
    set_status(world, event, "processing")
    report = compared(world)
    assert (report.agrees, report.settled_count) == (True, 1)
    assert world.event(schedule).status == "paid"


@pytest.mark.parametrize("status", ["failed", "cancelled", "missed", "scheduled"])
def test_paid_there_and_not_with_us_is_an_item_once(world: World, status: str) -> None:
    schedule = world.schedule()
    world.pay()
    event = world.event(schedule)
    columns = {"failed": {"failure_code": "declined"}, "cancelled": {"cancel_reason": "skipped"}}.get(status, {})
    set_status(world, event, status, **columns)
    for _ in range(2):
        report = compared(world)
        assert kinds(report) == ["paid_there"]
        [item] = items(world)
        assert (item.kind, item.event_id, item.day) == ("paid_there", event.id, world.today)
        assert item.ours is not None
        assert item.ours["status"] == status
    [attempt] = world.transact(lambda s: list(s.scalars(select(Attempt))))
    assert (attempt.state, attempt.number) == ("contradiction", 1)
    assert world.event(schedule).status == status


def test_an_operator_turns_the_item_of_a_failed_event_into_a_resolution(world: World) -> None:
    schedule = world.schedule()
    world.pay()
    event = world.event(schedule)
    [payment] = world.bank.payments()
    world.transact(lambda s: s.execute(text("UPDATE booking SET heading = 'declined' WHERE heading = 'paid'")))
    set_status(world, event, "failed", failure_code="account_closed")
    assert kinds(compared(world)) == ["paid_there"]
    world.command(resolve_event, event_id=event.id, provider_ref=payment["paymentId"], reason="In the list")
    assert compared(world).agrees
    assert items(world) == []
    assert len(items(world, still_open=False)) == 1
    world.assert_paid_once()
    world.assert_books_agree()


def test_one_that_was_never_claimed_is_an_item_without_an_attempt(world: World) -> None:
    schedule = world.schedule(start="2026-03-03")
    world.pay()
    direct(world, payment_key(world.event(schedule).id, 1))
    assert kinds(compared(world)) == ["paid_there"]
    assert world.transact(lambda s: list(s.scalars(select(Attempt)))) == []
    assert len(items(world)) == 1


def test_a_payment_for_no_event_of_ours_is_said(world: World) -> None:
    world.schedule()
    world.pay()
    direct(world, "somebody-elses-key", payerId="stranger")
    report = compared(world)
    assert (kinds(report), report.agreed) == (["no_event"], 1)
    [item] = items(world)
    assert (item.event_id, item.idempotency_key) == (None, "somebody-elses-key")


def test_paid_with_us_and_unknown_to_the_bank_is_said(world: World) -> None:
    schedule = world.schedule()
    world.pay()
    world.transact(lambda s: s.execute(text("UPDATE transaction SET event_id = event_id")))
    ghost = world.schedule("payer-2")
    world.pay()
    _forget(world, ghost)
    report = compared(world)
    assert (kinds(report), report.agreed) == (["not_there"], 1)
    [finding] = report.differences
    assert finding.booked is not None
    assert finding.booked.event_id == str(world.event(ghost).id)
    assert world.event(schedule).status == "paid"


def _forget(world: World, schedule_id: Any) -> None:
    """The bank loses a payment from its journal, as if a backup had been put back."""
    key = payment_key(world.event(schedule_id).id, 1)
    world.bank.kill()
    lines = world.bank.journal.read_text().splitlines(keepends=True)
    world.bank.journal.write_text("".join(line for line in lines if key not in line))
    world.bank.restart()


@pytest.mark.parametrize(
    ("column", "value", "field"),
    [
        ("amount", 2600, "amount"),
        ("currency", "EUR", "currency"),
        ("payee_id", "another", "payeeId"),
        ("payer_id", "another", "payerId"),
        ("provider_ref", "pay_typed_wrong", "paymentId"),
    ],
)
def test_a_payment_that_is_not_alike_names_the_fields(world: World, column: str, value: object, field: str) -> None:
    world.schedule()
    world.pay()
    world.transact(lambda s: s.execute(update(Transaction).values({column: value})))
    report = compared(world)
    assert kinds(report) == ["other_terms"]
    assert report.differences[0].fields == (field,)


def test_an_unknown_paid_with_another_amount_is_not_settled(database_url: str) -> None:
    """Rule K8: somebody looks at it first."""
    with world_with(database_url, SILENT, mode="none") as world:
        schedule = world.schedule()
        with world.impatient():
            world.pay()
        world.transact(lambda s: s.execute(update(Event).values(amount=2600)))
        report = compared(world)
        assert (kinds(report), report.settled_count) == (["other_terms"], 0)
        assert world.event(schedule).status == "unknown"


def test_an_amount_echoed_wrong_and_booked_right_agrees_once_it_is_settled(database_url: str) -> None:
    echo = {"fault": "wrong_amount", "amount": "26.00", "on": "single"}
    with world_with(database_url, echo) as world:
        schedule = world.schedule()
        world.pay()
        assert world.event(schedule).status == "unknown"
        assert compared(world).settled_count == 1
        world.assert_paid_once()


def test_one_key_that_the_bank_paid_twice_is_one_payment_too_many(database_url: str) -> None:
    with world_with(database_url, mode="enquiry") as world:
        schedule = world.schedule()
        world.pay()
        direct(world, payment_key(world.event(schedule).id, 1))
        report = compared(world)
        assert kinds(report) == ["key_twice"]
        [finding] = report.differences
        assert finding.listed is not None
        assert finding.listed.payment_id != world.transactions()[0].provider_ref
        assert (report.theirs.count, report.ours.count) == (2, 1)


def test_an_unknown_that_the_bank_paid_twice_is_settled_once_and_the_other_is_said(database_url: str) -> None:
    with world_with(database_url, SILENT, mode="enquiry") as world:
        schedule = world.schedule()
        with world.impatient():
            world.pay()
        world.bank.clear_faults()
        direct(world, payment_key(world.event(schedule).id, 1))
        report = compared(world)
        assert (kinds(report), report.settled_count) == (["key_twice"], 1)
        assert world.event(schedule).status == "paid"
        assert kinds(compared(world)) == ["key_twice"]
        assert len(items(world)) == 1


def test_an_event_paid_with_two_keys_is_one_payment_too_many(world: World) -> None:
    """A decline that was none: paid with the first key after all, and again with the second."""
    schedule = world.schedule(retry_days=[0], start="2026-03-02")
    world.pay()
    event = world.event(schedule)
    second = payment_key(event.id, 2)
    direct(world, second)
    [*_, last] = world.bank.payments()
    world.transact(lambda s: s.execute(update(Event).values(attempt=2)))
    world.transact(lambda s: s.execute(update(Transaction).values(provider_ref=last["paymentId"])))
    report = compared(world)
    assert (kinds(report), report.agreed) == (["second_key"], 1)
    assert report.differences[0].booked is not None
    assert report.differences[0].booked.number == 1


def test_an_event_that_we_did_not_pay_and_they_paid_with_two_keys_has_both_items(world: World) -> None:
    schedule = world.schedule()
    world.pay()
    event = world.event(schedule)
    direct(world, payment_key(event.id, 2))
    set_status(world, event, "failed", failure_code="account_closed", attempt=2)
    assert kinds(compared(world)) == ["paid_there", "second_key"]
    assert kinds(compared(world)) == ["paid_there", "second_key"]
    assert len(items(world)) == 2


def test_one_that_a_person_settled_with_an_earlier_keys_payment_agrees(world: World) -> None:
    schedule = world.schedule()
    world.pay()
    world.transact(lambda s: s.execute(update(Event).values(attempt=2)))
    report = compared(world)
    assert (report.agrees, report.executed_elsewhere + report.booked_elsewhere) == (True, 1)
    assert world.event(schedule).status == "paid"


def test_what_was_settled_on_another_day_is_no_difference_on_either(world: World) -> None:
    """Executed on the first day, booked on the second: the first day's list has it, the second day's books do."""
    world.bank.faults(LATER)
    schedule = world.schedule()
    with world.impatient():
        world.pay()
    assert world.statuses() == ["unknown"]
    world.set_day("2026-03-03")
    world.tick()
    world.bank.clear_faults()
    give_up_at = time.monotonic() + GIVE_UP_SECONDS
    while world.event(schedule).status != "paid" and time.monotonic() < give_up_at:
        world.resolve()
    assert [row.date.isoformat() for row in world.transactions()] == ["2026-03-03"]
    first, second = compared(world, day="2026-03-02"), compared(world, day="2026-03-03")
    assert (first.agrees, first.ours.count) == (True, 0)
    assert (second.agrees, second.ours.count) == (True, 1)


def test_a_neighbour_days_payment_is_no_difference(world: World) -> None:
    world.schedule()
    world.pay()
    world.set_day("2026-03-03")
    world.tick()
    world.schedule("payer-2")
    world.pay()
    for day in ("2026-03-02", "2026-03-03"):
        report = compared(world, day=day)
        assert (report.agrees, report.ours.count) == (True, 1), report


def test_differences_that_are_gone_settle_their_items(world: World) -> None:
    world.schedule()
    world.pay()
    world.transact(lambda s: s.execute(update(Transaction).values(amount=2600)))
    compared(world)
    assert len(items(world)) == 1
    world.transact(lambda s: s.execute(update(Transaction).values(amount=2500)))
    assert compared(world).agrees
    assert items(world) == []
    world.transact(lambda s: s.execute(update(Transaction).values(amount=2600)))
    compared(world)
    assert len(items(world, still_open=False)) == len(items(world)) == 1


def test_a_dry_run_writes_nothing(world: World) -> None:
    schedule = world.schedule()
    world.pay()
    set_status(world, world.event(schedule), "failed", failure_code="declined")
    assert kinds(compared(world, dry=True)) == ["paid_there"]
    assert items(world, still_open=False) == []
    assert world.transact(lambda s: list(s.scalars(select(Attempt)))) == []


@pytest.mark.all
def test_twenty_thousand_payments_of_which_one_is_off(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.db.reconciliation.PAGE", 1000)
    _pay_many(world, 20_000)
    report = compared(world)
    assert (report.agrees, report.agreed, report.ours.count) == (True, 20_000, 20_000)
    world.transact(
        lambda s: s.execute(
            text("UPDATE transaction SET amount = 1 WHERE id = (SELECT min(id::text)::uuid FROM transaction)")
        )
    )
    report = compared(world)
    assert (kinds(report), report.agreed) == (["other_terms"], 19_999)


def _pay_many(world: World, count: int) -> None:
    """Events that are paid with us and in the bank's journal, without paying each over HTTP."""
    world.schedule()
    world.pay()
    world.transact(
        lambda s: s.execute(
            text("""
        WITH one AS (SELECT * FROM event LIMIT 1),
        made AS (
          INSERT INTO event (date, id, schedule_id, payer_id, payee_id, amount, currency, nominal_date, sequence,
            revision, status, batch_id, first_sent_at, transaction_id)
          SELECT date, gen_random_uuid(), gen_random_uuid(), 'payer-' || n, payee_id, amount, currency, nominal_date,
            1, 1, 'paid', batch_id, first_sent_at, gen_random_uuid()
          FROM one, generate_series(2, :count) AS n
          RETURNING *)
        INSERT INTO transaction (date, id, event_id, event_date, schedule_id, payer_id, payee_id, amount, currency,
          provider_ref)
        SELECT date, transaction_id, id, date, schedule_id, payer_id, payee_id, amount, currency, 'pay-' || id FROM made
            """),
            {"count": count},
        )
    )
    world.bank.kill()
    at = datetime.now(UTC).timestamp()
    with world.bank.journal.open("a") as journal:
        for event in world.events():
            if event.payer_id != "payer":
                key, name = payment_key(event.id, 1), f"pay-{event.id}"
                line = ["P", at, name, key, "0" * 16, event.payer_id, event.payee_id, "25.00", "GBP", ""]
                journal.write(json.dumps(line, separators=(",", ":")) + "\n")
    world.bank.restart()


def test_a_day_to_come_is_refused(world: World) -> None:
    with pytest.raises(DayToCome):
        span_of(world.service, datetime(2026, 3, 3, tzinfo=UTC).date())
    assert span_of(world.service, None).day.isoformat() == "2026-03-01"


@pytest.mark.parametrize(
    ("zone", "start", "first", "last"),
    [
        ("Europe/London", "2026-03-02T00:00", "2026-03-01", "2026-03-03"),
        ("Pacific/Auckland", "2026-03-01T11:00", "2026-02-28", "2026-03-03"),
        ("America/New_York", "2026-03-02T05:00", "2026-03-01", "2026-03-04"),
    ],
)
def test_a_day_is_that_of_the_business_and_a_day_to_each_side_is_read(
    world: World, zone: str, start: str, first: str, last: str
) -> None:
    business = dataclasses.replace(world.service.settings.business, frozen=None, zone=ZoneInfo(zone))
    span = span_of(world.worker(business=business), date(2026, 3, 2))
    assert span.start.astimezone(UTC).isoformat().startswith(start)
    assert span.end - span.start == timedelta(days=1)
    assert (span.first.isoformat(), span.last.isoformat()) == (first, last)


def test_on_a_running_clock_a_payment_is_of_the_day_on_which_it_was_executed(database_url: str) -> None:
    zone = ZoneInfo("Europe/London")
    today = datetime.now(zone).date()
    with BankProcess() as bank:
        world = World(database_url, bank, today=today.isoformat())
        world.schedules(3)
        world.pay()
        _forget(world, world.events()[0].schedule_id)
        business = dataclasses.replace(world.service.settings.business, frozen=None)
        world.service = world.worker(business=business)
        report = compared(world, day=today.isoformat())
        assert kinds(report) == ["not_there"]
        assert report.agreed + report.executed_elsewhere == 2
        world.close()


def listed(world: World) -> list[str]:
    today = datetime.now(UTC).date()
    with Listing(world.service.settings.provider) as listing:
        return [row.key for row in listing.payments(today - timedelta(days=1), today + timedelta(days=1))]


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_provider_without_a_list_is_recognised(world: World, status: int) -> None:
    world.bank.faults({"fault": "status", "status": status, "on": "list"})
    with pytest.raises(NoList):
        listed(world)


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "server_error", "times": 2},
        {"fault": "throttled", "retry_after": "0", "times": 2},
        {"fault": "drop", "times": 2},
        {"fault": "truncated", "times": 2},
    ],
)
def test_a_lost_page_is_asked_for_again(world: World, fault: dict[str, Any]) -> None:
    world.schedules(2)
    world.pay()
    world.bank.faults({**fault, "on": "list"})
    assert len(listed(world)) == 2
    assert world.bank.shown_faults()[-1]["met"] == 2


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"fault": "status", "status": 401}, "status 401"),
        ({"fault": "wrong_json", "text": "{"}, "page 1 is no JSON"),
        ({"fault": "wrong_json", "text": "[]"}, "page 1 has no payments"),
        ({"fault": "wrong_json", "text": '{"payments": [], "nextCursor": 7}'}, "page 1 has no usable cursor"),
        ({"fault": "wrong_json", "text": '{"payments": [], "nextCursor": "0"}'}, "leads back"),
        ({"fault": "wrong_json", "text": '{"payments": [7]}'}, "page 1, row 1: is no payment"),
        ({"fault": "wrong_json", "text": '{"payments": [{}]}'}, "page 1, row 1: idempotencyKey: is missing"),
        ({"fault": "oversized", "bytes": 9_000_000}, "oversized body"),
    ],
)
def test_a_list_that_cannot_be_read_ends_the_comparison(world: World, fault: dict[str, Any], said: str) -> None:
    world.bank.faults({**fault, "on": "list"})
    with pytest.raises(ListingFailed, match=said):
        listed(world)


def test_every_page_waits_for_its_slot(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = dataclasses.replace(world.service.settings.provider, max_rps=100.0)
    today, asked = datetime.now(UTC).date(), list[int]()

    def reserve(count: int) -> Reserved:
        asked.append(count)
        return Reserved(time.monotonic() + 0.05, 1)

    with Listing(provider, reserve) as listing:
        assert list(listing.payments(today, today)) == []
    assert len(asked) == 1
    monkeypatch.setattr("worker_service.gateway.listing.PATIENCE_SECONDS", 0.2)
    with (
        Listing(provider, lambda _: Reserved(time.monotonic() + 1, 0)) as listing,
        pytest.raises(ListingFailed, match="no room at this rate"),
    ):
        list(listing.payments(today, today))


@pytest.mark.parametrize("fault", [{"fault": "hang", "seconds": 60}, {"fault": "drip", "interval_seconds": 0.2}])
def test_a_page_that_does_not_come_is_given_up_at_the_deadline(
    world: World, fault: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker_service.gateway.listing.CALLS_MAX", 2)
    world.bank.faults({**fault, "on": "list"})
    began = time.monotonic()
    with world.impatient(), pytest.raises(ListingFailed, match="time-out"):
        listed(world)
    assert time.monotonic() - began < 30  # it would hang for twice a minute, and drip for ever


def test_the_kinds_of_difference_are_those_of_the_table(world: World) -> None:
    check = text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'reconcile_item_kind_is_known'")
    definition = world.transact(lambda s: s.scalar(check))
    assert all(f"'{kind}'" in definition for kind in list(Kind)[:6])
