"""Nobody changes or removes a row of the audit, or of its seals."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from deploy.local.postgres import SUPERUSER
from shared.settings_values import database_url as sqlalchemy_url
from tests.embedded import ROLE, DatabaseServer
from tests.integration.sealing.ledger import Ledger

CHANGES = [
    "UPDATE audit SET actor = 'nobody' WHERE id = 1",
    "UPDATE audit SET actor = actor WHERE false",
    "DELETE FROM audit WHERE id = 1",
    "DELETE FROM audit WHERE false",
    "TRUNCATE audit",
    "UPDATE audit_seal SET sealed_at = now() WHERE position = 1",
    "DELETE FROM audit_seal WHERE position = 1",
    "TRUNCATE audit_seal",
    "TRUNCATE audit, audit_seal CASCADE",
    "INSERT INTO audit_seal SELECT * FROM audit_seal ON CONFLICT (position) DO UPDATE SET sealed_at = now()",
    "MERGE INTO audit_seal s USING audit a ON a.id = s.audit_id WHEN MATCHED THEN DELETE",
]
OF_NOBODY = """
SELECT table_name, privilege_type, grantee FROM information_schema.table_privileges
WHERE table_name IN ('audit', 'audit_seal') AND privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE')
"""


def refused(url: str, change: str, *before: str) -> str:
    """What the database says of a change that it does not make."""
    engine = create_engine(sqlalchemy_url(url))
    try:
        with engine.connect() as connection:
            for statement in before:
                connection.execute(text(statement))
            with pytest.raises(DBAPIError) as error:
                connection.execute(text(change))
    finally:
        engine.dispose()
    assert getattr(error.value.orig, "pgcode", None) == "42501"
    return str(error.value.orig)


@pytest.fixture(scope="module")
def standing(postgres_server: DatabaseServer, template_database: str) -> Iterator[Ledger]:
    """One sealed row, which must outlive every test."""
    name = postgres_server.create(template_database)
    ledger = Ledger(postgres_server.url(name))
    ledger.write()
    ledger.seal()
    yield ledger
    ledger.assert_sound(1)
    ledger.close()
    postgres_server.drop(name)


@pytest.mark.parametrize("change", CHANGES)
def test_the_products_own_role_is_refused_by_its_privileges(standing: Ledger, change: str) -> None:
    assert "permission denied for table audit" in refused(standing.settings.database_url, change)


@pytest.mark.parametrize("change", CHANGES)
def test_a_superuser_is_refused_by_a_trigger(standing: Ledger, change: str) -> None:
    url = urlsplit(standing.settings.database_url)
    if url.username != ROLE:
        pytest.skip("the server that was given has superusers of its own")
    superuser = url._replace(netloc=url.netloc.replace(f"{ROLE}:", f"{SUPERUSER}:", 1)).geturl()
    assert "are never changed or removed" in refused(superuser, change)
    assert "are never changed or removed" in refused(superuser, change, "SET session_replication_role = replica")


def test_no_right_to_change_is_granted_to_anybody(standing: Ledger) -> None:
    assert standing.rows(OF_NOBODY) == []


def test_what_the_guard_allows_is_reading_and_adding(ledger: Ledger) -> None:
    ledger.write(3)
    assert ledger.seal() == 3
    assert [row.id for row in ledger.rows("SELECT id FROM audit ORDER BY id")] == [1, 2, 3]
