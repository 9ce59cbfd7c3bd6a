"""A schedule whose last change begins later is answered as last asked for, and its next date is still the next."""

from __future__ import annotations

from tests.integration.api.client import Api
from tests.integration.api.editing import edit, events


def test_a_change_from_a_later_date_is_answered_at_once_and_the_next_date_stays(api: Api) -> None:
    made = api.schedule(count=4)
    first = made["nextDate"]
    edit(api, made, from_="2027-02-28", amount="30.00", dayConvention="preceding", calendar="weekends")
    shown = api.get(f"/v1/schedules/{made['id']}")
    assert (shown["amount"], shown["dayConvention"], shown["count"]) == ("30.00", "preceding", 4)
    said = shown["description"]
    assert said.startswith("£25.00 every month")
    assert "; £30.00 every month" in said
    assert (shown["nextDate"], events(api, made)[0]["amount"]) == (first, "25.00")


def test_the_document_says_so(api: Api) -> None:
    fields = api.get("/openapi.json")["components"]["schemas"]["Schedule"]["properties"]
    for name in ("payeeId", "amount", "frequency", "interval", "reference", "firstAmount", "monthEnd", "calendar"):
        assert "As last asked for" in fields[name]["description"], name
    assert "before the last change" in fields["nextDate"]["description"]
