"""Who may do what with each operation of the API: the contract, operation by operation, and a request for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.integration.api.client import RENT, Api
from tests.integration.api.supply import Supply

READ, WRITE, OPS, IMPORT, ANY = "schedules:read", "schedules:write", "ops", "import", "payers:any"
SCOPES = (READ, WRITE, OPS, IMPORT, ANY)
NOWHERE = "01a203ba-7a30-7fd2-94a8-833133eb2fb3"
RUN_DAYS = [f"2026-{month:02}-{day:02}" for month in range(1, 11) for day in range(1, 29)]
NO_SCOPES: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Ask:
    """A request that would succeed if its caller may make it."""

    path: str
    json: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def naming(self, payer: str) -> Ask:
        """The same with `payerId` in its query."""
        return Ask(f"{self.path}{'&' if '?' in self.path else '?'}payerId={payer}", self.json, self.headers)


class Desk:
    """Makes ready what requests are about."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.supply = Supply(api)
        self._days = iter(RUN_DAYS)
        api.rows(
            "INSERT INTO run (date, status, opened_at) SELECT d, 'open', now() FROM unnest(CAST(:days AS date[])) AS d",
            days=[*RUN_DAYS, "2026-11-20"],
        )
        self._batch = api.rows(
            "INSERT INTO batch (run_date, date, first_id, last_id, status) VALUES"
            " ('2026-11-20', '2026-12-31', :id, :id, 'done') RETURNING id",
            id=NOWHERE,
        )[0][0]

    def schedule(self, payer: str) -> str:
        return f"/v1/schedules/{self.supply.take(payer).schedule_id}"

    def paused(self, payer: str) -> str:
        """A pause of a schedule."""
        schedule_id = self.supply.take(payer).schedule_id
        insert = (
            "INSERT INTO pause (id, schedule_id, from_date) VALUES (gen_random_uuid(), :id, '2027-01-01') RETURNING id"
        )
        return f"/v1/schedules/{schedule_id}/pauses/{self.api.rows(insert, id=schedule_id)[0][0]}"

    def event(self, payer: str, status: str | None = None, **columns: object) -> str:
        event_id = self.supply.take(payer).event_id
        if status is not None:
            self.api.set_status(event_id, status, **columns)
        return f"/v1/events/{event_id}"

    def failed(self, payer: str) -> str:
        return self.event(payer, "failed", failure_code="insufficient_funds", batch_id=self._batch)

    def unknown(self, payer: str) -> str:
        return self.event(payer, "unknown", first_sent_at="2026-11-20T12:00Z", batch_id=self._batch)

    def run(self, status: str = "open") -> str:
        day = next(self._days)
        if status != "open":
            self.api.rows("UPDATE run SET status = :status, reason = 'x' WHERE date = :day", status=status, day=day)
        return f"/v1/runs/{day}"

    def hold(self, payer: str) -> str:
        made = self.api.call("POST", "/v1/holds", scopes=(OPS,), json={"payerId": payer, "reason": "x"})
        return str(made.headers["Location"])


@dataclass(frozen=True)
class Permission:
    """What a token must hold for one operation.

    `enters`: any of these scopes lets it in. `reaches`: any of these sets of scopes lets it act for another payer.
    `payer`: where the request says whose thing it is: by the thing in its `path`, in its `query`, in its `body`.
    `audits`: the row that it leaves; None for what only reads.
    """

    enters: frozenset[str]
    ask: Callable[[Desk, str], Ask]
    reaches: tuple[frozenset[str], ...] = ()
    payer: frozenset[str] = NO_SCOPES
    audits: str | None = None
    status: int = 200

    def lets_in(self, scopes: frozenset[str]) -> bool:
        return not self.enters.isdisjoint(scopes)

    def reaches_others(self, scopes: frozenset[str]) -> bool:
        return any(needed <= scopes for needed in self.reaches)


def _reading(ask: Callable[[Desk, str], Ask], *payer: str) -> Permission:
    reaches = (frozenset({OPS}), frozenset({READ, ANY}))
    return Permission(frozenset({READ, OPS}), ask, reaches, frozenset(payer))


def _writing(audits: str, ask: Callable[[Desk, str], Ask], *payer: str, status: int = 200) -> Permission:
    return Permission(frozenset({WRITE}), ask, (frozenset({WRITE, ANY}),), frozenset(payer), audits, status)


