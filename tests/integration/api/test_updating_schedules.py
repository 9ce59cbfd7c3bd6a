"""PATCH of a schedule: terms, rules and bounds, whole or from a nominal date (rules S2, S3, S6-S8)."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import event as sqlalchemy_event

from tests.integration.api.client import Api, assert_problem, pointers
from tests.integration.api.editing import edit, events, nominal, patch, snapshot

FIVE_DAYS: dict[str, Any] = {"frequency": "daily", "startDate": "2026-11-20", "count": 5}


def pay(api: Api, event: dict[str, Any], day: int = 1) -> None:
    """As the worker would settle it."""
    api.set_status(event["id"], "paid", transaction_id=f"01a20000-0000-7000-8000-{day:012d}")


@pytest.mark.parametrize(
    ("field", "value"), [("amount", "30.00"), ("payeeId", "landlord-10"), ("reference", "Flat 8"), ("reference", None)]
)
def test_terms_of_the_whole_schedule_change_every_open_event(api: Api, field: str, value: str | None) -> None:
    made = api.schedule(count=3, reference="Flat 7")
    answer = edit(api, made, **{field: value})
    assert (answer["schedule"][field], answer["schedule"]["version"]) == (value, 2)
    assert [event["id"] for event in answer["changes"]["updated"]] == [event["id"] for event in made["events"]]
    assert [event[field] for event in events(api, made)] == [value] * 3
    assert {(event["version"], event["overridden"]) for event in events(api, made)} == {(2, False)}
    assert [answer["changes"][kind] for kind in ("cancelled", "created", "kept")] == [[], [], []]


def test_terms_from_a_nominal_date_leave_those_before_it(api: Api) -> None:
    made = api.schedule(count=4)
    answer = edit(api, made, from_="2027-02-28", amount="30.00", payeeId="landlord-10")
    assert nominal(answer["changes"]["updated"]) == ["2027-02-28", "2027-03-31"]
    assert [event["amount"] for event in events(api, made)] == ["25.00", "25.00", "30.00", "30.00"]
    assert [event["payeeId"] for event in events(api, made)] == ["landlord-9"] * 2 + ["landlord-10"] * 2
    edit(api, made, reference="Flat 7")
    assert [event["amount"] for event in events(api, made)] == ["25.00", "25.00", "30.00", "30.00"]
    assert {event["reference"] for event in events(api, made)} == {"Flat 7"}


def test_an_events_terms_follow_its_nominal_date_not_the_day_it_is_paid(api: Api) -> None:
    made = api.schedule(startDate="2027-01-31", dayConvention="following", calendar="weekends", count=3)
    assert [event["date"] for event in made["events"]] == ["2027-02-01", "2027-03-01", "2027-03-31"]
    edit(api, made, from_="2027-02-01", amount="30.00")
    assert [event["amount"] for event in events(api, made)] == ["25.00", "30.00", "30.00"]


def test_what_is_claimed_or_final_is_never_changed(api: Api) -> None:
    made = api.schedule(**FIVE_DAYS)
    ids = [event["id"] for event in made["events"]]
    pay(api, made["events"][0])
    api.set_status(ids[1], "unknown")
    api.set_status(ids[2], "failed", failure_code="insufficient_funds", retry_on="2026-11-23")
    before = events(api, made)[:3]
    answer = edit(api, made, amount="30.00")
    assert nominal(answer["changes"]["updated"]) == ["2026-11-23", "2026-11-24"]
    answer = edit(api, made, frequency="weekly")
    assert events(api, made)[:3] == before
    assert not {event["nominalDate"] for event in answer["changes"]["created"]} & {"2026-11-21", "2026-11-22"}


def test_another_interval_from_a_clamped_date_keeps_the_31st(api: Api) -> None:
    made = api.schedule()
    answer = edit(api, made, from_="2027-02-28", interval=2)
    assert nominal(answer["changes"]["created"])[:4] == ["2027-02-28", "2027-04-30", "2027-06-30", "2027-08-31"]
    assert [event["sequence"] for event in answer["changes"]["created"]] == list(
        range(3, 3 + len(answer["changes"]["created"]))
    )
    assert nominal(answer["changes"]["cancelled"]) == nominal(made["events"][2:])
    assert {event["cancelReason"] for event in answer["changes"]["cancelled"]} == {"superseded"}
    assert nominal(events(api, made, "scheduled"))[:3] == ["2026-12-31", "2027-01-31", "2027-02-28"]
    assert answer["schedule"]["interval"] == 2


def test_monthly_becomes_weekly_from_a_date_on(api: Api) -> None:
    made = api.schedule()
    answer = edit(api, made, from_="2027-01-31", frequency="weekly")
    assert nominal(answer["changes"]["created"])[:3] == ["2027-01-31", "2027-02-07", "2027-02-14"]
    assert [event["sequence"] for event in answer["changes"]["created"]][:3] == [2, 3, 4]
    assert answer["schedule"]["frequency"] == "weekly"
    assert nominal(events(api, made, "scheduled"))[:3] == ["2026-12-31", "2027-01-31", "2027-02-07"]


def test_a_new_rule_without_from_counts_from_the_first_open_date(api: Api) -> None:
    made = api.schedule(startDate="2026-11-20")
    pay(api, made["events"][0])
    answer = edit(api, made, interval=3)
    assert nominal(answer["changes"]["created"])[:3] == ["2026-12-20", "2027-03-20", "2027-06-20"]
    assert [event["sequence"] for event in answer["changes"]["created"]][:2] == [2, 3]


def test_a_start_date_in_the_change_is_the_new_anchor(api: Api) -> None:
    made = api.schedule()
    answer = edit(api, made, from_="2027-01-31", startDate="2027-02-15")
    assert nominal(answer["changes"]["created"])[:2] == ["2027-02-15", "2027-03-15"]
    assert nominal(events(api, made, "scheduled"))[:3] == ["2026-12-31", "2027-02-15", "2027-03-15"]
    assert answer["schedule"]["startDate"] == "2027-02-15"


@pytest.mark.parametrize(
    ("frequency", "dates"),
    [
        ("WkInMnthDay:01:01", ["2027-02-01", "2027-03-01", "2027-04-05"]),
        ("IntrvlMnthDay:01:-01", ["2027-01-31", "2027-02-28", "2027-03-31"]),
        ("QtrDay:ENGLISH", ["2027-03-25", "2027-06-24", "2027-09-29"]),
        ("IntrvlWkDay:02:03", ["2027-02-03", "2027-02-17", "2027-03-03"]),
        ("IntrvlDay:10", ["2027-01-31", "2027-02-10", "2027-02-20"]),
        ("EvryWorkgDay", ["2027-02-01", "2027-02-02", "2027-02-03"]),
    ],
)
def test_a_standards_code_takes_over_from_a_date_on(api: Api, frequency: str, dates: list[str]) -> None:
    made = api.schedule()
    answer = edit(api, made, from_="2027-01-31", frequency=frequency)
    assert nominal(answer["changes"]["created"])[:3] == dates
    assert [event["sequence"] for event in answer["changes"]["created"]][:3] == [2, 3, 4]


def test_listed_dates_take_over_and_can_be_changed(api: Api) -> None:
    made = api.schedule(count=3)
    dates = ["2026-12-31", "2027-02-14", "2027-03-31"]
    answer = edit(api, made, frequency="dates", dates=dates, count=None)
    assert answer["schedule"]["dates"] == dates
    assert nominal(events(api, made, "scheduled")) == dates
    edit(api, made, dates=[*dates, "2027-05-01"])
    assert nominal(events(api, made, "scheduled")) == [*dates, "2027-05-01"]
    edit(api, made, dates=dates[1:])
    assert nominal(events(api, made, "scheduled")) == dates[1:]


def test_a_day_convention_moves_dates_and_not_nominal_dates(api: Api) -> None:
    made = api.schedule(count=3, calendar="weekends")
    answer = edit(api, made, dayConvention="preceding")
    open_ones = events(api, made, "scheduled")
    assert nominal(open_ones) == ["2026-12-31", "2027-01-31", "2027-02-28"]
    assert [event["date"] for event in open_ones] == ["2026-12-31", "2027-01-29", "2027-02-26"]
    assert [event["sequence"] for event in open_ones] == [1, 2, 3]
    assert answer["schedule"]["dayConvention"] == "preceding"
    assert edit(api, made, dayConvention=None)["schedule"]["dayConvention"] == "none"


def test_a_skipped_date_is_not_made_again_by_a_new_rule(api: Api) -> None:
    made = api.schedule(count=4)
    api.call("DELETE", f"/v1/events/{made['events'][1]['id']}")
    answer = edit(api, made, dayConvention="following")
    assert "2027-01-31" not in nominal(answer["changes"]["created"])
    assert nominal(events(api, made, "scheduled")) == ["2026-12-31", "2027-02-28", "2027-03-31"]
    assert api.get(f"/v1/events/{made['events'][1]['id']}")["cancelReason"] == "skipped"


@pytest.mark.parametrize("bounds", [{"count": 5}, {"endDate": "2027-04-30", "count": None}])
def test_later_bounds_only_add_events_at_the_end(api: Api, bounds: dict[str, Any]) -> None:
    made = api.schedule(count=3)
    answer = edit(api, made, **bounds)
    assert nominal(answer["changes"]["created"]) == ["2027-03-31", "2027-04-30"]
    assert [event["sequence"] for event in answer["changes"]["created"]] == [4, 5]
    assert (answer["changes"]["updated"], answer["changes"]["cancelled"]) == ([], [])
    assert [event["version"] for event in events(api, made)] == [1] * 5


@pytest.mark.parametrize("bounds", [{"count": 3}, {"endDate": "2027-02-28", "count": None}])
def test_earlier_bounds_only_take_events_away_at_the_end(api: Api, bounds: dict[str, Any]) -> None:
    made = api.schedule(count=5)
    answer = edit(api, made, **bounds)
    assert nominal(answer["changes"]["cancelled"]) == ["2027-03-31", "2027-04-30"]
    assert {event["cancelReason"] for event in answer["changes"]["cancelled"]} == {"superseded"}
    assert (answer["changes"]["updated"], answer["changes"]["created"]) == ([], [])
    assert [event["version"] for event in events(api, made, "scheduled")] == [1] * 3


def test_shorter_and_longer_again_makes_the_dates_anew(api: Api) -> None:
    made = api.schedule(count=5)
    edit(api, made, count=2)
    answer = edit(api, made, count=4)
    assert nominal(answer["changes"]["created"]) == ["2027-02-28", "2027-03-31"]
    assert [event["sequence"] for event in events(api, made, "scheduled")] == [1, 2, 3, 4]


@pytest.mark.parametrize("bounds", [{"count": 3}, {"endDate": "2027-02-28"}])
def test_a_bound_taken_away_makes_the_schedule_open_ended(api: Api, bounds: dict[str, Any]) -> None:
    made = api.schedule(**bounds)
    answer = edit(api, made, **dict.fromkeys(bounds))
    assert (answer["schedule"]["count"], answer["schedule"]["endDate"]) == (None, None)
    assert answer["changes"]["updated"] == answer["changes"]["cancelled"] == []
    assert len(events(api, made, "scheduled")) >= 12
    assert [event["sequence"] for event in answer["changes"]["created"]][:2] == [4, 5]
    assert api.rows("SELECT extend_on FROM schedule")[0].extend_on is not None


def test_an_open_ended_schedule_can_be_bounded(api: Api) -> None:
    made = api.schedule()
    edit(api, made, endDate="2027-02-28")
    assert nominal(events(api, made, "scheduled")) == ["2026-12-31", "2027-01-31", "2027-02-28"]
    assert api.rows("SELECT extend_on FROM schedule")[0].extend_on is None


def test_a_count_below_what_is_used_is_a_422_and_what_is_used_completes_it(api: Api) -> None:
    made = api.schedule(**FIVE_DAYS)
    for number, event in enumerate(made["events"][:2]):
        pay(api, event, number + 1)
    before = snapshot(api)
    for query in ("", "?dryRun=true"):
        response = patch(api, f"/v1/schedules/{made['id']}{query}", {"count": 1})
        assert (response.status_code, pointers(response)) == (422, {"/count"})
    assert snapshot(api) == before
    answer = edit(api, made, count=2)
    assert (answer["schedule"]["status"], answer["schedule"]["nextDate"]) == ("completed", None)
    assert edit(api, made, count=6)["schedule"]["status"] == "active"


@pytest.mark.parametrize(
    ("made_with", "body"),
    [
        ({}, {"endDate": "2027-02-28", "count": 3}),
        ({"count": 3}, {"endDate": "2027-02-28"}),
        ({"endDate": "2027-02-28"}, {"count": 3}),
    ],
)
def test_an_end_date_together_with_a_count_is_a_422(api: Api, made_with: dict[str, Any], body: dict[str, Any]) -> None:
    made = api.schedule(**made_with)
    response = patch(api, f"/v1/schedules/{made['id']}", body)
    assert response.status_code == 422
    assert pointers(response) & {"/endDate", "/count"}
    assert api.get(f"/v1/schedules/{made['id']}")["version"] == 1


def override(api: Api, event: dict[str, Any], **body: Any) -> None:
    assert patch(api, f"/v1/events/{event['id']}", body or {"amount": "99.00"}).status_code == 200


def test_terms_leave_what_was_edited_by_itself_unless_replace(api: Api) -> None:
    made = api.schedule(count=3)
    override(api, made["events"][1])
    answer = edit(api, made, amount="30.00")
    assert nominal(answer["changes"]["kept"]) == ["2027-01-31"]
    assert [event["amount"] for event in events(api, made)] == ["30.00", "99.00", "30.00"]
    answer = edit(api, made, amount="31.00", overridden="replace")
    assert [event["amount"] for event in events(api, made)] == ["31.00"] * 3
    assert [event["overridden"] for event in events(api, made)] == [False] * 3


def test_a_new_rule_cancels_what_was_edited_by_itself_unless_keep(api: Api) -> None:
    made = api.schedule(count=3)
    override(api, made["events"][1])
    answer = edit(api, made, dayConvention="following", overridden="keep")
    assert nominal(answer["changes"]["kept"]) == ["2027-01-31"]
    assert nominal(answer["changes"]["created"]) == ["2026-12-31", "2027-02-28"]
    answer = edit(api, made, dayConvention="preceding")
    assert "99.00" not in {event["amount"] for event in events(api, made, "scheduled")}
    assert nominal(events(api, made, "scheduled")) == nominal(made["events"])


def test_a_kept_event_stays_though_the_new_rule_has_no_such_date(api: Api) -> None:
    made = api.schedule(count=3)
    override(api, made["events"][1])
    answer = edit(api, made, from_="2027-01-31", startDate="2027-02-15", overridden="keep")
    assert nominal(answer["changes"]["kept"]) == ["2027-01-31"]
    assert "2027-01-31" in nominal(events(api, made, "scheduled"))


def test_terms_and_rule_can_change_together(api: Api) -> None:
    made = api.schedule(count=3)
    answer = edit(api, made, from_="2027-01-31", amount="30.00", interval=2)
    assert [(event["nominalDate"], event["amount"]) for event in answer["changes"]["created"]] == [
        ("2027-01-31", "30.00"),
        ("2027-03-31", "30.00"),
    ]
    assert len(events(api, made, "scheduled")) == 3


def test_first_and_final_amounts_belong_to_the_first_and_the_last_date(api: Api) -> None:
    made = api.schedule(count=3)
    edit(api, made, firstAmount="1.00", finalAmount="9.00")
    assert [event["amount"] for event in events(api, made)] == ["1.00", "25.00", "9.00"]
    answer = edit(api, made, count=4)
    assert [event["amount"] for event in events(api, made)] == ["1.00", "25.00", "25.00", "9.00"]
    assert nominal(answer["changes"]["updated"]) == ["2027-02-28"]
    edit(api, made, firstAmount=None)
    edit(api, made, finalAmount=None)
    assert [event["amount"] for event in events(api, made)] == ["25.00"] * 4


def test_a_final_amount_is_not_moved_when_its_date_is_skipped(api: Api) -> None:
    made = api.schedule(count=3, finalAmount="9.00")
    api.call("DELETE", f"/v1/events/{made['events'][2]['id']}")
    edit(api, made, amount="30.00")
    assert [event["amount"] for event in events(api, made, "scheduled")] == ["30.00", "30.00"]


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


def test_how_late_it_may_be_paid_touches_no_event(api: Api) -> None:
    made = api.schedule(count=3)
    answer = edit(api, made, payLate=9)
    assert (answer["schedule"]["payLate"], answer["schedule"]["version"]) == (9, 2)
    assert answer["changes"]["updated"] == answer["changes"]["created"] == []


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


def test_a_change_reaches_the_events_that_are_made_later(api: Api, database_url: str) -> None:
    made = api.schedule()
    edit(api, made, from_="2027-02-28", amount="30.00", interval=2)
    row = api.rows("SELECT * FROM schedule_revision ORDER BY revision")[-1]
    assert (row.amount, row.from_nominal_date.isoformat()) == (3000, "2027-02-28")
    later = Api(database_url, BUSINESS_DATE="2027-11-20")
    edit(later, made, reference="Flat 7")
    assert {event["amount"] for event in events(later, made, "scheduled")[2:]} == {"30.00"}
    later.close()


def test_what_an_open_run_had_counted_follows_the_edit(api: Api) -> None:
    api.rows("INSERT INTO run (date, status, opened_at) VALUES ('2026-11-20', 'open', now())")
    made = api.schedule(**FIVE_DAYS)
    edit(api, made, amount="30.00")
    run = api.get("/v1/runs/2026-11-20", scopes=("ops",))
    assert (run["waiting"], run["balanced"]) == ({"count": 1, "amounts": {"GBP": "30.00"}}, True)
    edit(api, made, startDate="2026-11-25")
    run = api.get("/v1/runs/2026-11-20", scopes=("ops",))
    assert (run["waiting"], run["balanced"]) == ({"count": 0, "amounts": {}}, True)


def test_a_count_goes_on_over_a_new_rule(api: Api) -> None:
    made = api.schedule(**FIVE_DAYS, firstAmount="1.00", finalAmount="9.00")
    for number, event in enumerate(made["events"][:2]):
        pay(api, event, number + 1)
    answer = edit(api, made, frequency="weekly")
    created = [(event["sequence"], event["nominalDate"], event["amount"]) for event in answer["changes"]["created"]]
    assert created == [(3, "2026-11-22", "25.00"), (4, "2026-11-29", "25.00"), (5, "2026-12-06", "9.00")]


def test_dates_that_collapse_are_not_made_and_do_not_come_back(api: Api) -> None:
    made = api.schedule(frequency="daily", startDate="2026-11-20", endDate="2026-11-24", calendar="weekends")
    edit(api, made, dayConvention="following")
    open_ones = events(api, made, "scheduled")
    assert [event["date"] for event in open_ones] == ["2026-11-20", "2026-11-23", "2026-11-24"]
    assert [event["sequence"] for event in open_ones] == [1, 2, 3]
    answer = edit(api, made, amount="30.00")
    assert (answer["changes"]["created"], answer["changes"]["cancelled"]) == ([], [])
    edit(api, made, dayConvention="none")
    assert nominal(events(api, made, "scheduled")) == nominal(made["events"])


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


def test_edits_upon_edits_leave_no_gap_and_no_double(api: Api) -> None:
    made = api.schedule(count=8)
    edit(api, made, from_="2027-03-31", frequency="fortnightly")
    edit(api, made, from_="2027-02-28", amount="30.00")
    edit(api, made, from_="2027-04-14", frequency="monthly")
    assert [(event["nominalDate"], event["amount"]) for event in events(api, made, "scheduled")] == [
        ("2026-12-31", "25.00"), ("2027-01-31", "25.00"), ("2027-02-28", "30.00"), ("2027-03-31", "30.00"),
        ("2027-04-14", "30.00"), ("2027-05-14", "30.00"), ("2027-06-14", "30.00"), ("2027-07-14", "30.00"),
    ]  # fmt: skip
    edit(api, made, frequency="monthly", startDate="2026-12-15")
    assert nominal(events(api, made, "scheduled")) == [
        "2026-12-15", "2027-01-15", "2027-02-15", "2027-03-15", "2027-04-15", "2027-05-15", "2027-06-15", "2027-07-15",
    ]  # fmt: skip


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
