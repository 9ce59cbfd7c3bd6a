from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recurrence_oracles import by_rrule, by_walking, rules, start_dates

from shared.domain.recurrence import MAX_COUNT, Frequency, Occurrence, Rule

YEARS_LOOKED_AT = 6


def far(rule: Rule) -> date:
    return rule.start_date + timedelta(days=366 * YEARS_LOOKED_AT)


def dates_until(rule: Rule, until: date) -> list[date]:
    found = []
    for occurrence in rule.dates():
        if occurrence.nominal_date > until:
            break
        found.append(occurrence.nominal_date)
    return found


def first(rule: Rule, many: int) -> list[str]:
    return [occurrence.date.isoformat() for occurrence in islice(rule.dates(), many)]


def test_the_31st_returns_after_february() -> None:
    rule = Rule(date(2025, 1, 31), "monthly")
    assert first(rule, 5) == ["2025-01-31", "2025-02-28", "2025-03-31", "2025-04-30", "2025-05-31"]


def test_every_second_month_counts_from_the_anchor() -> None:
    rule = Rule(date(2025, 12, 31), "monthly", interval=2)
    assert first(rule, 4) == ["2025-12-31", "2026-02-28", "2026-04-30", "2026-06-30"]


def test_the_28th_of_february_means_the_28th() -> None:
    assert first(Rule(date(2025, 2, 28), "monthly"), 3) == ["2025-02-28", "2025-03-28", "2025-04-28"]


def test_the_29th_of_february_returns_in_leap_years() -> None:
    rule = Rule(date(2024, 2, 29), "yearly")
    assert first(rule, 5) == ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]


def test_1900_and_2100_are_no_leap_years_and_2000_is() -> None:
    assert Rule(date(1896, 2, 29), "yearly").date_of(5) == date(1900, 2, 28)
    assert Rule(date(1996, 2, 29), "yearly").date_of(5) == date(2000, 2, 29)
    assert Rule(date(2096, 2, 29), "yearly").date_of(5) == date(2100, 2, 28)


@pytest.mark.parametrize(
    ("frequency", "interval", "second"),
    [
        ("daily", 1, "2025-08-31"),
        ("daily", 3, "2025-09-02"),
        ("weekly", 1, "2025-09-06"),
        ("fortnightly", 1, "2025-09-13"),
        ("fortnightly", 2, "2025-09-27"),
        ("monthly", 1, "2025-09-30"),
        ("quarterly", 1, "2025-11-30"),
        ("quarterly", 2, "2026-02-28"),
        ("halfYearly", 1, "2026-02-28"),
        ("yearly", 1, "2026-08-30"),
        ("yearly", 999, "3024-08-30"),
    ],
)
def test_the_interval_multiplies_the_frequency(frequency: str, interval: int, second: str) -> None:
    assert first(Rule(date(2025, 8, 30), frequency, interval), 2) == ["2025-08-30", second]


def test_the_end_date_itself_is_paid() -> None:
    assert first(Rule(date(2025, 1, 31), "monthly", end_date=date(2025, 3, 31)), 9)[-1] == "2025-03-31"
    assert first(Rule(date(2025, 1, 31), "monthly", end_date=date(2025, 3, 30)), 9)[-1] == "2025-02-28"


def test_a_count_is_a_number_of_dates() -> None:
    assert len(first(Rule(date(2025, 1, 31), "weekly", count=5), 99)) == 5


def test_a_payment_made_once_has_one_date_and_an_end() -> None:
    rule = Rule(date(2025, 1, 31), "once")
    assert list(rule.dates()) == [Occurrence(1, date(2025, 1, 31), date(2025, 1, 31))]
    assert (rule.bounded, rule.is_recurring, rule.total) == (True, False, 1)


def test_an_open_ended_rule_has_no_total() -> None:
    rule = Rule(date(2025, 1, 31), "weekly")
    assert (rule.bounded, rule.is_recurring, rule.total) == (False, True, None)


@pytest.mark.parametrize("frequency", list(Frequency))
def test_a_rule_that_starts_on_the_last_day_of_the_calendar_ends_there(frequency: Frequency) -> None:
    rule = Rule(date.max, frequency)
    assert [occurrence.date for occurrence in rule.dates()] == [date.max]
    assert rule.date_of(2) is None
    assert rule.first_sequence_from(date.max) == rule.sequence_on(date.max) == 1


@pytest.mark.parametrize("frequency", [frequency for frequency in Frequency if frequency != "once"])
def test_a_count_that_runs_past_the_year_9999_ends_with_the_calendar(frequency: Frequency) -> None:
    rule = Rule(date(9998, 12, 31), frequency, interval=2, count=MAX_COUNT)
    assert rule.total == len(list(rule.dates())) < 400
    assert rule.date_of(MAX_COUNT) is None
    assert Rule(date(9999, 12, 1), frequency, end_date=date.max).date_of(40) is None


def test_the_first_day_of_the_calendar_is_a_day_like_any_other() -> None:
    rule = Rule(date.min, "monthly")
    assert rule.first_sequence_from(date.min) == rule.sequence_on(date.min) == 1


def test_sequences_start_at_one() -> None:
    with pytest.raises(ValueError, match="start at 1"):
        Rule(date(2025, 1, 31), "weekly").date_of(0)


@given(rule=rules())
def test_dates_are_those_of_rfc_5545_but_for_short_months(rule: Rule) -> None:
    assert dates_until(rule, far(rule)) == by_rrule(rule, far(rule))


@given(rule=rules())
def test_dates_are_those_a_walk_through_the_calendar_finds(rule: Rule) -> None:
    assert dates_until(rule, far(rule)) == by_walking(rule, far(rule))


@given(rule=rules())
def test_the_total_is_the_number_of_dates(rule: Rule) -> None:
    if rule.bounded:
        assert rule.total == len(list(rule.dates()))
    else:
        assert rule.total is None


@given(rule=rules(), offset=st.integers(-40, 366 * YEARS_LOOKED_AT - 800))
def test_a_day_is_found_in_the_rule_without_listing_it(rule: Rule, offset: int) -> None:
    listed = by_walking(rule, far(rule))
    on = rule.start_date + timedelta(days=offset)
    assert rule.sequence_on(on) == (listed.index(on) + 1 if on in listed else None)
    later = [sequence for sequence, nominal in enumerate(listed, start=1) if nominal >= on]
    if later or rule.bounded:
        assert rule.first_sequence_from(on) == (later[0] if later else None)


@given(rule=rules(), sequence=st.integers(1, 200))
def test_a_date_needs_nothing_but_its_sequence(rule: Rule, sequence: int) -> None:
    one_by_one = dict(enumerate((occurrence.nominal_date for occurrence in islice(rule.dates(), 200)), start=1))
    assert rule.date_of(sequence) == one_by_one.get(sequence)
    assert next(rule.dates(sequence), None) == (
        Occurrence(sequence, one_by_one[sequence], one_by_one[sequence]) if sequence in one_by_one else None
    )


@given(start=start_dates, sequence=st.integers(1, 10**7), interval=st.integers(1, 999))
def test_no_sequence_however_high_makes_it_crash(start: date, sequence: int, interval: int) -> None:
    for frequency in Frequency:
        rule = Rule(start, frequency, interval if frequency != "once" else 1)
        found = rule.date_of(sequence)
        assert found is None or rule.sequence_on(found) == sequence


@given(rule=rules())
def test_equal_rules_are_equal_whatever_they_were_made_from(rule: Rule) -> None:
    assert dataclasses.replace(rule) == rule
    assert hash(dataclasses.replace(rule)) == hash(rule)