def _operating(ask: Callable[[Desk, str], Ask], audits: str | None = None, **more: Any) -> Permission:
    return Permission(frozenset({OPS}), ask, audits=audits, **more)


THIS_VERSION = {"If-Match": '"v1"'}
EARLY = {"reason": "The provider closes early"}

PERMISSIONS: dict[str, Permission] = {
    "createSchedule": _writing(
        "schedule.created",
        lambda desk, payer: Ask("/v1/schedules", {**RENT, "frequency": "once", "payerId": payer}),
        "body",
        status=201,
    ),
    "previewSchedule": Permission(
        frozenset({READ, WRITE}),
        lambda desk, payer: Ask("/v1/schedules/preview", {**RENT, "payerId": payer}),
        (frozenset({READ, ANY}), frozenset({WRITE, ANY})),
        frozenset({"body"}),
    ),
    "listSchedules": _reading(lambda desk, payer: Ask("/v1/schedules"), "query"),
    "getSchedule": _reading(lambda desk, payer: Ask(desk.schedule(payer)), "path", "query"),
    "updateSchedule": _writing(
        "schedule.updated",
        lambda desk, payer: Ask(desk.schedule(payer), {"reference": "other"}, THIS_VERSION),
        "path",
        "query",
    ),
    "cancelSchedule": _writing("schedule.cancelled", lambda desk, payer: Ask(desk.schedule(payer)), "path", "query"),
    "pauseSchedule": _writing(
        "schedule.paused",
        lambda desk, payer: Ask(f"{desk.schedule(payer)}/pauses", {"from": "2027-01-01", "until": None}),
        "path",
        "query",
        status=201,
    ),
    "resumeSchedule": _writing("schedule.resumed", lambda desk, payer: Ask(desk.paused(payer)), "path", "query"),
    "listEvents": _reading(lambda desk, payer: Ask("/v1/events"), "query"),
    "getEvent": _reading(lambda desk, payer: Ask(desk.event(payer)), "path", "query"),
    "updateEvent": _writing(
        "event.updated",
        lambda desk, payer: Ask(desk.event(payer), {"amount": "1.00"}, THIS_VERSION),
        "path",
        "query",
    ),
    "cancelEvent": _writing("event.skipped", lambda desk, payer: Ask(desk.event(payer)), "path", "query"),
    "restoreEvent": _writing(
        "event.restored",
        lambda desk, payer: Ask(f"{desk.event(payer, 'cancelled', cancel_reason='skipped')}/restore"),
        "path",
        "query",
    ),
    "retryEvent": Permission(
        frozenset({WRITE, OPS}),
        lambda desk, payer: Ask(f"{desk.failed(payer)}/retry"),
        (frozenset({OPS}), frozenset({WRITE, ANY})),
        frozenset({"path", "query"}),
        "event.retried",
    ),
    "resolveEvent": _operating(
        lambda desk, payer: Ask(f"{desk.unknown(payer)}/resolve", {"outcome": "failed", "reason": "Never came"}),
        "event.resolved",
        reaches=(frozenset({OPS}),),
        payer=frozenset({"path"}),
    ),
    "listTransactions": _reading(lambda desk, payer: Ask("/v1/transactions"), "query"),
    "listRuns": _operating(lambda desk, payer: Ask("/v1/runs")),
    "getRun": _operating(lambda desk, payer: Ask(desk.run())),
    "pauseRun": _operating(lambda desk, payer: Ask(f"{desk.run()}/pause", EARLY), "run.paused"),
    "resumeRun": _operating(lambda desk, payer: Ask(f"{desk.run('paused')}/resume", EARLY), "run.resumed"),
    "closeRun": _operating(lambda desk, payer: Ask(f"{desk.run()}/close", EARLY), "run.closing"),
    "placeHold": _operating(
        lambda desk, payer: Ask("/v1/holds", {"payerId": payer, "reason": "Asked by phone"}),
        "hold.placed",
        reaches=(frozenset({OPS}),),
        payer=frozenset({"body"}),
        status=201,
    ),
    "listHolds": _operating(lambda desk, payer: Ask("/v1/holds")),
    "getHold": _operating(lambda desk, payer: Ask(desk.hold(payer))),
    "endHold": _operating(lambda desk, payer: Ask(desk.hold(payer)), "hold.ended"),
    "listReconcileItems": _operating(lambda desk, payer: Ask("/v1/reconcile-items")),
}
