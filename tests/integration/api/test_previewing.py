"""POST /v1/schedules/preview: what a schedule would pay, without saving it."""

import time
from statistics import median
from typing import Any

import pytest

from api_service.auth.development import make_token
from tests.integration.api.client import RENT, Api, assert_problem, pointers

TABLES = ("schedule", "schedule_revision", "event", "batch", "run", "idempotency_key", "audit", "calendar")
FOLLOWING: dict[str, Any] = {"startDate": "2027-03-26", "frequency": "once", "dayConvention": "following"}


def preview(api: Api, status: int = 200, **body: Any) -> Any:
    response = api.call("POST", "/v1/schedules/preview", key=None, json=body)
    assert response.status_code == status, response.get_data(as_text=True)
    return response.get_json()


def refused(api: Api, **body: Any) -> dict[str, str]:
    """What a refused preview complains of."""
    return {error["pointer"]: error["detail"] for error in preview(api, 422, **body)["errors"]}


def dates(answer: Any) -> list[str]:
    return [event["date"] for event in answer["events"]]


def test_the_answer_is_a_sentence_and_dated_payments(untouched_api: Api) -> None:
    body = {**RENT, "frequency": "IntrvlMnthDay:01:-01", "dayConvention": "following", "limit": 2}
    assert preview(untouched_api, **body) == {
        "description": "£25.00 on the last working day of every month from 31 December 2026 until cancelled",
        "events": [
            {"sequence": 1, "nominalDate": "2026-12-31", "date": "2026-12-31", "amount": "25.00", "shift": None},
            {
                "sequence": 2, "nominalDate": "2027-01-31", "date": "2027-01-29", "amount": "25.00",
                "shift": {"rule": "preceding", "reason": "Sunday"},
            },
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("nominal", "convention", "date", "shift"),
    [
        ("2026-11-21", "following", "2026-11-23", {"rule": "following", "reason": "Saturday"}),
        ("2027-03-26", "following", "2027-03-30", {"rule": "following", "reason": "Good Friday"}),
        ("2027-03-26", "preceding", "2027-03-25", {"rule": "preceding", "reason": "Good Friday"}),
        ("2027-01-31", "modifiedFollowing", "2027-01-29", {"rule": "modifiedFollowing", "reason": "Sunday"}),
        ("2027-05-01", "modifiedPreceding", "2027-05-04", {"rule": "modifiedPreceding", "reason": "Saturday"}),
        ("2026-11-21", "nearest", "2026-11-20", {"rule": "nearest", "reason": "Saturday"}),
        ("2026-11-21", "none", "2026-11-21", None),
        ("2026-11-20", "following", "2026-11-20", None),
    ],
)
def test_a_date_that_moves_says_by_which_rule_and_why(
    untouched_api: Api, nominal: str, convention: str, date: str, shift: object
) -> None:
    [event] = preview(untouched_api, startDate=nominal, frequency="once", dayConvention=convention)["events"]
    assert event == {"sequence": 1, "nominalDate": nominal, "date": date, "amount": None, "shift": shift}


def test_a_date_that_would_move_before_the_next_open_date_is_late(database_url: str) -> None:
    api = Api(database_url, BUSINESS_DATE="2026-11-21")
    [event] = preview(api, startDate="2026-11-21", frequency="once", dayConvention="preceding")["events"]
    assert (event["date"], event["shift"]) == ("2026-11-23", {"rule": "late", "reason": "Saturday"})
    api.close()


def test_a_preview_is_what_is_then_stored(api: Api) -> None:
    body = {
        **RENT, "startDate": "2026-11-21", "frequency": "daily", "count": 40, "dayConvention": "modifiedPreceding",
        "firstAmount": "10.00", "finalAmount": "5.00",
    }  # fmt: skip
    answer = preview(api, **body, limit=50)
    made = api.schedule(**body)
    names = ("sequence", "nominalDate", "date", "amount")
    stored = [{name: event[name] for name in names} for event in made["events"]]
    assert [{name: event[name] for name in names} for event in answer["events"]] == stored
    assert answer["description"] == made["description"]


def test_dates_may_lie_in_the_past(untouched_api: Api) -> None:
    answer = preview(untouched_api, startDate="2020-04-10", frequency="yearly", dayConvention="preceding", limit=2)
    assert dates(answer) == ["2020-04-09", "2021-04-09"]
    assert answer["events"][0]["shift"] == {"rule": "preceding", "reason": "Good Friday"}


def test_the_first_date_may_come_after_the_start(untouched_api: Api) -> None:
    answer = preview(untouched_api, startDate="2026-01-20", frequency="IntrvlMnthDay:06:15", limit=2)
    assert dates(answer) == ["2026-02-15", "2026-08-15"]
    assert "from 15 February 2026" in answer["description"]


def test_listed_dates_are_answered_in_order(untouched_api: Api) -> None:
    answer = preview(untouched_api, frequency="dates", dates=["2027-05-01", "2026-12-31"])
    assert dates(answer) == ["2026-12-31", "2027-05-01"]


def test_days_that_fall_together_are_one_payment(untouched_api: Api) -> None:
    answer = preview(untouched_api, startDate="2026-11-20", frequency="daily", dayConvention="following", count=5)
    assert dates(answer) == ["2026-11-20", "2026-11-23", "2026-11-24"]
    assert [event["sequence"] for event in answer["events"]] == [1, 2, 3]


def test_the_first_and_the_last_amount_are_told(untouched_api: Api) -> None:
    amounts: dict[str, Any] = {"amount": "25", "currency": "JPY", "firstAmount": "10", "finalAmount": "5"}
    answer = preview(untouched_api, startDate="2026-12-01", frequency="daily", count=3, **amounts)
    assert [event["amount"] for event in answer["events"]] == ["10", "25", "5"]
    assert answer["description"].endswith("; the first is ¥10, the last ¥5")


def test_without_a_currency_amounts_keep_the_decimals_they_have(untouched_api: Api) -> None:
    amounts: dict[str, Any] = {"amount": "25.0", "firstAmount": "10", "finalAmount": "0.12345"}
    answer = preview(untouched_api, startDate="2026-12-01", frequency="daily", count=3, **amounts)
    assert [event["amount"] for event in answer["events"]] == ["10", "25.0", "0.12345"]
    assert answer["description"] == "A payment every day from 1 December 2026, 3 times"


def test_a_first_amount_alone_leaves_the_others_open(untouched_api: Api) -> None:
    answer = preview(
        untouched_api, startDate="2026-12-01", frequency="daily", count=2, currency="GBP", firstAmount="1.5"
    )
    assert [event["amount"] for event in answer["events"]] == ["1.50", None]


@pytest.mark.parametrize("amount", ["0", "0.00", "-1", "01.00", "1e3", "x", " 1", "1000000.01", "9" * 16])
@pytest.mark.parametrize("field", ["amount", "firstAmount", "finalAmount"])
def test_without_a_currency_an_amount_must_still_be_one(untouched_api: Api, field: str, amount: str) -> None:
    assert refused(untouched_api, startDate="2026-12-01", frequency="daily", **{field: amount}).keys() == {f"/{field}"}


def test_an_unknown_currency_is_said_once(untouched_api: Api) -> None:
    assert refused(untouched_api, **FOLLOWING, amount="1", firstAmount="1", currency="XXX").keys() == {"/currency"}


def test_twelve_payments_are_answered_unless_more_are_asked_for(untouched_api: Api) -> None:
    assert len(preview(untouched_api, startDate="2026-12-01", frequency="daily")["events"]) == 12


@pytest.mark.parametrize("limit", [1, 400])
def test_one_to_four_hundred_may_be_asked_for(untouched_api: Api, limit: int) -> None:
    assert len(preview(untouched_api, startDate="2026-12-01", frequency="daily", limit=limit)["events"]) == limit


@pytest.mark.parametrize("limit", [0, 401, -1, "12", 1.5, True, None])
def test_another_limit_is_a_422(untouched_api: Api, limit: object) -> None:
    assert refused(untouched_api, startDate="2026-12-01", frequency="daily", limit=limit).keys() == {"/limit"}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"startDate": "2026-12-02", "endDate": "2026-12-30", "frequency": "IntrvlMnthDay:01:31"}, "/endDate"),
        ({"startDate": "9999-12-31", "frequency": "IntrvlMnthDay:01:15"}, "/frequency"),
    ],
)
def test_a_rule_that_gives_no_date_is_a_422(untouched_api: Api, body: dict[str, Any], pointer: str) -> None:
    assert refused(untouched_api, **body) == {pointer: "gives no date"}


