"""PATCH of a schedule's rule: what it makes, takes away and leaves (rules S2, S3, S6)."""

import pytest

from tests.integration.api.client import Api, pointers
from tests.integration.api.editing import FIVE_DAYS, edit, events, nominal, override, patch, pay


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


def test_listed_dates_are_taken_in_any_order_and_a_wrong_one_is_named_by_its_place(api: Api) -> None:
    made = api.schedule(startDate=None, frequency="dates", dates=["2026-12-31", "2027-03-31"])
    path = f"/v1/schedules/{made['id']}"
    refused = patch(api, path, {"dates": ["2027-03-31", "2027-05-01", "2026-11-19", "2026-12-31"]})
    assert pointers(refused) == {"/dates/2"}
    refused = patch(api, path, {"from": "2027-03-31", "dates": ["2027-05-01", "2027-01-15", "2027-03-31"]})
    assert pointers(refused) == {"/dates/1"}
    answer = edit(api, made, dates=["2027-05-01", "2026-12-31"])
    assert answer["schedule"]["dates"] == nominal(events(api, made, "scheduled")) == ["2026-12-31", "2027-05-01"]


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
    assert nominal(answer["changes"]["kept"]) == ["2026-12-31", "2027-01-31"]
    assert "2027-01-31" in nominal(events(api, made, "scheduled"))


def test_terms_and_rule_can_change_together(api: Api) -> None:
    made = api.schedule(count=3)
    answer = edit(api, made, from_="2027-01-31", amount="30.00", interval=2)
    assert [(event["nominalDate"], event["amount"]) for event in answer["changes"]["created"]] == [
        ("2027-01-31", "30.00"),
        ("2027-03-31", "30.00"),
    ]
    assert len(events(api, made, "scheduled")) == 3


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
