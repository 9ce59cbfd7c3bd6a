"""Copies of a database keep the audit, its chain and its guard, and the chain goes on there."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from deploy.local.binaries import embedded_postgres
from tests.embedded import DatabaseServer
from tests.integration.sealing.ledger import Ledger
from tests.integration.sealing.test_refusals import OF_NOBODY, refused
from tests.integration.sealing.test_texts import write


@pytest.fixture
def original(database_url: str) -> Iterator[Ledger]:
    """Three sealed rows, one of them with everything odd, and two that wait."""
    ledger = Ledger(database_url)
    write(ledger)
    ledger.write(2)
    ledger.seal()
    ledger.write(2)
    yield ledger
    ledger.close()


def assert_goes_on(original: Ledger, copy_url: str) -> None:
    head, copy = original.head(), Ledger(copy_url)
    try:
        assert copy.verify([head])[:4] == (None, 3, copy.verify().last, 1)
        assert copy.verify().waiting == 2
        assert copy.seal() == 2
        copy.write(1)
        assert copy.seal() == 1
        copy.assert_sound(6)
        assert copy.rows(OF_NOBODY) == []
        grant = "GRANT UPDATE, DELETE, TRUNCATE ON audit, audit_seal TO CURRENT_USER"
        for change in ("UPDATE audit SET actor = 'x'", "DELETE FROM audit_seal", "TRUNCATE audit"):
            assert "permission denied" in refused(copy_url, change)
            assert "are never changed or removed" in refused(copy_url, change, grant)
        copy.tamper("UPDATE audit SET actor = 'mallory' WHERE id = 2")
        assert copy.fault()[1:3] == (2, 2)
    finally:
        copy.close()


def test_a_database_made_of_a_template_goes_on(original: Ledger, postgres_server: DatabaseServer) -> None:
    original.service.engine.dispose()
    name = postgres_server.create(urlsplit(original.settings.database_url).path.lstrip("/"))
    assert_goes_on(original, postgres_server.url(name))
    postgres_server.drop(name)


def test_a_dump_that_is_restored_goes_on(original: Ledger, postgres_server: DatabaseServer, tmp_path: Path) -> None:
    given = os.environ.get("PAYDAY_TEST_PG_BIN")
    programs = Path(given) if given else embedded_postgres(None)
    original_url = postgres_server.url(urlsplit(original.settings.database_url).path.lstrip("/"))
    name = postgres_server.create()
    dump = tmp_path / "dump"
    subprocess.run([programs / "pg_dump", "-Fc", "-f", dump, original_url], check=True)
    subprocess.run([programs / "pg_restore", "--exit-on-error", "-d", postgres_server.url(name), dump], check=True)
    assert_goes_on(original, postgres_server.url(name))
    postgres_server.drop(name)
