"""Controls of keys, epochs and outcomes, in mode `key` where the provider pays a key once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from tests.bank import BankProcess
from tests.controls import guards
from tests.controls.judging import judge
from tests.steps import send, take
from tests.world import World
from worker_service import pay

GUARDED = pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "unguarded"])


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with BankProcess() as bank:
        world = World(database_url, bank)
        yield world
        world.close()


def finish(world: World) -> None:
    """What is left is taken over, tried again and resolved.

    The neighbouring guard is off, which puts aside what its holders do not survive (rule C8).
    """
    world.bank.clear_faults()
    for _ in range(3):
        world.expire_leases()
        world.end_waiting()
        world.transact(lambda session: session.execute(text("UPDATE batch SET deaths = 0")))
        world.pay()
        world.resolve()


@GUARDED
def test_a_holder_that_was_overtaken_must_not_settle(
    world: World, monkeypatch: pytest.MonkeyPatch, *, guarded: bool
) -> None:
    """The first is throttled and slow; the second pays, and dies before it can write so."""
    if not guarded:
        guards.without_the_epoch(monkeypatch)
    world.schedule()
    world.bank.faults({"fault": "throttled", "times": 3})
    (batch,) = world.tick()
    slow = take(world.service, batch.id)
    assert slow is not None
    throttled = send(world.service, slow)
    world.expire_leases()
    second = world.worker()
    taken = take(second, batch.id)
    assert taken is not None
    send(second, taken)
    assert world.bank.summary()["effectivePayments"] == 1
    pay.settle_claim(world.service, slow, throttled)
    finish(world)
    judge(world, guarded=guarded, broken="an event is paid at most once")


@GUARDED
def test_a_resend_must_have_the_key_of_its_attempt(
    world: World, monkeypatch: pytest.MonkeyPatch, *, guarded: bool
) -> None:
    """A worker pays and dies; whoever takes over sends again."""
    if not guarded:
        guards.with_a_key_for_each_send(monkeypatch)
    world.schedule()
    (batch,) = world.tick()
    claim = take(world.service, batch.id)
    assert claim is not None
    send(world.service, claim)
    finish(world)
    assert world.bank.summary()["effectivePayments"] == (1 if guarded else 2)
    judge(world, guarded=guarded, broken="a payment belongs to an event")


@GUARDED
def test_the_outcome_is_that_of_all_sends(world: World, monkeypatch: pytest.MonkeyPatch, *, guarded: bool) -> None:
    """Paid, but silent; the next sends of the key are throttled, which proves nothing about the first."""
    if not guarded:
        guards.with_the_last_send_alone(monkeypatch)
    world.schedule()
    world.bank.faults({"fault": "hang", "seconds": 5, "send": 1, "on": "single"}, {"fault": "throttled"})
    with world.impatient():
        world.pay()
    assert world.bank.summary()["effectivePayments"] == 1
    finish(world)
    judge(world, guarded=guarded, broken="an event is paid at most once")
