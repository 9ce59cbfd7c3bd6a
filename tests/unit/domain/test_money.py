from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.domain.currencies import EXPONENTS
from shared.domain.errors import Invalid
from shared.domain.money import MAX_MINOR, exponent, format_amount, parse_amount

currencies = st.sampled_from(sorted(EXPONENTS))


def refused_at(text: str, currency: str, *, pointer: str = "/amount", maximum: Decimal | None = None) -> str:
    with pytest.raises(Invalid) as refusal:
        parse_amount(text, currency, pointer=pointer, maximum=maximum)
    (problem,) = refusal.value.problems
    return problem.pointer


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("25.00", "GBP", 2500),
        ("25.5", "GBP", 2550),
        ("25", "GBP", 2500),
        ("0.01", "GBP", 1),
        ("25", "JPY", 25),
        ("0.025", "BHD", 25),
        ("1.2345", "CLF", 12345),
        ("999999999999999.99", "GBP", 99_999_999_999_999_999),
        ("999999999999999.999", "BHD", 999_999_999_999_999_999),
    ],
)
def test_an_amount_becomes_minor_units_of_its_currency(text: str, currency: str, minor: int) -> None:
    assert parse_amount(text, currency) == minor


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (2500, "GBP", "25.00"),
        (5, "GBP", "0.05"),
        (50, "GBP", "0.50"),
        (0, "GBP", "0.00"),
        (25, "JPY", "25"),
        (0, "JPY", "0"),
        (25, "BHD", "0.025"),
        (12345, "CLF", "1.2345"),
        (-5, "GBP", "-0.05"),
        (-25, "GBP", "-0.25"),
        (-25, "JPY", "-25"),
    ],
)
def test_an_amount_is_shown_with_exactly_the_currencys_decimals(minor: int, currency: str, text: str) -> None:
    assert format_amount(minor, currency) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".5",
        "5.",
        "+5.00",
        "-5.00",
        "05.00",
        "00",
        "1e3",
        "1,000.00",
        " 25.00",
        "25.00 ",
        "25.00\n",
        "２５.00",
        "٢٥",
        "25.0٠",
        "1_000",
        "NaN",
        "Infinity",
        "1234567890123456",
        "0x10",
    ],
)
def test_what_is_no_plain_ascii_decimal_is_refused(text: str) -> None:
    assert refused_at(text, "GBP") == "/amount"


@pytest.mark.parametrize(
    ("text", "currency"),
    [("25.000", "GBP"), ("25.001", "GBP"), ("25.0", "JPY"), ("25.5", "JPY"), ("0.0250", "BHD")],
)
def test_more_decimals_than_the_currency_has_are_refused_also_when_they_are_zeros(text: str, currency: str) -> None:
    assert refused_at(text, currency) == "/amount"


@pytest.mark.parametrize(("text", "currency"), [("0", "GBP"), ("0.00", "GBP"), ("0", "JPY"), ("0.000", "BHD")])
def test_nothing_is_no_amount(text: str, currency: str) -> None:
    assert refused_at(text, currency) == "/amount"


def test_the_maximum_itself_is_allowed_and_a_penny_more_is_not() -> None:
    maximum = Decimal("1000000.00")
    assert parse_amount("1000000.00", "GBP", maximum=maximum) == 100_000_000
    assert refused_at("1000000.01", "GBP", maximum=maximum) == "/amount"


def test_the_maximum_counts_major_units_in_every_currency() -> None:
    maximum = Decimal("1000000.00")
    assert parse_amount("1000000", "JPY", maximum=maximum) == 1_000_000
    assert refused_at("1000001", "JPY", maximum=maximum) == "/amount"
    assert refused_at("1000000.001", "BHD", maximum=maximum) == "/amount"


def test_what_a_bigint_cannot_hold_is_refused() -> None:
    assert parse_amount("922337203685477.5807", "CLF") == MAX_MINOR
    assert refused_at("922337203685477.5808", "CLF") == "/amount"
    assert refused_at("999999999999999.9999", "UYW") == "/amount"


def test_a_refusal_names_the_field_that_was_asked_about() -> None:
    assert refused_at("25.000", "GBP", pointer="/firstAmount") == "/firstAmount"


@pytest.mark.parametrize("currency", ["XAU", "XAG", "XXX", "XTS", "XDR", "ABC", "gbp", "GBP ", "GBP\n", ""])
def test_gold_test_codes_and_unknown_currencies_are_refused(currency: str) -> None:
    assert refused_at("25", currency, pointer="/finalAmount") == "/currency"


def test_exponents_differ_by_currency() -> None:
    assert {code: exponent(code) for code in ("JPY", "GBP", "BHD", "CLF")} == {
        "JPY": 0,
        "GBP": 2,
        "BHD": 3,
        "CLF": 4,
    }


@given(currency=currencies, minor=st.integers(min_value=1, max_value=10**15 - 1))
def test_what_is_shown_is_read_back_and_is_the_decimal_fraction(currency: str, minor: int) -> None:
    text = format_amount(minor, currency)
    assert parse_amount(text, currency) == minor
    assert text == f"{Decimal(minor).scaleb(-EXPONENTS[currency]):f}"


@given(currency=currencies, text=st.from_regex(r"\A(0|[1-9][0-9]{0,14})(\.[0-9]{1,5})?\Z"))
def test_reading_agrees_with_exact_decimal_arithmetic(currency: str, text: str) -> None:
    decimals = len(text.partition(".")[2])
    minor = Decimal(text) * 10 ** EXPONENTS[currency]
    if decimals > EXPONENTS[currency] or not 0 < minor <= MAX_MINOR:
        assert refused_at(text, currency) == "/amount"
    else:
        assert parse_amount(text, currency) == minor


@given(text=st.text(max_size=20))
def test_no_text_at_all_makes_it_crash(text: str) -> None:
    assume(not text.isascii() or not text.replace(".", "").isdigit())
    assert refused_at(text, "GBP") == "/amount"
