"""How often a batch killed whoever held it: each death counts once, however its message comes back (rule C8)."""

from __future__ import annotations

from tests.steps import take
from tests.world import World
from worker_service import pay


def test_a_holder_whose_message_comes_back_after_its_lease_died_once(world: World) -> None:
    """The takeover counts it; if its message counted it too, one death would put a good payment aside for ever."""
    schedule = world.schedule()
    (batch,) = world.tick()
    assert take(world.service, batch.id) is not None
    world.expire_leases()
    assert pay.pay_batch(world.service, batch.id, redelivered=True) == 1
    event = world.event(schedule)
    assert (event.status, event.attempt) == ("paid", 1)
    world.assert_paid_once()
    world.assert_books_agree()
