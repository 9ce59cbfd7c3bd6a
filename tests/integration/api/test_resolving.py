"""POST /v1/events/{id}/resolve: a person settles what nobody could say (rules P2, K9)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from shared.db.proofs import Proof, Reception
from tests.bank import BankProcess
from tests.integration.api.client import Api, assert_problem, pointers
from tests.integration.api.test_cancelling import wait_for_a_lock
from tests.world import World
from worker_service.late_proofs import receive

SILENT: dict[str, Any] = {"fault": "hang", "seconds": 5, "on": "single"}
PAID = {"outcome": "paid", "providerRef": "pay_81", "reason": "Seen on the statement"}
FAILED = {"outcome": "failed", "reason": "The bank says it never came"}


@pytest.fixture
def world(api: Api, database_url: str) -> Iterator[World]:
    with BankProcess(faults=[SILENT]) as bank:
        world = World(database_url, bank, today="2026-11-20", PROVIDER_MODE="none")
        yield world
        world.close()


def unknown(api: Api, world: World, **terms: Any) -> dict[str, Any]:
    made = api.schedule(startDate="2026-11-20", **terms)
    with world.impatient():
        world.pay()
    event: dict[str, Any] = api.get(f"/v1/events/{made['events'][0]['id']}")
    assert event["status"] == "unknown"
    return event


def resolve(
    api: Api, event: dict[str, Any], body: Any, scopes: tuple[str, ...] = ("ops",), **request: Any
) -> TestResponse:
    return api.call("POST", f"/v1/events/{event['id']}/resolve", sub="olga", scopes=scopes, json=body, **request)


def test_paid_with_the_providers_reference_is_a_transaction(api: Api, world: World) -> None:
    event = unknown(api, world)
    response = resolve(api, event, PAID)
    assert response.status_code == 200, response.get_data(as_text=True)
    answer = response.get_json()
    assert answer["status"] == "paid"
    transaction = api.get("/v1/transactions")["data"][0]
    assert (transaction["id"], transaction["providerRef"]) == (answer["transactionId"], "pay_81")
    assert (transaction["date"], transaction["amount"]) == ("2026-11-20", "25.00")
    assert world.counts() == {"due": 1, "paid": 1}
    world.assert_books_agree()
    [row] = api.rows("SELECT state, resolved_by, reason FROM attempt")
    assert tuple(row) == ("paid", "olga", "Seen on the statement")
    [audited] = api.rows("SELECT actor, after FROM audit WHERE action = 'event.resolved'")
    assert (audited.actor, audited.after["reason"]) == ("olga", "Seen on the statement")


def test_failed_is_never_tried_again(api: Api, world: World) -> None:
    event = unknown(api, world, retry={"days": [0, 1]})
    answer = resolve(api, event, FAILED).get_json()
    assert (answer["status"], answer["failureCode"], answer["retryOn"]) == ("failed", "resolved_not_paid", None)
    assert world.counts() == {"due": 1, "declined": 1}
    refused = api.call("POST", f"/v1/events/{event['id']}/retry")
    assert_problem(refused, 409, "event_resolved")


def test_after_its_run_closed_it_is_an_adjustment_of_the_day_it_became_known(api: Api, world: World) -> None:
    event = unknown(api, world)
    world.set_day("2026-11-21")
    world.tick()
    later = Api(world.environment["DATABASE_URL"], BUSINESS_DATE="2026-11-21")
    assert resolve(later, event, PAID).status_code == 200
    later.close()
    assert world.counts("2026-11-20") == {"due": 1, "unknown": 1}
    assert world.counts("2026-11-21") == {"adjusted": 1}
    assert api.get("/v1/transactions")["data"][0]["date"] == "2026-11-21"


def test_only_what_is_unknown_is_resolved(api: Api, world: World) -> None:
    made = api.schedule()
    assert_problem(resolve(api, made["events"][0], FAILED), 409, "event_not_unknown")
    event = unknown(api, world)
    assert resolve(api, event, PAID).status_code == 200
    assert_problem(resolve(api, event, FAILED), 409, "event_not_unknown")
    assert_problem(resolve(api, event, PAID), 409, "event_not_unknown")


def test_one_that_is_given_back_and_moved_meanwhile_is_not_resolved(api: Api, world: World) -> None:
    event = unknown(api, world)
    move = "UPDATE event SET status = 'scheduled', date = '2027-01-05', version = version + 1 WHERE status = 'unknown'"
    with ThreadPoolExecutor(1) as pool, api.engine.connect() as worker, worker.begin():
        worker.exec_driver_sql("SELECT FROM batch FOR UPDATE")
        worker.exec_driver_sql(move)
        answer = pool.submit(resolve, api, event, PAID)
        assert wait_for_a_lock(api)
        worker.commit()
        assert_problem(answer.result(), 409, "event_not_unknown")


def test_a_failed_one_is_paid_only_against_an_open_contradiction(api: Api, world: World) -> None:
    event = unknown(api, world)
    resolve(api, event, FAILED)
    assert_problem(resolve(api, event, PAID), 409, "event_not_unknown")
    stored = world.events(UUID(event["scheduleId"]))[0]
    proof = Proof(stored.id, stored.date, 1, paid=True, provider_ref="late-9")
    assert receive(world.service, proof) is Reception.CONTRADICTS
    answer = resolve(api, event, {**PAID, "providerRef": "late-9"}).get_json()
    assert answer["status"] == "paid"
    assert world.counts() == {"due": 1, "paid": 1}
    world.assert_books_agree()


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, {"/outcome", "/reason"}),
        ({**PAID, "outcome": "lost"}, {"/outcome"}),
        ({**PAID, "providerRef": None}, {"/providerRef"}),
        ({"outcome": "paid", "reason": "x"}, {"/providerRef"}),
        ({**FAILED, "providerRef": "x"}, {"/providerRef"}),
        ({**PAID, "reason": ""}, {"/reason"}),
        ({**PAID, "extra": 1}, {"/extra"}),
    ],
)
def test_what_is_wrong_is_named(api: Api, body: dict[str, Any], wrong: set[str]) -> None:
    event = api.schedule()["events"][0]
    response = resolve(api, event, body)
    assert response.status_code == 422
    assert pointers(response) == wrong


def test_it_is_for_operators_alone(api: Api) -> None:
    event = api.schedule()["events"][0]
    assert_problem(resolve(api, event, PAID, scopes=("schedules:write", "payers:any")), 403, "scope_missing")
