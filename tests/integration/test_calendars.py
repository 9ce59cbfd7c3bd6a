"""Calendars as they are stored: years ahead, an operator's exceptions, and what a newer library changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.orm import Session

from deploy.local.processes import wait_for
from shared.db import calendar_changes, calendars
from shared.db.calendars import LoadedCalendar
from shared.db.engine import Sessions, make_sessions
from shared.domain.calendar import YearDays
from shared.domain.errors import Conflict, Invalid
from shared.holiday_library import calendar_of, days_of, library_version
from shared.settings_values import database_url as sqlalchemy_url

TODAY = date(2026, 3, 2)
CHRISTMAS = date(2026, 12, 25)
JUBILEE = date(2026, 6, 19)  # an ordinary Friday
BANK_HOLIDAY = date(2026, 8, 31)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(sqlalchemy_url(database_url))
    yield engine
    engine.dispose()


@pytest.fixture
def sessions(engine: Engine) -> Sessions:
    return make_sessions(engine)


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """What is sent to the database meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def load(session: Session, *codes: str, years: tuple[int, ...] = (2026,)) -> dict[str, LoadedCalendar]:
    """Reads calendars, asks them for years and keeps what they did not have."""
    loaded = calendars.read(session, codes)
    for item in loaded.values():
        for year in years:
            item.calendar.why_closed(date(year, 6, 1))
    calendars.keep(session, loaded.values(), TODAY)
    return loaded


def read(sessions: Sessions, code: str = "GB-ENG") -> LoadedCalendar:
    with sessions() as session:
        return calendars.read(session, [code])[code]


def override(sessions: Sessions, day: date, closed_as: str | None, code: str = "GB-ENG") -> bool:
    with sessions.begin() as session:
        return calendar_changes.override(session, code, day, closed_as=closed_as, today=TODAY)


def clear(sessions: Sessions, day: date, code: str = "GB-ENG") -> bool:
    with sessions.begin() as session:
        return calendar_changes.clear(session, code, day)


def refresh(sessions: Sessions, code: str = "GB-ENG", today: date = TODAY) -> calendar_changes.Difference:
    with sessions.begin() as session:
        return calendar_changes.refresh(session, code, today)


def rows(sessions: Sessions, code: str) -> list[tuple[date, str, bool, str]]:
    query = "SELECT date, name, works, source FROM calendar_day WHERE calendar = :code ORDER BY date"
    with sessions() as session:
        return [(day, name, works, source) for day, name, works, source in session.execute(text(query), {"code": code})]


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


def waiting(sessions: Sessions) -> bool:
    with sessions() as session:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        return bool(session.scalar(text(query)))


def test_two_that_load_the_same_year_at_once_both_go_through(sessions: Sessions) -> None:
    ended: list[str] = []

    def second() -> None:
        with sessions.begin() as session:
            load(session, "JP", "GB-ENG", years=(2033,))
        ended.append("second")

    with sessions.begin() as session:
        load(session, "GB-ENG", "JP", years=(2035,))
        thread = threading.Thread(target=second)
        thread.start()
        assert wait_for(lambda: waiting(sessions), 10)
        ended.append("first")
    thread.join(10)
    assert ended == ["first", "second"]
    for code in ("GB-ENG", "JP"):
        assert read(sessions, code).stored_years == range(2025, 2036)
        assert [day for day, *_ in rows(sessions, code)] == [
            day for year in range(2025, 2036) for day in days_of(code, year).closed
        ]


def test_many_at_once_load_change_and_refresh_without_a_deadlock(sessions: Sessions) -> None:
    codes = ["GB-ENG", "JP", "ZA", "TARGET"]
    failures: list[Exception] = []

    def one(number: int) -> None:
        try:
            for step in range(6):
                with sessions.begin() as session:
                    turned = codes[number % 4 :] + codes[: number % 4]
                    load(session, *turned, years=(2032 + step,))
                override(sessions, JUBILEE, f"Day of {number}", code=codes[step % 4])
                refresh(sessions, codes[(step + number) % 4])
                clear(sessions, JUBILEE, code=codes[step % 4])
        except Exception as error:  # noqa: BLE001 - whatever it is, the test must see it
            failures.append(error)

    threads = [threading.Thread(target=one, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    for code in codes:
        assert read(sessions, code).stored_years == range(2025, 2038)
        assert {source for *_, source in rows(sessions, code)} == {"library"}


def test_an_exception_made_while_the_calendar_is_loaded_stands(sessions: Sessions) -> None:
    with sessions.begin() as session:
        load(session, "GB-ENG")
        thread = threading.Thread(target=override, args=(sessions, CHRISTMAS, None))
        thread.start()
        assert wait_for(lambda: waiting(sessions), 10)
    thread.join(10)
    loaded = read(sessions)
    assert (loaded.version, loaded.calendar.why_closed(CHRISTMAS)) == (2, None)
