"""Rules, calendars and revisions for property tests."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from timelines import TERMS, calendar_of

from shared.domain.calendar import Calendar
from shared.domain.recurrence import Rule
from shared.domain.rolling import Convention
from shared.domain.timeline import Revision

NAMES = ["once", "daily", "weekly", "fortnightly", "monthly", "quarterly", "halfYearly", "yearly", "dates"]
MONTH_ENDS = ["clamp", "skip", "next"]
CONVENTIONS = list(Convention)

# Month ends and leap days are where rules break, so half of the starts are there.
start_dates = st.dates(date(1999, 1, 1), date(2101, 12, 31)) | st.sampled_from(
    [
        date(year, month, day)
        for year in (2023, 2024, 2096, 2100)
        for month, day in ((1, 1), (1, 28), (1, 29), (1, 30), (1, 31), (2, 28), (3, 1), (8, 31), (11, 30), (12, 31))
    ]
    + [date(2000, 2, 29), date(2024, 2, 29), date(2096, 2, 29)]
)

codes = st.one_of(
    st.sampled_from(["EvryDay", "EvryWorkgDay", "QtrDay:ENGLISH", "QtrDay:SCOTTISH", "QtrDay:RECEIVED"]),
    st.integers(2, 31).map("IntrvlDay:{:02}".format),
    st.builds("IntrvlWkDay:{:02}:{:02}".format, st.integers(1, 9), st.integers(1, 7)),
    st.builds("WkInMnthDay:{:02}:{:02}".format, st.integers(1, 5), st.integers(1, 7)),
    st.builds(
        "IntrvlMnthDay:{:02}:{}".format,
        st.sampled_from([1, 2, 3, 4, 5, 6, 12, 24]),
        st.sampled_from(
            [f"{day:02}" for day in range(1, 29, 5)] + ["29", "30", "31", *(f"-0{day}" for day in range(1, 6))]
        ),
    ),
)
frequencies_of_all_kinds = st.sampled_from(NAMES) | codes
open_ended_names = st.sampled_from([name for name in NAMES if name not in ("once", "dates")])
by_the_day = st.sampled_from(["daily", "EvryDay", "EvryWorkgDay", "IntrvlDay:02", "IntrvlDay:03"])


@st.composite
def rules(
    draw: st.DrawFn,
    frequencies: st.SearchStrategy[str] = frequencies_of_all_kinds,
    ends: tuple[str, ...] = ("open", "count", "date"),
) -> Rule:
    """Any rule that can be made: open-ended, by count or by end date."""
    start, frequency = draw(start_dates), draw(frequencies)
    fields: dict[str, Any] = {
        "month_end": draw(st.sampled_from(MONTH_ENDS)),
        "day_convention": draw(st.sampled_from(CONVENTIONS)),
    }
    if frequency == "dates":
        offsets = draw(st.sets(st.integers(0, 900), min_size=1, max_size=8))
        listed = tuple(start + timedelta(days=offset) for offset in sorted(offsets))
        return Rule(listed[0], frequency, dates=listed, **fields)
    if frequency == "once":
        return Rule(start, frequency, **fields)
    if frequency in NAMES:
        fields["interval"] = draw(st.integers(1, 7))
    end = draw(st.sampled_from(ends))
    if end == "count":
        fields["count"] = draw(st.integers(1, 60))
    if end == "date":
        fields["end_date"] = start + timedelta(days=draw(st.integers(0, 1200)))
    return Rule(start, frequency, **fields)


@st.composite
def calendars(draw: st.DrawFn, around: date) -> Calendar:
    """A calendar with some closures of up to six days in the years after a date, and some weekend days worked."""
    closures = draw(st.lists(st.tuples(st.integers(-20, 1500), st.integers(1, 6)), max_size=4))
    closed = {
        around + timedelta(days=first + offset): "closed" for first, length in closures for offset in range(length)
    }
    worked = draw(st.frozensets(st.integers(0, 1500).map(lambda offset: around + timedelta(days=offset)), max_size=8))
    weekend = draw(st.sampled_from([frozenset({5, 6}), frozenset({4, 5}), frozenset({6}), frozenset()]))
    return calendar_of(closed, weekend, worked)


@st.composite
def revisions(draw: st.DrawFn, frequencies: st.SearchStrategy[str] = frequencies_of_all_kinds) -> list[Revision]:
    """One to four revisions of a schedule; a later one can begin before an earlier one."""
    first = draw(rules(frequencies))
    made = [Revision(1, first.start_date, first, TERMS)]
    for number in range(2, draw(st.integers(1, 4)) + 1):
        from_date = first.start_date + timedelta(days=draw(st.integers(0, 500)))
        rule = draw(rules(frequencies))
        anchor = from_date if draw(st.booleans()) else first.start_date
        listed = tuple(anchor + (day - rule.dates[0]) for day in rule.dates)
        end_date = None if rule.end_date is None else anchor + (rule.end_date - rule.start_date)
        changed = Rule(
            anchor,
            rule.frequency,
            rule.interval,
            end_date=end_date,
            count=rule.count,
            month_end=rule.month_end,
            day_convention=rule.day_convention,
            dates=listed,
        )
        made.append(Revision(number, from_date, changed, TERMS._replace(amount=number * 100)))
    return made
