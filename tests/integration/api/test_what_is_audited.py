"""Every change that a person or the product makes writes its row: who, for whom, what, before, after, which request.

One story makes every change there is. `Action` lists them; one that the story does not make, or that is not expected
here, fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, NamedTuple, get_args

import pytest
from sqlalchemy.engine import Row

from deploy.cli.calendar_changes import change_day, refresh_all
from shared.db import outbox_list
from shared.db.audit import OPERATOR, Action
from shared.reroll import reroll_all
from tests.bank import BankProcess
from tests.embedded import DatabaseServer
from tests.integration.api.client import TODAY, Api
from tests.integration.paydays.test_reconciling import direct
from tests.world import World
from worker_service import trouble
from worker_service.gateway import Results, Trouble, TroubleKind
from worker_service.gateway.listing import Listing
from worker_service.reconcile import reconcile
from worker_service.reconcile_span import span_of

OPS: dict[str, Any] = {"sub": "olga", "scopes": ("ops",)}
FAULTS: list[dict[str, Any]] = [
    {"fault": "decline", "payerId": "dora", "code": "insufficient_funds"},
    {"fault": "decline", "payerId": "cleo", "code": "account_closed"},
    {"fault": "hang", "payerId": "ugo", "seconds": 5},
]
RUN = f"/v1/runs/{TODAY}"


class Expected(NamedTuple):
    """What a row of this action says. `before`, `after`: a value that each holds; None: the column is NULL."""

    actor: str
    payer_id: str | None
    subject: str
    before: tuple[str, Any] | None
    after: tuple[str, Any] | None

    @property
    def is_requested(self) -> bool:
        """Whether it came by the API."""
        return self.actor not in ("payday", "operator")


ALICE, DORA = ("alice", "alice"), ("dora", "dora")
EXPECTED: dict[Action, Expected] = {
    "schedule.created": Expected(*ALICE, "schedule", None, ("amount", 2500)),
    "schedule.updated": Expected(*ALICE, "schedule", ("amount", 2500), ("amount", 2600)),
    "schedule.cancelled": Expected(*ALICE, "schedule", ("status", "active"), ("status", "cancelled")),
    "schedule.paused": Expected(*ALICE, "schedule", None, ("from", "2027-01-10")),
    "schedule.resumed": Expected(*ALICE, "schedule", ("from", "2027-01-10"), None),
    "schedule.suspended": Expected("payday", "cleo", "schedule", None, ("reason", "suspended")),
    "schedule.rerolled": Expected("operator", "alice", "schedule", None, ("collapsed", [])),
    "event.updated": Expected(*ALICE, "event", ("amount", 2600), ("amount", 2700)),
    "event.skipped": Expected(*ALICE, "event", ("status", "scheduled"), ("cancelReason", "skipped")),
    "event.restored": Expected(*ALICE, "event", ("cancelReason", "skipped"), ("status", "scheduled")),
    "event.given_up": Expected(*DORA, "event", ("retryOn", "2026-11-23"), ("cancelReason", "given_up")),
    "event.retried": Expected(*DORA, "event", ("retryOn", None), ("retryOn", TODAY)),
    "event.resolved": Expected("olga", "ugo", "event", ("status", "unknown"), ("reason", "never came")),
    "run.paused": Expected("payday", None, "run", ("status", "open"), ("reason", "status 401")),
    "run.resumed": Expected("olga", None, "run", ("status", "paused"), ("status", "open")),
    "run.closing": Expected("olga", None, "run", ("closing", False), ("closing", True)),
    "run.closed": Expected("payday", None, "run", ("status", "open"), ("balanced", True)),
    "hold.placed": Expected("olga", "alice", "hold", None, ("active", True)),
    "hold.ended": Expected("olga", "alice", "hold", ("active", True), ("active", False)),
    "calendar.closed": Expected("operator", None, "calendar", None, ("name", "Strike")),
    "calendar.opened": Expected("operator", None, "calendar", ("works", False), ("works", True)),
    "calendar.cleared": Expected("operator", None, "calendar", ("works", True), ("works", False)),
    "calendar.refreshed": Expected("operator", None, "calendar", None, ("libraryVersion", ...)),
    "reconcile_item.found": Expected("operator", "stranger", "reconcile_item", None, ("open", True)),
    "reconcile_item.settled": Expected("operator", "stranger", "reconcile_item", ("open", True), ("open", False)),
    "outbox.replayed": Expected("operator", None, "outbox", ("state", "dead"), ("count", 1)),
}
"""Of the first row of each action for that payer in the story."""


def tell(api: Api, world: World) -> None:
    """The story."""

    def done(method: str, path: str, **request: Any) -> Any:
        response = api.call(method, path, **request)
        assert response.status_code < 300, response.get_data(as_text=True)
        return response.get_json()

    change_schedules(api, done)
    change_events_that_went_wrong(api, world, done)
    compare(world)
    change_runs_and_holds(world, done)
    change_calendars(api, world)
    replay(api, world)


Done = Callable[..., Any]


def change_schedules(api: Api, done: Done) -> None:
    made = api.schedule(count=6, dayConvention="following", calendar="GB-ENG")
    path = f"/v1/schedules/{made['id']}"
    done("PATCH", path, json={"amount": "26.00"}, headers={"If-Match": f'"v{made["version"]}"'})
    pause = done("POST", f"{path}/pauses", json={"from": "2027-01-10", "until": "2027-01-20"})
    done("DELETE", f"{path}/pauses/{pause['id']}")
    event = api.get(f"/v1/events?scheduleId={made['id']}")["data"][1]
    changed = f"/v1/events/{event['id']}"
    done("PATCH", changed, json={"amount": "27.00"}, headers={"If-Match": f'"v{event["version"]}"'})
    done("DELETE", changed)
    done("POST", f"{changed}/restore")
    done("DELETE", f"/v1/schedules/{api.schedule()['id']}")


def change_events_that_went_wrong(api: Api, world: World, done: Done) -> None:
    waits = api.schedule(sub="dora", startDate=TODAY, count=1, retry={"days": [1]})["events"][0]
    failed = api.schedule(sub="dora", startDate=TODAY, count=1)["events"][0]
    unknown = api.schedule(sub="ugo", startDate=TODAY, count=1)["events"][0]
    api.schedule(sub="cleo", startDate=TODAY, count=3)
    world.pay()
    world.bank.clear_faults()
    done("DELETE", f"/v1/events/{waits['id']}", sub="dora")
    done("POST", f"/v1/events/{failed['id']}/retry", sub="dora")
    found = {"outcome": "failed", "reason": "never came"}
    done("POST", f"/v1/events/{unknown['id']}/resolve", json=found, **OPS)


def change_runs_and_holds(world: World, done: Done) -> None:
    wrong = Results({}, frozenset(), trouble=Trouble(TroubleKind.SETUP, "status 401"))
    trouble.report(world.service, world.today, wrong)
    done("POST", f"{RUN}/resume", json={"reason": "mended"}, **OPS)
    done("POST", f"{RUN}/pause", json={"reason": "a look"}, **OPS)
    done("POST", f"{RUN}/resume", json={"reason": "looked"}, **OPS)
    hold = done("POST", "/v1/holds", json={"payerId": "alice", "reason": "stolen"}, **OPS)
    done("DELETE", f"/v1/holds/{hold['id']}", **OPS)
    done("POST", f"{RUN}/close", json={"reason": "early"}, **OPS)
    world.tick()


def change_calendars(api: Api, world: World) -> None:
    sessions, settings = world.service.sessions, world.service.settings
    for change, day, name in (
        ("close", "2027-03-01", "Strike"),
        ("open", "2026-12-25", None),
        ("clear", "2026-12-25", None),
    ):
        change_day(sessions, settings, OPERATOR, change, "GB-ENG", date.fromisoformat(day), name)
    reroll_all(sessions, settings, OPERATOR)
    api.rows("UPDATE calendar_day SET name = 'Xmas' WHERE calendar = 'GB-ENG' AND date = '2026-12-25'")
    refresh_all(sessions, settings, OPERATOR, "GB-ENG")


def replay(api: Api, world: World) -> None:
    api.rows("INSERT INTO outbox (kind, notices, state) VALUES ('facts', '{}', 'dead') RETURNING id")
    world.transact(lambda session: outbox_list.replay(session, OPERATOR, None))


def compare(world: World) -> None:
    """A payment that the bank shows and nobody made here is found, and gone the next time."""
    direct(world, "no-key-of-ours", payerId="stranger")
    span = span_of(world.service, world.today)
    with Listing(world.service.settings.provider) as listing:
        shown = list(listing.payments(span.first, span.last))
    for record in (shown, [listed for listed in shown if listed.payer_id != "stranger"]):
        reconcile(world.service, span, record, act=OPERATOR, neighbours=True, dry=False, progress=lambda _: None)


@pytest.fixture(scope="module")
def rows(postgres_server: DatabaseServer, template_database: str) -> Iterator[list[Row[Any]]]:
    """The audit after the story, oldest first."""
    name = postgres_server.create(template_database)
    with BankProcess(faults=FAULTS) as bank:
        api = Api(postgres_server.url(name))
        world = World(postgres_server.url(name), bank, today=TODAY)
        tell(api, world)
        yield api.rows("SELECT * FROM audit ORDER BY id")
        world.close()
        api.close()
    postgres_server.drop(name)


@pytest.mark.parametrize("action", get_args(Action))
def test_a_change_says_who_for_whom_what_before_and_after(rows: list[Row[Any]], action: Action) -> None:
    expected = EXPECTED[action]
    row = next(row for row in rows if (row.action, row.payer_id) == (action, expected.payer_id))
    assert (row.actor, row.subject) == (expected.actor, expected.subject)
    assert row.subject_id
    for state, value in ((row.before, expected.before), (row.after, expected.after)):
        assert (state is None) == (value is None), row
        assert value is None or value[1] in (..., state[value[0]]), row
    assert (row.request_id is not None) == expected.is_requested
    assert row.before != row.after


def test_nothing_else_is_audited_and_nothing_else_expected(rows: list[Row[Any]]) -> None:
    assert {row.action for row in rows} == set(EXPECTED) == set(get_args(Action))


def test_what_a_request_changed_bears_its_id(rows: list[Row[Any]]) -> None:
    requested = [row.request_id for row in rows if row.request_id is not None]
    assert len(requested) == len(set(requested)) > 15
