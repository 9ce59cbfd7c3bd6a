"""Patterns of the document are those of the code."""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_service.schemas.schedule_body import AMOUNT_PATTERN, CALENDAR_PATTERN
from shared.domain.errors import Invalid
from shared.domain.frequency import FREQUENCY_PATTERN, is_frequency
from shared.domain.money import parse_decimal
from shared.domain.plain_text import is_plain_text
from shared.holiday_library import is_calendar

NUMBERS = [f"{number:02}" for number in range(40)] + [f"-{number:02}" for number in range(8)] + ["1", "", "x"]
KINDS = [
    "EvryDay",
    "IntrvlDay",
    "IntrvlWkDay",
    "WkInMnthDay",
    "IntrvlMnthDay",
    "QtrDay",
    "QtrDay:ENGLISH",
    "monthly",
    "hourly",
]


def test_a_frequency_fits_its_pattern_exactly_when_it_is_one() -> None:
    texts = [":".join(filter(None, parts)) for parts in product(KINDS, NUMBERS, NUMBERS)]
    for text in [*texts, *(text + "\n" for text in KINDS), *(" " + text for text in KINDS)]:
        assert (re.fullmatch(FREQUENCY_PATTERN, text) is not None) == is_frequency(text), text


@given(st.from_regex(r"-?[0-9]{0,17}(\.[0-9]{0,4})?\n?", fullmatch=True))
def test_an_amount_fits_its_pattern_exactly_when_it_is_one(text: str) -> None:
    try:
        parse_decimal(text, maximum=Decimal(10) ** 15)
        is_amount = True
    except Invalid:
        is_amount = False
    assert (re.fullmatch(AMOUNT_PATTERN.strip("^$"), text) is not None) == is_amount


def test_every_calendar_fits_its_pattern() -> None:
    from holidays.registry import EntityLoader

    codes = [
        "weekends",
        "TARGET",
        "GB-ENG",
        *EntityLoader.get_financial_codes(),
        *EntityLoader.get_country_codes(False),
    ]
    for code in filter(is_calendar, codes):
        assert re.fullmatch(CALENDAR_PATTERN, code), code


@pytest.mark.parametrize(
    "sign", ["\x00", "\x1f", "\x7f", "\x9f", "\u2028", "\u202a", "\u202e", "\u2066", "\u2069", "\ud800"]
)
def test_text_that_would_not_read_as_it_was_written_is_not_plain(sign: str) -> None:
    assert not is_plain_text(f"rent{sign}")


@pytest.mark.parametrize(
    "sign", ["", " ", "\u00a0", "\u200e", "\u200f", "\u2027", "\u202f", "\u2065", "\u206a", "ا", "😍"]
)
def test_other_text_is_plain(sign: str) -> None:
    assert is_plain_text(f"rent{sign}")
