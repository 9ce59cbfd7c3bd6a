"""Money: whole minor units inside, decimal text with exactly the currency's decimals outside (rule A1)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from shared.domain.currencies import EXPONENTS
from shared.domain.errors import FieldProblem, Invalid

MAX_MINOR: Final = 2**63 - 1
"""What a BIGINT column holds. Fifteen digits with four decimals (CLF, UYW) would be more."""

# [0-9] and not \d, \Z and not $: full-width digits and a trailing newline are no amounts.
_AMOUNT = re.compile(r"\A(0|[1-9][0-9]{0,14})(\.[0-9]+)?\Z")


def exponent(currency: str) -> int:
    """How many decimals the currency has. Raises Invalid at `/currency` for one that is not listed."""
    decimals = EXPONENTS.get(currency)
    if decimals is None:
        raise Invalid(FieldProblem("/currency", "is not an ISO 4217 currency with a minor unit"))
    return decimals


def parse_amount(text: str, currency: str, *, pointer: str = "/amount", maximum: Decimal | None = None) -> int:
    """The minor units of an amount: above 0 and at most `maximum` (major units, whatever the currency).

    Raises Invalid at `pointer` for text that is no amount of this currency (rule A1), at `/currency` for an
    unknown currency. Decimals the currency does not have are refused also when they are zeros: who writes
    "25.000" may mean another currency.
    """
    decimals = exponent(currency)
    whole, fraction = parse_decimal(text, pointer=pointer, maximum=maximum)
    if len(fraction) > decimals:
        raise _refused(pointer, f"has {len(fraction)} decimals; {currency} has {decimals or 'none'}")
    minor = int(whole + fraction.ljust(decimals, "0"))
    if minor > MAX_MINOR:
        raise _refused(pointer, f"is more than can be booked in {currency}")
    return minor


def parse_decimal(text: str, *, pointer: str = "/amount", maximum: Decimal | None = None) -> tuple[str, str]:
    """The digits before and after the point of an amount in any currency: above 0 and at most `maximum`.

    Raises Invalid at `pointer` for text that is no amount (rule A1).
    """
    match = _AMOUNT.match(text)
    if match is None:
        raise _refused(pointer, 'must be a decimal such as "25.00", with at most 15 digits before the point')
    whole, fraction = match[1], (match[2] or ".")[1:]
    if not (whole + fraction).strip("0"):
        raise _refused(pointer, "must be above 0")
    if maximum is not None and Decimal(text) > maximum:
        raise _refused(pointer, f"must be at most {maximum:f}")
    return whole, fraction


def format_amount(minor: int, currency: str) -> str:
    """The decimal text of minor units, with exactly the currency's decimals: "25.00", JPY "25", BHD "0.025".

    Runs once for each payment sent, so it slices text and makes no Decimal. Raises KeyError for a currency
    that is not in the table; what is stored went through `parse_amount`.
    """
    decimals = EXPONENTS[currency]
    if minor < 0:
        return "-" + format_amount(-minor, currency)
    digits = str(minor)
    if decimals == 0:
        return digits
    if len(digits) <= decimals:
        digits = digits.zfill(decimals + 1)
    return f"{digits[:-decimals]}.{digits[-decimals:]}"


def _refused(pointer: str, detail: str) -> Invalid:
    return Invalid(FieldProblem(pointer, detail))
