"""Lists: filters, whose rows, and pages that neither repeat nor lose a row while rows change."""

import itertools
from typing import Any
from urllib.parse import quote

import pytest

from tests.integration.api.client import Api, assert_problem


def walk(api: Api, path: str, **call: Any) -> list[dict[str, Any]]:
    """Every row of a list, page by page."""
    rows, cursor = [], ""
    for _ in range(100):
        page = api.get(f"{path}{'&' if '?' in path else '?'}limit=7{cursor}", **call)
        rows += page["data"]
        if page["nextCursor"] is None:
            return rows
        assert len(page["data"]) == 7
        cursor = f"&cursor={quote(page['nextCursor'])}"
    raise AssertionError("the pages do not end")


def pay(api: Api, event: dict[str, Any], transaction_id: str) -> None:
    """Writes a transaction as the worker does."""
    api.set_status(event["id"], "paid", transaction_id=transaction_id, first_sent_at="2026-11-20T12:00Z")
    api.rows(
        "INSERT INTO transaction (date, id, event_id, event_date, schedule_id, payer_id, payee_id, amount, currency,"
        " provider_ref) SELECT date, CAST(:t AS uuid), id, date, schedule_id, payer_id, payee_id, amount, currency,"
        " 'ref-' || sequence FROM event WHERE id = :event",
        t=transaction_id,
        event=event["id"],
    )


def test_events_come_by_date_and_id_over_all_pages_exactly_once(api: Api) -> None:
    for start in ("2026-12-31", "2026-12-30", "2026-12-31"):
        api.schedule(startDate=start)
    rows = walk(api, "/v1/events")
    keys = [(row["date"], row["id"]) for row in rows]
    assert len(keys) == 3 * 18
    assert keys == sorted(set(keys))


def test_pages_neither_repeat_nor_lose_a_row_that_stays_while_others_come_and_change(api: Api) -> None:
    api.schedule(frequency="daily", count=30)
    before = {row["id"] for row in walk(api, "/v1/events")}
    first = api.get("/v1/events?limit=10")
    api.schedule(frequency="daily", startDate="2026-12-01", count=20)
    api.set_status(first["data"][-1]["id"], "cancelled", cancel_reason="skipped")
    seen, cursor = [row["id"] for row in first["data"]], first["nextCursor"]
    while cursor:
        page = api.get(f"/v1/events?limit=10&cursor={quote(cursor)}")
        seen += [row["id"] for row in page["data"]]
        cursor = page["nextCursor"]
    assert len(seen) == len(set(seen))
    assert before <= set(seen)


def test_filters_narrow_events_and_both_dates_are_inclusive(api: Api) -> None:
    daily = api.schedule(frequency="daily", startDate="2026-12-01", count=10)
    other = api.schedule(frequency="daily", startDate="2026-12-01", count=10)
    api.set_status(daily["events"][0]["id"], "cancelled", cancel_reason="skipped")
    api.set_status(daily["events"][1]["id"], "missed")
    assert len(api.get("/v1/events?from=2026-12-03&to=2026-12-05")["data"]) == 6
    assert len(api.get("/v1/events?from=2026-12-10&to=2026-12-10")["data"]) == 2
    mine = f"/v1/events?scheduleId={other['id']}"
    assert {row["scheduleId"] for row in api.get(mine)["data"]} == {other["id"]}
    assert [row["status"] for row in api.get("/v1/events?status=missed")["data"]] == ["missed"]
    both = api.get("/v1/events?status=missed&status=cancelled")["data"]
    assert [row["status"] for row in both] == ["cancelled", "missed"]
    assert len(api.get(f"{mine}&status=scheduled&from=2026-12-02&payerId=alice")["data"]) == 9


