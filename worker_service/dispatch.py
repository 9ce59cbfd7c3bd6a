"""The dispatcher's tick: plans the days that are due, closes those that are over, and wakes workers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

from shared.crash_points import reached
from shared.db import planning, providers, publishing, runs, spreads
from shared.db.clock import business_now
from shared.db.closing import close
from shared.db.engine import Session
from shared.db.publishing import Ready
from shared.db.retrying import DatabaseError, transact
from shared.domain.days import BusinessNow
from shared.log import get_logger
from shared.settings import Settings
from worker_service.dispatching import days_to_plan, is_past, room
from worker_service.extend import extend_through
from worker_service.service import Service
from worker_service.suspend import suspend_due

log = get_logger(__name__)

PUBLISHED_MOST = 100
"""Batches that are published and not begun: a second's work for many workers, few enough to change course."""
GATHERED_MOST = 5000
RECALLED_SECONDS = 5.0
"""While the provider recovers, a batch that was published so long ago and not begun makes way for another."""

Publish = Callable[[Sequence[Ready]], None]
"""Tells workers of batches. When it raises, the broker may have taken some of them."""


@dataclass(slots=True)
class Tick:
    """What one tick did, and how long its two long steps took."""

    planned: list[date] = field(default_factory=list)
    closed: list[date] = field(default_factory=list)
    published: list[int] = field(default_factory=list)
    planning_seconds: float = 0.0
    publishing_seconds: float = 0.0


def tick(service: Service, publish: Publish) -> Tick:
    """One look at the clock and the runs; any number may run at once, and one that is killed loses nothing."""
    done = Tick()
    now = transact(service.sessions, lambda session: business_now(session, service.settings.business))
    unfinished = transact(service.sessions, lambda session: runs.unfinished_plans(session, now.today))
    for day in days_to_plan(unfinished, now):
        began = time.monotonic()
        _plan(service, day, past=is_past(day, now))
        done.planning_seconds += time.monotonic() - began
        done.planned.append(day)
        done.closed += _close_due(service, now)
    done.closed += _close_due(service, now)
    if now.in_hours:
        began = time.monotonic()
        done.published += _publish(service, now, publish)
        done.publishing_seconds = time.monotonic() - began
    if done.planned or done.closed or done.published:
        log.info(
            "tick",
            planned=[*map(str, done.planned)],
            closed=[*map(str, done.closed)],
            published=len(done.published),
            planning_seconds=round(done.planning_seconds, 4),
            publishing_seconds=round(done.publishing_seconds, 4),
        )
    return done


def _plan(service: Service, day: date, *, past: bool) -> None:
    """Extends what must be extended through the day, then cuts it into batches (rules S12, D3).

    What a worker that died left to be suspended is suspended first: its payments of the day must not be planned.
    """
    suspend_due(service)
    extend_through(service, day)
    size = service.settings.batch_size

    def step(session: Session) -> bool:
        whole = planning.plan_step(session, day, size=size, steps=planning.steps_of(size), past=past)
        reached("in_plan_commit")
        return whole

    while not transact(service.sessions, step):
        reached("after_plan_step")


def _close_due(service: Service, now: BusinessNow) -> list[date]:
    """Closes runs that are over, oldest first; one with a live lease holds back those after it (rule D5)."""
    closed: list[date] = []
    for day in transact(service.sessions, lambda session: runs.to_close(session, now)):
        try:
            if not _close(service, day):
                break
        except DatabaseError as error:  # a day that cannot be closed now must not keep today's from being paid
            log.error("run cannot be closed", alert=True, run=str(day), reason=type(error.orig).__name__)
            break
        closed.append(day)
    return closed


def _close(service: Service, day: date) -> bool:
    settings = service.settings

    def work(session: Session) -> tuple[bool, object]:
        done = close(
            session,
            day,
            clock=settings.business,
            batch_size=settings.batch_size,
            provider=settings.provider.name,
        )
        reached("in_close_commit")
        return done, runs.get(session, day).off

    reached("before_close")
    done, off = transact(service.sessions, work)
    if off is not None:
        log.error("books do not balance", alert=True, run=str(day), off=off)
    return done


def _publish(service: Service, now: BusinessNow, publish: Publish) -> Sequence[int]:
    """Marks batches as published, commits, then tells the broker; what it may not have taken is told again."""
    settings, today = service.settings, now.today

    def waits(session: Session) -> bool:
        lease = settings.lease_seconds
        return (
            publishing.waits(session, today, now=now.instant, lease_seconds=lease, most=PUBLISHED_MOST)
            or not providers.state(session, settings.provider.name).is_normal
        )

    def mark(session: Session) -> list[Ready]:
        run = runs.share(session, today)
        if run is None or not run.is_paying:
            return []
        publishing.gather(session, today, size=settings.batch_size, most=GATHERED_MOST)
        return publishing.ready(
            session,
            today,
            now=now.instant,
            lease_seconds=settings.lease_seconds,
            most=PUBLISHED_MOST,
            room=_room(session, today, settings),
        )

    ready = transact(service.sessions, mark) if transact(service.sessions, waits) else []
    reached("after_mark")
    ids = [batch.id for batch in ready]
    if not ids:
        return ids
    try:
        publish(ready)
    except BaseException:
        transact(service.sessions, lambda session: publishing.take_back(session, ids))
        raise
    reached("after_publish")
    return ids


def _room(session: Session, today: date, settings: Settings) -> int | None:
    """How many more batches workers may hear of: none while the provider is shut, few while it recovers or while the
    day's calls are spread; None: any."""
    seen, at_once = providers.state(session, settings.provider.name), spreads.batches_at_once(session, settings)
    if seen.is_normal and at_once is None:
        return None
    if seen.is_normal:
        published = publishing.published(session, today)
    else:
        published = publishing.recall(session, today, older_than_seconds=0.0 if seen.is_shut else RECALLED_SECONDS)
    return room(
        seen,
        published=published,
        under_way=providers.under_way(session),
        most=PUBLISHED_MOST if at_once is None else min(at_once, PUBLISHED_MOST),
    )
