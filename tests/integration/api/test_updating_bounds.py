"""PATCH of a schedule's bounds: its end date and its count (rules S3, S8)."""

from typing import Any

import pytest

from tests.integration.api.client import Api, pointers
from tests.integration.api.editing import FIVE_DAYS, edit, events, nominal, patch, pay, snapshot


@pytest.mark.parametrize("bounds", [{"count": 5}, {"endDate": "2027-04-30", "count": None}])
def test_later_bounds_only_add_events_at_the_end(api: Api, bounds: dict[str, Any]) -> None:
    made = api.schedule(count=3)
    answer = edit(api, made, **bounds)
    assert nominal(answer["changes"]["created"]) == ["2027-03-31", "2027-04-30"]
    assert [event["sequence"] for event in answer["changes"]["created"]] == [4, 5]
    assert (answer["changes"]["updated"], answer["changes"]["cancelled"]) == ([], [])
    assert [event["version"] for event in events(api, made)] == [1] * 5


@pytest.mark.parametrize("bounds", [{"count": 3}, {"endDate": "2027-02-28", "count": None}])
def test_earlier_bounds_only_take_events_away_at_the_end(api: Api, bounds: dict[str, Any]) -> None:
    made = api.schedule(count=5)
    answer = edit(api, made, **bounds)
    assert nominal(answer["changes"]["cancelled"]) == ["2027-03-31", "2027-04-30"]
    assert {event["cancelReason"] for event in answer["changes"]["cancelled"]} == {"superseded"}
    assert (answer["changes"]["updated"], answer["changes"]["created"]) == ([], [])
    assert [event["version"] for event in events(api, made, "scheduled")] == [1] * 3


def test_shorter_and_longer_again_makes_the_dates_anew(api: Api) -> None:
    made = api.schedule(count=5)
    edit(api, made, count=2)
    answer = edit(api, made, count=4)
    assert nominal(answer["changes"]["created"]) == ["2027-02-28", "2027-03-31"]
    assert [event["sequence"] for event in events(api, made, "scheduled")] == [1, 2, 3, 4]


@pytest.mark.parametrize("bounds", [{"count": 3}, {"endDate": "2027-02-28"}])
def test_a_bound_taken_away_makes_the_schedule_open_ended(api: Api, bounds: dict[str, Any]) -> None:
    made = api.schedule(**bounds)
    answer = edit(api, made, **dict.fromkeys(bounds))
    assert (answer["schedule"]["count"], answer["schedule"]["endDate"]) == (None, None)
    assert answer["changes"]["updated"] == answer["changes"]["cancelled"] == []
    assert len(events(api, made, "scheduled")) >= 12
    assert [event["sequence"] for event in answer["changes"]["created"]][:2] == [4, 5]
    assert api.rows("SELECT extend_on FROM schedule")[0].extend_on is not None


def test_an_open_ended_schedule_can_be_bounded(api: Api) -> None:
    made = api.schedule()
    edit(api, made, endDate="2027-02-28")
    assert nominal(events(api, made, "scheduled")) == ["2026-12-31", "2027-01-31", "2027-02-28"]
    assert api.rows("SELECT extend_on FROM schedule")[0].extend_on is None


def test_a_count_below_what_is_used_is_a_422_and_what_is_used_completes_it(api: Api) -> None:
    made = api.schedule(**FIVE_DAYS)
    for number, event in enumerate(made["events"][:2]):
        pay(api, event, number + 1)
    before = snapshot(api)
    for query in ("", "?dryRun=true"):
        response = patch(api, f"/v1/schedules/{made['id']}{query}", {"count": 1})
        assert (response.status_code, pointers(response)) == (422, {"/count"})
    assert snapshot(api) == before
    answer = edit(api, made, count=2)
    assert (answer["schedule"]["status"], answer["schedule"]["nextDate"]) == ("completed", None)
    assert edit(api, made, count=6)["schedule"]["status"] == "active"


@pytest.mark.parametrize(
    ("made_with", "body"),
    [
        ({}, {"endDate": "2027-02-28", "count": 3}),
        ({"count": 3}, {"endDate": "2027-02-28"}),
        ({"endDate": "2027-02-28"}, {"count": 3}),
    ],
)
def test_an_end_date_together_with_a_count_is_a_422(api: Api, made_with: dict[str, Any], body: dict[str, Any]) -> None:
    made = api.schedule(**made_with)
    response = patch(api, f"/v1/schedules/{made['id']}", body)
    assert response.status_code == 422
    assert pointers(response) & {"/endDate", "/count"}
    assert api.get(f"/v1/schedules/{made['id']}")["version"] == 1
