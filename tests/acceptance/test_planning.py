"""A tick that is killed in the middle of planning."""

from __future__ import annotations

import contextlib
import signal
import sys

import psycopg2
import pytest

from deploy.local.processes import ChildProcess, wait_for
from tests.acceptance.conftest import StartTown
from tests.benchmarks.payday import fill
from tests.gates import wait_function
from tests.town import ROOT, Town

EVENTS = 30_000
GATE = 4711
WAIT_AT_THE_SECOND_STEP = f"""
{wait_function(GATE)}
CREATE TRIGGER wait_here BEFORE UPDATE ON run FOR EACH ROW WHEN (OLD.planned_through IS NOT NULL)
  EXECUTE FUNCTION wait_here();
"""
"""So that a tick which has committed its first step is found there, however late somebody looks."""


@pytest.mark.all
def test_the_next_tick_goes_on_where_a_killed_one_stopped(start_town: StartTown) -> None:
    town = start_town(BATCH_SIZE="2", PROVIDER_BATCH_SIZE="500")
    fill(town.environment["DATABASE_URL"], EVENTS)
    question = "SELECT planned_through FROM run WHERE status = 'planning' AND planned_through IS NOT NULL"
    with contextlib.closing(psycopg2.connect(town.environment["DATABASE_URL"])) as connection:
        connection.cursor().execute(WAIT_AT_THE_SECOND_STEP)
        connection.commit()
        connection.cursor().execute("SELECT pg_advisory_xact_lock(%s)", [GATE])
        tick = _dispatch(town)
        assert wait_for(lambda: len(town.rows(question)) == 1, 90), town.describe()
        tick.send_signal(signal.SIGKILL)
        assert tick.wait(60) == -signal.SIGKILL
        connection.rollback()
        connection.cursor().execute("DROP FUNCTION wait_here CASCADE")
        connection.commit()
    (planned,) = town.rows("SELECT count(*) AS n FROM batch")
    assert 0 < planned.n < EVENTS // 2

    assert _dispatch(town).wait(120) == 0
    (batches,) = town.rows("SELECT count(*) AS n, count(DISTINCT first_id) AS ranges FROM batch")
    assert (batches.n, batches.ranges) == (EVENTS // 2, EVENTS // 2)
    uncovered = town.rows(
        "SELECT id FROM event e WHERE NOT EXISTS (SELECT FROM batch b WHERE e.id BETWEEN b.first_id AND b.last_id)"
        " AND id < (SELECT id FROM event ORDER BY id OFFSET 500 LIMIT 1)"
    )
    assert uncovered == []
    (due,) = town.rows("SELECT sum(count) AS n, sum(amount) AS amount FROM booking WHERE heading = 'due'")
    (expected,) = town.rows("SELECT count(*) AS n, sum(amount) AS amount FROM event")
    assert (due.n, due.amount) == (expected.n, expected.amount)


def _dispatch(town: Town) -> ChildProcess:
    process = ChildProcess(
        "dispatch",
        [sys.executable, "-m", "deploy.cli", "dispatch"],
        town.folder / "dispatch.log",
        env=town.environment,
        cwd=ROOT,
    )
    process.start()
    town.processes.append(process)
    return process
