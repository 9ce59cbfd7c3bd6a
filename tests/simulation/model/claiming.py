"""Taking a batch and claiming its parts (`shared.db.claims`, `parts`, `doubt`, `splitting`)."""

from __future__ import annotations

from dataclasses import replace

from shared.db.parts import Claim, ClaimedEvent
from shared.domain import takeover
from shared.domain.lifecycle import EventStatus
from shared.domain.retries import QUARANTINED
from shared.domain.takeover import Takeover
from shared.settings import Settings
from tests.simulation.model.gates import now_of
from tests.simulation.model.guards import Guards
from tests.simulation.model.moving import Watched
from tests.simulation.model.rows import AttemptRow, BatchRow, EventRow

PROCESSING, SCHEDULED, FAILED = EventStatus.PROCESSING, EventStatus.SCHEDULED, EventStatus.FAILED
RESOLVE_FIRST_SECONDS = 10
PIECES = 8


def count_death(rows: Watched, batch_id: int) -> None:
    batch = rows.batches.get(batch_id)
    if batch is None:
        return
    if not _may_pay(rows, batch):
        return
    is_piece = batch.status == "claimed" and batch.epoch == 0
    if is_piece or (batch.status == "waiting" and (batch.wait_until is None or batch.wait_until <= rows.now)):
        batch.deaths += 1


def take(rows: Watched, guards: Guards, settings: Settings, batch_id: int) -> Claim | None:
    """Takes a waiting batch, or takes over one whose lease ran out, and claims its first part."""
    batch, now = rows.batches.get(batch_id), now_of(rows)
    if batch is None or not _may_pay(rows, batch) or (batch.opens_at is not None and batch.opens_at > rows.now):
        return None
    was_claimed = batch.status == "claimed"
    if not _is_free(rows, guards, batch):
        return None
    provider, sent_to = settings.provider, batch.provider
    batch.status, batch.wait_until, batch.provider = "claimed", None, provider.name
    batch.epoch += 1
    batch.deaths += was_claimed
    batch.lease_until = rows.now + settings.lease_seconds
    claim = Claim(
        batch.id,
        batch.run_date,
        batch.epoch,
        batch.span,
        now.seconds_to_cutoff,
        retry=batch.retry,
        todays=batch.opens_at is not None or batch.span.ids is not None,
    )
    decided = takeover.takeover(
        deaths=batch.deaths,
        alone=batch.span.is_one,
        was_claimed=was_claimed,
        mode=provider.mode,
        provider=provider.name,
        sent_to=sent_to,
    )
    if decided is Takeover.SPLIT:
        _split(rows, claim, batch, sent_to or provider.name)
        return None
    if decided is Takeover.SEND_AGAIN:
        claim.doubtful.extend(_doubtful(rows, batch))
    elif decided is Takeover.DOUBT:
        doubt(rows, batch, sent_to or provider.name, "taken over")
    return _claim_next(rows, claim, settings.provider.part_size)


def next_part(rows: Watched, settings: Settings, claim: Claim) -> Claim | None:
    """Claims the part after `claim`; None if nothing more may be claimed: then the batch waits."""
    batch = rows.batches[claim.batch_id]
    if not holds_it(batch, claim):
        return None
    if not _may_pay(rows, batch):
        finish(rows, claim, wait_seconds=0.0, held=False)
        return None
    return _claim_next(rows, replace(claim, fresh=[], doubtful=[]), settings.provider.part_size)


def holds_it(batch: BatchRow, claim: Claim) -> bool:
    """Whether the batch is still this claim's."""
    return batch.epoch == claim.epoch and batch.status == "claimed"


def finish(rows: Watched, claim: Claim, *, wait_seconds: float | None, held: bool) -> None:
    """Ends the hold on the batch: done, or waiting."""
    batch = rows.batches[claim.batch_id]
    if not holds_it(batch, claim):
        return
    batch.status = "done" if wait_seconds is None else "waiting"
    batch.wait_until = None if wait_seconds is None else rows.now + int(wait_seconds)
    batch.lease_until = batch.published_at = None
    batch.held, batch.deaths = held, 0


def doubt(rows: Watched, batch: BatchRow, provider: str, reason: str, *, resend: bool = True) -> None:
    """Leaves to the resolver what an earlier holder of this batch claimed."""
    for event in rows.of(batch.span):
        if event.status is PROCESSING and event.batch_id == batch.id:
            rows.move(event, EventStatus.UNKNOWN)
            open_attempt(rows, event, provider, reason, resend=resend, renamed=True)
            rows.book(batch.run_date, "unknown", event.amount)
            rows.book(batch.run_date, "in_flight", -event.amount, count=-1)


