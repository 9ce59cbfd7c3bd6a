"""Controls of the crash points: what `tests/integration/crashes` asserts goes red where a guard is missing."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.bank import BankProcess
from tests.controls import guards
from tests.forks import FORKS
from tests.integration.crashes import dying
from tests.integration.crashes import test_crash_points as crashes
from tests.world import World
from worker_service import pay

GUARDED = pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "unguarded"])
MODE = "enquiry"
"""A bank that honours keys would make a second send harmless."""


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with BankProcess("--mode", MODE) as bank:
        environment = {"PROVIDER_MODE": MODE, "PROVIDER_CONCURRENCY": str(crashes.PART), "BATCH_SIZE": "4"}
        horizon = {"LEASE_SECONDS": "60", "HORIZON_CYCLES_MIN": "1", "HORIZON_CYCLES_MAX": "1"}
        world = World(database_url, bank, crashes.DAYS[0], **environment, **horizon)
        yield world
        world.close()


def work_on_uncommitted_claims(environment: Mapping[str, str], days: Sequence[str]) -> None:
    """The target of a process of its own."""
    pay.transact = guards.uncommitted  # type: ignore[assignment, attr-defined]
    dying.work(environment, days)


def die(world: World, crash_at: str, *, committed: bool = True) -> int | None:
    """As `crashes.die`, also without committing claims."""
    environment = {name: str(value) for name, value in world.environment.items()}
    target = dying.work if committed else work_on_uncommitted_claims
    process = FORKS.Process(target=target, args=({**environment, "CRASH_AT": crash_at}, crashes.DAYS))
    process.start()
    process.join(timeout=60)
    assert not process.is_alive()
    return process.exitcode


def judge(world: World, *, guarded: bool) -> None:
    """The crash tests' own verdict."""
    if guarded:
        crashes.assert_nothing_twice_nothing_lost(world, MODE)
        return
    with pytest.raises(AssertionError):
        crashes.assert_nothing_twice_nothing_lost(world, MODE)
    keys = [row["idempotencyKey"] for row in world.bank.payments()]
    assert len(keys) > len(set(keys))


@GUARDED
def test_a_takeover_must_not_take_claimed_for_never_sent(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, guarded: bool
) -> None:
    crashes.fill(world)
    assert die(world, f"before_settle:1:{tmp_path / 'hits'}") == -signal.SIGKILL
    if not guarded:
        guards.with_claimed_taken_for_never_sent(monkeypatch)
    crashes.recover(world)
    judge(world, guarded=guarded)


@GUARDED
def test_a_claim_must_be_committed_before_the_first_byte(world: World, tmp_path: Path, *, guarded: bool) -> None:
    crashes.fill(world)
    assert die(world, f"after_answer:1:{tmp_path / 'hits'}", committed=guarded) == -signal.SIGKILL
    crashes.recover(world)
    judge(world, guarded=guarded)
