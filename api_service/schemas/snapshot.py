"""What the audit keeps of a thing: the values that a change can touch, as JSON."""

from __future__ import annotations

from typing import Any

from shared.db.models import Event, Run, Schedule


def of_schedule(schedule: Schedule) -> dict[str, Any]:
    """The terms and state of a schedule; amounts in minor units."""
    return {
        "payeeId": schedule.payee_id,
        "amount": schedule.amount,
        "currency": schedule.currency,
        "reference": schedule.reference,
        "rule": schedule.rule,
        "payLate": schedule.pay_late,
        "status": schedule.status,
        "version": schedule.version,
    }


def of_event(event: Event) -> dict[str, Any]:
    """The terms and state of an event; amounts in minor units."""
    return {
        "payeeId": event.payee_id,
        "amount": event.amount,
        "currency": event.currency,
        "reference": event.reference,
        "date": event.date.isoformat(),
        "status": event.status,
        "cancelReason": event.cancel_reason,
        "version": event.version,
    }


def of_run(run: Run) -> dict[str, Any]:
    """The state of a run."""
    return {
        "status": run.status,
        "closing": run.closing_at is not None,
        "reason": run.reason,
    }
