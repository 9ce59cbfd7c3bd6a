"""A sealer that is killed leaves nothing half: afterwards the chain is whole, and every row has its place in it."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from shared.log import configure_logging
from shared.settings import read_settings
from tests.forks import FORKS
from tests.integration.crashes.test_crash_points import OF_SEALING
from tests.integration.sealing.ledger import Ledger
from worker_service.seal import Sealer
from worker_service.service import Service

ROWS = 4_000
"""Four steps of a sealer."""


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    ledger = Ledger(database_url)
    yield ledger
    ledger.close()


def seal(environment: Mapping[str, str]) -> None:
    Sealer(Service.connect(read_settings(environment))).seal_due()


def die(database_url: str, crash_at: str) -> int | None:
    process = FORKS.Process(target=seal, args=({"DATABASE_URL": database_url, "CRASH_AT": crash_at},))
    process.start()
    process.join(timeout=60)
    assert not process.is_alive()
    return process.exitcode


@pytest.mark.parametrize("point", sorted(OF_SEALING))
@pytest.mark.parametrize("hits", [(1, 1), pytest.param((2, 1), marks=pytest.mark.all)])
def test_a_sealer_killed_twice_leaves_a_whole_chain(
    ledger: Ledger, database_url: str, tmp_path: Path, point: str, hits: tuple[int, int]
) -> None:
    ledger.write(ROWS)
    for death, hit in enumerate(hits):
        # `in_` dies a moment later, within the commit or after it, so that both ends are seen.
        assert die(database_url, f"{point}:{hit}:{tmp_path / f'hits-{death}'}") == -signal.SIGKILL, (
            "the point was not reached"
        )
        verdict = ledger.verify()
        assert verdict.fault is None
        assert verdict.checked + verdict.waiting == ROWS
        assert verdict.checked % 1_000 == 0
    ledger.seal()
    ledger.assert_sound(ROWS)


def test_what_a_killed_sealer_committed_is_logged_by_the_next(
    ledger: Ledger, database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger.write(3)
    assert die(database_url, f"after_seal:1:{tmp_path / 'hits'}") == -signal.SIGKILL
    configure_logging("json", "INFO")
    capsys.readouterr()
    assert ledger.seal() == 0
    (line,) = capsys.readouterr().err.splitlines()
    head = ledger.head()
    assert (json.loads(line)["position"], json.loads(line)["hash"]) == (3, head.hash.hex())
