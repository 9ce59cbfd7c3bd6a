"""Sequences number the payments of a schedule over all its revisions, and `count` counts its dates (rules S2, S8)."""

from __future__ import annotations

from typing import Any

from shared.domain.lifecycle import EventStatus
from tests.integration.api.client import Api, assert_problem, pointers
from tests.integration.api.editing import edit, events, override, patch, pay

DAILY: dict[str, Any] = {"frequency": "daily", "firstAmount": "99.00"}
WEEKLY: dict[str, Any] = {"frequency": "weekly", "startDate": "2026-12-03"}


def on(api: Api, made: dict[str, Any], day: str) -> dict[str, Any]:
    (event,) = (item for item in events(api, made) if item["nominalDate"] == day and item["cancelReason"] is None)
    return event


def skip(api: Api, made: dict[str, Any], day: str) -> str:
    event_id: str = on(api, made, day)["id"]
    assert api.call("DELETE", f"/v1/events/{event_id}").status_code == 200
    return event_id


def restore(api: Api, event_id: str) -> dict[str, Any]:
    response = api.call("POST", f"/v1/events/{event_id}/restore")
    assert response.status_code == 200, response.get_data(as_text=True)
    answer: dict[str, Any] = response.get_json()
    return answer


def live(api: Api, made: dict[str, Any]) -> list[tuple[int, str, str]]:
    return [
        (event["sequence"], event["nominalDate"][5:], event["amount"])
        for event in events(api, made)
        if event["status"] != EventStatus.CANCELLED
    ]


def sequences(api: Api, made: dict[str, Any]) -> list[int]:
    return [sequence for sequence, *_ in live(api, made)]


def test_what_comes_back_behind_an_earlier_start_is_not_first_any_more(api: Api) -> None:
    made = api.schedule(**DAILY, startDate="2026-11-22", count=3)
    skipped = skip(api, made, "2026-11-22")
    edit(api, made, startDate="2026-11-20")
    restore(api, skipped)
    assert live(api, made) == [(1, "11-20", "99.00"), (2, "11-21", "25.00"), (3, "11-22", "25.00")]


def test_what_comes_back_at_a_later_start_is_first(api: Api) -> None:
    made = api.schedule(**DAILY, startDate="2026-12-01", count=4)
    skipped = skip(api, made, "2026-12-03")
    edit(api, made, startDate="2026-12-03")
    restore(api, skipped)
    assert live(api, made)[:2] == [(1, "12-03", "99.00"), (2, "12-04", "25.00")]


def test_what_comes_back_has_its_place_in_a_new_rule(api: Api) -> None:
    made = api.schedule(**WEEKLY, count=8)
    skipped = skip(api, made, "2027-01-14")
    edit(api, made, interval=2)
    assert sequences(api, made) == [1, 2, 3, 5, 6, 7, 8]
    restore(api, skipped)
    assert sequences(api, made) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_what_a_rule_does_not_give_any_more_has_no_number(api: Api) -> None:
    made = api.schedule(**WEEKLY, count=5)
    skip(api, made, "2026-12-10")
    edit(api, made, interval=2)
    edit(api, made, from_="2026-12-31", dayConvention="following")
    assert sequences(api, made) == [1, 2, 3, 4, 5]


def test_what_was_kept_is_numbered_and_counted_with_the_others(api: Api) -> None:
    made = api.schedule(**WEEKLY, count=5)
    override(api, on(api, made, "2026-12-17"), amount="5.55")
    edit(api, made, interval=2, overridden="keep")
    assert sequences(api, made) == [1, 2, 3, 4, 5]
    edit(api, made, startDate="2026-12-05", overridden="keep")
    assert live(api, made) == [
        (1, "12-05", "25.00"),
        (2, "12-17", "5.55"),
        (3, "12-19", "25.00"),
        (4, "01-02", "25.00"),
        (5, "01-16", "25.00"),
    ]
    edit(api, made, count=2)
    assert live(api, made) == [(1, "12-05", "25.00"), (2, "12-17", "5.55")]


def test_the_first_amount_is_paid_once_though_the_first_was_kept(api: Api) -> None:
    made = api.schedule(**DAILY, startDate="2026-12-03", count=4)
    override(api, on(api, made, "2026-12-03"), reference="mine")
    edit(api, made, startDate="2026-12-01", overridden="keep")
    assert live(api, made)[:3] == [(1, "12-01", "99.00"), (2, "12-02", "25.00"), (3, "12-03", "25.00")]


def test_what_was_paid_keeps_its_number_and_the_first_amount(api: Api) -> None:
    made = api.schedule(frequency="weekly", startDate="2026-12-05", firstAmount="99.00", dayConvention="preceding")
    pay(api, on(api, made, "2026-12-05"))
    edit(api, made, startDate="2026-12-04", count=3)
    assert [(number, amount) for number, _, amount in live(api, made)] == [(2, "25.00"), (1, "99.00"), (3, "25.00")]


