"""Giving back what was proven not paid (`shared.db.returns`, `release`; rules C5, C6)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from shared.db.parts import Claim
from shared.domain.lifecycle import EventStatus
from shared.domain.returning import Becomes, Returning, becomes
from tests.simulation.model.gates import add_late, day_of_retry, enter, next_open, now_of, open_run
from tests.simulation.model.moving import Watched
from tests.simulation.model.rows import AttemptRow, EventRow


class Returned(NamedTuple):
    """An event that came back, with the amount it was claimed with."""

    event: EventRow
    claimed_amount: int
    become: Becomes


def give_back(rows: Watched, event: EventRow, *, key_used: bool, today: date) -> Returned:
    """Returns a claimed or unknown event to what rule C6 says."""
    schedule, amount = event.schedule, event.amount
    seen = Returning(schedule.nominal_date, event.date, 1, event.revision, False, event.retry_on)
    become = becomes(
        seen,
        cancelled=schedule.cancelled,
        timeline=schedule.timeline,
        pauses=schedule.pauses,
        pay_late=schedule.pay_late,
        today=today,
    )
    rows.move(event, become.fate.status)
    event.cancel_reason = become.fate.cancel_reason
    event.attempt += key_used
    event.first_sent_at = None
    event.retry_on = event.retry_on if become.fate.retried else None
    if become.terms is not None:
        event.amount, event.revision = become.terms.amount, become.terms.revision.number
    return Returned(event, amount, become)


def release(rows: Watched, claim: Claim, ids: Collection[str], *, key_used: bool) -> None:
    """A worker gives back what was proven not executed."""
    for text_id in ids:
        event = rows.by_text[text_id]
        if event.status is EventStatus.PROCESSING and event.batch_id == claim.batch_id:
            returned = give_back(rows, event, key_used=key_used, today=now_of(rows).today)
            rows.book(claim.run_date, "in_flight", -returned.claimed_amount, count=-1)
            _book(rows, claim.run_date, returned)


def give_back_unknown(rows: Watched, attempt: AttemptRow) -> None:
    """An unknown event whose key was proven never paid is paid again, if it still is to be (K5)."""
    event, now = attempt.event, enter(rows)
    assert event.batch_id is not None
    home = open_run(rows, rows.batches[event.batch_id].run_date)
    today = next_open(rows, now) if home is None else now.today
    returned = give_back(rows, event, key_used=True, today=today)
    if home is not None:
        rows.book(home.date, "unknown", -returned.claimed_amount, count=-1)
        _book(rows, home.date, returned)
    if event.retry_on is not None:
        run_date = day_of_retry(rows, now, event.retry_on)
        rows.add_batch(run_date, event.date, [event.id], listed=True, retry=True)
        if home is None:
            rows.book(run_date, "due", event.amount)
    elif event.status is EventStatus.SCHEDULED:
        add_late(rows, now, event, counted=home is not None)


def _book(rows: Watched, run_date: date, returned: Returned) -> None:
    event, heading = returned.event, returned.become.fate.heading
    if event.amount != returned.claimed_amount:
        rows.book(run_date, "due", event.amount - returned.claimed_amount, count=0)
    if heading is not None:
        rows.book(run_date, heading, event.amount, event=event)
