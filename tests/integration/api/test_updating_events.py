"""PATCH of one event: it is paid otherwise than its schedule says (rules D2, S4)."""

import pytest

from shared.domain.lifecycle import EventStatus
from tests.integration.api.client import Api, assert_problem, pointers
from tests.integration.api.editing import edit, events, patch, snapshot


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "30.00"),
        ("payeeId", "landlord-10"),
        ("reference", "Flat 8"),
        ("reference", None),
        ("date", "2027-02-03"),
        ("date", "2026-11-20"),
    ],
)
def test_one_field_of_one_event_changes_and_nothing_else(api: Api, field: str, value: str | None) -> None:
    made = api.schedule(count=3, reference="Flat 7")
    event = made["events"][1]
    response = patch(api, f"/v1/events/{event['id']}", {field: value})
    assert response.status_code == 200, response.get_data(as_text=True)
    assert response.get_json() == {**event, field: value, "overridden": True, "version": 2}
    assert response.headers["ETag"] == '"v2"'
    assert events(api, made) == [made["events"][0], response.get_json(), made["events"][2]]
    assert api.get(f"/v1/schedules/{made['id']}")["amount"] == "25.00"


def test_an_amount_is_answered_with_the_currencys_decimals(api: Api) -> None:
    event = api.schedule()["events"][0]
    assert patch(api, f"/v1/events/{event['id']}", {"amount": "30"}).get_json()["amount"] == "30.00"


def test_a_date_before_the_next_open_one_is_a_422_that_names_it(api: Api) -> None:
    event = api.schedule()["events"][0]
    before = snapshot(api)
    problem = assert_problem(
        patch(api, f"/v1/events/{event['id']}", {"date": "2026-11-19", "amount": "30.00"}), 422, "date_not_open"
    )
    [error] = problem["errors"]
    assert error["pointer"] == "/date"
    assert "2026-11-20" in error["detail"]
    assert snapshot(api) == before


def test_after_the_cut_off_today_is_no_possible_date(database_url: str) -> None:
    api = Api(database_url, BUSINESS_DATE="2026-11-20T17:30", CUTOFF_AT="17:30")
    path = f"/v1/events/{api.schedule()['events'][0]['id']}"
    problem = assert_problem(patch(api, path, {"date": "2026-11-20"}), 422, "date_not_open")
    assert "2026-11-21" in problem["errors"][0]["detail"]
    assert patch(api, path, {"date": "2026-11-21"}).status_code == 200
    api.close()


@pytest.mark.parametrize("state", ["status = 'open', closing_at = now()", "status = 'closed', closed_at = now()"])
def test_a_day_whose_run_is_closing_or_closed_is_no_possible_date(api: Api, state: str) -> None:
    path = f"/v1/events/{api.schedule()['events'][0]['id']}"
    assert api.rows(f"UPDATE run SET opened_at = now(), {state} WHERE date = '2026-11-20' RETURNING date")
    problem = assert_problem(patch(api, path, {"date": "2026-11-20"}), 422, "date_not_open")
    assert "2026-11-21" in problem["errors"][0]["detail"]


def test_an_event_moved_to_today_gets_its_batch_in_the_same_transaction(api: Api) -> None:
    api.rows("INSERT INTO run (date, status, opened_at) VALUES ('2026-11-20', 'open', now())")
    event = api.schedule()["events"][0]
    assert patch(api, f"/v1/events/{event['id']}", {"date": "2026-11-20"}).status_code == 200
    batches = api.rows("SELECT ids, run_date FROM batch")
    assert event["id"] in {str(one) for batch in batches for one in batch.ids}
    run = api.get("/v1/runs/2026-11-20", scopes=("ops",))
    assert run["due"] == run["waiting"] == {"count": 1, "amounts": {"GBP": "25.00"}}
    assert patch(api, f"/v1/events/{event['id']}", {"amount": "30.00"}).status_code == 200
    run = api.get("/v1/runs/2026-11-20", scopes=("ops",))
    assert (run["waiting"], run["balanced"]) == ({"count": 1, "amounts": {"GBP": "30.00"}}, True)
    assert patch(api, f"/v1/events/{event['id']}", {"date": "2026-11-25"}).status_code == 200
    run = api.get("/v1/runs/2026-11-20", scopes=("ops",))
    assert (run["waiting"], run["balanced"]) == ({"count": 0, "amounts": {}}, True)


