"""An operator's days against what the library says."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from shared.db import calendars
from shared.db.engine import Sessions
from shared.domain.errors import Conflict, Invalid
from tests.integration.calendars.stored import (
    BANK_HOLIDAY,
    CHRISTMAS,
    JUBILEE,
    clear,
    load,
    override,
    read,
    refresh,
    rows,
)


def test_a_closed_day_is_closed_under_the_operators_name(sessions: Sessions) -> None:
    assert override(sessions, JUBILEE, "Jubilee")
    loaded = read(sessions)
    assert (loaded.version, loaded.stored_years) == (2, range(2025, 2032))
    assert loaded.calendar.why_closed(JUBILEE) == "Jubilee"
    assert loaded.calendar.why_closed(CHRISTMAS) == "Christmas Day"
    assert (JUBILEE, "Jubilee", False, "operator") in rows(sessions, "GB-ENG")


def test_a_holiday_and_a_saturday_can_be_opened(sessions: Sessions) -> None:
    saturday = date(2026, 6, 20)
    assert override(sessions, BANK_HOLIDAY, None)
    assert override(sessions, saturday, None)
    loaded = read(sessions)
    assert loaded.version == 3
    assert loaded.calendar.is_working(BANK_HOLIDAY)
    assert loaded.calendar.is_working(saturday)
    assert loaded.calendar.why_closed(saturday + timedelta(days=1)) == "Sunday"


def test_saying_the_same_again_is_no_change(sessions: Sessions) -> None:
    assert override(sessions, JUBILEE, "Jubilee")
    assert not override(sessions, JUBILEE, "Jubilee")
    assert read(sessions).version == 2
    assert override(sessions, JUBILEE, "Coronation")
    assert read(sessions).version == 3


def test_clearing_goes_back_to_what_the_library_says(sessions: Sessions) -> None:
    with sessions.begin() as session:
        load(session, "CN")
    before = rows(sessions, "CN")
    worked, closed, ordinary = date(2026, 2, 14), date(2026, 2, 17), date(2026, 3, 3)
    assert override(sessions, worked, "Flood", code="CN")
    assert override(sessions, closed, None, code="CN")
    assert override(sessions, ordinary, "Flood", code="CN")
    assert read(sessions, "CN").calendar.why_closed(worked) == "Flood"
    assert [clear(sessions, day, code="CN") for day in (worked, closed, ordinary)] == [True, True, True]
    assert rows(sessions, "CN") == before
    assert read(sessions, "CN").version == 7
    assert not clear(sessions, worked, code="CN")
    assert not clear(sessions, CHRISTMAS, code="JP")
    assert read(sessions, "CN").version == 7


def test_an_exception_in_a_later_year_has_that_year_stored(sessions: Sessions) -> None:
    day = date(2045, 6, 15)
    assert override(sessions, day, "Coronation")
    loaded = read(sessions)
    assert loaded.stored_years == range(2025, 2046)
    assert loaded.calendar.why_closed(day) == "Coronation"
    assert loaded.calendar.why_closed(date(2045, 12, 25)) == "Christmas Day"


def test_an_exception_that_could_not_hold_is_refused(sessions: Sessions) -> None:
    with pytest.raises(Invalid, match="must lie within 450 years of 2026"):
        override(sessions, date(9999, 1, 1), "End of time")
    for code in ("weekends", "ZZ"):
        with pytest.raises(Invalid, match="/calendar: is no calendar whose days can be changed"):
            override(sessions, JUBILEE, "Jubilee", code=code)
        with pytest.raises(Conflict, match=f"The library knows no holidays of {code}"):
            refresh(sessions, code)
    with sessions() as session:
        assert calendars.in_use(session) == []
