import contextlib

import psycopg2
import pytest
import redis

from shared.db.migrate import ROLE_SETTINGS


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_has_a_migrated_database_and_an_empty_broker(database_url: str, broker_url: str, turn: str) -> None:
    """What the first turn leaves behind would make the second fail."""
    with contextlib.closing(psycopg2.connect(database_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM schedule")
        assert cursor.fetchone() == (0,)
        cursor.execute("CREATE TABLE left_behind ()")
    with redis.Redis.from_url(broker_url) as client:
        assert client.dbsize() == 0
        client.set("left", turn)


def test_a_copied_database_has_the_settings_of_the_role(database_url: str) -> None:
    with contextlib.closing(psycopg2.connect(database_url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT name, source FROM pg_settings WHERE name = ANY(%s) ORDER BY name", [list(ROLE_SETTINGS)])
        assert cursor.fetchall() == [(name, "database user") for name in sorted(ROLE_SETTINGS)]
