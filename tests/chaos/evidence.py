"""What a run left behind, read for the invariants."""

from __future__ import annotations

from tests.chaos.invariants import Evidence, Paid
from tests.chaos.promises import Promises
from tests.chaos.site import Site
from tests.town import pages

EVENTS = """
SELECT e.id::text, e.schedule_id::text, e.status, e.attempt, e.amount, e.date <= CAST(:today AS date) AS due,
  extract(epoch FROM e.first_sent_at)::float AS first_sent_at, t.id IS NOT NULL AS recorded, t.amount AS recorded_amount
FROM event e LEFT JOIN transaction t ON t.event_id = e.id
"""


def gather(site: Site, promises: Promises) -> Evidence:
    """Everything, once nothing moves any more. More than one transaction of an event shows as so many events."""
    town = site.town
    events = [
        Paid(
            row.id,
            row.schedule_id,
            row.status,
            row.attempt,
            f"{(row.recorded_amount or row.amount) / 100:.2f}",
            row.due,
            row.first_sent_at,
            row.recorded,
        )
        for row in town.rows(EVENTS, today=town.business_date[:10])
    ]
    return Evidence(
        payments=list(site.bank.payments()),
        sends=list(site.bank.sends()),
        events=events,
        edges={(row.before, row.after) for row in town.rows("SELECT DISTINCT before, after FROM edge")},
        runs=list(pages(site.client().get, "/v1/runs?limit=200")),
        cancelled_events=promises.events,
        cancelled_schedules=promises.schedules,
        older_pages=promises.older_pages,
        notices=site.receiver.notices(),
    )
