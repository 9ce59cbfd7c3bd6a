from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.days import BusinessNow, business_time, local_instant, parse_local_time

LONDON = ZoneInfo("Europe/London")
SAO_PAULO = ZoneInfo("America/Sao_Paulo")

CLOCK_CHANGES = [
    ("Europe/London", date(2025, 3, 30)),
    ("Europe/London", date(2025, 10, 26)),
    ("America/New_York", date(2025, 3, 9)),
    ("America/New_York", date(2025, 11, 2)),
    ("America/Sao_Paulo", date(2018, 11, 4)),  # skips midnight
    ("America/Sao_Paulo", date(2018, 2, 17)),  # repeats the last hour of the day
    ("America/Havana", date(2024, 11, 3)),  # repeats the first hour of the day
    ("America/St_Johns", date(2010, 11, 7)),  # goes back over midnight, one minute after it
    ("Africa/Cairo", date(2024, 4, 26)),
    ("Australia/Lord_Howe", date(2025, 4, 6)),  # by half an hour
    ("Pacific/Apia", date(2011, 12, 30)),  # a whole day that never was
    ("Asia/Kolkata", date(2025, 6, 1)),
    ("UTC", date(2025, 6, 1)),
]
minutes_of_day = st.integers(0, 1440)
near_clock_changes = st.tuples(st.sampled_from(CLOCK_CHANGES), st.sampled_from([-1, 0, 1])).map(
    lambda drawn: (ZoneInfo(drawn[0][0]), drawn[0][1] + timedelta(days=drawn[1]))
)


def first_instant_the_clock_shows(day: date, at: int, zone: ZoneInfo) -> datetime:
    """Watches the wall clock minute by minute until it shows this time or a later one."""
    wanted = datetime.combine(day, time()) + timedelta(minutes=at)
    moment = datetime.combine(day - timedelta(days=2), time(), tzinfo=UTC)
    while moment.astimezone(zone).replace(tzinfo=None) < wanted:
        moment += timedelta(minutes=1)
    return moment


def at(instant: datetime, zone: ZoneInfo = LONDON, *, opens: str = "00:00", cutoff: str = "24:00") -> BusinessNow:
    return business_time(
        instant, zone, opens_at=parse_local_time(opens), cutoff_at=parse_local_time(cutoff), retry_at=14 * 60
    )


def test_today_is_the_business_zones_date_and_not_that_of_utc() -> None:
    just_before_midnight_utc = datetime(2025, 7, 1, 23, 30, tzinfo=UTC)
    assert at(just_before_midnight_utc, LONDON).today == date(2025, 7, 2)
    assert at(just_before_midnight_utc, SAO_PAULO).today == date(2025, 7, 1)


def test_an_instant_without_a_zone_is_no_instant() -> None:
    with pytest.raises(ValueError, match="time zone"):
        at(datetime(2025, 7, 1))  # noqa: DTZ001


@pytest.mark.parametrize(("text", "minutes"), [("00:00", 0), ("14:05", 845), ("23:59", 1439), ("24:00", 1440)])
def test_a_time_of_day_is_minutes_since_midnight(text: str, minutes: int) -> None:
    assert parse_local_time(text) == minutes


@pytest.mark.parametrize(
    "text",
    ["24:01", "25:00", "23:60", "9:00", "09:00\n", " 09:00", "09.00", "", "０９:00", "-1:00", "09:00:00"],
)
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="time of day"):
        parse_local_time(text)


def test_24_00_is_the_next_midnight() -> None:
    assert local_instant(date(2025, 7, 1), 1440, LONDON) == datetime(2025, 7, 1, 23, tzinfo=UTC)
    assert local_instant(date(2025, 7, 1), 1440, LONDON) == local_instant(date(2025, 7, 2), 0, LONDON)


