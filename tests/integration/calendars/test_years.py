"""The years of a calendar that are stored, and what storing and reading them costs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from shared.db import calendars
from shared.db.engine import Sessions
from shared.holiday_library import calendar_of, library_version
from tests.integration.calendars.stored import CHRISTMAS, TODAY, load, read, rows


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """What is sent to the database meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def test_a_calendar_that_is_met_first_is_stored_from_last_year_through_five_ahead(sessions: Sessions) -> None:
    with sessions.begin() as session:
        loaded = load(session, "GB-ENG")["GB-ENG"]
    assert (loaded.version, loaded.asked, loaded.stored_years) == (1, {2026}, range(0))
    again = read(sessions)
    assert (again.version, again.stored_years) == (1, range(2025, 2032))
    assert again.calendar.why_closed(CHRISTMAS) == "Christmas Day"
    assert again.asked == set()
    with sessions() as session:
        versions = set(session.scalars(text("SELECT library_version FROM calendar_day")))
    assert versions == {library_version()}


@pytest.mark.parametrize("code", ["GB-ENG", "CN", "EG", "TARGET", "XNYS"])
def test_what_is_stored_is_what_the_library_says_of_every_day(sessions: Sessions, code: str) -> None:
    with sessions.begin() as session:
        load(session, code)
    stored, library = read(sessions, code), calendar_of(code)
    for number in range(3 * 365):
        day = date(2025, 6, 1) + timedelta(days=number)
        assert stored.calendar.why_closed(day) == library.why_closed(day)
    assert stored.asked == set()


def test_reading_takes_one_statement_and_keeping_two_whatever_the_number(engine: Engine, sessions: Sessions) -> None:
    codes = ["GB-ENG", "DE-BY", "JP", "CN", "TARGET", "weekends"]
    for count in (1, 5):
        with statements(engine) as sent, sessions() as session:
            loaded = load(session, *codes[:count], years=(2026, 2040))
        assert len(loaded) == count
        assert len(sent) == 1 + 2
    with sessions.begin() as session:
        load(session, *codes)
    with statements(engine) as sent, sessions() as session:
        load(session, *codes)
    assert len(sent) == 1


def test_weekends_need_no_statement_and_stay_at_version_0(engine: Engine, sessions: Sessions) -> None:
    with statements(engine) as sent, sessions() as session:
        loaded = load(session, "weekends")
        assert calendars.read(session, []) == {}
    assert sent == []
    assert loaded["weekends"].version == 0
    assert loaded["weekends"].calendar.why_closed(date(2026, 12, 26)) == "Saturday"


def test_a_year_beyond_the_last_is_asked_of_the_library_and_stored_without_a_gap(sessions: Sessions) -> None:
    with sessions.begin() as session:
        load(session, "GB-ENG")
    later = read(sessions)
    assert later.calendar.why_closed(date(2041, 12, 25)) == "Christmas Day"
    assert later.asked == {2041}
    with sessions.begin() as session:
        calendars.keep(session, [later], TODAY)
    now = read(sessions)
    assert (now.version, now.stored_years) == (1, range(2025, 2042))
    for year in (2031, 2032, 2036, 2041):
        assert now.calendar.why_closed(date(year, 1, 1)) == "New Year's Day"
    assert now.asked == set()


def test_a_schedule_of_the_year_9999_fills_nothing(sessions: Sessions) -> None:
    with sessions.begin() as session:
        load(session, "GB-ENG", years=(9999,))
    assert read(sessions).stored_years == range(2025, 2032)
    with sessions.begin() as session:
        load(session, "GB-ENG", years=(9999, 2100 + 300))
    assert read(sessions).stored_years == range(2025, 2401)
    assert len(rows(sessions, "GB-ENG")) < 1000
