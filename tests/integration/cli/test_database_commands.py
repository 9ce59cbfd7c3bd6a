from __future__ import annotations

import json

from deploy.local.ports import free_port
from shared.db.migrate import head_revision
from tests.integration.cli.command import Payday, assert_refused, payday


def test_a_fresh_database_is_brought_to_this_version(empty_database_url: str) -> None:
    head = head_revision()
    before = payday("db", "check", "--json", DATABASE_URL=empty_database_url)
    assert (before.returncode, json.loads(before.stdout)) == (1, {"revision": None, "head": head, "current": False})
    upgrade = payday("db", "upgrade", "--json", DATABASE_URL=empty_database_url)
    assert (upgrade.returncode, json.loads(upgrade.stdout)) == (0, {"revision": head, "head": head, "current": True})
    check = payday("db", "check", DATABASE_URL=empty_database_url)
    assert (check.returncode, check.stdout) == (0, f"the database is at {head}, as it should be\n")


def test_upgrading_again_changes_nothing(payday_inside: Payday, database_url: str) -> None:
    assert payday_inside("db", "upgrade", DATABASE_URL=database_url).returncode == 0
    assert payday_inside("db", "check", DATABASE_URL=database_url).returncode == 0


def test_a_database_that_does_not_answer_is_said_in_one_line_without_its_password(payday_inside: Payday) -> None:
    url = f"postgresql://payday:secret-word@127.0.0.1:{free_port()}/payday"
    for words in (["db", "upgrade"], ["db", "check"], ["run", "status"], ["run", "close"]):
        finished = payday_inside(*words, DATABASE_URL=url)
        assert_refused(finished, "DATABASE_URL: no database answers at", "Connection refused", "payday services")
        assert len(finished.stderr.splitlines()) == 1
        assert "secret-word" not in finished.stderr


def test_a_database_that_nobody_named_is_said_with_the_mend(payday_inside: Payday) -> None:
    for words in (["db", "upgrade"], ["db", "check"], ["run", "status"], ["run", "close"], ["dispatch"]):
        assert_refused(payday_inside(*words), "DATABASE_URL: is not set", "payday services")