def test_dates_that_passed_while_the_schedule_was_over_are_none_of_it(api: Api, database_url: str) -> None:
    made = api.schedule(frequency="daily", startDate="2026-11-20", count=3)
    for number, event in enumerate(made["events"], 1):
        pay(api, event, number)
    later = Api(database_url, BUSINESS_DATE="2026-11-30")
    answer = edit(later, made, count=5)
    assert [event["nominalDate"] for event in answer["changes"]["created"]] == ["2026-11-30", "2026-12-01"]
    assert answer["schedule"]["status"] == "active"
    assert len(edit(later, made, count=12)["changes"]["created"]) == 7
    edit(later, made, endDate="2026-12-03", count=None)
    answer = edit(later, made, endDate=None, count=7)
    assert answer["changes"]["cancelled"] == answer["changes"]["created"] == []
    assert sequences(later, made) == [1, 2, 3, 4, 5, 6, 7]


def test_dates_that_passed_in_an_open_pause_are_numbered_once(api: Api, database_url: str) -> None:
    made = api.schedule(frequency="IntrvlDay:03", startDate="2026-12-16", count=3, dayConvention="modifiedPreceding")
    api.call("POST", f"/v1/schedules/{made['id']}/pauses", json={"from": "2026-12-13"})
    later = Api(database_url, BUSINESS_DATE="2026-12-30")
    patch(later, f"/v1/schedules/{made['id']}", {"dayConvention": "following", "from": "2026-12-22"})
    last = Api(database_url, BUSINESS_DATE="2027-01-18")
    assert edit(last, made, endDate="2027-01-25", count=None)["changes"]["created"]
    numbers = sequences(last, made)
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_rule_that_leaves_nothing_to_pay_is_a_422(api: Api) -> None:
    made = api.schedule(startDate="2026-12-31", frequency="monthly", count=6)
    body = {"frequency": "IntrvlMnthDay:01:15", "count": None, "endDate": "2027-01-10", "from": "2026-12-31"}
    response = patch(api, f"/v1/schedules/{made['id']}", body)
    assert (response.status_code, pointers(response)) == (422, {"/endDate"})


def test_from_after_the_last_date_is_a_422_that_names_it(api: Api) -> None:
    made = api.schedule(startDate="2026-12-31", frequency="monthly", count=3)
    for body in ({"amount": "30.00"}, {"dayConvention": "following"}):
        response = patch(api, f"/v1/schedules/{made['id']}", {**body, "from": "2027-03-01"})
        problem = response.get_json()
        assert response.status_code == 422
        assert problem["errors"] == [{"pointer": "/from", "detail": "lies after the last date, 2027-02-28"}]
    edit(api, made, count=4, amount="30.00", from_="2027-03-01")
    assert live(api, made)[-1] == (4, "03-31", "30.00")


def test_a_day_that_collapsed_into_another_cannot_be_restored(api: Api) -> None:
    made = api.schedule(frequency="daily", startDate="2026-12-01", count=9)
    skipped = skip(api, made, "2026-12-05")  # a Saturday
    edit(api, made, dayConvention="following")
    response = api.call("POST", f"/v1/events/{skipped}/restore")
    assert_problem(response, 409, "date_collapsed")
    assert sequences(api, made) == list(range(1, 8))
    edit(api, made, dayConvention="none")
    assert restore(api, skipped)["sequence"] == 5


def test_kept_are_all_open_events_that_stay_as_they_were(api: Api) -> None:
    made = api.schedule(frequency="weekly", startDate="2026-11-20", count=4)
    api.set_status(made["events"][0]["id"], "processing", batch_id=1)
    rest = [event["id"] for event in made["events"][1:]]
    for body in ({"amount": "30.00", "from_": "2026-12-11"}, {"payLate": 3}, {"count": 5}, {"count": None}):
        answer = edit(api, made, **body)
        touched = {event["id"] for kind in ("updated", "cancelled") for event in answer["changes"][kind]}
        kept = [event["id"] for event in answer["changes"]["kept"]]
        untouched = [event_id for event_id in rest if event_id not in touched]
        assert kept[: len(untouched)] == untouched


def test_what_comes_back_beyond_what_is_written_leaves_the_numbers_before_it(api: Api) -> None:
    made = api.schedule(**{**WEEKLY, "frequency": "monthly"})
    skipped = skip(api, made, "2027-03-03")
    edit(api, made, frequency="daily")
    assert restore(api, skipped)["sequence"] == 91  # 3 December is the first of a payment every day
    assert edit(api, made, endDate="2027-03-03")["changes"]["kept"]
    assert sequences(api, made) == list(range(1, 92))


def test_days_that_passed_when_they_had_rolled_are_not_counted_again(api: Api, database_url: str) -> None:
    made = api.schedule(frequency="daily", startDate="2026-11-20", count=2, dayConvention="preceding")
    api.call("POST", f"/v1/schedules/{made['id']}/pauses", json={"from": "2026-11-20", "until": "2026-11-21"})
    sunday = Api(database_url, BUSINESS_DATE="2026-11-22")
    edit(sunday, made, endDate="2026-11-25", count=None)
    later = Api(database_url, BUSINESS_DATE="2026-11-24")
    edit(later, made, endDate="2026-11-27")
    numbers = sequences(later, made)
    assert numbers == list(range(1, len(numbers) + 1))
