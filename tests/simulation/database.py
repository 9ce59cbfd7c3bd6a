"""The same transactions on PostgreSQL, by production's own statements, under the story's clock."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Any
from urllib.parse import quote

from sqlalchemy import text
from sqlalchemy.orm import Session

from api_service.commands.cancel_schedule import cancel_schedule
from api_service.commands.end_hold import end_hold
from api_service.commands.pause_schedule import pause_schedule
from api_service.commands.place_hold import place_hold
from api_service.commands.resolve_event import resolve_event
from api_service.commands.resume_schedule import resume_schedule
from api_service.commands.update_schedule import update_schedule
from shared.db import attempts, closing, pauses, planning, proofs, runs
from shared.db.attempts import OpenAttempt
from shared.db.clock import business_now
from shared.db.engine import make_engine, make_sessions
from shared.db.parts import Claim
from shared.db.proofs import Proof
from shared.db.publishing import Ready
from shared.db.retrying import transact
from shared.domain.days import BusinessNow
from shared.domain.errors import Conflict, DomainError, NotFound
from shared.domain.proving import Reception
from shared.domain.revising import ScheduleChange
from shared.settings import Settings
from tests.simulation.model.rows import event_id, schedule_id
from tests.simulation.moments import instant
from tests.simulation.transactions import Taken, Wish
from tests.world import ACT, ANY_VERSION
from worker_service import dispatch, late_proofs, pay, resolve
from worker_service.decisions import Decisions
from worker_service.ending import Ending
from worker_service.resolving import pays_again
from worker_service.service import Service

# A schema that is searched before the system's own: what asks the database for the time is told the story's.
CLOCK = """
CREATE SCHEMA virtual;
CREATE TABLE virtual.clock (at timestamptz NOT NULL);
INSERT INTO virtual.clock VALUES (now());
CREATE FUNCTION virtual.clock_timestamp() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT at FROM virtual.clock';
"""
SEARCHED = quote("-csearch_path=virtual,pg_catalog,public")


class Database:
    """A migrated database whose clock is the story's. Its rows are those of one story at a time."""

    def __init__(self, database_url: str) -> None:
        self.engine = make_engine(f"{database_url.replace('postgresql:', 'postgresql+psycopg2:')}?options={SEARCHED}")
        self.sessions = make_sessions(self.engine)
        with self.sessions.begin() as session:
            session.execute(text(CLOCK))

    def close(self) -> None:
        self.engine.dispose()

    def set_clock(self, seconds: int) -> None:
        """From now on the database says that it is so late."""
        with self.sessions.begin() as session:
            session.execute(text("UPDATE virtual.clock SET at = :at"), {"at": instant(seconds)})

    def unfinished_plans(self, today: date) -> list[date]:
        return transact(self.sessions, lambda session: runs.unfinished_plans(session, today))

    def plan(self, settings: Settings, day: date, *, past: bool) -> None:
        def step(session: Session) -> bool:
            size = settings.batch_size
            return planning.plan_step(session, day, size=size, steps=planning.steps_of(size), past=past)

        while not transact(self.sessions, step):
            pass

    def to_close(self, now: BusinessNow) -> list[date]:
        return transact(self.sessions, lambda session: runs.to_close(session, now))

    def close_run(self, settings: Settings, day: date) -> bool:
        def work(session: Session) -> bool:
            provider = settings.provider.name
            done = closing.close(
                session, day, clock=settings.business, batch_size=settings.batch_size, provider=provider
            )
            assert runs.get(session, day).off is None
            return done

        return transact(self.sessions, work)

    def publish(self, settings: Settings, now: BusinessNow) -> list[int]:
        published: list[Ready] = []
        dispatch._publish(self._service(settings), now, published.extend)
        return [batch.id for batch in published]

    def count_death(self, settings: Settings, batch_id: int) -> None:
        transact(self.sessions, lambda session: pay._count_death(self._service(settings), session, batch_id))

    def take(self, settings: Settings, batch_id: int) -> Claim | None:
        return transact(self.sessions, lambda session: pay._take(self._service(settings), session, batch_id))

    def next_part(self, settings: Settings, claim: Claim) -> Claim | None:
        return pay._next(self._service(settings), claim)

    def settle(self, settings: Settings, claim: Claim, decisions: Decisions, left: Ending) -> int | None:
        return transact(self.sessions, lambda session: pay.settle_part(settings, session, claim, decisions, left))

    def prove(self, settings: Settings, proof: Proof) -> Reception:
        return late_proofs.receive(self._service(settings), proof)

    def take_due(self, settings: Settings) -> Taken | None:
        task = resolve._take(self._service(settings))
        return None if task is None else (task.attempt, task.send_seconds)

    def forbid_resend(self, taken: OpenAttempt) -> None:
        transact(self.sessions, lambda session: attempts.forbid_resend(session, taken.event_id, taken.number))

    def never_paid(self, settings: Settings, taken: OpenAttempt) -> bool:
        def work(session: Session) -> bool:
            gate = runs.enter(session, business_now(session, settings.business), taken.event_date)
            return proofs.never_paid(session, gate, taken, again=pays_again(settings.provider))

        return transact(self.sessions, work)

    def wish(self, settings: Settings, wish: Wish, number: int, amount: int) -> None:
        """What cannot be done is not done."""
        with suppress(DomainError, Conflict, NotFound):
            transact(self.sessions, lambda session: _wish(session, settings, wish, number, amount))

    def _service(self, settings: Settings) -> Service:
        return Service(settings, self.engine)


