"""Telling the receiver what is due: a few bodies are claimed in one transaction, sent in none, recorded in the next."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from shared.crash_points import reached
from shared.db import outbox_claims, receivers
from shared.db.engine import Session
from shared.db.notices import Page
from shared.db.outbox_claims import Claim, Part, Unsaid
from shared.db.retrying import transact
from shared.domain.notices import wait_seconds
from shared.log import get_logger
from shared.settings import NotifySettings
from worker_service.receiver import Receiver, Verdict, VerdictKind
from worker_service.service import Service

log = get_logger(__name__)

BODIES: Final = 100
"""So many make a round, which is one line of the log."""
BODIES_OF_CLAIM: Final = 16
"""What is told again when a sender dies; to claim and record each by itself would cost more than to send it."""
CLAIM_SECONDS: Final = 10.0
"""After so long no other body of a claim begins, and what was told is recorded."""
LEASE_MARGIN_SECONDS: Final = 30.0
"""For what surrounds a call: a name that is looked up slowly, a database that is restarted."""
RECORD_SECONDS: Final = 10.0
REFUSED_MOST: Final = 10
"""So many bodies refused in a row are no matter of what is in them."""


def tell_due(
    service: Service,
    *,
    most: int = BODIES,
    stopped: Callable[[], bool] = lambda: False,
    rest: Callable[[], None] = lambda: None,
) -> int:
    """Sends what is due, in at most so many bodies; answers how many notices were accepted.

    Ends early when the receiver is in trouble: what it was not given keeps its tries. `stopped`: whether no call
    should begin any more; `rest` is called where it holds nothing. Sends nothing where nobody is told.
    """
    notify, receiver = service.settings.notify, service.receiver
    if notify is None or receiver is None:
        return 0
    round_ = _Round(service, notify, receiver, most, stopped)
    while round_.tell_next():
        rest()
    if round_.told:
        log.info("notices told", count=round_.told)
    return round_.told


class _Round:
    """Claim after claim, until nothing is due, the receiver is in trouble, or it has told enough."""

    def __init__(
        self, service: Service, notify: NotifySettings, receiver: Receiver, most: int, stopped: Callable[[], bool]
    ) -> None:
        self.told = 0
        self._sessions = service.sessions
        self._notify = notify
        self._receiver = receiver
        self._left = most
        self._stopped = stopped
        self._facts_first = False

    def tell_next(self) -> bool:
        """Whether to go on. Every other claim is of facts, so that one payment that failed does not wait for the
        millions that were paid before it, nor these for a day that failed."""
        if self._left <= 0 or self._stopped():
            return False
        self._facts_first = not self._facts_first
        found = transact(self._sessions, self._take)
        if found is None:
            return False
        claim, standing = found
        for unsaid in claim.unsaid:
            _say_unsaid(unsaid)
        if not any(body.texts for body in claim.bodies):  # as when all payments to come were cancelled
            self._left -= 1
            transact(self._sessions, lambda session: self._skip(session, claim, standing))
            return True
        bodies, verdict = self._call(claim.bodies)
        # To wait for a database that is restarted costs less than telling it all once more.
        outcome = transact(
            self._sessions,
            lambda session: self._record(session, claim, standing, bodies, verdict),
            patience_seconds=RECORD_SECONDS,
        )
        self.told += sum(body.count for body in claim.bodies[:bodies])
        _say(claim, verdict, outcome)
        return verdict.kind is not VerdictKind.GONE and outcome.seconds is None

    def _call(self, bodies: Sequence[Page]) -> tuple[int, Verdict]:
        """How many were accepted, and what the last call came to."""
        until = time.monotonic() + CLAIM_SECONDS
        for told, body in enumerate(bodies, start=1):
            reached("before_tell")
            verdict = self._receiver.tell(body.texts)
            reached("after_tell")
            self._left -= 1
            if verdict.kind is not VerdictKind.ACCEPTED:
                return told - 1, verdict
            if self._stopped() or time.monotonic() > until:
                break
        return told, verdict

    def _take(self, session: Session) -> tuple[Claim, receivers.Standing] | None:
        url, call_seconds = self._notify.url, self._notify.timeout_seconds + LEASE_MARGIN_SECONDS
        standing = receivers.standing(session, url)
        if not standing.may_be_called:
            return None
        if standing.failures and not receivers.call_alone(session, url, seconds=call_seconds):
            return None
        claim = outbox_claims.take(
            session,
            lease_seconds=CLAIM_SECONDS + call_seconds,
            most_bodies=1 if standing.failures else min(BODIES_OF_CLAIM, self._left),
            facts_first=self._facts_first,
        )
        if claim is not None:
            for unsaid in claim.unsaid:
                outbox_claims.failed(session, [unsaid.part], unsaid.reason, _wait_seconds(unsaid.tries))
            return claim, standing
        if standing.failures:
            receivers.not_called(session, url)
        return None

    def _skip(self, session: Session, claim: Claim, standing: receivers.Standing) -> None:
        if claim.bodies:
            outbox_claims.accepted(session, claim, len(claim.bodies))
        if standing.failures:
            receivers.not_called(session, self._notify.url)

    def _record(
        self, session: Session, claim: Claim, standing: receivers.Standing, bodies: int, verdict: Verdict
    ) -> _Outcome:
        url, left = self._notify.url, claim.parts
        if bodies:
            left = outbox_claims.accepted(session, claim, bodies)
            if standing.failures:
                receivers.is_well(session, url)
        if verdict.kind is VerdictKind.ACCEPTED:
            outcome = _Outcome()
        elif verdict.kind is VerdictKind.GONE:
            outbox_claims.failed(session, left, verdict.reason, None)
            outcome = _Outcome(dead=True, gone=receivers.is_gone(session, url))
        else:
            outcome = self._fail(session, claim, standing, bodies, verdict, left)
        reached("in_tell_commit")
        return outcome

    def _fail(
        self,
        session: Session,
        claim: Claim,
        standing: receivers.Standing,
        bodies: int,
        verdict: Verdict,
        left: Sequence[Part],
    ) -> _Outcome:
        """The call after so many bodies failed, and comes again; what is `left` of the claim begins with its body."""
        asked = verdict.retry_after_seconds
        wait = _wait_seconds(0 if bodies else claim.tries, asked)
        away = verdict.kind is VerdictKind.TROUBLE or self._receiver.refused >= REFUSED_MOST or standing.failures > 0
        rest = claim.bodies[bodies].rest
        if left and rest is not None and not away:
            outbox_claims.part_from(session, left[0], rest)
        outbox_claims.failed(session, left, verdict.reason, wait)
        seconds = receivers.in_trouble(session, self._notify.url, standing, asked) if away else None
        return _Outcome(dead=wait is None, seconds=seconds)


def _say(claim: Claim, verdict: Verdict, outcome: _Outcome) -> None:
    reason, rows = verdict.reason, [part.id for part in claim.parts]
    if verdict.kind is VerdictKind.REFUSED:
        log.warning("notices refused", reason=reason, rows=rows)
    if outcome.gone:
        log.error("receiver of notices wants no more", alert=True, reason=reason)
    if outcome.seconds is not None:
        log.error("receiver of notices is in trouble", alert=True, reason=reason, seconds=round(outcome.seconds, 1))
    if outcome.dead:
        log.error("notices given up", alert=True, reason=reason, rows=rows)


def _wait_seconds(tries: int, asked: float | None = None) -> float | None:
    """After one more failure than so many."""
    return wait_seconds(tries + 1, chance=random.random(), retry_after=asked)  # noqa: S311 - only jitter


def _say_unsaid(unsaid: Unsaid) -> None:
    """Somebody is called once for a row: trying again changes nothing before it is mended."""
    said = {"reason": unsaid.reason, "rows": [unsaid.part.id]}
    if unsaid.tries == 0:
        log.error("notices cannot be worded", alert=True, **said)
    else:
        log.warning("notices cannot be worded", **said)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What followed from a call. `gone`: it is news that the receiver wants no more; `seconds`: how long nobody calls
    it for its trouble."""

    dead: bool = False
    gone: bool = False
    seconds: float | None = None
