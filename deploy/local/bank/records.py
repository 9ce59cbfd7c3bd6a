"""The lines of the journal.

Every line is a JSON array: kind, when (seconds since 1970), a word, key, digest of the text that was sent,
and, but for S and F, payer, payee, amount, currency, reference, and what the kind adds.

| kind | says | word | adds |
|---|---|---|---|
| S | a send without an effect | why it had none | |
| P | a send, paid at once | payment id | |
| D | a send, declined at once | code | HTTP status |
| A | a send, under way | payment id it will have | due at, code or null, HTTP status, hidden 0/1 |
| p | what was under way is paid | payment id | |
| d | what was under way is declined | code | HTTP status, payment id it had |
| F | the key is forgotten | | |
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring_ascii as quoted
from typing import NamedTuple

from deploy.local.bank.payments import Payment

SENDS = frozenset("SPDA")
PAID = frozenset("Pp")
DECLINED = frozenset("Dd")
EFFECTS = PAID | DECLINED


class Record(NamedTuple):
    """A line that was read: `word` and `extra` mean what the table above says of `kind`."""

    kind: str
    at: float
    word: str
    key: str
    digest: str
    payment: Payment | None
    extra: list[object]

    @property
    def http_status(self) -> int:
        """The status a decline was answered with."""
        status = self.extra[0]
        assert isinstance(status, int)  # noqa: S101 - by the form of D and d lines
        return status


class Accepted(NamedTuple):
    """A payment that is under way: it is paid, or declined with `code`, at `due_at`.

    While `hidden`, the bank knows nothing of it when asked.
    """

    payment: Payment
    payment_id: str
    due_at: float
    code: str | None
    http_status: int
    hidden: bool


def plain_line(kind: str, at: float, word: str, key: str, digest: str) -> str:
    """An S or F line."""
    return f'["{kind}",{at:.6f},"{word}",{quoted(key)},"{digest}"]\n'


def payment_line(kind: str, at: float, word: str, payment: Payment, extra: str = "") -> str:
    """A line that carries the payment; `extra` is JSON with a leading comma."""
    key, payer_id, payee_id, amount, currency, reference, digest = payment
    return (
        f'["{kind}",{at:.6f},{quoted(word)},{quoted(key)},"{digest}",{quoted(payer_id)},{quoted(payee_id)}'
        f',"{amount}","{currency}",{quoted(reference)}{extra}]\n'
    )


def accepted_line(at: float, accepted: Accepted) -> str:
    """An A line."""
    _, payment_id, due_at, code, http_status, hidden = accepted
    extra = f",{due_at:.6f},{json.dumps(code)},{http_status},{int(hidden)}"
    return payment_line("A", at, payment_id, accepted.payment, extra)


def accepted_in(record: Record) -> Accepted:
    """What an A line said."""
    assert record.payment is not None  # noqa: S101 - by the form of A lines
    due_at, code, http_status, hidden = record.extra
    return Accepted(record.payment, record.word, due_at, code, http_status, bool(hidden))  # type: ignore[arg-type]


def read_record(line: bytes) -> Record:
    """The record in a line. Raises ValueError when it is none."""
    kind, at, word, key, digest, *rest = json.loads(line)
    if not rest:
        return Record(kind, at, word, key, digest, None, [])
    payer_id, payee_id, amount, currency, reference, *extra = rest
    payment = Payment(key, payer_id, payee_id, amount, currency, reference, digest)
    return Record(kind, at, word, key, digest, payment, extra)
