"""Runs as operators see them, and closing one."""

from typing import Any

import pytest

from tests.integration.api.client import Api, assert_problem

OPERATOR: dict[str, Any] = {"sub": "operator", "scopes": ("ops",)}


def open_run(api: Api, day: str = "2026-11-20") -> None:
    api.rows("INSERT INTO run (date, status, opened_at) VALUES (:day, 'open', '2026-11-20T00:00Z')", day=day)


def test_a_run_is_answered_with_its_books_by_currency(api: Api) -> None:
    open_run(api)
    api.schedule(frequency="once", startDate="2026-11-20")
    api.schedule(frequency="once", startDate="2026-11-20", currency="JPY", amount="700")
    api.rows(
        "INSERT INTO booking (run_date, heading, currency, count, amount) VALUES"
        " ('2026-11-20', 'paid', 'JPY', 1, 700), ('2026-11-20', 'in_flight', 'GBP', 1, 2500)"
    )
    nothing = {"count": 0, "amounts": {}}
    assert api.get("/v1/runs/2026-11-20", **OPERATOR) == {
        "date": "2026-11-20", "status": "open",
        "due": {"count": 2, "amounts": {"GBP": "25.00", "JPY": "700"}},
        "paid": {"count": 1, "amounts": {"JPY": "700"}},
        "declined": nothing, "unknown": nothing, "withdrawn": nothing, "carried": nothing, "missed": nothing,
        "adjusted": nothing, "waiting": nothing, "inFlight": {"count": 1, "amounts": {"GBP": "25.00"}},
        "balanced": True, "openedAt": "2026-11-20T00:00:00Z", "closingAt": None, "closedAt": None, "reason": None,
    }  # fmt: skip


def test_a_run_that_is_only_announced_is_not_shown(api: Api) -> None:
    api.schedule(frequency="once", startDate="2026-11-20")
    assert api.count("run") > 0
    assert_problem(api.call("GET", "/v1/runs/2026-11-20", **OPERATOR), 404, "not_found")
    assert api.get("/v1/runs", **OPERATOR) == {"data": [], "nextCursor": None}


def test_runs_come_newest_first_page_by_page(api: Api) -> None:
    days = [f"2026-11-{day:02}" for day in range(1, 21)]
    for day in days:
        open_run(api, day)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = api.get(f"/v1/runs?limit=6{cursor}", **OPERATOR)
        seen += [run["date"] for run in page["data"]]
        cursor = page["nextCursor"] and f"&cursor={page['nextCursor']}"
    assert seen == days[::-1]


def test_closing_is_recorded_with_who_and_why_and_is_not_done_twice(api: Api) -> None:
    open_run(api)
    path = "/v1/runs/2026-11-20/close"
    first = api.call("POST", path, json={"reason": "provider closes early"}, **OPERATOR)
    assert first.status_code == 200
    assert (first.get_json()["status"], first.get_json()["closedAt"]) == ("open", None)
    assert first.get_json()["closingAt"] is not None
    assert first.get_json()["reason"] == "provider closes early"
    again = api.call("POST", path, json={"reason": "another"}, **OPERATOR)
    assert again.get_json() == first.get_json()
    (run,) = api.rows("SELECT reason, closing_at FROM run WHERE date = '2026-11-20'")
    assert run.reason == "provider closes early"
    assert run.closing_at is not None
    (row,) = api.rows("SELECT * FROM audit")
    assert (row.actor, row.action, row.subject_id, row.payer_id) == ("operator", "run.closing", "2026-11-20", None)
    assert row.before == {"status": "open", "closing": False, "reason": None}
    assert row.after == {"status": "open", "closing": True, "reason": "provider closes early"}


def test_after_closing_today_is_no_possible_date(api: Api) -> None:
    open_run(api)
    api.call("POST", "/v1/runs/2026-11-20/close", json={"reason": "early"}, **OPERATOR)
    body = {"payeeId": "p", "amount": "1.00", "currency": "GBP", "startDate": "2026-11-20", "frequency": "once"}
    problem = assert_problem(api.call("POST", "/v1/schedules", json=body), 422, "date_not_open")
    assert "2026-11-21" in problem["errors"][0]["detail"]


def test_closing_replays_with_its_key(api: Api) -> None:
    open_run(api)
    answers = [
        api.call("POST", "/v1/runs/2026-11-20/close", key="k", json={"reason": "early"}, **OPERATOR) for _ in range(2)
    ]
    assert [answer.headers.get("Idempotent-Replayed") for answer in answers] == [None, "true"]


def test_a_run_that_is_being_planned_is_a_409(api: Api) -> None:
    api.rows("INSERT INTO run (date, status) VALUES ('2026-11-20', 'planning')")
    response = api.call("POST", "/v1/runs/2026-11-20/close", json={"reason": "early"}, **OPERATOR)
    assert_problem(response, 409, "run_not_open")


@pytest.mark.parametrize("day", ["2026-11-20", "2026-02-30", "x"])
def test_closing_what_is_no_run_is_a_404(api: Api, day: str) -> None:
    response = api.call("POST", f"/v1/runs/{day}/close", json={"reason": "early"}, **OPERATOR)
    assert_problem(response, 404, "not_found")


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": None}, {"reason": 5}, {"reason": "x" * 201}])
def test_closing_needs_a_reason(api: Api, body: dict[str, object]) -> None:
    open_run(api)
    response = api.call("POST", "/v1/runs/2026-11-20/close", json=body, **OPERATOR)
    problem = assert_problem(response, 422, "validation_failed")
    assert problem["errors"][0]["pointer"] == "/reason"
