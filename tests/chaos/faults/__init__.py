"""Everything that can be done to an installation. `python -m tests.chaos --list` shows it."""

from __future__ import annotations

from tests.chaos.faults import bank, broker, cache, clock, database, processes, receiver
from tests.chaos.faults.kind import Kind

KINDS: tuple[Kind, ...] = (
    *processes.KINDS,
    *database.KINDS,
    *broker.KINDS,
    *cache.KINDS,
    *bank.KINDS,
    *receiver.KINDS,
    *clock.KINDS,
)

__all__ = ["KINDS", "Kind"]
