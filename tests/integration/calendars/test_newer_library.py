"""What a newer library changes in a calendar that is stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import text

from shared.db import calendars
from shared.db.engine import Sessions
from shared.domain.calendar import YearDays
from shared.holiday_library import days_of, library_version
from tests.integration.calendars.stored import BANK_HOLIDAY, CHRISTMAS, JUBILEE, load, override, read, refresh


@pytest.fixture
def older_library(monkeypatch: pytest.MonkeyPatch) -> Callable[[YearDays], None]:
    """Has the library say something else of 2026, as an older version of it did."""

    def says(days: YearDays) -> None:
        def older(code: str, year: int) -> YearDays:
            return days if year == 2026 else days_of(code, year)

        monkeypatch.setattr(calendars, "days_of", older)

    return says


def test_a_newer_librarys_days_are_taken_over_and_told(
    sessions: Sessions, older_library: Callable[[YearDays], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = dict(days_of("GB-ENG", 2026).closed)
    del said[BANK_HOLIDAY]
    older_library(YearDays({**said, JUBILEE: "Jubilee", CHRISTMAS: "Xmas"}, frozenset()))
    with sessions.begin() as session:
        load(session, "GB-ENG")
        session.execute(text("UPDATE calendar SET library_version = '0.1'"))
    monkeypatch.undo()
    difference = refresh(sessions)
    assert difference.added == {BANK_HOLIDAY: "Late Summer Bank Holiday"}
    assert difference.removed == {JUBILEE: "Jubilee"}
    assert difference.renamed == {CHRISTMAS: ("Xmas", "Christmas Day")}
    assert not difference.weekend_changed
    loaded = read(sessions)
    assert loaded.version == 2
    assert [loaded.calendar.why_closed(day) for day in (JUBILEE, BANK_HOLIDAY, CHRISTMAS)] == [
        None,
        "Late Summer Bank Holiday",
        "Christmas Day",
    ]
    with sessions() as session:
        assert session.scalar(text("SELECT library_version FROM calendar")) == library_version()
    assert refresh(sessions) == ({}, {}, {}, False)
    assert read(sessions).version == 2


def test_calendars_of_another_library_are_named_with_what_mends_them(sessions: Sessions) -> None:
    with sessions.begin() as session:
        load(session, "GB-ENG")
        load(session, "ZA")
        assert calendars.of_another_library(session) is None
        session.execute(text("UPDATE calendar SET library_version = '0.1' WHERE code = 'GB-ENG'"))
    with sessions() as session:
        assert calendars.of_another_library(session) == (
            f"not of the library's version {library_version()}: GB-ENG (0.1); run payday calendar refresh"
        )
    refresh(sessions)
    with sessions() as session:
        assert calendars.of_another_library(session) is None


def test_a_new_name_alone_is_no_new_version(
    sessions: Sessions, older_library: Callable[[YearDays], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    older_library(YearDays({**days_of("GB-ENG", 2026).closed, CHRISTMAS: "Xmas"}, frozenset()))
    with sessions.begin() as session:
        load(session, "GB-ENG")
    monkeypatch.undo()
    difference = refresh(sessions)
    assert (difference.renamed, difference.changes_days) == ({CHRISTMAS: ("Xmas", "Christmas Day")}, False)
    loaded = read(sessions)
    assert (loaded.version, loaded.calendar.why_closed(CHRISTMAS)) == (1, "Christmas Day")


def test_a_weekend_day_that_is_worked_no_more_is_a_change(
    sessions: Sessions, older_library: Callable[[YearDays], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = days_of("CN", 2026)
    older_library(YearDays(said.closed, said.worked | {date(2026, 3, 7)}))
    with sessions.begin() as session:
        load(session, "CN")
    monkeypatch.undo()
    assert refresh(sessions, "CN").removed == {date(2026, 3, 7): "Working day"}
    assert read(sessions, "CN").calendar.why_closed(date(2026, 3, 7)) == "Saturday"


def test_a_weekend_that_moves_is_a_change(sessions: Sessions) -> None:
    with sessions.begin() as session:
        load(session, "EG")
        session.execute(text("UPDATE calendar SET weekend = '{3,4}'"))
    assert refresh(sessions, "EG") == ({}, {}, {}, True)
    loaded = read(sessions, "EG")
    assert (loaded.version, sorted(loaded.calendar.weekend)) == (2, [4, 5])


def test_an_operators_day_stands_against_a_newer_library(sessions: Sessions) -> None:
    assert override(sessions, BANK_HOLIDAY, None)
    assert override(sessions, JUBILEE, "Jubilee")
    assert refresh(sessions) == ({}, {}, {}, False)
    loaded = read(sessions)
    assert loaded.calendar.is_working(BANK_HOLIDAY)
    assert loaded.calendar.why_closed(JUBILEE) == "Jubilee"


def test_refreshing_stores_years_ahead_of_today(sessions: Sessions) -> None:
    assert refresh(sessions) == ({}, {}, {}, False)
    assert read(sessions).stored_years == range(2025, 2032)
    assert refresh(sessions, today=date(2029, 1, 1)) == ({}, {}, {}, False)
    loaded = read(sessions)
    assert (loaded.version, loaded.stored_years) == (1, range(2025, 2035))
    with sessions() as session:
        assert calendars.in_use(session) == ["GB-ENG"]