def test_everything_that_is_wrong_is_said_at_once(untouched_api: Api) -> None:
    body = {"payerId": "alice", "payeeId": "alice", "amount": "x", "frequency": "often", "calendar": "Mars", "x": 1}
    expected = {"/payeeId", "/amount", "/startDate", "/frequency", "/calendar", "/x"}
    assert refused(untouched_api, **body).keys() == expected


def test_who_pays_may_be_the_caller_alone(untouched_api: Api) -> None:
    response = untouched_api.call("POST", "/v1/schedules/preview", key=None, json={**FOLLOWING, "payerId": "bob"})
    assert_problem(response, 403, "payer_not_allowed")
    assert refused(untouched_api, **FOLLOWING, payeeId="alice") == {"/payeeId": "must not be the payer"}


@pytest.mark.parametrize("scope", ["schedules:read", "schedules:write"])
def test_reading_or_writing_is_enough_to_preview(untouched_api: Api, scope: str) -> None:
    response = untouched_api.call("POST", "/v1/schedules/preview", key=None, scopes=(scope,), json=FOLLOWING)
    assert response.status_code == 200


def test_nothing_is_stored(api: Api) -> None:
    before = {table: api.count(table) for table in TABLES}
    preview(api, **{**RENT, "dayConvention": "nearest", "limit": 400})
    assert {table: api.count(table) for table in TABLES} == before


