"""Events far ahead of what is written: no change of their schedule walks through the millions of dates before them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from shared.domain import horizon
from tests.integration.api.client import Api, assert_problem, pointers
from tests.integration.api.editing import edit, events, nominal, override, patch, snapshot

FAR = {"frequency": "daily", "startDate": "3000-01-01"}
NEARER = {"frequency": "daily", "startDate": "2040-01-01"}


@contextmanager
def briefly() -> Iterator[None]:
    """Two seconds of this process; a walk through all dates takes many times as long."""
    began = time.process_time()
    yield
    assert time.process_time() - began < 2


@pytest.fixture
def kept(api: Api, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A schedule of before such events were refused: an edited one of 2040 was kept over a rule that starts in 2027."""
    made = api.schedule(**NEARER)
    override(api, made["events"][1])
    with monkeypatch.context() as patched:
        patched.setattr(horizon, "MOST_AHEAD", 10_000)
        edit(api, made, startDate="2027-01-02", overridden="keep")
    return made


@pytest.mark.parametrize(
    ("terms", "rule"),
    [
        ({"frequency": "daily", "startDate": "9999-12-30"}, {"startDate": "2027-01-01"}),
        ({"frequency": "yearly", "interval": 100}, {"frequency": "daily", "interval": 1}),
    ],
)
def test_a_new_rule_takes_far_events_away_at_once(api: Api, terms: dict[str, Any], rule: dict[str, Any]) -> None:
    made = api.schedule(**terms)
    with briefly():
        answer = edit(api, made, **rule)
    assert nominal(answer["changes"]["cancelled"]) == nominal(made["events"])
    assert len(events(api, made, "scheduled")) == 18


def test_a_far_event_is_not_kept_over_a_rule_that_starts_near(api: Api) -> None:
    made = api.schedule(**FAR)
    override(api, made["events"][0])
    before = snapshot(api)
    with briefly():
        response = patch(api, f"/v1/schedules/{made['id']}", {"startDate": "2027-01-02", "overridden": "keep"})
    assert_problem(response, 422, "validation_failed")
    assert pointers(response) == {"/overridden"}
    assert "3000-01-01" in response.get_json()["errors"][0]["detail"]
    assert snapshot(api) == before
    assert nominal(edit(api, made, startDate="2027-01-02")["changes"]["cancelled"]) == nominal(made["events"])


def test_a_far_event_that_stays_is_kept_where_few_dates_come_before_it(api: Api) -> None:
    made = api.schedule(frequency="yearly", startDate="3000-01-01")
    override(api, made["events"][0])
    edit(api, made, startDate="2027-01-02", overridden="keep")
    edit(api, made, payeeId="landlord-10")
    assert nominal(events(api, made, "scheduled"))[-1] == "3000-01-01"


def test_one_that_was_kept_has_to_be_cancelled_before_the_schedule_is_changed(api: Api, kept: dict[str, Any]) -> None:
    path = f"/v1/schedules/{kept['id']}"
    assert pointers(patch(api, path, {"amount": "30.00"})) == {"/overridden"}
    assert api.call("DELETE", f"/v1/events/{kept['events'][1]['id']}").status_code == 200
    assert patch(api, path, {"amount": "30.00"}).status_code == 200


def test_a_skipped_event_that_became_far_is_not_restored(api: Api) -> None:
    made = api.schedule(**FAR)
    event = f"/v1/events/{made['events'][0]['id']}"
    assert api.call("DELETE", event).status_code == 200
    edit(api, made, startDate="2027-01-02")
    with briefly():
        assert_problem(api.call("POST", f"{event}/restore"), 409, "date_too_far")
    assert api.get(event)["status"] == "cancelled"


def test_a_date_after_the_end_of_a_long_schedule_is_refused_with_its_last(api: Api) -> None:
    made = api.schedule(frequency="daily", endDate="9999-12-30")
    with briefly():
        response = patch(api, f"/v1/schedules/{made['id']}", {"from": "9999-12-31", "amount": "30.00"})
    assert response.status_code == 422
    assert response.get_json()["errors"] == [{"pointer": "/from", "detail": "lies after the last date, 9999-12-30"}]
