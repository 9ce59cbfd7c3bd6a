"""A row of the provider's record of payments, as its list or a statement shows it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from shared.domain.errors import Invalid
from shared.domain.money import parse_amount

FIELDS: Final = (
    "idempotencyKey",
    "paymentId",
    "payerId",
    "payeeId",
    "amount",
    "currency",
    "status",
    "executedAt",
)
"""What every row has; the provider may add more, of which `code` says why a payment was declined."""

SUCCEEDED: Final = "succeeded"
DECLINED: Final = "declined"
STATUSES: Final = frozenset({SUCCEEDED, DECLINED, "processing"})

TEXT_LENGTH_MAX: Final = 255
_KEY = re.compile(r"\A[!-~]{1,255}\Z")
_ID = re.compile(r"\A[!-~]{1,64}\Z")


class Unreadable(Exception):
    """A row that is none; its text says which field is wrong, and holds nothing of what stands in it."""


class Listed(NamedTuple):
    """One payment as the provider has it; `amount` in minor units, `executed_at` in seconds since 1970.

    `code`: why it was declined, where the provider says so.
    """

    key: str
    payment_id: str
    payer_id: str
    payee_id: str
    amount: int
    currency: str
    status: str
    executed_at: float
    code: str | None = None

    @property
    def paid(self) -> bool:
        """A declined row, or one that is under way, is no payment."""
        return self.status == SUCCEEDED


def read_listed(fields: Mapping[str, object]) -> Listed:
    """The payment in a row's fields. Raises Unreadable."""
    key, payer_id, payee_id = (_matching(fields, name, _PATTERNS[name]) for name in _PATTERNS)
    status = _text(fields, "status")
    if status not in STATUSES:
        raise Unreadable(f"status: must be one of {', '.join(sorted(STATUSES))}")
    payment_id = _text(fields, "paymentId", may_be_empty=status != SUCCEEDED)
    currency = _text(fields, "currency")
    try:
        amount = parse_amount(_text(fields, "amount"), currency)
    except Invalid as error:
        problem = error.problems[0]
        raise Unreadable(f"{problem.pointer.lstrip('/')}: {problem.detail}") from None
    executed_at = _instant(_text(fields, "executedAt"))
    return Listed(key, payment_id, payer_id, payee_id, amount, currency, status, executed_at, _code(fields))


_PATTERNS: Final = {"idempotencyKey": _KEY, "payerId": _ID, "payeeId": _ID}


def _matching(fields: Mapping[str, object], name: str, pattern: re.Pattern[str]) -> str:
    text = _text(fields, name)
    if pattern.match(text) is None:
        raise Unreadable(f"{name}: must be visible ASCII, and not too long")
    return text


def _text(fields: Mapping[str, object], name: str, *, may_be_empty: bool = False) -> str:
    value = fields.get(name)
    if may_be_empty and value in (None, ""):
        return ""
    if type(value) is not str or not value:
        raise Unreadable(f"{name}: is missing")
    if len(value) > TEXT_LENGTH_MAX or not value.isprintable():
        raise Unreadable(f"{name}: must be at most {TEXT_LENGTH_MAX} printable characters")
    return value


def _instant(text: str) -> float:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable("executedAt: must be an instant such as 2026-03-02T09:30:00Z") from None
    if instant.tzinfo is None:
        raise Unreadable("executedAt: needs its time zone, such as the Z of 2026-03-02T09:30:00Z")
    return instant.timestamp()


def _code(fields: Mapping[str, object]) -> str | None:
    """What is no code is taken for none: it decides nothing but whether a decline is tried again."""
    code = fields.get("code")
    usable = type(code) is str and 0 < len(code) <= 64 and code.isascii() and code.isprintable()
    return str(code) if usable else None
