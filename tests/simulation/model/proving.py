"""What the resolver takes, and what proofs do (`shared.db.attempts`, `proofs`, `outcomes`)."""

from __future__ import annotations

from datetime import date

from shared.db.attempts import OpenAttempt
from shared.db.proofs import Proof
from shared.domain import proving
from shared.domain.days import BusinessNow
from shared.domain.lifecycle import EventStatus
from shared.domain.proving import Reception
from shared.domain.retries import NOT_EXECUTED, QUARANTINED, RESOLVED
from shared.settings import Settings
from tests.simulation.model.gates import day_of_retry, drop_retry, enter, next_open, now_of, open_run
from tests.simulation.model.guards import Guards
from tests.simulation.model.moving import Watched
from tests.simulation.model.returning import give_back_unknown
from tests.simulation.model.rows import CURRENCY, AttemptRow, EventRow
from tests.simulation.model.settling import retried, retry_from
from tests.simulation.moments import instant
from worker_service import resolving

STANDS = {
    EventStatus.PROCESSING: "in_flight",
    EventStatus.UNKNOWN: "unknown",
    EventStatus.FAILED: "declined",
}
WAITS = (60, 300, 3600)


def due(rows: Watched, settings: Settings) -> AttemptRow | None:
    """The attempt that is due longest."""
    name = settings.provider.name
    found = [
        attempt
        for attempt in rows.attempts.values()
        if attempt.state == "open" and attempt.next_at <= rows.now and attempt.provider == name
    ]
    return min(found, key=lambda attempt: (attempt.next_at, attempt.event.number), default=None)


def take_due(
    rows: Watched, settings: Settings, preferred: tuple[int, int] | None = None
) -> tuple[OpenAttempt, float | None] | None:
    """Takes the attempt that is due longest, and says for how long its key may be sent; None: it is asked about.

    `preferred`: which of several that are due equally long.
    """
    attempt = due(rows, settings)
    if attempt is None:
        return None
    if preferred is not None:
        first, attempt = attempt, rows.attempts[preferred]
        assert (first.next_at, attempt.state, attempt.provider) == (attempt.next_at, "open", first.provider)
    now, held = now_of(rows), 2 * settings.lease_seconds
    wait = WAITS[attempt.asks] if attempt.asks < len(WAITS) else 86_400
    attempt.asks, attempt.next_at = attempt.asks + 1, rows.now + max(wait, held)
    taken = _taken(rows, attempt)
    run = rows.runs.get(now.today)
    if run is None or not now.may_pay(run.date, is_paying=run.is_paying):
        return taken, None
    seconds = resolving.send_seconds(settings, taken, now)
    if seconds is not None:
        attempt.last_sent_at = rows.now + int(seconds + settings.provider.timeout_seconds)
    return taken, seconds


def _taken(rows: Watched, attempt: AttemptRow) -> OpenAttempt:
    event = attempt.event
    held = rows.holds().covers(event.payer_id, event.payee_id)
    waits = event.status is EventStatus.UNKNOWN and event.attempt == attempt.number
    return OpenAttempt(
        event.id,
        attempt.number,
        event.date,
        event.payer_id,
        event.payee_id,
        event.amount,
        CURRENCY,
        "",
        instant(attempt.last_sent_at),
        float(rows.now - attempt.first_sent_at),
        float(rows.now - attempt.last_sent_at),
        attempt.reason,
        attempt.resend and not event.schedule.cancelled and not event.covered and not held and waits,
    )


def forbid_resend(rows: Watched, taken: OpenAttempt) -> None:
    rows.attempts[rows.by_id[taken.event_id].number, taken.number].resend = False


