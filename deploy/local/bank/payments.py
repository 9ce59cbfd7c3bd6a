"""A payment as a caller sends it: its fields, their limits, and what stands for its bytes."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import NamedTuple

KEY = re.compile(r"[!-~]{1,255}")
_ID = re.compile(r"[!-~]{1,64}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_REFERENCE_CHARACTERS = 35

# ISO 4217 currencies in circulation whose minor unit is not a hundredth.
_WHOLE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"
_DECIMALS = dict.fromkeys(_WHOLE.split(), 0) | dict.fromkeys(_THOUSANDTHS.split(), 3)
_DECIMALS |= {"CLF": 4, "UYW": 4}
# Exactly the currency's decimals, and more than nothing.
_AMOUNT = {
    decimals: re.compile(r"(?=.*[1-9])(0|[1-9][0-9]{0,14})" + (rf"\.[0-9]{{{decimals}}}" if decimals else ""))
    for decimals in (0, 2, 3, 4)
}


class Payment(NamedTuple):
    """One payment; `digest` is that of the text it came in, so that two sends can be compared."""

    key: str
    payer_id: str
    payee_id: str
    amount: str
    currency: str
    reference: str
    digest: str

    @property
    def content(self) -> tuple[str, ...]:
        """What must be the same when a key comes again."""
        return self[1:6]


class Rejected(NamedTuple):
    """A payment that no bank would make, with the code of its decline."""

    key: str
    code: str
    digest: str


def digest_of(text: str) -> str:
    """16 hex digits that stand for the text of one payment."""
    return blake2b(text.encode(), digest_size=8).hexdigest()


def read_payment(fields: dict[str, object], key: str, digest: str) -> Payment | Rejected:
    """The payment in the JSON object of a call, or why it is declined."""
    try:
        payer_id, payee_id = fields["payerId"], fields["payeeId"]
        amount, currency, reference = fields["amount"], fields["currency"], fields["reference"]
    except KeyError:
        return Rejected(key, "field_missing", digest)
    for value in (payer_id, payee_id, amount, currency, reference):
        if type(value) is not str:
            return Rejected(key, "field_invalid", digest)
    return checked(Payment(key, payer_id, payee_id, amount, currency, reference, digest))  # type: ignore[arg-type]


def has_other_decimals(currency: str) -> bool:
    """Whether a currency's minor unit is not a hundredth."""
    return currency in _DECIMALS


def checked(payment: Payment) -> Payment | Rejected:
    """The payment, when every field keeps its limits."""
    code = _problem(payment)
    return Rejected(payment.key, code, payment.digest) if code else payment


def _problem(payment: Payment) -> str | None:
    if not _ID.fullmatch(payment.payer_id):
        return "payer_invalid"
    if not _ID.fullmatch(payment.payee_id) or payment.payer_id == payment.payee_id:
        return "payee_invalid"
    if not _CURRENCY.fullmatch(payment.currency):
        return "currency_invalid"
    if not _AMOUNT[_DECIMALS.get(payment.currency, 2)].fullmatch(payment.amount):
        return "amount_invalid"
    if len(payment.reference) > _REFERENCE_CHARACTERS:
        return "reference_invalid"
    return None


def keyless(payment: Payment | Rejected) -> Payment | Rejected:
    """The payment under a key made of its own content, for a caller who sends none."""
    if isinstance(payment, Rejected):
        return payment
    return payment._replace(key="content:" + "|".join(payment.content))
