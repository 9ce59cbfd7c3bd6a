"""The database and the model side by side: each transaction runs on both, and both must say and leave the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import insert, text

from shared.db.models import Event, Schedule, ScheduleRevision
from shared.db.parts import Claim
from shared.settings import Settings
from tests.simulation.broken import demand
from tests.simulation.database import Database
from tests.simulation.model import proving
from tests.simulation.model.model import Model
from tests.simulation.model.rows import CURRENCY, EventRow, schedule_id
from tests.simulation.projection import of_database, of_model
from tests.simulation.transactions import Taken

# Ids of batches count from one in every story, as the model's do.
EMPTY = text("""
DELETE FROM event; DELETE FROM transaction; DELETE FROM attempt; DELETE FROM batch; DELETE FROM booking;
DELETE FROM run; DELETE FROM hold; DELETE FROM pause; DELETE FROM schedule_revision; DELETE FROM schedule;
DELETE FROM final_decline;
ALTER TABLE batch ALTER COLUMN id RESTART WITH 1
""")


READ_ONLY = ("unfinished_plans", "to_close")


class Lockstep:
    """What the actors call; `comparisons` counts the pictures that were compared."""

    def __init__(self, database: Database, model: Model) -> None:
        self.database = database
        self.model = model
        self.comparisons = 0
        self._clock = -1
        _fill(database, model.rows.events)

    def __getattr__(self, name: str) -> Any:
        real = getattr(self.database, "close_run" if name == "close" else name)
        modelled = getattr(self.model, name)

        def both(*arguments: Any, **named: Any) -> Any:
            self._set_clock()
            found = real(*arguments, **named)
            expected = modelled(*arguments, **named)
            self._compare(name, found, expected)
            return expected

        return both

    def take_due(self, settings: Settings) -> Taken | None:
        """Of several that are due equally long, PostgreSQL says which."""
        self._set_clock()
        found = self.database.take_due(settings)
        preferred = None
        if found is not None:
            attempt = found[0]
            preferred = (self.model.rows.by_id[attempt.event_id].number, attempt.number)
        expected = proving.take_due(self.model.rows, settings, preferred)
        self._compare("take_due", found, expected)
        return expected

    def _set_clock(self) -> None:
        if self.model.rows.now != self._clock:
            self._clock = self.model.rows.now
            self.database.set_clock(self._clock)

    def _compare(self, name: str, found: object, expected: object) -> None:
        found, expected = _in_order(found), _in_order(expected)
        demand(found == expected, f"{name}: the database says {found}, the model {expected}")
        if name in READ_ONLY:
            return
        theirs, ours = of_database(self.database), of_model(self.model.rows)
        for table, rows in theirs.items():
            off = {key: (rows.get(key), ours[table].get(key)) for key in {*rows, *ours[table]}}
            off = {key: pair for key, pair in off.items() if pair[0] != pair[1]}
            demand(not off, f"after {name}, {table} differ (the database's, the model's): {off}")
        self.comparisons += 1


def _in_order(found: object) -> object:
    """A claim names its events in no order."""
    if isinstance(found, Claim):
        return replace(found, fresh=sorted(found.fresh), doubtful=sorted(found.doubtful))
    return found


def _fill(database: Database, events: list[EventRow]) -> None:
    """Writes a story's schedules and events as their opening does, and nothing else."""
    with database.sessions.begin() as session:
        session.execute(EMPTY)
        session.execute(insert(Schedule), [_schedule(event) for event in events])
        session.execute(insert(ScheduleRevision), [_revision(event) for event in events])
        session.execute(insert(Event), [_event(event) for event in events])


def _terms(event: EventRow) -> dict[str, Any]:
    return {"payee_id": event.payee_id, "amount": event.amount, "rule": event.schedule.revisions[0].rule.to_json()}


def _schedule(event: EventRow) -> dict[str, Any]:
    day, retries = event.date, event.schedule.retry_days
    return {
        **_terms(event),
        "id": schedule_id(event.number),
        "payer_id": event.payer_id,
        "currency": CURRENCY,
        "start_date": day,
        "is_recurring": False,
        "frequency": "once",
        "pay_late": event.schedule.pay_late,
        "retry_days": None if retries is None else list(retries),
        "next_sequence": 2,
        "written_through": day,
    }


def _revision(event: EventRow) -> dict[str, Any]:
    return {
        **_terms(event),
        "schedule_id": schedule_id(event.number),
        "revision": 1,
        "from_nominal_date": event.date,
    }


def _event(event: EventRow) -> dict[str, Any]:
    return {
        "date": event.date,
        "id": event.id,
        "schedule_id": schedule_id(event.number),
        "payer_id": event.payer_id,
        "payee_id": event.payee_id,
        "amount": event.amount,
        "currency": CURRENCY,
        "nominal_date": event.date,
        "sequence": 1,
        "revision": 1,
    }
