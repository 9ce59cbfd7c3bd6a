"""Pauses: windows in which nothing of a schedule is paid (rule S9)."""

from typing import Any

import pytest

from tests.integration.api.client import Api, assert_problem, pointers
from tests.integration.api.editing import edit, events, patch, snapshot

DAYS: dict[str, Any] = {"frequency": "daily", "startDate": "2026-11-23", "count": 5}


def pause(api: Api, made: dict[str, Any], from_date: str, until: str | None = None) -> dict[str, Any]:
    """A pause that was accepted."""
    response = api.call("POST", f"/v1/schedules/{made['id']}/pauses", json={"from": from_date, "until": until})
    assert response.status_code == 201, response.get_data(as_text=True)
    answer: dict[str, Any] = response.get_json()
    assert response.headers["Location"] == f"/v1/schedules/{made['id']}/pauses/{answer['id']}"
    assert (answer["from"], answer["until"]) == (from_date, until)
    return answer


def resume(api: Api, made: dict[str, Any], window: dict[str, Any]) -> dict[str, Any]:
    """The schedule after a pause was ended."""
    response = api.call("DELETE", f"/v1/schedules/{made['id']}/pauses/{window['id']}")
    assert response.status_code == 200, response.get_data(as_text=True)
    return dict(response.get_json())


def statuses(api: Api, made: dict[str, Any]) -> str:
    """One letter for each event by nominal date: s(cheduled), p(aused), c(ancelled), f(ailed)."""
    return "".join(event["status"][0] for event in events(api, made))


def test_a_pause_covers_its_first_day_and_not_the_first_day_paid_again(api: Api) -> None:
    made = api.schedule(**DAYS)
    window = pause(api, made, "2026-11-24", "2026-11-26")
    assert statuses(api, made) == "sppss"
    schedule = api.get(f"/v1/schedules/{made['id']}")
    assert (schedule["pauses"], schedule["status"], schedule["version"]) == ([window], "active", 2)
    assert [event["version"] for event in events(api, made)] == [1, 2, 2, 1, 1]


def test_a_pause_covers_the_day_that_is_paid_not_the_nominal_one(api: Api) -> None:
    made = api.schedule(startDate="2027-01-31", dayConvention="following", calendar="weekends", count=2)
    pause(api, made, "2027-01-31", "2027-02-01")
    assert statuses(api, made) == "ss"
    pause(api, made, "2027-02-01", "2027-02-02")
    assert statuses(api, made) == "ps"


def test_a_pause_without_an_end_rests_until_it_is_resumed(api: Api) -> None:
    made = api.schedule(**DAYS)
    window = pause(api, made, "2026-11-25")
    assert statuses(api, made) == "ssppp"
    schedule = resume(api, made, window)
    assert (statuses(api, made), schedule["pauses"], schedule["version"]) == ("sssss", [], 3)
    assert schedule == api.get(f"/v1/schedules/{made['id']}")


def test_an_event_comes_back_only_when_nothing_covers_it(api: Api) -> None:
    made = api.schedule(**DAYS)
    first = pause(api, made, "2026-11-23", "2026-11-26")
    second = pause(api, made, "2026-11-25", "2026-11-27")
    assert statuses(api, made) == "pppps"
    resume(api, made, first)
    assert statuses(api, made) == "sspps"
    resume(api, made, second)
    assert statuses(api, made) == "sssss"


def test_a_schedule_is_paused_while_a_pause_covers_today(api: Api, database_url: str) -> None:
    made = api.schedule(**DAYS)
    window = pause(api, made, "2026-11-20", "2026-11-24")
    assert api.get(f"/v1/schedules/{made['id']}")["status"] == "paused"
    later = Api(database_url, BUSINESS_DATE="2026-11-24")
    assert later.get(f"/v1/schedules/{made['id']}")["status"] == "active"
    later.close()
    assert resume(api, made, window)["status"] == "active"


