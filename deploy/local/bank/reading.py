"""Request bodies into payments, each with the digest of the very text it was sent as."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from json import JSONDecodeError, JSONDecoder

from deploy.local.bank.payments import KEY, Payment, Rejected, digest_of, has_other_decimals, read_payment

_SINGLE_FIELDS = 5
_BATCH_FIELDS = 6

# The scanner says where each entry ends, which json.loads does not: needed for the digest of its text.
_scan: Callable[[str, int], tuple[object, int]] = vars(JSONDecoder())["scan_once"]
_BATCH_HEAD = re.compile(r'\s*\{\s*"payments"\s*:\s*\[\s*')
# Entries as most callers write them: no spaces, fields in order, nothing escaped, every limit kept by its form.
_ID = r"[!#-\[\]-~]"
_PLAIN_ENTRY = re.compile(
    rf'\{{"idempotencyKey":"({_ID}{{1,255}})",("payerId":"({_ID}{{1,64}})","payeeId":"({_ID}{{1,64}})"'
    r',"amount":"((?:0|[1-9][0-9]{0,14})\.[0-9]{2})","currency":"([A-Z]{3})","reference":"([^"\\\x00-\x1f]{0,35})"\})'
    r"(?:,(?=\{)|\]\}\Z)"
)
_PLAIN_HEAD = '{"payments":['
_PLAIN_FRAME = len('{"idempotencyKey":"",') + len(",")
_BETWEEN = re.compile(r"\s*,\s*")
_BATCH_TAIL = re.compile(r"\s*\]\s*\}\s*\Z")
_KEY = r'"idempotencyKey"\s*:\s*"(?:[^"\\]|\\.)*"'
_KEY_FIELD = re.compile(rf"{_KEY}\s*,\s*|\s*,\s*{_KEY}")


class Malformed(Exception):
    """The body is not what the contract says; nothing in it was paid."""


class TooMany(Exception):
    """The batch has more payments than the bank takes in one call."""


def read_single(body: bytes, key: str) -> Payment | Rejected:
    """The payment of a single call. Raises Malformed when the body is not a JSON object."""
    text = _text(body)
    try:
        fields = json.loads(text)
    except (JSONDecodeError, RecursionError) as problem:
        raise Malformed("not JSON") from problem
    if not isinstance(fields, dict):
        raise Malformed("not an object")
    payment = read_payment(fields, key, digest_of(text))
    if len(fields) != _SINGLE_FIELDS and isinstance(payment, Payment):
        return Rejected(key, "field_unknown", payment.digest)
    return payment


def read_batch(body: bytes, most: int) -> list[Payment | Rejected]:
    """The payments of a batch, in order. Raises Malformed, or TooMany beyond `most` entries."""
    text = _text(body)
    plain = _plain_batch(text)
    if plain is not None and len(plain) <= most:
        return plain
    head = _BATCH_HEAD.match(text)
    if head is None:
        raise Malformed('not {"payments": [...]}')
    entries: list[Payment | Rejected] = []
    position = head.end()
    while True:
        entry, end = _any_entry(text, position)
        if len(entries) == most:
            raise TooMany(f"more than {most} payments")
        entries.append(entry)
        if text.startswith(",{", end):
            position = end + 1
        elif between := _BETWEEN.match(text, end):
            position = between.end()
        elif _BATCH_TAIL.match(text, end):
            return entries
        else:
            raise Malformed(f"no comma and no end at character {end}")


def _plain_batch(text: str) -> list[Payment | Rejected] | None:
    """All entries at once where each is plain, in half of the time; None: it is to be read the thorough way."""
    found = _PLAIN_ENTRY.findall(text)
    length = len(_PLAIN_HEAD) + 1  # behind the last one stands one character more than a comma
    entries: list[Payment | Rejected] = []
    for key, alone, payer_id, payee_id, amount, currency, reference in found:
        if payer_id == payee_id or has_other_decimals(currency) or not amount.strip("0."):
            return None
        length += len(key) + len(alone) + _PLAIN_FRAME
        digest = digest_of("{" + alone)
        entries.append(Payment(key, payer_id, payee_id, amount, currency, reference, digest))
    # As long as they are together: then nothing else stands before, between or behind them.
    return entries if found and length == len(text) and text.startswith(_PLAIN_HEAD) else None


def _any_entry(text: str, position: int) -> tuple[Payment | Rejected, int]:
    try:
        fields, end = _scan(text, position)
    except (StopIteration, JSONDecodeError, RecursionError) as problem:
        raise Malformed(f"no payment at character {position}") from problem
    return _entry(fields, text[position:end]), end


def _entry(fields: object, text: str) -> Payment | Rejected:
    key = fields.get("idempotencyKey") if isinstance(fields, dict) else None
    if not isinstance(fields, dict) or type(key) is not str or not KEY.fullmatch(key):
        raise Malformed("a payment without a key")
    payment = read_payment(fields, key, digest_of(_without_key(text, key)))
    if len(fields) != _BATCH_FIELDS and isinstance(payment, Payment):
        return Rejected(key, "field_unknown", payment.digest)
    return payment


def _without_key(text: str, key: str) -> str:
    """The entry as a single call would send it: a payment may be sent in a batch first and alone later."""
    compact = f'{{"idempotencyKey":"{key}",'
    if text.startswith(compact):
        return "{" + text[len(compact) :]
    return _KEY_FIELD.sub("", text, count=1)


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise Malformed("not UTF-8") from problem
