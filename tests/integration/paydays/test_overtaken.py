"""What a worker says whose batch was taken over meanwhile: only the provider's word counts (rules K3, K9)."""

from __future__ import annotations

from shared.db.verdicts import Verdict
from shared.domain.retries import QUARANTINED
from tests.steps import send, take
from tests.world import World
from worker_service import pay
from worker_service.decisions import Decisions


def test_what_one_worker_could_not_write_another_one_may_have_paid(world: World) -> None:
    schedule = world.schedule()
    (batch,) = world.tick()
    slow = take(world.service, batch.id)
    assert slow is not None
    unwritten = Decisions({slow.fresh[0].id: Verdict("failed", QUARANTINED)})
    world.expire_leases()
    second = world.worker()
    taken = take(second, batch.id)
    assert taken is not None
    paid = send(second, taken)
    assert pay.settle_claim(world.service, slow, unwritten) == 0
    assert world.event(schedule).status == "processing"
    assert pay.settle_claim(second, taken, paid) == 1
    assert world.event(schedule).status == "paid"
    world.assert_paid_once()
    world.assert_books_agree()