def _wish(session: Session, settings: Settings, wish: Wish, number: int, amount: int) -> None:
    today = business_now(session, settings.business).today
    whose: dict[str, Any] = {"schedule_id": schedule_id(number), "payer_id": None}
    if wish is Wish.CANCEL:
        cancel_schedule(session, settings, ACT, **whose, precondition=ANY_VERSION)
    elif wish is Wish.PAUSE:
        pause_schedule(session, settings, ACT, **whose, from_date=today, until_date=None)
    elif wish is Wish.RESUME:
        for pause in pauses.of_schedules(session, [schedule_id(number)]).get(schedule_id(number), [])[:1]:
            resume_schedule(session, settings, ACT, **whose, pause_id=pause.id, precondition=ANY_VERSION)
    elif wish is Wish.AMOUNT:
        change = ScheduleChange(terms={"amount": amount})
        update_schedule(session, settings, ACT, **whose, precondition=ANY_VERSION, read=lambda _: change, dry_run=False)
    elif wish in (Wish.RESOLVE_PAID, Wish.RESOLVE_FAILED):
        reference = "seen by a person" if wish is Wish.RESOLVE_PAID else None
        resolve_event(session, settings, ACT, event_id=event_id(number), provider_ref=reference, reason="seen")
    elif wish in (Wish.HOLD, Wish.HOLD_ALL, Wish.END_HOLD, Wish.END_HOLD_ALL):
        payer = None if wish in (Wish.HOLD_ALL, Wish.END_HOLD_ALL) else f"payer-{number}"
        _hold(session, payer, begins=wish in (Wish.HOLD, Wish.HOLD_ALL))
    elif wish is Wish.PAUSE_RUN:
        runs.pause(session, today, "wished")
    elif wish is Wish.RESUME_RUN:
        runs.resume(session, today, "wished")
    else:
        runs.begin_close(session, today, "wished")


def _hold(session: Session, payer: str | None, *, begins: bool) -> None:
    """Places a hold if there is none, or ends it if there is."""
    found = session.scalar(
        text("SELECT id FROM hold WHERE ended_at IS NULL AND payer_id IS NOT DISTINCT FROM :payer"), {"payer": payer}
    )
    if begins and found is None:
        place_hold(session, ACT, payer_id=payer, payee_id=None, reason="wished")
    elif found is not None and not begins:
        end_hold(session, ACT, found)
