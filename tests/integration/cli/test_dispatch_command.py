from __future__ import annotations

import base64
import json

import redis

from deploy.local.ports import free_port
from tests.integration.cli.command import assert_refused, payday
from tests.world import World

BATCHES = 80


def test_one_tick_plans_the_day_and_wakes_the_workers(world: World, broker_url: str) -> None:
    world.schedules(3)
    today = world.today.isoformat()
    settings = {"DATABASE_URL": world.environment["DATABASE_URL"], "CELERY_BROKER_URL": broker_url}
    finished = payday("dispatch", "--json", **settings, BUSINESS_DATE=today)
    assert finished.returncode == 0, finished
    told = json.loads(finished.stdout)
    assert (told["planned"], told["closed"]) == ([today], [])
    assert world.counts() == {"due": 3, "waiting": 3}
    with redis.Redis.from_url(broker_url) as client:
        messages = [json.loads(message) for message in client.lrange("pay", 0, -1)]
    assert len(messages) == len(told["published"]) > 0
    assert {message["headers"]["task"] for message in messages} == {"payday.pay"}
    again = payday("dispatch", **settings, BUSINESS_DATE=today)
    assert again.stdout == "planned:   nothing\nclosed:    nothing\npublished: 0 batches\n"


def test_workers_are_told_of_all_batches_in_a_few_trips_and_in_their_order(world: World, broker_url: str) -> None:
    world.schedules(BATCHES)
    settings = {"DATABASE_URL": world.environment["DATABASE_URL"], "CELERY_BROKER_URL": broker_url, "BATCH_SIZE": "1"}
    with redis.Redis.from_url(broker_url) as client:
        before = client.info("stats")["total_reads_processed"]
        told = json.loads(payday("dispatch", "--json", **settings, BUSINESS_DATE=world.today.isoformat()).stdout)
        trips = client.info("stats")["total_reads_processed"] - before
        messages = [json.loads(message) for message in reversed(client.lrange("pay", 0, -1))]
    bodies = [json.loads(base64.b64decode(message["body"])) for message in messages]
    assert [arguments["batch_id"] for _, arguments, _ in bodies] == told["published"]
    assert len(told["published"]) == BATCHES
    assert trips < BATCHES // 2


def test_a_database_that_was_never_migrated_is_said_with_the_mend(empty_database_url: str, broker_url: str) -> None:
    finished = payday("dispatch", DATABASE_URL=empty_database_url, CELERY_BROKER_URL=broker_url)
    assert_refused(finished, "the schema is at nothing", "run `payday db upgrade`")


def test_a_broker_that_does_not_answer_is_said_in_one_line(database_url: str) -> None:
    finished = payday("dispatch", DATABASE_URL=database_url, CELERY_BROKER_URL=f"redis://127.0.0.1:{free_port()}/0")
    assert_refused(finished, "CELERY_BROKER_URL: no broker answers at 127.0.0.1:")
    assert len(finished.stderr.splitlines()) == 1
