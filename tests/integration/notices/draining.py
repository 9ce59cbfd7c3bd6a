"""All that the outbox says, taken out of it as a sender does whose every call is accepted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.engine import Row
from sqlalchemy.orm import Session

from shared.db import notices
from shared.domain.notices import MOST_IN_BODY
from tests.integration.notices.outbox import Notice
from tests.world import World

ROWS: Final = text("DELETE FROM outbox RETURNING *")
LOOK: Final = text("SELECT * FROM outbox ORDER BY id")
CUT: Final = text("UPDATE outbox SET notices = notices[CAST(:done AS int) + 1:] WHERE id = :id")


def rows(world: World) -> list[Row[Any]]:
    """The outbox as it stands, in the order in which it was written."""
    return world.transact(lambda session: list(session.execute(LOOK)))


def drain(world: World, most: int = MOST_IN_BODY) -> list[Notice]:
    """Every notice that is left to send, in pages of `most`; then the outbox is empty."""

    def work(session: Session) -> list[Notice]:
        told = [notice for row in session.execute(LOOK).all() for notice in _told(session, row, most)]
        session.execute(ROWS)
        return told

    return world.transact(work)


def ids(told: list[Notice]) -> list[str]:
    return [notice["id"] for notice in told]


def by_type(told: list[Notice], type_: str) -> list[Notice]:
    return [notice for notice in told if notice["type"] == type_]


def _told(session: Session, row: Row[Any], most: int) -> Iterator[Notice]:
    left: Any = SimpleNamespace(**row._mapping)
    while True:
        (page,) = notices.pages(session, left, most)
        found = json.loads(f"[{','.join(page.texts)}]")
        assert len(found) == page.count <= most
        yield from found
        if page.rest is None:
            return
        if isinstance(page.rest, int):
            session.execute(CUT, {"done": page.rest, "id": left.id})
        else:
            left.first_id = page.rest
