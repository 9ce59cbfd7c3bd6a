"""The API after a first payday: a payment failed, one is unknown, one was paid, and an operator has looked."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from shared.db import reconcile_items
from shared.db.engine import make_sessions
from shared.db.models import Event
from shared.db.reconcile_items import Item
from tests.bank import BankProcess
from tests.integration.api.client import TODAY, Api
from tests.world import World

FAULTS: Final[dict[str, list[dict[str, Any]]]] = {
    "failed": [{"fault": "decline", "code": "insufficient_funds"}],
    "unknown": [{"fault": "server_error"}],
    "paid": [],
}
"""What the bank does, so that a payment becomes this."""

NO_LIMITS: Final = {"RATE_LIMIT_PAYER": "", "RATE_LIMIT_TRUSTED": "", "MAX_SCHEDULES_PER_PAYER": "0"}
OPERATOR: Final[dict[str, Any]] = {"sub": "olga", "scopes": ("ops",)}

# In the order in which rows can be written. The audit can only grow, and no answer of the API depends on it.
TABLES: Final = tuple(
    f'"{table.name}"' for table in Event.metadata.sorted_tables if not table.name.startswith(("audit", "calendar"))
)


class Town:
    """`api` without limits; `events` are the first ones of today by what became of them."""

    def __init__(self, database_url: str, bank: BankProcess) -> None:
        self.api = Api(database_url, **NO_LIMITS)
        world = World(database_url, bank, today=TODAY, PROVIDER_MODE="none")
        # First in the list of events, and not paid: what can be skipped, restored and edited.
        self._place("/v1/holds", {"payeeId": "nobody", "reason": "Asked for by the court"})
        self.api.schedule(startDate=TODAY, payeeId="nobody")
        self.events = {status: self._event(world, status) for status in FAULTS}
        world.close()
        self._find_difference(self.events["unknown"]["id"])
        self._each(f"CREATE TABLE {_copy(table)} AS TABLE {table}" for table in TABLES)

    def restore(self) -> None:
        """Everything as it was when this town was built."""
        self._each(f"DELETE FROM {table}" for table in reversed(TABLES))
        self._each(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM {_copy(table)}" for table in TABLES)

    def close(self) -> None:
        self.api.close()

    def _event(self, world: World, status: str) -> dict[str, Any]:
        made = self.api.schedule(startDate=TODAY)
        world.bank.clear_faults()
        world.bank.faults(*FAULTS[status])
        world.pay()
        event: dict[str, Any] = self.api.get(f"/v1/events/{made['events'][0]['id']}")
        assert event["status"] == status
        return event

    def _place(self, path: str, body: dict[str, Any]) -> None:
        assert self.api.call("POST", path, json=body, **OPERATOR).status_code == 201

    def _find_difference(self, event_id: str) -> None:
        today = date.fromisoformat(TODAY)
        theirs = {"status": "succeeded", "payerId": "alice", "amount": "25.00", "currency": "GBP"}
        item = Item("paid_there", "k1", "pay_81", UUID(event_id), today, {**theirs, "status": "unknown"}, theirs)
        with make_sessions(self.api.engine).begin() as session:
            reconcile_items.record(session, today, [item])

    def _each(self, statements: Any) -> None:
        with self.api.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))


def _copy(table: str) -> str:
    return table.replace('"', '"copy_of_', 1)
