"""Pages of schedules, events and transactions, each by a key that does not move while rows change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import starmap
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, literal, select, tuple_

from shared.db import entries
from shared.db.engine import Session
from shared.db.models import Event, Schedule, Transaction
from shared.domain.entries import Entry

# By the tables' columns, not the classes' attributes: SQLAlchemy would make each row by way of its ORM.
EVENT: Final = cast("Table", Event.__table__)
TRANSACTION: Final = cast("Table", Transaction.__table__)
EVENTS: Final = select(*entries.STORED)


class Position(NamedTuple):
    """The last row of the page before."""

    date: date
    id: UUID


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; `first_date` and `last_date` are inclusive, None and () mean: no limit."""

    payer_id: str | None = None
    schedule_id: UUID | None = None
    first_date: date | None = None
    last_date: date | None = None
    statuses: Sequence[str] = ()


def events(session: Session, filters: Filters, *, after: Position | None, limit: int) -> list[Entry]:
    """Events by (date, id)."""
    query = _page(EVENTS, EVENT, filters, after, limit)
    if filters.statuses:
        query = query.where(EVENT.c.status.in_(filters.statuses))
    return list(starmap(Entry, session.execute(query)))


def transactions(session: Session, filters: Filters, *, after: Position | None, limit: int) -> list[Transaction]:
    """Transactions by (date, id); they have no status to filter by."""
    return list(session.scalars(_page(select(Transaction), TRANSACTION, filters, after, limit)))


def schedules(session: Session, payer_id: str | None, *, after: UUID | None, limit: int) -> list[Schedule]:
    """Schedules by id, which is the order they were made in."""
    query = select(Schedule).order_by(Schedule.id).limit(limit)
    if payer_id is not None:
        query = query.where(Schedule.payer_id == payer_id)
    if after is not None:
        query = query.where(Schedule.id > after)
    return list(session.scalars(query))


def _page(query: Select[Any], table: Table, filters: Filters, after: Position | None, limit: int) -> Select[Any]:
    return query.where(*_conditions(table, filters, after)).order_by(table.c.date, table.c.id).limit(limit)


def _conditions(table: Table, filters: Filters, after: Position | None) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if filters.schedule_id is not None:
        wanted.append(table.c.schedule_id == filters.schedule_id)
    if filters.payer_id is not None:
        wanted.append(table.c.payer_id == filters.payer_id)
    elif filters.schedule_id is not None:
        # No index leads with the schedule; its payer, looked up once, leads to the one there is.
        payer = select(Schedule.payer_id).where(Schedule.id == filters.schedule_id).scalar_subquery()
        wanted.append(table.c.payer_id == payer)
    # The comparison of pairs does not prune partitions, the plain one does.
    first = max((day for day in (filters.first_date, after and after.date) if day is not None), default=None)
    if first is not None:
        wanted.append(table.c.date >= first)
    if filters.last_date is not None:
        wanted.append(table.c.date <= filters.last_date)
    if after is not None:
        wanted.append(tuple_(table.c.date, table.c.id) > tuple_(literal(after.date), literal(after.id)))
    return wanted
