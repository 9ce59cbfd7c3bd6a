"""Two workers that claim the same events at the same moment: batches may overlap, and status decides who gets one."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from shared.db.parts import Claim
from tests.integration.paydays.claiming import batch_of, send, take
from tests.integration.paydays.racing import overlap
from tests.world import World

COPY = text("""
INSERT INTO batch (run_date, date, first_id, last_id) SELECT run_date, date, first_id, last_id FROM batch
WHERE id = :batch RETURNING id
""")
PART = 3


@pytest.mark.parametrize("mode", ["key", "enquiry", "none"])
def test_what_one_worker_is_claiming_no_other_claims_too(world: World, mode: str) -> None:
    world.environment |= {"PROVIDER_MODE": mode, "PROVIDER_CONCURRENCY": str(PART)}
    world.set_day("2026-03-02")
    world.schedules(2 * PART)
    first = batch_of(world)
    assert first is not None
    second = world.transact(lambda session: session.scalar(COPY, {"batch": first}))
    assert second is not None
    claims: list[Claim] = []

    def note(claim: Claim | None) -> None:
        if claim is not None:
            claims.append(claim)

    failures = overlap(
        world,
        lambda session: note(take(world, first)(session)),
        lambda session: note(take(world, second)(session)),
    )
    assert failures == []
    mine, others = ({event.id for event in claim.fresh} for claim in claims)
    assert mine & others == set()
    # Whoever waited does not stop there: an empty part would say that nothing of the batch is left.
    assert (len(mine), len(others)) == ((2 * PART, 0) if mode == "key" else (PART, PART))
    send(world, claims)
    world.assert_paid_once()
