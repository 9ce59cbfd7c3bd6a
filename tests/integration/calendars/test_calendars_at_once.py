"""Calendars that several load, change and refresh at once."""

from __future__ import annotations

import threading

from sqlalchemy import text

from deploy.local.processes import wait_for
from shared.db.engine import Sessions
from shared.holiday_library import days_of
from tests.integration.calendars.stored import CHRISTMAS, JUBILEE, clear, load, override, read, refresh, rows


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
