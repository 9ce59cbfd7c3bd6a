"""A payday in one process: a real database, a real bank, a clock that the test sets, and the worker's own functions."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from api_service.commands.cancel_schedule import cancel_schedule
from api_service.conditional import Precondition
from shared.db import runs
from shared.db.audit import Act
from shared.db.bookings import books_of
from shared.db.clock import business_now
from shared.db.models import Event, Run, Transaction
from shared.db.publishing import Ready
from shared.db.retrying import transact
from shared.domain.books import Books, Heading
from shared.domain.lifecycle import EventStatus, may_follow
from shared.domain.payments import payment_key
from shared.domain.recurrence import Rule
from shared.domain.timeline import Terms
from shared.materialise import NewSchedule, open_schedule
from shared.settings import Settings, read_settings
from tests.bank import BankProcess
from worker_service import dispatch, pay, resolve
from worker_service.service import Service

T = TypeVar("T")

ACT = Act("payer", None)
ANY_VERSION = Precondition(None)
IMPATIENT_SECONDS = 0.5


WATCH = """
CREATE TABLE edge (before text, after text);
CREATE FUNCTION note_edge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO edge VALUES (OLD.status, NEW.status);
  RETURN NULL;
END $$;
CREATE TRIGGER note_edge AFTER UPDATE OF status ON event FOR EACH ROW
  WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION note_edge();
"""
"""Writes down each status edge, so that every test also shows that the life cycle's table is kept."""


