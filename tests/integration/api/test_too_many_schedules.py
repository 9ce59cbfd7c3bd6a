"""How many schedules a payer may hold: those that pay some day count, and no others."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.db.live_schedules import COUNT
from tests.integration.api.client import RENT, Api, assert_problem


@pytest.fixture
def limited(database_url: str) -> Iterator[Api]:
    """Three each."""
    api = Api(database_url, MAX_SCHEDULES_PER_PAYER="3")
    yield api
    api.close()


def test_a_payer_at_the_limit_is_refused_and_others_are_not(limited: Api) -> None:
    for _ in range(3):
        limited.schedule()
    assert_problem(limited.call("POST", "/v1/schedules", json=RENT, key="fourth"), 409, "too_many_schedules")
    assert limited.count("schedule") == 3
    limited.schedule(sub="bob")


def test_one_that_is_cancelled_makes_room_and_the_refused_key_can_be_used_again(limited: Api) -> None:
    made = [limited.schedule() for _ in range(3)]
    assert_problem(limited.call("POST", "/v1/schedules", json=RENT, key="fourth"), 409, "too_many_schedules")
    assert limited.call("DELETE", f"/v1/schedules/{made[1]['id']}").status_code == 200
    limited.schedule(key="fourth")
    assert_problem(limited.call("POST", "/v1/schedules", json=RENT), 409, "too_many_schedules")
    limited.schedule(key="fourth")  # the same again is an answer, not another one


def test_what_is_over_does_not_count(limited: Api) -> None:
    for _ in range(3):
        limited.schedule(frequency="once", startDate="2026-11-23")
    assert_problem(limited.call("POST", "/v1/schedules", json=RENT), 409, "too_many_schedules")
    limited.rows("UPDATE schedule SET written_through = '2026-11-19' WHERE ctid = (SELECT min(ctid) FROM schedule)")
    limited.schedule()


def test_requests_at_the_same_time_exceed_the_limit_by_no_more_than_their_number(limited: Api) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = [pool.submit(limited.call, "POST", "/v1/schedules", json=RENT) for _ in range(24)]
        statuses = [answer.result().status_code for answer in answers]
    assert set(statuses) == {201, 409}
    assert 3 <= statuses.count(201) <= 3 + 6
    assert_problem(limited.call("POST", "/v1/schedules", json=RENT), 409, "too_many_schedules")


def test_zero_is_no_limit(database_url: str) -> None:
    api = Api(database_url, MAX_SCHEDULES_PER_PAYER="0")
    api.schedule()
    api.schedule()
    api.close()


def test_counting_reads_the_payers_index_backwards_and_stops_at_enough(api: Api) -> None:
    """Ten thousand others, and four thousand of its own."""
    api.schedule()
    columns = ", ".join(
        row.column_name
        for row in api.rows(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'schedule'"
            " AND column_name NOT IN ('id', 'payer_id') ORDER BY ordinal_position"
        )
    )
    api.rows(
        f"INSERT INTO schedule (id, payer_id, {columns}) SELECT gen_random_uuid(),"
        f" CASE WHEN n <= 4000 THEN 'alice' ELSE 'p' || n END, {columns} FROM schedule, generate_series(1, 14000) n"
    )
    api.rows("ANALYZE schedule")
    parameters = {"payer_id": "alice", "today": "2026-11-20", "enough": 1000}
    plan = [row[0] for row in api.rows(f"EXPLAIN (ANALYZE, TIMING OFF) {COUNT}", **parameters)]
    (scan,) = [line for line in plan if "on schedule " in line]
    assert "Index Scan Backward using schedule_payer" in scan
    assert "rows=1000" in scan.partition("actual")[2]
