"""A schedule as it stands in the database, and what the rules of money say about it whatever happened before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from itertools import takewhile
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db import plans, runs
from shared.db.clock import business_now
from shared.db.models import Schedule
from shared.domain.edits import Edit, Staying, staying
from shared.domain.entries import Entry
from shared.domain.frequency import collapses
from shared.domain.horizon import WRITTEN_WHOLE
from shared.domain.timeline import Occurrence, Timeline
from tests.world import World

Row = Mapping[str, Any]
OPEN = ("scheduled", "paused")
FREED = ("superseded", "collapsed", "schedule_cancelled")
CYCLES_MIN = 12


@dataclass(frozen=True)
class Standing:
    """Every row of one schedule, the next open date, and what its timeline wants from then on."""

    schedule: Row
    events: dict[UUID, Row]
    revisions: list[Row]
    pauses: list[Row]
    today: date
    next_open: date
    wanted: list[Occurrence]
    ahead: int
    final_date: date | None

    def rows(self) -> tuple[Row, dict[UUID, Row], list[Row], list[Row]]:
        return self.schedule, self.events, self.revisions, self.pauses

    def in_force(self, nominal_date: date) -> Row:
        """The revision in force: the latest of those that begin on or before a nominal date."""
        return [row for row in self.revisions if row["from_nominal_date"] <= nominal_date][-1]

    @property
    def owes(self) -> bool:
        """Whether an extension is due."""
        return self.schedule["extend_on"] is not None and self.schedule["extend_on"] <= self.today


def read(world: World, schedule_id: UUID) -> Standing:
    def rows(session: Session, query: str) -> list[Row]:
        return [dict(row) for row in session.execute(text(query), {"id": schedule_id}).mappings()]

    def work(session: Session) -> Standing:
        now = business_now(session, world.service.settings.business)
        next_open = runs.peek_next_open(session, now)
        schedule = session.get_one(Schedule, schedule_id)
        timeline = plans.read(session, [schedule])[schedule_id].timeline
        through = schedule.written_through
        events = {row["id"]: row for row in rows(session, "SELECT * FROM event WHERE schedule_id = :id")}
        stays = staying(map(_entry, events.values()), timeline, next_open, Edit())

        def within(item: Occurrence) -> bool:
            return item.nominal_date <= through

        return Standing(
            rows(session, "SELECT * FROM schedule WHERE id = :id")[0],
            events,
            rows(session, "SELECT * FROM schedule_revision WHERE schedule_id = :id ORDER BY revision"),
            rows(session, "SELECT * FROM pause WHERE schedule_id = :id ORDER BY id"),
            now.today,
            next_open,
            list(takewhile(within, _from_next_open(timeline, next_open, stays))),
            len(list(takewhile(within, timeline.occurrences(now.today)))),
            _final_date(timeline, stays, next_open),
        )

    return world.transact(work)


def _from_next_open(timeline: Timeline, next_open: date, stays: Staying) -> Iterator[Occurrence]:
    return timeline.occurrences(next_open, next_open=next_open, held=stays.held, staying=stays.numbers)


def _final_date(timeline: Timeline, stays: Staying, next_open: date) -> date | None:
    """The nominal date of the last payment; None for a schedule that goes on."""
    if not timeline.has_at_most(WRITTEN_WHOLE):
        return None
    found = timeline.occurrences(next_open=next_open, held=stays.held, staying=stays.numbers)
    dates = [item.nominal_date for item in found]
    return max(dates, default=None)


def _entry(row: Row) -> Entry:
    return Entry(**{field.name: row[field.name] for field in fields(Entry)})


def check(now: Standing) -> None:
    """What holds after every step."""
    held = Counter(row["nominal_date"] for row in now.events.values() if row["cancel_reason"] not in FREED)
    assert [day for day, count in held.items() if count > 1] == [], "two payments on one nominal date (S3)"
    if now.schedule["status"] == "cancelled":
        assert [row for row in now.events.values() if row["status"] in OPEN] == []
        return
    _check_days(now)
    gaps = [item.nominal_date for item in now.wanted if item.nominal_date not in held]
    assert gaps == [], "a date of the rule has no event"
    wanted = {item.nominal_date for item in now.wanted}
    for row in now.events.values():
        if row["status"] in OPEN:
            _check_rest(now, row)
            if not row["overridden"]:
                _check_terms(now, row)
                # A skipped one beyond what is written may have been restored: the extension will pass it over.
                looked_at = now.next_open <= row["nominal_date"] <= now.schedule["written_through"]
                assert not looked_at or row["nominal_date"] in wanted, "no date of the rule"
    _check_dates(now)
    _check_numbers(now)
    _check_horizon(now)


def check_command(before: Standing, after: Standing, withdrawn: Collection[UUID] = ()) -> None:
    """What no statement may do: change what was claimed or final, and give a date that is not open.

    `withdrawn`: the skipped event that is restored, or the declined one whose retry is given up.
    """
    for event_id, row in before.events.items():
        if row["status"] not in OPEN and event_id not in withdrawn:
            assert after.events[event_id] == row, "what was claimed or final has changed (S4)"
    for event_id, row in after.events.items():
        old = before.events.get(event_id)
        owed = old is None and before.owes and row["nominal_date"] > before.schedule["written_through"]
        if not owed and (old is None or old["date"] != row["date"]):
            assert row["date"] >= before.next_open, "a date that is not open (D2)"
        if old is not None and old["status"] == "paused" and row["status"] == "scheduled":
            assert row["date"] >= before.next_open, "back from a pause although its date has passed (S9)"


def check_passing(before: Standing, after: Standing) -> None:
    """What a day, an extension or a worker may not do: take an event away, or change what is settled for good."""
    for event_id, row in before.events.items():
        if row["status"] in ("paid", "missed", "cancelled"):
            assert after.events[event_id] == row
        else:
            assert after.events[event_id]["nominal_date"] == row["nominal_date"]
            assert after.events[event_id]["date"] == row["date"]


def _check_days(now: Standing) -> None:
    """Of rules by the day no two payments to come fall onto one day, nor onto one that is claimed or final."""
    by_the_day = {row["revision"] for row in now.revisions if collapses(row["rule"]["frequency"])}
    held = Counter(
        row["date"]
        for row in now.events.values()
        if row["date"] >= now.next_open
        and not row["overridden"]
        and row["revision"] in by_the_day
        and row["cancel_reason"] is None
    )
    assert [day for day, count in held.items() if count > 1] == [], "two payments of rules by the day on one day"


def _check_numbers(now: Standing) -> None:
    """What is live is numbered without a double, and without a gap but for what was skipped."""
    live = [row["sequence"] for row in now.events.values() if row["status"] != "cancelled"]
    assert len(set(live)) == len(live), "two payments with one sequence"
    gaps = max(live, default=0) - len(live)
    away = sum(row["cancel_reason"] is not None for row in now.events.values())
    assert gaps <= away, "a sequence that nothing has"


def _check_terms(now: Standing, row: Row) -> None:
    terms = now.in_force(row["nominal_date"])
    assert [row[name] for name in ("payee_id", "reference")] == [terms[name] for name in ("payee_id", "reference")]
    first, final = terms["first_amount"], terms["final_amount"]
    if row["nominal_date"] < now.next_open:  # it may have been the last when it was due
        assert row["amount"] in (terms["amount"], first, final), "not the terms of the revision in force (S2)"
    elif row["sequence"] == 1 and first is not None:
        assert row["amount"] == first, "not the first amount (S8)"
    elif row["nominal_date"] == now.final_date and final is not None:
        assert row["amount"] == final, "not the final amount (S8)"
    else:
        assert row["amount"] == terms["amount"], "not the amount of the revision in force (S2, S8)"


def _check_dates(now: Standing) -> None:
    """What nobody touched is paid on the day that its rule and its calendar give now."""
    wanted = {item.nominal_date: item.date for item in now.wanted}
    for row in now.events.values():
        rolled = wanted.get(row["nominal_date"], date.min)
        untouched = row["status"] in OPEN and not row["overridden"] and row["batch_id"] is None
        if untouched and min(row["date"], rolled) >= now.next_open:
            assert row["date"] == rolled, "not the day that its rule gives"


def _check_rest(now: Standing, row: Row) -> None:
    covered = any(
        pause["from_date"] <= row["date"] and (pause["until_date"] is None or row["date"] < pause["until_date"])
        for pause in now.pauses
        if pause["ended_at"] is None
    )
    if covered:
        assert row["status"] == "paused", "not paused inside a pause (S9)"
    elif row["status"] == "paused":
        assert row["date"] < now.next_open, "paused outside every pause (S9)"


def _check_horizon(now: Standing) -> None:
    rule, extend_on = now.revisions[-1]["rule"], now.schedule["extend_on"]
    if "endDate" not in rule and "count" not in rule and rule["frequency"] not in ("once", "dates"):
        assert extend_on is not None
    if extend_on is not None and extend_on > now.today:
        assert now.ahead >= CYCLES_MIN, "fewer cycles written than the horizon says (S12)"
