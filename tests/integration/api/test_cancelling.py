"""DELETE of a schedule and of one event (rules S4, S5, S13), also while the worker claims."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from shared.domain.lifecycle import EventStatus
from tests.integration.api.client import Api, assert_problem


def test_a_cancelled_schedule_keeps_its_history_and_cancels_what_is_not_claimed(api: Api) -> None:
    made = api.schedule(frequency="daily", startDate="2026-11-20", count=5)
    ids = [event["id"] for event in made["events"]]
    api.set_status(ids[0], "processing", batch_id=1)
    api.set_status(ids[1], "failed", failure_code="account_closed")
    api.set_status(ids[2], "paused")
    schedule = api.call("DELETE", f"/v1/schedules/{made['id']}").get_json()
    assert (schedule["status"], schedule["version"], schedule["nextDate"]) == ("cancelled", 2, None)
    events = api.get(f"/v1/events?scheduleId={made['id']}")["data"]
    assert [event["status"] for event in events] == ["processing", "failed", "cancelled", "cancelled", "cancelled"]
    assert [event["cancelReason"] for event in events] == [None, None, *["schedule_cancelled"] * 3]
    assert [event["version"] for event in events] == [2, 2, 3, 2, 2]


def test_a_repeated_delete_answers_the_same_and_is_audited_once(api: Api) -> None:
    made = api.schedule()
    event, schedule = f"/v1/events/{made['events'][0]['id']}", f"/v1/schedules/{made['id']}"
    for path in (event, schedule):
        answers = [api.call("DELETE", path) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 200]
        assert len({answer.get_data() for answer in answers}) == 1
    actions = [row.action for row in api.rows("SELECT action FROM audit ORDER BY id")]
    assert actions == ["schedule.created", "event.skipped", "schedule.cancelled"]


def test_an_open_ended_schedule_is_not_extended_once_it_is_cancelled(api: Api) -> None:
    made = api.schedule()
    api.call("DELETE", f"/v1/schedules/{made['id']}")
    (row,) = api.rows("SELECT status, extend_on FROM schedule")
    assert (row.status, row.extend_on) == ("cancelled", None)


def test_one_event_is_skipped_and_the_others_stay(api: Api) -> None:
    made = api.schedule()
    skipped = api.call("DELETE", f"/v1/events/{made['events'][1]['id']}").get_json()
    assert skipped == {
        **made["events"][1], "status": "cancelled", "cancelReason": "skipped", "version": 2,
    }  # fmt: skip
    events = api.get(f"/v1/events?scheduleId={made['id']}")["data"]
    assert [event["status"] for event in events] == ["scheduled", "cancelled", *["scheduled"] * 16]
    assert api.get(f"/v1/schedules/{made['id']}")["status"] == "active"


def test_skipping_the_next_event_moves_the_next_date(api: Api) -> None:
    made = api.schedule()
    api.call("DELETE", f"/v1/events/{made['events'][0]['id']}")
    assert api.get(f"/v1/schedules/{made['id']}")["nextDate"] == "2027-01-31"


@pytest.mark.parametrize(
    ("status", "columns", "word"),
    [
        (EventStatus.PROCESSING, {"batch_id": 1}, "processing"),
        (EventStatus.PAID, {"transaction_id": "01a20000-0000-7000-8000-000000000001"}, "paid"),
        (EventStatus.FAILED, {"failure_code": "account_closed"}, "failed"),
        (EventStatus.UNKNOWN, {}, "unknown"),
        (EventStatus.MISSED, {}, "missed"),
        (EventStatus.CANCELLED, {"cancel_reason": "schedule_cancelled"}, "schedule_cancelled"),
    ],
)
def test_what_is_claimed_or_final_is_a_409_that_names_its_status(
    api: Api, status: str, columns: dict[str, object], word: str
) -> None:
    event = api.schedule()["events"][0]
    api.set_status(event["id"], status, **columns)
    problem = assert_problem(api.call("DELETE", f"/v1/events/{event['id']}"), 409, "event_not_open")
    assert word in problem["detail"]
    assert api.get(f"/v1/events/{event['id']}")["status"] == status


def test_a_paused_event_can_be_skipped(api: Api) -> None:
    event = api.schedule()["events"][0]
    api.set_status(event["id"], "paused")
    assert api.call("DELETE", f"/v1/events/{event['id']}").get_json()["cancelReason"] == "skipped"


def test_what_an_open_run_had_counted_is_booked_as_withdrawn(api: Api) -> None:
    api.rows("INSERT INTO run (date, status, opened_at) VALUES ('2026-11-20', 'open', now())")
    made = api.schedule(frequency="daily", startDate="2026-11-20", count=3)
    api.call("DELETE", f"/v1/events/{made['events'][0]['id']}")
    run = api.get("/v1/runs/2026-11-20", scopes=("ops",))
    assert run["due"] == run["withdrawn"] == {"count": 1, "amounts": {"GBP": "25.00"}}
    assert (run["waiting"], run["balanced"]) == ({"count": 0, "amounts": {}}, True)


def test_a_claim_that_was_there_first_is_waited_for_and_respected(api: Api) -> None:
    event = api.schedule()["events"][0]
    with ThreadPoolExecutor(1) as pool, api.engine.connect() as worker, worker.begin():
        worker.exec_driver_sql(f"UPDATE event SET status = 'processing', batch_id = 1 WHERE id = '{event['id']}'")
        answer = pool.submit(api.call, "DELETE", f"/v1/events/{event['id']}")
        assert wait_for_a_lock(api)
        worker.commit()
        assert_problem(answer.result(), 409, "event_not_open")


def wait_for_a_lock(api: Api) -> bool:
    """Whether another session comes to wait for a lock within a minute."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if api.rows(waiting)[0][0]:
            return True
    return False


def test_many_deletes_at_once_change_each_thing_once(api: Api) -> None:
    made = api.schedule()
    paths = [f"/v1/events/{event['id']}" for event in made["events"][:3]] + [f"/v1/schedules/{made['id']}"]
    start = Barrier(8)

    def delete(number: int) -> tuple[str, int]:
        start.wait()
        path = paths[number % 4]
        return path, api.call("DELETE", path).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(delete, range(8)))
    assert {status for path, status in answers if "schedules" in path} == {200}
    assert {status for path, status in answers if "events" in path} <= {200, 409}
    assert api.rows("SELECT DISTINCT status FROM event")[0][0] == "cancelled"
    assert api.rows("SELECT max(version) FROM event")[0][0] == 2
    actions = [row.action for row in api.rows("SELECT action FROM audit")]
    assert actions.count("schedule.cancelled") == 1
    assert (
        actions.count("event.skipped") == api.rows("SELECT count(*) FROM event WHERE cancel_reason = 'skipped'")[0][0]
    )
