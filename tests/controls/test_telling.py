"""Controls of telling: a receiver that fails once, and the notices it ends up with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.controls import guards
from tests.controls.judging import judge
from tests.integration.notices.sending.outbox import pass_time
from tests.receiver import ReceiverProcess
from tests.world import World, worlds
from worker_service.tell import tell_due

GUARDED = pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "unguarded"])


@pytest.fixture
def receiver() -> Iterator[ReceiverProcess]:
    with ReceiverProcess() as receiver:
        yield receiver


@pytest.fixture
def world(database_url: str, receiver: ReceiverProcess) -> Iterator[World]:
    yield from worlds(database_url, NOTIFY_URL=receiver.url, NOTIFY_SECRET=receiver.secret)


def pay_and_tell(world: World) -> None:
    """Three payments, told of in one call, and again when it failed."""
    world.schedules(3)
    world.pay()
    tell_due(world.service)
    pass_time(world)
    tell_due(world.service)


@GUARDED
def test_what_is_told_must_not_be_recorded_before(
    world: World, receiver: ReceiverProcess, monkeypatch: pytest.MonkeyPatch, *, guarded: bool
) -> None:
    if not guarded:
        guards.with_notices_recorded_before_they_are_sent(monkeypatch)
    receiver.fault(drop="before", times=1)
    pay_and_tell(world)
    judge(world, receiver, guarded=guarded, broken="payer and payee hear of a payment")


@GUARDED
def test_a_notice_must_have_the_name_of_its_fact(
    world: World, receiver: ReceiverProcess, monkeypatch: pytest.MonkeyPatch, *, guarded: bool
) -> None:
    """The receiver keeps it, and its answer is lost."""
    if not guarded:
        guards.with_a_name_for_each_send_of_a_notice(monkeypatch)
    receiver.fault(drop="after", times=1)
    pay_and_tell(world)
    assert receiver.summary()["notices"] == 12
    judge(world, receiver, guarded=guarded, broken="a payment is one notice to each")
