"""A payee of whom no payment is answered in time stands in everybody's batch, and holds nobody up (rule C8)."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.world import World
from worker_service.gateway.slow_parties import SlowParties

OTHERS, SLOW = 40, 20


@pytest.fixture
def town(world: World) -> World:
    """A batch in which every third payment goes to a payee for whom the bank never answers."""
    world.environment |= {"PROVIDER_CONCURRENCY": "4", "PROVIDER_TIMEOUT_SECONDS": "1", "LEASE_SECONDS": "12"}
    world.set_day("2026-03-02")
    for number in range(OTHERS + SLOW):
        world.schedule(payer=f"payer-{number}", payee="slow" if number % 3 == 0 else f"payee-{number}")
    slow = [f"payer-{number}" for number in range(0, OTHERS + SLOW, 3)]
    world.bank.faults(*({"fault": "hang", "payer_id": payer, "seconds": 60} for payer in slow))
    return world


def statuses(town: World, *, slow: bool) -> set[str]:
    return {event.status for event in town.events() if (event.payee_id == "slow") is slow}


def test_the_others_of_the_batch_are_paid_and_his_are_left_for_later(town: World) -> None:
    town.pay()
    assert statuses(town, slow=False) == {"paid"}
    assert "scheduled" in statuses(town, slow=True)
    turn = "SELECT turn > 0 FROM batch WHERE status = 'waiting'"
    assert town.transact(lambda session: session.scalars(text(turn)).all()) == [True]


def test_without_that_the_batch_is_held_for_all_of_its_lease(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the bank is asked for the slow one's money until no call may begin."""
    monkeypatch.setattr(SlowParties, "heard", lambda *_, **__: None)
    town.pay()
    assert "scheduled" in statuses(town, slow=False)


def test_his_are_paid_when_nothing_else_is_left_and_he_is_answered_again(town: World) -> None:
    town.pay()
    town.bank.clear_faults()
    while town.pay():
        town.end_waiting()
    town.resolve()
    assert statuses(town, slow=False) == {"paid"}
    assert "scheduled" not in statuses(town, slow=True)
    town.assert_paid_once()
