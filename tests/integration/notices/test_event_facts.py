"""A payer hears what was changed of one payment, in words that are the payer's own (rule P4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.bank import BankProcess
from tests.integration.api.client import Api, assert_problem
from tests.integration.api.editing import patch
from tests.integration.notices.outbox import NOTIFIED, Told
from tests.world import World

TODAY = "2026-11-20"
OWN_CODE = "ZX-4711 customer flagged"


@pytest.fixture
def api(database_url: str) -> Iterator[Api]:
    api = Api(database_url, **NOTIFIED)
    yield api
    api.close()


@pytest.fixture
def told(api: Api) -> Told:
    return Told.by(api)


@pytest.fixture
def event(api: Api) -> dict[str, Any]:
    """The first of three payments."""
    event: dict[str, Any] = api.schedule(count=3, reference="Rent")["events"][0]
    return event


@pytest.fixture
def failed(api: Api, database_url: str, told: Told) -> dict[str, Any]:
    """A payment that the bank declined today, for a reason of its own."""
    decline = {"fault": "decline", "payerId": "alice", "code": OWN_CODE}
    with BankProcess(faults=[decline]) as bank:
        world = World(database_url, bank, today=TODAY, **NOTIFIED)
        made = api.schedule(startDate=TODAY, count=2)
        world.pay()
        world.close()
    event: dict[str, Any] = api.get(f"/v1/events/{made['events'][0]['id']}")
    assert (event["status"], event["failureCode"]) == ("failed", OWN_CODE)
    told.take()
    return event


def test_an_edited_payment_is_told_as_it_is_now(api: Api, told: Told, event: dict[str, Any]) -> None:
    changes = {"date": "2027-02-01", "amount": "26.50"}
    assert patch(api, f"/v1/events/{event['id']}", changes).status_code == 200
    assert told.take() == [
        {
            "id": f"{event['id']}.changed.2.payer",
            "type": "changed",
            "recipient": "alice",
            "role": "payer",
            "event": {
                "id": event["id"],
                "scheduleId": event["scheduleId"],
                "payerId": "alice",
                "payeeId": "landlord-9",
                "amount": "26.50",
                "currency": "GBP",
                "reference": "Rent",
                "date": "2027-02-01",
                "nominalDate": "2026-12-31",
                "status": "scheduled",
                "version": 2,
            },
        }
    ]


def test_what_changes_nothing_or_is_refused_tells_nothing(api: Api, told: Told, event: dict[str, Any]) -> None:
    path = f"/v1/events/{event['id']}"
    assert patch(api, path, {"amount": "25.00"}).status_code == 200
    assert patch(api, path, {"amount": "26.00"}, version=7).status_code == 412
    assert patch(api, path, {"date": "2026-11-01"}).status_code == 422
    assert_problem(api.call("POST", f"{path}/restore"), 409, "event_not_skipped")
    assert_problem(api.call("POST", f"{path}/retry"), 409, "event_not_failed")
    assert told.take() == []


def test_a_skipped_payment_is_cancelled_once_and_restored_it_is_changed(
    api: Api, told: Told, event: dict[str, Any]
) -> None:
    path = f"/v1/events/{event['id']}"
    for _ in range(2):
        assert api.call("DELETE", path).status_code == 200
    (skipped,) = told.take()
    assert skipped["id"] == f"{event['id']}.cancelled.2.payer"
    assert (skipped["event"]["status"], skipped["event"]["cancelReason"]) == ("cancelled", "skipped")
    for _ in range(2):
        assert api.call("POST", f"{path}/restore", key="once").status_code == 200
    (restored,) = told.take()
    assert restored["id"] == f"{event['id']}.changed.3.payer"
    assert restored["event"]["status"] == "scheduled"


def test_a_retry_that_was_asked_for_and_given_up_is_told_without_the_banks_own_code(
    api: Api, told: Told, failed: dict[str, Any]
) -> None:
    path, version = f"/v1/events/{failed['id']}", failed["version"]
    for _ in range(2):
        assert api.call("POST", f"{path}/retry", key="once").status_code == 200
    (again,) = told.take()
    assert (again["id"], again["type"]) == (f"{failed['id']}.failed.{version + 1}.payer", "failed")
    assert again["event"]["failure"] == "the bank declined the payment"
    assert (again["event"]["willRetry"], again["event"]["retryOn"]) == (True, TODAY)
    assert OWN_CODE not in str(again)
    assert api.call("DELETE", path).status_code == 200
    (given_up,) = told.take()
    assert given_up["id"] == f"{failed['id']}.cancelled.{version + 2}.payer"
    assert given_up["event"]["cancelReason"] == "given_up"
    assert OWN_CODE not in str(given_up)


def test_a_retry_that_a_pause_drops_is_told_as_a_decline_for_good(api: Api, told: Told, failed: dict[str, Any]) -> None:
    """Its payer was told the day of the retry, and the end of the pause does not bring it back (rule S4)."""
    assert api.call("POST", f"/v1/events/{failed['id']}/retry").status_code == 200
    told.take()
    pause = api.call("POST", f"/v1/schedules/{failed['scheduleId']}/pauses", json={"from": TODAY}).get_json()
    over, paused = told.take()
    assert (over["id"], over["role"]) == (f"{failed['id']}.failed.{failed['version'] + 2}.payer", "payer")
    assert (over["event"]["willRetry"], over["event"]["retryOn"]) == (False, None)
    assert (paused["type"], paused["schedule"]["id"]) == ("paused", failed["scheduleId"])
    assert api.call("DELETE", f"/v1/schedules/{failed['scheduleId']}/pauses/{pause['id']}").status_code == 200
    assert [notice["type"] for notice in told.take()] == ["changed"]


def test_a_retry_that_goes_with_its_schedule_is_told_of_the_schedule(
    api: Api, told: Told, failed: dict[str, Any]
) -> None:
    assert api.call("POST", f"/v1/events/{failed['id']}/retry").status_code == 200
    told.take()
    assert api.call("DELETE", f"/v1/schedules/{failed['scheduleId']}").status_code == 200
    assert api.get(f"/v1/events/{failed['id']}")["status"] == "cancelled"
    (notice,) = told.take()
    assert (notice["type"], notice["schedule"]["id"]) == ("cancelled", failed["scheduleId"])
