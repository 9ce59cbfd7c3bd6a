"""Worked examples of Open Banking UK and of the Berlin Group."""

from __future__ import annotations

import pytest
from timelines import ENGLAND, dates

# "Frequency Examples" of "Domestic Standing Orders", Open Banking UK Read/Write API v3.1, with what each says.
# From New Year's Day 2025, a Wednesday; "the 3rd day of the week" is a Wednesday.
OPEN_BANKING = [
    ("EvryDay", "Every day", "01-01 01-02 01-03 01-04 01-05"),
    ("EvryWorkgDay", "Every working day", "01-02 01-03 01-06 01-07 01-08"),
    ("IntrvlDay:15", "Every 15 Calendar day", "01-01 01-16 01-31 02-15 03-02"),
    ("IntrvlWkDay:01:03", "Every week, on the 3rd day of the week", "01-01 01-08 01-15 01-22 01-29"),
    ("IntrvlWkDay:02:03", "Every 2nd week, on the 3rd day of the week", "01-01 01-15 01-29 02-12 02-26"),
    (
        "WkInMnthDay:02:03",
        "Every month, on the 2nd week of the month, and on the third day of the week",
        "01-08 02-12 03-12 04-09 05-14",
    ),
    ("IntrvlMnthDay:01:-01", "Every month, on the last day of the month", "01-31 02-28 03-31 04-30 05-31"),
    ("IntrvlMnthDay:06:15", "Every 6th month, on the 15th day of the month", "01-15 07-15 01-15 07-15 01-15"),
    (
        "QtrDay:ENGLISH",
        "Paid on the 25th March, 24th June, 29th September and 25th December",
        "03-25 06-24 09-29 12-25",
    ),
    ("QtrDay:SCOTTISH", "Paid on the 2nd February, 15th May, 1st August and 11th November", "02-02 05-15 08-01 11-11"),
    (
        "QtrDay:RECEIVED",
        "Paid on the 20th March, 19th June, 24th September and 20th December",
        "03-20 06-19 09-24 12-20",
    ),
]


@pytest.mark.parametrize(("code", "meaning", "expected"), OPEN_BANKING)
def test_open_banking_frequency_examples(code: str, meaning: str, expected: str) -> None:
    paid = dates("2025-01-01", code, len(expected.split()), ENGLAND)
    assert [day[5:] for day in paid] == expected.split(), meaning


def test_an_interval_counts_from_the_first_date_on_or_after_the_start() -> None:
    assert dates("2025-01-20", "IntrvlMnthDay:06:15", 2) == ["2025-02-15", "2025-08-15"]
    assert dates("2025-01-09", "IntrvlWkDay:02:03", 2) == ["2025-01-15", "2025-01-29"]


# NextGenPSD2 XS2A Framework, Implementation Guidelines 1.3, "Initiation for Standing Orders for Recurring/Periodic
# Payments": `executionRule` says what becomes of a date that falls on a weekend or a bank holiday; the names of
# `frequency` are those of ISO 20022; of `dayOfExecution` "31" is ultimo.
@pytest.mark.parametrize(
    ("execution_rule", "expected"),
    [
        ("following", ["2025-03-31", "2025-04-30", "2025-06-02", "2025-06-30"]),
        ("preceding", ["2025-03-31", "2025-04-30", "2025-05-30", "2025-06-30"]),
    ],
)
def test_berlin_group_execution_rule(execution_rule: str, expected: list[str]) -> None:
    assert dates("2025-03-31", "monthly", 4, ENGLAND, day_convention=execution_rule) == expected


def test_berlin_group_execution_rule_at_a_bank_holiday() -> None:
    assert dates("2025-04-18", "once", 1, ENGLAND, day_convention="following") == ["2025-04-22"]
    assert dates("2025-04-21", "once", 1, ENGLAND, day_convention="preceding") == ["2025-04-17"]


def test_berlin_group_day_of_execution_31_is_ultimo() -> None:
    ultimo = ["2025-01-31", "2025-02-28", "2025-03-31", "2025-04-30"]
    assert dates("2025-01-01", "IntrvlMnthDay:01:31", 4) == ultimo
    assert dates("2025-01-01", "IntrvlMnthDay:01:-01", 4) == ultimo


@pytest.mark.parametrize(
    ("theirs", "frequency", "interval", "second"),
    [
        ("Daily", "daily", 1, "2025-02-01"),
        ("Weekly", "weekly", 1, "2025-02-07"),
        ("EveryTwoWeeks", "fortnightly", 1, "2025-02-14"),
        ("Monthly", "monthly", 1, "2025-02-28"),
        ("EveryTwoMonths", "monthly", 2, "2025-03-31"),
        ("Quarterly", "quarterly", 1, "2025-04-30"),
        ("SemiAnnual", "halfYearly", 1, "2025-07-31"),
        ("Annual", "yearly", 1, "2026-01-31"),
    ],
)
def test_each_berlin_group_frequency_can_be_said(theirs: str, frequency: str, interval: int, second: str) -> None:
    assert dates("2025-01-31", frequency, 2, interval=interval) == ["2025-01-31", second], theirs
