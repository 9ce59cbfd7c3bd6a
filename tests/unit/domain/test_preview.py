from __future__ import annotations

import time
from datetime import date
from itertools import islice

from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import calendars, rules
from timelines import ENGLAND, payments, timeline_of

from shared.domain.calendar import Calendar
from shared.domain.preview import Previewed, preview
from shared.domain.recurrence import Rule
from shared.domain.rolling import Shift
from shared.domain.timeline import Terms

BUDGET_SECONDS = 0.02
"""What a preview of 400 dates may take in a warm process."""


def shown(rule: Rule, limit: int = 12, calendar: Calendar = ENGLAND, next_open: date | None = None) -> list[str]:
    def line(previewed: Previewed) -> str:
        occurrence, shift = previewed
        why = f" {shift.rule}: {shift.reason}" if shift else ""
        return f"{occurrence.sequence} {occurrence.nominal_date} {occurrence.date}{why}"

    return [line(previewed) for previewed in preview(timeline_of(rule, calendar), limit, next_open=next_open)]


def test_each_shift_names_its_rule_and_the_day_it_left() -> None:
    assert shown(Rule(date(2025, 3, 18), "monthly", count=4, day_convention="following")) == [
        "1 2025-03-18 2025-03-18",
        "2 2025-04-18 2025-04-22 following: Good Friday",
        "3 2025-05-18 2025-05-19 following: Sunday",
        "4 2025-06-18 2025-06-18",
    ]


def test_a_holiday_on_a_weekend_day_is_named_before_the_weekday() -> None:
    closed = Rule(date(2025, 4, 19), "once", day_convention="preceding")
    assert shown(closed) == ["1 2025-04-19 2025-04-17 preceding: Saturday"]


def test_the_last_day_says_preceding_whatever_was_asked_for() -> None:
    rule = Rule(date(2025, 5, 1), "IntrvlMnthDay:01:-01", count=2, day_convention="nearest")
    assert shown(rule) == ["1 2025-05-31 2025-05-30 preceding: Saturday", "2 2025-06-30 2025-06-30"]


def test_a_date_that_would_be_too_early_says_late() -> None:
    rule = Rule(date(2025, 6, 14), "weekly", count=2, day_convention="preceding")
    assert shown(rule, next_open=date(2025, 6, 14)) == [
        "1 2025-06-14 2025-06-16 late: Saturday",
        "2 2025-06-21 2025-06-20 preceding: Saturday",
    ]


def test_dates_in_the_past_are_shown() -> None:
    assert shown(Rule(date(1999, 12, 31), "once")) == ["1 1999-12-31 1999-12-31"]


def test_the_last_shown_has_the_final_amount_only_if_it_is_the_last() -> None:
    terms = Terms(2500, "payee", None, final_amount=999)
    timeline = timeline_of(Rule(date(2025, 1, 31), "monthly", count=4), ENGLAND, terms)
    assert [row.occurrence.amount for row in preview(timeline, 3)] == [2500, 2500, 2500]
    assert [row.occurrence.amount for row in preview(timeline, 4)] == [2500, 2500, 2500, 999]


@given(rule=rules(), choice=st.data())
@settings(max_examples=60)
def test_a_preview_is_what_the_schedule_pays_and_every_shift_has_its_reason(rule: Rule, choice: st.DataObject) -> None:
    calendar = choice.draw(calendars(rule.start_date))
    timeline = timeline_of(rule, calendar)
    rows = list(preview(timeline, 40))
    assert [row.occurrence for row in rows] == payments(timeline, 40)
    for occurrence, shift in rows:
        closed = calendar.why_closed(occurrence.nominal_date)
        if occurrence.date == occurrence.nominal_date:
            assert shift is None
        else:
            assert shift == Shift(rule.convention, closed or "")
            assert closed


def test_four_hundred_dates_are_previewed_in_a_warm_process_within_the_budget() -> None:
    rule = Rule(date(2025, 1, 31), "daily", 3, count=400, day_convention="modifiedFollowing")
    timeline = timeline_of(rule, ENGLAND)
    taken = []
    for _ in range(5):
        began = time.process_time()
        assert len(list(islice(preview(timeline, 400), 400))) > 300
        taken.append(time.process_time() - began)
    assert min(taken) < BUDGET_SECONDS
