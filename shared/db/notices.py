"""What a row of the outbox says, worded when it is sent: a settled batch stands for its payments (rule P4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Protocol, cast
from uuid import UUID

from sqlalchemy import CursorResult, TextClause, text
from sqlalchemy.orm import Session

from shared.db.arrays import array_literal
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
RANGE: Final = """
SELECT e.id::text, e.schedule_id::text, e.payer_id, e.payee_id, e.amount, e.currency, e.reference,
  e.nominal_date::text, e.version, e.transaction_id::text
FROM event e WHERE e.date = :date AND e.id >= :first AND e.id <= :last AND {which} ORDER BY e.id LIMIT :most
"""
LISTED: Final = " AND e.id = ANY(CAST(:ids AS uuid[]))"
# Nearly all of the range are, and the planner, which expects one in a month, would collect and sort the range for it;
# of what a CASE says it makes no such guess.
PAID: Final = "CASE e.batch_id WHEN :batch THEN e.status = 'paid' END"
UPCOMING: Final = text(RANGE.format(which="e.status = 'scheduled'"))
PAID_RANGE: Final = text(RANGE.format(which=PAID))
PAID_LIST: Final = text(RANGE.format(which=PAID + LISTED))
ANY: Final = text("SELECT EXISTS (SELECT FROM event WHERE date = :date AND id >= :first AND id <= :last)")
FACTS: Final = text("SELECT notices[1:CAST(:most AS int)], cardinality(notices) FROM outbox WHERE id = :id")


def pages(session: Session, row: Told, most_notices: int, most_pages: int = 1) -> list[Page]:
    """The next pages of a row, at least one: two notices of each payment that was made; `most_notices` is at least 2.

    Of a range all are read at once, which costs half of reading one after the other. Raises Unsayable, also where
    nothing would be told of a row that no payment is left of, as when its month was detached meanwhile.
    """
    if row.kind == "facts":
        texts, count = session.execute(FACTS, {"id": row.id, "most": most_notices}).one()
        notice_wording.check(texts)
        return [Page(texts, len(texts), len(texts) if len(texts) < count else None)]
    if row.kind == "upcoming":
        found = _events(session, row, UPCOMING, most_notices * most_pages)
        return _pages(row, found, notice_wording.upcoming, most_notices, most_pages, each=1)
    if row.kind != "paid":
        raise Unsayable(f"its kind is not known: {row.kind}")
    most = most_notices // 2
    found = _events(session, row, PAID_RANGE if row.ids is None else PAID_LIST, most * most_pages)
    if not (found or session.scalar(ANY, {"date": row.date, "first": row.first_id, "last": row.last_id})):
        raise Unsayable("its payments are not in the database")
    return _pages(row, found, notice_wording.paid, most, most_pages, each=2)


def _events(session: Session, row: Told, statement: TextClause, most: int) -> list[EventRow]:
    values: dict[str, Any] = {"date": row.date, "first": row.first_id, "last": row.last_id, "most": most}
    if row.kind == "paid":
        values["batch"] = row.batch_id
    if row.ids is not None:
        values["ids"] = array_literal(row.ids)
    found = cast("CursorResult[Any]", session.execute(statement, values))
    assert found.cursor is not None  # noqa: S101 - a SELECT has rows, if only none
    # The driver's own tuples: as rows of SQLAlchemy's they cost twice as much, for each payment.
    return list(found.cursor.fetchall())


def _pages(
    row: Told, found: list[EventRow], word: Callable[[str, EventRow], str], most: int, most_pages: int, *, each: int
) -> list[Page]:
    day = str(row.date)
    whole = len(found) < most * most_pages or UUID(found[-1][0]) == row.last_id
    pages = []
    for start in range(0, max(len(found), 1), most):
        texts = [word(day, event) for event in found[start : start + most]]
        end = start + len(texts)
        rest = None if whole and end == len(found) else UUID(int=UUID(found[end - 1][0]).int + 1)
        pages.append(Page(texts, each * len(texts), rest))
    return pages
