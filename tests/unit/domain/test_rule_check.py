from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from recurrence_oracles import rules

from shared.domain.errors import Invalid
from shared.domain.recurrence import MAX_COUNT, MAX_INTERVAL, Rule, check_rule

START = date(2025, 1, 31)


def refused_at(frequency: str = "monthly", **fields: Any) -> list[str]:
    with pytest.raises(Invalid) as refusal:
        Rule(START, frequency, **fields)
    assert all(problem.detail for problem in refusal.value.problems)
    return [problem.pointer for problem in refusal.value.problems]


def test_an_end_before_the_start_is_refused() -> None:
    assert refused_at(end_date=date(2025, 1, 30)) == ["/endDate"]
    assert Rule(START, "monthly", end_date=START).total == 1


def test_an_end_date_together_with_a_count_is_refused() -> None:
    assert refused_at(end_date=date(2025, 12, 31), count=3) == ["/endDate", "/count"]


@pytest.mark.parametrize("interval", [0, -1, MAX_INTERVAL + 1])
def test_an_interval_has_limits(interval: int) -> None:
    assert refused_at(interval=interval) == ["/interval"]


@pytest.mark.parametrize("count", [0, -1, MAX_COUNT + 1])
def test_a_count_has_limits(count: int) -> None:
    assert refused_at(count=count) == ["/count"]


def test_the_limits_themselves_are_allowed() -> None:
    assert Rule(START, "daily", interval=1, count=MAX_COUNT).total == MAX_COUNT
    assert Rule(START, "daily", interval=MAX_INTERVAL, count=1).total == 1


@pytest.mark.parametrize("frequency", ["", "Monthly", "monthly ", "EvryDay", "hourly", "dates"])
def test_an_unknown_frequency_is_refused(frequency: str) -> None:
    assert refused_at(frequency) == ["/frequency"]


@pytest.mark.parametrize("month_end", ["skip", "next", "", "Clamp"])
def test_a_month_end_that_cannot_be_kept_is_refused(month_end: str) -> None:
    assert refused_at(month_end=month_end) == ["/monthEnd"]


def test_a_payment_made_once_takes_no_interval_and_no_other_end() -> None:
    assert refused_at("once", interval=2) == ["/interval"]
    assert refused_at("once", count=2) == ["/count"]
    assert refused_at("once", end_date=date(2025, 2, 1)) == ["/endDate"]


def test_a_payment_made_once_may_say_so_twice() -> None:
    assert Rule(START, "once", count=1).total == Rule(START, "once", end_date=START).total == 1


def test_everything_that_is_wrong_is_named_at_once() -> None:
    wrong = refused_at("never", interval=0, end_date=date(2020, 1, 1), count=0, month_end="skip")
    assert set(wrong) == {"/frequency", "/interval", "/monthEnd", "/endDate", "/count"}


@given(rule=rules())
def test_a_rule_that_was_made_can_be_checked_again(rule: Rule) -> None:
    check_rule(rule)


@given(rule=rules())
def test_a_rule_survives_its_json_column(rule: Rule) -> None:
    stored = json.loads(json.dumps(rule.to_json()))
    assert Rule.from_json(stored) == rule
    assert Rule.from_json(stored).to_json() == rule.to_json()


def test_a_stored_rule_reads_as_the_interface_names_it() -> None:
    assert Rule(START, "monthly", 2, end_date=date(2026, 1, 1)).to_json() == {
        "startDate": "2025-01-31",
        "frequency": "monthly",
        "interval": 2,
        "monthEnd": "clamp",
        "endDate": "2026-01-01",
    }


def test_a_stored_rule_of_a_newer_version_is_not_read_by_halves() -> None:
    stored = Rule(START, "monthly").to_json() | {"dayConvention": "following"}
    with pytest.raises(ValueError, match="dayConvention"):
        Rule.from_json(stored)
