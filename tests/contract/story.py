"""What has to have happened before the example of an operation can be sent: its path, once it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from api_service.examples import answered, asked
from shared.db import reconcile_items
from shared.db.engine import make_sessions
from shared.db.reconcile_items import Item
from tests.contract.town import FAULTS, OPERATOR
from tests.integration.api.client import TODAY, Api
from tests.world import World


class Story:
    """Alice's schedule, and what a worker and operators do about it."""

    def __init__(self, api: Api, world: World) -> None:
        self._api, self._world = api, world

    def schedule(self) -> str:
        return f"/v1/schedules/{self._made()['id']}"

    def pause(self) -> str:
        path = f"{self.schedule()}/pauses"
        return f"{path}/{self._done(path, asked.PAUSE_SCHEDULE)['id']}"

    def event(self) -> str:
        return f"/v1/events/{self._made()['events'][3]['id']}"

    def skipped_event(self) -> str:
        path = self.event()
        assert self._api.call("DELETE", path).status_code == 200
        return path

    def failed_event(self) -> str:
        return self._sent("failed")

    def unknown_event(self) -> str:
        return self._sent("unknown")

    def transaction(self) -> str:
        self._done(f"{self.unknown_event()}/resolve", asked.RESOLVE_EVENT, **OPERATOR)
        return ""

    def run(self) -> str:
        self._sent("paid")
        return f"/v1/runs/{TODAY}"

    def paused_run(self) -> str:
        path = self.run()
        self._done(f"{path}/pause", asked.PAUSE_RUN, **OPERATOR)
        return path

    def hold(self) -> str:
        return f"/v1/holds/{self._done('/v1/holds', asked.PLACE_HOLD, **OPERATOR)['id']}"

    def reconcile_item(self) -> str:
        [said] = answered.RECONCILE_ITEM_PAGE["data"]
        day, event = date.fromisoformat(TODAY), UUID(self.failed_event().rpartition("/")[2])
        item = Item(said["kind"], said["idempotencyKey"], said["paymentId"], event, day, said["ours"], said["theirs"])
        with make_sessions(self._api.engine).begin() as session:
            reconcile_items.record(session, day, [item])
        return ""

    def _made(self, **changes: Any) -> dict[str, Any]:
        return self._api.schedule(**{**asked.CREATE_SCHEDULE, **changes})

    def _sent(self, status: str) -> str:
        made = self._made(startDate=TODAY, frequency="once")
        self._world.bank.faults(*FAULTS[status])
        self._world.pay()
        return f"/v1/events/{made['events'][0]['id']}"

    def _done(self, path: str, body: dict[str, Any], **request: Any) -> dict[str, Any]:
        response = self._api.call("POST", path, json=body, **request)
        assert response.status_code < 300, response.get_data(as_text=True)
        return dict(response.get_json())


BEFORE: Final[Mapping[str, Callable[[Story], str]]] = {
    "createSchedule": lambda _: "/v1/schedules",
    "previewSchedule": lambda _: "/v1/schedules/preview",
    "listSchedules": lambda story: story.schedule() and "/v1/schedules",
    "getSchedule": Story.schedule,
    "updateSchedule": Story.schedule,
    "cancelSchedule": Story.schedule,
    "pauseSchedule": lambda story: f"{story.schedule()}/pauses",
    "resumeSchedule": Story.pause,
    "listEvents": lambda story: story.schedule() and "/v1/events",
    "getEvent": Story.event,
    "updateEvent": Story.event,
    "cancelEvent": Story.event,
    "restoreEvent": lambda story: f"{story.skipped_event()}/restore",
    "retryEvent": lambda story: f"{story.failed_event()}/retry",
    "resolveEvent": lambda story: f"{story.unknown_event()}/resolve",
    "listTransactions": lambda story: f"{story.transaction()}/v1/transactions",
    "listRuns": lambda story: story.run() and "/v1/runs",
    "getRun": Story.run,
    "pauseRun": lambda story: f"{story.run()}/pause",
    "resumeRun": lambda story: f"{story.paused_run()}/resume",
    "closeRun": lambda story: f"{story.run()}/close",
    "placeHold": lambda _: "/v1/holds",
    "listHolds": lambda story: story.hold() and "/v1/holds",
    "getHold": Story.hold,
    "endHold": Story.hold,
    "listReconcileItems": lambda story: f"{story.reconcile_item()}/v1/reconcile-items",
}
"""For each operation, what leads to the address that its example is sent to."""
