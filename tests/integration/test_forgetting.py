"""What was kept for a time is forgotten when it is over, however much it is."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from shared.db.idempotency import PURGED_AT_ONCE
from tests.world import World, worlds
from worker_service.forget import forget_keys


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    yield from worlds(database_url)


KEYS = text("""
INSERT INTO idempotency_key
  (caller, operation, key, fingerprint, response_status, response_headers, response_body, touched, created_at)
SELECT 'alice', 'POST /v1/schedules', :name || n, '', 201, '{}', '{}', '{}', now() - CAST(:age AS interval)
FROM generate_series(1, :count) AS n
""")


def test_all_keys_past_their_week_go_and_no_other(world: World) -> None:
    many = 2 * PURGED_AT_ONCE + 5
    for name, age, count in (("old-", "7 days 1 second", many), ("young-", "6 days 23 hours", 3)):
        world.transact(lambda s, n=name, a=age, c=count: s.execute(KEYS, {"name": n, "age": a, "count": c}))  # type: ignore[misc]
    assert forget_keys(world.service) == many
    assert forget_keys(world.service) == 0
    left = world.transact(lambda session: session.execute(text("SELECT key FROM idempotency_key ORDER BY key")).all())
    assert [row.key for row in left] == ["young-1", "young-2", "young-3"]
