"""The tables. Amounts are minor units with an ISO 4217 code; ids are UUIDv7; constraints have names."""

from shared.db.models.base import Base
from shared.db.models.cache import CacheClosure
from shared.db.models.event import Attempt, Event, FinalDecline, Transaction
from shared.db.models.notice import Outbox, Receiver, Upcoming
from shared.db.models.provider import Provider
from shared.db.models.reconcile import ReconcileItem
from shared.db.models.record import Audit, AuditSeal, AuditWaiting, IdempotencyKey
from shared.db.models.rest import Calendar, CalendarDay, Hold
from shared.db.models.run import Batch, Booking, Run
from shared.db.models.schedule import FurtherCalendar, Pause, Schedule, ScheduleRevision

__all__ = [
    "Attempt",
    "Audit",
    "AuditSeal",
    "AuditWaiting",
    "Base",
    "Batch",
    "Booking",
    "CacheClosure",
    "Calendar",
    "CalendarDay",
    "Event",
    "FinalDecline",
    "FurtherCalendar",
    "Hold",
    "IdempotencyKey",
    "Outbox",
    "Pause",
    "Provider",
    "Receiver",
    "ReconcileItem",
    "Run",
    "Schedule",
    "ScheduleRevision",
    "Transaction",
    "Upcoming",
]
