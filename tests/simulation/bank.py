"""A bank in memory: what it does with a key, when it forgets, and what it answers. It is never wrong about itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from shared.domain.payments import Answer, AnswerKind, Outcome, OutcomeKind, Payment
from tests.simulation.broken import Broken
from tests.simulation.configuration import Terms
from tests.simulation.moments import Seconds


class Fate(Enum):
    """What happens to one send."""

    PAYS = "pays"
    DECLINES_SOFTLY = "declines softly"
    DECLINES_HARD = "declines hard"
    THROTTLES = "throttles"
    REFUSES_US = "refuses us"
    NOT_SENT = "not sent"
    LOST_BEFORE = "time-out before the commit"
    LOST_AFTER = "time-out after the commit"
    PAYS_LATER = "pays after the time-out"
    ANOTHER_AMOUNT = "pays and echoes another amount"


AMBIGUOUS: Final = Outcome(OutcomeKind.AMBIGUOUS, "time-out")
ANOTHER: Final = Outcome(OutcomeKind.AMBIGUOUS, "another amount echoed", alert=True, resend=False)
SOFT: Final = Outcome(OutcomeKind.DECLINED, "insufficient_funds", soft=True)
HARD: Final = Outcome(OutcomeKind.DECLINED, "blocked")
UNTOUCHED: Final = {
    Fate.NOT_SENT: Outcome(OutcomeKind.NOT_SENT, "connection refused"),
    Fate.THROTTLES: Outcome(OutcomeKind.THROTTLED, "429", retry_after_seconds=10.0),
    Fate.REFUSES_US: Outcome(OutcomeKind.MISCONFIGURED, "401"),
    Fate.LOST_BEFORE: AMBIGUOUS,
}
"""Of these the bank itself keeps nothing."""


@dataclass(slots=True)
class Record:
    """What the bank knows of a key. `due_at`: when it pays, while that is under way."""

    number: int
    attempt: int
    first_at: Seconds
    state: str
    reference: str
    soft: bool = False
    due_at: Seconds | None = None


@dataclass(slots=True)
class Bank:
    """Banks by the provider's name share this: a key is only ever to be sent to one of them (K7).

    `watch` is told of each payment that is made: its event's number, attempt and amount.
    """

    terms: Terms
    watch: Callable[[int, int, str], None]
    now: Seconds = 0
    records: dict[str, Record] = field(default_factory=dict)
    received: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    by_attempt: dict[tuple[int, int], list[Record]] = field(default_factory=dict)
    sends: int = 0
    under_way: list[tuple[Record, str]] = field(default_factory=list)

    def pass_time(self, now: Seconds) -> None:
        """What was under way is paid when its time has come."""
        self.now = now
        if self.under_way:
            for item in [item for item in self.under_way if item[0].due_at is not None and item[0].due_at <= now]:
                self.under_way.remove(item)
                self._commit(*item)

    def send(self, payment: Payment, number: int, provider: str, fate: Fate, delay: Seconds) -> Outcome:
        """One send of an event's payment; `delay`: how long it is under way where it is paid later."""
        if fate is Fate.NOT_SENT:
            return UNTOUCHED[fate]
        self.sends += 1
        self._demand_same(payment, provider)
        known = self._known(payment.key)
        if known is not None:
            return self._again(known, payment, fate)
        if fate in UNTOUCHED:
            return UNTOUCHED[fate]
        record = Record(number, payment.attempt, self.now, "under way", f"{payment.key[:8]}-{self.sends}")
        self.records[payment.key] = record
        self.by_attempt.setdefault((number, payment.attempt), []).append(record)
        if fate in (Fate.DECLINES_SOFTLY, Fate.DECLINES_HARD):
            record.state, record.soft = "declined", fate is Fate.DECLINES_SOFTLY
            return SOFT if record.soft else HARD
        if fate is Fate.PAYS_LATER:
            record.due_at = self.now + delay
            self.under_way.append((record, payment.amount))
            return AMBIGUOUS
        self._commit(record, payment.amount)
        if fate is Fate.ANOTHER_AMOUNT:
            return ANOTHER
        return AMBIGUOUS if fate is Fate.LOST_AFTER else _paid(record)

    def ask(self, key: str, *, answers: bool, early: bool) -> Answer:
        """What it knows of a key; `early`: it has not heard yet of what is under way."""
        record = self.records.get(key)
        if not answers:
            return Answer(AnswerKind.NO_ANSWER)
        if record is None or self.now >= record.first_at + self.terms.record_seconds:
            return Answer(AnswerKind.NOT_FOUND)
        if record.state == "paid":
            return Answer(AnswerKind.PAID, None, record.reference)
        if record.state == "declined":
            code = "insufficient_funds" if record.soft else "blocked"
            return Answer(AnswerKind.DECLINED, code, soft=record.soft)
        return Answer(AnswerKind.NOT_FOUND if early else AnswerKind.PROCESSING)

    def paid(self, number: int, attempt: int) -> bool:
        """Whether that attempt was paid."""
        return any(record.state == "paid" for record in self.by_attempt.get((number, attempt), ()))

    def may_pay(self, number: int, attempt: int) -> bool:
        """Whether that attempt was paid or is under way."""
        return any(record.state != "declined" for record in self.by_attempt.get((number, attempt), ()))

    def payments(self, number: int) -> list[Record]:
        """All that was paid for an event."""
        records = [record for (event, _), found in self.by_attempt.items() if event == number for record in found]
        return [record for record in records if record.state == "paid"]

    def _known(self, key: str) -> Record | None:
        """The record of a key, where keys are honoured and while this one is remembered."""
        record = self.records.get(key) if self.terms.mode == "key" else None
        if record is None or self.now >= record.first_at + self.terms.key_window_seconds:
            return None
        return record

    def _again(self, record: Record, payment: Payment, fate: Fate) -> Outcome:
        if fate in (Fate.THROTTLES, Fate.REFUSES_US):
            return UNTOUCHED[fate]
        if record.state == "under way" or fate in (Fate.LOST_BEFORE, Fate.LOST_AFTER, Fate.PAYS_LATER):
            return AMBIGUOUS
        if record.state == "paid":
            return ANOTHER if fate is Fate.ANOTHER_AMOUNT else _paid(record)
        return SOFT if record.soft else HARD

    def _commit(self, record: Record, amount: str) -> None:
        record.state = "paid"
        self.watch(record.number, record.attempt, amount)

    def _demand_same(self, payment: Payment, provider: str) -> None:
        """Every send of a key is byte-identical (K2) and goes to one provider (K7)."""
        body = payment.single_body()
        first = self.received.setdefault(payment.key, (body, provider))
        if first != (body, provider):
            raise Broken(f"key {payment.key} was sent with other bytes, or to another provider: {first}, {provider}")


def _paid(record: Record) -> Outcome:
    return Outcome(OutcomeKind.PAID, None, record.reference)