def test_what_rested_past_its_date_stays_paused_for_good(api: Api, database_url: str) -> None:
    made = api.schedule(**DAYS)
    window = pause(api, made, "2026-11-23")
    later = Api(database_url, BUSINESS_DATE="2026-11-25")
    resume(later, made, window)
    assert statuses(later, made) == "ppsss"
    edit(later, made, amount="30.00")
    assert statuses(later, made) == "ppsss"
    later.close()


def test_today_does_not_come_back_after_the_cut_off(api: Api, database_url: str) -> None:
    made = api.schedule(**DAYS)
    window = pause(api, made, "2026-11-23")
    late = Api(database_url, BUSINESS_DATE="2026-11-23T17:30", CUTOFF_AT="17:30")
    resume(late, made, window)
    assert statuses(late, made) == "pssss"
    late.close()


def test_events_that_are_made_inside_a_pause_are_paused_too(api: Api) -> None:
    made = api.schedule(**DAYS)
    window = pause(api, made, "2026-11-27", "2026-11-30")
    answer = edit(api, made, count=8)
    assert [event["status"] for event in answer["changes"]["created"]] == ["paused", "paused", "scheduled"]
    answer = edit(api, made, startDate="2026-11-24", count=5)
    assert [event["status"] for event in answer["changes"]["created"]] == ["scheduled"] * 3 + ["paused"] * 2
    resume(api, made, window)
    assert {event["status"] for event in events(api, made)} == {"scheduled", "cancelled"}


def test_an_event_that_was_edited_while_it_rested_comes_back_as_edited(api: Api) -> None:
    made = api.schedule(**DAYS)
    window = pause(api, made, "2026-11-25")
    patch(api, f"/v1/events/{made['events'][2]['id']}", {"amount": "99.00"})
    edit(api, made, amount="30.00")
    resume(api, made, window)
    assert [event["amount"] for event in events(api, made)] == ["30.00", "30.00", "99.00", "30.00", "30.00"]


def test_what_is_claimed_or_final_does_not_rest(api: Api) -> None:
    made = api.schedule(**DAYS)
    ids = [event["id"] for event in made["events"]]
    api.set_status(ids[0], "processing", batch_id=1)
    api.set_status(ids[1], "failed", failure_code="account_closed")
    api.set_status(ids[2], "unknown")
    api.call("DELETE", f"/v1/events/{ids[3]}")
    before = events(api, made)[:4]
    pause(api, made, "2026-11-20")
    assert events(api, made)[:4] == before
    assert events(api, made)[4]["status"] == "paused"


def test_a_pause_over_the_day_of_a_retry_drops_the_retry(api: Api) -> None:
    made = api.schedule(**DAYS)
    retrying = {"failure_code": "insufficient_funds"}
    api.set_status(made["events"][0]["id"], "failed", retry_on="2026-11-24", **retrying)
    api.set_status(made["events"][1]["id"], "failed", retry_on="2026-11-26", **retrying)
    window = pause(api, made, "2026-11-23", "2026-11-25")
    assert [(event["status"], event["retryOn"]) for event in events(api, made)[:2]] == [
        ("failed", None),
        ("failed", "2026-11-26"),
    ]
    resume(api, made, window)
    assert events(api, made)[0]["retryOn"] is None


def test_what_an_open_run_had_counted_is_withdrawn_and_taken_back(api: Api) -> None:
    api.rows("INSERT INTO run (date, status, opened_at) VALUES ('2026-11-20', 'open', now())")
    made = api.schedule(frequency="daily", startDate="2026-11-20", count=3)
    window = pause(api, made, "2026-11-20")
    one = {"count": 1, "amounts": {"GBP": "25.00"}}
    run = api.get("/v1/runs/2026-11-20", scopes=("ops",))
    assert (run["due"], run["withdrawn"], run["balanced"]) == (one, one, True)
    resume(api, made, window)
    run = api.get("/v1/runs/2026-11-20", scopes=("ops",))
    assert (run["due"], run["waiting"], run["balanced"]) == (one, one, True)


