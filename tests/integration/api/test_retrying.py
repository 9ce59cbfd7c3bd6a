"""POST /v1/events/{id}/retry: a failed payment is tried again (rule P1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.bank import BankProcess
from tests.integration.api.client import Api, assert_problem, pointers
from tests.world import World

DECLINE: dict[str, Any] = {"fault": "decline", "payerId": "alice", "code": "blocked"}


@pytest.fixture
def world(api: Api, database_url: str) -> Iterator[World]:
    with BankProcess(faults=[DECLINE]) as bank:
        world = World(database_url, bank, today="2026-11-20")
        yield world
        world.close()


def failed(api: Api, world: World, **terms: Any) -> dict[str, Any]:
    """An event of alice's that was declined today."""
    made = api.schedule(startDate="2026-11-20", **terms)
    world.pay()
    event: dict[str, Any] = api.get(f"/v1/events/{made['events'][0]['id']}")
    assert event["status"] == "failed"
    return event


def retry(api: Api, event: dict[str, Any], **request: Any) -> TestResponse:
    return api.call("POST", f"/v1/events/{event['id']}/retry", **request)


def test_a_declined_payment_is_tried_again_today_with_a_new_key_and_paid(api: Api, world: World) -> None:
    event = failed(api, world)
    response = retry(api, event)
    assert response.status_code == 200, response.get_data(as_text=True)
    answer = response.get_json()
    assert answer == {**event, "retryOn": "2026-11-20", "version": event["version"] + 1}
    assert response.headers["ETag"] == f'"v{answer["version"]}"'
    assert world.counts()["waiting"] == 1
    world.bank.clear_faults()
    world.pay()
    after = api.get(f"/v1/events/{event['id']}")
    assert (after["status"], after["attempts"], after["retryOn"]) == ("paid", 2, None)
    assert len({row["idempotencyKey"] for row in world.bank.sends()}) == 2
    assert world.counts() == {"due": 1, "paid": 1}
    world.assert_paid_once()
    actions = [row.action for row in api.rows("SELECT action FROM audit ORDER BY id")]
    assert actions == ["schedule.created", "event.retried"]


def test_on_a_later_day_it_stands_in_that_days_books(api: Api, world: World) -> None:
    event = failed(api, world)
    assert retry(api, event, json={"date": "2026-11-24"}).get_json()["retryOn"] == "2026-11-24"
    assert world.counts() == {"due": 1, "declined": 1}
    world.bank.clear_faults()
    for day in ("2026-11-21", "2026-11-22", "2026-11-23", "2026-11-24"):
        world.set_day(day)
        world.pay()
        world.assert_books_agree(day)
    assert world.counts("2026-11-24") == {"due": 1, "paid": 1}
    assert world.counts("2026-11-20") == {"due": 1, "declined": 1}


def test_an_operator_may_too_and_another_payer_may_not(api: Api, world: World) -> None:
    event = failed(api, world)
    assert_problem(retry(api, event, sub="bob"), 404, "not_found")
    assert retry(api, event, sub="operator", scopes=("ops",)).status_code == 200


def test_a_second_one_meanwhile_is_refused_and_a_repetition_of_the_first_answered_again(api: Api, world: World) -> None:
    event = failed(api, world)
    first = retry(api, event, key="once")
    again = retry(api, event, key="once")
    assert again.get_json() == first.get_json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert_problem(retry(api, event), 409, "retry_pending")


def test_only_what_failed_is_tried_again(api: Api, world: World) -> None:
    made = api.schedule()
    assert_problem(retry(api, made["events"][0]), 409, "event_not_failed")
    world.bank.clear_faults()
    paid = api.schedule(startDate="2026-11-20")["events"][0]
    world.pay()
    assert_problem(retry(api, paid), 409, "event_not_failed")


def test_a_cancelled_schedule_pays_nothing_more(api: Api, world: World) -> None:
    event = failed(api, world)
    api.call("DELETE", f"/v1/schedules/{event['scheduleId']}")
    assert_problem(retry(api, event), 409, "schedule_cancelled")


def test_a_paused_day_is_refused(api: Api, world: World) -> None:
    event = failed(api, world)
    pause = {"from": "2026-11-20", "until": "2026-11-25"}
    assert api.call("POST", f"/v1/schedules/{event['scheduleId']}/pauses", json=pause).status_code == 201
    assert_problem(retry(api, event), 409, "schedule_paused")
    assert retry(api, event, json={"date": "2026-11-25"}).status_code == 200


def test_the_day_lies_between_the_next_open_date_and_the_next_payment(api: Api, world: World) -> None:
    event = failed(api, world, frequency="weekly")
    for day in ("2026-11-19", "2026-11-27", "2027-11-27"):
        response = retry(api, event, json={"date": day})
        assert response.status_code == 422
        assert pointers(response) == {"/date"}
    assert retry(api, event, json={"date": "2026-11-26"}).status_code == 200


def test_a_wrong_body_changes_nothing(api: Api, world: World) -> None:
    event = failed(api, world)
    for body in ({"date": "soon"}, {"day": "2026-11-21"}, []):
        assert retry(api, event, json=body).status_code == 422
    assert api.get(f"/v1/events/{event['id']}") == event


def test_what_was_given_up_after_all_is_not_paid(api: Api, world: World) -> None:
    event = failed(api, world)
    retry(api, event)
    answer = api.call("DELETE", f"/v1/events/{event['id']}").get_json()
    assert (answer["status"], answer["cancelReason"], answer["retryOn"]) == ("cancelled", "given_up", None)
    world.bank.clear_faults()
    world.pay()
    assert list(world.bank.payments()) == []
    assert world.counts() == {"due": 1, "withdrawn": 1}
