"""Runs: one a business date. Their rows are the gate that planning, closing, claims and additions go through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from shared.db.models import Event, Run
from shared.db.retrying import Again
from shared.domain.days import BusinessNow
from shared.domain.errors import Conflict, NotFound

# A row's lock is not fair: those who share it pass one who waits for it alone, and under steady traffic a plan would
# wait for ever. These locks of the transaction are queued for in turn.
TURN = text("SELECT pg_advisory_xact_lock(706179, CAST(:day AS date) - date '2000-01-01')")
TURNS = text("""
SELECT pg_advisory_xact_lock_shared(706179, date - date '2000-01-01')
FROM (SELECT date FROM run WHERE status <> 'closed' AND date BETWEEN :first AND :last ORDER BY date) AS open
""")

# In one statement, whose turns come first: the outer part is asked for nothing until the count is there. A row that
# changed while the turn was waited for is locked, judged and answered as it is then.
SHARE = text("""
WITH turn AS MATERIALIZED (
  SELECT pg_advisory_xact_lock_shared(706179, date - date '2000-01-01')
  FROM (SELECT date FROM run WHERE status <> 'closed' AND date BETWEEN :first AND :last ORDER BY date) AS open)
SELECT date, status, planned_through, closing_at FROM run
WHERE status <> 'closed' AND date BETWEEN :first AND :last AND (SELECT count(*) FROM turn) >= 0
ORDER BY date FOR SHARE
""")

# Workers that heard of a batch while the run was paused have forgotten it; without this it would rest for a lease.
WAKE = text("""
UPDATE batch SET published_at = NULL, held = false, wait_until = CASE WHEN held THEN NULL ELSE wait_until END
WHERE run_date = :day AND status = 'waiting' AND (published_at IS NOT NULL OR held)
""")

BEGUN = ("planning", "open", "paused", "closed")


class OpenRun(NamedTuple):
    """A run that is not closed, as it stands while a gate holds it; not its row, which each command would pay for."""

    date: date
    status: str
    planned_through: UUID | None
    closing_at: datetime | None


@dataclass(frozen=True, slots=True)
class Gate:
    """The runs from `since` to tomorrow that are not closed, held FOR SHARE until the transaction ends (rule C2).

    While it is held, no plan passes an event unseen and no run closes; `next_open_date` cannot change (D2).
    """

    now: BusinessNow
    runs: tuple[OpenRun, ...]
    next_open_date: date
    since: date

    def run_of(self, event_date: date) -> OpenRun | None:
        """The run a scheduled event of that date belongs to: the first one not closed; None if it is far off.

        Raises Again for a date before `since`: the event came back after its date had been looked up.
        """
        if event_date > self.now.tomorrow:
            return None
        if event_date < self.since:
            raise Again(f"the runs from {event_date} on are needed")
        return next((run for run in self.runs if run.date >= event_date), None)

    def counts(self, run: OpenRun, event_date: date, event_id: UUID) -> bool:
        """Whether the run's books hold that scheduled event as due already."""
        if event_date < run.date or run.status in ("open", "paused"):
            return True
        passed = run.planned_through
        return run.status == "planning" and passed is not None and event_id <= passed


def enter(session: Session, now: BusinessNow, since: date | None = None) -> Gate:
    """Announces the runs up to tomorrow that have no row yet, and holds those that are not closed FOR SHARE.

    `since` is the earliest date of an event that will be touched: who touches none before today need not wait while
    yesterday is being closed. None: today; later dates count as today.
    """
    since = min(since or now.today, now.today)
    runs = _share(session, since, now.tomorrow)
    if now.tomorrow not in {run.date for run in runs}:  # always announced without a gap, so it stands for all
        announce(session, first_unplanned(session, now.today) or now.today, now.tomorrow)
        runs = _share(session, since, now.tomorrow)
    today = next((run for run in runs if run.date == now.today), None)
    accepts = today is not None and today.closing_at is None
    return Gate(now, tuple(runs), now.next_open_date(run_accepts=accepts), since)


def peek_next_open(session: Session, now: BusinessNow) -> date:
    """The next open date as it seems now (rule D2), without a lock: for those who write nothing."""
    run = session.get(Run, now.today)
    accepts = run is None or (run.status != "closed" and run.closing_at is None)
    return now.next_open_date(run_accepts=accepts)


def first_unplanned(session: Session, today: date) -> date | None:
    """The oldest date that needs a run and has none begun: the day after the last one, or of the first event."""
    last = session.scalar(select(Run.date).where(Run.status.in_(BEGUN)).order_by(Run.date.desc()).limit(1))
    if last is not None:
        return last + timedelta(days=1)
    return session.scalar(select(Event.date).where(Event.date <= today).order_by(Event.date).limit(1))


def unfinished_plans(session: Session, today: date) -> list[date]:
    """Dates up to today whose plan a killed tick left half done, or that nobody has begun; oldest first."""
    half_done = list(session.scalars(select(Run.date).where(Run.status == "planning").order_by(Run.date)))
    first = first_unplanned(session, today)
    if first is None:
        return half_done
    return half_done + [first + timedelta(days=offset) for offset in range((today - first).days + 1)]


