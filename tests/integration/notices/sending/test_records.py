"""What became of a call is recorded once, whatever becomes of the record."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db import outbox_claims
from shared.db.outbox_claims import Claim
from tests.integration.notices.sending.outbox import facts, pass_time, rows, tries
from tests.receiver import ReceiverProcess
from tests.world import World
from worker_service.tell import tell_due


def a_row_of_1200(world: World, kind: str) -> None:
    """Notices as they stand, or a settled batch that stands for them."""
    if kind == "facts":
        facts(world, 1200)
    else:
        world.schedules(600)
        world.pay()


def claim(world: World) -> Claim:
    found = world.transact(lambda session: outbox_claims.take(session, lease_seconds=60))
    assert found is not None
    return found


@pytest.mark.parametrize("kind", ["facts", "paid"])
def test_what_is_recorded_twice_takes_no_more_from_what_is_left(
    world: World, receiver: ReceiverProcess, kind: str
) -> None:
    """As when the connection was lost in the commit, so that nobody knows whether it happened."""
    a_row_of_1200(world, kind)
    mine = claim(world)
    for _ in range(2):
        world.transact(lambda session: outbox_claims.accepted(session, mine, 1))
    assert tell_due(world.service) == 700
    assert len(receiver.ids()) == 700


def test_a_failure_that_is_recorded_twice_is_one(world: World) -> None:
    facts(world, 1)
    mine = claim(world)
    for _ in range(2):
        world.transact(lambda session: outbox_claims.failed(session, mine.parts, "500", 60.0))
    assert tries(world) == [1]


@pytest.mark.parametrize("kind", ["facts", "paid"])
def test_a_refusal_that_is_recorded_twice_parts_its_row_once(
    world: World, receiver: ReceiverProcess, kind: str
) -> None:
    a_row_of_1200(world, kind)
    mine = claim(world)
    (part,), rest = mine.parts, mine.bodies[0].rest
    assert rest is not None

    def refuse(session: Session) -> None:
        outbox_claims.part_from(session, part, rest)
        outbox_claims.failed(session, [part], "400", 60.0)

    for _ in range(2):
        world.transact(refuse)
    assert tries(world) == [1, 0]
    assert tell_due(world.service) == 700
    pass_time(world)
    assert tell_due(world.service) == 500
    assert len(set(receiver.ids())) == len(receiver.ids()) == 1200
    assert rows(world) == []


def test_a_call_that_ends_after_its_claim_takes_nothing_from_the_next_senders(
    world: World, receiver: ReceiverProcess
) -> None:
    ids = facts(world, 1200)
    late = claim(world)
    pass_time(world)
    assert tell_due(world.service, most=1) == 500
    world.transact(lambda session: outbox_claims.accepted(session, late, 1))
    assert tell_due(world.service) == 700
    assert receiver.ids() == ids
    assert rows(world) == []


def test_a_claim_is_on_disk_before_anything_is_called(world: World) -> None:
    """Lost in a crash of the server, the next sender would have the same epoch, and each would take what the other
    told from what is left."""
    facts(world, 1)

    def waits_for_the_disk(session: Session) -> str:
        assert outbox_claims.take(session, lease_seconds=60) is not None
        return str(session.scalar(text("SHOW synchronous_commit")))

    assert world.transact(waits_for_the_disk) == "on"
