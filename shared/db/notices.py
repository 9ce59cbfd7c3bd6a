"""What a row of the outbox says, worded when it is sent: a settled batch stands for its payments (rule P4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db.arrays import array_literal
from shared.db.notice_texts import event_text
from shared.domain.notices import NoticeType, Role


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
    """The next notices of a row: `texts`, each one or more of them joined by a comma, and how many that are.

    `rest`: where the row goes on when these are told, as the next first id, or of `facts` as how many of the array are
    done; None: then it is told whole. A page may be empty, and so may what follows it.
    """

    texts: list[str]
    count: int
    rest: UUID | int | None


# The month's key gives the events in their order, so that a page reads no more than itself, however long the range.
RANGE: Final = """
SELECT e.id, {notices} FROM event e
WHERE e.date = :date AND e.id >= :first AND e.id <= :last AND {which} ORDER BY e.id LIMIT :most
"""
LISTED: Final = " AND e.id = ANY(CAST(:ids AS uuid[]))"
PAID: Final = "e.batch_id = :batch AND e.status = 'paid'"
BOTH: Final = f"{event_text(NoticeType.PAID)} || ',' || {event_text(NoticeType.PAID, Role.PAYEE)}"
UPCOMING: Final = text(RANGE.format(notices=event_text(NoticeType.UPCOMING), which="e.status = 'scheduled'"))
PAID_RANGE: Final = text(RANGE.format(notices=BOTH, which=PAID))
PAID_LIST: Final = text(RANGE.format(notices=BOTH, which=PAID + LISTED))
FACTS: Final = text("SELECT notices[1:CAST(:most AS int)], cardinality(notices) FROM outbox WHERE id = :id")


def page(session: Session, row: Told, most_notices: int) -> Page:
    """The next notices of a row, two of each payment that was made; `most_notices` is at least 2."""
    if row.kind == "facts":
        texts, count = session.execute(FACTS, {"id": row.id, "most": most_notices}).one()
        return Page(texts, len(texts), len(texts) if len(texts) < count else None)
    if row.kind == "upcoming":
        return _of_events(session, row, UPCOMING, most_notices, each=1)
    return _of_events(session, row, PAID_LIST if row.ids is not None else PAID_RANGE, most_notices, each=2)


def _of_events(session: Session, row: Told, statement: Any, most_notices: int, *, each: int) -> Page:
    most = most_notices // each
    values: dict[str, Any] = {"date": row.date, "first": row.first_id, "last": row.last_id, "most": most}
    if row.kind == "paid":
        values["batch"] = row.batch_id
    if row.ids is not None:
        values["ids"] = array_literal(row.ids)
    found = session.execute(statement, values).all()
    texts = [notices for _, notices in found]
    whole = len(found) < most or found[-1].id == row.last_id
    return Page(texts, each * len(found), None if whole else UUID(int=found[-1].id.int + 1))
