"""POST /v1/schedules: what is answered, and what is written."""

import pytest

from tests.integration.api.client import RENT, Api, assert_problem, pointers

FIELDS = {
    "id", "payerId", "payeeId", "amount", "currency", "startDate", "dates", "endDate", "count", "frequency", "interval",
    "reference", "firstAmount", "finalAmount", "monthEnd", "dayConvention", "calendar", "retry", "payLate",
    "isRecurring", "status", "pauses", "description", "nextDate", "version", "createdAt",
}  # fmt: skip


def test_a_monthly_payment_on_the_31st_is_answered_whole_with_its_first_events(api: Api) -> None:
    response = api.call("POST", "/v1/schedules", json={**RENT, "reference": "Flat 7"})
    assert response.status_code == 201
    made = response.get_json()
    assert made.keys() == FIELDS | {"events"}
    assert response.headers["Location"] == f"/v1/schedules/{made['id']}"
    assert response.headers["ETag"] == '"v1"'
    expected = {
        **RENT, "payerId": "alice", "reference": "Flat 7", "endDate": None, "count": None, "interval": 1, "dates": None,
        "firstAmount": None, "finalAmount": None, "monthEnd": "clamp", "dayConvention": "none", "calendar": "GB-ENG",
        "retry": None, "payLate": 5, "isRecurring": True, "status": "active", "pauses": [],
        "nextDate": "2026-12-31", "version": 1,
        "description": "£25.00 every month on the 31st (the last day of shorter months)"
                       " from 31 December 2026 until cancelled",
    }  # fmt: skip
    assert {name: made[name] for name in expected} == expected
    assert made["createdAt"].endswith("Z")
    dates = [event["date"] for event in made["events"]]
    assert dates[:4] == ["2026-12-31", "2027-01-31", "2027-02-28", "2027-03-31"]
    assert len(dates) == 18
    assert made["events"][0] == {
        "id": made["events"][0]["id"], "scheduleId": made["id"], "payerId": "alice", "payeeId": "landlord-9",
        "sequence": 1, "nominalDate": "2026-12-31", "date": "2026-12-31", "amount": "25.00", "currency": "GBP",
        "reference": "Flat 7", "status": "scheduled", "cancelReason": None, "overridden": False,
        "failureCode": None, "retryOn": None, "transactionId": None, "attempts": 0, "version": 1,
    }  # fmt: skip


def test_what_was_made_is_what_is_read(api: Api) -> None:
    made = api.schedule()
    events = made.pop("events")
    assert api.get(f"/v1/schedules/{made['id']}") == made
    assert api.get("/v1/schedules") == {"data": [made], "nextCursor": None}
    assert api.get(f"/v1/events?scheduleId={made['id']}") == {"data": events, "nextCursor": None}
    assert api.get(f"/v1/events/{events[0]['id']}") == events[0]


def test_one_payment_today_gets_its_batch_in_the_same_transaction(api: Api) -> None:
    made = api.schedule(frequency="once", startDate="2026-11-20", amount="0.01")
    assert made["isRecurring"] is False
    assert made["description"] == "£0.01 once on 20 November 2026"
    (batch,) = api.rows("SELECT ids, run_date FROM batch")
    assert [str(event_id) for event_id in batch.ids] == [made["events"][0]["id"]]
    assert batch.run_date.isoformat() == "2026-11-20"


def test_a_schedule_its_revision_events_key_and_audit_row_are_written_together(api: Api) -> None:
    api.schedule(count=3)
    counts = [api.count(t) for t in ("schedule", "schedule_revision", "event", "idempotency_key", "audit")]
    assert counts == [1, 1, 3, 1, 1]


@pytest.mark.parametrize(
    ("currency", "amount"), [("JPY", "2500"), ("BHD", "0.025"), ("GBP", "1000000.00"), ("CLF", "1.2345")]
)
def test_amounts_are_answered_with_exactly_the_currencys_decimals(api: Api, currency: str, amount: str) -> None:
    made = api.schedule(currency=currency, amount=amount, frequency="once")
    assert made["amount"] == made["events"][0]["amount"] == amount


def test_an_amount_with_fewer_decimals_is_filled_up(api: Api) -> None:
    assert api.schedule(amount="25", frequency="once")["amount"] == "25.00"


def test_a_bounded_schedule_is_answered_with_at_most_a_page_of_events(api: Api) -> None:
    made = api.schedule(frequency="daily", count=400)
    assert len(made["events"]) == 50
    assert api.count("event") == 400


def test_a_start_before_the_next_open_date_names_the_next_possible_one(api: Api) -> None:
    problem = assert_problem(
        api.call("POST", "/v1/schedules", json={**RENT, "startDate": "2026-11-19"}), 422, "date_not_open"
    )
    assert problem["errors"] == [{"pointer": "/startDate", "detail": "lies before the next possible date, 2026-11-20"}]


def test_after_the_cut_off_today_is_no_possible_date(database_url: str) -> None:
    api = Api(database_url, BUSINESS_DATE="2026-11-20T17:30", CUTOFF_AT="17:30")
    response = api.call("POST", "/v1/schedules", json={**RENT, "startDate": "2026-11-20"})
    assert "2026-11-21" in assert_problem(response, 422, "date_not_open")["errors"][0]["detail"]
    api.close()


def test_nothing_is_written_for_a_start_that_is_refused(api: Api) -> None:
    api.call("POST", "/v1/schedules", json={**RENT, "startDate": "2026-11-19"})
    assert [api.count(t) for t in ("schedule", "event", "idempotency_key", "audit")] == [0, 0, 0, 0]


def test_the_largest_amount_is_that_of_the_settings(database_url: str) -> None:
    api = Api(database_url, MAX_AMOUNT="100.00")
    response = api.call("POST", "/v1/schedules", json={**RENT, "amount": "100.01"})
    assert pointers(response) == {"/amount"}
    assert api.schedule(amount="100.00")["amount"] == "100.00"
    api.close()


def test_creating_reads_nothing_of_what_its_payer_paid_before(api: Api) -> None:
    from sqlalchemy import event

    statements: list[str] = []
    event.listen(api.engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    api.schedule()
    assert any("INSERT INTO event" in statement for statement in statements)
    assert [statement for statement in statements if "FROM event" in statement and "payer_id" in statement] == []


def test_creating_takes_a_fixed_number_of_statements_whatever_the_number_of_events(api: Api) -> None:
    from sqlalchemy import event

    statements: list[str] = []
    event.listen(api.engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    api.schedule(frequency="daily", count=2)
    few = len(statements)
    statements.clear()
    api.schedule(frequency="daily", count=400)
    assert len(statements) <= few