def test_a_caller_sees_its_own_and_one_for_all_sees_all_or_those_it_names(api: Api) -> None:
    schedules = {sub: api.schedule(sub=sub, frequency="once") for sub in ("alice", "bob")}
    lists = ("/v1/events", "/v1/schedules")
    for path in lists:
        assert {row["payerId"] for row in api.get(path)["data"]} == {"alice"}
        for scopes in (("ops",), ("schedules:read", "payers:any")):
            everything = {"sub": "front-end", "scopes": scopes}
            assert {row["payerId"] for row in api.get(path, **everything)["data"]} == {"alice", "bob"}
            assert {row["payerId"] for row in api.get(f"{path}?payerId=bob", **everything)["data"]} == {"bob"}
        assert_problem(api.call("GET", f"{path}?payerId=bob"), 403, "payer_not_allowed")
    bobs = f"/v1/events?scheduleId={schedules['bob']['id']}"
    assert api.get(bobs)["data"] == []
    assert len(api.get(bobs, sub="front-end", scopes=("ops",))["data"]) == 1


def test_a_cursor_is_good_only_for_its_list_and_filters(api: Api) -> None:
    api.schedule(frequency="daily", count=20)
    cursor = quote(api.get("/v1/events?limit=5&to=2027-01-31")["nextCursor"])
    assert api.get(f"/v1/events?limit=9&to=2027-01-31&cursor={cursor}")["data"][0]["sequence"] == 6
    for path in (
        f"/v1/events?cursor={cursor}",
        f"/v1/events?to=2027-01-30&cursor={cursor}",
        f"/v1/events?to=2027-01-31&status=scheduled&cursor={cursor}",
        f"/v1/events?to=2027-01-31&payerId=alice&cursor={cursor}",
        f"/v1/transactions?to=2027-01-31&cursor={cursor}",
        f"/v1/schedules?cursor={cursor}",
        f"/v1/events?to=2027-01-31&cursor={'A' if cursor[0] != 'A' else 'B'}{cursor[1:]}",
    ):
        assert_problem(api.call("GET", path), 400, "bad_cursor")


def test_a_cursor_of_another_key_is_refused(api: Api, database_url: str) -> None:
    api.schedule(frequency="daily", count=20)
    other = Api(database_url, SECRET_KEY="another-secret-of-another-deployment")
    cursor = quote(other.get("/v1/events?limit=5")["nextCursor"])
    assert_problem(api.call("GET", f"/v1/events?cursor={cursor}"), 400, "bad_cursor")
    other.close()


def test_schedules_come_in_the_order_they_were_made_with_their_standing(api: Api) -> None:
    made = [api.schedule(frequency=frequency) for frequency in ("once", "monthly", "yearly") * 4]
    rows = walk(api, "/v1/schedules")
    assert [row["id"] for row in rows] == [schedule["id"] for schedule in made]
    assert {row["status"] for row in rows} == {"active"}


def test_transactions_are_answered_as_the_contract_says(api: Api) -> None:
    made = api.schedule(frequency="daily", startDate="2026-11-20", count=20)
    for event, number in zip(made["events"], itertools.count(1), strict=False):
        pay(api, event, f"01a20000-0000-7000-8000-{number:012d}")
    rows = walk(api, "/v1/transactions")
    assert [row["date"] for row in rows] == [event["date"] for event in made["events"]]
    assert rows[0] == {
        "id": "01a20000-0000-7000-8000-000000000001", "eventId": made["events"][0]["id"], "scheduleId": made["id"],
        "payerId": "alice", "payeeId": "landlord-9", "amount": "25.00", "currency": "GBP", "date": "2026-11-20",
        "providerRef": "ref-1", "createdAt": rows[0]["createdAt"],
    }  # fmt: skip
    assert len(api.get("/v1/transactions?from=2026-11-21&to=2026-11-22")["data"]) == 2
    assert api.get("/v1/transactions", sub="bob")["data"] == []
    paid = api.get(f"/v1/events/{made['events'][0]['id']}")
    assert (paid["status"], paid["attempts"], paid["transactionId"]) == ("paid", 1, rows[0]["id"])
    assert_problem(api.call("GET", "/v1/transactions?status=paid"), 422, "validation_failed")


