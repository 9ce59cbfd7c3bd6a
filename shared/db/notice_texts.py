"""Notices as JSON, written by PostgreSQL from the rows they are about: a payment has two, and a day millions.

Each is SQL for one text. `e` is an event, `s` a schedule. An id is what changed, its state, its version and the
recipient's role, so that a receiver knows a notice that it has (rule P4).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.domain.currencies import EXPONENTS
from shared.domain.notices import ANY_FAILURE, FAILURES, NoticeType, Role


def _amount(alias: str) -> str:
    """With exactly the currency's decimals (rule A1)."""
    other = {power: sorted(code for code, has in EXPONENTS.items() if has == power) for power in {*EXPONENTS.values()}}
    cases = [
        f"WHEN {alias}.currency IN ({', '.join(map(repr, codes))}) THEN {_decimals(alias, power)}"
        for power, codes in sorted(other.items())
        if power != 2
    ]
    return f"CASE {' '.join(cases)} ELSE {_decimals(alias, 2)} END"


def _decimals(alias: str, power: int) -> str:
    if power == 0:
        return f"{alias}.amount::text"
    units = 10**power
    return f"{alias}.amount / {units} || '.' || lpad(({alias}.amount % {units})::text, {power}, '0')"


def _object(members: Mapping[str, str]) -> str:
    """SQL for a JSON object; each member is SQL for JSON, never NULL."""
    pairs = " || ',' || ".join(f"""'"{name}":' || {value}""" for name, value in members.items())
    return f"'{{' || {pairs} || '}}'"


def _plain(sql: str) -> str:
    """Of what needs no escaping: ids, dates, words of ours."""
    return f"""coalesce('"' || {sql} || '"', 'null')"""


def _written(sql: str) -> str:
    """Of what users wrote."""
    return f"coalesce(to_json({sql})::text, 'null')"


_FAILURE: Final = (
    "CASE e.failure_code "
    + " ".join(f"""WHEN '{code}' THEN '"{words}"'""" for code, words in FAILURES.items()).replace("'s ", "''s ")
    + f""" ELSE '"{ANY_FAILURE}"' END"""
)
_EVENT: Final = {
    "id": _plain("e.id"),
    "scheduleId": _plain("e.schedule_id"),
    "payerId": _written("e.payer_id"),
    "payeeId": _written("e.payee_id"),
    "amount": _plain(f"({_amount('e')})"),
    "currency": _plain("e.currency"),
    "reference": _written("e.reference"),
    "date": _plain("e.date"),
    "nominalDate": _plain("e.nominal_date"),
    "status": _plain("e.status"),
    "version": "e.version",
}
_MORE: Final[Mapping[NoticeType, Mapping[str, str]]] = {
    NoticeType.PAID: {"transactionId": _plain("e.transaction_id")},
    NoticeType.FAILED: {
        "failure": _FAILURE,
        "willRetry": "CASE WHEN e.retry_on IS NULL THEN 'false' ELSE 'true' END",
        "retryOn": _plain("e.retry_on"),
    },
    NoticeType.CANCELLED: {"cancelReason": _plain("e.cancel_reason")},
}


def event_text(type_: NoticeType, role: Role = Role.PAYER) -> str:
    """SQL for the notice to that party about the event `e`, whose status the type tells."""
    subject = _object({**_EVENT, **_MORE.get(type_, {})})
    return _notice(type_, role, f"e.id || '.{type_}.' || e.version", f"e.{role}_id", "event", subject)


_PAUSES: Final = """coalesce((SELECT '[' || string_agg('{"from":"' || p.from_date || '","until":'
  || coalesce('"' || p.until_date || '"', 'null') || '}', ',' ORDER BY p.from_date, p.id) || ']'
  FROM pause p WHERE p.schedule_id = s.id AND p.ended_at IS NULL), '[]')"""
_SCHEDULE: Final = {
    "id": _plain("s.id"),
    "payerId": _written("s.payer_id"),
    "payeeId": _written("s.payee_id"),
    "amount": _plain(f"({_amount('s')})"),
    "currency": _plain("s.currency"),
    "reference": _written("s.reference"),
    "startDate": _plain("s.start_date"),
    "endDate": _plain("s.end_date"),
    "frequency": _plain("s.frequency"),
    "status": _plain("s.status"),
    "pauses": _PAUSES,
    "version": "s.version",
}


def schedule_text(type_: NoticeType) -> str:
    """SQL for the notice to the payer about the schedule `s`; `:changed` is the id of what changed, `:version` its."""
    fact = f"CAST(:changed AS text) || '.{type_}.' || CAST(:version AS text)"
    return _notice(type_, Role.PAYER, fact, "s.payer_id", "schedule", _object(_SCHEDULE))


def _notice(type_: NoticeType, role: Role, fact: str, recipient: str, what: str, subject: str) -> str:
    return _object(
        {
            "id": f"""'"' || {fact} || '.{role}"'""",
            "type": f"""'"{type_}"'""",
            "recipient": _written(recipient),
            "role": f"""'"{role}"'""",
            what: subject,
        }
    )
