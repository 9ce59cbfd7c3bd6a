"""What a schedule may say of its dates and amounts: each field taken, answered, and refused by its name."""

from typing import Any

import pytest

from tests.integration.api.client import RENT, Api, pointers

LISTED = {**{name: value for name, value in RENT.items() if name != "startDate"}, "frequency": "dates"}


def refused(api: Api, body: dict[str, Any]) -> dict[str, str]:
    response = api.call("POST", "/v1/schedules", json=body)
    assert response.status_code == 422, response.get_data(as_text=True)
    assert api.count("schedule") == 0
    return {error["pointer"]: error["detail"] for error in response.get_json()["errors"]}


def dates(made: dict[str, Any]) -> list[str]:
    return [event["date"] for event in made["events"]]


@pytest.mark.parametrize(
    ("frequency", "first", "second"),
    [
        ("EvryDay", "2026-12-01", "2026-12-02"),
        ("EvryWorkgDay", "2026-12-01", "2026-12-02"),
        ("IntrvlDay:31", "2026-12-01", "2027-01-01"),
        ("IntrvlWkDay:02:03", "2026-12-02", "2026-12-16"),
        ("WkInMnthDay:05:05", "2027-01-29", "2027-04-30"),
        ("IntrvlMnthDay:06:15", "2026-12-15", "2027-06-15"),
        ("IntrvlMnthDay:01:-01", "2026-12-31", "2027-01-31"),
        ("QtrDay:ENGLISH", "2026-12-25", "2027-03-25"),
        ("halfYearly", "2026-12-01", "2027-06-01"),
    ],
)
def test_each_frequency_is_taken_and_answered(api: Api, frequency: str, first: str, second: str) -> None:
    made = api.schedule(startDate="2026-12-01", frequency=frequency)
    assert (made["frequency"], made["startDate"]) == (frequency, "2026-12-01")
    assert dates(made)[:2] == [first, second]
    assert made["nextDate"] == first


@pytest.mark.parametrize(
    ("month_end", "second"), [("clamp", "2027-02-28"), ("skip", "2027-03-31"), ("next", "2027-03-01")]
)
def test_each_month_end_is_taken_and_answered(api: Api, month_end: str, second: str) -> None:
    made = api.schedule(startDate="2027-01-31", monthEnd=month_end)
    assert made["monthEnd"] == month_end
    assert dates(made)[1] == second


@pytest.mark.parametrize(
    ("convention", "date"),
    [
        ("none", "2027-01-31"),
        ("following", "2027-02-01"),
        ("modifiedFollowing", "2027-01-29"),
        ("preceding", "2027-01-29"),
        ("modifiedPreceding", "2027-01-29"),
        ("nearest", "2027-02-01"),
    ],
)
def test_each_day_convention_is_taken_and_answered(api: Api, convention: str, date: str) -> None:
    made = api.schedule(startDate="2027-01-31", dayConvention=convention, frequency="once")
    assert made["dayConvention"] == convention
    assert dates(made) == [date]
    assert made["events"][0]["nominalDate"] == "2027-01-31"


@pytest.mark.parametrize(
    ("calendar", "date"),
    [("weekends", "2026-11-26"), ("GB-ENG", "2026-11-26"), ("US", "2026-11-27"), ("XNYS", "2026-11-27"),
     ("TARGET", "2026-11-26"), ("JP", "2026-11-26")],
)  # fmt: skip
def test_each_kind_of_calendar_is_taken_and_answered(api: Api, calendar: str, date: str) -> None:
    made = api.schedule(startDate="2026-11-26", frequency="once", dayConvention="following", calendar=calendar)
    assert made["calendar"] == calendar
    assert dates(made) == [date]  # Thanksgiving


def test_without_a_calendar_it_is_that_of_the_settings(database_url: str) -> None:
    api = Api(database_url, HOLIDAY_CALENDAR="US")
    made = api.schedule(startDate="2026-11-26", frequency="once", dayConvention="following", calendar=None)
    assert (made["calendar"], dates(made)) == ("US", ["2026-11-27"])
    api.close()


