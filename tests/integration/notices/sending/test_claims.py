"""A claim of several bodies: what becomes of one leaves those before it told, and those after it waiting."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.db import outbox_claims, outbox_list
from tests.integration.notices.sending.outbox import calls, pass_time, rows, seconds_left
from tests.receiver import ReceiverProcess
from tests.world import World
from worker_service import tell
from worker_service.tell import tell_due

PAYMENTS = 303
NOTICES = 2 * PAYMENTS
"""Two bodies of one range, the first of 500."""
LEFT = NOTICES - 500


@pytest.fixture(autouse=True)
def _paid(world: World) -> None:
    world.schedules(PAYMENTS)
    assert world.pay() == PAYMENTS


def between_bodies(act: Callable[[], object]) -> Callable[[], bool]:
    """Acts when the sender is asked for the second time whether it is to stop, which is after its first body; from then
    on it is to, if that is what the act says."""
    asked, over = 0, False

    def stopped() -> bool:
        nonlocal asked, over
        asked += 1
        if asked == 2:
            over = bool(act())
        return over

    return stopped


def test_the_bodies_of_a_range_are_claimed_and_recorded_together(world: World, receiver: ReceiverProcess) -> None:
    left: list[int] = []
    assert tell_due(world.service, stopped=between_bodies(lambda: left.append(rows(world)[0].epoch))) == NOTICES
    assert (left, rows(world), calls(receiver)) == ([1], [], 2)
    assert len(receiver.ids()) == len(set(receiver.ids())) == NOTICES


@pytest.mark.parametrize("status", [422, 500])
def test_a_body_that_is_not_taken_leaves_those_before_it_told(
    world: World, receiver: ReceiverProcess, status: int
) -> None:
    refuse = between_bodies(lambda: receiver.fault(status=status, times=1))
    assert tell_due(world.service, stopped=refuse) == 500
    (row,) = rows(world)
    assert (row.state, row.tries, row.last_error) == ("waiting", 1, str(status))
    assert 60 <= seconds_left(world)[0] <= 72
    pass_time(world)
    assert tell_due(world.service) == LEFT
    assert len(receiver.ids()) == len(set(receiver.ids())) == NOTICES


def test_only_what_was_not_told_before_the_receiver_was_gone_is_a_dead_letter(
    world: World, receiver: ReceiverProcess
) -> None:
    refuse = between_bodies(lambda: receiver.fault(status=410, times=1))
    assert tell_due(world.service, stopped=refuse) == 500
    (dead,) = world.transact(lambda session: outbox_list.listed(session, whole=False))
    assert (dead.state, dead.remaining, dead.last_error) == ("dead", LEFT, "410 gone")


def test_a_sender_that_is_asked_to_end_leaves_the_rest_to_the_next_at_once(
    world: World, receiver: ReceiverProcess
) -> None:
    assert tell_due(world.service, stopped=between_bodies(lambda: True)) == 500
    (row,) = rows(world)
    assert (row.tries, row.last_error, row.next_at) == (0, None, row.created_at)
    assert tell_due(world.service) == LEFT
    assert len(receiver.ids()) == len(set(receiver.ids())) == NOTICES


def test_a_slow_receiver_has_each_body_recorded_before_the_claim_runs_out(
    world: World, receiver: ReceiverProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tell, "CLAIM_SECONDS", 0.0)
    assert tell_due(world.service, most=1) == 500
    assert tell_due(world.service) == LEFT
    assert len(receiver.ids()) == len(set(receiver.ids())) == NOTICES


def test_a_failure_after_another_sender_took_over_is_none_of_that_ones(world: World) -> None:
    mine = world.transact(lambda session: outbox_claims.take(session, lease_seconds=60, most_bodies=2))
    pass_time(world)
    theirs = world.transact(lambda session: outbox_claims.take(session, lease_seconds=60, most_bodies=2))
    assert mine is not None
    assert theirs is not None
    left = world.transact(lambda session: outbox_claims.accepted(session, mine, 1))
    world.transact(lambda session: outbox_claims.failed(session, left, "500", None))
    assert [(row.state, row.tries, row.epoch) for row in rows(world)] == [("waiting", 0, 2)]
    world.transact(lambda session: outbox_claims.accepted(session, theirs, 2))
    assert rows(world) == []