def test_an_operators_holiday_moves_a_preview(api: Api) -> None:
    made = api.schedule(startDate="2026-12-15", dayConvention="following")
    assert made["events"][0]["date"] == "2026-12-15"
    api.rows(
        "INSERT INTO calendar_day (calendar, date, name, works, source)"
        " VALUES ('GB-ENG', '2026-12-15', 'Day of mourning', false, 'operator')"
    )
    [event] = preview(api, startDate="2026-12-15", frequency="once", dayConvention="following")["events"]
    assert (event["date"], event["shift"]["reason"]) == ("2026-12-16", "Day of mourning")


@pytest.mark.parametrize(
    "rule",
    [
        {"frequency": "monthly", "dayConvention": "modifiedFollowing"},
        {"frequency": "daily", "dayConvention": "following"},
        {"frequency": "EvryWorkgDay"},
        {"frequency": "WkInMnthDay:05:05", "dayConvention": "following"},
        {"frequency": "IntrvlMnthDay:24:31", "dayConvention": "nearest", "monthEnd": "next"},
    ],
    ids=lambda rule: rule["frequency"],
)
def test_four_hundred_dates_take_less_than_twenty_milliseconds(untouched_api: Api, rule: dict[str, str]) -> None:
    """In a warm process; its processor's time, which a busy machine lengthens less."""
    client = untouched_api.app.test_client()
    headers = {"Authorization": f"Bearer {make_token('alice', ('schedules:read',))}"}
    took = []
    for _ in range(20):
        begun = time.process_time()
        response = client.post("/v1/schedules/preview", headers=headers, json=RENT | rule | {"limit": 400})
        took.append(1000 * (time.process_time() - begun))
        assert len(response.get_json()["events"]) == 400
    print(f"{rule['frequency']}: {median(took):.1f} ms")
    assert median(took) < 20, took


def test_a_query_is_refused(untouched_api: Api) -> None:
    response = untouched_api.call("POST", "/v1/schedules/preview?limit=3", key=None, json=FOLLOWING)
    assert pointers(response) == {"/limit"}
