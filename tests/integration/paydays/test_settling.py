"""Settlement and late proofs when something is in the way (rules C8, K9)."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any

from sqlalchemy import text

from shared.db import runs
from tests.steps import send, take
from tests.world import World
from worker_service import pay


def test_a_late_proof_survives_a_long_closing(world: World) -> None:
    schedule = world.schedule()
    (batch,) = world.tick()
    claim = take(world.service, batch.id)
    assert claim is not None
    world.transact(_short_lock_timeout)
    slow = world.worker()
    decisions = send(slow, claim)
    failures: list[BaseException] = []

    def settle() -> None:
        try:
            pay.settle_claim(slow, claim, decisions)
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    with world.service.sessions.begin() as closing:
        runs.lock(closing, world.today)
        late = threading.Thread(target=settle)
        late.start()
        time.sleep(1.5)  # a closing that sweeps millions takes longer than the lock time-out
    late.join()
    assert failures == []
    assert world.event(schedule).status == "paid"


def _short_lock_timeout(session: Any) -> None:
    name = session.scalar(text("SELECT quote_ident(current_database())"))
    session.execute(text(f"ALTER ROLE CURRENT_USER IN DATABASE {name} SET lock_timeout = '500ms'"))


def test_one_schedule_with_a_strange_rule_does_not_spoil_the_settlement_of_its_batch(world: World) -> None:
    world.bank.faults({"fault": "throttled", "payerId": "payer-0"})
    strange, *_ = world.schedules(5)
    world.transact(
        lambda s: s.execute(
            text("""UPDATE schedule SET rule = rule || '{"moonPhase": 3}' WHERE id = :id"""), {"id": strange}
        )
    )
    with contextlib.suppress(ValueError):
        world.pay()
    assert sorted(world.statuses())[:4] == ["paid"] * 4
