"""PATCH of a schedule, whatever is changed: what is refused, what is told, and what happens at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import event as sqlalchemy_event

from tests.integration.api.client import Api, assert_problem, pointers
from tests.integration.api.editing import FIVE_DAYS, edit, events, nominal, patch, snapshot


def test_null_brings_a_field_back_to_its_default(api: Api) -> None:
    made = api.schedule(interval=2, monthEnd="skip", dayConvention="following", payLate=9, calendar="weekends")
    fields = ("interval", "monthEnd", "dayConvention", "payLate", "calendar")
    answer = edit(api, made, **dict.fromkeys(fields))
    assert [answer["schedule"][name] for name in fields] == [1, "clamp", "none", 5, "GB-ENG"]


@pytest.mark.parametrize("field", ["payeeId", "amount", "frequency", "startDate", "from"])
def test_null_takes_no_required_field_away(api: Api, field: str) -> None:
    made = api.schedule()
    response = patch(api, f"/v1/schedules/{made['id']}", {field: None})
    assert (response.status_code, pointers(response)) == (422, {f"/{field}"})


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"payerId": "bob"}, "/payerId"),
        ({"payerId": "alice"}, "/payerId"),
        ({"payerId": None}, "/payerId"),
        ({"currency": None}, "/currency"),
        ({"currency": "EUR"}, "/currency"),
        ({"payeeId": "alice"}, "/payeeId"),
        ({"amount": "1.001"}, "/amount"),
        ({"amount": 30}, "/amount"),
        ({"amount": "1000000.01"}, "/amount"),
        ({"status": "cancelled"}, "/status"),
        ({"overridden": "both"}, "/overridden"),
        ({"count": 0}, "/count"),
        ({"interval": 0}, "/interval"),
        ({"calendar": "XX-NOWHERE"}, "/calendar"),
        ({"startDate": "2026-11-19"}, "/startDate"),
        ({"endDate": "2026-12-01"}, "/endDate"),
        ({"frequency": "IntrvlDay:10", "interval": 2}, "/interval"),
        ({"frequency": "dates"}, "/dates"),
        ({"dates": ["2027-01-01"]}, "/dates"),
    ],
)
def test_what_cannot_be_is_a_422_that_points_at_it_and_changes_nothing(
    api: Api, body: dict[str, Any], pointer: str
) -> None:
    made = api.schedule()
    before = snapshot(api)
    response = patch(api, f"/v1/schedules/{made['id']}", body)
    assert response.status_code == 422, response.get_data(as_text=True)
    assert pointer in pointers(response)
    assert snapshot(api) == before


def test_the_answers_own_fields_and_unknown_ones_are_refused_together(api: Api) -> None:
    made = api.schedule()
    response = patch(api, f"/v1/schedules/{made['id']}", {"id": "x", "interval": 0, "pauses": []})
    assert pointers(response) == {"/id", "/interval", "/pauses"}


def test_a_patch_must_say_which_version_it_read(api: Api) -> None:
    path = f"/v1/schedules/{api.schedule()['id']}"
    before = snapshot(api)
    assert_problem(api.call("PATCH", path, json={"amount": "30.00"}), 428, "if_match_required")
    assert_problem(patch(api, path, {"amount": "30.00"}, version=9), 412, "version_stale")
    assert_problem(patch(api, f"{path}?dryRun=true", {"amount": "30.00"}, version=9), 412, "version_stale")
    assert snapshot(api) == before
    assert patch(api, path, {"amount": "30.00"}, version=1).status_code == 200
    assert_problem(patch(api, path, {"amount": "31.00"}, version=1), 412, "version_stale")


def test_anothers_schedule_and_none_are_a_404(api: Api) -> None:
    path = f"/v1/schedules/{api.schedule()['id']}"
    assert patch(api, path, {"amount": "30.00"}, sub="mallory").status_code == 404
    nowhere = "/v1/schedules/01a20000-0000-7000-8000-000000000009"
    assert patch(api, nowhere, {"amount": "30.00"}, version=1).status_code == 404
    assert patch(api, path, {"amount": "30.00"}, scopes=("schedules:read",)).status_code == 403


def test_a_cancelled_schedule_is_a_409(api: Api) -> None:
    made = api.schedule()
    api.call("DELETE", f"/v1/schedules/{made['id']}")
    before = snapshot(api)
    for query in ("", "?dryRun=true"):
        response = patch(api, f"/v1/schedules/{made['id']}{query}", {"amount": "30.00"})
        assert "cancelled" in assert_problem(response, 409, "schedule_cancelled")["detail"]
    assert snapshot(api) == before


@pytest.mark.parametrize(
    "body",
    [{}, {"amount": "25.00"}, {"amount": "25"}, {"interval": 1}, {"frequency": "monthly", "startDate": "2026-12-31"}],
)
def test_a_change_that_changes_nothing_leaves_the_version(api: Api, body: dict[str, Any]) -> None:
    made = api.schedule(count=3)
    before = snapshot(api)
    answer = edit(api, made, **body)
    assert snapshot(api) == before
    assert answer["schedule"]["version"] == 1
    assert nominal(answer["changes"]["kept"]) == nominal(made["events"])


def test_the_audit_says_what_was_and_what_is(api: Api) -> None:
    made = api.schedule(count=3)
    edit(api, made, amount="30.00")
    row = api.rows("SELECT * FROM audit ORDER BY id")[-1]
    assert (row.action, row.subject, row.subject_id, row.actor) == (
        "schedule.updated", "schedule", made["id"], "alice",
    )  # fmt: skip
    assert (row.before["amount"], row.after["amount"]) == (2500, 3000)
    assert (row.before["version"], row.after["version"]) == (1, 2)


def test_today_is_edited_before_the_cut_off_and_left_alone_after_it(database_url: str) -> None:
    early = Api(database_url, BUSINESS_DATE="2026-11-20T17:29", CUTOFF_AT="17:30")
    made = early.schedule(**FIVE_DAYS)
    late = Api(database_url, BUSINESS_DATE="2026-11-20T17:30", CUTOFF_AT="17:30")
    answer = edit(late, made, startDate="2026-11-23", interval=2)
    assert "2026-11-20" not in nominal(answer["changes"]["created"])
    assert all(event["date"] >= "2026-11-21" for event in answer["changes"]["created"])
    response = patch(late, f"/v1/schedules/{made['id']}", {"startDate": "2026-11-20"})
    problem = assert_problem(response, 422, "date_not_open")
    assert "2026-11-21" in problem["errors"][0]["detail"]
    early.close()
    late.close()


def test_what_an_open_run_had_counted_follows_the_edit(api: Api) -> None:
    api.rows("INSERT INTO run (date, status, opened_at) VALUES ('2026-11-20', 'open', now())")
    made = api.schedule(**FIVE_DAYS)
    edit(api, made, amount="30.00")
    run = api.get("/v1/runs/2026-11-20", scopes=("ops",))
    assert (run["waiting"], run["balanced"]) == ({"count": 1, "amounts": {"GBP": "30.00"}}, True)
    edit(api, made, startDate="2026-11-25")
    run = api.get("/v1/runs/2026-11-20", scopes=("ops",))
    assert (run["waiting"], run["balanced"]) == ({"count": 0, "amounts": {}}, True)


def test_what_is_late_already_changes_its_amount_and_never_its_day(api: Api, database_url: str) -> None:
    made = api.schedule(**FIVE_DAYS)
    later = Api(database_url, BUSINESS_DATE="2026-11-23")
    edit(later, made, amount="30.00")
    assert [(event["amount"], event["date"]) for event in events(later, made)] == [
        ("30.00", event["date"]) for event in made["events"]
    ]
    answer = edit(later, made, frequency="weekly")
    assert all(event["date"] >= "2026-11-23" for event in answer["changes"]["created"])
    late, *rest = events(later, made, "scheduled")
    assert (late["id"], late["date"]) == (made["events"][0]["id"], "2026-11-20")
    assert nominal(rest) == ["2026-11-27", "2026-12-04", "2026-12-11", "2026-12-18"]
    later.close()


def test_of_many_edits_of_one_version_one_wins_and_the_others_are_told(api: Api) -> None:
    made = api.schedule(count=12)
    start = Barrier(6)

    def change(number: int) -> int:
        body = {"amount": f"{number + 30}.00"} if number % 2 else {"interval": number + 2}
        start.wait()
        return patch(api, f"/v1/schedules/{made['id']}", body, version=1).status_code

    with ThreadPoolExecutor(6) as pool:
        answers = sorted(pool.map(change, range(6)))
    assert answers == [200] + [412] * 5
    assert api.get(f"/v1/schedules/{made['id']}")["version"] == 2
    assert [event["sequence"] for event in events(api, made, "scheduled")] == list(range(1, 13))
    assert api.rows("SELECT count(*) FROM audit WHERE action = 'schedule.updated'")[0][0] == 1


@pytest.mark.parametrize(
    "body",
    [
        {"amount": "30.00"},
        {"dayConvention": "following"},
        {"startDate": "2026-12-02"},
        {"finalAmount": "9.00"},
        {"from": "2026-12-04", "interval": 2},
    ],
)
def test_editing_takes_a_fixed_number_of_statements_whatever_the_number_of_events(
    api: Api, body: dict[str, Any]
) -> None:
    few, many = (api.schedule(frequency="daily", startDate="2026-12-01", count=count) for count in (12, 400))
    taken(api, api.schedule(frequency="daily", startDate="2026-12-01", count=400), body)  # reads the calendar's years
    assert taken(api, few, body) == taken(api, many, body) > 0


def taken(api: Api, made: dict[str, Any], body: dict[str, Any]) -> int:
    """The statements of a dry run and of the change itself."""
    statements: list[str] = []

    def note(*given: Any) -> None:
        statements.append(given[2])

    sqlalchemy_event.listen(api.engine, "before_cursor_execute", note)
    for query in ("?dryRun=true", ""):
        assert patch(api, f"/v1/schedules/{made['id']}{query}", body, version=1).status_code == 200
    sqlalchemy_event.remove(api.engine, "before_cursor_execute", note)
    return len(statements)