@pytest.mark.parametrize("at", ["01:00", "01:30", "01:59", "02:00"])
def test_a_skipped_time_in_london_is_the_first_instant_after_it(at: str) -> None:
    after = datetime(2025, 3, 30, 1, 0, tzinfo=UTC)
    assert local_instant(date(2025, 3, 30), parse_local_time(at), LONDON) == after


def test_a_skipped_midnight_in_sao_paulo_is_one_oclock() -> None:
    one_oclock = datetime(2018, 11, 4, 3, 0, tzinfo=UTC)
    assert local_instant(date(2018, 11, 4), 0, SAO_PAULO) == one_oclock
    assert local_instant(date(2018, 11, 3), 1440, SAO_PAULO) == one_oclock
    assert at(one_oclock, SAO_PAULO).today == date(2018, 11, 4)
    assert at(one_oclock, SAO_PAULO).opened


def test_a_repeated_time_is_the_first_of_the_two() -> None:
    assert local_instant(date(2025, 10, 26), 90, LONDON) == datetime(2025, 10, 26, 0, 30, tzinfo=UTC)


def test_a_cut_off_that_was_passed_does_not_come_back_with_the_clock() -> None:
    the_clock_shows_01_05_again = datetime(2025, 10, 26, 1, 5, tzinfo=UTC)
    now = at(the_clock_shows_01_05_again, cutoff="01:30")
    assert the_clock_shows_01_05_again.astimezone(LONDON).time() == time(1, 5)
    assert now.past_cutoff
    assert not now.in_hours
    assert now.next_open_date(run_accepts=True) == date(2025, 10, 27)


def test_today_is_open_before_the_cut_off_and_tomorrow_from_then_on() -> None:
    cutoff = datetime(2025, 12, 31, 17, tzinfo=UTC)
    just_before = at(cutoff - timedelta(microseconds=1), cutoff="17:00")
    assert just_before.next_open_date(run_accepts=True) == date(2025, 12, 31)
    assert at(cutoff, cutoff="17:00").next_open_date(run_accepts=True) == date(2026, 1, 1)


def test_a_run_that_closes_early_closes_today() -> None:
    assert at(datetime(2024, 2, 28, 9, tzinfo=UTC)).next_open_date(run_accepts=False) == date(2024, 2, 29)


def test_with_a_cut_off_at_24_00_the_whole_day_is_open() -> None:
    last_moment = datetime(2025, 7, 1, 22, 59, 59, tzinfo=UTC)
    assert at(last_moment).next_open_date(run_accepts=True) == date(2025, 7, 1)
    assert at(last_moment).seconds_to_cutoff == 1


def test_payments_are_sent_from_the_opening_until_before_the_cut_off() -> None:
    midnight = datetime(2025, 1, 15, tzinfo=UTC)
    sent = [
        minute
        for minute in range(1440)
        if at(midnight + timedelta(minutes=minute), opens="06:00", cutoff="17:00").in_hours
    ]
    assert (sent[0], sent[-1], len(sent)) == (360, 1019, 660)


@given(where=near_clock_changes, at=minutes_of_day)
def test_a_local_time_comes_when_the_clock_first_shows_it_or_more(where: tuple[ZoneInfo, date], at: int) -> None:
    zone, day = where
    assert local_instant(day, at, zone) == first_instant_the_clock_shows(day, at, zone)


@given(where=near_clock_changes, minute=minutes_of_day, since_noon_seconds=st.integers(-180_000, 180_000))
def test_a_cut_off_is_passed_exactly_when_its_instant_has_come(
    where: tuple[ZoneInfo, date], minute: int, since_noon_seconds: int
) -> None:
    zone, day = where
    instant = datetime.combine(day, time(12), tzinfo=UTC) + timedelta(seconds=since_noon_seconds)
    now = business_time(instant, zone, opens_at=minute, cutoff_at=minute, retry_at=minute)
    assert now.today == instant.astimezone(zone).date()
    assert now.past_cutoff == now.opened == (instant >= local_instant(now.today, minute, zone))
