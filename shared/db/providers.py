"""How the provider is, as all workers see it together: shut after a failure, recovering, or as it should be.

normal      No row, or one without `shut_until` and `allowance`. Nothing but a read of one row is spent on it.
shut        `shut_until` lies ahead: nothing is claimed or published. A crash changes nothing; it ends by itself.
recovering  `shut_until` has passed and `allowance` is set: so many batches may be under way, twice as many after
            each that went well, until they are `ALLOWANCE_MAX`; then it is normal again.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from shared.db.engine import Session

SHUT_FIRST_SECONDS: Final = 5.0
SHUT_MOST_SECONDS: Final = 60.0
JITTER: Final = 0.2
ASKED_MOST_SECONDS: Final = 300.0
"""However long a provider asks us to stay away, it is tried again after this."""
ALLOWANCE_MAX: Final = 64

STATE = text("""
SELECT greatest(extract(epoch FROM shut_until - clock_timestamp())::float, 0) AS shut_seconds,
  extract(epoch FROM clock_timestamp() - shut_until)::float AS open_seconds, trips, allowance
FROM provider WHERE name = :name
""")

LOCK = text("SELECT 1 FROM provider WHERE name = :name FOR UPDATE")

UNDER_WAY = text("SELECT count(*) FROM batch WHERE status = 'claimed' AND lease_until > clock_timestamp()")

SHUT = text("""
UPDATE provider SET shut_until = greatest(shut_until, clock_timestamp() + make_interval(secs => :seconds)),
  trips = :trips, allowance = 1, reason = :reason
WHERE name = :name
""")


@dataclass(frozen=True, slots=True)
class State:
    """How the provider is now. `shut_seconds`: for how long nothing is sent; 0: it is open.

    `open_seconds`: how long ago it was opened again; None: it was not shut, or has recovered.
    """

    shut_seconds: float = 0.0
    open_seconds: float | None = None
    trips: int = 0
    allowance: int | None = None

    @property
    def is_shut(self) -> bool:
        return self.shut_seconds > 0

    @property
    def is_normal(self) -> bool:
        return self.open_seconds is None and self.allowance is None

    def precedes(self, age_seconds: float) -> bool:
        """Whether what began so long ago began before it was opened again, and so tells of its past."""
        return self.open_seconds is not None and age_seconds > self.open_seconds


def state(session: Session, name: str) -> State:
    """How it is, without a lock: one row by its key."""
    row = session.execute(STATE, {"name": name}).one_or_none()
    return State() if row is None else State(row.shut_seconds or 0.0, row.open_seconds, row.trips, row.allowance)


def is_shut(session: Session, name: str) -> bool:
    """Whether nothing may be sent now."""
    return state(session, name).is_shut


def may_begin(session: Session, name: str) -> bool:
    """Whether one more batch may be claimed: not while shut, and only the allowance while recovering.

    The provider's row stays locked while it recovers, until the claim commits, so that no two claims take the same
    place. Lock no batch before.
    """
    seen = state(session, name)
    if seen.is_normal or seen.is_shut:
        return seen.is_normal
    seen = _locked(session, name)
    if seen.is_shut or seen.allowance is None:
        return not seen.is_shut
    return under_way(session) < seen.allowance


def under_way(session: Session) -> int:
    """How many batches are claimed under a live lease."""
    return int(session.execute(UNDER_WAY).scalar_one())


def trip(
    session: Session, name: str, *, reason: str, age_seconds: float, retry_after_seconds: float | None = None
) -> float:
    """Shuts the provider; answers for how many seconds to stay away.

    5 s at first, doubling with every trip in a row up to a minute, with jitter; longer if the provider asks for it
    (`retry_after_seconds`). `age_seconds`: how long ago the calls that failed could begin. Only the first of several
    workers that notice one failure counts: not who notices it while it is shut, nor whose calls began before.
    """
    seen = _locked(session, name)
    asked = min(retry_after_seconds or 0.0, ASKED_MOST_SECONDS)
    if seen.is_shut:
        if asked > seen.shut_seconds:
            _shut(session, name, reason, asked, seen.trips)
        return max(seen.shut_seconds, asked)
    if seen.precedes(age_seconds):
        return SHUT_FIRST_SECONDS
    seconds = max(_backoff_seconds(seen.trips + 1), asked)
    _shut(session, name, reason, seconds, seen.trips + 1)
    return seconds


def succeeded(session: Session, name: str, *, age_seconds: float) -> State:
    """A batch went well that began so long ago: doubles the allowance of a provider that recovers.

    Writes nothing while it is normal or shut, or when the batch began before it was opened again.
    """
    if state(session, name).is_normal:
        return State()
    seen = _locked(session, name)
    if seen.is_normal or seen.is_shut or seen.precedes(age_seconds):
        return seen
    allowance = 2 * (seen.allowance or ALLOWANCE_MAX)
    if allowance > ALLOWANCE_MAX:
        session.execute(
            text(
                "UPDATE provider SET shut_until = NULL, allowance = NULL, trips = 0, reason = NULL WHERE name = :name"
            ),
            {"name": name},
        )
    else:
        session.execute(
            text("UPDATE provider SET allowance = :allowance WHERE name = :name"),
            {"name": name, "allowance": allowance},
        )
    return state(session, name)


def lock(session: Session, name: str) -> None:
    """The provider's row FOR UPDATE, written if it was not there. Take it before a batch's, never after."""
    if session.execute(LOCK, {"name": name}).one_or_none() is None:
        session.execute(text("INSERT INTO provider (name) VALUES (:name) ON CONFLICT DO NOTHING"), {"name": name})
        session.execute(LOCK, {"name": name})


def _locked(session: Session, name: str) -> State:
    lock(session, name)
    return state(session, name)


def _shut(session: Session, name: str, reason: str, seconds: float, trips: int) -> None:
    session.execute(SHUT, {"name": name, "reason": reason, "seconds": seconds, "trips": trips})


def _backoff_seconds(trips: int) -> float:
    """Jitter, so that several installations that lost one provider do not come back together."""
    base = min(SHUT_FIRST_SECONDS * 2.0 ** min(trips - 1, 10), SHUT_MOST_SECONDS)
    return min(base * random.uniform(1.0, 1.0 + JITTER), SHUT_MOST_SECONDS)  # noqa: S311 - only jitter