def test_resuming_again_answers_the_same_and_is_audited_once(api: Api) -> None:
    made = api.schedule(**DAYS)
    path = f"/v1/schedules/{made['id']}/pauses/{pause(api, made, '2026-11-24')['id']}"
    answers = [api.call("DELETE", path) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len({answer.get_data() for answer in answers}) == 1
    rows = api.rows("SELECT action, subject, subject_id FROM audit ORDER BY id")
    assert [row.action for row in rows] == ["schedule.created", "schedule.paused", "schedule.resumed"]
    assert {(row.subject, row.subject_id) for row in rows} == {("schedule", made["id"])}


def test_a_pause_needs_a_key_and_is_made_once_for_it(api: Api) -> None:
    made = api.schedule(**DAYS)
    path, body = f"/v1/schedules/{made['id']}/pauses", {"from": "2026-11-24"}
    assert api.call("POST", path, key=None, json=body).status_code == 400
    first, again = (api.call("POST", path, key="again", json=body) for _ in range(2))
    assert (first.status_code, first.get_data()) == (201, again.get_data())
    assert again.headers["Idempotent-Replayed"] == "true"
    assert api.count("pause") == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/from"),
        ({"from": None}, "/from"),
        ({"from": "2026-02-30"}, "/from"),
        ({"from": "2026-11-24", "until": "2026-11-24"}, "/until"),
        ({"from": "2026-11-24", "until": "2026-11-23"}, "/until"),
        ({"from": "2026-11-24", "until": "soon"}, "/until"),
        ({"from": "2026-11-24", "reason": "suspended"}, "/reason"),
    ],
)
def test_a_window_that_cannot_be_is_a_422_that_points_at_it(api: Api, body: dict[str, Any], pointer: str) -> None:
    made = api.schedule(**DAYS)
    before = snapshot(api)
    response = api.call("POST", f"/v1/schedules/{made['id']}/pauses", json=body)
    assert (response.status_code, pointers(response)) == (422, {pointer})
    assert snapshot(api) == before


def test_a_cancelled_schedule_cannot_be_paused(api: Api) -> None:
    made = api.schedule(**DAYS)
    api.call("DELETE", f"/v1/schedules/{made['id']}")
    response = api.call("POST", f"/v1/schedules/{made['id']}/pauses", json={"from": "2026-11-24"})
    assert_problem(response, 409, "schedule_cancelled")


def test_resuming_a_cancelled_schedule_brings_nothing_back(api: Api) -> None:
    made = api.schedule(**DAYS)
    window = pause(api, made, "2026-11-24")
    api.call("DELETE", f"/v1/schedules/{made['id']}")
    resume(api, made, window)
    assert statuses(api, made) == "ccccc"


def test_anothers_schedule_and_an_unknown_pause_are_a_404(api: Api) -> None:
    made, other = api.schedule(**DAYS), api.schedule(**DAYS)
    window = pause(api, made, "2026-11-24")
    path = f"/v1/schedules/{made['id']}/pauses"
    assert api.call("POST", path, sub="mallory", json={"from": "2026-11-24"}).status_code == 404
    assert api.call("DELETE", f"{path}/{window['id']}", sub="mallory").status_code == 404
    assert api.call("DELETE", f"/v1/schedules/{other['id']}/pauses/{window['id']}").status_code == 404
    assert api.call("DELETE", f"{path}/01a20000-0000-7000-8000-000000000009").status_code == 404
    assert statuses(api, made) == "spppp"


def test_a_stale_resume_is_a_412(api: Api) -> None:
    made = api.schedule(**DAYS)
    path = f"/v1/schedules/{made['id']}/pauses/{pause(api, made, '2026-11-24')['id']}"
    assert_problem(api.call("DELETE", path, headers={"If-Match": '"v1"'}), 412, "version_stale")
    assert api.call("DELETE", path, headers={"If-Match": '"v2"'}).status_code == 200


def test_a_suspension_is_ended_by_deleting_it(api: Api) -> None:
    made = api.schedule(**DAYS)
    window = pause(api, made, "2026-11-20")
    api.rows("UPDATE pause SET reason = 'suspended'")
    schedule = api.get(f"/v1/schedules/{made['id']}")
    assert (schedule["status"], schedule["pauses"][0]["reason"]) == ("suspended", "suspended")
    assert resume(api, made, window)["status"] == "active"
    assert statuses(api, made) == "sssss"
