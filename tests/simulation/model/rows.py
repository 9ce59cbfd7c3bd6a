"""The rows: events, batches, attempts, transactions, runs, holds, and the bookings summed up by heading."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date as Day  # noqa: N812 - rows have a field named date
from uuid import UUID

from shared.db.holds import Holds
from shared.db.spans import Span
from shared.domain.entries import Window, covered
from shared.domain.lifecycle import EventStatus
from shared.domain.recurrence import Rule
from shared.domain.timeline import Revision, Terms, Timeline
from tests.simulation.moments import Seconds

CURRENCY = "GBP"


@dataclass(slots=True)
class ScheduleRow:
    """A schedule that pays once. `pauses`: those that were not ended."""

    number: int
    nominal_date: Day
    pay_late: int
    retry_days: tuple[int, ...] | None
    revisions: list[Revision]
    timeline: Timeline
    cancelled: bool = False
    pauses: list[Window] = field(default_factory=list)


@dataclass(slots=True)
class EventRow:
    """An event. `reference` is what the provider calls its payment, once it is paid, and `known_on` its date."""

    number: int
    id: UUID
    text_id: str
    payer_id: str
    payee_id: str
    schedule: ScheduleRow
    date: Day
    amount: int
    status: EventStatus = EventStatus.SCHEDULED
    cancel_reason: str | None = None
    batch_id: int | None = None
    attempt: int = 1
    first_sent_at: Seconds | None = None
    failure_code: str | None = None
    retry_on: Day | None = None
    first_declined_on: Day | None = None
    revision: int = 1
    reference: str | None = None
    known_on: Day | None = None

    @property
    def covered(self) -> bool:
        """Whether a pause covers its day, or the day on which it is tried again."""
        return bool(self.schedule.pauses) and covered(self.retry_on or self.date, self.schedule.pauses)


@dataclass(slots=True)
class BatchRow:
    id: int
    run_date: Day
    span: Span
    status: str = "waiting"
    epoch: int = 0
    lease_until: Seconds | None = None
    published_at: Seconds | None = None
    wait_until: Seconds | None = None
    retry: bool = False
    opens_at: Seconds | None = None
    held: bool = False
    provider: str | None = None
    deaths: int = 0


@dataclass(slots=True)
class AttemptRow:
    event: EventRow
    number: int
    provider: str
    reason: str | None
    resend: bool
    first_sent_at: Seconds
    last_sent_at: Seconds
    next_at: Seconds
    state: str = "open"
    asks: int = 0


@dataclass(slots=True)
class RunRow:
    date: Day
    status: str = "announced"
    closing: bool = False

    @property
    def is_paying(self) -> bool:
        return self.status == "open" and not self.closing

    @property
    def has_begun(self) -> bool:
        return self.status != "announced"


def event_id(number: int) -> UUID:
    """Ids rise with the numbers, so that plans and parts take events in their order."""
    return UUID(int=0xE << 120 | number + 1)


def schedule_id(number: int) -> UUID:
    return UUID(int=0xA << 120 | number + 1)


def made_event(number: int, nominal_date: Day, amount: int, pay_late: int, retries: tuple[int, ...] | None) -> EventRow:
    """An event as the opening of its schedule writes it."""
    first = Revision(1, nominal_date, _once(nominal_date), Terms(amount, f"payee-{number}", None))
    schedule = ScheduleRow(number, nominal_date, pay_late, retries, [first], Timeline.of([first], {}))
    id_ = event_id(number)
    return EventRow(number, id_, str(id_), f"payer-{number}", f"payee-{number}", schedule, nominal_date, amount)


_RULES: dict[Day, Rule] = {}


def _once(day: Day) -> Rule:
    if day not in _RULES:
        _RULES[day] = Rule(day, "once")
    return _RULES[day]


class Rows:
    """All rows, and the moment of the database's clock."""

    def __init__(self, events: list[EventRow], now: Seconds) -> None:
        self.now = now
        self.events = events
        self.by_id = {event.id: event for event in events}
        self.by_text = {event.text_id: event for event in events}
        self.runs: dict[Day, RunRow] = {}
        self.batches: dict[int, BatchRow] = {}
        self.attempts: dict[tuple[int, int], AttemptRow] = {}
        self.held: set[str | None] = set()
        self.books: dict[tuple[Day, str], list[int]] = {}
        self.withdrawn: dict[tuple[Day, int], list[int]] = {}
        self.last_batch = 0
        self.changed = False

    def of(self, span: Span) -> list[EventRow]:
        """The events of a span, in the order of their ids."""
        if span.ids is not None:
            return [event for event in self.events if event.date == span.date and event.id in span.ids]
        return [event for event in self.events if event.date == span.date and span.first_id <= event.id <= span.last_id]

    def add_batch(self, run_date: Day, day: Day, ids: list[UUID], *, listed: bool, **values: object) -> BatchRow:
        """A new batch over these events, as a list of ids or as a range."""
        self.last_batch += 1
        span = Span(day, ids[0], ids[-1], list(ids) if listed else None)
        batch = BatchRow(self.last_batch, run_date, span, **values)  # type: ignore[arg-type]
        self.batches[batch.id] = batch
        return batch

    def holds(self) -> Holds:
        """What is held now."""
        if not self.held:
            return _NOTHING_HELD
        return Holds(everything=None in self.held, payers=frozenset(payer for payer in self.held if payer is not None))

    def book(self, day: Day, heading: str, amount: int, *, count: int = 1, event: EventRow | None = None) -> None:
        """Adds a line to the books."""
        self.changed = True
        line = self.books.setdefault((day, heading), [0, 0])
        line[0] += count
        line[1] += amount
        if event is not None and heading == "withdrawn":
            mine = self.withdrawn.setdefault((day, event.number), [0, 0])
            mine[0] += count
            mine[1] += amount


_NOTHING_HELD = Holds()
