"""Comparing what we booked with the provider's record, key by key (rule K9)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from shared.domain.lifecycle import AWAITING_PROOF, EventStatus
from shared.domain.listed import DECLINED, Listed


class Booked(NamedTuple):
    """One key of an event of ours: `number` of the `attempt` that were made, and how the event stands.

    `amount` in minor units; `provider_ref`: of the transaction of a paid event. `covered`: its payment must stand in
    the record that is compared, whenever exactly it was made. `has_batch`: it was claimed once.
    """

    key: str
    number: int
    event_id: str
    event_date: str
    attempt: int
    status: str
    payer_id: str
    payee_id: str
    amount: int
    currency: str
    provider_ref: str | None = None
    covered: bool = True
    has_batch: bool = True

    @property
    def is_paid(self) -> bool:
        return self.status == EventStatus.PAID

    @property
    def is_awaited(self) -> bool:
        """Whether the provider's word on this key still decides the event (rule K9)."""
        return self.status in AWAITING_PROOF and self.number == self.attempt


class Kind(StrEnum):
    """What a key shows. The first six are differences, the others settle or explain something.

    PAID_THERE: paid at the provider, not with us. NO_EVENT: paid there with a key of no event of ours. NOT_THERE: paid
    with us, not there. OTHER_TERMS: paid on both sides, but not alike. SECOND_KEY: an event was paid with two keys.
    KEY_TWICE: one key was paid twice.
    PROVEN: the provider's word on a key that was open. UNBOOKED: paid there, and not among what was looked at here.
    CONFIRMED: an earlier key of an event that a person settled with its reference. AGREED: nothing to say.
    """

    PAID_THERE = "paid_there"
    NO_EVENT = "no_event"
    NOT_THERE = "not_there"
    OTHER_TERMS = "other_terms"
    SECOND_KEY = "second_key"
    KEY_TWICE = "key_twice"
    PROVEN = "proven"
    UNBOOKED = "unbooked"
    CONFIRMED = "confirmed"
    AGREED = "agreed"


DIFFERENCES: Final = (
    Kind.PAID_THERE,
    Kind.NO_EVENT,
    Kind.NOT_THERE,
    Kind.OTHER_TERMS,
    Kind.SECOND_KEY,
    Kind.KEY_TWICE,
)


class Finding(NamedTuple):
    """What one key showed; `fields`: which of them differ, by the provider's names."""

    kind: Kind
    booked: Booked | None
    listed: Listed | None
    fields: tuple[str, ...] = ()


def compare(ours: Iterable[Booked], theirs: Iterable[Listed]) -> Iterator[tuple[list[Listed], list[Finding]]]:
    """For each key of either side its rows (a repeated one once) and what they show; needs memory for all given."""
    rows: dict[str, list[Listed]] = defaultdict(list)
    for listed in theirs:
        known = rows[listed.key]
        if listed not in known:
            known.append(listed)
    for key, booked in _by_key(ours).items():
        found = rows.pop(key, [])
        yield found, compare_key(booked, found)
    for found in rows.values():
        yield found, [Finding(Kind.UNBOOKED, None, listed) for listed in found if listed.paid]


def compare_key(booked: Booked, rows: Sequence[Listed]) -> list[Finding]:
    """What the rows of one key show of the event that it belongs to."""
    paid = [listed for listed in rows if listed.paid]
    if not paid:
        return _unpaid(booked, rows)
    first = next((listed for listed in paid if listed.payment_id == booked.provider_ref), paid[0])
    further = [Finding(Kind.KEY_TWICE, booked, listed) for listed in paid if listed is not first]
    return [_of_payment(booked, first), *further]


def differing(booked: Booked, listed: Listed) -> tuple[str, ...]:
    """The fields in which a payment is not the one that was booked."""
    pairs = {
        "paymentId": (booked.provider_ref or listed.payment_id, listed.payment_id),
        "payerId": (booked.payer_id, listed.payer_id),
        "payeeId": (booked.payee_id, listed.payee_id),
        "amount": (booked.amount, listed.amount),
        "currency": (booked.currency, listed.currency),
    }
    return tuple(name for name, (our_value, their_value) in pairs.items() if our_value != their_value)


def _by_key(ours: Iterable[Booked]) -> dict[str, Booked]:
    """A transaction says more of its key than an attempt that was open when it was read."""
    found: dict[str, Booked] = {}
    for booked in ours:
        if booked.key not in found or booked.is_paid:
            found[booked.key] = booked
    return found


def _unpaid(booked: Booked, rows: Sequence[Listed]) -> list[Finding]:
    declined = next((listed for listed in rows if listed.status == DECLINED), None)
    if booked.is_awaited and declined is not None:
        return [Finding(Kind.PROVEN, booked, declined)]
    if booked.is_paid and booked.number == booked.attempt:
        return [Finding(Kind.NOT_THERE, booked, declined)]
    return []


def _of_payment(booked: Booked, listed: Listed) -> Finding:
    if booked.is_paid and booked.number != booked.attempt:
        settled_with_it = booked.provider_ref == listed.payment_id
        return Finding(Kind.CONFIRMED if settled_with_it else Kind.SECOND_KEY, booked, listed)
    if not (booked.is_paid or booked.is_awaited):
        return Finding(Kind.PAID_THERE, booked, listed)
    fields = differing(booked, listed)
    if fields:
        return Finding(Kind.OTHER_TERMS, booked, listed, fields)
    return Finding(Kind.AGREED if booked.is_paid else Kind.PROVEN, booked, listed)
