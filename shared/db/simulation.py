"""What a run would pay on a date, read without changing anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import text

from shared.db import holds, runs
from shared.db.clock import business_now
from shared.db.engine import Session
from shared.db.holds import Holds
from shared.db.models import Run
from shared.domain.books import Tally
from shared.domain.errors import Conflict
from shared.settings import BusinessClock

TIMEOUT = "15min"
"""It counts a whole day; no request waits for it."""

# One image of everything, and the server refuses whatever would change it.
READ_ONLY = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

# Not HELD: on a day of millions one comparison with the list costs less than one look at the table for each event.
COUNT = """
SELECT status, currency, count(*), sum(amount), count(*) FILTER (WHERE held), sum(amount) FILTER (WHERE held)
FROM (SELECT status, currency, amount,
        :everything OR payer_id = ANY(CAST(:payers AS text[])) OR payee_id = ANY(CAST(:payees AS text[])) AS held
      FROM event WHERE date = ANY(CAST(:dates AS date[])) AND {which}) AS counted
GROUP BY status, currency
"""

BATCHES = text("""
SELECT date, retry, count(*) FROM batch
WHERE run_date = :day AND status IN ('waiting', 'claimed') GROUP BY date, retry
""")

SCHEDULES = text("""
SELECT count(*), count(*) FILTER (WHERE written_through < :day),
  min(written_through) FILTER (WHERE written_through < :day)
FROM schedule WHERE extend_on <= :day AND status = 'active'
""")


@dataclass(slots=True)
class Simulation:
    """What stands for a date now. Amounts are in minor units.

    status   The run's; None if it has not begun. `stopped` says why nothing would run: `paused`, `closing`, `closed`
             or `past its cut-off`; None: nothing stops it.
    held     What active holds keep back of the scheduled, the carried and the retries; `paused` is beside them.
    unwritten  Schedules whose events are not written as far as the date yet; `written_through` is how far the
             shortest reaches. `to_extend` counts all that are extended by then.
    """

    day: date
    status: str | None
    stopped: str | None
    reason: str | None
    scheduled: Tally = field(default_factory=Tally)
    carried: Tally = field(default_factory=Tally)
    retries: Tally = field(default_factory=Tally)
    held: Tally = field(default_factory=Tally)
    paused: Tally = field(default_factory=Tally)
    batches: int = 0
    to_extend: int = 0
    unwritten: int = 0
    written_through: date | None = None

    @property
    def would_run(self) -> Tally:
        """What would be sent if nothing changed."""
        total = Tally()
        if self.stopped is None:
            for sign, tally in ((1, self.scheduled), (1, self.carried), (1, self.retries), (-1, self.held)):
                total.count += sign * tally.count
                for currency, amount in tally.amounts.items():
                    total.amounts[currency] += sign * amount
        return total


def simulate(session: Session, clock: BusinessClock, day: date | None, *, batch_size: int) -> Simulation:
    """What the run of `day` (None: today) would pay. Must be the first work of its transaction.

    What an earlier run that is still open will carry is not counted. Raises Conflict for a date that has passed.
    """
    session.execute(READ_ONLY)
    session.execute(text(f"SET LOCAL statement_timeout = '{TIMEOUT}'"))
    now = business_now(session, clock)
    day = day or now.today
    if day < now.today:
        raise Conflict(f"{day} has passed; see what became of it with `payday run status`", code="date_passed")
    run = session.get(Run, day)
    status = run.status if run is not None and run.status in runs.BEGUN else None
    stopped = _stop(run) or ("past its cut-off" if day == now.today and now.past_cutoff else None)
    found = Simulation(day, status, stopped, run.reason if run is not None else None)
    _count_events(session, found, batch_size)
    found.to_extend, found.unwritten, found.written_through = session.execute(SCHEDULES, {"day": day}).one()
    return found


def _stop(run: Run | None) -> str | None:
    if run is None or run.status in ("announced", "planning") or run.is_paying:
        return None
    return run.status if run.closing_at is None or run.status == "closed" else "closing"


def _count_events(session: Session, found: Simulation, batch_size: int) -> None:
    """Counts the date's own events, and those of earlier dates and of retries that have batches in its run."""
    pieces = session.execute(BATCHES, {"day": found.day}).all()
    carried = sorted({piece.date for piece in pieces if not piece.retry and piece.date < found.day})
    retried = sorted({piece.date for piece in pieces if piece.retry})
    holding = holds.active(session)
    own = _rows(session, [found.day], "true", holding)
    _add(found, found.scheduled, [row for row in own if row[0] == "scheduled"])
    _add(found, found.carried, _rows(session, carried, "status = 'scheduled'", holding))
    waits = "status = 'failed' AND retry_on <= :day"
    _add(found, found.retries, _rows(session, retried, waits, holding, day=found.day))
    for _, currency, count, amount, *_ in (row for row in own if row[0] == "paused"):
        found.paused.add(count, currency, int(amount))
    if found.status in (None, "planning"):  # the plan cuts all that stands under the date, whatever its status
        beside = sum(piece[2] for piece in pieces if piece.retry or piece.date < found.day)
        found.batches = -(-sum(row[2] for row in own) // batch_size) + beside
    else:
        found.batches = sum(piece[2] for piece in pieces)


def _rows(session: Session, dates: Sequence[date], which: str, holding: Holds, **values: object) -> Sequence[Any]:
    """Status, currency, count and sum, and the count and sum that are held."""
    if not dates:
        return []
    held = {"everything": holding.everything, "payers": [*holding.payers], "payees": [*holding.payees]}
    return session.execute(text(COUNT.format(which=which)), {"dates": [*dates], **held, **values}).all()


def _add(found: Simulation, tally: Tally, rows: Iterable[Any]) -> None:
    for _, currency, count, amount, held, held_amount in rows:
        tally.add(count, currency, int(amount))
        if held:
            found.held.add(held, currency, int(held_amount))
