"""PATCH of a schedule's terms: of all dates, or from a nominal date on (rules S2, S6, S8)."""

import pytest

from tests.integration.api.client import Api
from tests.integration.api.editing import FIVE_DAYS, edit, events, nominal, override, pay


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


def test_terms_leave_what_was_edited_by_itself_unless_replace(api: Api) -> None:
    made = api.schedule(count=3)
    override(api, made["events"][1])
    answer = edit(api, made, amount="30.00")
    assert nominal(answer["changes"]["kept"]) == ["2027-01-31"]
    assert [event["amount"] for event in events(api, made)] == ["30.00", "99.00", "30.00"]
    answer = edit(api, made, amount="31.00", overridden="replace")
    assert [event["amount"] for event in events(api, made)] == ["31.00"] * 3
    assert [event["overridden"] for event in events(api, made)] == [False] * 3


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


def test_how_late_it_may_be_paid_touches_no_event(api: Api) -> None:
    made = api.schedule(count=3)
    answer = edit(api, made, payLate=9)
    assert (answer["schedule"]["payLate"], answer["schedule"]["version"]) == (9, 2)
    assert answer["changes"]["updated"] == answer["changes"]["created"] == []


def test_a_change_reaches_the_events_that_are_made_later(api: Api, database_url: str) -> None:
    made = api.schedule()
    edit(api, made, from_="2027-02-28", amount="30.00", interval=2)
    row = api.rows("SELECT * FROM schedule_revision ORDER BY revision")[-1]
    assert (row.amount, row.from_nominal_date.isoformat()) == (3000, "2027-02-28")
    later = Api(database_url, BUSINESS_DATE="2027-11-20")
    edit(later, made, reference="Flat 7")
    assert {event["amount"] for event in events(later, made, "scheduled")[2:]} == {"30.00"}
    later.close()
