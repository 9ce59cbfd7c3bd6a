"""Pausing a run and letting it go on, as operators do it."""

from typing import Any

import pytest

from tests.integration.api.client import Api, assert_problem

OPERATOR: dict[str, Any] = {"sub": "operator", "scopes": ("ops",)}
DAY = "2026-11-20"
REASON = {"reason": "the provider answers oddly"}


def begin(api: Api, status: str = "open", *, closing: bool = False) -> None:
    closed = "now()" if status == "closed" else "NULL"
    api.rows(
        "INSERT INTO run (date, status, opened_at, closing_at, closed_at)"
        f" VALUES (:day, :status, now(), {'now()' if closing else 'NULL'}, {closed})",
        day=DAY,
        status=status,
    )


def change(api: Api, action: str, reason: str = "why not", **request: Any) -> Any:
    return api.call("POST", f"/v1/runs/{DAY}/{action}", json={"reason": reason}, **{**OPERATOR, **request})


def test_a_run_is_paused_and_resumed_with_who_and_why(api: Api) -> None:
    begin(api)
    paused = change(api, "pause", "the provider answers oddly")
    assert paused.status_code == 200
    assert (paused.get_json()["status"], paused.get_json()["reason"]) == ("paused", "the provider answers oddly")
    assert paused.get_json() == api.get(f"/v1/runs/{DAY}", **OPERATOR)
    resumed = change(api, "resume", "it is mended", sub="second")
    assert resumed.status_code == 200
    assert (resumed.get_json()["status"], resumed.get_json()["reason"]) == ("open", "it is mended")
    first, second = api.rows("SELECT * FROM audit ORDER BY id")
    assert (first.actor, first.action, first.subject, first.subject_id) == ("operator", "run.paused", "run", DAY)
    assert first.before == {"status": "open", "closing": False, "reason": None}
    assert first.after == {"status": "paused", "closing": False, "reason": "the provider answers oddly"}
    assert (second.actor, second.action, second.before) == ("second", "run.resumed", first.after)
    assert second.after == {"status": "open", "closing": False, "reason": "it is mended"}


@pytest.mark.parametrize(("action", "status"), [("pause", "paused"), ("resume", "open")])
def test_what_is_so_already_is_answered_and_not_recorded(api: Api, action: str, status: str) -> None:
    begin(api, status)
    before = api.get(f"/v1/runs/{DAY}", **OPERATOR)
    response = change(api, action)
    assert response.status_code == 200
    assert response.get_json() == before
    assert api.count("audit") == 0


@pytest.mark.parametrize("action", ["pause", "resume"])
@pytest.mark.parametrize(
    ("status", "closing", "code"),
    [
        ("planning", False, "run_not_open"),
        ("open", True, "run_closing"),
        ("paused", True, "run_closing"),
        ("closed", True, "run_closed"),
    ],
)
def test_a_run_that_is_planned_closes_or_is_closed_is_left_alone(
    api: Api, action: str, status: str, closing: bool, code: str
) -> None:
    begin(api, status, closing=closing)
    assert_problem(change(api, action), 409, code)
    (run,) = api.rows("SELECT status, reason FROM run")
    assert (run.status, run.reason) == (status, None)
    assert api.count("audit") == 0


def test_a_paused_run_can_be_closed(api: Api) -> None:
    begin(api)
    change(api, "pause")
    closing = change(api, "close", "enough for today")
    assert (closing.status_code, closing.get_json()["status"]) == (200, "paused")
    assert closing.get_json()["closingAt"] is not None
    assert closing.get_json()["reason"] == "enough for today"


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_pausing_and_resuming_replay_with_their_key(api: Api, action: str) -> None:
    begin(api, "open" if action == "pause" else "paused")
    answers = [change(api, action, key="k") for _ in range(2)]
    assert [answer.headers.get("Idempotent-Replayed") for answer in answers] == [None, "true"]
    assert answers[0].get_json() == answers[1].get_json()
    assert api.count("audit") == 1
    assert_problem(change(api, action, "another", key="k"), 422, "idempotency_key_reused")
    assert_problem(change(api, action, key=None), 400, "idempotency_key_required")


def test_a_replayed_pause_does_not_pause_a_run_that_was_resumed_since(api: Api) -> None:
    begin(api)
    change(api, "pause", key="k")
    change(api, "resume")
    replayed = change(api, "pause", key="k")
    assert replayed.get_json()["status"] == "paused"
    assert api.get(f"/v1/runs/{DAY}", **OPERATOR)["status"] == "open"


def test_what_is_no_run_is_a_404_and_no_row(api: Api) -> None:
    for action in ("pause", "resume"):
        for day in (DAY, "2026-02-30", "x"):
            response = api.call("POST", f"/v1/runs/{day}/{action}", json=REASON, **OPERATOR)
            assert_problem(response, 404, "not_found")
    assert api.count("run") == 0


def test_a_reason_is_needed(api: Api) -> None:
    begin(api)
    for action in ("pause", "resume"):
        for body in ({}, {"reason": ""}, {"reason": None}, {"reason": 5}, {"reason": "x" * 201}):
            response = api.call("POST", f"/v1/runs/{DAY}/{action}", json=body, **OPERATOR)
            problem = assert_problem(response, 422, "validation_failed")
            assert problem["errors"][0]["pointer"] == "/reason"
    assert api.count("audit") == 0


def test_a_day_that_is_paused_still_takes_payments_for_later_today(api: Api) -> None:
    begin(api)
    change(api, "pause")
    assert api.schedule(frequency="once", startDate=DAY)["nextDate"] == DAY
    assert api.get(f"/v1/runs/{DAY}", **OPERATOR)["waiting"]["count"] == 1
