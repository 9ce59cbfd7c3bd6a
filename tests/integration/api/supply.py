"""Schedules in plenty, without asking the API for each: one is made there, the others are copies of its rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from shared.ids import new_id
from tests.integration.api.client import Api

COPIES = 80

_COPY = """
WITH new AS (SELECT * FROM unnest(CAST(:schedules AS uuid[]), CAST(:events AS uuid[])) AS n (schedule_id, event_id)),
  schedules AS (
    INSERT INTO schedule SELECT (jsonb_populate_record(s, jsonb_build_object('id', new.schedule_id))).*
    FROM schedule s, new WHERE s.id = :model),
  revisions AS (
    INSERT INTO schedule_revision
    SELECT (jsonb_populate_record(r, jsonb_build_object('schedule_id', new.schedule_id))).*
    FROM schedule_revision r, new WHERE r.schedule_id = :model)
INSERT INTO event
SELECT (jsonb_populate_record(e, jsonb_build_object('id', new.event_id, 'schedule_id', new.schedule_id))).*
FROM event e, new WHERE e.schedule_id = :model
"""


class Standing(NamedTuple):
    """A schedule of one payment that nobody has touched yet; both at version 1."""

    schedule_id: str
    event_id: str


class Supply:
    """Hands out a payer's untouched schedules, one after the other."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._stock: dict[str, Iterator[Standing]] = {}

    def take(self, payer: str) -> Standing:
        """The next one."""
        standing = next(self._stock.get(payer, iter(())), None)
        if standing is None:
            self._stock[payer] = iter(self._copies(payer))
            standing = next(self._stock[payer])
        return standing

    def _copies(self, payer: str) -> list[Standing]:
        model = self._api.schedule(sub=payer, frequency="once")
        standings = [Standing(str(new_id()), str(new_id())) for _ in range(COPIES)]
        self._api.rows(
            _COPY,
            model=model["id"],
            schedules=[standing.schedule_id for standing in standings],
            events=[standing.event_id for standing in standings],
        )
        return standings
