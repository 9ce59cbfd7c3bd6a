"""Taking a batch: what is claimed may be sent (rules C1-C4)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db import holds, parts, providers, runs, splitting, turns
from shared.db.clock import business_now
from shared.db.doubt import doubt
from shared.db.parts import Claim
from shared.db.spans import Span
from shared.domain.days import BusinessNow
from shared.domain.takeover import Takeover, takeover
from shared.settings import BusinessClock, ProviderSettings

TAKE = text("""
WITH held AS (SELECT id, status, provider FROM batch WHERE id = :batch FOR UPDATE)
UPDATE batch b SET status = 'claimed', epoch = b.epoch + 1, worker = :worker, wait_until = NULL, provider = :provider,
  deaths = b.deaths + CASE held.status WHEN 'claimed' THEN 1 ELSE 0 END,
  lease_until = clock_timestamp() + make_interval(secs => :lease)
FROM held WHERE b.id = held.id AND (b.opens_at IS NULL OR b.opens_at <= :now)
  AND ((b.status = 'waiting' AND (b.wait_until IS NULL OR b.wait_until <= clock_timestamp()))
    OR (b.status = 'claimed' AND b.lease_until < clock_timestamp()))
RETURNING b.date, b.first_id, b.last_id, b.ids, b.epoch, b.retry, b.deaths,
  b.opens_at IS NOT NULL OR b.ids IS NOT NULL AS todays, held.status = 'claimed' AS taken_over,
  held.provider AS sent_to
""")


# Of a batch that somebody held, the takeover counts the death; a piece of one that was split was never taken.
DEATH = text("""
UPDATE batch SET deaths = deaths + 1 WHERE id = :batch
  AND ((status = 'waiting' AND (wait_until IS NULL OR wait_until <= clock_timestamp()))
    OR (status = 'claimed' AND epoch = 0 AND lease_until < clock_timestamp()))
""")


def take(
    session: Session,
    batch_id: int,
    *,
    worker: str,
    lease_seconds: float,
    clock: BusinessClock,
    provider: ProviderSettings,
) -> Claim | None:
    """Takes a waiting batch, or takes over one whose lease ran out, and claims its first part.

    None if there is nothing to take: another has it, it is done, its run may not pay now (rule C2), the provider is
    shut, or it killed its holders and was split. The caller commits before the first byte goes out, and retries on
    serialisation failures and deadlocks.
    """
    now = business_now(session, clock)
    run_date = _may_begin(session, batch_id, now, provider)
    if run_date is None:
        return None
    found = session.execute(
        TAKE,
        {
            "batch": batch_id,
            "worker": worker,
            "lease": lease_seconds,
            "provider": provider.name,
            "now": now.instant,
        },
    ).one_or_none()
    if found is None:
        return None
    span = Span(found.date, found.first_id, found.last_id, found.ids)
    claim = Claim(
        batch_id,
        run_date,
        found.epoch,
        span,
        now.seconds_to_cutoff,
        retry=found.retry,
        todays=found.todays,
    )
    decided = takeover(
        deaths=found.deaths,
        alone=span.is_one,
        was_claimed=found.taken_over,
        mode=provider.mode,
        provider=provider.name,
        sent_to=found.sent_to,
    )
    sent_to = found.sent_to or provider.name
    if decided is Takeover.SPLIT:
        splitting.split(session, claim, provider=sent_to)
        return None
    if decided is Takeover.SEND_AGAIN:
        claim.doubtful.extend(parts.doubtful(session, claim))
    elif decided is Takeover.DOUBT:
        doubt(session, batch_id, span, run_date=run_date, provider=sent_to, reason="taken over")
    return parts.claim_next(session, claim, holds.active(session), most=provider.part_size)


def may_pay(session: Session, run_date: date, now: BusinessNow) -> bool:
    """Whether that run's events may be claimed and sent now; holds the run's row FOR SHARE (rule C2)."""
    run = runs.share(session, run_date)
    return run is not None and now.may_pay(run.date, is_paying=run.is_paying)


def _may_begin(session: Session, batch_id: int, now: BusinessNow, provider: ProviderSettings) -> date | None:
    """The date of the batch's run, if it may pay now and the provider takes one batch more; it is held FOR SHARE."""
    query = text("SELECT run_date FROM batch WHERE id = :batch")
    run_date: date | None = session.scalar(query, {"batch": batch_id})
    if run_date is None or not may_pay(session, run_date, now) or not providers.may_begin(session, provider.name):
        return None
    return run_date


def count_death(session: Session, batch_id: int, *, clock: BusinessClock, provider: ProviderSettings) -> None:
    """Notes that whoever had this batch's message died, perhaps before the claim was committed (rule C8).

    Not where nobody could have taken it: a message also comes back when a worker is stopped.
    """
    if _may_begin(session, batch_id, business_now(session, clock), provider) is not None:
        session.execute(DEATH, {"batch": batch_id})


def hold(session: Session, claim: Claim) -> bool:
    """Locks the batch's row if it is still ours (rule C2); False means: stop, write nothing."""
    held = session.scalar(
        text("SELECT 1 FROM batch WHERE id = :batch AND epoch = :epoch AND status = 'claimed' FOR UPDATE"),
        {"batch": claim.batch_id, "epoch": claim.epoch},
    )
    return held is not None


def next_part(session: Session, claim: Claim, *, clock: BusinessClock, provider: ProviderSettings) -> Claim | None:
    """Claims the part after `claim`; None if nothing more of the batch may be claimed now (rules C1, C2, P3)."""
    if not may_pay(session, claim.run_date, business_now(session, clock)) or not hold(session, claim):
        return None
    return parts.claim_next(session, claim, holds.active(session), most=provider.part_size)


def finish(
    session: Session, claim: Claim, *, wait_seconds: float | None, held: bool = False, gives_way: bool = False
) -> None:
    """Ends our hold on the batch: done, or waiting to be published again after `wait_seconds`.

    `held`: it waits because of a hold, and is published as soon as that ends (rule P3). `gives_way`: to all others.
    """
    session.execute(
        text("""
            UPDATE batch SET status = CASE WHEN :again THEN 'waiting' ELSE 'done' END,
              worker = NULL, lease_until = NULL, published_at = NULL, held = :held, deaths = 0,
              turn = CASE WHEN :gives_way THEN greatest(turn, :last) ELSE turn END,
              wait_until = CASE WHEN :again THEN clock_timestamp() + make_interval(secs => :wait) END
            WHERE id = :batch AND epoch = :epoch AND status = 'claimed'
        """),
        {
            "batch": claim.batch_id,
            "epoch": claim.epoch,
            "again": wait_seconds is not None,
            "wait": wait_seconds or 0,
            "held": held,
            "gives_way": gives_way,
            "last": turns.LAST,
        },
    )
