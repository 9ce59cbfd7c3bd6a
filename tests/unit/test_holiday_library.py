"""The holidays that the library says, against what governments and central banks publish."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.holiday_library import calendar_of, days_of, is_calendar, library_version, weekend_of

YEARS = [1, 1871, 1900, 2026, 2100, 2101, 9999]


def closed(code: str, year: int) -> dict[str, str]:
    return {day.isoformat(): name for day, name in days_of(code, year).closed.items()}


@pytest.mark.parametrize(
    "code", ["weekends", "GB", "GB-ENG", "ZA", "JP", "DE-BY", "US-CA", "TARGET", "XECB", "ECB", "XNYS", "NYSE", "XAMS"]
)
def test_a_code_that_a_schedule_may_name(code: str) -> None:
    assert is_calendar(code)


OTHER_TEXTS = ["GB-", "-ENG", "gb-eng", "Weekends", "UK", "GBR", "England", "GB-England", "GB-ENG-X", "GB--ENG", "ZZ"]
OTHER_TEXTS += [
    "DE-Augsburg",
    "JP-",
    "target",
    "TARGET-X",
    "XNYS-NY",
    "__class__",
    "country",
    "HolidayBase",
    "Ａ",
    "🏴",
]
OTHER_TEXTS += ["", "-", " ", "GB-ENG ", "GB-ENG\n", "FR-Zone A", "ZA\0", "\ud800", "x" * 10**6, "GB-" + "E" * 10**6]


@pytest.mark.parametrize("code", OTHER_TEXTS, ids=lambda code: ascii(code[:20]))
def test_anything_else_is_no_calendar(code: str) -> None:
    assert not is_calendar(code)


@given(st.text())
def test_whatever_the_text_it_is_only_a_question(code: str) -> None:
    assert is_calendar(code) in (True, False)


def test_the_bank_holidays_of_england_are_the_governments() -> None:
    """https://www.gov.uk/bank-holidays, England and Wales."""
    weekdays_2026 = {
        "2026-01-01": "New Year's Day",
        "2026-04-03": "Good Friday",
        "2026-04-06": "Easter Monday",
        "2026-05-04": "May Day",
        "2026-05-25": "Spring Bank Holiday",
        "2026-08-31": "Late Summer Bank Holiday",
        "2026-12-25": "Christmas Day",
        "2026-12-28": "Boxing Day (observed)",
    }
    weekdays_2027 = {
        "2027-01-01": "New Year's Day",
        "2027-03-26": "Good Friday",
        "2027-03-29": "Easter Monday",
        "2027-05-03": "May Day",
        "2027-05-31": "Spring Bank Holiday",
        "2027-08-30": "Late Summer Bank Holiday",
        "2027-12-27": "Christmas Day (observed)",
        "2027-12-28": "Boxing Day (observed)",
    }
    for year, published in {2026: weekdays_2026, 2027: weekdays_2027}.items():
        days = closed("GB-ENG", year)
        assert {day: name for day, name in days.items() if date.fromisoformat(day).weekday() < 5} == published


def test_scotland_keeps_the_second_of_january_and_england_does_not() -> None:
    assert "2026-01-02" in closed("GB-SCT", 2026)
    assert "2026-01-02" not in closed("GB-ENG", 2026)


@pytest.mark.parametrize(("year", "friday", "monday"), [(2026, "04-03", "04-06"), (2030, "04-19", "04-22")])
def test_target_closes_on_its_six_days(year: int, friday: str, monday: str) -> None:
    """The European Central Bank's long-term calendar of TARGET closing days, of 2000."""
    assert list(closed("TARGET", year)) == [
        f"{year}-{day}" for day in ("01-01", friday, monday, "05-01", "12-25", "12-26")
    ]
    assert days_of("TARGET", year) == days_of("XECB", year) == days_of("ECB", year)


