"""`payday calendar`: what an operator sees and changes, and what the audit says of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, text

from shared.db import calendars
from shared.db.models import Audit
from shared.holiday_library import library_version
from tests.integration.cli.command import Finished, Payday, assert_refused
from tests.integration.notices.outbox import NOTIFIED, Told
from tests.world import World

Calendar = Callable[..., Finished]
JUBILEE = "2026-06-19"  # an ordinary Friday


@pytest.fixture
def calendar(payday_inside: Payday, world: World) -> Calendar:
    """`payday calendar` in that world."""
    url, today = world.environment["DATABASE_URL"], world.today.isoformat()
    return lambda *words: payday_inside("calendar", *words, DATABASE_URL=url, BUSINESS_DATE=today)


def told(finished: Finished) -> Any:
    assert (finished.returncode, finished.stderr) == (0, ""), finished
    return json.loads(finished.stdout)


def acts(world: World) -> list[tuple[str, str, str, dict[str, Any] | None, dict[str, Any] | None]]:
    query = select(Audit).where(Audit.subject == "calendar").order_by(Audit.id)
    rows = world.transact(lambda session: list(session.scalars(query)))
    return [(row.actor, row.action, row.subject_id, row.before, row.after) for row in rows]


def test_a_year_is_shown_with_names_and_sources(calendar: Calendar) -> None:
    shown = told(calendar("show", "GB-ENG", "--json"))
    assert (shown["calendar"], shown["year"], shown["version"]) == ("GB-ENG", 2026, 1)
    assert shown["weekend"] == ["Saturday", "Sunday"]
    assert {"date": "2026-04-03", "name": "Good Friday", "works": False, "source": "library"} in shown["days"]
    printed = calendar("show", "GB-ENG", "--year", "2027").stdout.splitlines()
    assert printed[0] == "GB-ENG in 2027, weekend Saturday, Sunday:"
    assert "2027-12-28  Tuesday    library   Boxing Day (observed)" in printed
    assert calendar("show", "weekends").stdout == "weekends in 2026, weekend Saturday, Sunday:\nno holidays\n"


def test_looking_at_a_calendar_stores_and_records_nothing(calendar: Calendar, world: World) -> None:
    calendar("show", "GB-ENG")
    assert world.transact(calendars.in_use) == []
    assert acts(world) == []


def test_a_day_is_closed_opened_and_cleared(calendar: Calendar, world: World) -> None:
    closed = told(calendar("close", "GB-ENG", JUBILEE, "--name", " Jubilee ", "--json"))
    same = {"calendar": "GB-ENG", "date": JUBILEE, "changed": True}
    assert closed == same | {"closed": "Jubilee", "source": "operator", "version": 2}
    assert f"{JUBILEE}  Friday     operator  Jubilee\n" in calendar("show", "GB-ENG").stdout
    opened = told(calendar("open", "GB-ENG", JUBILEE, "--json"))
    assert opened == same | {"closed": None, "source": "operator", "version": 3}
    cleared = told(calendar("clear", "GB-ENG", JUBILEE, "--json"))
    assert cleared == same | {"closed": None, "source": None, "version": 4}
    assert JUBILEE not in calendar("show", "GB-ENG").stdout


def test_each_change_is_the_operators_act_in_the_audit(calendar: Calendar, world: World) -> None:
    library = {"date": "2026-12-25", "name": "Christmas Day", "works": False, "source": "library"}
    worked = {"date": "2026-12-25", "name": "Working day", "works": True, "source": "operator"}
    strike = {"date": "2026-12-25", "name": "Strike", "works": False, "source": "operator"}
    calendar("open", "GB-ENG", "2026-12-25")
    calendar("close", "GB-ENG", "2026-12-25", "--name", "Strike")
    calendar("clear", "GB-ENG", "2026-12-25")
    assert acts(world) == [
        ("operator", "calendar.opened", "GB-ENG", library, worked),
        ("operator", "calendar.closed", "GB-ENG", worked, strike),
        ("operator", "calendar.cleared", "GB-ENG", strike, library),
    ]


def test_what_a_change_moves_is_told_to_its_payer(payday_inside: Payday, world: World) -> None:
    schedule = world.schedule(start=JUBILEE, day_convention="following")
    url, today = world.environment["DATABASE_URL"], world.today.isoformat()
    close = ("calendar", "close", "GB-ENG", JUBILEE, "--name", "Jubilee")
    assert payday_inside(*close, DATABASE_URL=url, BUSINESS_DATE=today, **NOTIFIED).returncode == 0
    (notice,) = Told.of(world).take()
    assert (notice["type"], notice["recipient"], notice["event"]["date"]) == ("changed", "payer", "2026-06-22")
    assert notice["event"]["id"] == str(world.event(schedule).id)


def test_what_is_so_already_is_said_and_leaves_no_trace(calendar: Calendar, world: World) -> None:
    words = ("close", "GB-ENG", JUBILEE, "--name", "Jubilee")
    assert calendar(*words).stdout == f"GB-ENG {JUBILEE} is now closed: Jubilee\n"
    assert calendar(*words).stdout == f"GB-ENG {JUBILEE} is already closed: Jubilee\n"
    assert calendar("clear", "GB-ENG", JUBILEE).stdout == f"GB-ENG {JUBILEE} is now worked\n"
    assert told(calendar("clear", "GB-ENG", JUBILEE, "--json"))["changed"] is False
    assert [action for _, action, *_ in acts(world)] == ["calendar.closed", "calendar.cleared"]


def test_a_refresh_tells_what_it_changed_in_every_calendar_in_use(calendar: Calendar, world: World) -> None:
    assert calendar("refresh").stdout == "no calendar is in use\n"
    calendar("close", "GB-ENG", JUBILEE, "--name", "Jubilee")
    calendar("close", "ZA", JUBILEE, "--name", "Jubilee")
    older = """
        UPDATE calendar_day SET name = 'Xmas' WHERE calendar = 'GB-ENG' AND date = '2026-12-25';
        UPDATE calendar_day SET date = '2026-09-01' WHERE calendar = 'GB-ENG' AND date = '2026-08-31'
    """
    world.transact(lambda session: session.execute(text(older)))
    england, africa = told(calendar("refresh", "--json"))
    assert england == {
        "calendar": "GB-ENG",
        "version": 3,
        "libraryVersion": library_version(),
        "added": [{"date": "2026-08-31", "name": "Late Summer Bank Holiday"}],
        "removed": [{"date": "2026-09-01", "name": "Late Summer Bank Holiday"}],
        "renamed": [{"date": "2026-12-25", "before": "Xmas", "after": "Christmas Day"}],
        "weekendChanged": False,
    }
    assert (africa["calendar"], africa["version"], africa["added"]) == ("ZA", 2, [])
    refreshed = [row for row in acts(world) if row[1] == "calendar.refreshed"]
    assert [row[2] for row in refreshed] == ["GB-ENG"]
    assert refreshed[0][4] == {name: england[name] for name in list(england)[2:]}
    assert calendar("refresh", "GB-ENG").stdout == "GB-ENG: as the library says\n"


def test_a_refresh_is_told_to_people_line_by_line(calendar: Calendar, world: World) -> None:
    calendar("refresh", "GB-ENG")
    older = "UPDATE calendar_day SET date = '2026-09-01' WHERE calendar = 'GB-ENG' AND date = '2026-08-31'"
    world.transact(lambda session: session.execute(text(older)))
    assert calendar("refresh").stdout.splitlines() == [
        "GB-ENG: changed",
        "  + 2026-08-31  Late Summer Bank Holiday",
        "  - 2026-09-01  Late Summer Bank Holiday",
    ]


def test_a_calendar_that_the_library_lost_takes_no_other_with_it(calendar: Calendar, world: World) -> None:
    calendar("refresh", "GB-ENG")
    calendar("refresh", "ZA")
    world.transact(lambda session: session.execute(text("UPDATE calendar SET code = 'XX' WHERE code = 'GB-ENG'")))
    finished = calendar("refresh")
    assert finished.returncode == 1
    assert finished.stderr == "payday: The library knows no holidays of XX; what is stored stays.\n"
    assert finished.stdout == "ZA: as the library says\n"
    assert world.transact(lambda session: calendars.read(session, ["XX"]))["XX"].stored_years[0] == 2025


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["show", "gb-eng"], "'gb-eng' is no calendar: take a code of ISO 3166 such as GB-ENG"),
        (["close", "ZZ", JUBILEE, "--name", "x"], "'ZZ' is no calendar"),
        (["refresh", "UK"], "'UK' is no calendar"),
        (["open", "weekends", JUBILEE], "'weekends' has no holidays to change: take a country's calendar"),
        (["close", "GB-ENG", "19.6.2026", "--name", "x"], "'19.6.2026' is no date such as 2026-03-31"),
        (["clear", "GB-ENG", "2026-02-29"], "'2026-02-29' is no date such as 2026-03-31"),
        (["show", "GB-ENG", "--year", "0"], "'0' is no year such as 2026"),
        (["close", "GB-ENG", JUBILEE], "the following arguments are required: --name"),
        (["close", "GB-ENG", JUBILEE, "--name", " "], "must be 1 to 100 printable characters"),
        (["close", "GB-ENG", JUBILEE, "--name", "a\tb"], "must be 1 to 100 printable characters"),
        (["open", "GB-ENG", "9999-12-31"], "DATE: must lie within 450 years of 2026"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_named_with_its_mend(calendar: Calendar, world: World, words: list[str], complaint: str) -> None:
    assert_refused(calendar(*words), complaint)
    assert world.transact(calendars.in_use) == []


def test_a_database_that_nobody_named_is_said(payday_inside: Payday) -> None:
    for words in (["show", "GB-ENG"], ["open", "GB-ENG", JUBILEE], ["refresh"]):
        assert_refused(payday_inside("calendar", *words), "DATABASE_URL: is not set", "payday services")


def test_what_the_operator_closed_is_closed_for_everyone_who_reads(calendar: Calendar, world: World) -> None:
    calendar("close", "TARGET", "2026-04-07", "--name", "Settlement system down")
    loaded = world.transact(lambda session: calendars.read(session, ["TARGET"]))["TARGET"]
    assert loaded.calendar.why_closed(date(2026, 4, 7)) == "Settlement system down"
    assert loaded.calendar.why_closed(date(2026, 4, 6)) == "Easter Monday"
