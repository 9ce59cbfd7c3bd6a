"""POST /v1/events/{id}/restore: a skipped payment is taken back (rules S5, D2)."""

import pytest

from shared.domain.lifecycle import EventStatus
from tests.integration.api.client import Api, assert_problem
from tests.integration.api.editing import edit, events, nominal, patch, snapshot


def skip(api: Api, event: dict[str, str]) -> None:
    assert api.call("DELETE", f"/v1/events/{event['id']}").status_code == 200


def test_a_skipped_event_comes_back_as_it_was(api: Api) -> None:
    made = api.schedule(count=3)
    event = made["events"][1]
    skip(api, event)
    response = api.call("POST", f"/v1/events/{event['id']}/restore")
    assert response.status_code == 200
    assert response.get_json() == {**event, "version": 3}
    assert response.headers["ETag"] == '"v3"'
    assert events(api, made) == [made["events"][0], response.get_json(), made["events"][2]]
    actions = [row.action for row in api.rows("SELECT action FROM audit ORDER BY id")]
    assert actions == ["schedule.created", "event.skipped", "event.restored"]


def test_it_comes_back_with_the_terms_in_force_now(api: Api) -> None:
    made = api.schedule(count=4)
    for event in made["events"][1:3]:
        skip(api, event)
    edit(api, made, from_="2027-02-28", amount="30.00", payeeId="landlord-10", reference="Flat 8")
    answers = [api.call("POST", f"/v1/events/{event['id']}/restore").get_json() for event in made["events"][1:3]]
    assert [(event["amount"], event["payeeId"], event["reference"]) for event in answers] == [
        ("25.00", "landlord-9", None),
        ("30.00", "landlord-10", "Flat 8"),
    ]


def test_what_was_edited_by_itself_comes_back_as_it_was_edited(api: Api) -> None:
    made = api.schedule(count=3)
    path = f"/v1/events/{made['events'][1]['id']}"
    patch(api, path, {"amount": "99.00", "date": "2027-02-03"})
    skip(api, made["events"][1])
    edit(api, made, amount="30.00")
    event = api.call("POST", f"{path}/restore").get_json()
    assert (event["amount"], event["date"], event["overridden"]) == ("99.00", "2027-02-03", True)


def test_inside_a_pause_it_comes_back_paused(api: Api) -> None:
    made = api.schedule(count=3)
    skip(api, made["events"][1])
    api.call("POST", f"/v1/schedules/{made['id']}/pauses", json={"from": "2027-01-31", "until": "2027-02-01"})
    assert api.call("POST", f"/v1/events/{made['events'][1]['id']}/restore").get_json()["status"] == "paused"
    skip(api, made["events"][0])
    assert api.call("POST", f"/v1/events/{made['events'][0]['id']}/restore").get_json()["status"] == "scheduled"


def test_a_schedule_whose_last_event_was_skipped_is_active_again(api: Api) -> None:
    made = api.schedule(frequency="once")
    skip(api, made["events"][0])
    assert api.get(f"/v1/schedules/{made['id']}")["status"] == "completed"
    api.call("POST", f"/v1/events/{made['events'][0]['id']}/restore")
    schedule = api.get(f"/v1/schedules/{made['id']}")
    assert (schedule["status"], schedule["nextDate"]) == ("active", "2026-12-31")


def test_one_restored_for_today_gets_its_batch_and_balances_the_books(api: Api) -> None:
    api.rows("INSERT INTO run (date, status, opened_at) VALUES ('2026-11-20', 'open', now())")
    made = api.schedule(startDate="2026-11-20", count=2)
    skip(api, made["events"][0])
    api.rows("DELETE FROM batch")
    assert api.call("POST", f"/v1/events/{made['events'][0]['id']}/restore").status_code == 200
    ids = {str(one) for batch in api.rows("SELECT ids FROM batch") for one in batch.ids}
    assert made["events"][0]["id"] in ids
    run = api.get("/v1/runs/2026-11-20", scopes=("ops",))
    assert (run["waiting"], run["balanced"]) == ({"count": 1, "amounts": {"GBP": "25.00"}}, True)


