"""What stands in the outbox, for tests that send nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.engine import Row

from tests.integration.api.client import Api
from tests.world import World

Notice = dict[str, Any]

NOTIFIED: Final = {"NOTIFY_URL": "http://127.0.0.1:9/", "NOTIFY_SECRET": "whsec_" + "c2VjcmV0IG9m" * 3}
"""Settings with which payers and payees are told; nobody listens there."""

TAKE: Final = "WITH gone AS (DELETE FROM outbox RETURNING *) SELECT * FROM gone WHERE kind = 'facts' ORDER BY id"


class Told(NamedTuple):
    """The outbox of an API or of a world."""

    rows: Callable[[str], list[Row[Any]]]

    @classmethod
    def by(cls, api: Api) -> Told:
        return cls(api.rows)

    @classmethod
    def of(cls, world: World) -> Told:
        return cls(lambda statement: world.transact(lambda session: list(session.execute(text(statement)))))

    def take_rows(self) -> list[list[Notice]]:
        """The facts since the last time, row by row in the order in which they were written."""
        return [[json.loads(notice) for notice in row.notices] for row in self.rows(TAKE)]

    def take(self) -> list[Notice]:
        """The facts since the last time."""
        return [notice for row in self.take_rows() for notice in row]
