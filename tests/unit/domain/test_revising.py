"""What a change of how often a schedule pays counts from: its anchor's month and day stay."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from timelines import nominal, timeline_of

from shared.domain.recurrence import Rule
from shared.domain.revising import ScheduleChange, Standpoint, revise
from shared.domain.timeline import Timeline

NEXT_OPEN = date(2026, 1, 5)


def changed(rule: Rule, first: str, since: str | None = None, **fields: Any) -> Timeline:
    """A schedule whose first open nominal date is `first`, after a change of its rule, on 5 January 2026."""
    timeline, first_open = timeline_of(rule), date.fromisoformat(first)
    change = ScheduleChange(fields, from_date=None if since is None else date.fromisoformat(since))
    revised = revise(timeline, change, Standpoint(first_open, first_open, None, NEXT_OPEN), 1)
    return Timeline.of([*timeline.revisions, *revised.added], timeline.calendars)


def to_come(timeline: Timeline, most: int) -> list[str]:
    return nominal(timeline, most, NEXT_OPEN)


@pytest.mark.parametrize("since", [None, "2026-01-05", "2026-02-28"])
@pytest.mark.parametrize(
    ("month_end", "expected"),
    [
        ("clamp", ["2026-02-28", "2028-02-29", "2030-02-28"]),
        ("skip", ["2028-02-29", "2032-02-29", "2036-02-29"]),
        ("next", ["2026-03-01", "2028-02-29", "2030-03-01"]),
    ],
)
def test_a_yearly_29_february_stays_in_february(since: str | None, month_end: str, expected: list[str]) -> None:
    rule = Rule(date(2024, 2, 29), "yearly")
    asked = {"interval": 2, "month_end": month_end}
    timeline = changed(rule, "2026-02-28", since, **asked)
    found = [day for day in to_come(timeline, 6) if since is None or day >= since]
    assert found[:3] == expected


@pytest.mark.parametrize(("month_end", "expected"), [("clamp", "2028-02-29"), ("skip", "2028-02-29")])
def test_it_stays_there_where_its_date_was_on_1_march(month_end: str, expected: str) -> None:
    rule = Rule(date(2024, 2, 29), "yearly", month_end="next")
    timeline = changed(rule, "2026-03-01", "2026-03-01", interval=2, month_end=month_end)
    assert to_come(timeline, 1) == [expected]


def test_a_new_month_end_keeps_the_payment_of_the_month_whose_date_was_in_the_next() -> None:
    rule = Rule(date(2025, 12, 31), "monthly", month_end="next")
    assert to_come(changed(rule, "2026-01-31", month_end="clamp"), 3) == ["2026-01-31", "2026-02-28", "2026-03-31"]
    assert to_come(changed(rule, "2026-03-01", month_end="clamp"), 3)[1:] == ["2026-02-28", "2026-03-31"]
    assert to_come(changed(rule, "2026-03-01", month_end="skip"), 3)[1:] == ["2026-03-31", "2026-05-31"]
    both = changed(rule, "2026-03-01", month_end="clamp", interval=2)
    assert to_come(both, 3)[1:] == ["2026-02-28", "2026-04-30"]


def test_the_months_of_another_frequency_count_from_the_date_it_begins_with() -> None:
    rule = Rule(date(2025, 12, 31), "monthly")
    assert to_come(changed(rule, "2026-04-30", frequency="quarterly", month_end="skip"), 5)[3:] == [
        "2026-07-31",
        "2026-10-31",
    ]


def test_from_between_two_dates_they_count_from_the_first_that_has_the_day() -> None:
    rule = Rule(date(2025, 12, 31), "monthly", month_end="skip")
    asked = changed(rule, "2026-01-31", "2026-04-15", frequency="yearly")
    assert to_come(asked, 4) == ["2026-01-31", "2026-03-31", "2026-05-31", "2027-05-31"]