def prove(rows: Watched, settings: Settings, proof: Proof) -> Reception:
    """Applies a proof if the event still waits for that key; never drops it."""
    now, event = enter(rows), rows.by_id[proof.event_id]
    retry_on = None
    if proof.soft:
        retry_on = retried(event, now, day_0=next_open(rows, now) == now.today)
    same = event.status is EventStatus.PAID and event.reference == proof.provider_ref
    met = proving.reception(event.status, event.attempt, proof.number, paid=proof.paid, same_payment=same)
    if met is Reception.APPLIED:
        first_on = now.today if proof.soft else None
        _outcome(rows, event, proof.paid, proof.code, proof.provider_ref, retry_on, first_on)
    attempt = rows.attempts.get((event.number, proof.number))
    if met is Reception.CONTRADICTS:
        if proof.paid and event.status is EventStatus.FAILED and event.retry_on is not None:
            _drop_retry(rows, now, event, event.retry_on)
        _keep(rows, settings, event, proof, attempt)
    elif attempt is not None and attempt.state == "open":
        attempt.state = "paid" if proof.paid else "declined"
    return met


def _drop_retry(rows: Watched, now: BusinessNow, event: EventRow, retry_on: date) -> None:
    assert event.batch_id is not None
    home = open_run(rows, rows.batches[event.batch_id].run_date)
    at_home = home is not None and day_of_retry(rows, now, retry_on) == home.date
    drop_retry(rows, now, event, retry_on, "declined" if at_home else "withdrawn")
    event.retry_on = None


def _keep(rows: Watched, settings: Settings, event: EventRow, proof: Proof, attempt: AttemptRow | None) -> None:
    if attempt is None:
        first = rows.now if event.first_sent_at is None else event.first_sent_at
        attempt = AttemptRow(event, proof.number, settings.provider.name, None, True, first, rows.now, rows.now)
        rows.attempts[event.number, proof.number] = attempt
    attempt.state = "contradiction"


def never_paid(rows: Watched, guards: Guards, taken: OpenAttempt, *, again: bool) -> bool:
    """An unknown event whose key was proven never paid; False if it waits no longer."""
    event = rows.by_id[taken.event_id]
    attempt = rows.attempts[event.number, taken.number]
    still = attempt.state == "open" and instant(attempt.last_sent_at) == taken.last_sent_at
    if not proving.waits_for(event.status, event.attempt, taken.number) or (guards.still and not still):
        return False
    if again and taken.reason != QUARANTINED:
        give_back_unknown(rows, attempt)
    else:
        enter(rows)
        code = QUARANTINED if taken.reason == QUARANTINED else NOT_EXECUTED
        _outcome(rows, event, False, code, None, None, None)
    attempt.state = "not_executed"
    return True


def resolve(rows: Watched, number: int, reference: str | None) -> None:
    """A person settles an unknown event, as paid with a reference or as not paid (P2)."""
    event = rows.events[number]
    if event.status is EventStatus.UNKNOWN:
        enter(rows)
        code = RESOLVED if reference is None else None
        _outcome(rows, event, reference is not None, code, reference, None, None)
        for attempt in rows.attempts.values():
            if attempt.event is event and attempt.state in ("open", "contradiction"):
                attempt.state = "declined" if reference is None else "paid"


def _outcome(
    rows: Watched,
    event: EventRow,
    paid: bool,
    code: str | None,
    reference: str | None,
    retry_on: date | None,
    first_on: date | None,
) -> None:
    """Moves an event to paid or failed, and books it."""
    now = now_of(rows)
    assert event.batch_id is not None
    run_date = rows.batches[event.batch_id].run_date
    home = open_run(rows, run_date)
    known_on = next_open(rows, now) if home is None else home.date
    waits_at_home = home is not None and retry_on == home.date
    if home is not None:
        rows.book(home.date, STANDS[event.status], -event.amount, count=-1)
        if not waits_at_home:
            rows.book(home.date, "paid" if paid else "declined", event.amount)
    elif paid:
        rows.book(known_on, "adjusted", event.amount)
    rows.move(event, EventStatus.PAID if paid else EventStatus.FAILED)
    event.failure_code, event.retry_on = code, retry_on
    event.first_declined_on = event.first_declined_on or first_on
    if paid:
        event.reference, event.known_on = reference, known_on
    if retry_on is not None:
        later = day_of_retry(rows, now, retry_on)
        opens_at = retry_from(rows.now) if retry_on == now.today else None
        rows.add_batch(later, event.date, [event.id], listed=True, retry=True, opens_at=opens_at)
        if not waits_at_home:
            rows.book(later, "due", event.amount)