@pytest.mark.parametrize(
    ("status", "columns", "word"),
    [
        (EventStatus.SCHEDULED, {}, "scheduled"),
        (EventStatus.PAUSED, {}, "paused"),
        (EventStatus.PROCESSING, {"batch_id": 1}, "processing"),
        (EventStatus.PAID, {"transaction_id": "01a20000-0000-7000-8000-000000000001"}, "paid"),
        (EventStatus.FAILED, {"failure_code": "account_closed"}, "failed"),
        (EventStatus.UNKNOWN, {}, "unknown"),
        (EventStatus.MISSED, {}, "missed"),
        (EventStatus.CANCELLED, {"cancel_reason": "superseded"}, "superseded"),
        (EventStatus.CANCELLED, {"cancel_reason": "collapsed"}, "collapsed"),
        (EventStatus.CANCELLED, {"cancel_reason": "given_up"}, "given_up"),
        (EventStatus.CANCELLED, {"cancel_reason": "schedule_cancelled"}, "schedule_cancelled"),
    ],
)
def test_only_what_was_skipped_can_be_restored(api: Api, status: str, columns: dict[str, object], word: str) -> None:
    event = api.schedule()["events"][0]
    api.set_status(event["id"], status, **columns)
    before = snapshot(api)
    response = api.call("POST", f"/v1/events/{event['id']}/restore")
    assert response.status_code == 409
    assert word in response.get_json()["detail"]
    assert snapshot(api)[1:] == before[1:]


def test_not_while_the_schedule_is_cancelled(api: Api) -> None:
    made = api.schedule()
    skip(api, made["events"][0])
    api.call("DELETE", f"/v1/schedules/{made['id']}")
    assert_problem(api.call("POST", f"/v1/events/{made['events'][0]['id']}/restore"), 409, "schedule_cancelled")


@pytest.mark.parametrize(
    "body",
    [
        {"startDate": "2027-01-15"},
        {"from": "2027-01-31", "frequency": "IntrvlMnthDay:01:15"},
        {"count": 2},
        {"endDate": "2027-02-27", "count": None},
    ],
)
def test_not_when_its_rule_does_not_give_the_date_any_more(api: Api, body: dict[str, object]) -> None:
    made = api.schedule(count=4)
    skip(api, made["events"][2])
    edit(api, made, **body)
    assert_problem(api.call("POST", f"/v1/events/{made['events'][2]['id']}/restore"), 409, "date_not_in_rule")
    assert "2027-02-28" not in nominal(events(api, made, "scheduled"))


def test_a_new_rule_that_still_gives_the_date_lets_it_come_back_where_it_belongs(api: Api) -> None:
    made = api.schedule(count=4, calendar="weekends")
    skip(api, made["events"][1])
    edit(api, made, dayConvention="preceding")
    event = api.call("POST", f"/v1/events/{made['events'][1]['id']}/restore").get_json()
    assert (event["nominalDate"], event["date"]) == ("2027-01-31", "2027-01-29")
    live = events(api, made, "scheduled")
    assert nominal(live) == nominal(made["events"])
    assert [one["sequence"] for one in live] == [1, 2, 3, 4]


def test_not_once_its_date_is_no_possible_one(api: Api, database_url: str) -> None:
    made = api.schedule(frequency="daily", startDate="2026-11-20", count=2)
    for event in made["events"]:
        skip(api, event)
    later = Api(database_url, BUSINESS_DATE="2026-11-21T17:29", CUTOFF_AT="17:30")
    after = Api(database_url, BUSINESS_DATE="2026-11-21T17:30", CUTOFF_AT="17:30")
    first, second = (f"/v1/events/{event['id']}/restore" for event in made["events"])
    assert_problem(later.call("POST", first), 409, "date_not_open")
    assert_problem(after.call("POST", second), 409, "date_not_open")
    assert later.call("POST", second).status_code == 200
    later.close()
    after.close()


def test_a_restore_needs_a_key_and_is_replayed_for_the_same(api: Api) -> None:
    event = api.schedule()["events"][0]
    skip(api, event)
    path = f"/v1/events/{event['id']}/restore"
    assert api.call("POST", path, key=None).status_code == 400
    first, again = (api.call("POST", path, key="again") for _ in range(2))
    assert (first.status_code, first.get_data()) == (again.status_code, again.get_data())
    assert again.headers["Idempotent-Replayed"] == "true"
    assert_problem(api.call("POST", path), 409, "event_not_skipped")


def test_anothers_event_is_a_404(api: Api) -> None:
    event = api.schedule()["events"][0]
    skip(api, event)
    assert api.call("POST", f"/v1/events/{event['id']}/restore", sub="mallory").status_code == 404
