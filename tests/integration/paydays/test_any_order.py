"""Whatever a payer does to a schedule, in any order with the days that pass: the rules hold after each step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from api_service.commands.cancel_event import cancel_event
from api_service.commands.cancel_schedule import cancel_schedule
from api_service.commands.pause_schedule import pause_schedule
from api_service.commands.restore_event import restore_event
from api_service.commands.resume_schedule import resume_schedule
from api_service.commands.update_event import update_event
from api_service.commands.update_schedule import update_schedule
from shared.db import calendar_changes, plans
from shared.db.models import Schedule
from shared.domain.edits import Changes, Overridden
from shared.domain.entries import Entry
from shared.domain.errors import Conflict, Invalid
from shared.domain.lifecycle import EventStatus, may_follow
from shared.domain.preview import preview
from shared.domain.revising import ScheduleChange
from shared.reroll import reroll_all
from tests.bank import BankProcess
from tests.embedded import DatabaseServer
from tests.integration.paydays import standing
from tests.world import ACT, ANY_VERSION, World
from worker_service.extend import extend_through

FREQUENCIES = [
    "daily", "weekly", "fortnightly", "monthly", "quarterly", "yearly", "once", "EvryDay", "EvryWorkgDay",
    "IntrvlDay:03", "IntrvlWkDay:02:03", "WkInMnthDay:05:01", "IntrvlMnthDay:02:31", "IntrvlMnthDay:01:-01",
    "QtrDay:ENGLISH",
]  # fmt: skip
CONVENTIONS = ["none", "following", "modifiedFollowing", "preceding", "modifiedPreceding", "nearest"]
DECLINED = [{"fault": "decline", "payerId": "payer", "code": "insufficient_funds"}]
DROPPED, THROTTLED = [{"fault": "drop"}], [{"fault": "throttled", "times": 1}]
FAULTS: list[list[dict[str, Any]]] = [[], DECLINED, DROPPED]
CALENDAR = "GB-ENG"
FIRST_DAY = "2026-03-27"  # before a month's end, a clock change and Easter

DAYS = st.integers(0, 45)
STEPS = {
    "frequency": st.sampled_from(FREQUENCIES),
    "interval": st.sampled_from([1, 1, 2]),
    "month_end": st.sampled_from(["clamp", "skip", "next"]),
    "day_convention": st.sampled_from(CONVENTIONS),
}
TERMS = st.fixed_dictionaries(
    {},
    optional={
        "amount": st.sampled_from([100, 2500, 9900]),
        "payee_id": st.sampled_from(["payee", "other"]),
        "reference": st.sampled_from([None, "rent"]),
    },
)
OTHER_AMOUNTS = st.fixed_dictionaries(
    {},
    optional={"first_amount": st.sampled_from([None, 700, 5500]), "final_amount": st.sampled_from([None, 900, 7700])},
)
SCHEDULE_TERMS = st.builds(dict.__or__, TERMS, OTHER_AMOUNTS)
COUNTS = st.none() | st.integers(1, 30)
ENDS = st.none() | st.integers(0, 200)
OVERRIDDEN = st.sampled_from([None, *Overridden])


class AnyOrder(RuleBasedStateMachine):
    """One schedule, its payer, its bank and its calendar days, in a database of its own."""

    def __init__(self, open_world: Callable[[], World], close_world: Callable[[World], None]) -> None:
        super().__init__()
        self.world, self.close_world = open_world(), close_world
        self.schedule_id: UUID | None = None
        self.exceptions: set[date] = set()

    @initialize(
        steps=st.fixed_dictionaries({}, optional=STEPS), start=DAYS, count=COUNTS, end=ENDS, amounts=OTHER_AMOUNTS
    )
    def create(
        self, steps: dict[str, Any], start: int, count: int | None, end: int | None, amounts: dict[str, Any]
    ) -> None:
        first = self.day(start)
        bounds = {"count": count} if count is not None else {"end_date": None if end is None else self.day(start + end)}
        asked = {"frequency": "monthly", **steps, **bounds, **amounts}
        try:
            self.schedule_id = self.world.schedule(start=first.isoformat(), **asked)
        except Invalid:
            self.schedule_id = self.world.schedule(start=first.isoformat(), frequency="monthly")
        self.now = standing.read(self.world, self.schedule_id)
        self.check_preview()

    @rule(terms=SCHEDULE_TERMS, since=st.none() | DAYS, overridden=OVERRIDDEN)
    def edit_terms(self, terms: dict[str, Any], since: int | None, overridden: Overridden | None) -> None:
        self.change(ScheduleChange(terms=terms, from_date=self.maybe(since), overridden=overridden))

    @rule(
        steps=st.fixed_dictionaries({}, optional=STEPS),
        start=st.none() | DAYS,
        terms=SCHEDULE_TERMS,
        since=st.none() | DAYS,
        overridden=OVERRIDDEN,
    )
    def edit_rule(
        self,
        steps: dict[str, Any],
        start: int | None,
        terms: dict[str, Any],
        since: int | None,
        overridden: Overridden | None,
    ) -> None:
        if "frequency" in steps:
            steps = {"interval": 1, "dates": (), **steps}
        anchor = {} if start is None else {"start_date": self.day(start)}
        self.change(ScheduleChange({**steps, **anchor}, terms, from_date=self.maybe(since), overridden=overridden))

    @rule(listed=st.sets(DAYS, min_size=1, max_size=6))
    def edit_to_listed_dates(self, listed: set[int]) -> None:
        dates = tuple(map(self.day, sorted(listed)))
        self.change(
            ScheduleChange({"frequency": "dates", "dates": dates, "interval": 1, "count": None, "end_date": None})
        )

    @rule(count=COUNTS, end=ENDS)
    def edit_bounds(self, count: int | None, end: int | None) -> None:
        self.change(ScheduleChange({"count": count, "end_date": None if count is not None else self.maybe(end)}))

    @rule(nth=st.integers(0, 30), values=TERMS, day=st.none() | st.integers(-3, 40))
    def edit_one(self, nth: int, values: dict[str, Any], day: int | None) -> None:
        wanted = values if day is None else {**values, "date": self.day(day)}
        self.command(update_event, event_id=self.event(nth), precondition=ANY_VERSION, read=lambda _: wanted)

    @rule(nth=st.integers(0, 30))
    def skip(self, nth: int) -> None:
        event_id = self.event(nth)
        retries = self.now.events[event_id]["retry_on"] is not None
        self.command(cancel_event, {event_id} if retries else set(), event_id=event_id, precondition=ANY_VERSION)

    @precondition(lambda self: self.skipped())
    @rule(nth=st.integers(0, 30))
    def restore(self, nth: int) -> None:
        event_id = self.skipped()[nth % len(self.skipped())]
        self.command(restore_event, {event_id}, event_id=event_id)

    @rule(since=st.integers(-5, 40), length=st.none() | st.integers(1, 60))
    def pause(self, since: int, length: int | None) -> None:
        until = None if length is None else self.day(since + length)
        self.command(pause_schedule, schedule_id=self.schedule_id, from_date=self.day(since), until_date=until)

    @precondition(lambda self: self.now.pauses)
    @rule(nth=st.integers(0, 5))
    def resume(self, nth: int) -> None:
        pause_id = self.now.pauses[nth % len(self.now.pauses)]["id"]
        self.command(resume_schedule, schedule_id=self.schedule_id, pause_id=pause_id, precondition=ANY_VERSION)

    @rule(really=st.integers(0, 9))
    def cancel(self, really: int) -> None:
        if really == 9:
            retried = {row["id"] for row in self.now.events.values() if row["retry_on"] is not None}
            self.command(cancel_schedule, retried, schedule_id=self.schedule_id, precondition=ANY_VERSION)

    @rule(days=DAYS)
    def extend(self, days: int) -> None:
        before = self.now
        extend_through(self.world.service, self.day(days))
        self.look()
        assert {event_id: self.now.events[event_id] for event_id in before.events} == before.events
        assert not self.now.owes

    @rule(days=st.sampled_from([0, 1, 1, 2, 8, 31]), faults=st.sampled_from(FAULTS), evening=st.booleans())
    def run_a_day(self, days: int, faults: list[dict[str, Any]], evening: bool) -> None:
        before = self.now
        if days:
            self.world.set_day(self.day(days).isoformat())
        self.world.end_waiting()
        with self.faults(faults):
            self.world.pay()
        if evening:
            self.world.set_day(f"{self.world.today}T19:00")
            self.world.tick()
        self.look()
        standing.check_passing(before, self.now)
        assert not self.now.owes

    @rule(
        days=st.sampled_from([0, 1, 8]),
        faults=st.sampled_from([[], THROTTLED, THROTTLED, DROPPED]),
        kind=st.sampled_from(["terms", "rule", "bounds", "pause", "cancel"]),
        terms=SCHEDULE_TERMS,
        steps=st.fixed_dictionaries({}, optional=STEPS),
        since=st.none() | DAYS,
    )
    def edit_what_is_being_paid(
        self,
        days: int,
        faults: list[dict[str, Any]],
        kind: str,
        terms: dict[str, Any],
        steps: dict[str, Any],
        since: int | None,
    ) -> None:
        """The edit commits between the claim and the call; the bank then pays, or sends the payment back (C6)."""
        edits: dict[str, Callable[[], object]] = {
            "terms": lambda: self.edit_terms(terms, since, None),
            "rule": lambda: self.edit_rule(steps, None, terms, since, None),
            "bounds": lambda: self.edit_bounds(None, since),
            "pause": lambda: self.pause(0, 3),
            "cancel": lambda: self.cancel(9 if days == 8 else 0),
        }
        if days:
            self.world.set_day(self.day(days).isoformat())
        self.world.end_waiting()
        batches = self.world.tick()
        self.look()

        def edit() -> None:
            self.look()  # some of it is claimed by now
            edits[kind]()

        with self.faults(faults), before_the_call(self.world, edit) as edited:
            self.world.pay(batches)
        event(f"edit while processing: {bool(edited)}")
        before = self.now
        self.look()
        standing.check_passing(before, self.now)

    @rule(offset=st.integers(0, 20))
    def close_or_open_a_day(self, offset: int) -> None:
        before, day = self.now, self.day(offset)
        if day in self.exceptions:
            self.exceptions.remove(day)
            self.world.transact(lambda session: calendar_changes.clear(session, CALENDAR, day))
        else:
            self.exceptions.add(day)
            closed_as = "Jubilee" if day.isoweekday() < 6 else None
            today = self.world.today
            self.world.transact(
                lambda session: calendar_changes.override(session, CALENDAR, day, closed_as=closed_as, today=today)
            )
        moved = reroll_all(self.world.service.sessions, self.world.service.settings, ACT)
        event(f"rolled anew: {bool(moved)}")
        self.look()
        standing.check_command(before, self.now)

    @rule(days=st.sampled_from([1, 3, 20]))
    def let_days_pass(self, days: int) -> None:
        self.world.set_day(self.day(days).isoformat())
        self.look()

    @rule()
    def resolve(self) -> None:
        before = self.now
        self.world.resolve()
        self.look()
        for event_id, row in before.events.items():
            assert row["status"] == "unknown" or self.now.events[event_id] == row

    @invariant()
    def rules_hold(self) -> None:
        standing.check(self.now)

    def teardown(self) -> None:
        self.close_world(self.world)

    def change(self, change: ScheduleChange) -> None:
        """Changes the schedule; a dry run before says the same and leaves nothing."""
        foretold = self.try_out(change)
        assert standing.read(self.world, self.now.schedule["id"]).rows() == self.now.rows()
        done = self.command(
            update_schedule,
            schedule_id=self.schedule_id,
            precondition=ANY_VERSION,
            read=lambda _: change,
            dry_run=False,
        )
        assert (done is None) == (foretold is None)
        if done is not None:
            assert told(done.changes) == foretold
            for _, after in [*done.changes.moved, *((None, entry) for entry in done.changes.created)]:
                row = self.now.events[after.id]
                assert story(after) == tuple(row[name] for name in STORY)

    def try_out(self, change: ScheduleChange) -> object:
        with self.world.service.sessions() as session:
            try:
                tried = update_schedule(
                    session,
                    self.world.service.settings,
                    ACT,
                    schedule_id=self.now.schedule["id"],
                    payer_id=None,
                    precondition=ANY_VERSION,
                    read=lambda _: change,
                    dry_run=True,
                )
                return told(tried.changes)
            except (Invalid, Conflict):
                return None
            finally:
                session.rollback()

    def command(self, command: Callable[..., Any], withdrawn: set[UUID] | None = None, **arguments: Any) -> Any:
        """Does it, or is refused; None if it was, and then nothing has changed."""
        before, done = self.now, None
        with suppress(Invalid, Conflict):
            done = self.world.command(command, payer_id=None, **arguments)
        event(f"{command.__name__}: {'refused' if done is None else 'done'}")
        self.look()
        if done is None:
            assert self.now.rows() == before.rows()
        standing.check_command(before, self.now, withdrawn or ())
        return done

    @contextmanager
    def faults(self, faults: list[dict[str, Any]]) -> Iterator[None]:
        self.world.bank.clear_faults()
        self.world.bank.faults(*faults)
        yield
        self.world.bank.clear_faults()

    def check_preview(self) -> None:
        def work(session: Any) -> list[tuple[Any, ...]]:
            schedule = session.get_one(Schedule, self.schedule_id)
            timeline = plans.read(session, [schedule])[schedule.id].timeline
            shown = preview(timeline, len(self.now.events), next_open=self.now.next_open)
            found = [item.occurrence for item in shown]
            return [(item.sequence, item.nominal_date, item.date, item.amount) for item in found]

        stored = sorted(
            (row["sequence"], row["nominal_date"], row["date"], row["amount"]) for row in self.now.events.values()
        )
        assert self.world.transact(work) == stored

    def look(self) -> None:
        assert self.schedule_id is not None
        self.now = standing.read(self.world, self.schedule_id)

    def skipped(self) -> list[UUID]:
        rows = sorted(self.now.events.values(), key=lambda row: (row["date"], row["id"]))
        return [row["id"] for row in rows if row["cancel_reason"] == "skipped"]

    def event(self, nth: int) -> UUID:
        """One of the events that still have their nominal date, else any; those to come first, by their dates."""
        rows = sorted(self.now.events.values(), key=lambda row: (row["date"] < self.now.today, row["date"], row["id"]))
        rows = [row for row in rows if row["cancel_reason"] not in standing.FREED] or rows
        found: UUID = rows[nth % len(rows)]["id"]
        return found

    def day(self, offset: int) -> date:
        return self.world.today + timedelta(days=offset)

    def maybe(self, offset: int | None) -> date | None:
        return None if offset is None else self.day(offset)


@contextmanager
def before_the_call(world: World, edit: Callable[[], object]) -> Iterator[list[object]]:
    """While it lasts, the edit is done once, when a worker has claimed and is about to call the bank."""
    service, edited = world.service, list[object]()
    gateway = service.gateway

    class Interrupted:
        def make_payments(self, *arguments: Any, **others: Any) -> Any:
            if not edited:
                edited.append(edit)
                edit()
            return gateway.make_payments(*arguments, **others)

        def __getattr__(self, name: str) -> Any:
            return getattr(gateway, name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "gateway", Interrupted(), raising=False)
        yield edited


STORY = ("nominal_date", "date", "amount", "payee_id", "reference", "status", "cancel_reason", "sequence", "overridden")


def story(entry: Entry) -> tuple[Any, ...]:
    return tuple(getattr(entry, name) for name in STORY)


def told(changes: Changes) -> dict[str, list[Any]]:
    """What a change says it does, event by event, without the ids that new events have."""
    return {
        "updated": [(story(before), story(after)) for before, after in changes.updated],
        "cancelled": [(story(before), story(after)) for before, after in changes.cancelled],
        "created": sorted(map(story, changes.created)),
        "kept": [story(entry) for entry in changes.kept],
    }


@pytest.fixture
def shared_bank() -> Iterator[BankProcess]:
    with BankProcess() as bank:
        yield bank


def test_the_rules_hold_in_any_order_of_edits_and_days(
    postgres_server: DatabaseServer, template_database: str, shared_bank: BankProcess
) -> None:
    names: dict[World, str] = {}

    def open_world() -> World:
        name = postgres_server.create(template_database)
        world = World(postgres_server.url(name), shared_bank, FIRST_DAY, CUTOFF_AT="18:00")
        names[world] = name
        return world

    def close_world(world: World) -> None:
        edges = world.edges()
        world.close()
        postgres_server.drop(names.pop(world))
        assert [edge for edge in edges if not may_follow(EventStatus(edge[0]), EventStatus(edge[1]))] == []

    class InThisBank(AnyOrder):
        def __init__(self) -> None:
            super().__init__(open_world, close_world)

    run_state_machine_as_test(
        InThisBank,
        settings=settings(
            max_examples=8,
            stateful_step_count=16,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