@pytest.mark.parametrize(
    ("status", "columns", "word"),
    [
        (EventStatus.PROCESSING, {"batch_id": 1}, "processing"),
        (EventStatus.PAID, {"transaction_id": "01a20000-0000-7000-8000-000000000001"}, "paid"),
        (EventStatus.FAILED, {"failure_code": "account_closed"}, "failed"),
        (EventStatus.FAILED, {"failure_code": "insufficient_funds", "retry_on": "2027-01-04"}, "failed"),
        (EventStatus.UNKNOWN, {}, "unknown"),
        (EventStatus.MISSED, {}, "missed"),
        (EventStatus.CANCELLED, {"cancel_reason": "skipped"}, "skipped"),
        (EventStatus.CANCELLED, {"cancel_reason": "superseded"}, "superseded"),
    ],
)
def test_what_is_claimed_or_final_is_a_409_that_names_its_status(
    api: Api, status: str, columns: dict[str, object], word: str
) -> None:
    event = api.schedule()["events"][0]
    api.set_status(event["id"], status, **columns)
    before = snapshot(api)
    problem = assert_problem(patch(api, f"/v1/events/{event['id']}", {"amount": "30.00"}), 409, "event_not_open")
    assert word in problem["detail"]
    assert snapshot(api) == before


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"amount": None}, "/amount"),
        ({"amount": "0"}, "/amount"),
        ({"amount": "1.001"}, "/amount"),
        ({"amount": "1000000.01"}, "/amount"),
        ({"payeeId": "alice"}, "/payeeId"),
        ({"payeeId": None}, "/payeeId"),
        ({"date": None}, "/date"),
        ({"date": "2027-02-30"}, "/date"),
        ({"reference": "x" * 36}, "/reference"),
        ({"payerId": "bob"}, "/payerId"),
        ({"currency": "EUR"}, "/currency"),
        ({"nominalDate": "2027-01-01"}, "/nominalDate"),
        ({"status": "paid"}, "/status"),
    ],
)
def test_what_cannot_be_is_a_422_that_points_at_it(api: Api, body: dict[str, object], pointer: str) -> None:
    event = api.schedule()["events"][0]
    before = snapshot(api)
    response = patch(api, f"/v1/events/{event['id']}", body)
    assert (response.status_code, pointers(response)) == (422, {pointer})
    assert snapshot(api) == before


def test_a_patch_must_say_which_version_it_read(api: Api) -> None:
    path = f"/v1/events/{api.schedule()['events'][0]['id']}"
    assert_problem(api.call("PATCH", path, json={"amount": "30.00"}), 428, "if_match_required")
    assert_problem(patch(api, path, {"amount": "30.00"}, version=2), 412, "version_stale")
    assert patch(api, path, {"amount": "30.00"}, version=1).status_code == 200
    assert_problem(patch(api, path, {"amount": "31.00"}, version=1), 412, "version_stale")


def test_anothers_event_and_none_are_a_404(api: Api) -> None:
    path = f"/v1/events/{api.schedule()['events'][0]['id']}"
    assert patch(api, path, {"amount": "30.00"}, sub="mallory").status_code == 404
    nowhere = "/v1/events/01a20000-0000-7000-8000-000000000009"
    assert patch(api, nowhere, {"amount": "30.00"}, version=1).status_code == 404


@pytest.mark.parametrize("body", [{}, {"amount": "25"}, {"date": "2026-12-31", "payeeId": "landlord-9"}])
def test_a_change_that_changes_nothing_leaves_the_event_as_it_was(api: Api, body: dict[str, str]) -> None:
    event = api.schedule()["events"][0]
    before = snapshot(api)
    response = patch(api, f"/v1/events/{event['id']}", body)
    assert (response.status_code, response.get_json(), response.headers["ETag"]) == (200, event, '"v1"')
    assert snapshot(api) == before


def test_the_audit_says_what_was_and_what_is(api: Api) -> None:
    event = api.schedule()["events"][0]
    patch(api, f"/v1/events/{event['id']}", {"amount": "30.00"})
    row = api.rows("SELECT * FROM audit ORDER BY id")[-1]
    assert (row.action, row.subject, row.subject_id, row.actor, row.payer_id) == (
        "event.updated", "event", event["id"], "alice", "alice",
    )  # fmt: skip
    assert (row.before["version"], row.after["version"]) == (1, 2)
    assert row.before["amount"] != row.after["amount"]


def test_a_moved_event_keeps_its_nominal_date_and_its_date_is_not_made_again(api: Api) -> None:
    made = api.schedule(count=3)
    patch(api, f"/v1/events/{made['events'][1]['id']}", {"date": "2027-03-15"})
    answer = edit(api, made, count=4)
    assert [event["nominalDate"] for event in answer["changes"]["created"]] == ["2027-03-31"]
    moved = events(api, made)[1]
    assert (moved["nominalDate"], moved["date"], moved["sequence"]) == ("2027-01-31", "2027-03-15", 2)


def test_a_paused_event_is_edited_and_stays_paused_until_it_leaves_the_pause(api: Api) -> None:
    made = api.schedule(count=3)
    pause = {"from": "2027-01-01", "until": "2027-02-01"}
    assert api.call("POST", f"/v1/schedules/{made['id']}/pauses", json=pause).status_code == 201
    path = f"/v1/events/{made['events'][1]['id']}"
    assert patch(api, path, {"amount": "30.00"}).get_json()["status"] == "paused"
    assert patch(api, path, {"date": "2027-02-01"}).get_json()["status"] == "scheduled"
    assert patch(api, path, {"date": "2027-01-31"}).get_json()["status"] == "paused"