def test_listed_dates_are_sorted_and_the_first_is_the_start(api: Api) -> None:
    response = api.call("POST", "/v1/schedules", json={**LISTED, "dates": ["2027-05-01", "2026-12-31", "2027-02-28"]})
    assert response.status_code == 201, response.get_data(as_text=True)
    made = response.get_json()
    assert made["dates"] == dates(made) == ["2026-12-31", "2027-02-28", "2027-05-01"]
    assert made["startDate"] == "2026-12-31"
    assert made["isRecurring"] is True
    assert made["description"] == "£25.00 on 31 December 2026, 28 February 2027 and 1 May 2027"
    assert api.get(f"/v1/schedules/{made['id']}")["dates"] == made["dates"]


def test_the_first_and_the_last_amount_are_answered_and_paid(api: Api) -> None:
    made = api.schedule(count=3, firstAmount="10", finalAmount="5.5")
    assert (made["amount"], made["firstAmount"], made["finalAmount"]) == ("25.00", "10.00", "5.50")
    assert [event["amount"] for event in made["events"]] == ["10.00", "25.00", "5.50"]
    assert made["description"].endswith("3 times; the first is £10.00, the last £5.50")


def test_null_is_as_good_as_leaving_out(api: Api) -> None:
    names = ("endDate", "count", "reference", "firstAmount", "finalAmount", "calendar", "dates", "retry")
    response = api.call("POST", "/v1/schedules", json={**RENT, **dict.fromkeys(names)})
    assert response.status_code == 201, response.get_data(as_text=True)
    assert response.get_json()["calendar"] == "GB-ENG"


@pytest.mark.parametrize("name", ["monthEnd", "dayConvention", "interval", "payLate", "startDate", "frequency"])
def test_null_is_no_value_of_the_others(untouched_api: Api, name: str) -> None:
    assert refused(untouched_api, {**RENT, name: None}) == {f"/{name}": "must not be null"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("frequency", "IntrvlMnthDay:07:15"),
        ("frequency", "IntrvlMnthDay:01:-06"),
        ("frequency", "IntrvlMnthDay:1:15"),
        ("frequency", "IntrvlWkDay:10:01"),
        ("frequency", "IntrvlWkDay:01:08"),
        ("frequency", "WkInMnthDay:06:01"),
        ("frequency", "IntrvlDay:01"),
        ("frequency", "QtrDay:IRISH"),
        ("frequency", "EvryDay\n"),
        ("frequency", "x" * 33),
        ("monthEnd", "last"),
        ("monthEnd", ["clamp"]),
        ("dayConvention", "Following"),
        ("dayConvention", {}),
        ("calendar", "Mars"),
        ("calendar", "gb-eng"),
        ("calendar", ""),
        ("calendar", "GB-"),
        ("calendar", 44),
        ("calendar", "x" * 40),
        ("firstAmount", "0"),
        ("firstAmount", "25.001"),
        ("firstAmount", 5),
        ("firstAmount", "1000000.01"),
        ("finalAmount", "-1"),
        ("finalAmount", "5,00"),
        ("retry", [0, 1]),
        ("retry", "days"),
    ],
)
def test_a_wrong_value_is_named(untouched_api: Api, field: str, value: object) -> None:
    assert refused(untouched_api, {**RENT, field: value}).keys() == {f"/{field}"}


@pytest.mark.parametrize(
    "days", [[], [1, 1], [2, 1], [-1], [21], [1.5], [True], ["1"], [None], "1", None, {"0": 1}, list(range(11))]
)
def test_wrong_retry_days_are_named(untouched_api: Api, days: object) -> None:
    assert refused(untouched_api, {**RENT, "retry": {"days": days}}).keys() == {"/retry/days"}


def test_a_retry_has_nothing_but_days(untouched_api: Api) -> None:
    assert refused(untouched_api, {**RENT, "retry": {}}).keys() == {"/retry/days"}
    wrong = refused(untouched_api, {**RENT, "retry": {"days": [1], "times": 3}})
    assert wrong == {"/retry/times": "is not a known field"}


