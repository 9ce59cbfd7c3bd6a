"""The faults that are in force, and which of them a request meets."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Sequence
from hashlib import blake2b
from typing import NamedTuple

from deploy.local.bank.faults import Fault, Reach


class Subject(NamedTuple):
    """A request, or one payment of a batch: `send` is the number of this send of the key, from 1."""

    form: str
    payer_ids: Collection[str]
    key: str
    send: int


class Rule:
    """A fault with its counts: how many requests it suited, and how many it met."""

    def __init__(self, number: int, fault: Fault, spec: object, seed: int) -> None:
        self.number = number
        self.fault = fault
        self._spec = spec
        self._seed = seed
        self._suited = 0
        self._met = 0
        lasts = fault.selector.for_seconds
        self._ends_at = None if lasts is None else time.monotonic() + lasts

    def meets(self, subject: Subject) -> bool:
        """Whether the fault happens to this subject; counts it."""
        if not self._suits(subject):
            return False
        selector = self.fault.selector
        self._suited += 1
        if self._suited <= selector.after:
            return False
        if selector.times is not None and self._suited > selector.after + selector.times:
            return False
        self._met += 1
        return True

    def shown(self) -> dict[str, object]:
        spec = self._spec if isinstance(self._spec, dict) else {}
        return {"id": self.number, **spec, "suited": self._suited, "met": self._met}

    def _suits(self, subject: Subject) -> bool:
        selector = self.fault.selector
        return (
            subject.form in selector.on
            and (not selector.payer_id or not selector.payer_id.isdisjoint(subject.payer_ids))
            and (not selector.idempotency_key or subject.key in selector.idempotency_key)
            and (selector.send is None or selector.send == subject.send)
            and (self._ends_at is None or time.monotonic() < self._ends_at)
            and (selector.share >= 1 or self._lot(subject) < selector.share)
        )

    def _lot(self, subject: Subject) -> float:
        """From 0 to 1, by the seed and the subject alone: the order in which requests come is no matter."""
        by = self.fault.selector.share_by
        name = min(subject.payer_ids, default="") if by == "payer" else subject.key
        send = subject.send if by == "send" else 0
        text = f"{self._seed}/{self.number}/{name}/{send}"
        return int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) / 2**64


class FaultBook:
    """Rules in the order they came; the first that meets a subject counts.

    Rules for one payment that name payers come before those that do not.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._rules: list[Rule] = []
        self._numbers = 0
        self._sort()

    @property
    def empty(self) -> bool:
        return not self._rules

    def add(self, faults: Sequence[Fault], specs: Sequence[object]) -> None:
        for fault, spec in zip(faults, specs, strict=True):
            self._numbers += 1
            self._rules.append(Rule(self._numbers, fault, spec, self._seed))
        self._sort()

    def clear(self) -> None:
        self._rules.clear()
        self._sort()

    def shown(self) -> list[dict[str, object]]:
        return [rule.shown() for rule in self._rules]

    def for_call(self, subject: Subject) -> Fault | None:
        """The fault that meets the call as a whole."""
        return next((rule.fault for rule in self._calls if rule.meets(subject)), None)

    def for_entry(self, subject: Subject) -> Fault | None:
        """The fault that meets one payment."""
        for payer_id in subject.payer_ids:
            for rule in self._entries_by_payer.get(payer_id, ()):
                if rule.meets(subject):
                    return rule.fault
        return next((rule.fault for rule in self._entries if rule.meets(subject)), None)

    def _sort(self) -> None:
        self._calls = [rule for rule in self._rules if rule.fault.reach is Reach.CALL]
        entries = [rule for rule in self._rules if rule.fault.reach is Reach.ENTRY]
        self._entries = [rule for rule in entries if not rule.fault.selector.payer_id]
        self._entries_by_payer: dict[str, list[Rule]] = defaultdict(list)
        for rule in entries:
            for payer_id in rule.fault.selector.payer_id:
                self._entries_by_payer[payer_id].append(rule)