def open_attempt(
    rows: Watched, event: EventRow, provider: str, reason: str | None, *, resend: bool, renamed: bool = False
) -> None:
    """Notes that an event's key is open; one that was noted before keeps its provider and the ban on sends."""
    next_at = rows.now + RESOLVE_FIRST_SECONDS
    found = rows.attempts.get((event.number, event.attempt))
    if found is None:
        assert event.first_sent_at is not None
        rows.attempts[event.number, event.attempt] = AttemptRow(
            event, event.attempt, provider, reason, resend, event.first_sent_at, rows.now, next_at
        )
        return
    found.state, found.last_sent_at, found.next_at = "open", rows.now, next_at
    found.resend = found.resend and resend
    if renamed:
        found.reason = reason


def _may_pay(rows: Watched, batch: BatchRow) -> bool:
    run = rows.runs.get(batch.run_date)
    return run is not None and now_of(rows).may_pay(run.date, is_paying=run.is_paying)


def _is_free(rows: Watched, guards: Guards, batch: BatchRow) -> bool:
    if batch.status == "waiting":
        return batch.wait_until is None or batch.wait_until <= rows.now
    over = not guards.lease or (batch.lease_until is not None and batch.lease_until < rows.now)
    return batch.status == "claimed" and over


def claimable(claim: Claim, event: EventRow) -> bool:
    """Whether its run pays the event from this batch."""
    if not claim.retry:
        return event.status is SCHEDULED
    if event.status is not FAILED or event.retry_on is None or event.retry_on > claim.run_date:
        return False
    return claim.todays or event.retry_on < claim.run_date or event.retry_on != event.first_declined_on


def _claim_next(rows: Watched, claim: Claim, most: int | None) -> Claim:
    holds, through = rows.holds(), claim.through
    found: list[ClaimedEvent] = []
    for event in rows.of(claim.span):
        if not claimable(claim, event) or holds.covers(event.payer_id, event.payee_id):
            continue
        if most is not None and (len(found) == most or event.text_id <= through):
            continue
        found.append(_claimed(rows, claim, event))
    left = bool(holds) and any(claimable(claim, event) for event in rows.of(claim.span))
    return replace(
        claim, fresh=found, through=max((event.id for event in found), default=through), held=claim.held or left
    )


def _claimed(rows: Watched, claim: Claim, event: EventRow) -> ClaimedEvent:
    if claim.retry and event.first_sent_at is not None:
        rows.demand_unpaid(event)
        event.attempt += 1
    rows.move(event, PROCESSING)
    event.batch_id, event.first_sent_at = claim.batch_id, rows.now
    rows.book(claim.run_date, "in_flight", event.amount)
    return _as_claimed(event, 0.0, wanted=True)


def _as_claimed(event: EventRow, seconds_ago: float, *, wanted: bool) -> ClaimedEvent:
    return ClaimedEvent(
        event.text_id,
        event.payer_id,
        event.payee_id,
        event.amount,
        "GBP",
        "",
        event.attempt,
        event.failure_code,
        event.retry_on,
        seconds_ago,
        wanted,
    )


def _doubtful(rows: Watched, batch: BatchRow) -> list[ClaimedEvent]:
    holds, found = rows.holds(), []
    for event in rows.of(batch.span):
        if event.status is PROCESSING and event.batch_id == batch.id:
            held = holds.covers(event.payer_id, event.payee_id)
            wanted = not (event.schedule.cancelled or event.covered or held)
            assert event.first_sent_at is not None
            found.append(_as_claimed(event, float(rows.now - event.first_sent_at), wanted=wanted))
    return found


def _split(rows: Watched, claim: Claim, batch: BatchRow, provider: str) -> None:
    members = [
        event
        for event in rows.of(batch.span)
        if claimable(claim, event) or (event.status is PROCESSING and event.batch_id == batch.id)
    ]
    alone = members and batch.span.is_one
    if alone:
        _quarantine(rows, batch, members[0], provider)
    size = max(1, -(-len(members) // PIECES))
    for start in range(0, 0 if alone else len(members), size):
        piece = members[start : start + size]
        ids = [event.id for event in piece]
        child = rows.add_batch(
            batch.run_date,
            batch.span.date,
            ids,
            listed=True,
            retry=batch.retry,
            provider=provider,
            status="claimed",
            lease_until=rows.now - 1,
        )
        for event in piece:
            if event.status is PROCESSING and event.batch_id == batch.id:
                event.batch_id = child.id
    batch.status, batch.lease_until = "done", None


def _quarantine(rows: Watched, batch: BatchRow, event: EventRow, provider: str) -> None:
    if event.status is PROCESSING and event.batch_id == batch.id:
        doubt(rows, batch, provider, QUARANTINED, resend=False)
        return
    if event.status is SCHEDULED:
        rows.move(event, PROCESSING)
        event.batch_id = batch.id
        rows.move(event, FAILED)
    event.failure_code, event.retry_on = QUARANTINED, None
    rows.book(batch.run_date, "declined", event.amount)
