"""Extending: open-ended and long schedules are kept 12 to 18 cycles ahead (rule S12)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice

from shared.crash_points import reached
from shared.db import runs, top_ups
from shared.db.clock import business_now
from shared.db.engine import Session
from shared.db.retrying import transact
from shared.extending import Steps, extend_held
from shared.log import get_logger
from worker_service.service import Service

log = get_logger(__name__)

CHUNK = 2000
"""Schedules extended in one transaction: about 14,000 events, a fifth of a second in which nobody edits them."""
AHEAD = 20 * CHUNK
"""Schedules looked up at once: what was extended stands before what is left in the index until a vacuum comes."""


def extend_through(service: Service, as_of: date) -> int:
    """Extends every schedule that is due by `as_of`; answers how many events were written.

    Schedules that somebody holds are passed over first and waited for at the end, so that afterwards nothing is
    due. One that cannot be extended is named in the log and left; it stops neither the others nor the day.
    """
    extender = Extender(service, as_of)
    return extender.extend(wait=False) + extender.extend(wait=True)


@dataclass(slots=True)
class Extender:
    """Extends until one day; `broken` ones are left out."""

    service: Service
    as_of: date
    broken: set[str] = field(default_factory=set)
    steps: Steps = field(init=False)

    def __post_init__(self) -> None:
        self.steps = Steps(self.service.settings.horizon, self.as_of)

    def extend(self, *, wait: bool) -> int:
        """Extends what is due, or without `wait` what of it nobody holds; answers how many events were written."""
        written = 0
        while due := transact(self.service.sessions, self._due):
            held = 0
            for chunk in _chunks(due):
                done = self._chunk(chunk, wait=wait)
                held += done.held
                written += done.events
            if not held and not wait:
                break
        return written

    def _due(self, session: Session) -> list[str]:
        return top_ups.find(session, self.as_of, most=AHEAD, without=self.broken)

    def _chunk(self, ids: Sequence[str], *, wait: bool) -> Done:
        """Extends these; where one cannot be, halves of them, until it is alone."""
        done = Done()
        try:
            return self._extend(ids, wait=wait, done=done)
        except Exception as error:
            if not done.held:
                raise
            if len(ids) == 1:
                self.broken.update(ids)
                log.error("schedule cannot be extended", alert=True, schedules=[*ids], reason=repr(error))
                return Done()
        middle = len(ids) // 2
        first, second = self._chunk(ids[:middle], wait=wait), self._chunk(ids[middle:], wait=wait)
        return Done(first.held + second.held, first.events + second.events)

    def _extend(self, ids: Sequence[str], *, wait: bool, done: Done) -> Done:
        def work(session: Session) -> None:
            # The runs before the schedules: locks are taken in that order (rule C2).
            now = business_now(session, self.service.settings.business)
            # All of them: what comes late stands in the first run that is not closed, however old its date is.
            gate = runs.enter(session, now, date.min)
            due = top_ups.hold(session, ids, self.as_of, wait=wait)
            done.held = len(due)
            done.events = extend_held(session, gate, due, self.steps) if due else 0
            reached("in_extend_commit")

        transact(self.service.sessions, work)
        reached("after_extend")
        return done


@dataclass(slots=True)
class Done:
    """How many schedules were held, and how many events written."""

    held: int = 0
    events: int = 0


def _chunks(ids: Sequence[str]) -> Iterator[list[str]]:
    left = iter(ids)
    while chunk := list(islice(left, CHUNK)):
        yield chunk
