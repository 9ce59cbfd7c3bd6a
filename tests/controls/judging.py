"""The invariants of the chaos suite, on a payday in one process."""

from __future__ import annotations

import pytest

from tests.chaos.invariants import Evidence, Paid, check
from tests.chaos.violations import Violated
from tests.receiver import ReceiverProcess
from tests.world import World


def evidence_of(world: World, receiver: ReceiverProcess | None = None) -> Evidence:
    """The journals of bank and receiver and our tables as they stand."""
    recorded = {row.event_id: row for row in world.transactions()}
    events = [
        Paid(
            str(event.id),
            str(event.schedule_id),
            event.status,
            event.attempt,
            f"{event.amount / 100:.2f}",
            event.date <= world.today,
            event.first_sent_at.timestamp() if event.first_sent_at else None,
            event.id in recorded,
        )
        for event in world.events()
    ]
    notices = receiver.notices() if receiver else None
    return Evidence(list(world.bank.payments()), list(world.bank.sends()), events, world.edges(), notices=notices)


def judge(world: World, receiver: ReceiverProcess | None = None, *, guarded: bool, broken: str) -> None:
    """With the guard everything holds; without it the invariant whose words are `broken` does not."""
    if guarded:
        check(evidence_of(world, receiver), may_be_unknown=False)
        return
    with pytest.raises(Violated, match=broken):
        check(evidence_of(world, receiver), may_be_unknown=False)