def test_names_are_english_whatever_the_countrys_language_and_the_process_locale(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LANGUAGE", "de")
    days_of.cache_clear()
    assert closed("DE-BY", 2026)["2026-01-06"] == "Epiphany"
    assert closed("JP", 2026)["2026-02-23"] == "Emperor's Birthday"
    assert closed("ZA", 2026)["2026-08-10"] == "National Women's Day (observed)"
    assert closed("MY-01", 2024)["2024-09-16"] == "Malaysia Day; Prophet Muhammad's Birthday"


def test_egypt_rests_on_friday_and_saturday() -> None:
    egypt = calendar_of("EG")
    assert weekend_of("EG") == egypt.weekend == {4, 5}
    assert [egypt.why_closed(date(2026, 2, day)) for day in range(5, 10)] == [None, "Friday", "Saturday", None, None]
    assert weekend_of("HK") == {6}
    assert weekend_of("GB-ENG") == weekend_of("weekends") == {5, 6}


def test_the_saturday_before_the_spring_festival_is_worked_in_china() -> None:
    """The State Council's arrangement of holidays for 2026: 14 and 28 February are worked, 15 to 23 are not."""
    china = calendar_of("CN")
    assert {date(2026, 2, 14), date(2026, 2, 28)} < days_of("CN", 2026).worked
    working = [day for day in range(13, 25) if china.is_working(date(2026, 2, day))]
    assert working == [13, 14, 24]


def test_a_worked_day_of_the_turn_of_the_year_belongs_to_its_own_year() -> None:
    for year in (2011, 2012):
        assert all(day.year == year for day in days_of("CN", year).worked)
    assert date(2011, 12, 31) in days_of("CN", 2011).worked


def test_a_year_with_another_weekend_keeps_it() -> None:
    """Saudi Arabia rested on Thursday and Friday until 28 June 2013, Johor on Friday and Saturday in 2014 to 2024."""
    saudi = calendar_of("SA")
    assert [saudi.why_closed(date(2013, 6, day)) for day in (20, 21, 22, 23)] == ["Thursday", "Friday", None, None]
    assert [saudi.why_closed(date(2013, 7, day)) for day in (4, 5, 6, 7)] == [None, "Friday", "Saturday", None]
    johor = calendar_of("MY-01")
    assert [johor.why_closed(date(2024, 12, day)) for day in (6, 7, 8)] == ["Friday", "Saturday", None]
    assert [johor.why_closed(date(2025, 12, day)) for day in (5, 6, 7)] == [None, "Saturday", "Sunday"]


@pytest.mark.parametrize("code", ["weekends", "GB-ENG", "ZA", "JP", "CN", "SA", "TARGET", "XNYS", "no calendar"])
@pytest.mark.parametrize("year", YEARS)
def test_any_year_can_be_asked(code: str, year: int) -> None:
    days = days_of(code, year)
    assert {day.year for day in [*days.closed, *days.worked]} <= {year}
    assert not days.closed.keys() & days.worked
    if code in ("weekends", "no calendar") or year in (1, 2101, 9999):
        assert days == ({}, frozenset())


@pytest.mark.parametrize("code", ["GB-ENG", "CN", "EG", "MY-02", "AE", "XSAU", "JP", "IN", "BN"])
def test_each_day_of_five_years_is_what_the_library_itself_says(code: str) -> None:
    import holidays

    country, _, subdivision = code.partition("-")
    oracle = getattr(holidays, country)(subdiv=subdivision or None)
    ours = calendar_of(code)
    for number in range(5 * 365):
        day = date(2023, 1, 1) + timedelta(days=number)
        assert ours.is_working(day) == oracle.is_working_day(day), day


def test_the_library_waits_until_it_is_needed() -> None:
    source = """
import sys
from shared import holiday_library
assert "holidays" not in sys.modules
assert holiday_library.library_version()
assert holiday_library.is_calendar("weekends")
assert "holidays" not in sys.modules
assert holiday_library.is_calendar("GB-ENG")
assert "holidays" in sys.modules
"""
    subprocess.run([sys.executable, "-c", source], check=True)
    assert library_version()[0].isdigit()
