"""What the audit keeps of a thing: the values that a change can touch, as JSON."""

from __future__ import annotations

from typing import Any

from shared.db.models import Hold, Pause, Run, Schedule
from shared.domain.entries import Entry


def of_schedule(schedule: Schedule) -> dict[str, Any]:
    """The terms and state of a schedule; amounts in minor units."""
    return {
        "payeeId": schedule.payee_id,
        "amount": schedule.amount,
        "firstAmount": schedule.first_amount,
        "finalAmount": schedule.final_amount,
        "currency": schedule.currency,
        "reference": schedule.reference,
        "rule": schedule.rule,
        "payLate": schedule.pay_late,
        "retryDays": schedule.retry_days,
        "status": schedule.status,
        "version": schedule.version,
    }


def of_event(event: Entry) -> dict[str, Any]:
    """The terms and state of an event; amounts in minor units."""
    return {
        "payeeId": event.payee_id,
        "amount": event.amount,
        "currency": event.currency,
        "reference": event.reference,
        "date": event.date.isoformat(),
        "status": event.status,
        "cancelReason": event.cancel_reason,
        "retryOn": event.retry_on and event.retry_on.isoformat(),
        "overridden": event.overridden,
        "version": event.version,
    }


def of_pause(pause: Pause) -> dict[str, Any]:
    """The window of a pause."""
    return {
        "pauseId": str(pause.id),
        "from": pause.from_date.isoformat(),
        "until": pause.until_date and pause.until_date.isoformat(),
        "reason": pause.reason,
    }


def of_run(run: Run) -> dict[str, Any]:
    """The state of a run."""
    return {
        "status": run.status,
        "closing": run.closing_at is not None,
        "reason": run.reason,
    }


def of_hold(hold: Hold) -> dict[str, Any]:
    """What a hold stops, and whether it is in force."""
    return {
        "payerId": hold.payer_id,
        "payeeId": hold.payee_id,
        "reason": hold.reason,
        "active": hold.ended_at is None,
    }
