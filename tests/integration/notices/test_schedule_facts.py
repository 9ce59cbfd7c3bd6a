"""A payer hears what was changed of a schedule: once, and only if something was (rule P4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.api.client import Api
from tests.integration.api.editing import patch
from tests.integration.notices.outbox import NOTIFIED, Told


@pytest.fixture
def api(database_url: str) -> Iterator[Api]:
    api = Api(database_url, **NOTIFIED)
    yield api
    api.close()


@pytest.fixture
def told(api: Api) -> Told:
    return Told.by(api)


@pytest.fixture
def made(api: Api) -> dict[str, Any]:
    return api.schedule(reference='Rent "flat 3"', count=3)


def test_a_new_schedule_is_no_news_to_whoever_made_it(made: dict[str, Any], told: Told) -> None:
    assert made["events"]
    assert told.take() == []


def test_a_change_is_told_with_the_schedule_as_it_is_now(api: Api, told: Told, made: dict[str, Any]) -> None:
    assert patch(api, f"/v1/schedules/{made['id']}", {"amount": "30.00"}).status_code == 200
    assert told.take() == [
        {
            "id": f"{made['id']}.changed.2.payer",
            "type": "changed",
            "recipient": "alice",
            "role": "payer",
            "schedule": {
                "id": made["id"],
                "payerId": "alice",
                "payeeId": "landlord-9",
                "amount": "30.00",
                "currency": "GBP",
                "reference": 'Rent "flat 3"',
                "startDate": "2026-12-31",
                "endDate": None,
                "frequency": "monthly",
                "status": "active",
                "pauses": [],
                "version": 2,
            },
        }
    ]


def test_each_change_has_an_id_of_its_own(api: Api, told: Told, made: dict[str, Any]) -> None:
    path = f"/v1/schedules/{made['id']}"
    for amount in ("30.00", "31.00", "30.00"):
        assert patch(api, path, {"amount": amount}).status_code == 200
    assert ids(told) == [f"{made['id']}.changed.{version}.payer" for version in (2, 3, 4)]


def test_what_changes_nothing_or_was_only_asked_tells_nothing(api: Api, told: Told, made: dict[str, Any]) -> None:
    path = f"/v1/schedules/{made['id']}"
    assert patch(api, f"{path}?dryRun=true", {"amount": "30.00"}).status_code == 200
    assert patch(api, path, {"amount": "25.00"}).status_code == 200
    assert told.take() == []


@pytest.mark.parametrize(
    ("body", "version", "status"),
    [({"amount": "30.00"}, 7, 412), ({"amount": "-1"}, 1, 422), ({"endDate": "2020-01-01"}, 1, 422)],
)
def test_what_is_refused_tells_nothing(
    api: Api, told: Told, made: dict[str, Any], body: dict[str, Any], version: int, status: int
) -> None:
    assert patch(api, f"/v1/schedules/{made['id']}", body, version=version).status_code == status
    assert told.take() == []


def test_a_cancellation_is_told_once_for_the_schedule_and_all_its_payments(
    api: Api, told: Told, made: dict[str, Any]
) -> None:
    for _ in range(2):
        assert api.call("DELETE", f"/v1/schedules/{made['id']}").status_code == 200
    (notice,) = told.take()
    assert (notice["id"], notice["schedule"]["status"]) == (f"{made['id']}.cancelled.2.payer", "cancelled")
    assert patch(api, f"/v1/schedules/{made['id']}", {"amount": "30.00"}).status_code == 409
    assert told.take() == []


def test_a_pause_is_told_when_it_begins_and_when_it_ends(api: Api, told: Told, made: dict[str, Any]) -> None:
    path, window = f"/v1/schedules/{made['id']}/pauses", {"from": "2026-12-01", "until": "2027-01-15"}
    first = api.call("POST", path, json=window).get_json()
    second = api.call("POST", path, json={"from": "2027-06-01"}).get_json()
    began, other = told.take()
    assert (began["id"], began["type"]) == (f"{first['id']}.paused.1.payer", "paused")
    assert began["schedule"]["pauses"] == [window]
    assert other["id"] == f"{second['id']}.paused.1.payer"
    assert other["schedule"]["pauses"] == [window, {"from": "2027-06-01", "until": None}]
    for _ in range(2):
        assert api.call("DELETE", f"{path}/{first['id']}").status_code == 200
    (ended,) = told.take()
    assert (ended["id"], ended["type"]) == (f"{first['id']}.changed.2.payer", "changed")
    assert ended["schedule"]["pauses"] == [{"from": "2027-06-01", "until": None}]


def test_a_refused_pause_tells_nothing(api: Api, told: Told, made: dict[str, Any]) -> None:
    path = f"/v1/schedules/{made['id']}/pauses"
    assert api.call("POST", path, json={"from": "2026-12-01", "until": "2026-12-01"}).status_code == 422
    assert told.take() == []


def test_a_replayed_request_tells_nothing_again(api: Api, told: Told, made: dict[str, Any]) -> None:
    path = f"/v1/schedules/{made['id']}/pauses"
    answers = [api.call("POST", path, key="once", json={"from": "2026-12-01"}) for _ in range(3)]
    assert [answer.headers.get("Idempotent-Replayed") for answer in answers] == [None, "true", "true"]
    assert len(told.take()) == 1


def test_what_an_operator_does_for_a_payer_is_told_to_the_payer(api: Api, told: Told, made: dict[str, Any]) -> None:
    scopes = ("schedules:read", "schedules:write", "payers:any")
    assert api.call("DELETE", f"/v1/schedules/{made['id']}", sub="front-end", scopes=scopes).status_code == 200
    (notice,) = told.take()
    assert notice["recipient"] == "alice"


def test_where_nobody_is_told_nothing_piles_up(database_url: str) -> None:
    api = Api(database_url)
    made = api.schedule(count=2)
    assert patch(api, f"/v1/schedules/{made['id']}", {"amount": "30.00"}).status_code == 200
    assert patch(api, f"/v1/events/{made['events'][0]['id']}", {"amount": "31.00"}).status_code == 200
    assert api.call("DELETE", f"/v1/schedules/{made['id']}").status_code == 200
    assert api.count("outbox") == 0
    api.close()


def ids(told: Told) -> list[str]:
    return [notice["id"] for notice in told.take()]
