"""What a row of the outbox says, worded when it is sent: a settled batch stands for its payments (rule P4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple, Protocol, cast
from uuid import UUID

from sqlalchemy import CursorResult, TextClause, text
from sqlalchemy.orm import Session

from shared.db.arrays import array_literal
from shared.db.walking import WALK
from shared.domain import notice_wording
from shared.domain.notice_wording import EventRow, Unsayable


class Told(Protocol):
    """The columns of a row of the outbox that say what is left to tell of it; not the notices of `facts` themselves."""

    @property
    def id(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def batch_id(self) -> int | None: ...
    @property
    def date(self) -> date | None: ...
    @property
    def first_id(self) -> UUID | None: ...
    @property
    def last_id(self) -> UUID | None: ...
    @property
    def ids(self) -> list[UUID] | None: ...


@dataclass(frozen=True, slots=True)
class Page:
    """Notices of a row that go into one body: `texts`, each one or more of them joined by a comma, and their count.

    `rest`: where the row goes on when these are told, as the next first id, or of `facts` as how many of the array are
    done; None: then it is told whole. A page may be empty, and so may what follows it.
    """

    texts: list[str]
    count: int
    rest: UUID | int | None


# The month's key gives the events in their order, so that a page reads no more than itself, however long the range.
# Of the event, its id as it is: by the text, which has the same name, all of the range would be sorted for each page.
# The driver writes the values into the statement, so that the planner sees nothing of the list where there is none.
RANGE: Final = """
SELECT e.id::text, e.schedule_id::text, e.payer_id, e.payee_id, e.amount, e.currency, e.reference,
  e.nominal_date::text, e.version, e.transaction_id::text
FROM event e WHERE e.date = :date AND e.id >= :first AND e.id <= :last AND {which}
  AND (CAST(:ids AS uuid[]) IS NULL OR e.id = ANY(CAST(:ids AS uuid[]))) ORDER BY e.id LIMIT :most
"""
# Nearly all of the range are, and the planner, which expects one in a month, would collect and sort the range for it;
# of what a CASE says it makes no such guess.
PAID: Final = "CASE e.batch_id WHEN :batch THEN e.status = 'paid' END"
ANY: Final = text("SELECT EXISTS (SELECT FROM event WHERE date = :date AND id >= :first AND id <= :last)")
FACTS: Final = text("SELECT notices[1:CAST(:most AS int)], cardinality(notices) FROM outbox WHERE id = :id")


class _Kind(NamedTuple):
    """How events of a row are asked for and worded. `each`: notices of an event; `stays`: it never becomes another
    thing, so that none is left to tell only where the events are gone."""

    statement: TextClause
    word: Callable[[str, EventRow], str]
    each: int
    stays: bool


KINDS: Final = {
    "paid": _Kind(text(RANGE.format(which=PAID)), notice_wording.paid, 2, stays=True),
    "missed": _Kind(text(RANGE.format(which="e.status = 'missed'")), notice_wording.missed, 1, stays=True),
    "upcoming": _Kind(text(RANGE.format(which="e.status = 'scheduled'")), notice_wording.upcoming, 1, stays=False),
}


def pages(session: Session, row: Told, most_notices: int, most_pages: int = 1) -> list[Page]:
    """The next pages of a row, at least one: two notices of each payment that was made; `most_notices` is at least 2.

    Of a range all are read at once, which costs half of reading one after the other. Raises Unsayable, also where
    nothing would be told of a row that no payment is left of, as when its month was detached meanwhile.
    """
    if row.kind == "facts":
        texts, count = session.execute(FACTS, {"id": row.id, "most": most_notices}).one()
        notice_wording.check(texts)
        return [Page(texts, len(texts), len(texts) if len(texts) < count else None)]
    kind = KINDS.get(row.kind)
    if kind is None:
        raise Unsayable(f"its kind is not known: {row.kind}")
    most = most_notices // kind.each
    found = _events(session, row, kind.statement, most * most_pages)
    if kind.stays and not (found or session.scalar(ANY, _range(row))):
        raise Unsayable("its payments are not in the database")
    return _pages(row, found, kind, most, most_pages)


def _range(row: Told) -> dict[str, Any]:
    return {"date": row.date, "first": row.first_id, "last": row.last_id}


def _events(session: Session, row: Told, statement: TextClause, most: int) -> list[EventRow]:
    ids = None if row.ids is None else array_literal(row.ids)
    values = {**_range(row), "batch": row.batch_id, "ids": ids, "most": most}
    session.execute(WALK)
    found = cast("CursorResult[Any]", session.execute(statement, values))
    assert found.cursor is not None  # noqa: S101 - a SELECT has rows, if only none
    # The driver's own tuples: as rows of SQLAlchemy's they cost twice as much, for each payment.
    return list(found.cursor.fetchall())


def _pages(row: Told, found: list[EventRow], kind: _Kind, most: int, most_pages: int) -> list[Page]:
    day = str(row.date)
    whole = len(found) < most * most_pages or UUID(found[-1][0]) == row.last_id
    pages = []
    for start in range(0, max(len(found), 1), most):
        texts = [kind.word(day, event) for event in found[start : start + most]]
        end = start + len(texts)
        rest = None if whole and end == len(found) else UUID(int=UUID(found[end - 1][0]).int + 1)
        pages.append(Page(texts, kind.each * len(texts), rest))
    return pages
