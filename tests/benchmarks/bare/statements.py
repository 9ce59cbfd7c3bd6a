"""The claim and the settlement by themselves: two bare loops on PostgreSQL, no Celery, no HTTP, no bank.

`python -m tests.benchmarks.bare.statements FIRST STEP` is one of the loops: it takes every STEP-th batch from FIRST on.
"""

from __future__ import annotations

import os
import sys
from datetime import date

from sqlalchemy import text

from shared.db import parts, planning
from shared.db.engine import Sessions, make_engine, make_sessions
from shared.db.holds import Holds
from shared.db.parts import Claim
from shared.db.retrying import transact
from shared.db.settlement import settle
from shared.db.spans import Span
from shared.db.verdicts import Verdict
from shared.settings_values import database_url
from tests.benchmarks import payday
from tests.benchmarks.bare.loops import run_together, when_told

HELD = "UPDATE batch SET status = 'claimed', epoch = 1, worker = 'bare', lease_until = now() + interval '1 day'"
MINE = "SELECT id, date, first_id, last_id FROM batch ORDER BY id"
MODULE = "tests.benchmarks.bare.statements"
NAME = "PAYDAY_BENCH_DATABASE_URL"


def measure(events: int, *, processes: int, batch_size: int) -> float:
    """Events a second that so many loops claim and settle as paid, of batches that were cut before."""
    with payday.new_place() as place:
        payday.fill(place.database_url, events)
        sessions = _sessions(place.database_url)
        _cut(sessions, batch_size)
        loops = [(str(first), str(processes)) for first in range(processes)]
        seconds = run_together(MODULE, loops, {NAME: place.database_url})
        with sessions() as session:
            paid = session.scalar(text("SELECT count(*) FROM event WHERE status = 'paid'"))
            made = session.scalar(text("SELECT count(*) FROM transaction"))
        sessions.kw["bind"].dispose()
    assert (paid, made) == (events, events)
    return events / seconds


def _cut(sessions: Sessions, batch_size: int) -> None:
    day = date.fromisoformat(payday.DAY)
    while not transact(
        sessions, lambda session: planning.plan_step(session, day, size=batch_size, steps=25, past=False)
    ):
        pass
    with sessions.begin() as session:
        session.execute(text(HELD))


def _loop(first: int, step: int) -> None:
    sessions = _sessions(os.environ[NAME])
    with sessions() as session:
        rows = session.execute(text(MINE)).all()[first::step]
    claims = [Claim(row.id, row.date, 1, Span(row.date, row.first_id, row.last_id, None), 0.0) for row in rows]
    when_told(lambda: _pay_all(sessions, claims))


def _pay_all(sessions: Sessions, claims: list[Claim]) -> None:
    for claim in claims:
        _pay(sessions, claim)


def _pay(sessions: Sessions, claim: Claim) -> None:
    with sessions.begin() as session:
        claimed = parts.claim_next(session, claim, Holds(), most=None)
    verdicts = {event.id: Verdict("paid", None, "bare") for event in claimed.fresh}
    with sessions.begin() as session:
        assert settle(session, claimed, verdicts, provider="bare") == len(verdicts)


def _sessions(url: str) -> Sessions:
    return make_sessions(make_engine(database_url(url), pool_size=1))


if __name__ == "__main__":
    _loop(int(sys.argv[1]), int(sys.argv[2]))
