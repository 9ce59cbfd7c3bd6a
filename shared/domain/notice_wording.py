"""Notices of events as JSON, for those that stand in the outbox by a range and are worded when they are sent.

The same as `shared.db.notice_texts` has PostgreSQL write, for half of what that costs: a day has millions of payments.
PostgreSQL is asked for the columns of `EventRow` alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from json.encoder import encode_basestring as quoted

from shared.domain.money import format_amount

EventRow = tuple[str, str, str, str, int, str, str | None, str, int, str | None]
"""The ids of the event and its schedule, payer, payee, amount in minor units, currency, reference, nominal date,
version, and the id of the transaction."""


class Unsayable(Exception):
    """What is to be told cannot be worded. The message says why to operators, and nothing of what it was to say."""


def paid(day: str, row: EventRow) -> str:
    """Two notices: to payer and payee of a payment that was made under the date `day`."""
    event_id, version, payer, payee = row[0], row[8], quoted(row[2]), quoted(row[3])
    event = _event(day, "paid", row, payer, payee, f',"transactionId":"{row[9]}"')
    return (
        f'{{"id":"{event_id}.paid.{version}.payer","type":"paid","recipient":{payer},"role":"payer",{event},'
        f'{{"id":"{event_id}.paid.{version}.payee","type":"paid","recipient":{payee},"role":"payee",{event}'
    )


def upcoming(day: str, row: EventRow) -> str:
    """The notice to the payer of a payment that is scheduled for the date `day`."""
    return _to_payer(day, "upcoming", "scheduled", row)


def missed(day: str, row: EventRow) -> str:
    """The notice to the payer of a payment that was not made under the date `day`, nor as long after it as may be."""
    return _to_payer(day, "missed", "missed", row)


def _to_payer(day: str, type_: str, status: str, row: EventRow) -> str:
    payer = quoted(row[2])
    event = _event(day, status, row, payer, quoted(row[3]), "")
    return f'{{"id":"{row[0]}.{type_}.{row[8]}.payer","type":"{type_}","recipient":{payer},"role":"payer",{event}'


def _event(day: str, status: str, row: EventRow, payer: str, payee: str, more: str) -> str:
    """The last member of a notice, and its end."""
    event_id, schedule_id, _, _, amount, currency, reference, nominal_date, version, _ = row
    return (
        f'"event":{{"id":"{event_id}","scheduleId":"{schedule_id}","payerId":{payer},"payeeId":{payee},'
        f'"amount":"{format_amount(amount, currency)}","currency":"{currency}",'
        f'"reference":{"null" if reference is None else quoted(reference)},"date":"{day}",'
        f'"nominalDate":"{nominal_date}","status":"{status}","version":{version}{more}}}}}'
    )


def check(texts: Iterable[str | None]) -> None:
    """Of notices that were worded before, whether each is one: a body with another kind of text is nobody's to read.

    Raises Unsayable.
    """
    for text in texts:
        try:
            notice = json.loads(text or "")
        except (ValueError, RecursionError):
            raise Unsayable("a notice is not JSON") from None
        if not isinstance(notice, dict):
            raise Unsayable("a notice is no object")
