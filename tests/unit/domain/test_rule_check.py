from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import CONVENTIONS, MONTH_ENDS, rules

from shared.domain.errors import Invalid
from shared.domain.recurrence import MAX_COUNT, MAX_DATES, MAX_INTERVAL, Rule, check_rule

START = date(2025, 1, 31)
LISTED = (START, date(2025, 2, 3))


def refused_at(frequency: str = "monthly", **fields: Any) -> list[str]:
    with pytest.raises(Invalid) as refusal:
        Rule(START, frequency, **fields)
    assert all(problem.detail for problem in refusal.value.problems)
    return [problem.pointer for problem in refusal.value.problems]


def test_an_end_before_the_start_is_refused() -> None:
    assert refused_at(end_date=date(2025, 1, 30)) == ["/endDate"]
    Rule(START, "monthly", end_date=START)


def test_an_end_date_together_with_a_count_is_refused() -> None:
    assert refused_at(end_date=date(2025, 12, 31), count=3) == ["/endDate", "/count"]


@pytest.mark.parametrize("interval", [0, -1, MAX_INTERVAL + 1])
def test_an_interval_has_limits(interval: int) -> None:
    assert refused_at(interval=interval) == ["/interval"]


@pytest.mark.parametrize("frequency", ["EvryDay", "IntrvlDay:15", "IntrvlMnthDay:01:-01", "QtrDay:ENGLISH"])
def test_a_code_says_its_interval_itself(frequency: str) -> None:
    assert refused_at(frequency, interval=2) == ["/interval"]


@pytest.mark.parametrize("count", [0, -1, MAX_COUNT + 1])
def test_a_count_has_limits(count: int) -> None:
    assert refused_at(count=count) == ["/count"]


def test_the_limits_themselves_are_allowed() -> None:
    Rule(START, "daily", interval=1, count=MAX_COUNT)
    Rule(START, "daily", interval=MAX_INTERVAL, count=1)


@pytest.mark.parametrize("month_end", ["", "Clamp", "last", "next "])
def test_an_unknown_month_end_is_refused(month_end: str) -> None:
    assert refused_at(month_end=month_end) == ["/monthEnd"]


@pytest.mark.parametrize("convention", ["", "Following", "modified_following", "halfMonthModifiedFollowing"])
def test_an_unknown_day_convention_is_refused(convention: str) -> None:
    assert refused_at(day_convention=convention) == ["/dayConvention"]


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("month_end", MONTH_ENDS)
def test_every_month_end_goes_with_every_convention(month_end: str, convention: str) -> None:
    Rule(START, "monthly", month_end=month_end, day_convention=convention)


def test_a_payment_made_once_takes_no_interval_and_no_other_end() -> None:
    assert refused_at("once", interval=2) == ["/interval"]
    assert refused_at("once", count=2) == ["/count"]
    assert refused_at("once", end_date=date(2025, 2, 1)) == ["/endDate"]


def test_a_payment_made_once_may_say_so_twice() -> None:
    Rule(START, "once", count=1)
    Rule(START, "once", end_date=START)


def test_listed_dates_are_given_with_their_frequency_only() -> None:
    assert refused_at("monthly", dates=LISTED) == ["/dates"]
    assert refused_at("dates") == ["/dates"]
    assert refused_at("dates", dates=LISTED, interval=2) == ["/interval"]
    assert refused_at("dates", dates=LISTED, count=2) == ["/count"]
    assert refused_at("dates", dates=LISTED, end_date=date(2026, 1, 1)) == ["/endDate"]


def test_a_date_is_listed_once() -> None:
    assert refused_at("dates", dates=(START, START)) == ["/dates"]


def test_at_most_four_hundred_dates_are_listed() -> None:
    many = tuple(START + timedelta(days=offset) for offset in range(MAX_DATES + 1))
    Rule(START, "dates", dates=many[:-1])
    assert refused_at("dates", dates=many) == ["/dates"]


def test_everything_that_is_wrong_is_named_at_once() -> None:
    wrong = refused_at(
        "never", interval=0, end_date=date(2020, 1, 1), count=0, month_end="last", day_convention="late", dates=LISTED
    )
    assert set(wrong) == {
        "/frequency",
        "/interval",
        "/monthEnd",
        "/dayConvention",
        "/dates",
        "/endDate",
        "/count",
    }


@given(rule=rules())
@settings(max_examples=30)
def test_a_rule_that_was_made_can_be_checked_again(rule: Rule) -> None:
    check_rule(rule)


@given(rule=rules(), day_of_month=st.none() | st.integers(1, 31))
@settings(max_examples=60)
def test_a_rule_survives_its_json_column(rule: Rule, day_of_month: int | None) -> None:
    anchored = Rule(rule.start_date, "monthly", day_of_month=day_of_month)
    for made in (rule, anchored):
        stored = json.loads(json.dumps(made.to_json()))
        assert Rule.from_json(stored) == made
        assert hash(Rule.from_json(stored)) == hash(made)
        assert Rule.from_json(stored).to_json() == made.to_json()


def test_a_stored_rule_reads_as_the_interface_names_it() -> None:
    assert Rule(START, "monthly", 2, end_date=date(2026, 1, 1), calendar="TARGET").to_json() == {
        "startDate": "2025-01-31",
        "frequency": "monthly",
        "interval": 2,
        "monthEnd": "clamp",
        "dayConvention": "none",
        "calendar": "TARGET",
        "endDate": "2026-01-01",
    }
    assert Rule(START, "dates", dates=LISTED).to_json()["dates"] == ["2025-01-31", "2025-02-03"]


def test_a_stored_rule_of_a_newer_version_is_not_read_by_halves() -> None:
    stored = Rule(START, "monthly").to_json() | {"weekStart": "Sunday"}
    with pytest.raises(ValueError, match="weekStart"):
        Rule.from_json(stored)


@pytest.mark.parametrize("field", ["startDate", "frequency", "interval", "monthEnd", "dayConvention", "calendar"])
def test_a_stored_rule_that_lacks_a_field_is_not_read(field: str) -> None:
    stored = Rule(START, "monthly").to_json()
    del stored[field]
    with pytest.raises(KeyError, match=field):
        Rule.from_json(stored)
