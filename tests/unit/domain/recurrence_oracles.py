"""Two ways to list a rule's dates that share nothing with the code under test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from dateutil.rrule import DAILY, MONTHLY, YEARLY, rrule
from hypothesis import strategies as st

from shared.domain.recurrence import Frequency, Rule

DAYS = {"daily": 1, "weekly": 7, "fortnightly": 14}
MONTHS = {"monthly": 1, "quarterly": 3, "halfYearly": 6, "yearly": 12}


def by_rrule(rule: Rule, until: date) -> list[date]:
    """RFC 5545's dates. rrule skips months that are too short; the last of the days from 28 on clamps."""
    start = datetime.combine(rule.start_date, datetime.min.time())
    last = datetime.combine(min(until, rule.end_date or until), datetime.min.time())
    days = list(range(28, start.day + 1)) or start.day
    if rule.frequency == "once":
        found = rrule(DAILY, dtstart=start, count=1)
    elif rule.frequency in DAYS:
        found = rrule(DAILY, dtstart=start, until=last, interval=DAYS[rule.frequency] * rule.interval)
    elif rule.frequency == "yearly":
        found = rrule(
            YEARLY,
            dtstart=start,
            until=last,
            interval=rule.interval,
            bymonth=start.month,
            bymonthday=days,
            bysetpos=-1,
        )
    else:
        step = MONTHS[rule.frequency] * rule.interval
        found = rrule(MONTHLY, dtstart=start, until=last, interval=step, bymonthday=days, bysetpos=-1)
    return [moment.date() for moment in found][: rule.count]


def by_walking(rule: Rule, until: date) -> list[date]:
    """Looks at every day from the start on, as a person with a paper calendar would."""
    found: list[date] = []
    for day in _days(rule.start_date, min(until, rule.end_date or until)):
        if len(found) < (rule.count or 10**6) and _is_date_of(rule, day):
            found.append(day)
    return found


def _days(first: date, last: date) -> Iterator[date]:
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def _is_date_of(rule: Rule, day: date) -> bool:
    if rule.frequency == "once":
        return day == rule.start_date
    if rule.frequency in DAYS:
        return (day - rule.start_date).days % (DAYS[rule.frequency] * rule.interval) == 0
    months = (day.year - rule.start_date.year) * 12 + day.month - rule.start_date.month
    if months % (MONTHS[rule.frequency] * rule.interval):
        return False
    is_last_of_month = (day + timedelta(days=1)).day == 1
    return day.day == rule.start_date.day or (day.day < rule.start_date.day and is_last_of_month)


# Month ends and leap days are where rules break, so half of the starts are there.
start_dates = st.dates(date(1999, 1, 1), date(2101, 12, 31)) | st.sampled_from(
    [
        date(year, month, day)
        for year in (2023, 2024, 2096, 2100)
        for month, day in ((1, 28), (1, 29), (1, 30), (1, 31), (2, 28), (8, 31), (11, 30), (12, 31))
    ]
    + [date(2000, 2, 29), date(2024, 2, 29), date(2096, 2, 29)]
)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """Any rule that can be made: open-ended, by count or by end date."""
    start = draw(start_dates)
    frequency = draw(st.sampled_from(list(Frequency)))
    if frequency == Frequency.ONCE:
        return Rule(start, frequency)
    end = draw(st.sampled_from(["open", "count", "date"]))
    return Rule(
        start,
        frequency,
        interval=draw(st.integers(1, 7)),
        count=draw(st.integers(1, 60)) if end == "count" else None,
        end_date=start + timedelta(days=draw(st.integers(0, 1500))) if end == "date" else None,
    )
