"""Controls where the provider ignores keys, so that a second send is a second payment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from deploy.local.account import server_account
from deploy.local.folder import DataFolder
from deploy.local.postgres import Postgres
from shared.db import migrate
from tests.bank import BankProcess
from tests.controls import guards
from tests.controls.judging import judge
from tests.steps import send_and_settle, take
from tests.world import World

GUARDED = pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "unguarded"])
# Nothing but a commit that waits for it writes the log within a test.
LAZY = {"wal_writer_delay": "10s", "autovacuum": "off", "shared_buffers": "32MB"}


@pytest.fixture
def bank() -> Iterator[BankProcess]:
    with BankProcess("--mode", "enquiry") as bank:
        yield bank


@pytest.fixture
def world(database_url: str, bank: BankProcess) -> Iterator[World]:
    world = World(database_url, bank, PROVIDER_MODE="enquiry")
    yield world
    world.close()


@pytest.fixture
def postgres(server_folder: Path) -> Iterator[Postgres]:
    """A server of the test's own, which it may crash."""
    folder = DataFolder(server_folder, server_account()).server_folder("lazy")
    server = Postgres(folder / "postgres", settings=LAZY)
    server.start()
    server.ensure_role("payday")
    yield server
    server.stop("immediate")


@GUARDED
def test_an_ambiguous_send_must_not_be_sent_again(
    world: World, monkeypatch: pytest.MonkeyPatch, *, guarded: bool
) -> None:
    if not guarded:
        guards.with_retries_of_everything(monkeypatch)
    world.schedule()
    world.bank.faults({"fault": "truncated", "times": 1, "on": "single"})
    world.pay()
    world.resolve()
    judge(world, guarded=guarded, broken="an event is paid at most once")


@GUARDED
def test_a_claim_must_outlive_the_servers_crash(postgres: Postgres, bank: BankProcess, *, guarded: bool) -> None:
    """PostgreSQL crashes between the commit of the claim and the send."""
    database = "kept" if guarded else "forgotten"
    postgres.ensure_database(database, "payday")
    url = postgres.url(database, "payday")
    migrate.upgrade(url)
    world = World(url, bank, PROVIDER_MODE="enquiry")
    try:
        world.schedule()
        (batch,) = world.tick()
        if not guarded:
            setting = f"ALTER ROLE CURRENT_USER IN DATABASE {database} SET synchronous_commit = off"
            world.transact(lambda session: session.execute(text(setting)))
        worker = world.worker()
        claim = take(worker, batch.id)
        assert claim is not None
        assert len(claim.fresh) == 1
        postgres.stop("immediate")
        postgres.start()
        # Without the claim even its proof finds nothing to belong to: an alert is all that is left of it.
        assert send_and_settle(worker, claim) == (1 if guarded else 0)
        for _ in range(2):
            world.expire_leases()
            world.pay([batch])
            world.pay()
            world.resolve()
        judge(world, guarded=guarded, broken="an event is paid at most once")
    finally:
        world.close()