def lock(session: Session, day: date) -> Run:
    """The run's row FOR UPDATE, announced if it was not there: for planning and closing only."""
    announce(session, day, day)
    session.execute(TURN, {"day": day})
    return session.scalars(
        select(Run).where(Run.date == day).with_for_update().execution_options(populate_existing=True)
    ).one()


def share(session: Session, day: date) -> Run | None:
    """The run's row FOR SHARE, for a claim."""
    session.execute(TURNS, {"first": day, "last": day})
    return session.scalar(
        select(Run).where(Run.date == day).with_for_update(read=True).execution_options(populate_existing=True)
    )


def is_paying(session: Session, day: date) -> bool:
    """Whether the run is paying; without a lock, for those that look again."""
    run = session.get(Run, day)
    return run is not None and run.is_paying


def get(session: Session, day: date) -> Run:
    """A run that has begun. Raises NotFound."""
    run = session.scalar(select(Run).where(Run.date == day, Run.status.in_(BEGUN)))
    if run is None:
        raise NotFound(f"there is no run of {day}")
    return run


def page(session: Session, *, before: date | None, limit: int) -> list[Run]:
    """Runs that have begun, newest first, older than `before`."""
    query = select(Run).where(Run.status.in_(BEGUN)).order_by(Run.date.desc()).limit(limit)
    return list(session.scalars(query if before is None else query.where(Run.date < before)))


def begin_close(session: Session, day: date, reason: str | None) -> Run:
    """From now on nothing of this run is claimed or sent; it closes when no lease of it lives (rule D5).

    Closing again changes nothing. Raises NotFound, and Conflict while the run is still being planned.
    """
    run = _lock_begun(session, day)
    if run.status != "closed" and run.closing_at is None:
        run.closing_at = session.scalar(text("SELECT clock_timestamp()"))
        run.reason = reason
        session.flush()
    return run


def pause(session: Session, day: date, reason: str) -> Run:
    """From now on nothing of this run is claimed, until it is resumed; it still closes at its cut-off (rule D5).

    Pausing again changes nothing. Raises NotFound, and Conflict for a run that is being planned, closes or is closed.
    """
    run = _lock_paying(session, day)
    if run.status == "open":
        run.status, run.reason = "paused", reason
        session.flush()
    return run


def resume(session: Session, day: date, reason: str) -> Run:
    """A paused run pays again, and its batches are published anew; resuming an open one changes nothing.

    Raises NotFound, and Conflict for a run that is being planned, closes or is closed.
    """
    run = _lock_paying(session, day)
    if run.status == "paused":
        run.status, run.reason = "open", reason
        session.flush()
        session.execute(WAKE, {"day": day})
    return run


def pause_all(session: Session, reason: str) -> list[date]:
    """Pauses every run that is open and not closing; the dates of those that it paused, oldest first."""
    paying = select(Run.date).where(Run.status == "open", Run.closing_at.is_(None)).order_by(Run.date)
    paused = []
    for day in session.scalars(paying).all():
        run = lock(session, day)
        if run.is_paying:
            run.status, run.reason = "paused", reason
            paused.append(day)
    session.flush()
    return paused


def to_close(session: Session, now: BusinessNow) -> list[date]:
    """Planned runs whose books are due: past their cut-off, or told to close; oldest first."""
    last = now.today if now.past_cutoff else now.today - timedelta(days=1)
    return list(
        session.scalars(
            select(Run.date)
            .where(Run.status.in_(("open", "paused")), (Run.date <= last) | Run.closing_at.is_not(None))
            .order_by(Run.date)
        )
    )


def mark_closed(session: Session, day: date, off: dict[str, Any] | None) -> None:
    """The books are written, with what is off in them; they never change again."""
    session.execute(
        update(Run).where(Run.date == day).values(status="closed", closed_at=func.clock_timestamp(), off=off)
    )


def _lock_begun(session: Session, day: date) -> Run:
    get(session, day)
    run = lock(session, day)
    if run.status == "planning":
        raise Conflict(f"the run of {day} is still being planned", code="run_not_open")
    return run


def _lock_paying(session: Session, day: date) -> Run:
    run = _lock_begun(session, day)
    if run.status == "closed":
        raise Conflict(f"the run of {day} is closed", code="run_closed")
    if run.closing_at is not None:
        raise Conflict(f"the run of {day} is being closed", code="run_closing")
    return run


def _share(session: Session, first: date, last: date) -> list[OpenRun]:
    return [OpenRun(*row) for row in session.execute(SHARE, {"first": first, "last": last})]


def announce(session: Session, first: date, last: date) -> None:
    """Gives each date from `first` to `last` its row, where it has none, so that there is something to lock."""
    session.execute(
        text(
            "INSERT INTO run (date) SELECT day::date FROM generate_series(CAST(:first AS date),"
            " CAST(:last AS date), interval '1 day') AS day ON CONFLICT DO NOTHING"
        ),
        {"first": first, "last": last},
    )
