"""What the bank knows of each key: written to the journal first, rebuilt from it at start."""

from __future__ import annotations

from deploy.local.bank.index import KeyIndex
from deploy.local.bank.journal import Journal
from deploy.local.bank.payments import Payment
from deploy.local.bank.records import (
    DECLINED,
    EFFECTS,
    PAID,
    SENDS,
    Accepted,
    Record,
    accepted_in,
    accepted_line,
    payment_line,
    plain_line,
    read_record,
)
from deploy.local.bank.totals import Totals
from deploy.local.journal_file import JournalRefused


class Ledger:
    """Sends and their effects by key. Nothing is durable before `journal.flush()`."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.totals = Totals()
        self.under_way: dict[str, Accepted] = {}
        self._under_way_by_key: dict[str, Accepted] = {}
        self._index = KeyIndex()
        self._sends_again: dict[str, int] = {}
        self._restore()

    def sends_of(self, key: str) -> int:
        """How often this key has been sent so far."""
        return 0 if self._index.get(key) is None else self._sends_again.get(key, 0) + 1

    def distinct_keys(self) -> int:
        return len(self._index)

    def is_new(self, key: str) -> bool:
        return self._index.get(key) is None

    def last_word(self, key: str) -> Record | None:
        """The payment or decline that stands for this key, if there is one."""
        record = self._latest(key)
        return record if record is not None and record.kind in EFFECTS else None

    def under_way_for(self, key: str) -> Accepted | None:
        return self._under_way_by_key.get(key)

    def note_send(self, at: float, key: str, digest: str, why: str) -> None:
        """A send that had no effect, and why."""
        self._sent(key, digest, self.journal.add(plain_line("S", at, why, key, digest)))

    def pay(self, at: float, payment: Payment, payment_id: str) -> None:
        """A send that is paid at once."""
        offset = self.journal.add(payment_line("P", at, payment_id, payment))
        if self._index.put_new(payment.key, offset):  # the short way through what follows, for most payments
            self.totals.sends += 1
            self.totals.paid(payment.currency, payment.amount)
            return
        self._sent(payment.key, payment.digest, offset)
        self._paid(payment, offset)

    def decline(self, at: float, payment: Payment, code: str, http_status: int) -> None:
        """A send that is declined at once."""
        offset = self.journal.add(payment_line("D", at, code, payment, f",{http_status}"))
        self._sent(payment.key, payment.digest, offset)
        self._declined(payment, offset)

    def accept(self, at: float, accepted: Accepted) -> None:
        """A send that is paid or declined later; a restart does not stop it."""
        offset = self.journal.add(accepted_line(at, accepted))
        self._sent(accepted.payment.key, accepted.payment.digest, offset)
        self._accepted(accepted)

    def settle(self, at: float, accepted: Accepted) -> None:
        """What was under way is now paid or declined."""
        payment, payment_id, _, code, http_status, _ = accepted
        self._ended(payment_id)
        if code is None:
            self._paid(payment, self.journal.add(payment_line("p", at, payment_id, payment)))
        else:
            extra = f',{http_status},"{payment_id}"'
            self._declined(payment, self.journal.add(payment_line("d", at, code, payment, extra)))

    def forget(self, at: float, key: str) -> None:
        """The bank no longer knows this key, if it did; the journal still does."""
        record = self._latest(key)
        if record is not None:
            self._put(key, self.journal.add(plain_line("F", at, "", key, record.digest)))

    def _sent(self, key: str, digest: str, offset: int) -> None:
        self.totals.sends += 1
        if self._index.get(key) is None:
            self._index.put(key, offset)
            return
        self._sends_again[key] = self._sends_again.get(key, 0) + 1
        first = self._latest(key)
        if first is not None and first.digest != digest:
            self.totals.not_identical.add(key)

    def _paid(self, payment: Payment, offset: int) -> None:
        self.totals.paid(payment.currency, payment.amount)
        self._put(payment.key, offset)
        if payment.key in self.totals.times_paid:
            self.totals.times_paid[payment.key] += 1

    def _declined(self, payment: Payment, offset: int) -> None:
        self.totals.declined += 1
        self._put(payment.key, offset)

    def _accepted(self, accepted: Accepted) -> None:
        self.under_way[accepted.payment_id] = accepted
        self._under_way_by_key[accepted.payment.key] = accepted

    def _ended(self, payment_id: str) -> None:
        accepted = self.under_way.pop(payment_id)
        latest = self._under_way_by_key.get(accepted.payment.key)
        if latest is not None and latest.payment_id == payment_id:
            del self._under_way_by_key[accepted.payment.key]

    def _put(self, key: str, offset: int) -> None:
        """The last word on the key moves on; a payment that it moves past is still counted as one."""
        before = self._index.get(key)
        if before is not None and before != offset:
            record = read_record(self.journal.read(before))
            if record.kind in PAID:
                self.totals.times_paid.setdefault(key, 1)
        self._index.put(key, offset)

    def _latest(self, key: str) -> Record | None:
        offset = self._index.get(key)
        return None if offset is None else read_record(self.journal.read(offset))

    def _restore(self) -> None:
        start = 0
        for end, line in self.journal.lines():
            try:
                self._replay(read_record(line), start)
            except (ValueError, TypeError, KeyError) as problem:
                raise JournalRefused(f"no journal of a sandbox bank: {line[:80]!r}") from problem
            start = end

    def _replay(self, record: Record, offset: int) -> None:
        if record.kind in SENDS:
            self._sent(record.key, record.digest, offset)
        if record.kind == "A":
            self._accepted(accepted_in(record))
        elif record.kind == "F":
            self._put(record.key, offset)
        elif record.payment is not None:
            self._replay_effect(record, record.payment, offset)

    def _replay_effect(self, record: Record, payment: Payment, offset: int) -> None:
        if record.kind in PAID:
            if record.kind == "p":
                self._ended(record.word)
            self._paid(payment, offset)
        elif record.kind in DECLINED:
            if record.kind == "d":
                self._ended(str(record.extra[1]))
            self._declined(payment, offset)