def test_attempts_counts_the_keys_that_were_sent(api: Api) -> None:
    event = api.schedule(frequency="once")["events"][0]
    path = f"/v1/events/{event['id']}"
    assert api.get(path)["attempts"] == 0
    api.set_status(event["id"], "unknown", first_sent_at="2026-11-20T12:00Z")
    assert api.get(path)["attempts"] == 1
    api.set_status(event["id"], "scheduled", attempt=2, first_sent_at=None)
    assert api.get(path)["attempts"] == 1


@pytest.mark.parametrize(
    ("status", "columns", "expected"),
    [
        ("paid", {"transaction_id": "01a20000-0000-7000-8000-000000000001"}, "completed"),
        ("missed", {}, "completed"),
        ("failed", {"failure_code": "account_closed"}, "completed"),
        ("failed", {"failure_code": "insufficient_funds", "retry_on": "2026-12-01"}, "active"),
        ("unknown", {}, "active"),
        ("paused", {}, "active"),
        ("processing", {"batch_id": 1}, "active"),
        ("scheduled", {}, "active"),
        ("cancelled", {"cancel_reason": "skipped"}, "completed"),
    ],
)
def test_a_schedule_is_completed_when_no_event_is_open_and_none_to_come(
    api: Api, status: str, columns: dict[str, object], expected: str
) -> None:
    made = api.schedule(frequency="once")
    api.set_status(made["events"][0]["id"], status, **columns)
    schedule = api.get(f"/v1/schedules/{made['id']}")
    assert schedule["status"] == expected
    assert schedule["nextDate"] == ("2026-12-31" if status == "scheduled" else None)
    assert api.get("/v1/schedules")["data"] == [schedule]


def test_an_open_ended_schedule_is_active_whatever_became_of_what_is_written(api: Api) -> None:
    made = api.schedule()
    api.rows("UPDATE event SET status = 'missed'")
    assert api.get(f"/v1/schedules/{made['id']}")["status"] == "active"


def test_a_page_of_schedules_takes_as_many_statements_as_one_schedule(api: Api) -> None:
    from sqlalchemy import event

    for _ in range(9):
        api.schedule()
    statements: list[str] = []
    event.listen(api.engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    api.get("/v1/schedules?limit=1")
    one = len(statements)
    statements.clear()
    api.get("/v1/schedules?limit=9")
    assert len(statements) == one


LISTS = ("schedules", "events", "transactions", "runs", "holds", "reconcile-items")


@pytest.mark.parametrize("name", LISTS)
def test_a_page_that_did_not_change_is_not_sent_again(api: Api, name: str) -> None:
    asking = {"sub": "operator", "scopes": ("ops",)}
    api.schedule()
    first = api.call("GET", f"/v1/{name}", **asking)
    tag = first.headers["ETag"]
    again = api.call("GET", f"/v1/{name}", headers={"If-None-Match": tag}, **asking)
    assert (again.status_code, again.get_data(), again.headers["ETag"]) == (304, b"", tag)
    other = api.call("GET", f"/v1/{name}", headers={"If-None-Match": '"another"'}, **asking)
    assert (other.status_code, other.get_json()) == (200, first.get_json())


def test_a_precondition_of_changes_is_none_of_reading(api: Api) -> None:
    api.schedule()
    assert api.call("GET", "/v1/events", headers={"If-Match": '"another"'}).status_code == 200


def test_a_page_that_changed_is_sent_with_another_tag(api: Api) -> None:
    made = api.schedule(frequency="once")
    for path in ("/v1/events", "/v1/schedules"):
        tag = api.call("GET", path).headers["ETag"]
        event = api.get(f"/v1/events/{made['events'][0]['id']}")
        api.call(
            "PATCH",
            f"/v1/events/{event['id']}",
            headers={"If-Match": f'"v{event["version"]}"'},
            json={"date": event["date"], "amount": f"{event['version']}.00"},
        )
        api.schedule()
        answer = api.call("GET", path, headers={"If-None-Match": tag})
        assert answer.status_code == 200
        assert answer.headers["ETag"] != tag