def test_retry_days_are_answered_as_they_were_given_and_can_be_changed(api: Api) -> None:
    made = api.schedule(retry={"days": [0, 1, 20]})
    assert made["retry"] == {"days": [0, 1, 20]}
    path = f"/v1/schedules/{made['id']}"
    changed = api.call("PATCH", path, json={"retry": {"days": [3]}}, headers={"If-Match": '"v1"'}).get_json()
    assert changed["schedule"]["retry"] == {"days": [3]}
    assert changed["changes"]["updated"] == []
    changed = api.call("PATCH", path, json={"retry": None}, headers={"If-Match": '"v2"'}).get_json()
    assert (changed["schedule"]["retry"], changed["schedule"]["version"]) == (None, 3)
    assert api.get(path)["retry"] is None


@pytest.mark.parametrize(
    ("listed", "wrong"),
    [
        ([], {"/dates"}),
        ("2026-12-31", {"/dates"}),
        ({"2026-12-31": 1}, {"/dates"}),
        (None, {"/dates"}),
        ([f"{year}-01-01" for year in range(2027, 2428)], {"/dates"}),
        (["2026-12-31", "2027-01-01", "2027-02-01", "2027-02-30"], {"/dates/3"}),
        (["2026-12-31", None, 7], {"/dates/1", "/dates/2"}),
        (["2027-01-01", "2026-12-31", "2027-01-01"], {"/dates/2"}),
    ],
)
def test_a_wrong_list_of_dates_is_named_by_its_place(untouched_api: Api, listed: object, wrong: set[str]) -> None:
    assert refused(untouched_api, {**LISTED, "dates": listed}).keys() == wrong


def test_dates_and_a_start_exclude_each_other(untouched_api: Api) -> None:
    problems = refused(untouched_api, {**LISTED, "dates": ["2026-12-31"], "startDate": "2026-12-31"})
    assert problems == {"/startDate": "cannot be given with dates: the first of them is the start"}


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"dates": ["2026-12-31"]}, {"/dates"}),
        ({"frequency": "IntrvlMnthDay:01:15", "interval": 2}, {"/interval"}),
        ({"frequency": "once", "count": 2}, {"/count"}),
        ({"endDate": "2027-12-31", "count": 3}, {"/endDate", "/count"}),
    ],
)
def test_fields_that_do_not_go_together_are_named(untouched_api: Api, changes: dict[str, Any], wrong: set[str]) -> None:
    assert refused(untouched_api, {**RENT, **changes}).keys() == wrong


@pytest.mark.parametrize("changes", [{"endDate": "2027-12-31"}, {"count": 1}, {"interval": 2}])
def test_listed_dates_need_no_end_and_no_interval(untouched_api: Api, changes: dict[str, Any]) -> None:
    [name] = changes
    assert refused(untouched_api, {**LISTED, "dates": ["2026-12-31"], **changes}).keys() == {f"/{name}"}


def test_listed_dates_or_a_start_are_required(untouched_api: Api) -> None:
    assert refused(untouched_api, LISTED).keys() == {"/dates"}
    assert refused(untouched_api, {**LISTED, "frequency": "monthly"}) == {"/startDate": "is required"}
    body = {name: value for name, value in LISTED.items() if name != "frequency"}
    assert refused(untouched_api, {**body, "dates": ["2026-12-31"]}).keys() == {"/frequency"}


def test_a_wrong_date_does_not_hide_what_else_is_wrong(untouched_api: Api) -> None:
    body = {**LISTED, "dates": ["soon"], "firstAmount": "x", "calendar": "Mars", "count": 2}
    assert refused(untouched_api, body).keys() == {"/dates/0", "/firstAmount", "/calendar", "/count"}


def test_a_listed_date_before_the_next_open_date_is_refused_by_its_place(untouched_api: Api) -> None:
    listed = ["2027-01-01", "2020-01-01", "2027-05-05", "2026-11-19"]
    response = untouched_api.call("POST", "/v1/schedules", json={**LISTED, "dates": listed})
    assert response.status_code == 422
    assert pointers(response) == {"/dates/1", "/dates/3"}


def test_a_whole_number_may_be_written_with_a_point(api: Api) -> None:
    made = api.schedule(count=3.0, interval=2.0, payLate=1e1, retry={"days": [0, 2.0]})
    assert (made["count"], made["interval"], made["payLate"], made["retry"]) == (3, 2, 10, {"days": [0, 2]})
