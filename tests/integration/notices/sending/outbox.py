"""What waits to be told, written as facts are, and looked at."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import Row, text

from shared.settings import NotifySettings
from tests.receiver import ReceiverProcess
from tests.world import World

WAITING = "SELECT * FROM outbox ORDER BY id"
PASS_TIME = (
    "UPDATE outbox SET next_at = clock_timestamp() WHERE state = 'waiting'",
    "UPDATE receiver SET wait_until = clock_timestamp()",
)
INSERT = "INSERT INTO outbox (kind, notices) VALUES ('facts', :notices)"
SECONDS = "SELECT extract(epoch FROM next_at - clock_timestamp())::float AS s FROM outbox ORDER BY id"


def facts(world: World, *counts: int) -> list[str]:
    """A row of so many notices for each count; their ids."""
    ids = []
    for count in counts:
        told = [str(uuid4()) + ".failed.1.payer" for _ in range(count)]
        texts = [
            json.dumps({"id": id_, "type": "failed", "recipient": "payer", "role": "payer", "event": {"id": id_[:36]}})
            for id_ in told
        ]
        execute(world, INSERT, notices=texts)
        ids += told
    return ids


def execute(world: World, statement: str, **values: object) -> None:
    world.transact(lambda session: session.execute(text(statement), values))


def rows(world: World, statement: str = WAITING, **values: object) -> Sequence[Row[Any]]:
    return world.transact(lambda session: session.execute(text(statement), values).all())


def pass_time(world: World) -> None:
    """As if whatever waits had waited long enough."""
    for statement in PASS_TIME:
        execute(world, statement)


def seconds_left(world: World) -> list[float]:
    """How long each row waits from now on."""
    return [row.s for row in rows(world, SECONDS)]


def calls(receiver: ReceiverProcess) -> int:
    """All that it answered, whatever it said."""
    summary = receiver.summary()
    return int(summary["calls"]) + int(summary["refused"])


def tries(world: World) -> list[int]:
    return [row.tries for row in rows(world)]


def notify(world: World, **changes: Any) -> None:
    """Goes on with other settings of notices."""
    told = world.service.settings.notify
    assert isinstance(told, NotifySettings)
    world.service = world.worker(notify=dataclasses.replace(told, **changes))