class World:
    """Payday with a bank. `today` freezes the business day; everything else runs on real clocks."""

    def __init__(self, database_url: str, bank: BankProcess, today: str = "2026-03-02", **environment: str) -> None:
        self.bank = bank
        self.environment = {
            "DATABASE_URL": database_url,
            "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
            "PROVIDER_URL": bank.url,
            "PROVIDER_TIMEOUT_SECONDS": "5",
            "PROVIDER_PROCESSING_SECONDS": "0",
            **environment,
        }
        self.services: list[Service] = []
        self.service = self.worker(today)
        self.transact(lambda session: session.execute(text(WATCH)))

    def worker(self, today: str | None = None, **changes: Any) -> Service:
        """Another worker; `changes` replace settings, also to values that a process would refuse at start."""
        service = Service.connect(self._settings(today or self.today.isoformat(), changes))
        self.services.append(service)
        return service

    def set_day(self, today: str, **changes: Any) -> None:
        """Goes on at another business day (`YYYY-MM-DD` is noon, or with `THH:MM`).

        On the same connections: what a new one must first learn of a schema with partitions takes a tenth of a second.
        """
        self.service = Service(self._settings(today, changes), self.service.engine)
        self.services.append(self.service)

    @contextlib.contextmanager
    def impatient(self) -> Iterator[None]:
        """Meanwhile a silent bank is given up after half a second; otherwise a slow machine would make one silent."""
        patient, provider = self.service, self.service.settings.provider
        hasty = dataclasses.replace(provider, timeout_seconds=IMPATIENT_SECONDS)
        self.service = Service(dataclasses.replace(patient.settings, provider=hasty), patient.engine)
        self.services.append(self.service)
        yield
        self.service = patient

    def _settings(self, today: str, changes: dict[str, Any]) -> Settings:
        settings = read_settings({**self.environment, "BUSINESS_DATE": today})
        return dataclasses.replace(settings, **changes)

    @property
    def today(self) -> date:
        frozen = self.service.settings.business.frozen
        assert frozen is not None
        return frozen.date()

    def transact(self, work: Callable[[Session], T]) -> T:
        return transact(self.service.sessions, work)

    def schedule(
        self,
        payer: str = "payer",
        payee: str = "payee",
        amount: int = 2500,
        currency: str = "GBP",
        reference: str | None = None,
        pay_late: int = 5,
        start: str | None = None,
        frequency: str = "once",
        first_amount: int | None = None,
        final_amount: int | None = None,
        retry_days: Sequence[int] | None = None,
        **rule: Any,
    ) -> UUID:
        """A schedule as the API writes it; once and today unless said otherwise."""
        start_date = date.fromisoformat(start) if start else self.today
        terms = Terms(amount, payee, reference, first_amount, final_amount)
        asked = NewSchedule(payer, currency, Rule(start_date, frequency, **rule), terms, pay_late, retry_days)

        def work(session: Session) -> UUID:
            gate = runs.enter(session, business_now(session, self.service.settings.business))
            return open_schedule(session, gate, asked, self.service.settings.horizon).schedule.id

        return self.transact(work)

    def schedules(self, count: int, **terms: Any) -> list[UUID]:
        """Several schedules, each of a payer of its own."""
        return [self.schedule(payer=f"payer-{number}", **terms) for number in range(count)]

    def cancel(self, schedule_id: UUID) -> list[UUID]:
        """Cancels a schedule as the API does; the events that moved."""
        before = {event.id for event in self.events(schedule_id) if event.status == EventStatus.CANCELLED}
        self.command(cancel_schedule, schedule_id=schedule_id, payer_id=None, precondition=ANY_VERSION)
        after = [event.id for event in self.events(schedule_id) if event.status == EventStatus.CANCELLED]
        return [event_id for event_id in after if event_id not in before]

    def command(self, command: Callable[..., T], **arguments: Any) -> T:
        """What a user can do, as the API does it."""
        settings = self.service.settings
        return self.transact(lambda session: command(session, settings, ACT, **arguments))

    def tick(self) -> list[Ready]:
        """One tick of the dispatcher; what it would tell workers."""
        published: list[Ready] = []
        dispatch.tick(self.service, published.extend)
        return published

    def pay(self, batches: Sequence[Ready] | None = None) -> int:
        """Pays what a tick publishes, or the given batches; how many events were settled."""
        ready = self.tick() if batches is None else batches
        return sum(pay.pay_batch(self.service, batch.id) for batch in ready)

    def resolve(self) -> int:
        """Makes every open attempt due, and lets the resolver look."""
        self.transact(lambda s: s.execute(text("UPDATE attempt SET next_at = now() WHERE state = 'open'")))
        return resolve.resolve_due(self.service)

    def expire_leases(self) -> None:
        """As if the holders of all claimed batches had died a lease ago."""
        self.transact(
            lambda s: s.execute(
                text(
                    "UPDATE batch SET lease_until = now() - interval '1 second',"
                    " published_at = now() - interval '1 day' WHERE status = 'claimed'"
                )
            )
        )

    def end_waiting(self) -> None:
        """As if the time that batches were told to wait had passed."""
        self.transact(lambda s: s.execute(text("UPDATE batch SET wait_until = NULL WHERE status = 'waiting'")))

    def events(self, schedule_id: UUID | None = None) -> list[Event]:
        query = select(Event).order_by(Event.date, Event.id)
        if schedule_id is not None:
            query = query.where(Event.schedule_id == schedule_id)
        return self.transact(lambda session: list(session.scalars(query)))

    def event(self, schedule_id: UUID) -> Event:
        (event,) = self.events(schedule_id)
        return event

    def statuses(self, schedule_id: UUID | None = None) -> list[str]:
        return [event.status for event in self.events(schedule_id)]

    def transactions(self) -> list[Transaction]:
        return self.transact(lambda session: list(session.scalars(select(Transaction).order_by(Transaction.id))))

    def run(self, day: str) -> Run | None:
        return self.transact(lambda session: session.get(Run, date.fromisoformat(day)))

    def books(self, day: str | None = None) -> Books:
        run_date = date.fromisoformat(day) if day else self.today
        run = self.transact(lambda session: session.get(Run, run_date))
        closed = run is not None and run.status == "closed"
        return self.transact(lambda session: books_of(session, run_date, closed=closed))

    def counts(self, day: str | None = None) -> dict[str, int]:
        """The books' counts that are not nought, `waiting` among them."""
        books = self.books(day)
        counts = {str(heading): tally.count for heading, tally in books.tallies.items() if tally.count}
        return {**counts, "waiting": books.waiting.count} if books.waiting.count else counts

    def assert_paid_once(self) -> None:
        """The bank's journal and our transactions are the same payments, by key and amount, each once."""
        effective = sorted((row["idempotencyKey"], row["amount"]) for row in self.bank.payments())
        events_by_id = {event.id: event for event in self.events()}
        ours = sorted(
            (
                payment_key(row.event_id, events_by_id[row.event_id].attempt),
                f"{row.amount / 100:.2f}",
            )
            for row in self.transactions()
        )
        assert effective == ours
        assert len({row.event_id for row in self.transactions()}) == len(effective)
        assert self.bank.summary()["notIdentical"]["count"] == 0

    def assert_paid_once_but_for_unknown(self) -> None:
        """As above, but for what is visibly unknown: the bank may have paid that, once an event."""
        events = {event.id: event for event in self.events()}
        unknown = {payment_key(event.id, event.attempt) for event in events.values() if event.status == "unknown"}
        effective = sorted(
            (row["idempotencyKey"], row["amount"])
            for row in self.bank.payments()
            if row["idempotencyKey"] not in unknown
        )
        ours = sorted(
            (payment_key(row.event_id, events[row.event_id].attempt), f"{row.amount / 100:.2f}")
            for row in self.transactions()
        )
        assert effective == ours
        assert len({row.event_id for row in self.transactions()}) == len(ours)
        assert self.bank.summary()["notIdentical"]["count"] == 0

    def assert_books_agree(self, day: str | None = None) -> None:
        """The books balance, and the transactions of the date are what they say (rule D6)."""
        books = self.books(day)
        assert books.balanced, self.counts(day)
        run_date = date.fromisoformat(day) if day else self.today
        paid = [row for row in self.transactions() if row.date == run_date]
        booked = books.tallies[Heading.PAID], books.tallies[Heading.ADJUSTED]
        assert len(paid) == sum(tally.count for tally in booked)
        assert sum(row.amount for row in paid) == sum(sum(tally.amounts.values()) for tally in booked)

    def edges(self) -> set[tuple[str, str]]:
        """Every change of an event's status that was committed."""
        rows = self.transact(lambda session: session.execute(text("SELECT DISTINCT before, after FROM edge")).all())
        return {(row.before, row.after) for row in rows}

    def close(self) -> None:
        for service in self.services:
            service.close()


def worlds(database_url: str, **environment: str) -> Iterator[World]:
    """For a fixture: a world of its own with these settings, closed at the end."""
    with BankProcess() as bank:
        world = World(database_url, bank, **environment)
        yield world
        forbidden = {edge for edge in world.edges() if not may_follow(EventStatus(edge[0]), EventStatus(edge[1]))}
        world.close()
        assert forbidden == set()
